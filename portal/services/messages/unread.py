"""What somebody has not read yet. Read is what was on a page they opened: up to there goes their mark in the thread.

A message gets its number while nobody else can add one to the thread, so a lower number is never seen later than a
higher one, and a mark says exactly what lies before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from portal.access.actor import Actor
from portal.access.ticket import CaseTicket
from portal.services.messages import queries
from portal.services.shared.needs import Unread


def by_case(actor: Actor, compartments: Mapping[UUID, UUID]) -> dict[UUID, Unread]:
    """What is unread in each case; `compartments` are the ones open to this person, each with its case."""
    found = queries.BY_CASE.ask(actor.session, person=actor.person_id, compartments=list(compartments))
    return {row.case_id: Unread(int(row.unread), row.since) for row in found if row.unread and row.since}


def set_reading_mark(ticket: CaseTicket, thread_id: UUID, number: int) -> None:
    """Sets this person's mark at a message that is on the page they are given; a mark never goes back."""
    place = {"thread_id": thread_id, "membership_id": ticket.membership.id, "case_id": ticket.case_id}
    ticket.session.execute(queries.SET_MARK, {**place, "seen": number})
