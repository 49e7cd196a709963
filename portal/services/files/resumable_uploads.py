"""Uploads that survive a broken connection: what has arrived is kept, sealed, and the rest comes later.

An upload belongs to one person, one case and one compartment, and is found by nobody else. What one request brings
becomes a sealed object of its own; when all is there they are joined, sealed anew, into one. A file that came in a
single request is that object already.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BufferedReader
from typing import BinaryIO
from uuid import UUID, uuid4

from psycopg.errors import InsufficientPrivilege
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from portal import audit, clock, locks, outbox
from portal import text as words
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.db import PortalSession
from portal.errors import CorruptData, InvalidInput, NotFound
from portal.events import Event
from portal.locks import Lock
from portal.models import BegunUpload, File, UploadPart
from portal.services.files import conflicts, downloads, files
from portal.services.files.arrivals import Arrived, Upload
from portal.services.files.conflicts import Brought
from portal.services.files.downloads import ByteRange
from portal.services.shared import idempotency
from portal.settings import Settings
from portal.storage import BlobStore
from portal.storage.incoming import HEAD, Incoming
from portal.storage.inspection import refuse_kind
from portal.storage.sealing import SEGMENT, SealedFile, SealedReader

LASTS = timedelta(hours=24)
"""How long an upload may take from its first byte to its last."""
CHECKSUMS = ("sha1", "sha256")
MOST = 50
"""Uploads one person may have begun in one case at the same time."""


class OutOfStep(Exception):
    """The sender and the store do not agree on how much has arrived: the sender asks, and goes on from there."""


class Garbled(Exception):
    """What arrived is not what was sent, by the sender's own checksum. It was not kept."""


@dataclass(frozen=True)
class Progress:
    """An upload under way. Sizes are bytes, instants UTC."""

    id: UUID
    size: int
    arrived: int
    ends_at: datetime


@dataclass(frozen=True)
class UnfinishedUpload:
    """An upload that has not arrived whole, for its sender to go on with. `parts` are what has, in order: how many
    bytes, and their SHA-256 in hexadecimal digits, by which a program tells that the file chosen again is the same."""

    id: UUID
    name: str
    size: int
    compartment_id: UUID
    ends_at: datetime
    parts: tuple[tuple[int, str], ...]

    @property
    def percent(self) -> int:
        return sum(size for size, _digest in self.parts) * 100 // self.size


@dataclass(frozen=True)
class Finished:
    """What became of an upload: a new file, or what its file did with it."""

    file_id: UUID
    brought: Brought | None = None


@dataclass(frozen=True)
class _Stored:
    """One sealed object that holds the whole file."""

    store: BlobStore
    blob: str
    file_key: bytes
    head: bytes
    size: int
    sha256: bytes

    def keep(self) -> None:
        return None

    @contextmanager
    def reopened(self) -> Iterator[BinaryIO]:
        with self.store.open(self.blob) as blob:
            yield BufferedReader(SealedFile(SealedReader(blob, self.file_key, self.blob.encode())), SEGMENT)


def begin_upload(
    ticket: CaseTicket, name: str, size: int, compartment_id: UUID | None = None, file_id: UUID | None = None
) -> Progress:
    """Announces a file of `size` bytes: a new one in a compartment, or the next version of `file_id`.

    Raises InvalidInput('file') for what would not be let in by its name or size, or when too many are under way;
    NotFound or Refused for a place that is not open for writing.
    """
    if file_id is not None:
        ticket.require(Action.FILE_ADD_VERSION)
        compartment_id = ticket.load(File, file_id).compartment_id
    else:
        ticket.require(Action.FILE_ADD)
    if compartment_id is None:
        raise InvalidInput("compartment", "choice")
    ticket.require_write(compartment_id)
    clean_name = words.file_name(name)
    if not clean_name:
        raise InvalidInput("file", "file_missing")
    refuse_kind(clean_name)
    settings: Settings = ticket.session.info["settings"]
    if size < 1:
        raise InvalidInput("file", "file_empty")
    if size > settings.upload_limit:
        raise InvalidInput("file", "file_too_large")
    mine = select(func.count()).select_from(BegunUpload).where(*ticket.within(BegunUpload))
    if ticket.session.scalars(mine.where(BegunUpload.ends_at > clock.now())).one() >= MOST:
        raise InvalidInput("file", "uploads_many")
    made, now = uuid4(), clock.now()
    row = ticket.new(
        BegunUpload, compartment_id, id=made, file_id=file_id, size=size, created_at=now, ends_at=now + LASTS
    )
    ticket.seal(row, "name", clean_name)
    ticket.session.add(row)
    ticket.session.flush()
    ticket.record(Event.UPLOAD_BEGUN, compartment_id, file_id)
    return Progress(made, size, 0, now + LASTS)


def progress(ticket: CaseTicket, upload_id: UUID) -> Progress:
    """How much of an upload has arrived. Raises NotFound for one that is over, ended, or somebody else's."""
    begun = _mine(ticket, upload_id)
    return Progress(begun.id, begun.size, sum(part.size for part in _parts(ticket, begun)), begun.ends_at)


def unfinished(ticket: CaseTicket, file_id: UUID | None = None) -> list[UnfinishedUpload]:
    """What this person began to send and of which something has arrived, oldest first: new files, or the next version
    of `file_id`."""
    own = BegunUpload.created_by_id == ticket.membership.id
    found = ticket.select(BegunUpload).where(own, BegunUpload.ends_at > clock.now())
    of_it = BegunUpload.file_id.is_(None) if file_id is None else BegunUpload.file_id == file_id
    rows = ticket.session.scalars(found.where(of_it).order_by(BegunUpload.created_at)).all()
    lines = [
        UnfinishedUpload(
            row.id,
            ticket.unseal(row, "name"),
            row.size,
            row.compartment_id,
            row.ends_at,
            tuple((part.size, _digest(ticket, part).hex()) for part in _parts(ticket, row)),
        )
        for row in rows
    ]
    return [line for line in lines if line.parts]


def receive(
    ticket: CaseTicket,
    store: BlobStore,
    upload_id: UUID,
    starts_at: int,
    pieces: Iterator[bytes],
    checksum: tuple[str, bytes] | None = None,
) -> Progress:
    """Takes in what comes, sealed on its way, and keeps what had come when the connection broke.

    `checksum` is one of CHECKSUMS and what the sender's bytes come to by it. Raises OutOfStep when the sender is
    somewhere else than the store, or sends more than was announced; Garbled for a checksum that does not fit.
    """
    begun = _mine(ticket, upload_id)
    arrived = sum(part.size for part in _parts(ticket, begun))
    if starts_at != arrived:
        raise OutOfStep
    incoming = Incoming(store)
    try:
        check = hashlib.new(checksum[0], usedforsecurity=False) if checksum else None
        for piece in pieces:
            if starts_at + incoming.size + len(piece) > begun.size:
                raise OutOfStep
            incoming.write(piece)
            if check is not None:
                check.update(piece)
        if check is not None and checksum is not None and check.digest() != checksum[1]:
            raise Garbled
        if incoming.size:
            incoming.seek(0)
            _keep(ticket, begun, starts_at, incoming)
        return Progress(begun.id, begun.size, starts_at + incoming.size, begun.ends_at)
    finally:
        incoming.close()


def finish(
    ticket: CaseTicket,
    store: BlobStore,
    upload_id: UUID,
    submission: UUID,
    note: str = "",
    tool: str | None = None,
    seen: int | None = None,
) -> Finished:
    """Makes a file, or the next version of one, of an upload that has arrived whole; asked again, says the same again.

    Raises InvalidInput('file') for what may not come in, OutOfStep when something is still to come, NotFound.
    """
    _alone(ticket, upload_id)
    if earlier := idempotency.made_before(ticket.session, submission):
        return _finished_before(ticket, earlier)
    begun = _mine(ticket, upload_id)
    parts = _parts(ticket, begun)
    if sum(part.size for part in parts) != begun.size:
        raise OutOfStep
    name = ticket.unseal(begun, "name")
    file_id, compartment_id = begun.file_id, begun.compartment_id
    whole = _whole(ticket, store, parts)
    try:
        upload = Upload(name, whole, note)
        # Whoever takes the row away may use the parts: of two at once, one.
        _forget(ticket, begun, [part.blob for part in parts if part.blob != whole.blob])
        if file_id is None:
            return Finished(files.add_file(ticket, submission, compartment_id, upload, tool))
        return Finished(file_id, conflicts.bring(ticket, submission, file_id, upload, seen))
    finally:
        if isinstance(whole, Incoming):
            whole.close()


def cancel(ticket: CaseTicket, upload_id: UUID) -> None:
    """Gives an upload up: nothing of it is kept. Raises NotFound."""
    _alone(ticket, upload_id)
    begun = _mine(ticket, upload_id)
    parts = _parts(ticket, begun)
    compartment_id, file_id = begun.compartment_id, begun.file_id
    _forget(ticket, begun, [part.blob for part in parts])
    ticket.record(Event.UPLOAD_CANCELLED, compartment_id, file_id)


def sweep_uploads(session: PortalSession) -> int:
    """Takes away the uploads whose time is over, whoever began them; returns how many objects go with them."""
    blobs = session.scalars(text("select forget_ended_uploads()")).all()
    for blob in blobs:
        outbox.later(session, "forget_blob", blob=blob)
    return len(blobs)


def _alone(ticket: CaseTicket, upload_id: UUID) -> None:
    """Until the transaction ends no other request adds to this upload, finishes it or gives it up."""
    locks.hold(ticket.session, Lock.UPLOAD, upload_id)


def _mine(ticket: CaseTicket, upload_id: UUID) -> BegunUpload:
    """Raises NotFound, and Refused for one whose compartment may only be read by now."""
    own = BegunUpload.created_by_id == ticket.membership.id
    found = ticket.select(BegunUpload).where(BegunUpload.id == upload_id, own, BegunUpload.ends_at > clock.now())
    begun = ticket.session.scalars(found).one_or_none()
    if begun is None:
        raise NotFound
    ticket.require(Action.FILE_ADD if begun.file_id is None else Action.FILE_ADD_VERSION)
    ticket.require_write(begun.compartment_id)
    return begun


def _parts(ticket: CaseTicket, begun: BegunUpload) -> list[UploadPart]:
    of_it = select(UploadPart).where(UploadPart.upload_id == begun.id).order_by(UploadPart.starts_at)
    return list(ticket.session.scalars(of_it))


def _keep(ticket: CaseTicket, begun: BegunUpload, starts_at: int, incoming: Incoming) -> None:
    """Raises OutOfStep when another request has brought the same bytes meanwhile, or the upload is over."""
    part = UploadPart(
        upload_id=begun.id,
        starts_at=starts_at,
        size=incoming.size,
        blob=incoming.blob,
        file_key=ticket.keys.wrap_file_key(incoming.file_key, incoming.blob),
    )
    ticket.seal(part, "digest", incoming.sha256.hex())
    _alone(ticket, begun.id)
    try:
        with audit.savepoint(ticket.session):
            ticket.session.add(part)
            ticket.session.flush()
    except IntegrityError as problem:
        raise OutOfStep from problem
    except ProgrammingError as problem:
        # The database holds the line of now; the ticket was made when the first byte came.
        if isinstance(problem.orig, InsufficientPrivilege):
            raise NotFound from problem
        raise
    incoming.keep()


def _whole(ticket: CaseTicket, store: BlobStore, parts: list[UploadPart]) -> Arrived:
    """Raises CorruptData for a part that is not what was noted when it came in."""
    first = parts[0]
    if len(parts) == 1:
        file_key = ticket.keys.unwrap_file_key(first.file_key, first.blob)
        head = b"".join(
            downloads.open_sealed(store, first.blob, file_key, first.size, ByteRange(0, min(HEAD, first.size)))
        )
        return _Stored(store, first.blob, file_key, head, first.size, _digest(ticket, first))
    joined = Incoming(store)
    try:
        for part in parts:
            check = hashlib.sha256()
            key = ticket.keys.unwrap_file_key(part.file_key, part.blob)
            for piece in downloads.open_sealed(store, part.blob, key, part.size):
                check.update(piece)
                joined.write(piece)
            if check.digest() != _digest(ticket, part):
                raise CorruptData(f"blob {part.blob} has another hash than noted")
        joined.seek(0)
    except BaseException:
        joined.close()
        raise
    return joined


def _digest(ticket: CaseTicket, part: UploadPart) -> bytes:
    return bytes.fromhex(ticket.unseal(part, "digest"))


def _forget(ticket: CaseTicket, begun: BegunUpload, blobs: list[str]) -> None:
    """Takes the rows away and, once that is committed, the objects. Raises NotFound when somebody was quicker."""
    gone = delete(BegunUpload).where(BegunUpload.id == begun.id).returning(BegunUpload.id)
    if ticket.session.scalars(gone).one_or_none() is None:
        raise NotFound
    for blob in blobs:
        outbox.later(ticket.session, "forget_blob", blob=blob)


def _finished_before(ticket: CaseTicket, made: UUID) -> Finished:
    if ticket.session.scalars(ticket.select(File).where(File.id == made)).one_or_none() is not None:
        return Finished(made)
    return Finished(*conflicts.brought_before(ticket, made))
