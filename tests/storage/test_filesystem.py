"""What only a store in a folder can be asked."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

import pytest

from portal.errors import DependencyUnavailable
from portal.storage.filesystem import FilesystemStore


@pytest.fixture
def store(tmp_path: Path) -> FilesystemStore:
    made = FilesystemStore(tmp_path / "blobs")
    made.make()
    return made


def written(store: FilesystemStore, content: bytes = b"sealed bytes") -> str:
    key = uuid4().hex
    with store.create(key) as blob:
        blob.write(content)
    return key


def test_an_object_is_on_disk_before_it_is_called_by_its_name(
    store: FilesystemStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    sync, rename = os.fsync, Path.rename
    monkeypatch.setattr(os, "fsync", lambda fd: steps.append("sync") or sync(fd))
    monkeypatch.setattr(Path, "rename", lambda self, to: steps.append("rename") or rename(self, to))
    written(store)
    assert steps == ["sync", "rename", "sync"], "content, then the name, then the folder that holds the name"


def test_a_store_that_cannot_take_more_says_so(store: FilesystemStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_fd: int, _data: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(DependencyUnavailable), store.create(uuid4().hex) as blob:
        blob.write(b"x")
    assert list(store.unfinished()) == []


def test_nobody_else_on_the_machine_can_read_the_objects(store: FilesystemStore) -> None:
    key = written(store)
    assert (store.root / key[:2]).stat().st_mode & 0o077 == 0


def test_nobody_else_on_the_machine_can_list_them_either(store: FilesystemStore) -> None:
    written(store)
    for folder in (store.root, store.aside):
        assert folder.stat().st_mode & 0o077 == 0


def test_what_a_killed_process_left_behind_can_be_found_and_removed(store: FilesystemStore) -> None:
    (store.aside / uuid4().hex).write_bytes(b"half")
    (left,) = store.unfinished()
    store.discard(left)
    store.discard(left)
    assert list(store.unfinished()) == []


def test_a_folder_that_is_gone_is_a_neighbour_that_is_down(store: FilesystemStore) -> None:
    store.aside.rmdir()
    store.root.rmdir()
    with pytest.raises(DependencyUnavailable):
        store.check()
    with pytest.raises(DependencyUnavailable):
        list(store.listing())
    with pytest.raises(DependencyUnavailable), store.create(uuid4().hex) as blob:
        blob.write(b"x")
    assert not store.root.exists(), "no new folder where a disk should be"
