"""Looking at a version in the page: never the file itself, but a picture, text or pages made from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.documents.reading import LARGEST, TookTooLong, TooLarge, Unreadable
from portal.errors import Busy, NotFound
from portal.events import Event
from portal.models import File, FileVersion
from portal.services.files import downloads, pdf_renditions
from portal.storage import BlobStore

SHEET = 5
"""Pages shown at a time. One process makes them all, before the page with them is shown."""


@dataclass(frozen=True)
class Preview:
    """What a frame shows of a version. `kind` is picture, pages, text, audio, video, waiting, unreadable, too_large
    or none."""

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
    if media_type in pdf_renditions.PICTURES:
        return "picture"
    if media_type in ("text/plain", "text/csv"):
        return "text"
    if media_type in pdf_renditions.CONVERTED:
        return "office"
    return media_type.partition("/")[0] if media_type in _PLAYED else "none"


_PLAYED = frozenset(
    {"audio/mpeg", "audio/mp4", "audio/wav", "audio/ogg", "audio/aac", "audio/flac"}
    | {"video/mp4", "video/webm", "video/quicktime", "video/3gpp"}
)
"""What browsers play themselves; other sound and video is downloaded."""


def look_at_file(ticket: CaseTicket, store: BlobStore, file_id: UUID, number: int, first: int = 0) -> Preview:
    """What the frame holds; all that it will ask for has been made by then. A file that cannot be read says so
    instead. Raises Busy, CorruptData, DependencyUnavailable('storage')."""
    version = _open(ticket, file_id, number)
    name = ticket.unseal(version, "name")
    kind = kind_of(version.media_type)
    preview = Preview(kind, file_id, number, name)
    if kind == "office":
        kind = pdf_renditions.state(ticket, version)
        preview = replace(preview, kind=kind)
    if kind not in ("pages", "picture", "text"):
        return preview
    if version.size > LARGEST:
        return replace(preview, kind="too_large")
    try:
        if kind == "pages":
            pages = pdf_renditions.sheet(ticket, store, version, first, SHEET)
            if first >= pages:
                first = max(0, pages - 1)
                pdf_renditions.sheet(ticket, store, version, first, SHEET)
            return replace(preview, pages=pages, first=first)
        if kind == "text":
            return replace(preview, text=pdf_renditions.text(ticket, store, version))
        pdf_renditions.large_picture(ticket, store, version)
    except TooLarge:
        return replace(preview, kind="too_large")
    except Unreadable:
        return replace(preview, kind="unreadable")
    except TookTooLong as problem:
        raise Busy from problem
    return preview


def preview_picture(ticket: CaseTicket, store: BlobStore, file_id: UUID, number: int, page: int | None = None) -> bytes:
    """An image made anew from a version: the picture itself (JPEG), or a page of it (PNG, counted from 0). Raises
    NotFound for what cannot be shown that way, Busy."""
    version = _open(ticket, file_id, number)
    kind = kind_of(version.media_type)
    if version.size > LARGEST:
        raise NotFound
    try:
        if page is None and kind == "picture":
            return pdf_renditions.large_picture(ticket, store, version)
        if kind == "office":
            kind = pdf_renditions.state(ticket, version)
        if page is not None and kind == "pages":
            return pdf_renditions.rendition_page(ticket, store, version, page)
    except Unreadable as problem:
        raise NotFound from problem
    except TookTooLong as problem:
        raise Busy from problem
    raise NotFound


def _open(ticket: CaseTicket, file_id: UUID, number: int) -> FileVersion:
    ticket.require(Action.FILE_VIEW)
    file = ticket.load(File, file_id)
    version = downloads.load_version(ticket, file_id, number)
    ticket.record(Event.VERSION_PREVIEWED, file.compartment_id, file.id, version=str(version.id), number=version.number)
    return version
