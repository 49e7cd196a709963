"""Messages: threads with a subject, each in one compartment, so that who can read it is known before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, Select, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from portal import clock, text
from portal.access.actions import Action
from portal.access.ticket import CaseTicket, bounded
from portal.errors import InvalidInput
from portal.events import Event
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
    """The threads the person may see, the one written in last first, at most `limit`."""
    rows = ticket.session.rows(_THREADS, ticket.bounds | {"limit": limit}).all()
    ticket.unread = int(rows[0].unread_in_all) if rows else 0
    return [
        ThreadLine(
            id=row.id,
            subject=ticket.keys.unseal_text(row.subject_sealed, f"thread.subject {row.id}"),
            compartment=ticket.hatches[row.compartment_id].key,
            messages=row.messages,
            unread=row.unread,
            last_at=row.last_at,
            last_author=ticket.members[row.last_author_id],
        )
        for row in rows
    ]


def _threads() -> Select[Any]:
    looked = unread.looked().subquery()
    fresh = (Message.created_by_id != bindparam("me")) & ((looked.c.at.is_(None)) | (Message.created_at > looked.c.at))
    newest_first = aggregate_order_by(Message.created_by_id, Message.created_at.desc(), Message.id)
    counted = (
        select(
            Message.thread_id,
            func.count().label("messages"),
            func.count().filter(fresh).label("unread"),
            func.max(Message.created_at).label("last_at"),
            func.array_agg(newest_first, type_=ARRAY(Uuid))[1].label("last_author_id"),
        )
        .outerjoin(looked, looked.c.item_id == Message.thread_id)
        .where(*bounded(Message))
        .group_by(Message.thread_id)
    ).subquery()
    columns = (counted.c.messages, counted.c.unread, counted.c.last_at, counted.c.last_author_id)
    in_all = func.sum(counted.c.unread).over().label("unread_in_all")
    return (
        select(Thread.id, Thread.compartment_id, Thread.subject_sealed, *columns, in_all)
        .join(counted, counted.c.thread_id == Thread.id)
        .where(*bounded(Thread))
        .order_by(counted.c.last_at.desc())
        .limit(bindparam("limit"))
    )


_THREADS = _threads()


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


def first_words(ticket: CaseTicket, thread_id: UUID) -> str:
    """What a thread began with; '' where this person does not see it. Leaves no trace of its own."""
    found = ticket.select(Message).where(Message.thread_id == thread_id).order_by(Message.created_at, Message.id)
    row = ticket.session.scalars(found.limit(1)).first()
    return ticket.keys.unseal_text(row.body_sealed, f"message.body {row.id}") if row else ""


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
    if ticket.unread is not None:
        return ticket.unread
    return unread.by_case(ticket.actor, dict.fromkeys(ticket.hatches, ticket.case_id)).get(ticket.case_id, 0)
