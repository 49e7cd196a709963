"""Leaving a case by oneself: a conflict of interest, a new job."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID, uuid4

from portal import clock
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.access.window_store import rewrite_windows
from portal.errors import InvalidInput, Overtaken
from portal.events import Event
from portal.models import Departure
from portal.services.shared import idempotency


class LeavingReason(StrEnum):
    CONFLICT_OF_INTEREST = "conflict_of_interest"
    NEW_JOB = "new_job"
    OTHER = "other"


def leave_case(ticket: CaseTicket, submission: UUID, reason: str) -> None:
    """Shuts the person's own access from the next request on. What they wrote stays; only the guide lets them back.

    Raises InvalidInput for a reason that is none, Overtaken for somebody who has left already.
    """
    ticket.lock_case()
    ticket.require(Action.CASE_LEAVE)
    if reason not in set(LeavingReason):
        raise InvalidInput("reason", "choice")
    if not ticket.compartments and ticket.facts.member(ticket.membership.id).has_left_at(clock.now()):
        raise Overtaken  # who was let in again by law can leave again
    made = uuid4()
    if idempotency.claim(ticket.session, submission, made):
        return
    ticket.session.add(
        Departure(
            id=made,
            case_id=ticket.case_id,
            membership_id=ticket.membership.id,
            left_at=clock.now(),
            reason=reason,
        )
    )
    ticket.record(Event.MEMBER_LEFT, item_id=ticket.membership.id, reason=reason)
    rewrite_windows(ticket.session, ticket.case_id)
