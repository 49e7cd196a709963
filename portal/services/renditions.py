"""Office files as PDF, made once by the worker where a converter is switched on, and kept sealed beside the version."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from portal import clock
from portal.access.ticket import CaseTicket
from portal.documents import converting
from portal.documents.reading import LARGEST, Unreadable
from portal.errors import NotFound
from portal.events import Event
from portal.models import FileVersion, Rendition
from portal.services import downloads
from portal.storage import BlobStore
from portal.storage.incoming import Incoming

CONVERTED = frozenset(
    {
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.oasis.opendocument.text",
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.oasis.opendocument.presentation",
        "application/rtf",
    }
)


def state(ticket: CaseTicket, version: FileVersion) -> str:
    """'pages' when the PDF is there, 'unreadable' when it could not be made, 'waiting' while it is being made, 'none'
    when nobody will."""
    found = _found(ticket, version)
    if found is not None:
        return "pages" if found.blob else "unreadable"
    recent = (clock.now() - version.created_at).total_seconds() < 3600
    return "waiting" if ticket.session.info["settings"].converter and recent else "none"


def make(ticket: CaseTicket, store: BlobStore, version_id: UUID) -> None:
    """Converts one version, once, where there is a converter. What it cannot read is noted as such."""
    version = ticket.load(FileVersion, version_id)
    program = ticket.session.info["settings"].converter
    if not program or version.media_type not in CONVERTED or version.size > LARGEST:
        return
    if _found(ticket, version):
        return
    name = ticket.keys.unseal_text(version.name_sealed, f"file_version.name {version.id}")
    try:
        pdf = converting.to_pdf(program, plaintext(ticket, store, version), name.rpartition(".")[2].lower())
    except Unreadable:
        pdf = b""
    made = Rendition(
        version_id=version.id,
        case_id=version.case_id,
        compartment_id=version.compartment_id,
        file_id=version.file_id,
        made_at=clock.now(),
    )
    if pdf:
        content = Incoming(store)
        content.write(pdf)
        content.seek(0)
        made.blob, made.size = content.blob, content.size
        made.file_key = ticket.keys.wrap_file_key(content.file_key, content.blob)
    ticket.session.add(made)
    ticket.session.flush()
    ticket.record(Event.VERSION_CONVERTED, version.compartment_id, version.file_id, number=version.number)


def plaintext(ticket: CaseTicket, store: BlobStore, version: FileVersion) -> bytes:
    """All of a version at once; only for files of at most `reading.LARGEST` bytes."""
    key = ticket.keys.unwrap_file_key(version.file_key, version.blob)
    return b"".join(downloads.open_sealed(store, version.blob, key, version.size))


def pdf_of(ticket: CaseTicket, store: BlobStore, version: FileVersion) -> bytes:
    """The PDF made of a version. Raises NotFound."""
    found = _found(ticket, version)
    if found is None or found.blob is None or found.file_key is None:
        raise NotFound
    key = ticket.keys.unwrap_file_key(found.file_key, found.blob)
    return b"".join(downloads.open_sealed(store, found.blob, key, found.size or 0))


def _found(ticket: CaseTicket, version: FileVersion) -> Rendition | None:
    of_it = select(Rendition).where(*ticket.within(Rendition), Rendition.version_id == version.id)
    return ticket.session.scalars(of_it).one_or_none()
