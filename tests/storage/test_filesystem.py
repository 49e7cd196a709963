"""The blob store in a folder: whole or not there, and nowhere else."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

import pytest

from portal.errors import Damaged, NeighbourDown
from portal.storage.filesystem import FilesystemStore


@pytest.fixture
def store(tmp_path: Path) -> FilesystemStore:
    return FilesystemStore(tmp_path / "blobs")


def written(store: FilesystemStore, content: bytes = b"sealed bytes") -> str:
    key = uuid4().hex
    with store.create(key) as blob:
        blob.write(content)
    return key


def test_what_was_written_is_read_from_any_offset(store: FilesystemStore) -> None:
    key = written(store, b"0123456789")
    with store.open(key) as blob:
        assert blob.size == 10
        assert blob.read_at(0, 10) == b"0123456789"
        assert blob.read_at(7, 10) == b"789"
        assert blob.read_at(10, 5) == b""


def test_an_object_is_not_there_before_it_is_whole(store: FilesystemStore) -> None:
    key = uuid4().hex
    with store.create(key) as blob:
        blob.write(b"half")
        assert list(store.keys()) == []
        with pytest.raises(Damaged), store.open(key):
            pass
    assert list(store.keys()) == [key]


def test_a_broken_write_leaves_nothing(store: FilesystemStore) -> None:
    def broken_off() -> None:
        with store.create(uuid4().hex) as blob:
            blob.write(b"half")
            raise RuntimeError("the network went away")

    with pytest.raises(RuntimeError):
        broken_off()
    assert list(store.keys()) == []
    assert list(store.unfinished.iterdir()) == []


def test_an_object_is_on_disk_before_it_is_called_by_its_name(
    store: FilesystemStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    sync, rename = os.fsync, Path.rename
    monkeypatch.setattr(os, "fsync", lambda fd: steps.append("sync") or sync(fd))
    monkeypatch.setattr(Path, "rename", lambda self, to: steps.append("rename") or rename(self, to))
    written(store)
    assert steps == ["sync", "rename", "sync"], "content, then the name, then the folder that holds the name"


def test_deleting_twice_is_no_error(store: FilesystemStore) -> None:
    key = written(store)
    store.delete(key)
    store.delete(key)
    assert list(store.keys()) == []


@pytest.mark.parametrize("key", ["../../etc/passwd", "", "x" * 32, "A" * 32, "0" * 32 + "/.."])
def test_only_a_random_key_is_a_name(store: FilesystemStore, key: str) -> None:
    with pytest.raises(ValueError), store.open(key):
        pass
    with pytest.raises(ValueError), store.create(key):
        pass


def test_a_store_that_cannot_take_more_says_so(store: FilesystemStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_fd: int, _data: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(NeighbourDown), store.create(uuid4().hex) as blob:
        blob.write(b"x")
    assert list(store.unfinished.iterdir()) == []


def test_nobody_else_on_the_machine_can_read_the_objects(store: FilesystemStore) -> None:
    key = written(store)
    assert (store.root / key[:2]).stat().st_mode & 0o077 == 0
