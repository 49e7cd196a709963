"""A blob store in a folder: written aside, flushed to disk, then renamed into place."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from portal.errors import CorruptData, DependencyUnavailable
from portal.storage import Stored, UnfinishedObject, check_key, is_key


class FilesystemStore:
    """Objects are files named by their key, spread over 256 folders; unfinished ones lie in `unfinished/`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.aside = root / "unfinished"

    def make(self) -> None:
        with _neighbour():
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.aside.mkdir(mode=0o700, exist_ok=True)

    def check(self) -> None:
        if not os.access(self.aside, os.W_OK | os.X_OK):
            raise DependencyUnavailable("storage")

    def _path(self, key: str) -> Path:
        check_key(key)
        return self.root / key[:2] / key

    @contextmanager
    def create(self, key: str) -> Iterator[_FileWriter]:
        path = self._path(key)
        aside = self.aside / key
        try:
            with aside.open("xb", buffering=0) as file:
                yield _FileWriter(file.fileno())
                os.fsync(file.fileno())
            path.parent.mkdir(mode=0o700, exist_ok=True)
            aside.rename(path)
            _sync_folder(path.parent)
        except OSError as problem:
            raise DependencyUnavailable("storage") from problem
        finally:
            aside.unlink(missing_ok=True)

    @contextmanager
    def open(self, key: str) -> Iterator[_FileReader]:
        try:
            descriptor = os.open(self._path(key), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError as problem:
            raise CorruptData(f"blob {key} is missing") from problem
        except OSError as problem:
            raise DependencyUnavailable("storage") from problem
        try:
            yield _FileReader(descriptor)
        finally:
            os.close(descriptor)

    def delete(self, key: str) -> None:
        with _neighbour():
            self._path(key).unlink(missing_ok=True)

    def keys(self) -> Iterator[str]:
        return (stored.key for stored in self.listing())

    def listing(self) -> Iterator[Stored]:
        with _neighbour():
            for folder in sorted(self.root.iterdir()):
                if folder.is_dir() and folder != self.aside:
                    for entry in folder.iterdir():
                        about = _about(entry)
                        if about is not None and is_key(entry.name):
                            yield Stored(entry.name, about.st_size, datetime.fromtimestamp(about.st_mtime, UTC))

    def unfinished(self) -> Iterator[UnfinishedObject]:
        with _neighbour():
            for entry in sorted(self.aside.iterdir()):
                about = _about(entry)
                if about is not None:
                    yield UnfinishedObject(entry.name, datetime.fromtimestamp(about.st_mtime, UTC))

    def discard(self, unfinished: UnfinishedObject) -> None:
        with _neighbour():
            (self.aside / unfinished.key).unlink(missing_ok=True)


class _FileWriter:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]


class _FileReader:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.size = os.fstat(descriptor).st_size

    def read_at(self, offset: int, length: int) -> bytes:
        try:
            return os.pread(self._descriptor, length, offset)
        except OSError as problem:
            raise DependencyUnavailable("storage") from problem


@contextmanager
def _neighbour() -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise DependencyUnavailable("storage") from problem


def _about(entry: Path) -> os.stat_result | None:
    """None for one that went away while it was looked at."""
    try:
        return entry.stat()
    except FileNotFoundError:
        return None


def _sync_folder(path: Path) -> None:
    """A rename is durable only once the folder that holds the name is on disk too."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
