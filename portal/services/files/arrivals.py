"""A file that has arrived and is no version of anything yet: what it is called, what it is, whether it may come in."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from portal import text
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.settings import Settings
from portal.storage.inspection import check_parts, has_parts, media_type
from portal.storage.scanning import ScanState


class Arrived(Protocol):
    """Sealed bytes that lie whole in the store and wait for a row that names them."""

    @property
    def blob(self) -> str: ...

    @property
    def file_key(self) -> bytes: ...

    @property
    def head(self) -> bytes: ...

    @property
    def size(self) -> int: ...

    @property
    def sha256(self) -> bytes: ...

    def keep(self) -> None: ...

    def reopened(self) -> AbstractContextManager[BinaryIO]: ...


@dataclass(frozen=True)
class Upload:
    """A file that has arrived, and what its sender says of it."""

    name: str
    content: Arrived
    note: str = ""


def inspect(upload: Upload) -> tuple[str, str]:
    """The name a file is kept under and the type it is served as. Raises InvalidInput('file')."""
    name = text.file_name(upload.name)
    if not name:
        raise InvalidInput("file", "file_missing")
    content = upload.content
    kind = media_type(name, content.size, content.head)
    if has_parts(name):
        with content.reopened() as file:
            check_parts(name, content.size, file)
    return name, kind


def first_state(ticket: CaseTicket) -> ScanState:
    """What is said of something before the virus scanner has looked at it: that it waits, where there is one."""
    settings: Settings = ticket.session.info["settings"]
    return ScanState.WAITING if settings.clamd_url else ScanState.NOT_SCANNED
