"""Versions read back: who may have their bytes, and the bytes, a part or all, exactly as they came in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from portal.access.policy import who_may
from portal.access.policy.actions import Action
from portal.access.policy.decide import Reason, Refusal
from portal.access.ticket import CaseTicket
from portal.errors import CorruptData, NotFound, Refused
from portal.events import Event
from portal.models import File, FileVersion
from portal.services.files import folders, naming, taken
from portal.storage import BlobStore
from portal.storage.scanning import ScanState
from portal.storage.sealing import SealedReader


@dataclass(frozen=True)
class ByteRange:
    """The bytes `start` up to, not including, `stop`."""

    start: int
    stop: int


@dataclass(frozen=True)
class Download:
    name: str
    media_type: str
    size: int
    """Bytes of the whole, also when only a part was asked for."""
    content: Iterator[bytes]
    mark: str = ""
    """The same for the same bytes, never for others: what a resumed download is checked by."""
    span: ByteRange | None = None


def download(
    ticket: CaseTicket,
    store: BlobStore,
    file_id: UUID,
    number: int,
    part: Callable[[int, str], ByteRange | None] | None = None,
    link_id: UUID | None = None,
) -> Download:
    """The bytes of one version. `part`, given its size and mark, says which of them are wanted; `link_id` is the link
    that a word processor came by.

    The first segment is opened before this returns, so that a damaged file is a clear page and not a broken download.
    Raises CorruptData, DependencyUnavailable('storage').
    """
    ticket.require(Action.FILE_DOWNLOAD)
    file = ticket.load(File, file_id)
    version = load_version(ticket, file_id, number)
    name = _called(ticket, version)
    file_key = ticket.keys.unwrap_file_key(version.file_key, version.blob)
    mark = version.id.hex
    span = part(version.size, mark) if part else None
    content = open_sealed(store, version.blob, file_key, version.size, span)
    event, by = (Event.VERSION_OPENED, {"link": str(link_id)}) if link_id else (Event.VERSION_DOWNLOADED, {})
    ticket.record(event, file.compartment_id, file.id, version=str(version.id), number=version.number, **by)
    taken.note(ticket, file, version.number, link_id)
    return Download(name, version.media_type, version.size, content, mark, span)


def _called(ticket: CaseTicket, version: FileVersion) -> str:
    """The newest version is saved under the file's name, an older one under its own."""
    own = ticket.unseal(version, "name")
    given = naming.given_to(ticket, version.file_id)
    if not given:
        return own
    newest = select(func.max(FileVersion.number)).where(
        *ticket.within(FileVersion), FileVersion.file_id == version.file_id
    )
    return naming.title(given, own) if ticket.session.scalars(newest).one() == version.number else own


def load_version(ticket: CaseTicket, file_id: UUID, number: int) -> FileVersion:
    """One version of a file, for whoever wants its bytes. Raises NotFound, also for a withdrawn file; Refused while it
    waits for the virus scanner (but not for its author), and for good once that refused it."""
    folders.refuse_withdrawn(ticket, file_id)
    version = ticket.session.scalars(
        ticket.select(FileVersion).where(FileVersion.file_id == file_id, FileVersion.number == number)
    ).one_or_none()
    if version is None:
        raise NotFound
    if refusal := blocked_by_scanner(ticket, version):
        raise Refused(Reason(refusal))
    return version


def scan_state(ticket: CaseTicket, version_id: UUID) -> ScanState:
    """What the virus scanner has said of a version. Raises NotFound."""
    return ScanState(ticket.load(FileVersion, version_id).scan)


class _Stream(Iterator[bytes]):
    """Plaintext in pieces. Whoever stops early, or never begins (HEAD), closes it and so the object behind it."""

    def __init__(self, stack: ExitStack, first: bytes, rest: Iterator[bytes]) -> None:
        self._stack, self._first, self._rest = stack, first, rest

    def __next__(self) -> bytes:
        try:
            if self._first:
                piece, self._first = self._first, b""
                return piece
            return next(self._rest)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._stack.close()


def open_sealed(
    store: BlobStore, blob: str, file_key: bytes, size: int, span: ByteRange | None = None
) -> Iterator[bytes]:
    """The plaintext of a stored object, or a part of it, checked to be of the size that was noted when it came in."""
    stack = ExitStack()
    try:
        reader = SealedReader(stack.enter_context(store.open(blob)), file_key, blob.encode())
        if reader.size != size:
            raise CorruptData(f"blob {blob} has another size than noted")
        pieces = reader.read(span.start, span.stop) if span else reader.read()
        first = next(pieces, b"")
    except BaseException:
        stack.close()
        raise
    return _Stream(stack, first, pieces)


def blocked_by_scanner(ticket: CaseTicket, version: FileVersion) -> Refusal | None:
    """Why the bytes of a version are shut to this person just now; None when they are not."""
    if version.scan == ScanState.REFUSED:
        return Refusal.INFECTED
    is_own = version.created_by_id == ticket.membership.id
    if version.scan == ScanState.WAITING and not who_may.may_read_unscanned(is_own):
        return Refusal.UNSCANNED
    return None
