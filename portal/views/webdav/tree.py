"""What WsgiDAV shows at the end of a link: one folder, in it the file, beside it the word processor's own things.

WsgiDAV speaks the protocol (RFC 4918); here its resources, locks and properties are tied to the verbs. One tree serves
one request, with the ticket that was made for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cached_property
from typing import Any
from unicodedata import normalize

from wsgidav.dav_error import HTTP_CONFLICT, HTTP_FORBIDDEN, HTTP_INTERNAL_ERROR, HTTP_NOT_FOUND, DAVError
from wsgidav.dav_provider import DAVCollection, DAVNonCollection, DAVProvider

from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound, Overtaken, Refused
from portal.services.files.conflicts import Brought
from portal.services.webdav import links
from portal.services.webdav.links import Link, Newest
from portal.services.webdav.scratch import Entry, ScratchFolder
from portal.storage import BlobStore
from portal.storage.incoming import Incoming

_STATUS = {"file_too_large": 413, "beside_full": 507, "being_edited": 423, "not_beside": 403}
"""What a program is told by a number; everything else that may not come in is 422."""


class Held(DAVError):  # type: ignore[misc]
    """What was saved met a newer version. It is kept for its sender, so what was done stays done."""

    def __init__(self) -> None:
        super().__init__(HTTP_CONFLICT)


def as_status(problem: Exception) -> DAVError:
    """A refusal of a verb as WsgiDAV tells it."""
    if isinstance(problem, DAVError):
        return problem
    if isinstance(problem, InvalidInput):
        return DAVError(_STATUS.get(problem.code, 422))
    if isinstance(problem, Refused):
        return DAVError(HTTP_FORBIDDEN)
    if isinstance(problem, Overtaken):
        return DAVError(HTTP_CONFLICT)
    if isinstance(problem, NotFound):
        return DAVError(HTTP_NOT_FOUND)
    return DAVError(HTTP_INTERNAL_ERROR, src_exception=problem)


class Tree(DAVProvider):  # type: ignore[misc]
    """Everything at the end of one link, for one request. `incoming` is where files on their way in are noted, so that
    what nobody kept is removed when the request ends."""

    def __init__(self, ticket: CaseTicket, store: BlobStore, link: Link, incoming: list[Incoming]) -> None:
        super().__init__()
        self.ticket, self.store, self.link, self.incoming = ticket, store, link, incoming
        self.scratch = ScratchFolder(ticket, store, link)

    @cached_property
    def newest(self) -> Newest:
        return links.newest_dav_link(self.ticket, self.link)

    @property
    def was_asked_about(self) -> bool:
        """Whether anything of how the file is now was looked up for this request."""
        return "newest" in self.__dict__

    def get_resource_inst(self, path: str | None, environ: dict[str, Any]) -> Any:
        if path is None:  # what the folder of the link lies in
            return None
        path = plain(path)
        if path == "/":
            return Folder(path, environ)
        if path == self.scratch.file_path:
            return CaseFile(path, environ)
        entry = self.scratch.get(path)
        if entry is None:
            return None
        return Folder(path, environ) if entry.kind == "folder" else Scratch(path, environ, entry)

    def saved(self, brought: Brought) -> None:
        """Raises Held when what was saved waits for its sender's choice."""
        self.__dict__.pop("newest", None)
        if brought.held_id is not None:
            raise Held


class _Thing:
    """What files and folders of a link have in common."""

    provider: Tree
    path: str

    @property
    def tree(self) -> Tree:
        return self.provider

    def copy_move_single(self, dest_path: str, *, is_move: bool) -> None:  # noqa: ARG002  a copy, then taken away
        entry = self.tree.scratch.get(plain(self.path))
        if entry is None or plain(dest_path) == self.tree.scratch.file_path:
            raise DAVError(HTTP_FORBIDDEN)
        try:
            self.tree.scratch.copy(entry, plain(dest_path))
        except InvalidInput as problem:
            raise as_status(problem) from problem

    def support_recursive_move(self, _dest_path: str) -> bool:
        return False

    def support_recursive_delete(self) -> bool:
        return False

    def delete(self) -> None:
        entry = self.tree.scratch.get(plain(self.path))
        if entry is None:
            raise DAVError(HTTP_FORBIDDEN)
        self.tree.scratch.remove(entry)
        self.remove_all_locks(recursive=True)  # type: ignore[attr-defined]


class Folder(_Thing, DAVCollection):  # type: ignore[misc]
    """The folder of the link, or one that a word processor made in it."""

    def get_member_names(self) -> list[str]:
        scratch = self.tree.scratch
        return ([self.tree.link.last] if self.path == "/" else []) + scratch.names(plain(self.path))

    def get_member(self, name: str) -> Any:
        return self.tree.get_resource_inst(f"{plain(self.path).rstrip('/')}/{name}", self.environ)

    def create_empty_resource(self, name: str) -> Any:
        return self._made(name, "scratch")

    def create_collection(self, name: str) -> Any:
        return self._made(name, "folder")

    def prevent_locking(self) -> bool:
        return self.path == "/"

    def _made(self, name: str, kind: str) -> Any:
        path = plain(f"{self.path}/{name}")
        try:
            self.tree.scratch.make(path, kind)
        except InvalidInput as problem:
            raise as_status(problem) from problem
        return self.tree.get_resource_inst(path, self.environ)


class CaseFile(DAVNonCollection):  # type: ignore[misc]
    """The file of the case. It can be read and saved; it cannot be taken away, renamed or copied from here."""

    @property
    def tree(self) -> Tree:
        tree: Tree = self.provider
        return tree

    def get_content_length(self) -> int:
        return self.tree.newest.size

    def get_content_type(self) -> str:
        return self.tree.newest.media_type

    def get_creation_date(self) -> float:
        return self.tree.newest.first_at.timestamp()

    def get_last_modified(self) -> float:
        return self.tree.newest.changed_at.timestamp()

    def get_etag(self) -> str:
        return self.tree.newest.mark

    def support_etag(self) -> bool:
        return True

    def support_ranges(self) -> bool:
        return True

    def get_content(self) -> Any:
        tree = self.tree
        return _DavReading(
            lambda start: links.read_by_link(tree.ticket, tree.store, tree.link, tree.newest.number, start)
        )

    def begin_write(self, *, content_type: str | None = None) -> Any:  # noqa: ARG002  told by the bytes themselves
        return _Writing(
            self.tree, lambda content: self.tree.saved(links.save_by_link(self.tree.ticket, self.tree.link, content))
        )

    def handle_delete(self) -> bool:
        raise DAVError(HTTP_FORBIDDEN)

    def delete(self) -> None:
        raise DAVError(HTTP_FORBIDDEN)

    def handle_copy(self, _dest_path: str, *, depth_infinity: bool) -> bool:  # noqa: ARG002
        raise DAVError(HTTP_FORBIDDEN)

    def handle_move(self, _dest_path: str) -> bool:
        raise DAVError(HTTP_FORBIDDEN)


class Scratch(_Thing, DAVNonCollection):  # type: ignore[misc]
    """A file of the word processor's own. Copied or moved onto the file of the case, it is saved as its next version:
    that is how some programs save."""

    def __init__(self, path: str, environ: dict[str, Any], entry: Entry) -> None:
        super().__init__(path, environ)
        self.entry = entry

    def get_content_length(self) -> int:
        return self.entry.size

    def get_content_type(self) -> str:
        return "application/octet-stream"

    def get_creation_date(self) -> float:
        return self.entry.made_at.timestamp()

    def get_last_modified(self) -> float:
        return self.entry.changed_at.timestamp()

    def get_etag(self) -> str:
        return f"{self.entry.id.hex}-{self.entry.blob or ''}"

    def support_etag(self) -> bool:
        return True

    def support_ranges(self) -> bool:
        return True

    def get_content(self) -> Any:
        return _DavReading(self._pieces)

    def begin_write(self, *, content_type: str | None = None) -> Any:  # noqa: ARG002
        return _Writing(self.tree, lambda content: self.tree.scratch.fill(self.entry, content))

    def handle_copy(self, dest_path: str, *, depth_infinity: bool) -> bool:  # noqa: ARG002
        return self._becomes_the_file(dest_path)

    def handle_move(self, dest_path: str) -> bool:
        if not self._becomes_the_file(dest_path):
            return False
        self.delete()
        return True

    def _becomes_the_file(self, dest_path: str) -> bool:
        if plain(dest_path) != self.tree.scratch.file_path:
            return False
        try:
            self.tree.saved(self.tree.scratch.save(self.entry))
        except (InvalidInput, Refused, NotFound) as problem:
            raise as_status(problem) from problem
        return True

    def _pieces(self, start: int) -> Iterator[bytes]:
        if not self.entry.blob:
            return
        with ExitStack() as stack:
            source = stack.enter_context(self.tree.scratch.reading(self.entry))
            source.seek(start)
            while piece := source.read(64 * 1024):
                yield piece


class _DavReading:
    """Bytes for WsgiDAV, which seeks once at most, before it reads."""

    def __init__(self, pieces_from: Callable[[int], Iterator[bytes]]) -> None:
        self._pieces_from = pieces_from
        self._start = 0
        self._pieces: Any = None
        self._rest = b""

    def seek(self, start: int) -> None:
        self._start = start

    def read(self, size: int) -> bytes:
        if self._pieces is None:
            self._pieces = self._pieces_from(self._start)
        while len(self._rest) < size and (piece := next(self._pieces, b"")):
            self._rest += piece
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken

    def close(self) -> None:
        if self._pieces is not None:
            self._pieces.close()


class _Writing:
    """Takes what comes, sealed on its way; once it is whole, `kept` says what becomes of it."""

    def __init__(self, tree: Tree, saved: Callable[[Incoming], None]) -> None:
        self._content = Incoming(tree.store)
        self._on_stored = saved
        tree.incoming.append(self._content)

    def write(self, data: bytes) -> None:
        self._content.write(data)

    def close(self) -> None:
        self._content.seek(0)
        try:
            self._on_stored(self._content)
        except (InvalidInput, Refused, NotFound) as problem:
            raise as_status(problem) from problem


def plain(path: str) -> str:
    """As the folder writes it, however the program spells its letters."""
    return normalize("NFC", "/" + path.strip("/"))
