"""What somebody has not read yet. Read is what was on a page they opened: up to there goes their mark in the thread.

A message gets its number while nobody else can add one to the thread, so a lower number is never seen later than a
higher one, and a mark says exactly what lies before it.
"""

from __future__ import annotations

from collections.abc import Mapping
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

from portal.access.actor import Actor
from portal.access.ticket import CaseTicket
from portal.events import Event
from portal.models import AuditEvent, Membership, Message, Thread, ThreadLook


def by_case(actor: Actor, compartments: Mapping[UUID, UUID]) -> dict[UUID, int]:
    """Unread messages in each case; `compartments` are the ones open to this person, each with its case."""
    found = actor.session.execute(_BY_CASE, {"person": actor.person_id, "compartments": list(compartments)})
    return {case_id: int(count) for case_id, count in found if count}


def set_reading_mark(ticket: CaseTicket, thread_id: UUID, number: int) -> None:
    """Sets this person's mark at a message that is on the page they are given; a mark never goes back."""
    place = {"thread_id": thread_id, "membership_id": ticket.membership.id, "case_id": ticket.case_id}
    ticket.session.execute(_NOTE, {**place, "seen": number})


def is_after_mark() -> ColumnElement[bool]:
    """Whether a message lies after the mark of the thread, for a statement that joins `ThreadLook` from outside.

    Not `coalesce`: the database takes it for something that could leak what row-level security hides, and then asks it
    only of rows that the policy has let through, instead of finding the messages by number in the index."""
    return Message.number > case((ThreadLook.seen.is_(None), 0), else_=ThreadLook.seen)


def _by_case() -> Select[UUID, int]:
    """Each thread's own messages after the mark are counted by themselves, so that the work is that of what is unread,
    not of all that was ever written."""
    own = (ThreadLook.thread_id == Thread.id) & (ThreadLook.membership_id == Membership.id)
    fresh = (
        select(func.count().label("messages"))
        .select_from(Message)
        .where(Message.thread_id == Thread.id, is_after_mark())
        .where(Message.created_by_id != Membership.id)
        .lateral()
    )
    return (
        select(Thread.case_id, func.sum(fresh.c.messages))
        .join(Membership, (Membership.case_id == Thread.case_id) & (Membership.person_id == bindparam("person")))
        .outerjoin(ThreadLook, own)
        .join(fresh, true())
        .where(Thread.compartment_id == any_(bindparam("compartments", type_=ARRAY(Uuid))))
        .group_by(Thread.case_id)
    )


def _note() -> Insert:
    made = insert(ThreadLook)
    return made.on_conflict_do_update(
        index_elements=[ThreadLook.thread_id, ThreadLook.membership_id],
        set_={"seen": func.greatest(ThreadLook.seen, made.excluded.seen)},
    )


_BY_CASE = _by_case()
_NOTE = _note()

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
