"""An eID or an organisation's sign-in that answers with nonsense: a plain page, no session, and never a fault."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import psycopg
import pytest
from flask import Flask, Response

from portal.services.accounts.oio_privileges import held_for
from tests.rules.nonsense.values import some
from tests.support.browser import Browser
from tests.support.eid_server import EidServer
from tests.support.eid_visitors import ALMA, BORN, NOBODY, at_the_eid, begin
from tests.support.story import Room, Story

pytestmark = pytest.mark.usefixtures("eid")

ANSWERS = {
    "brackets": b"[" * 100_000,
    "objects": b'{"a":' * 100_000,
    "a whole deep object": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "digits without end": b'{"exp": ' + b"9" * 50_000 + b"}",
    "no text": b"\xff\xfe{}",
    "half a pair": b'{"sub": "\\ud800"}',
    "a list": b"[]",
    "nothing": b"",
    "no number": b'{"exp": NaN, "iat": -Infinity}',
}
WHERE = ("/.well-known/openid-configuration", "/jwks", "/token", "/userinfo")
VALUES: dict[str, Any] = {
    "nul": "a\0b",
    "half a pair": "\ud800",
    "a list": [["x"]],
    "an object": {"a": {}},
    "a number": 10**400,
    "a fraction": 1e308,
    "nothing": None,
    "yes": True,
    "an empty text": "",
    "digits of another script": "٠١٠١٧٠-٤٠٠٠",
    "the last day of all": "9999-12-31",
    "no day": "0000-00-00",
    "very much": "x" * 20_000,
}
CLAIMS = ("sub", "dk.cpr", "mitid.date_of_birth", "mitid.identity_name", "loa", "nonce", "aud", "exp", "iat", "azp")


@pytest.fixture
def room(story: Story) -> Room:
    return story.case(born=BORN, parents=0, name=ALMA.name, national_id=ALMA.national_id)


@pytest.mark.parametrize(
    ("where", "answer"), [(where, answer) for where in WHERE for answer in some(ANSWERS, where, 3)]
)
def test_an_answer_that_is_nonsense_lets_nobody_in(
    where: str, answer: str, browser: Browser, room: Room, eid: EidServer
) -> None:
    where = _path_of(eid, where)
    if "openid" not in where and "jwks" not in where:
        page = begin(browser, national_id=True)
        path = at_the_eid(browser, page, ALMA)
        eid.answer_instead[where] = lambda: Response(ANSWERS[answer], mimetype="application/json")
        page = browser.get(path)
    else:
        eid.answer_instead[where] = lambda: Response(ANSWERS[answer], mimetype="application/json")
        page = begin(browser, national_id=True)
        if page.status == 303:  # without keys one comes as far as the eID
            page = browser.get(at_the_eid(browser, page, ALMA))
    assert page.status in (403, 503)
    assert where in eid.asked
    assert browser.get("/cases").status == 303


def _path_of(eid: EidServer, where: str) -> str:
    """Where the provider has it."""
    paths = {rule.rule for rule in eid.app.url_map.iter_rules()}
    return where if where in paths else next(path for path in paths if where.strip("/") in path)


def _tokens(server: EidServer, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    server.bend_claims = change


def _told_besides(server: EidServer, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    server.bend_userinfo = change


def _both(server: EidServer, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    server.bend_claims = server.bend_userinfo = change


BENT = list(product([_tokens, _told_besides, _both], VALUES.items(), (ALMA, NOBODY)))
"""Where a claim is told, what it says and who comes."""


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claim_that_is_nonsense_is_no_fault_of_ours(
    claim: str,
    app: Flask,
    room: Room,
    eid: EidServer,
    owner: psycopg.Connection,
) -> None:
    """Where it goes unheard, the person comes in as who they are; else nobody does."""
    for bend, (why, value), who in some(BENT, claim, 6):
        eid.bend_claims = eid.bend_userinfo = lambda claims: claims
        bend(eid, lambda claims, value=value: {**claims, claim: value})
        browser = Browser(app)
        page = browser.follow(browser.get(at_the_eid(browser, begin(browser, True), who)))
        assert page.status in (200, 403), (claim, why)
        if page.path.startswith("/cases"):
            assert (who, page.path) == (ALMA, f"/cases/{room.case_id}"), (claim, why)
        people = owner.execute("select distinct person_id from eid_link").fetchall()
        assert people in ([], [(room.young.id,)]), (claim, why)


@pytest.mark.parametrize("subject", ["a\0b", "\n", "\x7f"])
def test_a_subject_that_nobody_can_keep_lets_nobody_in(
    subject: str, app: Flask, room: Room, eid: EidServer, owner: psycopg.Connection
) -> None:
    _both(eid, lambda claims: {**claims, "sub": subject})
    browser = Browser(app)
    page = browser.follow(browser.get(at_the_eid(browser, begin(browser, True), ALMA)))
    assert page.status == 403
    assert owner.execute("select count(*) from eid_link").fetchone() == (0,)


@pytest.mark.parametrize(
    "told",
    ["²", "\ud800", "=" * 9, "/" * 100_000, "8J+YgA==", "PD94bWwgdmVyc2lvbj0iMS4wIiBlbmNvZGluZz0ienF2Ij8+PGEvPg==",
     "PGE+" * 20_000],
)  # fmt: skip
def test_privileges_that_are_nonsense_are_none(told: str) -> None:
    assert held_for(told, "12345678") == frozenset()
