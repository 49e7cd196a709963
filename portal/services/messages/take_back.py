"""Taking a message back: within seven days its author's words go for everybody, and a mark stays that they did.

The words are deleted, not hidden: they are in no page, copy or search after it. The database lets nobody but the author
do it, within the same seven days (migration 064).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete

from portal import clock, locks
from portal.access.policy import who_may
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.locks import Lock
from portal.models import Message, SearchEntry, Thread
from portal.services.shared import search_index

WITHIN = timedelta(days=7)


def may_take_back(ticket: CaseTicket, author_id: UUID, written_at: datetime, taken_back_at: datetime | None) -> bool:
    if taken_back_at is not None or not ticket.allows(Action.MESSAGE_WRITE):
        return False
    return who_may.may_take_message_back(author_id == ticket.membership.id, clock.now() - written_at < WITHIN)


def take_back(ticket: CaseTicket, message_id: UUID) -> UUID:
    """Returns the thread. A second time does nothing. Raises NotFound for a message that is not one's own, and
    InvalidInput after seven days."""
    ticket.require(Action.MESSAGE_WRITE)
    message = ticket.load(Message, message_id)
    ticket.require_write(message.compartment_id)
    if message.created_by_id != ticket.membership.id:
        raise NotFound
    locks.hold(ticket.session, Lock.THREAD, message.thread_id)
    ticket.session.refresh(message)
    if message.taken_back_at is not None:
        return message.thread_id
    if not may_take_back(ticket, message.created_by_id, message.created_at, None):
        raise InvalidInput("", "too_late_to_take_back")
    # The index first: of a message without words nobody would know any more whose entry it was.
    _forget_words(ticket, message)
    message.taken_back_at = clock.now()
    message.body_sealed = None
    ticket.session.flush()
    ticket.record(Event.MESSAGE_TAKEN_BACK, message.compartment_id, message.thread_id)
    return message.thread_id


def _forget_words(ticket: CaseTicket, message: Message) -> None:
    own = (SearchEntry.item_id == message.id, SearchEntry.kind == "message")
    ticket.session.execute(delete(SearchEntry).where(SearchEntry.case_id == ticket.case_id, *own))
    if message.number == 1:
        # The first message is what a thread is found by, and its subject stays.
        thread = ticket.load(Thread, message.thread_id)
        subject = ticket.unseal(thread, "subject")
        search_index.index(ticket, "message", message.id, message.compartment_id, subject)
