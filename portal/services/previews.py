"""Looking at a version in the page: never the file itself, but a picture, text or pages made from it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from portal.access.actions import Action
from portal.access.ticket import CaseTicket
from portal.documents import reading
from portal.documents.reading import Unreadable
from portal.errors import NotFound
from portal.events import Event
from portal.models import File, FileVersion
from portal.services import downloads, renditions
from portal.storage import BlobStore

SHEET = 10
"""Pages shown at a time."""
_MOST_TEXT = 200_000


@dataclass(frozen=True)
class Preview:
    """What a frame shows of a version. `kind` is picture, pages, text, audio, video, waiting, unreadable or none."""

    kind: str
    file_id: UUID
    number: int
    name: str
    text: str = ""
    pages: int = 0
    first: int = 0
    """The first page shown, counted from 0."""

    @property
    def shown(self) -> range:
        return range(self.first, min(self.first + SHEET, self.pages))


def kind_of(media_type: str) -> str:
    """How a type of file can be looked at; 'none' when it can only be downloaded."""
    if media_type == "application/pdf":
        return "pages"
    if media_type in ("image/png", "image/jpeg", "image/gif", "image/webp"):
        return "picture"
    if media_type in ("text/plain", "text/csv"):
        return "text"
    if media_type in renditions.CONVERTED:
        return "office"
    kind = media_type.partition("/")[0]
    return kind if kind in ("audio", "video") else "none"


def look(ticket: CaseTicket, store: BlobStore, file_id: UUID, number: int, first: int = 0) -> Preview:
    """What the frame holds. A file that cannot be read says so instead. Raises Damaged, NeighbourDown('storage')."""
    version = _open(ticket, file_id, number)
    name = ticket.keys.unseal_text(version.name_sealed, f"file_version.name {version.id}")
    kind = kind_of(version.media_type)
    told = {"file_id": file_id, "number": number, "name": name}
    if kind == "office":
        kind = renditions.state(ticket, version)
    if kind == "audio" or kind == "video":
        return Preview(kind, **told)  # type: ignore[arg-type]
    if kind not in ("pages", "picture", "text") or version.size > reading.LARGEST:
        return Preview(kind if kind in ("waiting", "unreadable") else "none", **told)  # type: ignore[arg-type]
    try:
        if kind == "pages":
            count = reading.pages(_pdf(ticket, store, version))
            return Preview(kind, pages=count, first=max(0, min(first, count - 1)), **told)  # type: ignore[arg-type]
        if kind == "text":
            text = reading.words(version.media_type, renditions.plaintext(ticket, store, version))
            return Preview(kind, text=text[:_MOST_TEXT], **told)  # type: ignore[arg-type]
        reading.picture(renditions.plaintext(ticket, store, version))
    except Unreadable:
        return Preview("unreadable", **told)  # type: ignore[arg-type]
    return Preview(kind, **told)  # type: ignore[arg-type]


def picture(ticket: CaseTicket, store: BlobStore, file_id: UUID, number: int, page: int | None = None) -> bytes:
    """An image made anew from a version: the picture itself (JPEG), or a page of it (PNG, counted from 0). Raises
    NotFound for what cannot be shown that way."""
    version = _open(ticket, file_id, number)
    kind = kind_of(version.media_type)
    if version.size > reading.LARGEST:
        raise NotFound
    try:
        if page is None and kind == "picture":
            return reading.picture(renditions.plaintext(ticket, store, version))
        if kind == "office":
            kind = renditions.state(ticket, version)
        if page is not None and kind == "pages":
            return reading.page(_pdf(ticket, store, version), page)
    except Unreadable as problem:
        raise NotFound from problem
    raise NotFound


def _open(ticket: CaseTicket, file_id: UUID, number: int) -> FileVersion:
    ticket.require(Action.FILE_VIEW)
    file = ticket.load(File, file_id)
    version = downloads.load_version(ticket, file_id, number)
    ticket.record(Event.VERSION_PREVIEWED, file.compartment_id, file.id, version=str(version.id), number=version.number)
    return version


def _pdf(ticket: CaseTicket, store: BlobStore, version: FileVersion) -> bytes:
    if kind_of(version.media_type) == "office":
        return renditions.pdf_of(ticket, store, version)
    return renditions.plaintext(ticket, store, version)
