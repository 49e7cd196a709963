"""Where bytes live. A blob store keeps opaque, already sealed bytes under random keys and knows nothing of cases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol


class BlobWriter(Protocol):
    def write(self, data: bytes) -> object:
        """Adds bytes at the end. Raises NeighbourDown('storage') when the store cannot take them."""


class BlobReader(Protocol):
    size: int
    """Length of the stored object in bytes."""

    def read_at(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`; fewer only at the end of the object."""


class BlobStore(Protocol):
    """What every store can do. Keys are 32 hexadecimal digits chosen by the caller."""

    def create(self, key: str) -> AbstractContextManager[BlobWriter]:
        """A writer for a new object. It exists, whole and durable, once the block ends; an exception leaves nothing."""

    def open(self, key: str) -> AbstractContextManager[BlobReader]:
        """A reader. Raises Damaged when the object is missing, NeighbourDown('storage') when the store is."""

    def delete(self, key: str) -> None:
        """Removes the object; one that is already gone is no error."""

    def keys(self) -> Iterator[str]:
        """Every whole object, in no order."""
