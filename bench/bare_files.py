"""What files cost without the portal, through the same gunicorn: the store alone, and sealing alone.

No sign-in, no case, no form, no trace. `PUT /store` puts what comes into the store as it is and answers with its key,
`PUT /sealing` seals it into nothing; `GET /store/KEY` sends it back as it lies there, `GET /sealing/SIZE` opens so many
sealed bytes that wait in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any
from uuid import uuid4

from portal.runtime import blob_store
from portal.settings import Settings
from portal.storage import BlobStore, BlobWriter
from portal.storage.sealing import SEGMENT, SealedReader, SealingWriter

_BITE = 256 * 1024
"""Bytes read of a request at a time: the same as the portal reads."""
_LIES_IN_MEMORY = 1024 * SEGMENT
"""Plaintext bytes that are sealed once and opened over and over."""

Environ = dict[str, Any]


def from_environment() -> Callable[[Environ, Callable[..., Any]], Iterable[bytes]]:
    """What gunicorn loads: `bench.bare_files:from_environment()`. Its store is the one of the portal's settings."""
    store = blob_store(Settings())

    def answer(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        _, what, *rest = environ["PATH_INFO"].split("/")
        if environ["REQUEST_METHOD"] == "PUT":
            body = (_into_store if what == "store" else _into_nothing)(store, environ)
        elif what == "health":
            body = b"ok"
        else:
            size, pieces = _from_store(store, rest[0]) if what == "store" else (int(rest[0]), _opened(int(rest[0])))
            start_response("200 OK", [("Content-Length", str(size)), ("Content-Type", "application/octet-stream")])
            return pieces
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    return answer


class _Nothing:
    def write(self, data: bytes) -> None:
        pass


class _Memory:
    def __init__(self) -> None:
        self.content = bytearray()

    @property
    def size(self) -> int:
        return len(self.content)

    def write(self, data: bytes) -> None:
        self.content += data

    def read_at(self, offset: int, length: int) -> bytes:
        return bytes(self.content[offset : offset + length])


def sealed_into(sink: BlobWriter, pieces: Iterable[bytes]) -> None:
    writer = SealingWriter(sink, bytes(32), b"bench")
    for piece in pieces:
        writer.write(piece)
    writer.finish()


def _body(environ: Environ) -> Iterator[bytes]:
    while piece := environ["wsgi.input"].read(_BITE):
        yield piece


def _into_store(store: BlobStore, environ: Environ) -> bytes:
    key = uuid4().hex
    with store.create(key) as blob:
        for piece in _body(environ):
            blob.write(piece)
    return key.encode()


def _into_nothing(_store: BlobStore, environ: Environ) -> bytes:
    sealed_into(_Nothing(), _body(environ))
    return b"sealed"


def _from_store(store: BlobStore, key: str) -> tuple[int, Iterator[bytes]]:
    opened = store.open(key)
    blob = opened.__enter__()

    def pieces() -> Iterator[bytes]:
        try:
            for at in range(0, blob.size, SEGMENT):
                yield blob.read_at(at, SEGMENT)
        finally:
            opened.__exit__(None, None, None)

    return blob.size, pieces()


@cache
def _sealed() -> _Memory:
    memory = _Memory()
    sealed_into(memory, (bytes(SEGMENT) for _ in range(_LIES_IN_MEMORY // SEGMENT)))
    return memory


def _opened(size: int) -> Iterator[bytes]:
    left = size
    while left:
        for piece in SealedReader(_sealed(), bytes(32), b"bench").read(0, min(left, _LIES_IN_MEMORY)):
            left -= len(piece)
            yield piece
