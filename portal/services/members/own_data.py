"""What a case says about the person who asks, and what was put right of it (GDPR, articles 15 and 16)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from portal import clock
from portal.access.case_rows import Workplace
from portal.access.policy import who_may
from portal.access.policy.actions import Action
from portal.access.policy.ages import majority
from portal.access.ticket import CaseTicket
from portal.cpr import Cpr
from portal.events import Event
from portal.models import Correction, Membership
from portal.services.shared import audience

LATELY = timedelta(days=30)
"""For so long the front of the case says that something about oneself was put right."""


@dataclass(frozen=True)
class CorrectionLine:
    """One thing that was put right, as the person it is about reads it."""

    field: str
    before: str
    after: str
    reason: str
    made_at: datetime
    by: Membership | None
    """None for what came from the person's account."""


@dataclass(frozen=True)
class OwnData:
    membership: Membership
    workplace: Workplace | None
    birth_date: date | None
    number: str
    """Masked; '' where none is noted."""
    holds_custody: bool
    corrections: tuple[CorrectionLine, ...]
    """The newest first."""


def show_own_data(ticket: CaseTicket) -> OwnData:
    """What is noted about this person in this case. Their own also when the case is shut to them."""
    ticket.require(Action.OWN_DATA_VIEW)
    me, now = ticket.membership, clock.now()
    number = ticket.unseal(me, "national_id")
    places = audience.workplaces(ticket) if me.unit_id else {}
    ticket.record(Event.OWN_DATA_VIEWED)
    return OwnData(
        membership=me,
        workplace=places.get(me.unit_id) if me.unit_id else None,
        birth_date=ticket.facts.birth_date if who_may.case_knows_birth_date(ticket.capacity) else None,
        number=Cpr.parse(number, clock.now().date()).masked if number else "",
        holds_custody=now < majority(ticket.facts) and ticket.facts.member(me.id).holds_custody_at(now),
        corrections=tuple(_lines(ticket)),
    )


def corrected_lately(ticket: CaseTicket) -> datetime | None:
    """When something about this person was last put right, if that is not long ago."""
    times = [at for at in ticket.facts.member(ticket.membership.id).corrected if clock.now() - at < LATELY]
    return max(times, default=None)


def _lines(ticket: CaseTicket) -> list[CorrectionLine]:
    mine = select(Correction).where(
        Correction.case_id == ticket.case_id, Correction.membership_id == ticket.membership.id
    )
    rows = ticket.session.scalars(mine.order_by(Correction.made_at.desc()))
    return [
        CorrectionLine(
            field=row.field,
            before=ticket.unseal(row, "before"),
            after=ticket.unseal(row, "after"),
            reason=ticket.unseal(row, "reason"),
            made_at=row.made_at,
            by=ticket.members.get(row.made_by_id) if row.made_by_id else None,
        )
        for row in rows
    ]
