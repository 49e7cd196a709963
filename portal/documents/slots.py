"""How many processes may look into strangers' files at once: on this machine, and on behalf of one person.

A slot is a lock on a file, shared by everything of the portal that runs on the machine as the same user (gunicorn's
processes, the worker). The system gives it back when its holder ends, however that happens. The process that reads gets
the lock's descriptor as well, so that one whose parent was killed still counts.

Whoever finds no slot waits a little, and then is told so (`Busy`): a thread that waits for long is one that serves
nobody.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from portal.errors import Busy, UnsafeConfiguration

FOLDER = Path(tempfile.gettempdir()) / f"portal-readers-{os.geteuid()}"
"""Where the locks lie: empty files, without a name of anybody. Processes with another TMPDIR count for themselves."""
ALL = min(4, max(2, os.cpu_count() or 2))
"""Readers on this machine at once. Each takes at most `reader._MEMORY` bytes."""
OWN = ALL // 2
"""Of these, on behalf of one person, so that nobody can take them all."""
WAITING, OWN_WAITING = 4, 2
"""Threads of one process that may wait or read at once, and on behalf of one person: the other half of the eight that
gunicorn is started with stays free for everything else."""
_BUCKETS = 256
_PAUSE = 0.05

_here: Counter[str] = Counter()
_guard = threading.Lock()


@dataclass(frozen=True)
class Turn:
    """On whose behalf something is read (any word for them), and for how many seconds they wait for a slot."""

    who: str
    patience: float


BY_THE_WORKER = Turn("the worker", 120)
"""What nobody waits for at a screen. It never takes all slots either."""


@contextmanager
def taken(turn: Turn) -> Iterator[int]:
    """A slot for the length of a block, as the descriptor that holds it. Raises Busy."""
    _make_folder()
    until = time.monotonic() + turn.patience
    own = f"person-{_bucket(turn.who)}"
    with _place_to_wait(turn.who), _one_of(own, OWN, until), _one_of("reader", ALL, until) as descriptor:
        yield descriptor


@contextmanager
def taken_alone(name: str, turn: Turn) -> Iterator[int]:
    """The only slot of its name on this machine, for what takes far more than a reader does. Raises Busy."""
    _make_folder()
    with _one_of(name, 1, time.monotonic() + turn.patience) as descriptor:
        yield descriptor


@contextmanager
def _place_to_wait(who: str) -> Iterator[None]:
    with _guard:
        if _here.total() >= WAITING or _here[who] >= OWN_WAITING:
            raise Busy
        _here[who] += 1
    try:
        yield
    finally:
        with _guard:
            _here[who] -= 1
            if not _here[who]:
                del _here[who]


@contextmanager
def _one_of(name: str, count: int, until: float) -> Iterator[int]:
    while True:
        for number in range(count):
            descriptor = os.open(FOLDER / f"{name}-{number}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                continue
            except BaseException:
                os.close(descriptor)
                raise
            try:
                yield descriptor
            finally:
                os.close(descriptor)
            return
        if time.monotonic() >= until:
            raise Busy
        time.sleep(_PAUSE)


def _bucket(who: str) -> int:
    """Which of a fixed number of lock files is a person's: two may share one, and then wait for each other."""
    return int.from_bytes(hashlib.sha256(who.encode()).digest()[:4], "big") % _BUCKETS


def _make_folder() -> None:
    """Raises UnsafeConfiguration where somebody else has put something in its place."""
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    about = FOLDER.lstat()
    if about.st_uid != os.geteuid() or about.st_mode & 0o077 or FOLDER.is_symlink():
        raise UnsafeConfiguration(f"{FOLDER} is not this user's alone; remove it")
