"""The web application of a test process. Making one and compiling its templates takes longer than most tests, so there
is one, which moves from the runtime of one test into that of the next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from portal import bind_runtime, create_app
from portal.runtime import Runtime

_inhabited: list[Runtime] = []


@contextmanager
def app_for(runtime: Runtime) -> Iterator[Flask]:
    """The application in `runtime`, for the length of a block. Whoever needs two at once makes the second itself."""
    assert not _inhabited, "the application lives in another runtime already"
    assert not runtime.settings.behind_proxies, "what stands before the application does not move with it"
    app = _made(runtime)
    bind_runtime(app, runtime)
    for learned in ("eid_clients", "staff_clients"):
        app.extensions.pop(learned, None)
    _inhabited.append(runtime)
    try:
        yield app
    finally:
        _inhabited.clear()


_apps: list[Flask] = []


def _made(runtime: Runtime) -> Flask:
    if not _apps:
        _apps.append(create_app(runtime))
    return _apps[0]
