"""Looking for words where they should not be: at every address of a case, asked for in several ways."""

from __future__ import annotations

import os
from collections.abc import Iterable
from uuid import uuid4

from flask import Flask

from portal.runtime import Runtime
from tests.rules.routes import CASE_ROUTES, Route, own
from tests.support.browser import Browser, Page
from tests.support.story import Story
from tests.support.world import BETWEEN_TWO, COMPARTMENTS, CONFIDED, NAME, World

_HARMLESS = ("case.find", "messages.reply", "versions.add")
"""POSTs that change nothing as they are sent here, but whose answers could tell something."""
_ABOUT_A_THING = ("files/", "messages/", "audience/")


NIGHT = os.environ.get("HYPOTHESIS_PROFILE") == "long"
"""Whether this is `make test-long`."""


def in_every_run(*few: str, at_night: Iterable[str]) -> list[str]:
    """The kinds of people a slow question is asked for: those that differ most in every run, all of them at night."""
    every = list(at_night)
    assert set(few) <= set(every)
    return every if NIGHT else list(few)


def browser_of(kind: str, app: Flask, runtime: Runtime, world: World) -> tuple[Browser, str]:
    """A browser in which that kind of person is signed in, and a CSRF token of theirs."""
    token = None if kind == "anonymous" else Story(runtime).token(world.people[kind])
    browser = Browser(app, token, thorough=False)
    return browser, browser.csrf()


def hidden_from(kind: str, world: World) -> set[str]:
    """Every word that this kind of person must never meet."""
    sees = world.sees.get(kind, set())
    words = {secret for compartment in set(COMPARTMENTS) - sees for secret in world.all_words(compartment)}
    words |= set() if kind in BETWEEN_TWO else {CONFIDED}
    if not sees and kind != "custody holder shut out":  # who knows whose custody they hold
        words |= {NAME, NAME.split()[0]}
    return words


def leaks(kind: str, app: Flask, runtime: Runtime, world: World) -> set[str]:
    """The words that must be hidden from this kind of person and were in some answer."""
    browser, token = browser_of(kind, app, runtime, world)
    hidden, found = hidden_from(kind, world), set()
    asked: set[str] = set()
    for compartment in COMPARTMENTS:
        for route in CASE_ROUTES:
            path = route.path(own(world, compartment))
            if f"{route.method} {path}" in asked or (route.method != "GET" and route.endpoint not in _HARMLESS):
                continue
            asked.add(f"{route.method} {path}")
            for page in _every_way(browser, route, path, token, world.all_words(compartment)[2]):
                for secret in hidden:
                    # What somebody typed is repeated to them; that tells them nothing.
                    told = page.everything.replace(f'value="{secret}"', "").replace(f"”{secret}”", "")
                    found |= {secret} if secret in told else set()
    return found


def _every_way(browser: Browser, route: Route, path: str, token: str, secret: str) -> list[Page]:
    if route.method == "POST":
        return [browser.post(path, {"submission": str(uuid4()), "words": secret}, token)]
    if not any(part in path for part in _ABOUT_A_THING):
        return [browser.get(path)]
    return [browser.get(path), browser.get(path, headers=_IN_EVERY_MANNER)]


_IN_EVERY_MANNER = {
    "Range": "bytes=0-50",
    "If-None-Match": '"x"',
    "If-Modified-Since": "Thu, 01 Jan 2037 00:00:00 GMT",
    "Accept": "application/json",
    "X-Requested-With": "XMLHttpRequest",
}
"""All at once; each manner by itself is asked in test_leak_channels.py."""
