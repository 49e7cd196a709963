"""A machine reads few strangers' files at once, and nobody takes all its places."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from portal.documents import slots
from portal.documents.slots import Turn
from portal.errors import Busy, UnsafeConfiguration
from portal.settings import PROJECT


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """One of a test's own, with four slots."""
    monkeypatch.setattr(slots, "FOLDER", tmp_path / "readers")
    monkeypatch.setattr(slots, "ALL", 4)
    monkeypatch.setattr(slots, "OWN", 2)
    monkeypatch.setattr(slots, "WAITING", 100)
    monkeypatch.setattr(slots, "OWN_WAITING", 100)
    return tmp_path / "readers"


def at_once(who: str) -> Turn:
    return Turn(who, 0)


def test_nobody_gets_more_than_their_share_and_all_together_no_more_than_there_are() -> None:
    with ExitStack() as held:
        for _ in range(2):
            held.enter_context(slots.taken(at_once("Alma")))
        with pytest.raises(Busy):
            held.enter_context(slots.taken(at_once("Alma")))
        for _ in range(2):
            held.enter_context(slots.taken(at_once("Noah")))
        with pytest.raises(Busy):
            held.enter_context(slots.taken(at_once("Freja")))
    with slots.taken(at_once("Freja")):
        pass


def test_the_worker_leaves_room_for_whoever_sits_at_a_screen() -> None:
    with ExitStack() as held:
        for _ in range(slots.OWN):
            held.enter_context(slots.taken(Turn(slots.BY_THE_WORKER.who, 0)))
        with pytest.raises(Busy):
            held.enter_context(slots.taken(Turn(slots.BY_THE_WORKER.who, 0)))
        held.enter_context(slots.taken(at_once("Alma")))


def test_somebody_who_waits_gets_the_next_free_slot() -> None:
    got = threading.Event()

    def wait() -> None:
        with slots.taken(Turn("Alma", 30)):
            got.set()

    with slots.taken(at_once("Alma")), slots.taken(at_once("Alma")):
        waiting = threading.Thread(target=wait)
        waiting.start()
        assert not got.wait(0.3)
    waiting.join()
    assert got.is_set()


def test_only_so_many_threads_of_a_process_wait_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are told at once: a thread that waits serves nobody."""
    monkeypatch.setattr(slots, "WAITING", 3)
    monkeypatch.setattr(slots, "OWN_WAITING", 2)
    with ExitStack() as held:
        held.enter_context(slots.taken(at_once("Alma")))
        held.enter_context(slots.taken(at_once("Alma")))
        began = time.monotonic()
        with pytest.raises(Busy):
            held.enter_context(slots.taken(Turn("Alma", 30)))
        held.enter_context(slots.taken(at_once("Noah")))
        with pytest.raises(Busy):
            held.enter_context(slots.taken(Turn("Freja", 30)))
        assert time.monotonic() - began < 5


HOLDER = f"""
import sys, subprocess, time
sys.path.insert(0, {str(PROJECT)!r})
from pathlib import Path
from portal.documents import slots
slots.FOLDER, slots.ALL, slots.OWN = Path(sys.argv[1]), 4, 2
with slots.taken(slots.Turn("Alma", 0)) as slot, slots.taken(slots.Turn("Alma", 0)):
    child = subprocess.Popen(["sleep", "600"], pass_fds=(slot,)) if sys.argv[2] == "child" else None
    print(child.pid if child else 0, flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("with_child", ["alone", "child"])
def test_slots_are_the_machines_and_come_back_when_their_holder_is_killed(with_child: str, machine: Path) -> None:
    """Also what a killed process had begun to read counts until it ends."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(machine), with_child], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    child = int(holder.stdout.readline())
    try:
        with pytest.raises(Busy), slots.taken(at_once("Alma")):
            pass
        holder.kill()
        holder.wait()
        with ExitStack() as held:
            held.enter_context(slots.taken(Turn("Alma", 10)))
            held.enter_context(slots.taken(Turn("Noah", 10)))
            held.enter_context(slots.taken(Turn("Noah", 10)))
            if with_child == "child":
                with pytest.raises(Busy):
                    held.enter_context(slots.taken(at_once("Freja")))
                os.kill(child, signal.SIGKILL)
            held.enter_context(slots.taken(Turn("Freja", 10)))
    finally:
        if child:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        holder.kill()
        holder.wait()
        holder.stdout.close()


def test_no_name_stands_in_the_folder_of_the_locks(machine: Path) -> None:
    with slots.taken(at_once("Alma Dahl")):
        names = sorted(path.name for path in machine.iterdir())
    assert [name.rstrip("0123456789") for name in names] == [f"person-{slots._bucket('Alma Dahl')}-", "reader-"]
    assert all(path.stat().st_size == 0 for path in machine.iterdir())
    assert machine.stat().st_mode & 0o077 == 0


def test_a_folder_that_others_can_write_to_is_not_used(machine: Path, tmp_path: Path) -> None:
    machine.mkdir()
    machine.chmod(0o777)
    with pytest.raises(UnsafeConfiguration), slots.taken(at_once("Alma")):
        pass
    machine.rmdir()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    machine.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnsafeConfiguration), slots.taken(at_once("Alma")):
        pass
