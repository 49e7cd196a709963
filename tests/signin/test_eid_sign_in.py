"""Citizens sign in with a national eID: a real, honest provider on a real port, and the way there and back."""

from __future__ import annotations

from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from flask import Flask

from portal import clock
from portal.access.policy.roles import Level
from portal.access.signin.oidc import OidcClient
from portal.services.members import team
from tests.support.browser import Browser
from tests.support.eid_server import EidServer, provider_of
from tests.support.eid_visitors import ALMA, BORN, CHILD, NOBODY, SAMI, at_the_eid, begin, lines, sign_in
from tests.support.story import HERE, Room, Story

pytestmark = pytest.mark.usefixtures("eid")


@pytest.fixture
def room(story: Story) -> Room:
    """A case about Alma, whose CPR number the guide has typed."""
    return story.case(born=BORN, parents=0, name=ALMA.name, national_id=ALMA.national_id)


# Honest


def test_the_first_time_the_national_id_is_asked_for_once_and_then_never_again(
    browser: Browser, room: Room, eid: EidServer, owner: psycopg.Connection
) -> None:
    page = sign_in(browser, ALMA, national_id=False)
    assert page.status == 200
    assert "Første gang" in page.text
    again = browser.submit(page, "national_id")
    landed = browser.follow(browser.get(at_the_eid(browser, again, ALMA)))
    assert landed.path == f"/cases/{room.case_id}"
    assert "Alma" in landed.soup.get_text()
    browser.post("/sign-out")
    home = browser.follow(sign_in(browser, ALMA, national_id=False))
    assert home.path == f"/cases/{room.case_id}"
    assert owner.execute("select count(*) from eid_link").fetchone() == (1,)
    assert lines(owner, "signed.in") == [{"method": "eid:demo"}] * 2 or len(lines(owner, "signed.in")) >= 2


def test_the_request_to_the_eid_carries_pkce_state_nonce_and_asks_for_no_more_than_needed(browser: Browser) -> None:
    first = begin(browser)
    asked = parse_qs(urlsplit(first.headers["Location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["response_type"] == ["code"]
    assert len(asked["state"][0]) >= 32
    assert len(asked["nonce"][0]) >= 32
    assert "ssn" not in asked["scope"][0]
    assert "ssn" in parse_qs(urlsplit(begin(browser, national_id=True).headers["Location"]).query)["scope"][0]


def test_stopping_at_the_eid_is_friendly_and_changes_nothing(browser: Browser, eid: EidServer) -> None:
    page = browser.get(at_the_eid(browser, begin(browser), ALMA, act="stop"))
    assert page.status == 403
    assert "Du kan prøve igen, når du vil" in page.text


def test_somebody_nobody_invited_gets_a_neutral_page(browser: Browser, room: Room) -> None:
    page = browser.follow(sign_in(browser, NOBODY))
    assert page.path == "/eid/code"
    assert "Vi kender dig ikke" in page.text
    assert browser.get("/cases").status == 303


def test_a_code_from_the_guide_lets_somebody_without_a_known_number_in_once(
    browser: Browser, story: Story, app: Flask
) -> None:
    room = story.case(born=BORN)
    code = story.play(room, room.guide, lambda t: team.make_code(t, room.member(room.young)))
    page = browser.follow(sign_in(browser, SAMI))
    wrong = browser.submit(page, "code", code="AAAA-AAAA-AAAA-AAAA")
    assert wrong.status == 422
    assert "Koden passer ikke" in wrong.text
    typed = f" {code.lower().replace('-', ' ')} "
    landed = browser.follow(browser.submit(wrong, "code", code=typed))
    assert landed.path == f"/cases/{room.case_id}"
    other = Browser(app)
    again = other.submit(other.follow(sign_in(other, NOBODY)), "code", code=code)
    assert again.status == 422


def test_a_code_is_good_for_thirty_days_and_a_new_one_ends_the_old(
    browser: Browser, story: Story, owner: psycopg.Connection
) -> None:
    room = story.case(born=BORN)
    first = story.play(room, room.guide, lambda t: team.make_code(t, room.member(room.young)))
    second = story.play(room, room.guide, lambda t: team.make_code(t, room.member(room.young)))
    page = browser.follow(sign_in(browser, SAMI))
    assert browser.submit(page, "code", code=first).status == 422
    longest = "select max(expires_at - created_at), max(expires_at) > now() from invitation_code"
    assert owner.execute(longest).fetchone() == (timedelta(days=30), True)
    owner.execute("update invitation_code set expires_at = now()")
    assert browser.submit(page, "code", code=second).status == 422


def test_a_level_that_is_too_low_is_refused_in_plain_words(browser: Browser, room: Room) -> None:
    page = browser.get(at_the_eid(browser, begin(browser, True), ALMA, low="y"))
    assert page.status == 403
    assert "niveau" in page.text
    assert browser.get("/cases").status == 303


def test_somebody_too_young_is_refused_in_plain_words(browser: Browser) -> None:
    page = sign_in(browser, CHILD)
    assert page.status == 403
    assert "for ung" in page.text


def test_a_closed_person_cannot_come_back_in(browser: Browser, room: Room, owner: psycopg.Connection) -> None:
    browser.follow(sign_in(browser, ALMA))
    owner.execute("update person set closed_at = now() where kind = 'citizen'")
    assert browser.get(f"/cases/{room.case_id}").status == 303, "the open session ends at once"
    assert sign_in(browser, ALMA).status == 404


def test_a_session_gets_a_new_token_at_sign_in_and_what_the_browser_held_is_dropped(
    browser: Browser, room: Room, app: Flask
) -> None:
    browser.client.set_cookie("login-80", "planted", domain="localhost")
    before = {c.value for c in browser.client._cookies.values()}  # type: ignore[union-attr]
    browser.follow(sign_in(browser, ALMA))
    held_now = browser.client.get_cookie("login-80", domain="localhost")
    assert held_now is not None
    assert held_now.value not in before
    assert held_now.http_only
    assert held_now.same_site == "Lax"


# The way there and back


def test_an_answer_without_the_browsers_own_state_is_refused(browser: Browser, app: Flask, room: Room) -> None:
    callback = at_the_eid(browser, begin(browser, True), ALMA)
    other = Browser(app)
    other.get("/sign-in")
    assert other.get(callback).status == 403, "begun in another browser"
    assert browser.get(callback).status == 403, "and used up by the attempt"
    assert browser.get("/eid/demo/callback").status == 403
    assert browser.get("/eid/demo/callback?state=x&code=y").status == 403


def test_an_answer_counts_once_and_not_after_ten_minutes(browser: Browser, room: Room, calendar) -> None:  # type: ignore[no-untyped-def]
    callback = at_the_eid(browser, begin(browser, True), ALMA)
    assert browser.get(callback).status == 303
    browser.post("/sign-out")
    assert browser.get(callback).status == 403
    late = at_the_eid(browser, begin(browser, True), ALMA)
    calendar.move(minutes=11)
    assert browser.get(late).status == 403


def test_the_answer_of_one_provider_is_not_taken_for_anothers(browser: Browser, app: Flask, eid: EidServer) -> None:
    other = OidcClient(provider_of(eid.folder, eid.issuer, "other"), "http://localhost/eid/other/callback")
    app.extensions["eid_clients"]["other"] = other
    callback = at_the_eid(browser, begin(browser, True), ALMA)
    assert browser.get(callback.replace("/eid/demo/", "/eid/other/")).status == 403
    callback = at_the_eid(browser, begin(browser, True), ALMA)
    assert browser.get(callback.replace("iss=", "iss=https%3A%2F%2Fevil.example%2F&old=")).status == 403


def test_story_dates_are_sane() -> None:
    assert date.fromisoformat(ALMA.birth_date) < clock.today(HERE) - timedelta(days=365 * 16)
    assert Level.READ
