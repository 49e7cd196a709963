"""What people have taken on in an agreed version: whose turn it is, how it went, and reminding before it is due.

How a promise went is noted beside the frozen words, never in them, and a later note does not wipe out an earlier one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import select

from portal import audit, clock, text
from portal.access.policy import who_may
from portal.access.policy.actions import Action
from portal.access.policy.decide import Reason, Refusal
from portal.access.policy.windows import compute
from portal.access.ticket import CaseTicket
from portal.access.window_store import load_facts
from portal.db import PortalSession
from portal.errors import InvalidInput, NotFound, Refused
from portal.events import Event
from portal.models import Membership, PlanOutcome, PlanReminder
from portal.services.notices import mail
from portal.services.notices.kinds import Kind
from portal.services.plans import approvals, definitions, plans
from portal.services.plans.versions import PlanPage, PlanState, VersionPage
from portal.services.shared import idempotency
from portal.tools.definition import AnswerKind, Section, rows

TOOL = "goals_and_agreements"
DAYS_BEFORE = 3
SOON = timedelta(days=7)


class Outcome(StrEnum):
    YES = "yes"
    PARTLY = "partly"
    NO = "no"


@dataclass(frozen=True)
class OutcomeNote:
    """How it went, as somebody noted it."""

    outcome: Outcome
    word: str
    by: Membership
    at: datetime


@dataclass(frozen=True)
class Commitment:
    number: int
    """Of the version it stands in."""
    section: str
    row: str
    what: str
    who: Membership
    due: date | None
    said: tuple[OutcomeNote, ...]
    """The newest first."""
    is_mine: bool
    may_note: bool
    days_left: int | None
    closed: bool
    """Whether it was agreed as one that is done, or given up, already."""
    agreed: bool
    """Whether everybody has said yes to the version. Before that it counts for whoever said yes to it."""

    @property
    def by_professional(self) -> bool:
        return not who_may.is_citizen(self.who.unit_id)

    @property
    def is_open(self) -> bool:
        return not self.closed and (not self.said or self.said[0].outcome is not Outcome.YES)

    @property
    def is_late(self) -> bool:
        return self.is_open and self.days_left is not None and self.days_left < 0

    @property
    def is_soon(self) -> bool:
        return self.is_open and self.days_left is not None and 0 <= self.days_left <= SOON.days


@dataclass(frozen=True)
class CommitmentPage:
    promises: tuple[Commitment, ...]
    """Those of professionals first; in each part what is open before what is done, and what is due first."""


def show_commitments(ticket: CaseTicket) -> CommitmentPage | None:
    """What is promised by now, or None where nobody has promised anything. Raises NotFound for whoever does not see the
    schema."""
    ticket.require(Action.PLAN_VIEW)
    compartment = definitions.compartment_of(ticket, TOOL)
    page = plans.load(ticket, TOOL, compartment)
    found = counting(ticket, page) if page else []
    if page is None or (not found and page.agreed is None):
        ticket.record(Event.PLAN_VIEWED)
        return None
    ticket.record(Event.PLAN_OPENED, compartment.id, page.newest.plan_id)
    return CommitmentPage(tuple(found))


def my_commitments(ticket: CaseTicket) -> list[Commitment]:
    """What this person has taken on and not kept yet, for the front of the case."""
    try:
        compartment = definitions.compartment_of(ticket, TOOL)
    except NotFound:
        return []
    page = plans.load(ticket, TOOL, compartment) if ticket.allows(Action.PLAN_VIEW) else None
    found = counting(ticket, page) if page else []
    return [promise for promise in found if promise.is_mine and promise.is_open]


def counting(ticket: CaseTicket, page: PlanPage) -> list[Commitment]:
    """Everything that counts as promised: what the version in force says, and of a later one what its taker has said
    yes to in exactly these words. In place of what the same person promised under the same row before."""
    found = commitments_in(ticket, page.agreed) if page.agreed else []
    if page.newest.state in (PlanState.DRAFT, PlanState.PROPOSED):
        newer = _said_yes_to(ticket, page.newest)
        replaced = {(promise.row, promise.who.id) for promise in newer}
        found = [promise for promise in found if (promise.row, promise.who.id) not in replaced] + newer
    return sorted(found, key=_rank)


def _said_yes_to(ticket: CaseTicket, newest: VersionPage) -> list[Commitment]:
    """What counts of a version that is not agreed: while its taker sees it, and it is not closed."""
    compartment = definitions.compartment_of(ticket, TOOL)
    readers = {window.membership_id for window in ticket.open_windows if window.compartment_id == compartment.id}
    taken = {(each.row, each.who.id) for each in approvals.named_parts(ticket, newest) if each.taken_at}
    return [p for p in commitments_in(ticket, newest) if (p.row, p.who.id) in taken and p.who.id in readers]


def _rank(promise: Commitment) -> tuple[bool, bool, date]:
    """The professionals' first; what is open before what is done; what is due first."""
    return not promise.by_professional, not promise.is_open, promise.due or date.max


def note_outcome(ticket: CaseTicket, submission: UUID, number: int, row: str, outcome: str, word: str) -> None:
    """Notes how a promise went. The one who gave it may, and so may the young person and the guide. Raises
    InvalidInput without an outcome, or when it does not count any more as it was read."""
    ticket.require(Action.PLAN_ACCEPT)
    compartment = definitions.compartment_of(ticket, TOOL)
    page = plans.load(ticket, TOOL, compartment)
    if page is None:
        raise NotFound
    this = page.version(number)
    promise = next((each for each in commitments_in(ticket, this) if each.row == row), None)
    if promise is None:
        raise NotFound
    if not promise.may_note:
        raise Refused(Reason(Refusal.NOT_YOURS))
    if (number, row) not in {(each.number, each.row) for each in counting(ticket, page)}:
        raise InvalidInput("", "plan_moved_on")
    if outcome not in set(Outcome):
        raise InvalidInput("outcome", "choice")
    made = uuid4()
    if idempotency.claim(ticket.session, submission, made):
        return
    noted = ticket.new(PlanOutcome, compartment.id, id=made, plan_version_id=this.id, row_key=row, outcome=outcome)
    ticket.seal(noted, "word", text.plain(word, 2000))
    ticket.session.add(noted)
    _settle(
        ticket, PlanReminder.plan_version_id == this.id, PlanReminder.row_key == row, is_done=outcome == Outcome.YES
    )
    ticket.session.flush()
    ticket.record(Event.PLAN_OUTCOME, compartment.id, this.plan_id, number=number)


# Reminding


def plan_reminders(ticket: CaseTicket, page: VersionPage, compartment_id: UUID) -> None:
    """Notes when to remind of what counts by now of a version that was proposed. Once it is agreed, nothing is told any
    more of an earlier one."""
    if page.definition.key != TOOL:
        return
    agreed = page.state is PlanState.AGREED
    if agreed:
        _settle(ticket, PlanReminder.plan_id == page.plan_id, PlanReminder.plan_version_id != page.id)
    there = {
        reminder.row_key: reminder
        for reminder in ticket.session.scalars(
            select(PlanReminder).where(*ticket.within(PlanReminder), PlanReminder.plan_version_id == page.id)
        )
    }
    counts = {p.row for p in (commitments_in(ticket, page) if agreed else _said_yes_to(ticket, page)) if p.is_open}
    for section, row in _rows(page):
        who, due = _taker(page, section, row), _due(page, section, row)
        at = clock.start_of(due - timedelta(days=DAYS_BEFORE), ticket.profile.zone) if due else None
        if row not in counts or who is None or at is None:
            continue
        # What is due sooner is on the first page of whoever promised it, and in no mail.
        told = clock.now() if at <= clock.now() else None
        if row in there:
            one = there[row]
            one.due_at, one.membership_id, one.settled_at, one.told_at = at, who, None, told and (one.told_at or told)
            continue
        ticket.session.add(
            PlanReminder(
                id=uuid4(),
                plan_version_id=page.id,
                plan_id=page.plan_id,
                case_id=ticket.case_id,
                compartment_id=compartment_id,
                row_key=row,
                membership_id=who,
                due_at=at,
                settled_at=None,
                told_at=told,
            )
        )
    ticket.session.flush()


def forget_reminders(ticket: CaseTicket, version_id: UUID) -> None:
    """For a proposed version that somebody has changed: what counts of it is noted anew when it is proposed again."""
    _settle(ticket, PlanReminder.plan_version_id == version_id)


def send_due(session: PortalSession) -> int:
    """Queues a notice, that says nothing, to everybody whose promise is due soon and who still sees it; returns to how
    many. The session speaks for nobody."""
    due = select(PlanReminder).where(PlanReminder.settled_at.is_(None), PlanReminder.told_at.is_(None))
    due = due.where(PlanReminder.due_at <= clock.now())
    told: set[UUID] = set()
    for reminder in session.scalars(due.with_for_update(skip_locked=True)).all():
        reminder.told_at = clock.now()
        audit.record(session, Event.PLAN_REMINDED, chain=reminder.case_id, item_id=reminder.plan_id)
        facts = load_facts(session, reminder.case_id)
        now = clock.now()
        open_to = {w.member_id for w in compute(facts).windows if w.valid_from <= now and (w.valid_until or now) >= now}
        if reminder.membership_id in open_to:
            person_id = facts.member(reminder.membership_id).person_id
            told.add(person_id)
            case_id, compartment_id = reminder.case_id, reminder.compartment_id
            mail.queue_notice(session, [person_id], kind=Kind.PLAN, case_id=case_id, compartment_id=compartment_id)
    return len(told)


def _settle(ticket: CaseTicket, *which: object, is_done: bool = True) -> None:
    """Ends what is open, or opens again what was called done too early."""
    wanted = PlanReminder.settled_at.is_(None) if is_done else PlanReminder.settled_at.is_not(None)
    found = select(PlanReminder).where(*ticket.within(PlanReminder), wanted, *which)  # type: ignore[arg-type]
    for reminder in ticket.session.scalars(found):
        reminder.settled_at = clock.now() if is_done else None


# Steps


def commitments_in(ticket: CaseTicket, page: VersionPage) -> list[Commitment]:
    """What a version promises, in the order in which a meeting looks at it: the professionals' first."""
    said = _said(ticket, page)
    able = _able(ticket) if said else set()
    today = clock.today(ticket.profile.zone)
    found = []
    for section, row in _rows(page):
        who, due = _taker(page, section, row), _due(page, section, row)
        member = ticket.members.get(who) if who else None
        if member is None:
            continue
        is_mine = member.id == ticket.membership.id
        found.append(
            Commitment(
                number=page.number,
                section=section.key,
                row=row,
                what=page.answers.get(f"{section.key}.{row}.{section.headline.key}", ""),
                who=member,
                due=due,
                said=tuple(each for each in said.get(row, ()) if each.by.id in {member.id, *able}),
                is_mine=is_mine,
                may_note=who_may.may_note_outcome(ticket.capacity, is_mine),
                days_left=(due - today).days if due else None,
                closed=plans.is_closed(page, section, row),
                agreed=page.state in (PlanState.AGREED, PlanState.REPLACED),
            )
        )
    return sorted(found, key=_rank)


def _able(ticket: CaseTicket) -> set[UUID]:
    """Who may say of anybody's promise how it went. The database cannot read whose a promise is, so a line that got
    past everything else counts for nothing."""
    facts = ticket.facts
    return {m.id for m in facts.members if who_may.counts_as_outcome(facts.capacities_of(m), is_own=False)}


def _said(ticket: CaseTicket, page: VersionPage) -> dict[str, list[OutcomeNote]]:
    """Row -> what was noted about it in this version, the newest first."""
    found: dict[str, list[OutcomeNote]] = {}
    lines = select(PlanOutcome).where(*ticket.within(PlanOutcome), PlanOutcome.plan_version_id == page.id)
    for line in ticket.session.scalars(lines.order_by(PlanOutcome.created_at.desc())):
        told = OutcomeNote(
            Outcome(line.outcome), ticket.unseal(line, "word"), ticket.members[line.created_by_id], line.created_at
        )
        found.setdefault(line.row_key, []).append(told)
    return found


def _rows(page: VersionPage) -> Iterable[tuple[Section, str]]:
    """The rows in which somebody takes something on."""
    for section in page.definition.section:
        if section.row and any(question.takes_on for question in section.question):
            yield from ((section, row) for row in rows(page.answers, section.key))


def _taker(page: VersionPage, section: Section, row: str) -> UUID | None:
    who = next(question for question in section.question if question.takes_on)
    value = page.answers.get(f"{section.key}.{row}.{who.key}", "")
    return UUID(value) if value else None


def _due(page: VersionPage, section: Section, row: str) -> date | None:
    when = next((question for question in section.question if question.kind is AnswerKind.DATE), None)
    value = page.answers.get(f"{section.key}.{row}.{when.key}", "") if when else ""
    return date.fromisoformat(value) if value else None
