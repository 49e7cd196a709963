"""Writing in a tool: answers saved one by one, so that two people in the same plan keep both their words."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID, uuid4

from portal import text
from portal.access.compartments import Hatch
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.models import Membership, Plan, PlanVersion
from portal.services.plans import carried, commitments, definitions, history, plans
from portal.services.plans.plans import PLAN_CHANGES, PlanPage, PlanState, VersionPage
from portal.services.shared import idempotency
from portal.tools import definition
from portal.tools.definition import MOST_ROWS, Definition, Kind, Place, rows


@dataclass(frozen=True)
class Clash:
    """Two people wrote different words at the same address. Mine are kept aside in the history; theirs stand."""

    address: str
    mine: str
    theirs: str
    by: Membership


@dataclass(frozen=True)
class Saved:
    revision: int
    changed: int
    """How many answers this saving changed."""
    clashes: tuple[Clash, ...]
    homeless: tuple[Clash, ...] = ()
    """What was written in rows that somebody took out meanwhile: kept in the history, and told to its writer."""
    reopened: bool = False
    """Whether a version that was proposed is a draft again by this."""


def begin(ticket: CaseTicket, submission: UUID, tool: str, meeting_id: UUID | None = None) -> int:
    """Starts a tool: version 1, empty, about a meeting where one is named. Returns its number; 1 also when somebody
    else was first."""
    hatch = writable(ticket, tool)
    made = uuid4()
    if idempotency.claim(ticket.session, submission, made):
        return 1
    plans.one_at_a_time(ticket, tool)
    if ticket.session.scalars(ticket.select(Plan).where(Plan.tool == tool)).one_or_none():
        return 1
    plan = ticket.new(Plan, hatch.id, id=made, tool=tool)
    ticket.session.add(plan)
    ticket.session.flush()
    new_version(ticket, plan, 1, {}, meeting_id)
    return 1


def renew(ticket: CaseTicket, submission: UUID, tool: str) -> int:
    """Begins the next version from the agreed one, with its answers. Returns the number of the version to write in."""
    writable(ticket, tool)
    if idempotency.claim(ticket.session, submission, uuid4()):
        return begun(ticket, tool).newest.number
    plans.one_at_a_time(ticket, tool)
    newest = begun(ticket, tool).newest
    if newest.state in (PlanState.DRAFT, PlanState.PROPOSED):
        return newest.number
    plan = ticket.load(Plan, newest.plan_id)
    new_version(ticket, plan, newest.number + 1, {**newest.answers, **_kept(ticket, tool, newest)})
    return newest.number + 1


def save(
    ticket: CaseTicket,
    tool: str,
    number: int,
    base: int,
    given: Mapping[str, str],
    seen: Mapping[str, str] | None = None,
) -> Saved:
    """Saves answers that were written on a page showing revision `base`; for the addresses in `seen` the page knew
    better what stood there when it was written.

    Only what the writer changed is touched. Where somebody else changed the same answer since, theirs stands, the
    writer's words are kept aside in the history, and both come back as a clash. Raises InvalidInput at the address of
    an answer that cannot be one (then nothing is saved), or with 'plan_frozen' when the version is agreed.
    """
    writable(ticket, tool)
    version, page = locked(ticket, tool, number)
    answers = dict(page.answers)
    people = [str(member_id) for member_id in ticket.members]
    past = history.Past(ticket, version.id, base)
    made: dict[str, tuple[str, str]] = {}
    clashes: list[Clash] = []
    homeless: list[Clash] = []
    places = {place.address: place for place in page.definition.places(answers)}
    for address, words in given.items():
        place = places.get(address)
        if place is None:
            if _is_of_a_row(page.definition, address) and not text.is_blank(words):
                was = seen[address] if seen and address in seen else past.before.get(address, "")
                if words.split() != was.split():
                    by = past.author_of(address) or ticket.membership
                    homeless.append(Clash(address, text.plain(words, len(words)), "", by))
            continue
        now = answers.get(address, "")
        if not plans.may_fill(ticket, page, place.question):
            if words.split() != now.split():
                raise InvalidInput(address, "not_yours_to_fill")
            continue
        value = definition.clean(place, words, people, answers)
        if seen and address in seen:
            was = _as_kept(place, seen[address], people, answers)
        else:
            was = past.before.get(address, now)
        if value in (was, now):
            continue
        if now != was:
            clashes.append(Clash(address, value, now, past.author_of(address) or ticket.membership))
        else:
            made[address] = (now, value)
    answers.update({address: after for address, (_before, after) in made.items()})
    in_order(page.definition, answers, made)
    revision = write_down(ticket, version, page, answers, made)
    if aside := {clash.address: (clash.theirs, clash.mine) for clash in (*clashes, *homeless)}:
        history.remember(ticket, version, revision + 1, "aside", aside)
        version.revision = revision = revision + 1
        ticket.record(Event.SCHEMA_CHANGED, version.compartment_id, version.plan_id, number=number)
    reopened = bool(made) and page.state is PlanState.PROPOSED
    return Saved(revision, len(made), tuple(clashes), tuple(homeless), reopened)


def changed_since(
    ticket: CaseTicket, page: VersionPage, base: int, given: Mapping[str, str], seen: Mapping[str, str]
) -> dict[str, str]:
    """Of answers that come from a page showing revision `base`, those its writer had changed: what others changed
    since is theirs, and is not taken back by an old page. `seen` as in `save`."""
    past = history.Past(ticket, page.id, base)
    places = {place.address: place for place in page.definition.places(page.answers)}
    people = [str(member_id) for member_id in ticket.members]
    found = {}
    for address, words in given.items():
        now = page.answers.get(address, "")
        was = seen[address] if address in seen else past.before.get(address, now) if base >= 0 else now
        if address in places and _as_kept(places[address], words, people, page.answers) not in (was, now):
            found[address] = words
    return found


def add_row(ticket: CaseTicket, tool: str, number: int, section_key: str, **given: str) -> str:
    """A new row at the end of a section, with answers to begin with; returns its id."""
    writable(ticket, tool)
    version, page = locked(ticket, tool, number)
    section = page.definition.section_of(section_key)
    if section is None or section.row is None or section.rows_of:
        raise NotFound
    now = rows(page.answers, section_key)
    if len(now) >= MOST_ROWS:
        raise InvalidInput("", "rows_full", most=MOST_ROWS)
    row = secrets.token_hex(4)
    answers = {**page.answers, section_key: " ".join([*now, row])}
    made = {section_key: (" ".join(now), answers[section_key])}
    for key, words in given.items():
        question = section.question_of(key)
        if question is not None and words:
            place = Place(section, row, question)
            value = definition.clean(place, words, map(str, ticket.members), answers)
            answers[place.address], made[place.address] = value, ("", value)
    write_down(ticket, version, page, answers, made)
    return row


def row_to_write_in(ticket: CaseTicket, submission: UUID, tool: str, section_key: str) -> tuple[int, str]:
    """An empty row of a section to write in, and the number of its version: begins the tool, or the next version, where
    that takes it, and takes an empty row that is there already rather than add another one. Raises NotFound."""
    hatch = writable(ticket, tool)
    if plans.load(ticket, tool, hatch) is None:
        begin(ticket, submission, tool)
    else:
        renew(ticket, submission, tool)
    newest = begun(ticket, tool).newest
    for row in newest.rows(section_key):
        if not any(words for address, words in newest.answers.items() if address.startswith(f"{section_key}.{row}.")):
            return newest.number, row
    return newest.number, add_row(ticket, tool, newest.number, section_key)


def move_row(ticket: CaseTicket, tool: str, number: int, section_key: str, row: str, step: int) -> None:
    """Moves a row up (-1) or down (1), or takes it out (0). What stood in it stays in the history."""
    writable(ticket, tool)
    version, page = locked(ticket, tool, number)
    section = page.definition.section_of(section_key)
    if section is None or section.rows_of:
        raise NotFound
    now = rows(page.answers, section_key)
    if row not in now:
        return
    after = [other for other in now if other != row]
    made: dict[str, tuple[str, str]] = {}
    answers = dict(page.answers)
    if step:
        after.insert(max(0, now.index(row) + step), row)
    else:
        gone = [address for address in answers if address.startswith(f"{section_key}.{row}.")]
        made = {address: (answers.pop(address), "") for address in gone}
        for place in page.definition.places(answers):
            if place.question.kind is Kind.ROW and answers.get(place.address) == row:
                made[place.address] = (answers.pop(place.address), "")
    answers[section_key] = " ".join(after)
    made[section_key] = (" ".join(now), answers[section_key])
    write_down(ticket, version, page, answers, made)


# Steps


def _kept(ticket: CaseTicket, tool: str, agreed: VersionPage) -> dict[str, str]:
    """The answers that close what was kept, for the next version to begin with."""
    known, found = definitions.today(ticket, tool), {}
    for promise in commitments.of(ticket, agreed):
        section = known.section_of(promise.section) if known else None
        if section is not None and section.closing is not None and not promise.is_open:
            address = f"{section.key}.{promise.row}.{section.closing.key}"
            found[address] = agreed.answers.get(address) or section.closing.closers[0]
    return found


def _is_of_a_row(known: Definition, address: str) -> bool:
    """Whether an address names a question of a row, whatever became of the row. What is confided lies elsewhere."""
    key, _dot, rest = address.partition(".")
    section = known.section_of(key)
    asked = section.question_of(rest.rpartition(".")[2]) if section and section.row else None
    return asked is not None and address.count(".") == 2


def _as_kept(place: Place, words: str, people: list[str], answers: Mapping[str, str]) -> str:
    """What a page had, tidied as it would have been when kept."""
    try:
        return definition.clean(place, words, people, answers)
    except InvalidInput:
        return words


def writable(ticket: CaseTicket, tool: str) -> Hatch:
    ticket.require(Action.PLAN_WRITE)
    return ticket.require_write(definitions.hatch_of(ticket, tool).id)


def begun(ticket: CaseTicket, tool: str) -> PlanPage:
    page = plans.load(ticket, tool, definitions.hatch_of(ticket, tool))
    if page is None:
        raise NotFound
    return page


def locked(ticket: CaseTicket, tool: str, number: int) -> tuple[PlanVersion, VersionPage]:
    """The version to change, locked, with what stands in it. Raises InvalidInput when its words are agreed."""
    plans.one_at_a_time(ticket, tool)
    page = begun(ticket, tool).version(number)
    if "is changed" not in PLAN_CHANGES[page.state]:
        raise InvalidInput("", "plan_frozen")
    return ticket.load(PlanVersion, page.id), page


def in_order(known: Definition, answers: Mapping[str, str], made: Mapping[str, object]) -> None:
    """Raises InvalidInput where a changed date comes before the one it may not come before."""
    for place in known.places(answers):
        if not place.question.not_before or not answers.get(place.address):
            continue
        first = Place(place.section, place.row, _other(place)).address
        if {place.address, first} & set(made) and answers[place.address] < answers.get(first, ""):
            raise InvalidInput(place.address, "dates_crossed")


def _other(place: Place) -> definition.Question:
    other = place.section.question_of(place.question.not_before)
    if other is None:
        raise NotFound
    return other


def write_down(
    ticket: CaseTicket,
    version: PlanVersion,
    page: VersionPage,
    answers: Mapping[str, str],
    made: Mapping[str, tuple[str, str]],
    source: str = "page",
) -> int:
    """Saves what was made, as one line of the history; returns the revision. `page` is the version before it, `source`
    says where it was written."""
    if not made:
        return version.revision
    if page.state is PlanState.PROPOSED:
        commitments.forget_reminders(ticket, version.id)
    version.revision += 1
    own = carried.own_answers(page.definition, answers, page.told)
    ticket.seal(version, "answers", json.dumps(dict(own)))
    history.remember(ticket, version, version.revision, "made", made, source)
    ticket.session.flush()
    ticket.record(Event.SCHEMA_CHANGED, version.compartment_id, version.plan_id, number=version.number)
    return version.revision


def new_version(
    ticket: CaseTicket, plan: Plan, number: int, before: Mapping[str, str], meeting_id: UUID | None = None
) -> None:
    """Adds a version. Takes today's questions; of the answers to earlier ones, those that are still asked and not
    asked afresh."""
    known = definitions.today(ticket, plan.tool)
    if known is None:
        raise NotFound
    answers = carried_on(known, before)
    version = ticket.new(
        PlanVersion,
        plan.compartment_id,
        plan_id=plan.id,
        number=number,
        meeting_id=meeting_id,
        definition=definitions.keep(ticket, known),
        revision=0,
    )
    ticket.seal(version, "answers", json.dumps(dict(carried.own_answers(known, answers))))
    ticket.session.add(version)
    ticket.session.flush()
    ticket.record(Event.SCHEMA_BEGUN, plan.compartment_id, plan.id, number=number)


def carried_on(known: Definition, before: Mapping[str, str]) -> dict[str, str]:
    """What a new version begins with: of the answers before, those that are still asked and not asked afresh."""
    places = {place.address: place for place in known.places(before)}
    lists = {section.key for section in known.section if section.row}
    return {
        address: words
        for address, words in before.items()
        if address in lists or (address in places and not places[address].question.fresh)
    }
