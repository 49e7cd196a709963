"""*Hvem har set min sag*: the trace of a case, in words people use.

Others come first; what the reader did themselves is folded. Lines are gathered into visits and those into days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select

from portal import clock
from portal.access.policy.actions import Action
from portal.access.policy.who_may import LogScope, log_scope
from portal.access.ticket import CaseTicket
from portal.events import Event
from portal.models import AuditEvent, Compartment, Membership, Staff
from portal.services.oversight import log_lines
from portal.services.oversight.log_lines import MACHINE, LogLine, Visit
from portal.text import in_order

PAGE = 50
"""Lines on a page; and how many of their own are told to the reader beside them."""


@dataclass(frozen=True)
class Day:
    on: date
    visits: tuple[Visit, ...]
    """Newest first."""
    refused: tuple[Visit, ...]
    """What was refused, for citizens: they read on which day, and not when."""


@dataclass(frozen=True)
class OwnVisits:
    """What the reader did themselves meanwhile."""

    count: int
    days: tuple[Day, ...]
    """The newest of them."""
    more: bool


@dataclass(frozen=True)
class LogPage:
    days: tuple[Day, ...]
    own: OwnVisits | None
    """None where the reader asks for something that is not about others."""
    older_than: str | None
    """Pass as `before` for the next page; None when this was the last."""
    people: tuple[Membership, ...]
    """Whose lines can be asked for, in Danish order."""
    hidden_from: datetime | None = None
    """From when on lines are not shown to the reader just now; None when nothing is hidden."""
    own_only: bool = False
    """Whether it holds only what the reader did, and what was about them."""

    @property
    def visits(self) -> tuple[Visit, ...]:
        """All that is on the page, the reader's own last."""
        days = (*self.days, *(self.own.days if self.own else ()))
        return tuple(visit for day in days for visit in (*day.visits, *day.refused))


def log(ticket: CaseTicket, before: str | None = None, only: str = "", who: str = "") -> LogPage:
    """The newest lines, of those older than the mark `before`; beside those of others, what the reader did meanwhile.

    `only` is 'looks' (who has looked), 'changes', 'machine' (what the portal did by itself), or '' for all of it; `who`
    a membership id, 'me', or '' for everybody else. What is nothing of the kind asks for everything.
    """
    ticket.require(Action.LOG_VIEW)
    ticket.record(Event.LOG_VIEWED)
    others = _others(ticket)
    begin = _seq(ticket, before) if before else None
    wanted = _of_kind(_of_whom(ticket, readable(ticket), who), only)
    if begin is not None:
        wanted = wanted.where(AuditEvent.seq < begin)
    rows = list(ticket.session.scalars(wanted.order_by(AuditEvent.seq.desc()).limit(PAGE + 1)))
    shown, more = rows[:PAGE], len(rows) > PAGE
    count, mine = (0, []) if who or only else _own(ticket, begin, shown[-1].seq if more else None)
    # All that is on the page is looked up at once.
    told = log_lines.log_line_of(ticket, [*shown, *mine[:PAGE]])
    lines, own_lines = told[: len(shown)], told[len(shown) :]
    own = None if who or only else OwnVisits(count, _days(ticket, own_lines), len(mine) > PAGE)
    return LogPage(
        days=_days(ticket, lines),
        own=own,
        older_than=lines[-1].mark if more else None,
        people=others,
        hidden_from=_hidden_from(ticket),
        own_only=_scope(ticket) is LogScope.ABOUT_THEMSELVES,
    )


def between(ticket: CaseTicket, first: str, last: str) -> list[LogLine]:
    """The lines of one other member from the mark `first` to the mark `last`, as far as this person reads them; oldest
    first, and no more than a page. Empty for marks that are none of theirs."""
    ticket.require(Action.LOG_VIEW)
    since, until = _row(ticket, first), _row(ticket, last)
    if since is None or until is None or since.membership_id is None or since.membership_id != until.membership_id:
        return []
    wanted = readable(ticket).where(AuditEvent.seq.between(since.seq, until.seq), AuditEvent.event.not_in(MACHINE))
    wanted = wanted.where(AuditEvent.membership_id == since.membership_id, ~_mine(ticket))
    return log_lines.log_line_of(ticket, ticket.session.scalars(wanted.order_by(AuditEvent.seq).limit(PAGE)))


def readable(ticket: CaseTicket) -> Select[Any]:
    """The lines of the case that this person may read.

    The owner and the young person read of everything in the case, others of what they can see themselves. What a
    citizen looked at is for that citizen. A right does not end with access: the young person to whom the case is shut
    reads as before, a parent what was about themselves; a freeze may hide the newest lines while it lasts.
    """
    found = select(AuditEvent).where(AuditEvent.chain_id == ticket.case_id)
    found = found.where(AuditEvent.event.not_in(OWN) | _mine(ticket))
    if (hidden_from := _hidden_from(ticket)) is not None:
        found = found.where(AuditEvent.at < hidden_from)
    scope = _scope(ticket)
    if scope is LogScope.ABOUT_THEMSELVES:
        untold = (*BETWEEN_TWO, *GUARDED, *STEERING)
        found = found.where(AuditEvent.event.not_in(untold), _about_me(ticket))
    elif scope is LogScope.OF_TODAYS_GUIDE:
        found = found.where(_no_other_guides(ticket))
    elif scope is LogScope.OPEN_COMPARTMENTS:
        open_ones = list(ticket.compartments)
        unknown = BETWEEN_TWO if ticket.actor.is_staff else (*BETWEEN_TWO, *GUARDED)
        found = found.where(AuditEvent.event.not_in(unknown))
        found = found.where((AuditEvent.compartment_id.is_(None)) | (AuditEvent.compartment_id.in_(open_ones)))
    nobody_inside = AuditEvent.membership_id.is_(None)
    # By who they are and not by their place in the case, which is not told to whoever is shut out.
    by_staff = nobody_inside | AuditEvent.actor_id.in_(select(Staff.person_id))
    return found.where(AuditEvent.event.not_in(READING) | _mine(ticket) | by_staff)


def _hidden_from(ticket: CaseTicket) -> datetime | None:
    return None if ticket.compartments else ticket.facts.log_ends_at(ticket.membership.id, clock.now())


def _scope(ticket: CaseTicket) -> LogScope:
    return log_scope(ticket.standing, bool(ticket.compartments))


def _no_other_guides(ticket: CaseTicket) -> ColumnElement[bool]:
    """Nothing about what the young person confided to a guide before, as long as it is shut to this one."""
    confided = select(Compartment.id).where(
        Compartment.case_id == ticket.case_id,
        Compartment.confidant_id.is_not(None),
        Compartment.id.not_in(list(ticket.compartments)),
    )
    return or_(AuditEvent.compartment_id.is_(None), AuditEvent.compartment_id.not_in(confided))


def _about_me(ticket: CaseTicket) -> ColumnElement[bool]:
    """What the reader did, and what was done with their place in the case or with a declaration of theirs."""
    me = ticket.membership.id
    mine = [me, *(consent.id for consent in ticket.facts.consents_of(me))]
    return or_(AuditEvent.membership_id == me, AuditEvent.item_id.in_(mine))


def _mine(ticket: CaseTicket) -> ColumnElement[bool]:
    return func.coalesce(AuditEvent.actor_id == ticket.actor.person_id, False)


def _of_whom(ticket: CaseTicket, found: Select[Any], who: str) -> Select[Any]:
    by_machine = AuditEvent.event.in_(MACHINE)
    if who in ("me", str(ticket.membership.id)):
        return found.where(_mine(ticket), ~by_machine)
    known = {str(member.id): member.id for member in _others(ticket)}
    if who in known:
        return found.where(AuditEvent.membership_id == known[who], ~by_machine)
    return found.where(by_machine | ~_mine(ticket))


def _of_kind(found: Select[Any], kind: str) -> Select[Any]:
    kinds = {"looks": LOOKS, "changes": CHANGES, "machine": MACHINE}
    if kind not in kinds:
        return found
    found = found.where(AuditEvent.event.in_(kinds[kind]))
    return found if kind == "machine" else found.where(AuditEvent.event.not_in(MACHINE))


def _others(ticket: CaseTicket) -> tuple[Membership, ...]:
    """Whose lines can be asked for: of citizens there are what they changed."""
    known = (member for member in ticket.members.known.values() if member.id != ticket.membership.id)
    return tuple(sorted(known, key=lambda member: in_order(member.display_name)))


def _row(ticket: CaseTicket, mark: str) -> AuditEvent | None:
    """The line of that mark, where this person may read it."""
    proof = log_lines.proof_of(mark)
    if proof is None:
        return None
    same = func.substring(AuditEvent.mac, 1, len(proof)) == proof
    return ticket.session.scalars(readable(ticket).where(same).limit(1)).one_or_none()


def _seq(ticket: CaseTicket, mark: str) -> int | None:
    row = _row(ticket, mark)
    return row.seq if row else None


def _own(ticket: CaseTicket, begin: int | None, end: int | None) -> tuple[int, list[AuditEvent]]:
    """What the reader did between two lines of others (from the newest on, and to the first, where there is none): how
    many visits, and the newest lines, one more than are told."""
    mine = _of_whom(ticket, readable(ticket), "me")
    if begin is not None:
        mine = mine.where(AuditEvent.seq < begin)
    if end is not None:
        mine = mine.where(AuditEvent.seq > end)
    inside = mine.with_only_columns(AuditEvent.at - func.lag(AuditEvent.at).over(order_by=AuditEvent.seq)).subquery()
    pause = inside.c[0]
    counted = select(func.count()).select_from(inside).where(pause.is_(None) | (pause >= log_lines.PAUSE))
    count = ticket.session.scalars(counted).one()
    return count, list(ticket.session.scalars(mine.order_by(AuditEvent.seq.desc()).limit(PAGE + 1)))


def _days(ticket: CaseTicket, lines: list[LogLine]) -> tuple[Day, ...]:
    days: dict[date, list[LogLine]] = {}
    for line in lines:
        days.setdefault(line.at.astimezone(ticket.profile.zone).date(), []).append(line)
    return tuple(_day(ticket, on, found) for on, found in days.items())


def _day(ticket: CaseTicket, on: date, lines: list[LogLine]) -> Day:
    hidden = [line for line in lines if line.is_refusal and not ticket.actor.is_staff]
    shown = [line for line in lines if line not in hidden]
    # Once for each who tried, in no order of the day.
    hidden.sort(key=lambda line: (line.key, line.seq))
    refused = log_lines.visits(hidden, timedelta.max)
    return Day(on, log_lines.visits(shown), refused)


LOOKS = (
    Event.CASE_VIEWED,
    Event.PLAN_VIEWED,
    Event.PLAN_OPENED,
    Event.PLAN_EXPORTED,
    Event.PLAN_COMPARED,
    Event.MEETING_VIEWED,
    Event.HEARD_VIEWED,
    Event.TEAM_VIEWED,
    Event.AUDIENCE_VIEWED,
    Event.FILES_LISTED,
    Event.PICTURES_LISTED,
    Event.FILE_VIEWED,
    Event.VERSION_DOWNLOADED,
    Event.VERSION_OPENED,
    Event.VERSION_PREVIEWED,
    Event.EXPORT_FETCHED,
    Event.FOLDER_FETCHED,
    Event.BLANK_DOWNLOADED,
    Event.THREADS_LISTED,
    Event.THREAD_VIEWED,
    Event.CASE_SEARCHED,
    Event.CONSENT_VIEWED,
    Event.NATIONAL_ID_SHOWN,
    Event.OWN_DATA_VIEWED,
    Event.LOG_VIEWED,
    Event.WELCOME_READ,
    Event.ACCESS_REFUSED,
    Event.ACCESS_EXPLAINED,
)
CHANGES = (
    Event.CASE_OPENED,
    Event.PLAN_TAKEN,
    Event.MEETING_PLANNED,
    Event.MEETING_CHANGED,
    Event.MEETING_CALLED_OFF,
    Event.MEETING_BEGUN,
    Event.MEETING_JOINED,
    Event.MEETING_LEFT,
    Event.MEETING_OPENED,
    Event.MEETING_ENDED,
    Event.HEARD_ANSWERED,
    Event.HEARD_SHOWN,
    Event.HEARD_HIDDEN,
    Event.MEMBER_ADDED,
    Event.MEMBER_CORRECTED,
    Event.MEMBER_CHANGED,
    Event.LEVEL_SET,
    Event.CODE_MADE,
    Event.CODE_USED,
    Event.CODE_REFUSED,
    Event.CONSENT_GIVEN,
    Event.CONSENT_WITHDRAWN,
    Event.CONSENT_SCANNED,
    Event.OVERRIDE_SET,
    Event.OVERRIDE_ENDED,
    Event.FREEZE_SET,
    Event.FREEZE_RENEWED,
    Event.FREEZE_LIFTED,
    Event.MEMBER_LEFT,
    Event.WISH_MADE,
    Event.WISH_ANSWERED,
    Event.CONFIDENCE_ANSWERED,
    Event.HAND_OVER_OFFERED,
    Event.HAND_OVER_SAID,
    Event.HAND_OVER_REPLIED,
    Event.HAND_OVER_ACCEPTED,
    Event.HAND_OVER_DECLINED,
    Event.HAND_OVER_WITHDRAWN,
    Event.CONSENT_ENDING,
    Event.CUSTODY_SET,
    Event.PLAN_BEGUN,
    Event.PLAN_CHANGED,
    Event.PLAN_CONFIDED,
    Event.PLAN_PERSON,
    Event.PLAN_PROPOSED,
    Event.PLAN_ACCEPTED,
    Event.PLAN_YES_NOTED,
    Event.PLAN_OBJECTED,
    Event.PLAN_BROUGHT,
    Event.PLAN_MERGED,
    Event.PLAN_LEFT,
    Event.PLAN_OUTCOME,
    Event.PLAN_REMINDED,
    Event.FILE_ADDED,
    Event.FILE_MOVED,
    Event.VERSION_ADDED,
    Event.VERSION_SAVED,
    Event.VERSION_SCANNED,
    Event.VERSION_RESTORED,
    Event.FILE_WITHDRAWN,
    Event.FILE_PLACED,
    Event.FILE_RENAMED,
    Event.FORM_NOTED,
    Event.EXPORT_ASKED,
    Event.EXPORT_MADE,
    Event.EXPORT_FAILED,
    Event.UPLOAD_BEGUN,
    Event.UPLOAD_CANCELLED,
    Event.UPLOAD_HELD,
    Event.UPLOAD_DROPPED,
    Event.WRITING_LINKED,
    Event.WRITING_UNLINKED,
    Event.EDITING_BEGUN,
    Event.EDITING_ENDED,
    Event.EDITING_BROKEN,
    Event.THREAD_STARTED,
    Event.THREAD_MOVED,
    Event.MESSAGE_SENT,
    Event.MESSAGE_TAKEN_BACK,
    Event.ANSWER_ASKED,
    Event.ANSWER_UNASKED,
    Event.ABSENCE_TOLD,
    Event.ABSENCE_ENDED,
)


STEERING = (Event.LEVEL_SET,)
"""Not for whoever is shut out: where no such line stands, they would know that the young person took a yes back."""
GUARDED = (Event.FREEZE_SET, Event.FREEZE_RENEWED, Event.FREEZE_LIFTED)
"""For the young person and professionals: among family it could reach the one who is shut out."""
BETWEEN_TWO = (
    Event.WISH_MADE,
    Event.WISH_ANSWERED,
    Event.PLAN_CONFIDED,
    Event.CONFIDENCE_ANSWERED,
    Event.HAND_OVER_SAID,
    Event.HAND_OVER_REPLIED,
    Event.PLAN_OBJECTED,
    Event.HEARD_SHOWN,
    Event.HEARD_HIDDEN,
    Event.HEARD_VIEWED,
)
"""Between the young person and the guide."""
OWN = (Event.HEARD_ANSWERED, Event.WELCOME_READ)
"""For nobody but whoever did it."""
READING = (
    *(event for event in LOOKS if event is not Event.ACCESS_EXPLAINED),
    Event.EXPORT_ASKED,
    Event.EXPORT_MADE,
    Event.EXPORT_FAILED,
)
"""What a citizen looked at, tried to open or took a copy of: for that citizen alone, as in the database (migration
054). Parents do not follow a young person's every click, nor the other way round, nor professionals either's."""
