"""How the work of a function grows with its text, told apart from how busy the machine is."""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import thread_time
from typing import TypeVar

T = TypeVar("T")

TIMES = 10
MOST = 15
"""Ten times the text may take at most so many times the work. What grows with the square takes a hundred times."""


def assert_grows_with_its_text(work: Callable[[T], object], made: Callable[[int], T], small: int) -> None:
    """Runs the work on what is made of a small size and of ten times as much. The processor's own time is taken, at
    first of as few runs as tell the two apart; where a busy machine made the one look slow, the least of several."""
    one, other = made(small), made(small * TIMES)
    work(one)  # what is only done once is done
    seen = []
    for small_runs, large_runs in [(2, 1)] + [(5, 2)] * 8:
        quick, slow = _least(work, one, small_runs), _least(work, other, large_runs)
        seen.append(f"{quick * 1000:.2f} ms -> {slow * 1000:.2f} ms")
        if slow <= MOST * quick or slow < 0.003:
            return
    raise AssertionError(f"{TIMES} times the text took more than {MOST} times the work: {', '.join(seen)}")


def _least(work: Callable[[T], object], of: T, runs: int) -> float:
    found = []
    gc.disable()  # looking through what other tests left in memory is no work of this
    try:
        for _run in range(runs):
            begun = thread_time()
            work(of)
            found.append(thread_time() - begun)
    finally:
        gc.enable()
    return max(min(found), 0.0001)
