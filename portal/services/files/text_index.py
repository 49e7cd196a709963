"""What is inside a file goes into the blind index, so that the search finds it. Done by the worker."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from portal.access.ticket import CaseTicket
from portal.documents import reading, slots
from portal.documents.reading import Unreadable
from portal.events import Event
from portal.models import FileVersion, SearchEntry
from portal.services.files import pdf_renditions
from portal.services.shared import search_index
from portal.storage import BlobStore


def read_text(ticket: CaseTicket, store: BlobStore, version_id: UUID) -> None:
    """Makes the words of one version findable, once. A file that cannot be read is noted as such.
    Raises Busy, TookTooLong."""
    version = ticket.load(FileVersion, version_id)
    if not reading.has_words(version.media_type) or readable(ticket, version.id) is not None:
        return
    try:
        if version.size > reading.LARGEST:
            raise Unreadable("too large")
        with slots.taken(slots.BY_THE_WORKER) as slot:
            text = reading.words(version.media_type, pdf_renditions.plaintext(ticket, store, version), slot)
        could = True
    except Unreadable:
        text, could = "", False
    keys = ticket.keys
    name = keys.unseal(version, "name")
    note = keys.unseal(version, "note")
    # With the name and note once more: who searches for a word of each means the same file.
    search_index.index(ticket, "content", version.id, version.compartment_id, name, note, text, readable=could)
    ticket.session.flush()
    ticket.record(Event.VERSION_INDEXED, version.compartment_id, version.file_id, number=version.number)


def readable(ticket: CaseTicket, version_id: UUID) -> bool | None:
    """Whether a version's words could be read; None while it has not been tried, or is of a kind without words."""
    found = SearchEntry.item_id == version_id, SearchEntry.kind == "content"
    return ticket.session.scalars(select(SearchEntry.readable).where(*ticket.within(SearchEntry), *found)).one_or_none()
