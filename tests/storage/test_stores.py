"""What every blob store promises, asked of each: an object is whole or not there, and lies nowhere else."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.errors import CorruptData
from portal.storage import BlobStore
from portal.storage.filesystem import FilesystemStore
from tests.support.s3_server import S3Server

pytestmark = pytest.mark.xdist_group("s3")
PIECE = 64 * 1024


@pytest.fixture(params=["filesystem", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    """An empty store of each kind."""
    if request.param == "s3":
        server: S3Server = request.getfixturevalue("s3_server")
        return server.store()
    made = FilesystemStore(tmp_path / "blobs")
    made.make()
    return made


def written(store: BlobStore, content: bytes = b"sealed bytes") -> str:
    key = uuid4().hex
    with store.create(key) as blob:
        for begin in range(0, len(content), PIECE):
            blob.write(content[begin : begin + PIECE])
    return key


def test_what_was_written_is_read_from_any_offset(store: BlobStore) -> None:
    key = written(store, b"0123456789")
    with store.open(key) as blob:
        assert blob.size == 10
        assert blob.read_at(0, 10) == b"0123456789"
        assert blob.read_at(7, 10) == b"789"
        assert blob.read_at(10, 5) == b""


def test_an_object_is_not_there_before_it_is_whole(store: BlobStore) -> None:
    key = uuid4().hex
    with store.create(key) as blob:
        blob.write(b"half")
        assert list(store.keys()) == []
        with pytest.raises(CorruptData), store.open(key):
            pass
    assert list(store.keys()) == [key]


def test_a_broken_write_leaves_nothing(store: BlobStore) -> None:
    def broken_off() -> None:
        with store.create(uuid4().hex) as blob:
            blob.write(b"half")
            raise RuntimeError("the network went away")

    with pytest.raises(RuntimeError):
        broken_off()
    assert list(store.keys()) == []
    assert list(store.unfinished()) == []


def test_deleting_twice_is_no_error(store: BlobStore) -> None:
    key = written(store)
    store.delete(key)
    store.delete(key)
    assert list(store.keys()) == []


@pytest.mark.parametrize("key", ["../../etc/passwd", "", "x" * 32, "A" * 32, "0" * 32 + "/.."])
def test_only_a_random_key_is_a_name(store: BlobStore, key: str) -> None:
    with pytest.raises(ValueError), store.open(key):
        pass
    with pytest.raises(ValueError), store.create(key):
        pass
    with pytest.raises(ValueError):
        store.delete(key)


@pytest.mark.parametrize("size", [0, 1, PIECE, 5 * 1024 * 1024, 5 * 1024 * 1024 + 1, 11 * 1024 * 1024 + 7])
def test_an_object_of_any_size_comes_back_as_it_was(store: BlobStore, size: int) -> None:
    content = os.urandom(size)
    key = written(store, content)
    with store.open(key) as blob:
        assert blob.size == size
        found = bytearray()
        while piece := blob.read_at(len(found), PIECE):
            found += piece
    assert found == content


def test_any_range_in_any_order_is_the_same_as_the_slice(store: BlobStore) -> None:
    content = os.urandom(700_000)
    key = written(store, content)
    with store.open(key) as blob:

        @given(st.integers(0, len(content) + 10), st.integers(0, 300_000))
        @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
        def ask(offset: int, length: int) -> None:
            assert blob.read_at(offset, length) == content[offset : offset + length]

        ask()


def test_two_can_read_and_write_at_once(store: BlobStore) -> None:
    one, other = uuid4().hex, uuid4().hex
    with store.create(one) as first, store.create(other) as second:
        for number in range(100):
            first.write(b"a" * number)
            second.write(b"b" * number)
    with store.open(one) as first, store.open(other) as second:
        assert first.read_at(4900, 100) == b"a" * 50
        assert second.read_at(0, 3) == b"bbb"


def test_what_is_missing_is_damaged_and_no_empty_file(store: BlobStore) -> None:
    with pytest.raises(CorruptData), store.open(uuid4().hex):
        pass


def test_the_listing_tells_size_and_time_of_whole_objects(store: BlobStore) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    key = written(store, b"0123456789")
    (found,) = store.listing()
    assert (found.key, found.size) == (key, 10)
    assert before < found.written_at < datetime.now(UTC) + timedelta(seconds=2)


def test_a_store_in_use_finds_itself_in_order(store: BlobStore) -> None:
    key = written(store)
    store.check()
    store.make()
    assert list(store.keys()) == [key], "looking leaves nothing behind"
