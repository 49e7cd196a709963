"""The eighteenth birthday: counted down to, with what changes on the day named, and what is asked anew after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from portal import clock
from portal.access.policy import whatif, who_may
from portal.access.policy.actions import Action
from portal.access.policy.ages import access_ends_at_18, is_given_as_adult, majority
from portal.access.policy.roles import Level
from portal.access.policy.whatif import AccessChange
from portal.access.ticket import CaseTicket
from portal.events import Event
from portal.models import Membership
from portal.services.shared import audience

NEAR = 45
"""Days."""


@dataclass(frozen=True)
class Countdown:
    """Where the case stands on the way to the day, and what the reader may know of it."""

    day: date
    days: int
    """Left until the day; 0 on it, negative after it."""
    age: int
    changes: tuple[AccessChange, ...]
    """What opens and shuts at the first instant of the day, as the facts stand; the reader's own, or all of it for
    those who answer for the case."""
    ends: tuple[Membership, ...]
    """Custody holders who are no longer asked from that day."""
    outside: tuple[Membership, ...]
    """After the day: parents the young adult has not let in again."""
    asked_anew: bool
    """After the day: whether the young adult's own declaration is still one from before."""

    @property
    def has_come(self) -> bool:
        return self.days <= 0

    @property
    def is_near(self) -> bool:
        """Whether it comes before what else there is to do."""
        return self.days <= NEAR


def begins(ticket: CaseTicket) -> date:
    """The first day of the countdown: the profile's months before the day."""
    rules = ticket.profile
    return clock.months_on(clock.birthday(ticket.case.birth_date, rules.majority_age), -rules.countdown_months)


def countdown(ticket: CaseTicket) -> Countdown | None:
    """None before the countdown begins, and afterwards when nothing of it is left to do."""
    rules, today = ticket.profile, clock.today(ticket.profile.zone)
    if today < begins(ticket):
        return None
    day, leads = clock.birthday(ticket.case.birth_date, rules.majority_age), audience.leads(ticket)
    declared = day <= today and leads and _declared_as_adult(ticket)
    if not who_may.sees_countdown(ticket.capacity, leads, day <= today, declared):
        return None
    return _countdown(ticket, day, today)


def coming_of_age_page(ticket: CaseTicket) -> Countdown:
    """The day and what changes on it, for anybody in the case."""
    ticket.require(Action.CASE_VIEW)
    ticket.record(Event.TEAM_VIEWED)
    rules = ticket.profile
    day = clock.birthday(ticket.case.birth_date, rules.majority_age)
    return _countdown(ticket, day, clock.today(rules.zone))


def _countdown(ticket: CaseTicket, day: date, today: date) -> Countdown:
    facts, turns, leads = ticket.facts, majority(ticket.facts), audience.leads(ticket)
    changes = whatif.by_itself(facts, turns)
    now, come = clock.now(), today >= day
    outside = [
        ticket.members[member.id]
        for member in facts.members
        if come
        and access_ends_at_18(member.capacity)
        and member.level_at(now) is not Level.NONE
        and not facts.is_frozen_at(member.id, now)
        and all(p.level is Level.NONE for p in whatif.prospects(facts, member, now))
    ]
    holders = facts.custody_holders_at(min(now, turns))
    return Countdown(
        day=day,
        days=(day - today).days,
        age=facts.rules.majority_age,
        changes=tuple(c for c in changes if leads or c.member_id == ticket.membership.id),
        ends=tuple(ticket.members[holder.id] for holder in holders) if leads else (),
        outside=tuple(outside) if leads else (),
        asked_anew=come and leads and not _declared_as_adult(ticket),
    )


def _declared_as_adult(ticket: CaseTicket) -> bool:
    declared = ticket.facts.declared_at(ticket.young_person.id, clock.now())
    return declared is not None and is_given_as_adult(declared.given_at, majority(ticket.facts))
