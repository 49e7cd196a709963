"""What somebody has not read yet. Read is what was on a page they opened: up to there goes their mark in the thread.

A message gets its number while nobody else can add one to the thread, so a lower number is never seen later than a
higher one, and a mark says exactly what lies before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from portal.access.ticket import Actor, CaseTicket
from portal.events import Event
from portal.models import AuditEvent, Membership, Message, Thread, ThreadLook


def by_case(actor: Actor, compartments: Mapping[UUID, UUID]) -> dict[UUID, int]:
    """Unread messages in each case; `compartments` are the ones open to this person, each with its case."""
    mine = select(Membership.id).where(Membership.person_id == actor.person_id).scalar_subquery()
    look = select(ThreadLook.thread_id, ThreadLook.seen).where(ThreadLook.membership_id.in_(mine)).subquery()
    counted = (
        select(Thread.case_id, func.count())
        .outerjoin(look, look.c.thread_id == Thread.id)
        .join(Message, (Message.thread_id == Thread.id) & (Message.number > func.coalesce(look.c.seen, 0)))
        .where(Thread.compartment_id.in_(compartments), Message.created_by_id.not_in(mine))
        .group_by(Thread.case_id)
    )
    return dict(actor.session.execute(counted).all())


def seen_until(ticket: CaseTicket, thread_id: UUID) -> int:
    """The number of the last message of a thread that was on a page of this person; 0 before the first time."""
    own = (ThreadLook.membership_id == ticket.membership.id) & (ThreadLook.thread_id == thread_id)
    return ticket.session.scalars(select(ThreadLook.seen).where(own)).one_or_none() or 0


def note(ticket: CaseTicket, thread_id: UUID, number: int) -> None:
    """Sets this person's mark at a message that is on the page they are given; a mark never goes back."""
    place = {"thread_id": thread_id, "membership_id": ticket.membership.id, "case_id": ticket.case_id}
    made = insert(ThreadLook).values(**place, seen=number)
    ticket.session.execute(
        made.on_conflict_do_update(
            index_elements=[ThreadLook.thread_id, ThreadLook.membership_id],
            set_={"seen": func.greatest(ThreadLook.seen, made.excluded.seen)},
        )
    )


_BEFORE_THE_DOOR = (Event.ACCESS_REFUSED, Event.CODE_USED, Event.CODE_REFUSED)
LAST_VISIT = (
    select(AuditEvent.at)
    .where(AuditEvent.chain_id == bindparam("case"), AuditEvent.actor_id == bindparam("person"))
    .where(AuditEvent.event.not_in(_BEFORE_THE_DOOR), AuditEvent.at < bindparam("before"))
    .order_by(AuditEvent.at.desc())
    .limit(1)
)
"""When the person was last in the case before they signed in this time (`:before`); nothing on the first visit."""
