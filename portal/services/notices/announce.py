"""Whom something that happened in a case is told to: those who see it, beside whoever did it."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from portal.access.ticket import CaseTicket
from portal.services.notices import mail
from portal.services.notices.kinds import Kind


def tell_readers(ticket: CaseTicket, kind: Kind, compartment_id: UUID, among: Iterable[UUID] | None = None) -> None:
    """Queues a notice to everybody who sees the compartment today; to those of `among` (members), where given."""
    readers = {window.membership_id for window in ticket.open_windows if window.compartment_id == compartment_id}
    if among is not None:
        readers &= set(among)
    people = [ticket.members[member_id].person_id for member_id in readers if member_id in ticket.members]
    _queue(ticket, people, kind, compartment_id)


def tell_members(ticket: CaseTicket, kind: Kind, members: Iterable[UUID]) -> None:
    """Queues a notice about the case as a whole. Who of them may know of it is asked when it goes out."""
    _queue(ticket, [ticket.everybody[one].person_id for one in members if one in ticket.everybody], kind, None)


def tell_guide(ticket: CaseTicket, kind: Kind) -> None:
    _queue(ticket, [ticket.owner.person_id], kind, None)


def _queue(ticket: CaseTicket, people: Iterable[UUID], kind: Kind, compartment_id: UUID | None) -> None:
    others = set(people) - {ticket.actor.person_id}
    mail.queue_notice(ticket.session, others, kind=kind, case_id=ticket.case_id, compartment_id=compartment_id)
