"""Asking for a change beside saying yes: words from whoever is asked to the guide, and to nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from portal import text
from portal.access.policy import who_may
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.models import Membership, PlanObjection
from portal.services.plans import definitions, plans, queries
from portal.services.plans.versions import PlanState
from portal.services.shared import idempotency


@dataclass(frozen=True)
class Objection:
    """What somebody who is asked wants changed first."""

    tool: str
    member: Membership
    words: str
    at: datetime
    is_mine: bool


def object_to(ticket: CaseTicket, submission: UUID, tool: str, number: int, proposal_id: UUID, words: str) -> None:
    """Tells the guide what somebody who is asked for a yes wants changed. They can still say yes. Raises InvalidInput
    without words, or when the proposal they read is no longer the one that stands; NotFound for whoever is not asked.
    """
    ticket.require(Action.PLAN_ACCEPT)
    compartment = definitions.compartment_of(ticket, tool)
    made = uuid4()
    plans.one_at_a_time(ticket, tool)
    found = plans.load(ticket, tool, compartment)
    if found is None:
        raise NotFound
    page = found.version(number)
    if idempotency.claim(ticket.session, submission, made):
        return
    if page.proposal_id != proposal_id or page.state is not PlanState.PROPOSED:
        raise InvalidInput("", "plan_moved_on")
    if not any(yes.is_me for yes in page.asked):
        raise NotFound
    said = text.plain(words, MOST_WORDS)
    if not said:
        raise InvalidInput("words", "required")
    row = ticket.new(PlanObjection, compartment.id, id=made, plan_proposal_id=proposal_id)
    ticket.seal(row, "words", said)
    ticket.session.add(row)
    ticket.session.flush()
    ticket.record(Event.PLAN_OBJECTED, compartment.id, page.plan_id, number=number)


MOST_WORDS = 2000
"""Characters that somebody may ask for a change in."""


def objections(ticket: CaseTicket, proposal_id: UUID | None = None) -> list[Objection]:
    """What is asked to be changed of one proposal, or of every one that stands, the newest first: one's own, and for
    the guide everybody's. Whoever has said yes since asks for nothing any more."""
    rows = ticket.session.execute(queries.OBJECTIONS, ticket.bounds).all()
    found, seen = [], set()
    for row, tool in rows:
        is_mine = row.created_by_id == ticket.membership.id
        key = (row.plan_proposal_id, row.created_by_id)
        if (
            not who_may.may_read_objection(ticket.capacity, is_mine)
            or key in seen
            or (proposal_id and row.plan_proposal_id != proposal_id)
        ):
            continue
        seen.add(key)
        words = ticket.unseal(row, "words")
        found.append(Objection(tool, ticket.members[row.created_by_id], words, row.created_at, is_mine))
    return found
