"""What lists and pages of messages ask, in the bounds of a ticket."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    ScalarSelect,
    Select,
    String,
    Uuid,
    all_,
    any_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import aliased
from sqlalchemy.sql.selectable import LateralFromClause

from portal.access.ticket import bounded
from portal.db import Prepared
from portal.events import Event
from portal.models import AnswerRequest, AuditEvent, Case, GuideAbsence, Membership, Message, Thread, ThreadLook


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
    """A message with the one it answers, if it names one."""

    id: UUID
    number: int
    body_sealed: bytes | None
    created_at: datetime
    created_by_id: UUID
    taken_back_at: datetime | None
    quotes_id: UUID | None
    quoted_sealed: bytes | None
    quoted_author_id: UUID | None


class RequestRow(NamedTuple):
    """An answer that somebody is asked for, with the moment of their first message after it."""

    id: UUID
    message_id: UUID
    thread_id: UUID
    case_id: UUID
    compartment_id: UUID
    membership_id: UUID
    created_by_id: UUID
    due_on: date
    created_at: datetime
    answered_at: datetime | None


class LookRow(NamedTuple):
    membership_id: UUID
    seen: int


class AskedAnswerRow(NamedTuple):
    """An answer that somebody is waited for with, in any of their cases."""

    case_id: UUID
    thread_id: UUID
    due_on: date
    asked_at: datetime
    asked_by: str
    profile: str


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
        .where(Message.created_by_id != Membership.id, Message.taken_back_at.is_(None))
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
        .where(Message.created_by_id != bindparam("me"), Message.taken_back_at.is_(None))
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
    others = (Message.created_by_id != bindparam("me")) & Message.taken_back_at.is_(None)
    fresh = _fresh()
    everywhere = select(func.sum(fresh.c.unread)).select_from(Thread).outerjoin(ThreadLook, _OWN).join(fresh, true())
    return select(
        func.max(Message.number).label("last"),
        func.min(Message.number).filter(Message.number > seen, others).label("first_new"),
        seen.label("seen"),
        everywhere.where(*bounded(Thread)).scalar_subquery().label("unread_in_all"),
    ).where(*bounded(Message), Message.thread_id == bindparam("thread"))


def _page() -> Select[Any]:
    """The messages of one thread from one number to before another, as rows: a page may hold two hundred."""
    quoted = aliased(Message, name="quoted")
    columns = (Message.id, Message.number, Message.body_sealed, Message.created_at, Message.created_by_id)
    return (
        select(*columns, Message.taken_back_at, Message.quotes_id)
        .add_columns(quoted.body_sealed.label("quoted_sealed"), quoted.created_by_id.label("quoted_author_id"))
        .outerjoin(quoted, (quoted.id == Message.quotes_id) & (quoted.thread_id == Message.thread_id))
        .where(*bounded(Message), Message.thread_id == bindparam("thread"))
        .where(Message.number >= bindparam("begin"), Message.number < bindparam("end"))
        .order_by(Message.number)
    )


_question = aliased(Message, name="asking_message")


def _answered() -> ScalarSelect[datetime]:
    """When the person who is asked, or whoever stood in for them then, first wrote in the thread after that."""
    answer = aliased(Message, name="answer")
    for_guide = (
        select(GuideAbsence.id)
        .where(GuideAbsence.case_id == AnswerRequest.case_id, GuideAbsence.stand_in_id == answer.created_by_id)
        .where(GuideAbsence.created_by_id == AnswerRequest.membership_id)
        .where(GuideAbsence.from_at <= answer.created_at, answer.created_at < GuideAbsence.until_at)
    )
    return (
        select(func.min(answer.created_at))
        .where(answer.thread_id == AnswerRequest.thread_id, answer.number > _question.number)
        .where(or_(answer.created_by_id == AnswerRequest.membership_id, for_guide.exists()))
        .where(answer.taken_back_at.is_(None))
        .scalar_subquery()
    )


def _stands(found: Select[Any]) -> Select[Any]:
    """Of requests: those that nobody took back, by themselves or with their message."""
    of_it = (_question.id == AnswerRequest.message_id) & _question.taken_back_at.is_(None)
    return found.join(_question, of_it).where(AnswerRequest.withdrawn_at.is_(None))


def _requests() -> Select[Any]:
    row = (
        AnswerRequest.id,
        AnswerRequest.message_id,
        AnswerRequest.thread_id,
        AnswerRequest.case_id,
        AnswerRequest.compartment_id,
        AnswerRequest.membership_id,
        AnswerRequest.created_by_id,
        AnswerRequest.due_on,
        AnswerRequest.created_at,
    )
    found: Any = select(*row, _answered().label("answered_at"))
    return _stands(found).where(*bounded(AnswerRequest)).order_by(AnswerRequest.due_on, AnswerRequest.id)


def _of_me() -> Select[Any]:
    mine = or_(
        AnswerRequest.membership_id.in_((bindparam("me"), bindparam("stands_for", type_=Uuid))),
        AnswerRequest.created_by_id == bindparam("me"),
    )
    return _requests().where(mine, _answered().is_(None))


def _waiting() -> Select[Any]:
    """The compartments are those open to the person: an answer is waited for from nobody who cannot read the thread."""
    mine, asker = aliased(Membership, name="mine"), aliased(Membership, name="asker")
    stands_in = (
        select(GuideAbsence.id)
        .where(GuideAbsence.created_by_id == AnswerRequest.membership_id, GuideAbsence.stand_in_id == mine.id)
        .where(GuideAbsence.from_at <= bindparam("now"), bindparam("now") < GuideAbsence.until_at)
    )
    of_me = (mine.case_id == AnswerRequest.case_id) & (mine.person_id == bindparam("person"))
    found = select(AnswerRequest.case_id, AnswerRequest.thread_id, AnswerRequest.due_on)
    told = (AnswerRequest.created_at.label("asked_at"), asker.display_name.label("asked_by"), Case.profile)
    return (
        _stands(found.add_columns(*told))
        .join(mine, of_me & or_(mine.id == AnswerRequest.membership_id, stands_in.exists()))
        .join(asker, asker.id == AnswerRequest.created_by_id)
        .join(Case, Case.id == AnswerRequest.case_id)
        .where(AnswerRequest.compartment_id == any_(bindparam("compartments", type_=ARRAY(Uuid))))
        .where(_answered().is_(None))
        .order_by(AnswerRequest.due_on, AnswerRequest.id)
    )


_LOOK: tuple[Any, ...] = (ThreadLook.membership_id, ThreadLook.seen)


def _readers() -> Select[Any]:
    professionals = (Membership.id == ThreadLook.membership_id) & Membership.unit_id.is_not(None)
    of_it = (ThreadLook.thread_id == bindparam("thread"), ThreadLook.case_id == bindparam("case"))
    found: Select[Any] = select(*_LOOK)
    return found.join(Membership, professionals).where(*of_it)


BY_CASE = Prepared(_by_case(), UnreadRow)
"""Unread messages in each of a person's cases, of `:compartments`."""
THREADS = Prepared(_threads(), ThreadRow)
INSIDE = Prepared(_inside(), ReadingRow)
PAGE = Prepared(_page(), MessageRow)
REQUESTS_OF_THREAD = Prepared(_requests().where(AnswerRequest.thread_id == bindparam("thread")), RequestRow)
REQUESTS_OPEN = Prepared(_of_me(), RequestRow)
"""Not answered yet, of a case: what this person is asked, and what they ask of others."""
WAITING = Prepared(_waiting(), AskedAnswerRow)
READERS = Prepared(_readers(), LookRow)
"""How far each professional has come in a thread."""


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
