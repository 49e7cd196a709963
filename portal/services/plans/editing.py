"""Writing in a tool: beginning it and its versions, its rows, and what every change leaves behind. Answers are saved in
saving.py."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping
from uuid import UUID, uuid4

from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.models import Plan, PlanVersion
from portal.services.plans import carried, commitments, definitions, history, plans
from portal.services.plans.open_plan import OpenPlan, open_plan, writable
from portal.services.plans.versions import PlanPage, PlanState, VersionPage
from portal.services.shared import idempotency
from portal.tools.definition import MOST_ROWS, AnswerKind, Definition, Place, clean_answer, rows


def begin_plan(ticket: CaseTicket, submission: UUID, tool: str, meeting_id: UUID | None = None) -> int:
    """Starts a tool: version 1, empty, about a meeting where one is named. Returns its number; 1 also when somebody
    else was first."""
    compartment = writable(ticket, tool)
    made = uuid4()
    if idempotency.claim(ticket.session, submission, made):
        return 1
    plans.one_at_a_time(ticket, tool)
    if ticket.session.scalars(ticket.select(Plan).where(Plan.tool == tool)).one_or_none():
        return 1
    plan = ticket.new(Plan, compartment.id, id=made, tool=tool)
    ticket.session.add(plan)
    ticket.session.flush()
    new_version(ticket, plan, 1, {}, meeting_id)
    return 1


def renew(ticket: CaseTicket, submission: UUID, tool: str) -> int:
    """Begins the next version from the agreed one, with its answers. Returns the number of the version to write in."""
    writable(ticket, tool)
    sent_before = idempotency.claim(ticket.session, submission, uuid4())
    plan = open_plan(ticket, tool)
    return plan.page.newest.number if sent_before else begin_next(plan)


def begin_next(plan: OpenPlan) -> int:
    """The same in a plan that is open to write in."""
    newest = plan.page.newest
    if newest.is_open:
        return newest.number
    before = {**newest.answers, **_carried_over(plan.ticket, plan.tool, newest)}
    new_version(plan.ticket, plan.row, newest.number + 1, before)
    plan.forget()
    return newest.number + 1


def add_row(plan: OpenPlan, number: int, section_key: str, **given: str) -> str:
    """A new row at the end of a section, with answers to begin with; returns its id."""
    page = plan.version(number)
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
            value = clean_answer(place, words, map(str, plan.ticket.members), answers)
            answers[place.address], made[place.address] = value, ("", value)
    write_down(plan, page, answers, made)
    return row


def row_to_write_in(ticket: CaseTicket, submission: UUID, tool: str, section_key: str) -> tuple[int, str]:
    """An empty row of a section to write in, and the number of its version: begins the tool, or the next version, where
    that takes it, and takes an empty row that is there already rather than add another one. Raises NotFound."""
    if plans.load(ticket, tool, writable(ticket, tool)) is None:
        begin_plan(ticket, submission, tool)
    else:
        renew(ticket, submission, tool)
    plan = open_plan(ticket, tool)
    newest = plan.page.newest
    for row in newest.rows(section_key):
        if not any(words for address, words in newest.answers.items() if address.startswith(f"{section_key}.{row}.")):
            return newest.number, row
    return newest.number, add_row(plan, newest.number, section_key)


def move_row(plan: OpenPlan, number: int, section_key: str, row: str, step: int) -> None:
    """Moves a row up (-1) or down (1), or takes it out (0). What stood in it stays in the history."""
    page = plan.version(number)
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
            if place.question.kind is AnswerKind.ROW and answers.get(place.address) == row:
                made[place.address] = (answers.pop(place.address), "")
    answers[section_key] = " ".join(after)
    made[section_key] = (" ".join(now), answers[section_key])
    write_down(plan, page, answers, made)


# Steps


def _carried_over(ticket: CaseTicket, tool: str, agreed: VersionPage) -> dict[str, str]:
    """The answers that close what was kept, for the next version to begin with."""
    definition, found = definitions.today(ticket, tool), {}
    for promise in commitments.commitments_in(ticket, agreed):
        section = definition.section_of(promise.section) if definition else None
        if section is not None and section.closing is not None and not promise.is_open:
            address = f"{section.key}.{promise.row}.{section.closing.key}"
            found[address] = agreed.answers.get(address) or section.closing.closers[0]
    return found


def begun(ticket: CaseTicket, tool: str) -> PlanPage:
    page = plans.load(ticket, tool, definitions.compartment_of(ticket, tool))
    if page is None:
        raise NotFound
    return page


def in_order(definition: Definition, answers: Mapping[str, str], made: Collection[str]) -> None:
    """Raises InvalidInput where a changed date comes before the one it may not come before."""
    for address in made:
        changed = definition.place_at(address, answers)
        if changed is None:
            continue
        for question in changed.section.question:
            if question.not_before and changed.question.key in (question.key, question.not_before):
                later, first = changed.beside(question.key), changed.beside(question.not_before)
                if answers.get(later) and answers[later] < answers.get(first, ""):
                    raise InvalidInput(later, "dates_crossed")


def write_down(
    plan: OpenPlan,
    page: VersionPage,
    answers: Mapping[str, str],
    made: Mapping[str, tuple[str, str]],
    source: str = "page",
) -> None:
    """Saves what was made, as one line of the history. `page` is the version before it, `answers` are those after it,
    `source` says where it was written."""
    if not made:
        return
    ticket, version = plan.ticket, plan.row_of(page)
    if page.state is PlanState.PROPOSED:
        commitments.forget_reminders(ticket, version.id)
    own = carried.own_answers(page.definition, answers, page.told)
    ticket.seal(version, "answers", json.dumps(dict(own)))
    _remember(plan, page, "made", made, source)
    plan.changed(page, answers)


def put_aside(plan: OpenPlan, page: VersionPage, words: Mapping[str, tuple[str, str]]) -> None:
    """Keeps words that met somebody else's in the history; the answers stay as they are. For each address what stands
    there, and the words."""
    _remember(plan, page, "aside", words)
    plan.changed(page, page.answers)


def _remember(
    plan: OpenPlan, page: VersionPage, kind: str, words: Mapping[str, tuple[str, str]], source: str = "page"
) -> None:
    version = plan.row_of(page)
    version.revision += 1
    history.remember(plan.ticket, version, version.revision, kind, words, source)
    plan.ticket.session.flush()
    plan.ticket.record(Event.PLAN_CHANGED, version.compartment_id, version.plan_id, number=version.number)


def new_version(
    ticket: CaseTicket, plan: Plan, number: int, before: Mapping[str, str], meeting_id: UUID | None = None
) -> None:
    """Adds a version. Takes today's questions; of the answers to earlier ones, those that are still asked and not
    asked afresh."""
    definition = definitions.today(ticket, plan.tool)
    if definition is None:
        raise NotFound
    answers = carried_on(definition, before)
    version = ticket.new(
        PlanVersion,
        plan.compartment_id,
        plan_id=plan.id,
        number=number,
        meeting_id=meeting_id,
        definition=definitions.store_definition(ticket, definition),
        revision=0,
    )
    ticket.seal(version, "answers", json.dumps(dict(carried.own_answers(definition, answers))))
    ticket.session.add(version)
    ticket.session.flush()
    ticket.record(Event.PLAN_BEGUN, plan.compartment_id, plan.id, number=number)


def carried_on(definition: Definition, before: Mapping[str, str]) -> dict[str, str]:
    """What a new version begins with: of the answers before, those that are still asked and not asked afresh."""
    places = {place.address: place for place in definition.places(before)}
    lists = {section.key for section in definition.section if section.row}
    return {
        address: words
        for address, words in before.items()
        if address in lists or (address in places and not places[address].question.fresh)
    }
