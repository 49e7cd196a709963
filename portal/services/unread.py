"""What somebody has not read yet. Nothing is stored for it: the trace already tells when they last opened a thread."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select

from portal.access.ticket import Actor, CaseTicket
from portal.events import Event
from portal.models import AuditEvent, Membership, Message

_LOOKED = (Event.THREAD_VIEWED.value, Event.THREAD_STARTED.value, Event.MESSAGE_SENT.value)


def by_case(actor: Actor, compartments: Mapping[UUID, UUID]) -> dict[UUID, int]:
    """Unread messages in each case; `compartments` are the ones open to this person, each with its case."""
    case_ids = set(compartments.values())
    looked = (
        select(AuditEvent.item_id, func.max(AuditEvent.at).label("at"))
        .where(AuditEvent.chain_id.in_(case_ids), AuditEvent.actor_id == actor.person_id)
        .where(AuditEvent.event.in_(_LOOKED))
        .group_by(AuditEvent.item_id)
        .subquery()
    )
    mine = select(Membership.id).where(Membership.person_id == actor.person_id)
    counted = (
        select(Message.case_id, func.count())
        .outerjoin(looked, looked.c.item_id == Message.thread_id)
        .where(Message.compartment_id.in_(compartments), Message.created_by_id.not_in(mine))
        .where((looked.c.at.is_(None)) | (Message.created_at > looked.c.at))
        .group_by(Message.case_id)
    )
    return dict(actor.session.execute(counted).all())


def looked() -> Select[UUID | None, datetime]:
    """When the person `:person` last opened each thread of the case `:case`, or wrote in it: `item_id`, `at`."""
    return (
        select(AuditEvent.item_id, func.max(AuditEvent.at).label("at"))
        .where(AuditEvent.chain_id == bindparam("case"), AuditEvent.actor_id == bindparam("person"))
        .where(AuditEvent.event.in_(_LOOKED))
        .group_by(AuditEvent.item_id)
    )


def looked_at(ticket: CaseTicket) -> dict[UUID, datetime]:
    """When this person last opened each thread of the case, or wrote in it."""
    found = ticket.session.execute(looked(), {"case": ticket.case_id, "person": ticket.actor.person_id})
    return {thread_id: at for thread_id, at in found if thread_id}


LAST_VISIT = (
    select(AuditEvent.at)
    .where(AuditEvent.chain_id == bindparam("case"), AuditEvent.actor_id == bindparam("person"))
    .where(AuditEvent.event != Event.ACCESS_REFUSED.value, AuditEvent.at < bindparam("before"))
    .order_by(AuditEvent.at.desc())
    .limit(1)
)
"""When the person was last in the case before they signed in this time (`:before`); nothing on the first visit."""
