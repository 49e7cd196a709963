"""Four people press the same button in the same moment: as unlucky as it can be, and every time.

All four requests are let in before any of them goes on, so that each has read the case as it was. None is committed
before each of the others has either come as far or waits for it in the database.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from werkzeug.test import TestResponse

from portal.db import PortalSession
from portal.web.app import PortalApp

FOUR = 4
_PATIENCE = 60
"""Seconds after which a test goes on, to fail where it would hang."""
_WAITING = """select count(*) from pg_stat_activity
              where datname = current_database() and wait_event_type = 'Lock' and pid <> pg_backend_pid()"""


class Gate:
    """What the requests of one moment go through."""

    def __init__(self, owner: psycopg.Connection) -> None:
        self._owner = owner
        self._start = threading.Barrier(FOUR, timeout=_PATIENCE)
        self._open = threading.Event()
        self._guard = threading.Lock()
        self._arrived = self.done = 0

    def start(self) -> None:
        try:
            self._start.wait()
        except threading.BrokenBarrierError:
            self._open.set()

    def commit(self) -> None:
        with self._guard:
            self._arrived += 1
            first = self._arrived == 1
        until = time.monotonic() + _PATIENCE
        while first and not self._open.is_set() and time.monotonic() < until:
            with self._guard:
                there = self._arrived + self.done
            waiting = self._owner.execute(_WAITING).fetchone()
            if there + (waiting[0] if waiting else 0) >= FOUR:
                self._open.set()
            time.sleep(0.002)
        self._open.set() if first else self._open.wait(_PATIENCE)

    def left(self) -> None:
        with self._guard:
            self.done += 1


_here = threading.local()


@contextmanager
def gated() -> Iterator[None]:
    """While the block lasts, requests of `at_once` go through its gate, and all others as ever."""
    dispatch, commit = PortalApp.dispatch_request, PortalSession.commit

    def dispatched(app: PortalApp):  # type: ignore[no-untyped-def]
        if gate := getattr(_here, "gate", None):
            gate.start()
        return dispatch(app)

    def committed(session: PortalSession) -> None:
        if (gate := getattr(_here, "gate", None)) and not getattr(_here, "passed", False):
            _here.passed = True
            session.flush()
            gate.commit()
        commit(session)

    PortalApp.dispatch_request, PortalSession.commit = dispatched, committed  # type: ignore[method-assign]
    try:
        yield
    finally:
        PortalApp.dispatch_request, PortalSession.commit = dispatch, commit  # type: ignore[method-assign]


def at_once(owner: psycopg.Connection, senders: list[Callable[[], TestResponse]]) -> list[tuple[int, str]]:
    """What each of the four was answered: status and where it led or, of a fault, what it was."""
    gate, answers = Gate(owner), [(0, "no answer")] * FOUR

    def send(number: int, sender: Callable[[], TestResponse]) -> None:
        _here.gate, _here.passed = gate, False
        try:
            response = sender()
            answers[number] = (
                response.status_code,
                response.get_data(as_text=True) if response.status_code > 499 else response.headers.get("Location", ""),
            )
            response.close()
        except BaseException as problem:  # noqa: BLE001  a fault of the portal ends the test by one of these
            answers[number] = 500, str(problem)
        finally:
            _here.gate = None
            gate.left()

    assert len(senders) == FOUR
    threads = [threading.Thread(target=send, args=each) for each in enumerate(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads), "they wait for each other"
    return answers
