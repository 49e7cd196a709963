"""Copies to take away: a folder, or everything of the case that the asking person may read, packed by the worker.

A package holds what its person could read when it was made, is sealed like any file, goes by itself, and opens only
while they may still read all that is in it. Taking it out is written down for every file in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Select, select, text

from portal import clock, outbox
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.db import PortalSession
from portal.documents import packages
from portal.documents.packages import ZipPackage
from portal.errors import NotFound, Refused
from portal.events import Event
from portal.models import AuditEvent, Export, File, FileVersion, Meeting, Plan, Thread
from portal.services.exports.packing import Packing
from portal.services.files import downloads, taken
from portal.services.files import folders as file_folders
from portal.services.files.downloads import Download
from portal.services.shared import idempotency
from portal.storage import BlobStore
from portal.storage.incoming import Incoming
from portal.tools.vocabulary import sayer

LASTS = timedelta(days=3)
"""How long a package can be fetched."""


@dataclass(frozen=True)
class ExportLine:
    """A package somebody asked for. `size` is bytes, instants are UTC."""

    id: UUID
    is_case: bool
    folder: str
    asked_at: datetime
    ends_at: datetime
    ready: bool
    failed: bool
    fetched: bool
    size: int
    files: int


def ask_for_folder(ticket: CaseTicket, submission: UUID, folder: str, language: str) -> UUID:
    """Asks for the newest versions of a folder's files. Raises NotFound for a folder the person sees no file in."""
    ticket.require(Action.FILE_DOWNLOAD)
    if not folder or folder not in file_folders.folders(ticket).values():
        raise NotFound
    return _ask(ticket, submission, "folder", folder, language)


def ask_for_case(ticket: CaseTicket, submission: UUID, language: str) -> UUID:
    """Asks for everything of the case that the person may read (GDPR article 15, for whom the case is about)."""
    ticket.require(Action.CASE_EXPORT)
    return _ask(ticket, submission, "case", "", language)


def export_page(ticket: CaseTicket) -> list[ExportLine]:
    """The same as `mine`, as a page of its own that leaves its trace."""
    found = my_exports(ticket)
    ticket.record(Event.FILES_LISTED)
    return found


def my_exports(ticket: CaseTicket) -> list[ExportLine]:
    """What this person asked for and can still have, newest first."""
    ticket.require(Action.FILE_DOWNLOAD)
    rows = ticket.session.scalars(_own(ticket).order_by(Export.created_at.desc())).all()
    if not rows:
        return []
    taken = select(AuditEvent.item_id).where(
        AuditEvent.chain_id == ticket.case_id,
        AuditEvent.actor_id == ticket.actor.person_id,
        AuditEvent.event.in_((Event.EXPORT_FETCHED.value, Event.FOLDER_FETCHED.value)),
    )
    fetched = set(ticket.session.scalars(taken))
    return [_line(ticket, row, row.id in fetched) for row in rows]


def make_export(ticket: CaseTicket, store: BlobStore, export_id: UUID) -> None:
    """Packs it, with the rights the person has now. Raises NotFound, Refused, CorruptData,
    DependencyUnavailable('storage')."""
    row = _load(ticket, export_id)
    if row.ready_at is not None:
        return
    ticket.require(Action.CASE_EXPORT if row.kind == "case" else Action.FILE_DOWNLOAD)
    incoming = Incoming(store)
    try:
        packing = Packing(ticket, store, row.language)
        with ZipPackage(incoming) as package:
            if row.kind == "case":
                packing.whole_case(package)
            else:
                packing.folder(package, _folder(ticket, row))
        incoming.seek(0)
        row.ready_at, row.failed = clock.now(), False
        row.blob, row.size = incoming.blob, incoming.size
        row.file_key = ticket.keys.wrap_file_key(incoming.file_key, incoming.blob)
        row.compartments, row.contents = sorted(packing.compartments), packing.contents
        ticket.session.flush()
        incoming.keep()
        ticket.record(Event.EXPORT_MADE, item_id=row.id, number=_files_in(row))
    finally:
        incoming.close()


def fail(ticket: CaseTicket, export_id: UUID) -> None:
    """Notes that it cannot be made, so that nobody waits for it."""
    row = _load(ticket, export_id)
    row.failed = True
    ticket.session.flush()
    ticket.record(Event.EXPORT_FAILED, item_id=row.id)


def fetch(ticket: CaseTicket, store: BlobStore, export_id: UUID, is_case: bool) -> Download:
    """The package. Raises NotFound when it is over, was withdrawn in part, or holds what the person may not read any
    more; CorruptData, DependencyUnavailable('storage')."""
    row = _load(ticket, export_id)
    if (row.kind == "case") != is_case or row.ready_at is None or row.blob is None or row.file_key is None:
        raise NotFound
    ticket.require(Action.CASE_EXPORT if is_case else Action.FILE_DOWNLOAD)
    if not set(row.compartments) <= set(ticket.compartments):
        raise NotFound
    versions = _looked_up(ticket, row)
    size = row.size or 0
    content = downloads.open_sealed(store, row.blob, ticket.keys.unwrap_file_key(row.file_key, row.blob), size)
    for version in versions:
        ticket.record(
            Event.VERSION_DOWNLOADED,
            version.compartment_id,
            version.file_id,
            version=str(version.id),
            number=version.number,
        )
    taken.note_package(ticket, versions)
    ticket.record(Event.EXPORT_FETCHED if is_case else Event.FOLDER_FETCHED, item_id=row.id, number=len(versions))
    gettext = sayer(row.language, ticket.profile.key)
    name = packages.safe(_folder(ticket, row) or gettext("My copy of the case"))
    return Download(f"{name}.zip", "application/zip", size, content)


def sweep_exports(session: PortalSession) -> int:
    """Takes away the packages whose time is over; returns how many objects go with them."""
    blobs = session.scalars(text("select forget_ended_exports()")).all()
    for blob in blobs:
        outbox.later(session, "forget_blob", blob=blob)
    return len(blobs)


def _ask(ticket: CaseTicket, submission: UUID, kind: str, folder: str, language: str) -> UUID:
    made, now = uuid4(), clock.now()
    if earlier := idempotency.claim(ticket.session, submission, made):
        return earlier
    row = Export(
        id=made,
        case_id=ticket.case_id,
        asked_by_id=ticket.membership.id,
        kind=kind,
        language=language,
        created_at=now,
        ends_at=now + LASTS,
    )
    ticket.seal(row, "folder", folder)
    ticket.session.add(row)
    ticket.session.flush()
    ticket.record(Event.EXPORT_ASKED, item_id=made)
    ids = {"case_id": str(ticket.case_id), "export_id": str(made), "person_id": str(ticket.actor.person_id)}
    outbox.later(ticket.session, "make_export", **ids)
    return made


def _own(ticket: CaseTicket) -> Select[Export]:
    return select(Export).where(
        Export.case_id == ticket.case_id, Export.asked_by_id == ticket.membership.id, Export.ends_at > clock.now()
    )


def _load(ticket: CaseTicket, export_id: UUID) -> Export:
    row = ticket.session.scalars(_own(ticket).where(Export.id == export_id)).one_or_none()
    if row is None:
        raise NotFound
    return row


def _looked_up(ticket: CaseTicket, row: Export) -> list[FileVersion]:
    """Everything in a package, found again where it lies now: the versions of files. Raises NotFound when anything of
    it was moved to where this person does not see it, was withdrawn, or may not be opened any more."""
    for kind, model in _LIES.items():
        wanted = {UUID(part[kind]) for part in row.contents if kind in part}
        lies = select(model.id).where(*ticket.within(model), model.id.in_(wanted))
        if wanted and wanted != set(ticket.session.scalars(lies)):
            raise NotFound
    versions = []
    for part in row.contents:
        if "file" not in part:
            continue
        file_folders.refuse_withdrawn(ticket, UUID(part["file"]))
        if "number" in part:
            try:
                versions.append(downloads.load_version(ticket, UUID(part["file"]), part["number"]))
            except Refused as problem:
                raise NotFound from problem
    return versions


_LIES: dict[str, Any] = {"file": File, "thread": Thread, "plan": Plan, "meeting": Meeting}
"""What a package is made of, by the kind its contents name."""


def _files_in(row: Export) -> int:
    return sum(1 for part in row.contents if "number" in part)


def _folder(ticket: CaseTicket, row: Export) -> str:
    return ticket.unseal(row, "folder")


def _line(ticket: CaseTicket, row: Export, fetched: bool) -> ExportLine:
    return ExportLine(
        id=row.id,
        is_case=row.kind == "case",
        folder=_folder(ticket, row),
        asked_at=row.created_at,
        ends_at=row.ends_at,
        ready=row.ready_at is not None,
        failed=row.failed,
        fetched=fetched,
        size=row.size or 0,
        files=_files_in(row),
    )
