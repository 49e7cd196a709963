"""Messages: threads with a subject, each in one compartment, so that who can read it is known before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from portal import clock, text
from portal.access.actions import Action
from portal.access.ticket import CaseTicket
from portal.audit import Event
from portal.errors import InvalidInput
from portal.models import Membership, Message, Thread
from portal.services import once, search, unread


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


def listing(ticket: CaseTicket) -> list[ThreadLine]:
    """The threads the person may see, the one written in last first."""
    ticket.require(Action.MESSAGE_VIEW)
    ticket.record(Event.THREADS_LISTED)
    return threads(ticket)


def threads(ticket: CaseTicket, limit: int | None = None) -> list[ThreadLine]:
    looked = unread.looked_at(ticket)
    latest = (
        select(Message)
        .where(*ticket.within(Message))
        .ext(distinct_on(Message.thread_id))
        .order_by(Message.thread_id, Message.created_at.desc(), Message.id)
    ).subquery()
    rows = ticket.session.execute(
        select(Thread, latest.c.created_at, latest.c.created_by_id)
        .join(latest, latest.c.thread_id == Thread.id)
        .where(*ticket.within(Thread))
        .order_by(latest.c.created_at.desc())
        .limit(limit)
    ).all()
    counts = _counts(ticket, looked)
    return [
        ThreadLine(
            id=thread.id,
            subject=_subject(ticket, thread),
            compartment=ticket.hatches[thread.compartment_id].key,
            messages=counts[thread.id][0],
            unread=counts[thread.id][1],
            last_at=last_at,
            last_author=ticket.members[author_id],
        )
        for thread, last_at, author_id in rows
    ]


def thread(ticket: CaseTicket, thread_id: UUID) -> ThreadPage:
    """One thread, oldest message first; opening it is what makes its messages read."""
    ticket.require(Action.MESSAGE_VIEW)
    row = ticket.load(Thread, thread_id)
    seen = unread.looked_at(ticket).get(row.id)
    messages = ticket.session.scalars(
        ticket.select(Message).where(Message.thread_id == row.id).order_by(Message.created_at, Message.id)
    )
    ticket.record(Event.THREAD_VIEWED, row.compartment_id, row.id)
    hatch = ticket.hatches[row.compartment_id]
    return ThreadPage(
        id=row.id,
        subject=_subject(ticket, row),
        compartment_id=row.compartment_id,
        compartment=hatch.key,
        can_write=hatch.can_write and ticket.allows(Action.MESSAGE_WRITE),
        messages=tuple(_line(ticket, message, seen) for message in messages),
    )


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
    if earlier := once.claim(ticket.session, submission, made):
        return earlier
    row = Thread(
        id=made,
        case_id=ticket.case_id,
        compartment_id=compartment_id,
        subject_sealed=ticket.keys.seal_text(line, f"thread.subject {made}"),
        created_at=clock.now(),
        created_by_id=ticket.membership.id,
    )
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
    if earlier := once.claim(ticket.session, submission, made):
        return earlier
    _write(ticket, row, made, words)
    ticket.record(Event.MESSAGE_SENT, row.compartment_id, row.id)
    return made


def _write(ticket: CaseTicket, thread: Thread, message_id: UUID, words: str, subject: str = "") -> None:
    ticket.session.add(
        Message(
            id=message_id,
            thread_id=thread.id,
            case_id=thread.case_id,
            compartment_id=thread.compartment_id,
            body_sealed=ticket.keys.seal_text(words, f"message.body {message_id}"),
            created_at=clock.now(),
            created_by_id=ticket.membership.id,
        )
    )
    search.index(ticket, "message", message_id, thread.compartment_id, subject, words)
    ticket.session.flush()


def _counts(ticket: CaseTicket, looked: dict[UUID, datetime]) -> dict[UUID, tuple[int, int]]:
    """Messages and unread messages by thread."""
    columns = select(Message.thread_id, Message.created_at, Message.created_by_id).where(*ticket.within(Message))
    counts: dict[UUID, tuple[int, int]] = {}
    for thread_id, created_at, author_id in ticket.session.execute(columns):
        new = author_id != ticket.membership.id and _is_new(created_at, looked.get(thread_id))
        every, fresh = counts.get(thread_id, (0, 0))
        counts[thread_id] = (every + 1, fresh + new)
    return counts


def _is_new(created_at: datetime, seen: datetime | None) -> bool:
    return seen is None or created_at > seen


def _subject(ticket: CaseTicket, thread: Thread) -> str:
    return ticket.keys.unseal_text(thread.subject_sealed, f"thread.subject {thread.id}")


def _line(ticket: CaseTicket, message: Message, seen: datetime | None) -> MessageLine:
    is_mine = message.created_by_id == ticket.membership.id
    return MessageLine(
        id=message.id,
        body=ticket.keys.unseal_text(message.body_sealed, f"message.body {message.id}"),
        author=ticket.members[message.created_by_id],
        created_at=message.created_at,
        is_mine=is_mine,
        is_new=not is_mine and _is_new(message.created_at, seen),
    )


def count_unread(ticket: CaseTicket) -> int:
    """Unread messages of the case, for the door to *Beskeder*."""
    return unread.by_case(ticket.actor, dict.fromkeys(ticket.hatches, ticket.case_id)).get(ticket.case_id, 0)
