"""Order among the files: folders people make themselves, and files that were withdrawn.

A folder is a word on its files; it is there while a file lies in it. A withdrawn file leaves its name, who, when and
why behind; what was in it is kept, out of reach, until the retention rules say otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from portal import locks, text
from portal.access.policy import who_may
from portal.access.policy.actions import Action
from portal.access.policy.decide import Reason, Refusal
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound, Overtaken, Refused
from portal.events import Event
from portal.locks import Lock
from portal.models import File, FilePlace, FileWithdrawal, Membership

LONGEST = 80
"""Characters of a folder's name."""


@dataclass(frozen=True)
class Withdrawn:
    """What is left to see of a file."""

    file_id: UUID
    at: datetime
    by: Membership
    reason: str


def withdrawn_ids(ticket: CaseTicket) -> Any:
    """A query for the ids of the files that were withdrawn."""
    return select(FileWithdrawal.file_id).where(*ticket.within(FileWithdrawal))


def withdrawn(ticket: CaseTicket) -> dict[UUID, Withdrawn]:
    """The withdrawn files the person may know of."""
    rows = ticket.session.scalars(select(FileWithdrawal).where(*ticket.within(FileWithdrawal)))
    return {row.file_id: _withdrawn(ticket, row) for row in rows}


def withdrawal_of(ticket: CaseTicket, file_id: UUID) -> Withdrawn | None:
    of_it = select(FileWithdrawal).where(*ticket.within(FileWithdrawal), FileWithdrawal.file_id == file_id)
    row = ticket.session.scalars(of_it).one_or_none()
    return _withdrawn(ticket, row) if row else None


def refuse_withdrawn(ticket: CaseTicket, file_id: UUID) -> None:
    """Raises NotFound for a withdrawn file: nothing can be taken out of it or put in."""
    if withdrawal_of(ticket, file_id):
        raise NotFound


def may_withdraw(ticket: CaseTicket, file: File) -> bool:
    """Whoever put a file in, and the guide."""
    if not ticket.allows(Action.FILE_WITHDRAW) or not ticket.compartments[file.compartment_id].can_write:
        return False
    return who_may.may_withdraw_file(ticket.capacity, file.created_by_id == ticket.membership.id)


def withdraw_file(ticket: CaseTicket, file_id: UUID, reason: str) -> None:
    """Takes a file out of everybody's reach and says why. Raises InvalidInput('reason') without a reason, Refused for
    somebody else's file, Overtaken when it is withdrawn already."""
    ticket.lock_case()
    ticket.require(Action.FILE_WITHDRAW)
    file = ticket.load(File, file_id)
    ticket.require_write(file.compartment_id)
    if not may_withdraw(ticket, file):
        raise Refused(Reason(Refusal.NOT_YOURS))
    locks.hold(ticket.session, Lock.FILE_VERSIONS, file_id)
    if withdrawal_of(ticket, file_id):
        raise Overtaken
    said = text.plain(reason, 1000)
    if not said:
        raise InvalidInput("reason", "required")
    withdrawal = ticket.new(FileWithdrawal, file.compartment_id, file_id=file.id)
    ticket.seal(withdrawal, "reason", said)
    ticket.session.add(withdrawal)
    ticket.session.flush()
    ticket.record(Event.FILE_WITHDRAWN, file.compartment_id, file.id)


def folders(ticket: CaseTicket) -> dict[UUID, str]:
    """The folder of each file that lies in one."""
    latest = (
        select(FilePlace)
        .where(*ticket.within(FilePlace))
        .ext(distinct_on(FilePlace.file_id))
        .order_by(FilePlace.file_id, FilePlace.created_at.desc())
    )
    return {row.file_id: ticket.unseal(row, "folder") for row in ticket.session.scalars(latest) if row.folder_sealed}


def place_in_folder(ticket: CaseTicket, file_id: UUID, folder: str) -> None:
    """Puts a file into a folder, new or not; out of any, for ''."""
    ticket.require(Action.FILE_ADD_VERSION)
    file = ticket.load(File, file_id)
    ticket.require_write(file.compartment_id)
    refuse_withdrawn(ticket, file_id)
    row = ticket.new(FilePlace, file.compartment_id, file_id=file.id)
    ticket.seal(row, "folder", text.line(folder, LONGEST))
    ticket.session.add(row)
    ticket.session.flush()
    ticket.record(Event.FILE_PLACED, file.compartment_id, file.id)


def _withdrawn(ticket: CaseTicket, row: FileWithdrawal) -> Withdrawn:
    reason = ticket.unseal(row, "reason")
    return Withdrawn(row.file_id, row.created_at, ticket.members[row.created_by_id], reason)
