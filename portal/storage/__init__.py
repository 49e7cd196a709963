"""Where bytes live. A blob store keeps opaque, already sealed bytes under random keys and knows nothing of cases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

_KEY = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Stored:
    """A whole object. `size` is bytes, `written_at` UTC."""

    key: str
    size: int
    written_at: datetime


@dataclass(frozen=True)
class UnfinishedObject:
    """An object somebody began to write: still at it, or broken off without a chance to clean up."""

    key: str
    begun_at: datetime
    upload: str = ""
    """What the store itself calls it, where that is not the key."""


class BlobWriter(Protocol):
    def write(self, data: bytes) -> object:
        """Adds bytes at the end. Raises DependencyUnavailable('storage') when the store cannot take them."""


class BlobReader(Protocol):
    size: int
    """Length of the stored object in bytes."""

    def read_at(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`; fewer only at the end of the object."""


class BlobStore(Protocol):
    """What every store can do. Keys are 32 hexadecimal digits chosen by the caller; any other raises ValueError.
    Everything raises DependencyUnavailable('storage') when the store does not answer."""

    def check(self) -> None:
        """Returns when the store can be used. Raises UnsafeConfiguration when others than the portal can use it."""

    def make(self) -> None:
        """Makes the place where objects will lie, unless it is there."""

    def create(self, key: str) -> AbstractContextManager[BlobWriter]:
        """A writer for a new object. It exists, whole and durable, once the block ends; an exception leaves nothing."""

    def open(self, key: str) -> AbstractContextManager[BlobReader]:
        """A reader. Raises CorruptData when the object is missing, DependencyUnavailable('storage') when the store
        is."""

    def delete(self, key: str) -> None:
        """Removes the object; one that is already gone is no error."""

    def keys(self) -> Iterator[str]:
        """Every whole object, in no order."""

    def listing(self) -> Iterator[Stored]:
        """Every whole object with its size and time, in no order."""

    def unfinished(self) -> Iterator[UnfinishedObject]:
        """Every object that was begun and not finished."""

    def discard(self, unfinished: UnfinishedObject) -> None:
        """Removes what is there of an unfinished object; one that is already gone is no error."""


def is_key(name: str) -> bool:
    return _KEY.fullmatch(name) is not None


def check_key(name: str) -> None:
    """Raises ValueError for what is no key, so that no name can lead elsewhere."""
    if not is_key(name):
        raise ValueError("a blob key is 32 hexadecimal digits")
