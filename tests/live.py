"""The portal on a real port, for programs that speak HTTP themselves: a browser, curl, a word processor."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from werkzeug.serving import make_server

from tests.browser import cookie_of


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Its address for the length of a block."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def cookie(app: Flask, token: str) -> dict[str, str]:
    """The session cookie as playwright takes it."""
    return {"name": cookie_of(app), "value": token, "domain": "localhost", "path": "/"}
