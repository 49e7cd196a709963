"""Files: every version kept, numbered, named and dated; read back as they were written."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on

from portal import locks, outbox, text
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import CorruptData, InvalidInput, NotFound
from portal.events import Event
from portal.locks import Lock
from portal.models import File, FileVersion, Membership
from portal.services.files import arrivals, checkouts, downloads, naming, pdf_renditions, queries, taken
from portal.services.files import folders as file_folders
from portal.services.files.arrivals import Upload
from portal.services.files.checkouts import Editing
from portal.services.files.folders import Withdrawn
from portal.services.notices import announce
from portal.services.notices.kinds import Kind
from portal.services.shared import idempotency, search_index
from portal.storage import BlobStore
from portal.storage.incoming import Incoming
from portal.storage.scanning import ScanState
from portal.text import in_order


@dataclass(frozen=True)
class VersionLine:
    file_id: UUID
    version_id: UUID
    number: int
    name: str
    """The version's own, as it came in."""
    title: str
    """Of the newest version: what the file is called."""
    note: str
    size: int
    media_type: str
    created_at: datetime
    author: Membership
    compartment: str
    tool: str | None
    sha256: str = ""
    """Of a file's own page; a list does without."""
    scan: ScanState = ScanState.NOT_SCANNED
    can_fetch: bool = True
    """False while it waits for the virus scanner (for everybody but its author), and for good once that refused it."""
    editing: Editing | None = None
    folder: str = ""
    withdrawn: Withdrawn | None = None


@dataclass(frozen=True)
class FilePage:
    id: UUID
    compartment_id: UUID
    compartment: str
    tool: str | None
    can_add_version: bool
    versions: tuple[VersionLine, ...]
    editing: Editing | None = None
    """Who is editing it just now."""
    broken: Editing | None = None
    """An editing that the guide ended, until the hour it was meant to last."""
    folder: str = ""
    folders: tuple[str, ...] = ()
    """Every folder the person sees."""
    withdrawn: Withdrawn | None = None
    can_withdraw: bool = False

    @property
    def newest(self) -> VersionLine:
        return self.versions[0]

    @property
    def title(self) -> str:
        """What the file is called."""
        return self.newest.title

    @property
    def stem(self) -> str:
        """The same without its ending, to be changed."""
        return naming.stem_of(self.title)

    @property
    def is_picture(self) -> bool:
        """Whether its newest version can be shown as a picture."""
        return self.withdrawn is None and self.newest.can_fetch and self.newest.media_type in pdf_renditions.PICTURES


def list_files(ticket: CaseTicket) -> list[VersionLine]:
    """The newest version of every file the person may see, newest first; of withdrawn ones what is left to see."""
    ticket.require(Action.FILE_VIEW)
    ticket.record(Event.FILES_LISTED)
    editing, folders, gone = (
        checkouts.running_checkouts(ticket),
        file_folders.folders(ticket),
        file_folders.withdrawn(ticket),
    )
    return [
        replace(
            line,
            editing=editing.get(line.file_id),
            folder=folders.get(line.file_id, ""),
            withdrawn=gone.get(line.file_id),
        )
        for line in newest_version(ticket, withdrawn_too=True)
    ]


def newest_version(ticket: CaseTicket, limit: int | None = None, withdrawn_too: bool = False) -> list[VersionLine]:
    """The newest version of each file, newest first, at most `limit` files."""
    return file_lines(ticket, queries.NEWEST[withdrawn_too].ask(ticket.session, **ticket.bounds, limit=limit))


def file_lines(ticket: CaseTicket, rows: Iterable[Any]) -> list[VersionLine]:
    """What rows with the columns of a `VersionRow` say."""
    found = ((row, _line(ticket, row, row.tool)) for row in rows)
    return [line if row.given_id is None else _named(ticket, line, row) for row, line in found]


def _named(ticket: CaseTicket, line: VersionLine, row: Any) -> VersionLine:
    return replace(line, title=naming.title_of_row(ticket.keys, row.given_id, row.given_sealed, line.name))


MOST_SMALL = 50
"""Small pictures given out at once: as many as a list shows."""


def small_pictures(ticket: CaseTicket, store: BlobStore, file_ids: Collection[UUID]) -> dict[UUID, bytes]:
    """Small JPEGs of those of these files whose newest version is a picture, is not shut to this person, and has been
    made ready. They are content: the trace says how many somebody saw, before they are given out."""
    ticket.require(Action.FILE_VIEW)
    newest = (
        ticket.select(FileVersion)
        .where(FileVersion.file_id.in_(list(file_ids)[:MOST_SMALL]))
        .where(FileVersion.file_id.not_in(file_folders.withdrawn_ids(ticket)))
        .ext(distinct_on(FileVersion.file_id))
        .order_by(FileVersion.file_id, FileVersion.number.desc())
    )
    wanted = {
        version.id: version.file_id
        for version in ticket.session.scalars(newest)
        if version.media_type in pdf_renditions.PICTURES and downloads.blocked_by_scanner(ticket, version) is None
    }
    found = pdf_renditions.small(ticket, store, wanted)
    if found:
        ticket.record(Event.PICTURES_LISTED, number=len(found))
    return {wanted[version_id]: picture for version_id, picture in found.items()}


def file_page(ticket: CaseTicket, file_id: UUID) -> FilePage:
    """One file with all its versions, newest first."""
    ticket.require(Action.FILE_VIEW)
    file = ticket.load(File, file_id)
    versions = ticket.session.scalars(
        ticket.select(FileVersion).where(FileVersion.file_id == file.id).order_by(FileVersion.number.desc())
    )
    compartment = ticket.compartments[file.compartment_id]
    ticket.record(Event.FILE_VIEWED, file.compartment_id, file.id)
    editing, broken = checkouts.checkout_of(ticket, file.id)
    folders, gone = file_folders.folders(ticket), file_folders.withdrawal_of(ticket, file.id)
    lines_ = [_line(ticket, version, file.tool) for version in versions]
    lines_[0] = replace(lines_[0], title=naming.title(naming.given_to(ticket, file.id), lines_[0].name))
    return FilePage(
        id=file.id,
        compartment_id=file.compartment_id,
        compartment=compartment.key,
        tool=file.tool,
        can_add_version=gone is None and compartment.can_write and ticket.allows(Action.FILE_ADD_VERSION),
        versions=tuple(lines_),
        editing=editing,
        broken=broken,
        folder=folders.get(file.id, ""),
        folders=tuple(sorted(set(folders.values()), key=in_order)),
        withdrawn=gone,
        can_withdraw=gone is None and file_folders.may_withdraw(ticket, file),
    )


def add_file(
    ticket: CaseTicket, submission: UUID, compartment_id: UUID, upload: Upload, tool: str | None = None
) -> UUID:
    """A new file with its first version; returns the file's id. Raises InvalidInput('file') for one that may not come
    in, Refused or NotFound for a compartment that is not open for writing."""
    ticket.require(Action.FILE_ADD)
    ticket.require_write(compartment_id)
    if tool is not None and ticket.profile.tool_of(tool) is None:
        raise InvalidInput("tool", "choice")
    name, kind = arrivals.inspect(upload)
    return add_inspected(ticket, submission, compartment_id, replace(upload, name=name), kind, tool)


def add_inspected(
    ticket: CaseTicket, submission: UUID, compartment_id: UUID, upload: Upload, kind: str, tool: str | None = None
) -> UUID:
    """A new file of an upload whose name and type are settled. Whoever calls has checked the right to."""
    made = uuid4()
    if earlier := idempotency.claim(ticket.session, submission, made):
        return earlier
    file = ticket.new(File, compartment_id, id=made, tool=tool)
    ticket.session.add(file)
    ticket.session.flush()
    version = _add_version(ticket, file, 1, upload, upload.name, kind)
    ticket.record(Event.FILE_ADDED, compartment_id, file.id, version=str(version.id))
    announce.tell_readers(ticket, Kind.FILE, compartment_id)
    return made


def add_version(ticket: CaseTicket, submission: UUID, file_id: UUID, upload: Upload) -> int:
    """The next version of a file; returns its number. Two people at once get two numbers, none is lost."""
    ticket.require(Action.FILE_ADD_VERSION)
    file = ticket.load(File, file_id)
    ticket.require_write(file.compartment_id)
    name, kind = arrivals.inspect(upload)
    version_id = uuid4()
    if earlier := idempotency.claim(ticket.session, submission, version_id):
        return ticket.load(FileVersion, earlier).number
    return append(ticket, file, upload, name, kind, version_id)


def append(
    ticket: CaseTicket,
    file: File,
    upload: Upload,
    name: str,
    kind: str,
    version_id: UUID,
    event: Event = Event.VERSION_ADDED,
    **fields: str,
) -> int:
    """Puts an inspected upload behind the newest version. Whoever calls has checked the right to."""
    number = newest_number(ticket, file.id) + 1
    version = _add_version(ticket, file, number, upload, name, kind, version_id)
    ticket.record(event, file.compartment_id, file.id, version=str(version.id), number=number, **fields)
    announce.tell_readers(ticket, Kind.FILE, file.compartment_id)
    taken.note(ticket, file, number, UUID(fields["link"]) if "link" in fields else None)
    return number


def newest_number(ticket: CaseTicket, file_id: UUID) -> int:
    """The number of the newest version. Until the transaction ends nobody else can add one: the numbers have no gaps,
    however many come at once. Raises NotFound for a withdrawn file."""
    locks.hold(ticket.session, Lock.FILE_VERSIONS, file_id)
    file_folders.refuse_withdrawn(ticket, file_id)
    last = select(func.max(FileVersion.number)).where(*ticket.within(FileVersion), FileVersion.file_id == file_id)
    return ticket.session.scalars(last).one() or 0


def restore(ticket: CaseTicket, store: BlobStore, submission: UUID, file_id: UUID, number: int) -> int:
    """An older version once more, as the newest: the same bytes, sealed anew. Returns the new number."""
    ticket.require(Action.FILE_ADD_VERSION)
    file = ticket.load(File, file_id)
    ticket.require_write(file.compartment_id)
    version = downloads.load_version(ticket, file_id, number)
    version_id = uuid4()
    if earlier := idempotency.claim(ticket.session, submission, version_id):
        return ticket.load(FileVersion, earlier).number
    line = _line(ticket, version, file.tool)
    copy = Incoming(store)
    try:
        file_key = ticket.keys.unwrap_file_key(version.file_key, version.blob)
        for piece in downloads.open_sealed(store, version.blob, file_key, version.size):
            copy.write(piece)
        copy.seek(0)
        if copy.sha256.hex() != _digest(ticket, version):
            raise CorruptData(f"blob {version.blob} has another hash than noted")
        again = Upload(line.name, copy, line.note)
        return append(ticket, file, again, line.name, version.media_type, version_id, Event.VERSION_RESTORED)
    finally:
        copy.close()


def version_of(page: FilePage, number: int) -> VersionLine:
    """One version of a file's page. Raises NotFound."""
    for line in page.versions:
        if line.number == number:
            return line
    raise NotFound


def _add_version(
    ticket: CaseTicket, file: File, number: int, upload: Upload, name: str, kind: str, version_id: UUID | None = None
) -> FileVersion:
    made = version_id or uuid4()
    note = text.plain(upload.note, 1000)
    content = upload.content
    version = ticket.new(
        FileVersion,
        file.compartment_id,
        id=made,
        file_id=file.id,
        number=number,
        media_type=kind,
        size=content.size,
        blob=content.blob,
        file_key=ticket.keys.wrap_file_key(content.file_key, content.blob),
        scan=arrivals.first_state(ticket),
    )
    ticket.seal(version, "name", name)
    ticket.seal(version, "note", note)
    ticket.seal(version, "digest", content.sha256.hex())
    ticket.session.add(version)
    if version.scan == ScanState.WAITING:
        outbox.later(ticket.session, "scan_version", version_id=str(made))
    search_index.index(ticket, "file", made, file.compartment_id, name, note)
    ticket.session.flush()
    content.keep()
    ids = {"case_id": str(ticket.case_id), "version_id": str(made), "person_id": str(ticket.actor.person_id)}
    outbox.later(ticket.session, "look_into_version", **ids)
    return version


def _line(ticket: CaseTicket, version: Any, tool: str | None) -> VersionLine:
    """`version` is a `FileVersion`, or a row with the same columns."""
    keys = ticket.keys
    name = keys.unseal(version, "name", FileVersion)
    return VersionLine(
        file_id=version.file_id,
        version_id=version.id,
        number=version.number,
        name=name,
        title=name,
        note=keys.unseal(version, "note", FileVersion),
        size=version.size,
        media_type=version.media_type,
        created_at=version.created_at,
        author=ticket.members[version.created_by_id],
        compartment=ticket.compartments[version.compartment_id].key,
        tool=tool,
        sha256=_digest(ticket, version) if isinstance(version, FileVersion) else "",
        scan=ScanState(version.scan),
        can_fetch=downloads.blocked_by_scanner(ticket, version) is None,
    )


def _digest(ticket: CaseTicket, version: FileVersion) -> str:
    return ticket.unseal(version, "digest")
