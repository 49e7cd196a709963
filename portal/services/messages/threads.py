"""Messages: threads with a subject, each in one compartment, so that who can read it is known before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select

from portal import locks, text
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.events import Event
from portal.locks import Lock
from portal.models import Membership, Message, Thread
from portal.services.messages import queries, unread
from portal.services.notices import announce
from portal.services.notices.kinds import Kind
from portal.services.shared import idempotency, search_index


@dataclass(frozen=True)
class ThreadLine:
    id: UUID
    subject: str
    compartment: str
    messages: int
    unread: int
    last_at: datetime
    last_author: Membership


@dataclass(frozen=True)
class MessageLine:
    id: UUID
    body: str
    author: Membership
    created_at: datetime
    is_mine: bool
    is_new: bool


@dataclass(frozen=True)
class ThreadPage:
    id: UUID
    subject: str
    compartment_id: UUID
    compartment: str
    can_write: bool
    messages: tuple[MessageLine, ...]
    older: int
    """The number to read from to see what lies just before this page; 0 at the beginning of the thread."""
    newer: int
    """The number that comes after this page; 0 at the end of the thread."""

    @property
    def first_new(self) -> UUID | None:
        return next((message.id for message in self.messages if message.is_new), None)


OLDER = 20
"""Messages that a page shows at once, beside those that are new: longer threads open at their end."""
MOST = 200
"""Messages of a page at most."""


def list_threads(ticket: CaseTicket) -> list[ThreadLine]:
    """The threads the person may see, the one written in last first."""
    ticket.require(Action.MESSAGE_VIEW)
    ticket.record(Event.THREADS_LISTED)
    return threads(ticket)


def threads(ticket: CaseTicket, limit: int | None = None) -> list[ThreadLine]:
    """The threads the person may see, the one written in last first, at most `limit`."""
    rows = queries.THREADS.ask(ticket.session, **ticket.bounds, limit=limit)
    ticket.unread = int(rows[0].unread_in_all) if rows else 0
    return [
        ThreadLine(
            id=row.id,
            subject=ticket.keys.unseal(row, "subject", Thread),
            compartment=ticket.compartments[row.compartment_id].key,
            messages=row.messages,
            unread=row.unread,
            last_at=row.last_at,
            last_author=ticket.members[row.last_author_id],
        )
        for row in rows
    ]


def thread(ticket: CaseTicket, thread_id: UUID, begin: int | None = None) -> ThreadPage:
    """A page of a thread, oldest message first: from message number `begin` on, else the newest and every unread one.
    Being on the page is what makes a message read."""
    ticket.require(Action.MESSAGE_VIEW)
    row = ticket.load(Thread, thread_id)
    whose = ticket.bounds | {"thread": row.id}
    [read] = queries.INSIDE.ask(ticket.session, **whose)
    last, first_new = read.last, read.first_new or read.last + 1
    begin = max(min(first_new, last - OLDER + 1) if begin is None else min(begin, last), 1)
    messages = queries.PAGE.ask(ticket.session, **whose, begin=begin, end=begin + MOST)
    shown = messages[-1].number
    lines = tuple(_line(ticket, message, read.seen) for message in messages)
    ticket.unread = int(read.unread_in_all)
    if begin <= first_new:  # a page further on shows nothing of what lies between
        unread.set_reading_mark(ticket, row.id, shown)
        ticket.unread -= sum(line.is_new for line in lines)
    ticket.record(Event.THREAD_VIEWED, row.compartment_id, row.id)
    compartment = ticket.compartments[row.compartment_id]
    return ThreadPage(
        id=row.id,
        subject=_subject(ticket, row),
        compartment_id=row.compartment_id,
        compartment=compartment.key,
        can_write=compartment.can_write and ticket.allows(Action.MESSAGE_WRITE),
        messages=lines,
        older=max(begin - OLDER, 1) if begin > 1 else 0,
        newer=shown + 1 if shown < last else 0,
    )


def first_words(ticket: CaseTicket, thread_id: UUID) -> str:
    """What a thread began with; '' where this person does not see it. Leaves no trace of its own."""
    found = ticket.select(Message).where(Message.thread_id == thread_id).order_by(Message.number)
    row = ticket.session.scalars(found.limit(1)).first()
    return ticket.unseal(row, "body") if row else ""


def start(ticket: CaseTicket, submission: UUID, compartment_id: UUID, subject: str, body: str) -> UUID:
    """A new thread with its first message; returns the thread's id. Raises InvalidInput for an empty one."""
    ticket.require(Action.MESSAGE_WRITE)
    ticket.require_write(compartment_id)
    line, words = text.line(subject), text.plain(body)
    if not line:
        raise InvalidInput("subject", "required")
    if not words:
        raise InvalidInput("body", "required")
    made = uuid4()
    if earlier := idempotency.claim(ticket.session, submission, made):
        return earlier
    row = ticket.new(Thread, compartment_id, id=made)
    ticket.seal(row, "subject", line)
    ticket.session.add(row)
    ticket.session.flush()
    _write(ticket, row, uuid4(), words, subject=line)
    ticket.record(Event.THREAD_STARTED, compartment_id, made)
    return made


def reply(ticket: CaseTicket, submission: UUID, thread_id: UUID, body: str) -> UUID:
    """A message in a thread; returns its id. Raises InvalidInput when it is empty."""
    ticket.require(Action.MESSAGE_WRITE)
    row = ticket.load(Thread, thread_id)
    ticket.require_write(row.compartment_id)
    words = text.plain(body)
    if not words:
        raise InvalidInput("body", "required")
    made = uuid4()
    if earlier := idempotency.claim(ticket.session, submission, made):
        return earlier
    _write(ticket, row, made, words)
    ticket.record(Event.MESSAGE_SENT, row.compartment_id, row.id)
    return made


def _write(ticket: CaseTicket, thread: Thread, message_id: UUID, words: str, subject: str = "") -> None:
    # Until the transaction ends nobody else can add a message: a lower number is never seen after a higher one.
    locks.hold(ticket.session, Lock.THREAD, thread.id)
    last = select(func.max(Message.number)).where(Message.thread_id == thread.id)
    number = (ticket.session.scalars(last).one() or 0) + 1
    message = ticket.new(Message, thread.compartment_id, id=message_id, thread_id=thread.id, number=number)
    ticket.seal(message, "body", words)
    ticket.session.add(message)
    search_index.index(ticket, "message", message_id, thread.compartment_id, subject, words)
    ticket.session.flush()
    announce.tell_readers(ticket, Kind.MESSAGE, thread.compartment_id)


def _subject(ticket: CaseTicket, thread: Thread) -> str:
    return ticket.unseal(thread, "subject")


def _line(ticket: CaseTicket, message: Any, seen: int) -> MessageLine:
    is_mine = message.created_by_id == ticket.membership.id
    return MessageLine(
        id=message.id,
        body=ticket.unseal(message, "body", Message),
        author=ticket.members[message.created_by_id],
        created_at=message.created_at,
        is_mine=is_mine,
        is_new=not is_mine and message.number > seen,
    )


def count_unread(ticket: CaseTicket) -> int:
    """Unread messages of the case, for the door to *Beskeder*."""
    if ticket.unread is not None:
        return ticket.unread
    return unread.by_case(ticket.actor, dict.fromkeys(ticket.compartments, ticket.case_id)).get(ticket.case_id, 0)
