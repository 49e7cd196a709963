"""A blob store in a folder: written aside, flushed to disk, then renamed into place."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.errors import Damaged, NeighbourDown

_KEY = re.compile(r"^[0-9a-f]{32}$")


class FilesystemStore:
    """Objects are files named by their key, spread over 256 folders; unfinished ones lie in `unfinished/`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.unfinished = root / "unfinished"
        self.unfinished.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _path(self, key: str) -> Path:
        if not _KEY.match(key):
            raise ValueError("a blob key is 32 hexadecimal digits")
        return self.root / key[:2] / key

    @contextmanager
    def create(self, key: str) -> Iterator[_Writer]:
        path = self._path(key)
        aside = self.unfinished / key
        try:
            with aside.open("xb", buffering=0) as file:
                yield _Writer(file.fileno())
                os.fsync(file.fileno())
            path.parent.mkdir(mode=0o700, exist_ok=True)
            aside.rename(path)
            _sync_folder(path.parent)
        except OSError as problem:
            raise NeighbourDown("storage") from problem
        finally:
            aside.unlink(missing_ok=True)

    @contextmanager
    def open(self, key: str) -> Iterator[_Reader]:
        try:
            descriptor = os.open(self._path(key), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError as problem:
            raise Damaged(f"blob {key} is missing") from problem
        except OSError as problem:
            raise NeighbourDown("storage") from problem
        try:
            yield _Reader(descriptor)
        finally:
            os.close(descriptor)

    def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def keys(self) -> Iterator[str]:
        for folder in sorted(self.root.iterdir()):
            if folder.is_dir() and folder != self.unfinished:
                yield from (entry.name for entry in folder.iterdir() if _KEY.match(entry.name))


class _Writer:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]


class _Reader:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.size = os.fstat(descriptor).st_size

    def read_at(self, offset: int, length: int) -> bytes:
        try:
            return os.pread(self._descriptor, length, offset)
        except OSError as problem:
            raise NeighbourDown("storage") from problem


def _sync_folder(path: Path) -> None:
    """A rename is durable only once the folder that holds the name is on disk too."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
