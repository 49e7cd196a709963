"""Giving a file another name."""

from __future__ import annotations

from uuid import UUID

from portal import locks, text
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.events import Event
from portal.locks import Lock
from portal.models import File, FileName, FileVersion
from portal.services.files import folders, naming
from portal.services.shared import search_index


def rename(ticket: CaseTicket, file_id: UUID, wanted: str) -> None:
    """Gives a file another name; whoever may put a version in may. An ending that is typed as well is left off.

    Raises InvalidInput('name') for no name, Refused or NotFound as for a new version.
    """
    ticket.require(Action.FILE_ADD_VERSION)
    file = ticket.load(File, file_id)
    ticket.require_write(file.compartment_id)
    folders.refuse_withdrawn(ticket, file_id)
    locks.hold(ticket.session, Lock.FILE_VERSIONS, file_id)
    newest = (
        ticket.select(FileVersion).where(FileVersion.file_id == file_id).order_by(FileVersion.number.desc()).limit(1)
    )
    version = ticket.session.scalars(newest).one()
    own = ticket.unseal(version, "name")
    ending = naming.ending_of(own)
    typed = text.line(wanted, 1000)
    if ending and typed.lower().endswith(f".{ending.lower()}"):
        typed = typed[: -len(ending) - 1]
    name = naming.stem_of(text.file_name(f"{typed}.{ending}")) if ending else text.file_name(typed)
    if not typed.strip(". ") or not name:
        raise InvalidInput("name", "required")
    if naming.title(naming.given_to(ticket, file_id), own) == naming.title(name, own):
        return
    row = ticket.new(FileName, file.compartment_id, file_id=file.id)
    ticket.seal(row, "name", name)
    ticket.session.add(row)
    search_index.index(ticket, "name", row.id, file.compartment_id, name)
    ticket.session.flush()
    ticket.record(Event.FILE_RENAMED, file.compartment_id, file.id)
