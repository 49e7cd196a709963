"""Citizens sign in through brokers of MitID, as the settings name them, played by a certified provider that nobody here
wrote (npm oidc-provider)."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import psycopg
import pytest
from flask import Flask

from portal.identity_providers import presets
from portal.services.members import team
from portal.settings import PROJECT
from tests.signin.eid_brokers.conftest import BORN, CPR, Broker, begin, has_no_session, refusals, sign_in
from tests.support.browser import Browser, held
from tests.support.story import Room, Story


def test_the_sign_in_page_shows_every_eid_that_is_configured_and_nothing_about_the_person_before(
    browser: Browser, brokers: dict[str, Broker], room: Room
) -> None:
    brokers["neb"].start()
    page = browser.get("/sign-in")
    assert "Log på med MitID (neb)" in page.text
    assert "Log på med MitID (idura)" in page.text
    browser.follow(sign_in(browser, brokers["neb"], "alma"))
    browser.post("/sign-out")
    again = browser.get("/sign-in")
    for told in ("Alma", CPR, CPR[:6], "alma"):
        assert told not in again.everything
    left = {cookie.key: cookie.value for cookie in browser.client._cookies.values()}  # type: ignore[union-attr]
    assert all("Alma" not in value and CPR not in value for value in left.values())
    assert not {name for name in left if name.startswith("login")}
    asked = parse_qs(urlsplit(begin(browser, brokers["neb"]).headers["Location"]).query)
    assert asked["prompt"] == ["login"], "the broker may not let somebody in as the one before"


@pytest.mark.parametrize(("which", "account"), [("neb", "alma"), ("idura", "{alma}")])
def test_somebody_invited_comes_in_by_their_number_and_the_next_time_without_it(
    which: str, account: str, browser: Browser, brokers: dict[str, Broker], room: Room, owner: psycopg.Connection
) -> None:
    broker = brokers[which]
    broker.start()
    landed = browser.follow(sign_in(browser, broker, account))
    assert landed.path == f"/cases/{room.case_id}"
    assert owner.execute("select issuer, subject from eid_link").fetchall() == [(broker.issuer, account)]
    browser.post("/sign-out")
    asked = begin(browser, broker).headers["Location"]
    assert "ssn" not in parse_qs(urlsplit(asked).query)["scope"][0]
    assert browser.follow(browser.get(broker.visitor.sign_in(asked, account))).path == f"/cases/{room.case_id}"
    saved = owner.execute("select t::text from national_id t union all select t::text from provider_session t")
    assert not [row for row in saved if CPR in row[0]]


def test_two_brokers_know_the_same_person_by_different_subjects(
    browser: Browser, brokers: dict[str, Broker], room: Room, owner: psycopg.Connection
) -> None:
    for broker, account in ((brokers["neb"], "alma"), (brokers["idura"], "{alma}")):
        broker.start()
        assert browser.follow(sign_in(browser, broker, account)).path == f"/cases/{room.case_id}"
        browser.post("/sign-out")
    assert owner.execute("select count(*), count(distinct person_id) from eid_link").fetchone() == (2, 1)


def test_a_broker_is_asked_with_the_words_of_its_preset(browser: Browser, brokers: dict[str, Broker]) -> None:
    brokers["idura"].start()
    asked = parse_qs(urlsplit(begin(browser, brokers["idura"]).headers["Location"]).query)
    assert asked["acr_values"] == ["urn:grn:authn:dk:mitid:substantial"]
    assert asked["code_challenge_method"] == ["S256"]


def test_pkce_is_forced_and_a_request_without_it_gets_nowhere(browser: Browser, brokers: dict[str, Broker]) -> None:
    brokers["neb"].start()
    address = begin(browser, brokers["neb"]).headers["Location"]
    parts = urlsplit(address)
    bare = {k: v[0] for k, v in parse_qs(parts.query).items() if not k.startswith("code_challenge")}
    back = brokers["neb"].visitor.sign_in(parts._replace(query=urlencode(bare)).geturl(), "alma")
    assert "error=invalid_request" in back
    page = browser.get(back)
    assert page.status == 403
    assert has_no_session(browser)


def test_giving_up_at_the_broker_is_friendly(
    browser: Browser, brokers: dict[str, Broker], owner: psycopg.Connection
) -> None:
    brokers["neb"].start()
    page = browser.get(brokers["neb"].visitor.give_up(begin(browser, brokers["neb"]).headers["Location"]))
    assert page.status == 403
    assert "Du kan prøve igen, når du vil" in page.text
    assert refusals(owner) == [("eid:neb", "aborted")]
    assert has_no_session(browser)


@pytest.mark.parametrize(
    ("which", "account", "reason", "said"),
    [
        ("neb", "alma-low", "level", "niveau"),
        ("idura", "{alma-low}", "level", "niveau"),
        ("neb", "child", "age", "for ung"),
    ],
)
def test_too_low_a_level_and_too_young_are_refused_in_plain_words(
    which: str, account: str, reason: str, said: str, browser: Browser, brokers: dict[str, Broker], room: Room,
    owner: psycopg.Connection,
) -> None:  # fmt: skip
    brokers[which].start()
    page = sign_in(browser, brokers[which], account)
    assert page.status == 403
    assert said in page.text
    assert refusals(owner) == [(f"eid:{which}", reason)]
    assert has_no_session(browser)


def test_a_stranger_may_use_a_code_and_their_browser_holds_nothing_about_them(
    browser: Browser, brokers: dict[str, Broker], story: Story, app: Flask, owner: psycopg.Connection, calendar: Any
) -> None:
    brokers["neb"].start()
    room = story.case(born=BORN)
    code = story.play(room, room.guide, lambda t: team.make_code(t, room.member(room.young)))
    page = browser.follow(sign_in(browser, brokers["neb"], "sami"))
    assert page.path == "/eid/code"
    form = browser.client.get_cookie("form-80", domain="localhost")
    assert form is not None
    assert "sami" not in form.value
    assert brokers["neb"].issuer not in form.value
    wrong = browser.submit(page, "code", code="AAAA")
    assert wrong.status == 422
    assert refusals(owner)[-1] == ("code", "unknown")
    calendar.move(minutes=11)
    assert browser.submit(wrong, "code", code=code).status == 404, "whoever sits there next cannot go on"
    calendar.move(minutes=-11)
    landed = browser.follow(browser.submit(wrong, "code", code=code))
    assert landed.path == f"/cases/{room.case_id}"
    assert owner.execute("select count(*) from eid_stranger").fetchone() == (0,)


def test_a_code_of_the_broker_counts_once(
    browser: Browser, brokers: dict[str, Broker], room: Room, owner: psycopg.Connection
) -> None:
    neb_ = brokers["neb"]
    neb_.start()
    first = neb_.visitor.sign_in(begin(browser, neb_).headers["Location"], "alma")
    assert browser.get(first).status == 200
    code = parse_qs(urlsplit(first).query)["code"][0]
    second = urlsplit(neb_.visitor.sign_in(begin(browser, neb_).headers["Location"], "alma"))
    swapped = {**{k: v[0] for k, v in parse_qs(second.query).items()}, "code": code}
    page = browser.get(f"{second.path}?{urlencode(swapped)}")
    assert page.status == 403
    assert refusals(owner) == [("eid:neb", "answer")]
    assert has_no_session(browser)


WITHOUT: dict[str, dict[str, str | None]] = {
    "neither": {"prompt": None, "max_age": None},
    "an old proof is asked for": {"prompt": None, "max_age": "86400"},
    "nobody is to be asked": {"prompt": "none", "max_age": None},
}
"""What a browser can do to the address it is sent to."""


def changed(address: str, by: dict[str, str | None]) -> str:
    parts = urlsplit(address)
    asked = {**{k: v[0] for k, v in parse_qs(parts.query).items()}, **by}
    return parts._replace(query=urlencode({k: v for k, v in asked.items() if v is not None})).geturl()


@pytest.mark.parametrize("how", WITHOUT)
def test_the_brokers_session_of_the_one_before_signs_nobody_in_and_confirms_nothing(
    how: str, browser: Browser, brokers: dict[str, Broker], room: Room, owner: psycopg.Connection, calendar: Any
) -> None:
    """Somebody else at the same computer takes out of the address that the broker is to ask anew. It then answers out
    of its own session, which is a minute and a half old."""
    neb_ = brokers["neb"]
    neb_.start()
    browser.follow(sign_in(browser, neb_, "alma"))
    calendar.move(seconds=90)
    owner.execute("update login set fresh_at = fresh_at - interval '10 minutes'")
    give = f"/cases/{room.case_id}/consents/give"
    out = browser.submit(browser.follow(browser.get(give)), "/step-up/eid/neb").headers["Location"]
    asked = parse_qs(urlsplit(out).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    page = browser.get(neb_.visitor.give_up(changed(out, WITHOUT[how])))
    assert page.status == 403
    assert browser.get(give).headers["Location"] == "/step-up"
    browser.post("/sign-out")
    out = begin(browser, neb_).headers["Location"]
    page = browser.get(neb_.visitor.give_up(changed(out, WITHOUT[how])))
    assert page.status == 403
    assert has_no_session(browser)
    assert {reason for _method, reason in refusals(owner)} == {"not_anew"}


def test_a_real_broker_confirms_anew(
    browser: Browser, brokers: dict[str, Broker], room: Room, owner: psycopg.Connection, calendar: Any
) -> None:
    """Its session notwithstanding: it asks once more, and says when."""
    neb_ = brokers["neb"]
    neb_.start()
    browser.follow(sign_in(browser, neb_, "alma"))
    calendar.move(seconds=30)
    owner.execute("update login set fresh_at = fresh_at - interval '11 minutes'")
    give = f"/cases/{room.case_id}/consents/give"
    out = browser.submit(browser.follow(browser.get(give)), "/step-up/eid/neb")
    landed = browser.get(neb_.visitor.sign_in(out.headers["Location"], "alma"))
    assert landed.headers["Location"] == give
    assert browser.follow(landed).status == 200


def test_renewed_keys_are_found_without_waiting(browser: Browser, brokers: dict[str, Broker], room: Room) -> None:
    neb_ = brokers["neb"]
    neb_.start("first")
    assert sign_in(browser, neb_, "alma").status == 303
    browser.post("/sign-out")
    neb_.stop()
    neb_.start("second")
    assert sign_in(browser, neb_, "alma").status == 303


def test_signing_out_ends_the_brokers_session_too_and_no_token_is_in_an_address(
    browser: Browser, brokers: dict[str, Broker], room: Room, owner: psycopg.Connection
) -> None:
    neb_ = brokers["neb"]
    neb_.start()
    browser.follow(sign_in(browser, neb_, "alma"))
    token = browser.client.get_cookie("login-80", domain="localhost")
    assert token is not None
    page = browser.post("/sign-out")
    assert page.status == 200
    assert has_no_session(browser), "signed out here whatever happens there"
    assert "Alma" not in page.soup.get_text()
    assert owner.execute("select count(*) from provider_session").fetchone() == (0,)
    fields = held(page.form("id_token_hint"))
    there = browser.submit(page, "id_token_hint")
    assert there.status == 307, "the form goes on as it is, in its body"
    assert there.headers["Location"] == f"{neb_.issuer}/session/end"
    assert neb_.issuer in page.headers["Content-Security-Policy"]
    assert neb_.visitor.sign_out(there.headers["Location"], fields) == "http://localhost/sign-in"
    old = Browser(browser.app, token.value)
    assert has_no_session(old), "a copied cookie is worth nothing"


def test_a_broker_that_does_not_say_who_it_is_where_it_should_is_refused(
    browser: Browser, brokers: dict[str, Broker], owner: psycopg.Connection
) -> None:
    brokers["neb"].start()
    back = brokers["neb"].visitor.sign_in(begin(browser, brokers["neb"]).headers["Location"], "alma")
    assert browser.get(back.split("&iss=")[0]).status == 403
    assert refusals(owner) == [("eid:neb", "issuer")]


def test_a_broker_that_is_away_is_a_clear_page_and_is_asked_again(
    browser: Browser, brokers: dict[str, Broker], room: Room, story: Story, owner: psycopg.Connection
) -> None:
    neb_ = brokers["neb"]
    page = begin(browser, neb_)
    assert page.status == 403
    assert "svarer ikke" in page.text
    assert refusals(owner) == [("eid:neb", "away")]
    guide = Browser(browser.app, story.token(room.guide))
    assert guide.get(f"/cases/{room.case_id}").status == 200, "professionals still work"
    neb_.start()
    there = browser.submit(page, "/eid/neb")
    assert there.status == 303, "the button of the page asks again"
    back = neb_.visitor.sign_in(there.headers["Location"], "alma")
    neb_.stop()
    pending_login = browser.get(back)
    assert pending_login.status == 403
    assert "svarer ikke" in pending_login.text
    assert has_no_session(browser)
    neb_.start()
    assert browser.follow(sign_in(browser, neb_, "alma")).path == f"/cases/{room.case_id}"


def test_every_broker_of_the_manual_has_a_preset() -> None:
    assert {"neb", "idura", "signicat", "generic", "se-bankid", "no-bankid"} <= set(presets())
    manual = (PROJECT / "docs" / "eid.md").read_text("utf-8")
    assert [name for name in presets() if f"`{name}`" not in manual] == []
