"""The portal on a real port, for programs that speak HTTP themselves: a browser, curl, a word processor."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.support.browser import cookie_of

_sent = threading.local()


class _Answer:
    """What is being sent, which is closed once."""

    def __init__(self, pieces: Any) -> None:
        self._pieces, self._closed = pieces, False

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._pieces)

    def close(self) -> None:
        if not self._closed and hasattr(self._pieces, "close"):
            self._closed = True
            self._pieces.close()


class _Closing(WSGIRequestHandler):
    """Closes what was being sent to a browser that has gone. The server listens to it once more before it closes
    anything, and where that fails, a file of ours would be left open."""

    def run_wsgi(self) -> None:
        try:
            super().run_wsgi()
        finally:
            if answer := getattr(_sent, "answer", None):
                answer.close()


def _remembering(app: Flask) -> Callable[[dict[str, Any], Any], _Answer]:
    def answer(environ: dict[str, Any], start: Any) -> _Answer:
        _sent.answer = _Answer(app(environ, start))
        return _sent.answer

    return answer


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Its address for the length of a block."""
    server = make_server("127.0.0.1", 0, _remembering(app), threaded=True, request_handler=_Closing)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Line:
    """The wire between a browser and the portal, to be cut in the middle of what is sent."""

    def __init__(self, address: str) -> None:
        self._port = int(address.rsplit(":", 1)[-1])
        self._door = socket.create_server(("localhost", 0))
        self.address = f"http://localhost:{self._door.getsockname()[1]}"
        self._open: set[socket.socket] = set()
        self._left: int | None = None
        self.holds = threading.Event()
        self.is_cut = False
        threading.Thread(target=self._answer, daemon=True).start()

    def hold_after(self, size: int) -> None:
        """Lets `size` bytes more go to the portal, then nothing, until it is cut or mended."""
        self._left = size

    def cut(self) -> None:
        self.is_cut = True
        self._hang_up()

    def mend(self) -> None:
        self.is_cut, self._left = False, None
        self.holds.clear()

    def close(self) -> None:
        self.cut()
        self._door.close()

    def _hang_up(self) -> None:
        for end in list(self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _answer(self) -> None:
        while True:
            try:
                near, _ = self._door.accept()
            except OSError:
                return
            if self.is_cut:
                near.close()
                continue
            far = socket.create_connection(("localhost", self._port))
            self._open |= {near, far}
            threading.Thread(target=self._carry, args=(near, far, True), daemon=True).start()
            threading.Thread(target=self._carry, args=(far, near, False), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, outward: bool) -> None:
        with suppress(OSError):
            while piece := source.recv(16384):
                if outward and self._left is not None:
                    self._left -= len(piece)
                    while self._left is not None and self._left < 0 and not self.is_cut and self._hears(source):
                        self.holds.set()
                        time.sleep(0.01)
                sink.sendall(piece)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _hears(self, near: socket.socket) -> bool:
        """Whether the browser is still there: it may have given up."""
        try:
            return near.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
        except BlockingIOError:
            return True


def cookie(app: Flask, token: str) -> dict[str, str]:
    """The session cookie as playwright takes it."""
    return {"name": cookie_of(app), "value": token, "domain": "localhost", "path": "/"}
