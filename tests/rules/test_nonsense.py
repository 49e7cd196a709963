"""Nonsense in every field, argument, part of an address, body and header, sent by people who may come that far: it is
told what is wrong, by a status that says so, and what is told to be wrong has changed nothing.

In every run each place gets other kinds of nonsense; at night (`make test-long`) every place gets all of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from flask import Flask

from portal.runtime import Runtime
from tests.rules.decisions import DECISIONS, EXCUSED, Press, Scene, as_sent
from tests.rules.leaks import NIGHT, browser_of, in_every_run
from tests.rules.nonsense.besides import BESIDES, Request
from tests.rules.nonsense.requests import (
    Sent,
    encoded,
    fields_of,
    in_bodies,
    in_fields,
    in_headers,
    in_path,
    in_query,
)
from tests.rules.nonsense.stage import NOTED, Answer, Stage
from tests.rules.routes import ROUTES, Route, own
from tests.rules.test_people_by_routes import OFFICES, STANDINGS
from tests.support.browser import Browser
from tests.support.story import Story
from tests.support.world import World

LOOKS = [route for route in ROUTES if route.method == "GET" and route.endpoint != "dav.door"]


def test_every_route_that_is_sent_something_is_sent_nonsense() -> None:
    decisions = {decision.route for group in DECISIONS.values() for decision in group}
    assert set(BESIDES) | {f"{m} dav.door" for m in _DAV} == set(EXCUSED)
    sent = {str(route) for route in ROUTES if route.method != "GET" and route.endpoint != "dav.door"}
    assert decisions | set(BESIDES) == sent


_DAV = ("POST", "PUT", "DELETE", "COPY", "MOVE", "MKCOL", "PROPPATCH", "LOCK", "UNLOCK")


CHANGED_ALL_THE_SAME = {
    # What met nobody else's is saved, and the rest is shown to choose from.
    "POST plan_form.save": frozenset({"plan_version", "plan_change"}),
    # A file that is not taken is told, and nothing of it is kept.
    "POST uploads.finish": frozenset({"begun_upload", "upload_part", "procrastinate_jobs", "procrastinate_events"}),
    # A question is asked once, whatever the answer.
    "POST signin.with_passkey": frozenset({"passkey_challenge"}),
    "POST stepup.with_passkey": frozenset({"passkey_challenge"}),
    "POST factors.add_passkey": frozenset({"passkey_challenge"}),
}
"""Refusals that change something, and what: the route, and why."""


class Sender:
    """One person's browser, opened anew for each request, and what came of what it sent."""

    def __init__(self, stage: Stage, browser: Browser, may_change: frozenset[str] = frozenset()) -> None:
        self._stage, self._may_change = stage, may_change
        self._cookies = dict(browser.client._cookies or {})
        self.wrong: list[str] = []
        self.sent = 0

    def send(self, method: str, path: str, **more: Any) -> Answer:
        client = self._stage.app.test_client()
        client._cookies = dict(self._cookies)
        return self._stage.ask(client, method, path, **more)

    def all(self, requests: Iterator[Sent]) -> None:
        for request in requests:
            self.sent += 1
            answer = self.send(request.method, request.path, **request.more)
            if answer.status >= 500 or answer.fault:
                self.wrong.append(f"{request}: {answer.status} {answer.fault or answer.text[:300]}")
            elif answer.status >= 400 and (changed := answer.changed - NOTED - self._may_change):
                self.wrong.append(f"{request}: {answer.status}, and yet changed {changed}")
            elif "Traceback" in answer.text:
                self.wrong.append(f"{request}: shows where it broke")


@pytest.mark.faulty
@pytest.mark.parametrize("group", in_every_run("consent", "files", "team", "plan", at_night=DECISIONS))
def test_nonsense_in_what_decides_something(
    group: str, app: Flask, runtime: Runtime, story: Story, owner: psycopg.Connection
) -> None:
    scene, stage = Scene(app, runtime, story, owner), Stage(app, runtime, owner)
    wrong: list[str] = []
    for decision in DECISIONS[group]:
        press = decision.prepared(scene)
        browser = Browser(app, thorough=False) if decision.who == "anonymous" else scene.browsers(decision.who)[0][0]
        as_it_should_be = Request(decision.who, press.path, press.fields, headers=press.more.get("headers", {}))
        wrong += _nonsense(stage, browser, str(decision), press.method, as_it_should_be, press.more.get("data"))
        assert _pressed(browser, press) < 400, f"{decision}: nobody could do it"
        if press.then is not None:
            press.then()
    assert not wrong, "\n".join(wrong)


def _pressed(browser: Browser, press: Press) -> int:
    token = browser.csrf()
    if press.method != "POST":
        more = {**press.more, "headers": {**press.more["headers"], "X-CSRFToken": token}}
        return browser.client.open(press.path, method=press.method, **more).status_code
    fields = {**as_sent(press.fields), "csrf_token": token, "submission": str(uuid4())}
    return browser.client.post(press.path, data=fields).status_code


@pytest.mark.faulty
def test_nonsense_in_what_decides_nothing(
    app: Flask, runtime: Runtime, story: Story, owner: psycopg.Connection
) -> None:
    scene, stage = Scene(app, runtime, story, owner), Stage(app, runtime, owner)
    _ = scene.admin
    wrong: list[str] = []
    for route, made in BESIDES.items():
        request = made(scene)
        browser = Browser(app, thorough=False) if request.who == "anonymous" else scene.browsers(request.who)[0][0]
        if request.before:
            request.before(browser)
        wrong += _nonsense(stage, browser, route, route.split()[0], request, None, request.answers)
    assert not wrong, "\n".join(wrong)


def _nonsense(
    stage: Stage,
    browser: Browser,
    seed: str,
    method: str,
    request: Request,
    content: bytes | None,
    answers: set[int] | None = None,
) -> list[str]:
    token = browser.csrf()
    sender = Sender(stage, browser, CHANGED_ALL_THE_SAME.get(" ".join(seed.split()[:2]), frozenset()))
    fields = [("csrf_token", token.encode()), ("submission", str(uuid4()).encode()), *fields_of(request.fields)]
    with stage.forgetting():
        if content is not None or request.headers:
            whole = {"data": content or b"", "headers": {**request.headers, "X-CSRFToken": token}}
        else:
            whole = encoded(fields)
        fine = sender.send(method, request.path, **whole)
        assert fine.status < 400 if answers is None else fine.status in answers, f"{seed}: {fine}"
        if content is None:
            sender.all(in_fields(method, request.path, fields, fine.heard, seed))
            sender.all(in_bodies(method, request.path, fields, token, seed))
        sender.all(in_path(method, request.path, stage.app.url_map, seed, **whole))
        sender.all(in_headers(method, request.path, fine.headers_heard, whole, seed))
    assert sender.sent
    return sender.wrong


PARTS = 4


@pytest.mark.faulty
@pytest.mark.parametrize("part", range(PARTS if NIGHT else 1))
def test_nonsense_in_what_is_asked_for(
    part: int, living_app: Flask, living: Runtime, world: World, living_owner: psycopg.Connection
) -> None:
    stage = Stage(living_app, living, living_owner)
    wrong: list[str] = []
    for route in LOOKS[part::PARTS]:
        for kind in _who_may(route):
            browser, _token = browser_of(kind, living_app, living, world)
            sender = Sender(stage, browser)
            path = route.path(own(world))
            with stage.forgetting():
                fine = sender.send("GET", path)
                sender.all(in_query("GET", path, fine.heard, str(route)))
                sender.all(in_path("GET", path, living_app.url_map, str(route)))
                sender.all(in_headers("GET", path, fine.headers_heard, {}, str(route)))
            assert sender.sent
            wrong += sender.wrong
    assert not wrong, "\n".join(wrong)


def _who_may(route: Route) -> list[str]:
    """Kinds of people who come as far as the view; at night all of them."""
    from portal.access.policy.roles import MATRIX

    if route.access == "public":
        return ["anonymous"]
    if route.access in ("signed_in", "awaiting_second_factor"):
        return ["guide"]
    able = [kind for kind, may in OFFICES.items() if route.access in may] or [
        kind for kind, (standing, level) in STANDINGS.items() if route.access in MATRIX[standing][level]
    ]
    return able if NIGHT else able[:1]
