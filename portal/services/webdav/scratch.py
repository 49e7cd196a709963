"""What a word processor puts beside a file it has open: marks that it is open, half-written copies, notes.

Programs do that in any folder and are lost when they may not. So a link has a scratch folder: things in it lie sealed
like everything else, are seen by whoever holds the link and by nobody else, are few, and go with the link. They are no
files of the case. So that nobody takes the folder for a place to keep things, no other document can be saved beside the
file: what is saved under the file's own name becomes its next version, and anything else that looks like a document is
refused. Inside folders that a program made for itself anything may lie: some write there what they then move over the
file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from io import BufferedReader
from typing import BinaryIO
from uuid import uuid4

from sqlalchemy import select

from portal import clock, locks, outbox
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.locks import Lock
from portal.models import DavEntry
from portal.services.files.conflicts import Brought
from portal.services.webdav import links
from portal.services.webdav.links import Link
from portal.settings import Settings
from portal.storage import BlobStore
from portal.storage.incoming import Incoming
from portal.storage.sealing import SEGMENT, SealedFile, SealedReader

Entry = DavEntry
"""A thing in a scratch folder."""
MOST = 200
"""Things in one scratch folder."""
LONGEST = 1000
"""Characters of a path."""
MOST_NOTED = 64 * 1024
"""Characters a word processor may note about one thing."""
_BESIDE = re.compile(r"[^.]*|[.~].*|.*\.(tmp|part|bak|\d+)", re.IGNORECASE | re.DOTALL)
"""What programs call their own things: without an ending or a made-up one, or beginning with a dot or a tilde."""


class ScratchFolder:
    """The scratch folder of one link. Paths begin with a slash and end without one; '/' is the folder itself."""

    def __init__(self, ticket: CaseTicket, store: BlobStore, link: Link) -> None:
        self.ticket, self.store, self.link = ticket, store, link
        self.file_path = f"/{link.last}"

    @cached_property
    def _rows(self) -> dict[str, DavEntry]:
        rows = self.ticket.session.scalars(
            select(DavEntry).where(DavEntry.token_id == self.link.id).order_by(DavEntry.made_at)
        )
        return {self.ticket.unseal(row, "path"): row for row in rows}

    def get(self, path: str) -> DavEntry | None:
        """The folder or file of that path, or None. The case's own file is not in it."""
        row = self._rows.get(path)
        return None if row is None or row.kind == "notes" else row

    def names(self, folder: str) -> list[str]:
        """What lies directly in a folder."""
        start = folder.rstrip("/") + "/"
        found = (path for path, row in self._rows.items() if row.kind != "notes" and path.startswith(start))
        return [path[len(start) :] for path in found if "/" not in path[len(start) :]]

    def alone(self) -> None:
        """Until the transaction ends no other request changes this folder."""
        locks.hold(self.ticket.session, Lock.SCRATCH_FOLDER, self.link.id)
        self.__dict__.pop("_rows", None)

    # Changing

    def make(self, path: str, kind: str) -> DavEntry:
        """An empty file ('scratch') or a folder. Raises InvalidInput for a name that could be a document's or is too
        long, or when the folder is full."""
        folder, _slash, name = path.rpartition("/")
        if len(path) > LONGEST or (kind != "notes" and not folder and not _BESIDE.fullmatch(name)):
            raise InvalidInput("file", "not_beside")
        if len(self._rows) >= MOST:
            raise InvalidInput("file", "beside_full")
        now = clock.now()
        row = DavEntry(id=uuid4(), token_id=self.link.id, kind=kind, made_at=now, changed_at=now)
        self.ticket.seal(row, "path", path)
        self.ticket.session.add(row)
        self.ticket.session.flush()
        self._rows[path] = row
        return row

    def fill(self, row: DavEntry, content: Incoming) -> None:
        """Puts new bytes into a file of the folder. Raises InvalidInput when there is no room for them."""
        settings: Settings = self.ticket.session.info["settings"]
        others = sum(other.size for other in self._rows.values() if other is not row)
        if others + content.size > settings.upload_limit:
            raise InvalidInput("file", "beside_full")
        self._empty(row)
        row.changed_at = clock.now()
        if content.size:
            row.blob, row.size = content.blob, content.size
            row.file_key = self.ticket.keys.wrap_file_key(content.file_key, content.blob)
            self.ticket.session.flush()
            content.keep()

    def copy(self, row: DavEntry, path: str) -> None:
        """A copy of a file or of an empty folder, with what was noted about it, in place of what was there."""
        there = self.get(path) or self.make(path, row.kind)
        if row.blob:
            copy = Incoming(self.store)
            try:
                with self.reading(row) as source:
                    while piece := source.read(SEGMENT):
                        copy.write(piece)
                copy.seek(0)
                self.fill(there, copy)
            finally:
                copy.close()
        elif row.kind == "scratch":
            self._empty(there)
        self._note(there, self._noted(row))

    def save(self, row: DavEntry) -> Brought:
        """Puts the bytes of a file of the folder into the case, as the next version of the link's own file."""
        copy = Incoming(self.store)
        try:
            if row.blob:
                with self.reading(row) as source:
                    while piece := source.read(SEGMENT):
                        copy.write(piece)
            copy.seek(0)
            return links.save_by_link(self.ticket, self.link, copy)
        finally:
            copy.close()

    def remove(self, row: DavEntry) -> None:
        self._empty(row)
        self.ticket.session.delete(row)
        self.ticket.session.flush()
        del self._rows[next(path for path, one in self._rows.items() if one is row)]

    # Reading

    @contextmanager
    def reading(self, row: DavEntry) -> Iterator[BinaryIO]:
        """The bytes of a file of the folder that is not empty."""
        blob = str(row.blob)
        file_key = self.ticket.keys.unwrap_file_key(row.file_key or b"", blob)
        with self.store.open(blob) as source:
            yield BufferedReader(SealedFile(SealedReader(source, file_key, blob.encode())), SEGMENT)

    # What a word processor notes about things: properties in its own words

    def notes(self, path: str) -> dict[str, str]:
        row = self._rows.get(path)
        return self._noted(row) if row else {}

    def note(self, path: str, noted: dict[str, str], dry_run: bool = False) -> None:
        """Raises InvalidInput when that is too much; with `dry_run` that is all that happens."""
        if len(json.dumps(noted)) > MOST_NOTED:
            raise InvalidInput("file", "beside_full")
        if not dry_run:
            self._note(self._rows.get(path) or self.make(path, "notes"), noted)

    def _noted(self, row: DavEntry) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.ticket.unseal(row, "properties") or "{}")
        return found

    def _note(self, row: DavEntry, noted: dict[str, str]) -> None:
        self.ticket.seal(row, "properties", json.dumps(noted) if noted else "")
        self.ticket.session.flush()

    def _empty(self, row: DavEntry) -> None:
        if row.blob:
            outbox.later(self.ticket.session, "forget_blob", blob=row.blob)
        row.blob, row.file_key, row.size = None, None, 0
