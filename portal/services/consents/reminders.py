"""Reminding in time: that a consent will end, 30 and 7 days before.

A reminder is a row that is planned with the declaration. The timed job takes what is due under a lock and notes that it
was sent in the same transaction, so that two workers, or one that is started again, tell each thing once; whom to tell
is decided then, from the facts of that day. What is told by mail says nothing; the portal says the rest to those who
may know it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from portal import audit, clock
from portal.access.policy import who_may
from portal.access.policy.actions import Action
from portal.access.policy.answers import standing
from portal.access.policy.facts import Facts
from portal.access.ticket import CaseTicket
from portal.access.window_store import load_facts
from portal.db import PortalSession
from portal.events import Event
from portal.models import Consent, ConsentReminder, Membership
from portal.services.consents import requests
from portal.services.consents.requests import ConsentState
from portal.services.notices import mail
from portal.services.notices.kinds import Kind
from portal.services.shared import audience

DAYS_BEFORE = (30, 7)


@dataclass(frozen=True)
class Ending:
    """A declaration that will end soon."""

    consent_id: UUID
    giver: Membership
    ends_at: datetime
    days_left: int
    is_mine: bool


def plan(ticket: CaseTicket, consent: Consent) -> None:
    """Notes when to remind of a declaration that has just been made."""
    for days in DAYS_BEFORE:
        due = consent.valid_until - timedelta(days=days)
        if due > clock.now():
            ticket.session.add(
                ConsentReminder(case_id=consent.case_id, consent_id=consent.id, days_before=days, due_at=due)
            )


def endings(ticket: CaseTicket) -> list[Ending]:
    """Declarations in force that end within 30 days, as far as this person may know of them, the next one first."""
    if not ticket.allows(Action.CONSENT_VIEW):
        return []
    now, found = clock.now(), []
    for giver in requests.givers(ticket):
        if not who_may.may_read_declaration(audience.leads(ticket), giver.id == ticket.membership.id):
            continue
        current = requests.in_force(ticket, giver.id)
        if current is None or current.valid_until - now > timedelta(days=max(DAYS_BEFORE)):
            continue
        if standing(ticket.facts, giver.id, now):
            left = (current.valid_until - now).days
            mine = giver.id == ticket.membership.id
            found.append(Ending(current.id, giver, current.valid_until, left, mine))
    return sorted(found, key=lambda ending: ending.ends_at)


def send_due(session: PortalSession) -> int:
    """Queues a notice to everybody who is to be reminded now; returns to how many. The session speaks for nobody."""
    due = select(ConsentReminder).where(ConsentReminder.sent_at.is_(None), ConsentReminder.due_at <= clock.now())
    told: set[UUID] = set()
    for reminder in session.scalars(due.with_for_update(skip_locked=True)).all():
        reminder.sent_at = clock.now()
        audit.record(session, Event.CONSENT_ENDING, chain=reminder.case_id, item_id=reminder.consent_id)
        whom = _whom(load_facts(session, reminder.case_id), reminder.consent_id)
        mail.queue_notice(session, whom, kind=Kind.CONSENT, case_id=reminder.case_id)
        told |= whom
    return len(told)


def _whom(facts: Facts, consent_id: UUID) -> set[UUID]:
    """The giver and the owner, while the declaration is still the one that counts."""
    consent = next((one for one in facts.consents if one.id == consent_id), None)
    if consent is None or requests.state_of(facts, consent) is not ConsentState.IN_FORCE:
        return set()
    if not standing(facts, consent.giver_id, clock.now()):
        return set()  # everybody has been said no to since: nothing ends
    owners = {member.person_id for member in facts.members if who_may.is_guide(member.capacity)}
    return {facts.member(consent.giver_id).person_id} | owners
