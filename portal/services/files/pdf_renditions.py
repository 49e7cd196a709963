"""What is made of a version so that it can be looked at: made once, kept sealed beside it, opened again from then on.

The worker makes PDFs of office files (where a converter is switched on) and the two sizes of a picture as soon as a
version has come in; whatever is not there yet when somebody looks is made for them and kept for the next one. That a
file cannot be read, or is too large, is kept as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from portal import clock
from portal.access.ticket import CaseTicket
from portal.documents import converting, reading, slots
from portal.documents.reading import LARGEST, TooLarge, Unreadable
from portal.documents.slots import Turn
from portal.errors import NotFound
from portal.events import Event
from portal.models import FileVersion, Rendition
from portal.services.files import downloads
from portal.storage import BlobStore
from portal.storage.incoming import Incoming

CONVERTED = frozenset(
    {
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        "application/vnd.oasis.opendocument.text",
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.oasis.opendocument.presentation",
        "application/rtf",
    }
)
PICTURES = frozenset(
    {"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/heic", "image/tiff", "image/bmp"}
)
PATIENCE = 8.0
"""Seconds that somebody at a screen waits for a slot before they are told that it is busy."""
_MOST_TEXT = 200_000
"""Characters of a text that are shown."""


def state(ticket: CaseTicket, version: FileVersion) -> str:
    """Of an office file: 'pages' when its PDF is there, 'unreadable' when it could not be made, 'waiting' while it is
    being made, 'none' when nobody will."""
    found = _found(ticket, version, "pdf")
    if found is not None:
        return "pages" if found.blob else "unreadable"
    recent = (clock.now() - version.created_at).total_seconds() < 3600
    return "waiting" if ticket.session.info["settings"].converter and recent else "none"


def make_rendition(ticket: CaseTicket, store: BlobStore, version_id: UUID) -> None:
    """The worker's part, once for a version. What cannot be read is noted as such. Raises Busy, TookTooLong."""
    version = ticket.load(FileVersion, version_id)
    if version.size > LARGEST:
        return
    if version.media_type in PICTURES:
        if _found(ticket, version, "picture") is not None:
            return
        with slots.taken(slots.BY_THE_WORKER) as slot:
            _make_picture(ticket, store, version, slot)
    elif version.media_type in CONVERTED:
        program = ticket.session.info["settings"].converter
        if not program or _found(ticket, version, "pdf") is not None:
            return
        _make_pdf(ticket, store, version, program)
    else:
        return
    ticket.record(Event.VERSION_CONVERTED, version.compartment_id, version.file_id, number=version.number)


def large_picture(ticket: CaseTicket, store: BlobStore, version: FileVersion) -> bytes:
    """The large one, as JPEG. Raises Unreadable, TookTooLong, Busy."""
    found = _found(ticket, version, "picture")
    if found is None:
        with slots.taken(_turn(ticket)) as slot:
            # Somebody may have been quicker while this one waited.
            found = _found(ticket, version, "picture") or _make_picture(ticket, store, version, slot)
    return _opened(ticket, store, found)


def small(ticket: CaseTicket, store: BlobStore, versions: Iterable[UUID]) -> dict[UUID, bytes]:
    """The small pictures that are there already of these versions, as JPEG."""
    asked = select(Rendition).where(
        *ticket.within(Rendition),
        Rendition.version_id.in_(list(versions)),
        Rendition.kind == "small",
        Rendition.blob.is_not(None),
    )
    return {row.version_id: _opened(ticket, store, row) for row in ticket.session.scalars(asked)}


def text(ticket: CaseTicket, store: BlobStore, version: FileVersion) -> str:
    """What a text file says, at most its first 200,000 characters. Raises Unreadable, TookTooLong, Busy."""
    found = _found(ticket, version, "text")
    if found is None:
        with slots.taken(_turn(ticket)) as slot:
            found = _found(ticket, version, "text") or _make_text(ticket, store, version, slot)
    return _opened(ticket, store, found).decode()


def sheet(ticket: CaseTicket, store: BlobStore, version: FileVersion, first: int, count: int) -> int:
    """Sees to it that these pages of a PDF are there; returns how many the whole has. Raises Unreadable, TookTooLong,
    Busy."""
    found = _pages(ticket, version, first, count)
    if not _complete(found, first, count):
        with slots.taken(_turn(ticket)) as slot:
            found = _pages(ticket, version, first, count)
            if not _complete(found, first, count):
                found = _make_pages(ticket, store, version, first, count, slot)
    (one, *_) = found
    _opened_or_fault(one)
    return one.pages or 0


def rendition_page(ticket: CaseTicket, store: BlobStore, version: FileVersion, number: int) -> bytes:
    """A page of a PDF, counted from 0, as PNG. Raises NotFound when there are fewer, Unreadable, TookTooLong, Busy."""
    if number >= sheet(ticket, store, version, number, 1):
        raise NotFound
    for found in _pages(ticket, version, number, 1):
        if found.number == number:
            return _opened(ticket, store, found)
    raise NotFound


def plaintext(ticket: CaseTicket, store: BlobStore, version: FileVersion) -> bytes:
    """All of a version at once; only for files of at most `reading.LARGEST` bytes."""
    key = ticket.keys.unwrap_file_key(version.file_key, version.blob)
    return b"".join(downloads.open_sealed(store, version.blob, key, version.size))


# Making


def _turn(ticket: CaseTicket) -> Turn:
    return Turn(str(ticket.actor.person_id), PATIENCE)


def _make_picture(ticket: CaseTicket, store: BlobStore, version: FileVersion, slot: int) -> Rendition:
    try:
        made = reading.picture(plaintext(ticket, store, version), slot)
    except Unreadable as problem:
        return _keep_fault(ticket, version, "picture", problem)
    _keep(ticket, store, version, "small", made.small)
    return _keep(ticket, store, version, "picture", made.large)


def _make_text(ticket: CaseTicket, store: BlobStore, version: FileVersion, slot: int) -> Rendition:
    try:
        said = reading.words(version.media_type, plaintext(ticket, store, version), slot)
    except Unreadable as problem:
        return _keep_fault(ticket, version, "text", problem)
    return _keep(ticket, store, version, "text", said[:_MOST_TEXT].encode())


def _make_pages(
    ticket: CaseTicket, store: BlobStore, version: FileVersion, first: int, count: int, slot: int
) -> Sequence[Rendition]:
    try:
        made = reading.sheet(_pdf(ticket, store, version), first, count, slot)
    except Unreadable as problem:
        return [_keep_fault(ticket, version, "page", problem, first)]
    saved = [
        _keep(ticket, store, version, "page", content, number, made.pages)
        for number, content in enumerate(made.made, first)
    ]
    # Past the end there is no page to keep, and what was asked for is the number of pages.
    return saved or [Rendition(kind="page", number=first, pages=made.pages, blob="")]


def _make_pdf(ticket: CaseTicket, store: BlobStore, version: FileVersion, program: str) -> Rendition:
    name = ticket.unseal(version, "name")
    try:
        content = plaintext(ticket, store, version)
        pdf = converting.to_pdf(program, content, name.rpartition(".")[2].lower(), slots.BY_THE_WORKER)
    except Unreadable as problem:
        return _keep_fault(ticket, version, "pdf", problem)
    return _keep(ticket, store, version, "pdf", pdf)


def _pdf(ticket: CaseTicket, store: BlobStore, version: FileVersion) -> bytes:
    """Raises NotFound for what is no PDF and of which none was made."""
    if version.media_type not in CONVERTED:
        return plaintext(ticket, store, version)
    found = _found(ticket, version, "pdf")
    if found is None:
        raise NotFound
    return _opened(ticket, store, found)


# Keeping


def _found(ticket: CaseTicket, version: FileVersion, kind: str) -> Rendition | None:
    of_it = select(Rendition).where(
        *ticket.within(Rendition), Rendition.version_id == version.id, Rendition.kind == kind, Rendition.number == 0
    )
    return ticket.session.scalars(of_it).one_or_none()


def _pages(ticket: CaseTicket, version: FileVersion, first: int, count: int) -> Sequence[Rendition]:
    of_it = select(Rendition).where(
        *ticket.within(Rendition),
        Rendition.version_id == version.id,
        Rendition.kind == "page",
        Rendition.number.between(first, first + count - 1),
    )
    return ticket.session.scalars(of_it.order_by(Rendition.number)).all()


def _complete(found: Sequence[Rendition], first: int, count: int) -> bool:
    """Whether all pages that were asked for, and exist, are there."""
    if not found:
        return False
    there = {row.number for row in found}
    return found[0].fault is not None or there >= set(range(first, min(first + count, found[0].pages or 0)))


def _opened(ticket: CaseTicket, store: BlobStore, made: Rendition) -> bytes:
    """Raises Unreadable for what could not be made."""
    blob = _opened_or_fault(made)
    if made.file_key is None:
        raise NotFound
    key = ticket.keys.unwrap_file_key(made.file_key, blob)
    return b"".join(downloads.open_sealed(store, blob, key, made.size or 0))


def _opened_or_fault(made: Rendition) -> str:
    if made.blob is None:
        raise TooLarge if made.fault == "too_large" else Unreadable
    return made.blob


def _keep_fault(ticket: CaseTicket, version: FileVersion, kind: str, problem: Unreadable, number: int = 0) -> Rendition:
    fault = "too_large" if isinstance(problem, TooLarge) else "unreadable"
    return _add(ticket, version, kind, number, fault=fault)


def _keep(
    ticket: CaseTicket,
    store: BlobStore,
    version: FileVersion,
    kind: str,
    content: bytes,
    number: int = 0,
    pages: int | None = None,
) -> Rendition:
    sealed = Incoming(store)
    try:
        sealed.write(content)
        sealed.seek(0)
        file_key = ticket.keys.wrap_file_key(sealed.file_key, sealed.blob)
        row = _add(ticket, version, kind, number, blob=sealed.blob, file_key=file_key, size=sealed.size, pages=pages)
        if row.blob == sealed.blob:
            sealed.keep()
        return row
    finally:
        sealed.close()


def _add(ticket: CaseTicket, version: FileVersion, kind: str, number: int, **more: object) -> Rendition:
    """The row that is there in the end: somebody else's, when they were quicker."""
    place = {"version_id": version.id, "kind": kind, "number": number}
    line = {
        **place,
        "file_id": version.file_id,
        "case_id": version.case_id,
        "compartment_id": version.compartment_id,
        "made_at": clock.now(),
        **more,
    }
    ticket.session.execute(insert(Rendition).values(line).on_conflict_do_nothing())
    asked = select(Rendition).where(*ticket.within(Rendition)).filter_by(**place)
    return ticket.session.scalars(asked).one()
