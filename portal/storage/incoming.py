"""A file on its way in: sealed while it arrives, so that its plaintext never touches a disk.

The bytes are sealed with a fresh key of their own before it is known which case they belong to; the case then wraps
that key. A file nobody takes is removed when the request ends.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BufferedReader
from typing import BinaryIO
from uuid import uuid4

from portal.storage import BlobStore
from portal.storage.sealing import KEY_SIZE, SEGMENT, SealedFile, SealedReader, SealingWriter

HEAD = 4096
"""Bytes of the beginning of a file that its type is told by."""


class _BrokenOff(Exception):
    """What the store is told of an upload that will not be finished. No fault of the store's own."""


class Incoming:
    """A write-only file for the form parser. After `seek(0)` it is whole and durable in the store."""

    def __init__(self, store: BlobStore) -> None:
        self._store = store
        self.blob = uuid4().hex
        self.file_key = os.urandom(KEY_SIZE)
        self._stack = ExitStack()
        self._seal = SealingWriter(
            self._stack.enter_context(store.create(self.blob)), self.file_key, self.blob.encode()
        )
        self._digest = hashlib.sha256()
        self.head = b""
        """The first bytes of the plaintext, to tell its type by."""
        self._whole = False
        self._is_stored = False

    @property
    def size(self) -> int:
        """Plaintext bytes."""
        return self._seal.size

    @property
    def sha256(self) -> bytes:
        return self._digest.digest()

    def write(self, data: bytes) -> int:
        if len(self.head) < HEAD:
            self.head += bytes(data[: HEAD - len(self.head)])
        self._digest.update(data)
        self._seal.write(data)
        return len(data)

    def seek(self, _position: int) -> None:
        """What the form parser calls when the file is complete."""
        if not self._whole:
            self._seal.finish()
            self._stack.close()
            self._whole = True

    def read(self, _size: int = -1) -> bytes:
        raise ValueError("an incoming file is sealed and cannot be read back")

    @contextmanager
    def reopened(self) -> Iterator[BinaryIO]:
        """The whole file as it arrived, read back out of the store and unsealed piece by piece."""
        with self._store.open(self.blob) as blob:
            yield BufferedReader(SealedFile(SealedReader(blob, self.file_key, self.blob.encode())), SEGMENT)

    def keep(self) -> None:
        """A row names this file now. Should its transaction fail, the file stays behind as an orphan to be swept:
        better than a row without its file."""
        self._is_stored = True

    def close(self) -> None:
        """Removes what nobody kept: half an upload, or a whole one that was refused."""
        if not self._whole:
            try:
                self._stack.__exit__(_BrokenOff, _BrokenOff(), None)
            except _BrokenOff:
                self._whole = self._is_stored = True
            return
        if not self._is_stored:
            self._store.delete(self.blob)
            self._is_stored = True
