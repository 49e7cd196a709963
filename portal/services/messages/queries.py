"""What lists and pages of messages ask, in the bounds of a ticket."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    String,
    Uuid,
    all_,
    any_,
    bindparam,
    case,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import aliased
from sqlalchemy.sql.selectable import LateralFromClause

from portal.access.ticket import bounded
from portal.db import Prepared
from portal.events import Event
from portal.models import AuditEvent, Membership, Message, Thread, ThreadLook


class ThreadRow(NamedTuple):
    """A thread with its newest message."""

    id: UUID
    compartment_id: UUID
    subject_sealed: bytes
    messages: int
    unread: int
    last_at: datetime
    last_author_id: UUID
    unread_in_all: int
    """In all threads of the case."""


class UnreadRow(NamedTuple):
    case_id: UUID
    unread: int | None
    since: datetime | None
    """When the oldest of them was written."""


class ReadingRow(NamedTuple):
    """How far somebody has come in a thread."""

    last: int
    first_new: int | None
    seen: int
    unread_in_all: int


class MessageRow(NamedTuple):
    id: UUID
    number: int
    body_sealed: bytes
    created_at: datetime
    created_by_id: UUID


def is_after_mark() -> ColumnElement[bool]:
    """Whether a message lies after the mark of the thread, for a statement that joins `ThreadLook` from outside.

    Not `coalesce`: the database takes it for something that could leak what row-level security hides, and then asks it
    only of rows that the policy has let through, instead of finding the messages by number in the index."""
    return Message.number > case((ThreadLook.seen.is_(None), 0), else_=ThreadLook.seen)


def _by_case() -> Select[UUID, Any, Any]:
    """Each thread's own messages after the mark are counted by themselves, so that the work is that of what is unread,
    not of all that was ever written."""
    own = (ThreadLook.thread_id == Thread.id) & (ThreadLook.membership_id == Membership.id)
    fresh = (
        select(func.count().label("messages"), func.min(Message.created_at).label("since"))
        .select_from(Message)
        .where(Message.thread_id == Thread.id, is_after_mark())
        .where(Message.created_by_id != Membership.id)
        .lateral()
    )
    return (
        select(Thread.case_id, func.sum(fresh.c.messages).label("unread"), func.min(fresh.c.since).label("since"))
        .join(Membership, (Membership.case_id == Thread.case_id) & (Membership.person_id == bindparam("person")))
        .outerjoin(ThreadLook, own)
        .join(fresh, true())
        .where(Thread.compartment_id == any_(bindparam("compartments", type_=ARRAY(Uuid))))
        .group_by(Thread.case_id)
    )


def _fresh() -> LateralFromClause:
    """How many messages of others lie after one's mark in a thread."""
    return (
        select(func.count().label("unread"))
        .where(Message.thread_id == Thread.id, is_after_mark(), *bounded(Message))
        .where(Message.created_by_id != bindparam("me"))
        .lateral()
    )


_OWN = (ThreadLook.thread_id == Thread.id) & (ThreadLook.membership_id == bindparam("me"))


def _threads() -> Select[Any]:
    """Numbers have no gaps, so the newest message says how many there are: a thread costs two looks into an index,
    however long it is."""
    last = (
        select(
            Message.number.label("messages"),
            Message.created_at.label("last_at"),
            Message.created_by_id.label("last_author_id"),
        )
        .where(Message.thread_id == Thread.id, *bounded(Message))
        .order_by(Message.number.desc())
        .limit(1)
        .lateral()
    )
    fresh = _fresh()
    columns = (last.c.messages, fresh.c.unread, last.c.last_at, last.c.last_author_id)
    in_all = func.sum(fresh.c.unread).over().label("unread_in_all")
    return (
        select(Thread.id, Thread.compartment_id, Thread.subject_sealed, *columns, in_all)
        .outerjoin(ThreadLook, _OWN)
        .join(last, true())
        .join(fresh, true())
        .where(*bounded(Thread))
        .order_by(last.c.last_at.desc())
        .limit(bindparam("limit"))
    )


def _inside() -> Select[Any]:
    """Of one thread: the number of its last message and of the first one somebody has not had on a page, how far they
    have read (0 before the first time), and what is unread in the whole case."""
    own = (ThreadLook.membership_id == bindparam("me")) & (ThreadLook.thread_id == bindparam("thread"))
    seen = func.coalesce(select(ThreadLook.seen).where(own).scalar_subquery(), 0)
    mine = Message.created_by_id == bindparam("me")
    fresh = _fresh()
    everywhere = select(func.sum(fresh.c.unread)).select_from(Thread).outerjoin(ThreadLook, _OWN).join(fresh, true())
    return select(
        func.max(Message.number).label("last"),
        func.min(Message.number).filter(Message.number > seen, ~mine).label("first_new"),
        seen.label("seen"),
        everywhere.where(*bounded(Thread)).scalar_subquery().label("unread_in_all"),
    ).where(*bounded(Message), Message.thread_id == bindparam("thread"))


def _page() -> Select[UUID, int, bytes, datetime, UUID]:
    """The messages of one thread from one number to before another, as rows: a page may hold two hundred."""
    columns = (Message.id, Message.number, Message.body_sealed, Message.created_at, Message.created_by_id)
    return (
        select(*columns)
        .where(*bounded(Message), Message.thread_id == bindparam("thread"))
        .where(Message.number >= bindparam("begin"), Message.number < bindparam("end"))
        .order_by(Message.number)
    )


BY_CASE = Prepared(_by_case(), UnreadRow)
"""Unread messages in each of a person's cases, of `:compartments`."""
THREADS = Prepared(_threads(), ThreadRow)
INSIDE = Prepared(_inside(), ReadingRow)
PAGE = Prepared(_page(), MessageRow)


def _set_mark() -> Insert:
    made = insert(ThreadLook)
    return made.on_conflict_do_update(
        index_elements=[ThreadLook.thread_id, ThreadLook.membership_id],
        set_={"seen": func.greatest(ThreadLook.seen, made.excluded.seen)},
    )


SET_MARK = _set_mark()
"""Moves the mark of a thread forward, never back."""
_BEFORE_THE_DOOR = [event.value for event in (Event.ACCESS_REFUSED, Event.CODE_USED, Event.CODE_REFUSED)]
_visit = aliased(AuditEvent, name="e")
LAST_VISIT = (
    select(_visit.at)
    .where(_visit.chain_id == bindparam("case"), _visit.actor_id == bindparam("person"))
    .where(_visit.event != all_(literal(_BEFORE_THE_DOOR, ARRAY(String))), _visit.at < bindparam("before"))
    .order_by(_visit.at.desc())
    .limit(1)
)
"""When the person was last in the case before they signed in this time (`:before`); nothing on the first visit."""
