"""Files: every version kept, numbered, named and dated; read back as they were written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, Select, bindparam, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from portal import clock, text
from portal.access.actions import Action
from portal.access.ticket import CaseTicket, bounded
from portal.audit import Event
from portal.errors import Damaged, InvalidInput, NotFound
from portal.models import File, FileVersion, Membership
from portal.services import once, search
from portal.storage import BlobStore
from portal.storage.incoming import Incoming
from portal.storage.inspection import media_type
from portal.storage.sealing import SealedReader


@dataclass(frozen=True)
class Upload:
    """A file that has arrived, and what its sender says of it."""

    name: str
    content: Incoming
    note: str = ""


@dataclass(frozen=True)
class VersionLine:
    file_id: UUID
    version_id: UUID
    number: int
    name: str
    note: str
    size: int
    media_type: str
    created_at: datetime
    author: Membership
    compartment: str
    tool: str | None
    sha256: str = ""


@dataclass(frozen=True)
class FilePage:
    id: UUID
    compartment_id: UUID
    compartment: str
    tool: str | None
    can_add_version: bool
    versions: tuple[VersionLine, ...]

    @property
    def newest(self) -> VersionLine:
        return self.versions[0]


@dataclass(frozen=True)
class Download:
    name: str
    media_type: str
    size: int
    content: Iterator[bytes]


def listing(ticket: CaseTicket) -> list[VersionLine]:
    """The newest version of every file the person may see, newest first."""
    ticket.require(Action.FILE_VIEW)
    ticket.record(Event.FILES_LISTED)
    return newest(ticket)


def newest(ticket: CaseTicket, limit: int | None = None) -> list[VersionLine]:
    """The newest version of each file, newest first, at most `limit` files."""
    rows = ticket.session.execute(_NEWEST, ticket.bounds | {"limit": limit})
    return [_line(ticket, row, row.tool) for row in rows]


def _newest() -> Select[Any]:
    latest = (
        select(
            FileVersion.id,
            FileVersion.file_id,
            FileVersion.compartment_id,
            FileVersion.number,
            FileVersion.name_sealed,
            FileVersion.note_sealed,
            FileVersion.media_type,
            FileVersion.size,
            FileVersion.created_at,
            FileVersion.created_by_id,
            File.tool,
        )
        .join(File, File.id == FileVersion.file_id)
        .where(*bounded(FileVersion))
        .ext(distinct_on(FileVersion.file_id))
        .order_by(FileVersion.file_id, FileVersion.number.desc())
    ).subquery()
    return select(latest).order_by(latest.c.created_at.desc()).limit(bindparam("limit"))


_NEWEST = _newest()


def page(ticket: CaseTicket, file_id: UUID) -> FilePage:
    """One file with all its versions, newest first."""
    ticket.require(Action.FILE_VIEW)
    file = ticket.load(File, file_id)
    versions = ticket.session.scalars(
        ticket.select(FileVersion).where(FileVersion.file_id == file.id).order_by(FileVersion.number.desc())
    )
    hatch = ticket.hatches[file.compartment_id]
    ticket.record(Event.FILE_VIEWED, file.compartment_id, file.id)
    return FilePage(
        id=file.id,
        compartment_id=file.compartment_id,
        compartment=hatch.key,
        tool=file.tool,
        can_add_version=hatch.can_write and ticket.allows(Action.FILE_ADD_VERSION),
        versions=tuple(_line(ticket, version, file.tool, version.digest_sealed) for version in versions),
    )


def add(ticket: CaseTicket, submission: UUID, compartment_id: UUID, upload: Upload, tool: str | None = None) -> UUID:
    """A new file with its first version; returns the file's id. Raises InvalidInput('file') for one that may not come
    in, Refused or NotFound for a compartment that is not open for writing."""
    ticket.require(Action.FILE_ADD)
    ticket.require_write(compartment_id)
    if tool is not None and ticket.profile.tool_of(tool) is None:
        raise InvalidInput("tool", "choice")
    name, kind = _inspect(upload)
    made = uuid4()
    if earlier := once.claim(ticket.session, submission, made):
        return earlier
    file = File(
        id=made,
        case_id=ticket.case_id,
        compartment_id=compartment_id,
        tool=tool,
        created_at=clock.now(),
        created_by_id=ticket.membership.id,
    )
    ticket.session.add(file)
    ticket.session.flush()
    version = _add_version(ticket, file, 1, upload, name, kind)
    ticket.record(Event.FILE_ADDED, compartment_id, file.id, version=str(version.id))
    return made


def add_version(ticket: CaseTicket, submission: UUID, file_id: UUID, upload: Upload) -> int:
    """The next version of a file; returns its number. Two people at once get two numbers, none is lost."""
    ticket.require(Action.FILE_ADD_VERSION)
    file = ticket.load(File, file_id)
    ticket.require_write(file.compartment_id)
    name, kind = _inspect(upload)
    version_id = uuid4()
    if earlier := once.claim(ticket.session, submission, version_id):
        return ticket.load(FileVersion, earlier).number
    ticket.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(file.id), 1))))
    last = select(func.max(FileVersion.number)).where(*ticket.within(FileVersion), FileVersion.file_id == file.id)
    number = (ticket.session.scalars(last).one() or 0) + 1
    version = _add_version(ticket, file, number, upload, name, kind, version_id)
    ticket.record(Event.VERSION_ADDED, file.compartment_id, file.id, version=str(version.id), number=number)
    return number


def download(ticket: CaseTicket, store: BlobStore, file_id: UUID, number: int) -> Download:
    """The bytes of one version. The first segment is opened before this returns, so that a damaged file is a clear
    page and not a broken download. Raises Damaged, NeighbourDown('storage')."""
    ticket.require(Action.FILE_DOWNLOAD)
    file = ticket.load(File, file_id)
    version = ticket.session.scalars(
        ticket.select(FileVersion).where(FileVersion.file_id == file.id, FileVersion.number == number)
    ).one_or_none()
    if version is None:
        raise NotFound
    name = ticket.keys.unseal_text(version.name_sealed, f"file_version.name {version.id}")
    file_key = ticket.keys.unwrap_file_key(version.file_key, version.blob)
    content = open_sealed(store, version.blob, file_key, version.size)
    ticket.record(
        Event.VERSION_DOWNLOADED, file.compartment_id, file.id, version=str(version.id), number=version.number
    )
    return Download(name, version.media_type, version.size, content)


def open_sealed(store: BlobStore, blob: str, file_key: bytes, size: int) -> Iterator[bytes]:
    """The plaintext of a stored object, checked to be of the size that was noted when it came in."""
    stack = ExitStack()
    try:
        reader = SealedReader(stack.enter_context(store.open(blob)), file_key, blob.encode())
        if reader.size != size:
            raise Damaged(f"blob {blob} has another size than noted")
        pieces = reader.read()
        first = next(pieces, b"")
    except BaseException:
        stack.close()
        raise

    def stream() -> Iterator[bytes]:
        with stack:
            yield first
            yield from pieces

    return stream()


def _inspect(upload: Upload) -> tuple[str, str]:
    name = text.file_name(upload.name)
    if not name:
        raise InvalidInput("file", "file_missing")
    return name, media_type(name, upload.content.size, upload.content.head)


def _add_version(
    ticket: CaseTicket, file: File, number: int, upload: Upload, name: str, kind: str, version_id: UUID | None = None
) -> FileVersion:
    made = version_id or uuid4()
    note = text.plain(upload.note, 1000)
    content = upload.content
    version = FileVersion(
        id=made,
        file_id=file.id,
        case_id=file.case_id,
        compartment_id=file.compartment_id,
        number=number,
        name_sealed=ticket.keys.seal_text(name, f"file_version.name {made}"),
        note_sealed=ticket.keys.seal_text(note, f"file_version.note {made}") if note else None,
        digest_sealed=ticket.keys.seal_text(content.sha256.hex(), f"file_version.digest {made}"),
        media_type=kind,
        size=content.size,
        blob=content.blob,
        file_key=ticket.keys.wrap_file_key(content.file_key, content.blob),
        created_at=clock.now(),
        created_by_id=ticket.membership.id,
    )
    ticket.session.add(version)
    search.index(ticket, "file", made, file.compartment_id, name, note)
    ticket.session.flush()
    content.keep()
    return version


def _line(
    ticket: CaseTicket, version: FileVersion | Row[Any], tool: str | None, digest: bytes | None = None
) -> VersionLine:
    keys = ticket.keys
    note = version.note_sealed
    return VersionLine(
        file_id=version.file_id,
        version_id=version.id,
        number=version.number,
        name=keys.unseal_text(version.name_sealed, f"file_version.name {version.id}"),
        note=keys.unseal_text(note, f"file_version.note {version.id}") if note else "",
        size=version.size,
        media_type=version.media_type,
        created_at=version.created_at,
        author=ticket.members[version.created_by_id],
        compartment=ticket.hatches[version.compartment_id].key,
        tool=tool,
        sha256=keys.unseal_text(digest, f"file_version.digest {version.id}") if digest else "",
    )
