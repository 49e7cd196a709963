"""Moving a file or a thread to another compartment: who will now see it, and who no longer will."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, select, update

from portal.access.compartments import OpenCompartment
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.events import Event
from portal.models import File, FileName, FileVersion, Membership, Message, SearchEntry, Thread
from portal.services.shared import audience as shared_audience


@dataclass(frozen=True)
class MoveTarget:
    """A compartment something could be moved to, and what that would mean."""

    compartment: OpenCompartment
    will_see: tuple[Membership, ...]
    """Who cannot see it now and could then."""
    no_longer: tuple[Membership, ...]
    still: tuple[Membership, ...]


@dataclass(frozen=True)
class Moving:
    compartment: str
    places: tuple[MoveTarget, ...]


def of_file(ticket: CaseTicket, file_id: UUID) -> Moving:
    """Where a file could go. Raises NotFound."""
    ticket.require(Action.FILE_MOVE)
    file = ticket.load(File, file_id)
    ticket.record(Event.FILE_VIEWED, file.compartment_id, file.id)
    return _moving(ticket, file.compartment_id)


def of_thread(ticket: CaseTicket, thread_id: UUID) -> Moving:
    """Where a thread could go. Raises NotFound."""
    ticket.require(Action.MESSAGE_MOVE)
    thread = ticket.load(Thread, thread_id)
    ticket.record(Event.AUDIENCE_VIEWED, thread.compartment_id, thread.id)
    return _moving(ticket, thread.compartment_id)


def move_file(ticket: CaseTicket, file_id: UUID, compartment_id: UUID) -> None:
    """Its versions and their words in the index go along. Raises InvalidInput when it lies there already."""
    ticket.lock_case()
    ticket.require(Action.FILE_MOVE)
    file = ticket.load(File, file_id)
    versions = select(FileVersion.id).where(FileVersion.file_id == file.id)
    names = select(FileName.id).where(FileName.file_id == file.id)
    _take_along(ticket, file, compartment_id, versions, names)
    ticket.record(Event.FILE_MOVED, compartment_id, file.id)


def move_thread(ticket: CaseTicket, thread_id: UUID, compartment_id: UUID) -> None:
    """Its messages and their words in the index go along. Raises InvalidInput when it lies there already."""
    ticket.lock_case()
    ticket.require(Action.MESSAGE_MOVE)
    thread = ticket.load(Thread, thread_id)
    _take_along(ticket, thread, compartment_id, select(Message.id).where(Message.thread_id == thread.id))
    ticket.record(Event.THREAD_MOVED, compartment_id, thread.id)


def _take_along(ticket: CaseTicket, item: File | Thread, compartment_id: UUID, *its_parts: Select[UUID]) -> None:
    _refuse_confided(ticket, item.compartment_id)
    ticket.require_write(item.compartment_id)
    ticket.require_write(compartment_id)
    if item.compartment_id == compartment_id:
        raise InvalidInput("compartment", "same_place")
    item.compartment_id = compartment_id
    ticket.session.flush()
    # Only now: a part that somebody was just adding is there, or can no longer be added to the place before.
    parts = [part for kind in its_parts for part in ticket.session.scalars(kind)]
    found = update(SearchEntry).where(SearchEntry.case_id == ticket.case_id, SearchEntry.item_id.in_(parts))
    ticket.session.execute(
        found.values(compartment_id=compartment_id), execution_options={"synchronize_session": False}
    )


def _refuse_confided(ticket: CaseTicket, compartment_id: UUID) -> None:
    """What is confided is moved nowhere: whoever could move it could show it to others. The database holds it too."""
    compartment = ticket.compartments.get(compartment_id)
    if compartment is not None and compartment.confidant_id is not None:
        raise InvalidInput("", "confided_stays")


def _moving(ticket: CaseTicket, compartment_id: UUID) -> Moving:
    _refuse_confided(ticket, compartment_id)
    see_it = _readers(ticket)
    here = ticket.compartments[compartment_id]
    now = see_it.get(here.key, {})
    places = []
    for compartment in sorted(
        ticket.compartments.values(), key=lambda compartment: ticket.profile.rank(compartment.key)
    ):
        if not compartment.can_write or compartment.id == compartment_id:
            continue
        then = see_it.get(compartment.key, {})
        places.append(
            MoveTarget(
                compartment,
                will_see=tuple(member for id_, member in then.items() if id_ not in now),
                no_longer=tuple(member for id_, member in now.items() if id_ not in then),
                still=tuple(member for id_, member in now.items() if id_ in then),
            )
        )
    return Moving(here.key, tuple(places))


def _readers(ticket: CaseTicket) -> dict[str, dict[UUID, Membership]]:
    """Who sees each compartment now, by the windows."""
    found: dict[str, dict[UUID, Membership]] = {}
    for line in shared_audience.audience(ticket):
        for compartment in line.open:
            found.setdefault(compartment.key, {})[line.membership.id] = line.membership
    return found
