"""The first time: what this place is, who the guide is and what comes first; and the first steps of a new case.

Nothing is kept for it but a line in the trace, for whoever has had it put away. Otherwise it goes by itself: the
welcome at the next signing in, and the steps when they are done.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.access.case_rows import Workplace
from portal.access.policy import who_may
from portal.access.policy.actions import Action
from portal.access.policy.roles import Capacity
from portal.access.ticket import CaseTicket
from portal.events import Event
from portal.models import Membership, Staff
from portal.services.notices import choices
from portal.services.shared import audience


@dataclass(frozen=True)
class Welcome:
    """What is said at the first visit, beside the words of the page."""

    guide: Membership
    workplace: Workplace | None
    phone: str
    """At work; '' where none is noted."""
    asks_how: bool
    """Whether to ask how they want to be told that there is something new."""


@dataclass(frozen=True)
class Steps:
    """What is done by now of what a new case begins with."""

    people: bool
    """Somebody is in the case beside the guide, the young person and those who hold custody."""
    consent: bool
    """The young person has answered, whatever they answered."""
    plan: bool
    """The plan is begun, or a meeting is planned."""


def welcome(ticket: CaseTicket, last_visit: datetime | None, put_away: bool) -> Welcome | None:
    """None for the guide, for whoever has been here before they signed in this time, and for whoever has read it."""
    guide = ticket.owner
    if last_visit is not None or put_away or who_may.is_guide(ticket.capacity):
        return None
    phone = ticket.session.scalars(select(Staff.phone).where(Staff.person_id == guide.person_id)).one_or_none() or ""
    workplace = audience.workplace_of(ticket, guide.unit_id) if guide.unit_id else None
    return Welcome(guide, workplace, phone, choices.may_be_asked(ticket.actor))


def steps(ticket: CaseTicket, has_plan: bool, put_away: bool) -> Steps | None:
    """For the guide alone; None when all of them are done, or put away."""
    if put_away or not who_may.is_guide(ticket.capacity):
        return None
    others = [m for m in ticket.facts.members if m.id != ticket.owner.id and not _is_family(m.capacity)]
    answered = any(consent.giver_id == ticket.young_person.id for consent in ticket.facts.consents)
    found = Steps(bool(others), answered, has_plan)
    return None if found == Steps(True, True, True) else found


def put_away(ticket: CaseTicket) -> None:
    """Notes that this person has read it."""
    ticket.require(Action.CASE_VIEW)
    ticket.record(Event.WELCOME_READ)


def _is_family(capacity: Capacity) -> bool:
    return capacity in (Capacity.YOUNG_PERSON, Capacity.PARENT)
