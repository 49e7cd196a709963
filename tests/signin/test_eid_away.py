"""An eID that is away, fails half way or cannot be trusted: a clear page, and the others work on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask, Response

from portal.access.signin.oidc import OidcClient
from tests.support.browser import Browser
from tests.support.eid_server import EidServer, provider_of
from tests.support.eid_visitors import ALMA, BORN, at_the_eid, begin
from tests.support.story import Room, Story

pytestmark = pytest.mark.usefixtures("eid")


@pytest.fixture
def room(story: Story) -> Room:
    """A case about Alma, whose CPR number the guide has typed."""
    return story.case(born=BORN, parents=0, name=ALMA.name, national_id=ALMA.national_id)


def _slow() -> Response:
    return Response("", 500)


@pytest.mark.parametrize("where", ["/token", "/userinfo", "/jwks"])
def test_an_eid_that_fails_half_way_is_a_clear_page_and_no_session(
    where: str, browser: Browser, eid: EidServer, room: Room
) -> None:
    started = begin(browser, True)
    callback = at_the_eid(browser, started, ALMA)
    eid.answer_instead[where] = _slow
    browser.app.extensions["eid_clients"]["demo"]._fetched = -1e9
    page = browser.get(callback)
    assert page.status == 403
    assert "eID svarer ikke" in page.text
    assert browser.get("/cases").status == 303


def test_an_eid_that_is_away_keeps_professionals_working(app: Flask, browser: Browser, story: Story) -> None:
    provider = provider_of(Path("/nowhere"), "http://127.0.0.1:9")
    app.extensions["eid_clients"] = {"demo": OidcClient(provider, "http://localhost/eid/demo/callback")}
    page = begin(browser)
    assert page.status == 403
    assert "eID svarer ikke" in page.text
    guide = Browser(app, story.token(story.guide()))
    assert guide.get("/cases").status == 200


@pytest.mark.parametrize(
    "answer",
    [
        lambda: Response("not json", 200),
        lambda: Response("[1]", 200),
        lambda: Response("x" * 300_000, 200),
        lambda: Response("", 302, {"Location": "http://127.0.0.1:9/"}),
        lambda: Response('{"issuer": "https://evil.example"}', 200),
    ],
)
def test_metadata_that_cannot_be_trusted_is_a_refusal_page(
    answer: Callable[[], Response], browser: Browser, eid: EidServer
) -> None:
    eid.answer_instead["/.well-known/openid-configuration"] = answer
    assert begin(browser).status == 403


def test_a_plain_http_endpoint_outside_this_machine_is_not_used(browser: Browser, eid: EidServer) -> None:
    eid.bend_metadata = lambda m: {**m, "authorization_endpoint": "http://evil.example/authorize"}
    assert begin(browser).status == 403
