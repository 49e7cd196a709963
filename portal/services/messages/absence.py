"""While the guide is away: from when until when, and who is written to meanwhile.

The stand-in is a professional of the case and gets no right by it: they read and write what they could before. What the
guide is asked to answer is shown to them too, where they see it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select

from portal import clock
from portal.access.case_rows import GUIDE
from portal.access.policy import who_may
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.events import Event
from portal.models import GuideAbsence, Membership
from portal.services.shared import idempotency
from portal.text import in_order

LONGEST = timedelta(days=183)


@dataclass(frozen=True)
class Away:
    """That the guide is away, or will be."""

    guide: Membership
    stand_in: Membership | None
    """None where this person does not know of them, and while they see nothing of the case."""
    phone: str
    first_day: date
    last_day: date
    is_me: bool
    """Whether this person stands in."""
    is_mine: bool
    """Whether this person is the guide."""
    sees: frozenset[str]
    """The compartments that the stand-in sees too, of those open to this person."""
    has_begun: bool


def current(ticket: CaseTicket) -> Away | None:
    """Set while the guide of today is away."""
    found = told(ticket)
    return found if found is not None and found.has_begun else None


def told(ticket: CaseTicket) -> Away | None:
    """What the guide of today has said that is not over."""
    now = clock.now()
    row = ticket.session.scalars(
        select(GuideAbsence)
        .where(GuideAbsence.case_id == ticket.case_id, GuideAbsence.created_by_id == ticket.owner.id)
        .where(GuideAbsence.until_at > now)
        .order_by(GuideAbsence.created_at.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else _away(ticket, row, now)


def _away(ticket: CaseTicket, row: GuideAbsence, now: datetime) -> Away:
    zone, mine = ticket.profile.zone, {compartment.key for compartment in ticket.compartments.values()}
    sees = frozenset(w.key for w in ticket.open_windows if w.membership_id == row.stand_in_id and w.key in mine)
    member = ticket.members[row.stand_in_id] if sees else None
    contact = ticket.session.execute(GUIDE, {"person": member.person_id}).one_or_none() if member else None
    return Away(
        guide=ticket.owner,
        stand_in=member,
        phone=contact[1] if contact else "",
        first_day=row.from_at.astimezone(zone).date(),
        last_day=(row.until_at - timedelta(microseconds=1)).astimezone(zone).date(),
        is_me=row.stand_in_id == ticket.membership.id,
        is_mine=who_may.is_guide(ticket.capacity),
        sees=sees,
        has_begun=row.from_at <= now,
    )


def able(ticket: CaseTicket) -> list[Membership]:
    """Who can stand in: professionals who see something of the case now, in Danish order."""
    there = {window.membership_id for window in ticket.open_windows} - {ticket.owner.id}
    members = [ticket.members[one] for one in there]
    return sorted(
        (member for member in members if not who_may.is_citizen(member.unit_id)),
        key=lambda member: in_order(member.display_name),
    )


def tell(ticket: CaseTicket, submission: UUID, first: date, last: date, stand_in_id: UUID | None) -> None:
    """Says when the guide is away and who stands in, in place of what was said before. Raises InvalidInput."""
    ticket.lock_case()
    ticket.require(Action.TEAM_CHANGE)
    today, zone = clock.today(ticket.profile.zone), ticket.profile.zone
    if idempotency.made_before(ticket.session, submission):
        return
    if first < today:
        raise InvalidInput("first", "date_past")
    if last < first:
        raise InvalidInput("last", "ends_before")
    if last > today + LONGEST:
        raise InvalidInput("last", "away_too_long")
    if stand_in_id not in {member.id for member in able(ticket)}:
        raise InvalidInput("stand_in", "choice")
    made = uuid4()
    if idempotency.claim(ticket.session, submission, made):
        return
    _end_all(ticket)
    ticket.session.add(
        GuideAbsence(
            id=made,
            case_id=ticket.case_id,
            stand_in_id=stand_in_id,
            from_at=clock.start_of(first, zone),
            until_at=clock.end_of(last, zone),
            created_at=clock.now(),
            created_by_id=ticket.membership.id,
        )
    )
    ticket.session.flush()
    ticket.record(Event.ABSENCE_TOLD)


def end_absence(ticket: CaseTicket) -> None:
    """The guide is back. A second time does nothing."""
    ticket.lock_case()
    ticket.require(Action.TEAM_CHANGE)
    if _end_all(ticket):
        ticket.record(Event.ABSENCE_ENDED)


def _end_all(ticket: CaseTicket) -> int:
    now = clock.now()
    rows = ticket.session.scalars(
        select(GuideAbsence).where(GuideAbsence.case_id == ticket.case_id, GuideAbsence.until_at > now)
    ).all()
    for row in rows:
        row.until_at = now
    ticket.session.flush()
    return len(rows)
