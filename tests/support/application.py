"""The web application of a test process. Making one and compiling its templates takes longer than most tests, so there
is one, which moves from the house of one test into the house of the next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from portal import create_app, move_in
from portal.runtime import House

_inhabited: list[House] = []


@contextmanager
def lived_in(house: House) -> Iterator[Flask]:
    """The application in `house`, for the length of a block. A test that needs two at once makes the second itself."""
    assert not _inhabited, "the application lives in another house already"
    assert not house.settings.behind_proxies, "what stands before the application does not move with it"
    app = _made(house)
    move_in(app, house)
    for learned in ("eid_clients", "staff_clients"):
        app.extensions.pop(learned, None)
    _inhabited.append(house)
    try:
        yield app
    finally:
        _inhabited.clear()


_apps: list[Flask] = []


def _made(house: House) -> Flask:
    if not _apps:
        _apps.append(create_app(house))
    return _apps[0]
