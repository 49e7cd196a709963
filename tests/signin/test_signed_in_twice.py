"""Two windows, and the browser's way back: whoever is signed in and comes by a used-up door is led on."""

from __future__ import annotations

import psycopg
import pytest
from flask import Flask

from portal.services.members import team
from tests.support.browser import Browser
from tests.support.eid_server import EidServer
from tests.support.eid_visitors import ALMA, BORN, NOBODY, SAMI, at_the_eid, begin, lines, sign_in
from tests.support.screen_fixtures import EMAIL, PASSWORD
from tests.support.story import Room, Story

pytestmark = pytest.mark.usefixtures("eid")


@pytest.fixture
def room(story: Story) -> Room:
    return story.case(born=BORN, parents=0, name=ALMA.name, national_id=ALMA.national_id)


def is_alma(browser: Browser, room: Room) -> bool:
    return browser.get(f"/cases/{room.case_id}").status == 200


def test_back_to_the_callback_after_signing_in_leads_on(
    browser: Browser, room: Room, owner: psycopg.Connection
) -> None:
    callback = at_the_eid(browser, begin(browser, True), ALMA)
    browser.get(callback)
    page = browser.get(callback)
    assert (page.status, page.headers["Location"]) == (303, "/")
    assert browser.follow(page).path == f"/cases/{room.case_id}"
    assert lines(owner, "sign_in.refused") == []


@pytest.mark.parametrize(
    "how", ["of another browser", "never begun", "without a state", "without anything", "an error", "too old"]
)
def test_every_stale_answer_leads_whoever_is_signed_in_on_and_changes_nothing(
    how: str,
    browser: Browser,
    app: Flask,
    room: Room,
    owner: psycopg.Connection,
) -> None:
    other = Browser(app)
    foreign = at_the_eid(other, begin(other, True), NOBODY)
    old = at_the_eid(browser, begin(browser, True), NOBODY)
    owner.execute("update eid_attempt set started_at = started_at - interval '11 minutes'")
    browser.get(at_the_eid(browser, begin(browser, True), ALMA))
    token = browser.client.get_cookie("login-80", domain="localhost")
    assert token is not None
    address = {
        "of another browser": foreign,
        "never begun": "/eid/demo/callback?state=x&code=y",
        "without a state": "/eid/demo/callback?code=y",
        "without anything": "/eid/demo/callback",
        "an error": "/eid/demo/callback?error=access_denied&state=x",
        "too old": old,
    }[how]
    page = browser.get(address)
    assert (page.status, page.headers["Location"]) == (303, "/")
    assert is_alma(browser, room)
    after = browser.client.get_cookie("login-80", domain="localhost")
    assert after is not None
    assert after.value == token.value, "the session is the same, and no fresher"
    assert Browser(app).get(address).status == 403, "somebody who is not signed in is told that it did not work"


def test_two_windows_at_the_eid_end_where_each_was_going(browser: Browser, room: Room) -> None:
    """The second window comes back after the first has signed in, and was going somewhere."""
    first, second = begin(browser, True), begin(browser, True)
    callbacks = [at_the_eid(browser, way, ALMA) for way in (first, second)]
    assert browser.get(callbacks[0]).status == 303
    assert browser.follow(browser.get(callbacks[1])).path == f"/cases/{room.case_id}"
    browser.get(f"/cases/{room.case_id}/messages/new")
    assert browser.follow(browser.get(callbacks[1])).path == f"/cases/{room.case_id}"


def test_led_on_means_to_where_they_were_going(browser: Browser, room: Room, owner: psycopg.Connection) -> None:
    browser.follow(sign_in(browser, ALMA))
    callback = at_the_eid(browser, browser.post("/eid/demo"), ALMA)
    browser.get(callback)
    owner.execute("update login set fresh_at = fresh_at - interval '11 minutes'")
    give = f"/cases/{room.case_id}/consents/give"
    browser.get(give)
    page = browser.get(callback)
    assert page.headers["Location"] == give
    assert browser.get(give).headers["Location"] == "/step-up", "and what asks for a proof still asks"


def test_stopping_at_the_eid_in_a_second_window_leaves_the_first_one_in(browser: Browser, room: Room) -> None:
    stopped = at_the_eid(browser, begin(browser, True), ALMA, act="stop")
    browser.get(at_the_eid(browser, begin(browser, True), ALMA))
    page = browser.get(stopped)
    assert (page.status, page.headers["Location"]) == (303, "/")
    assert is_alma(browser, room)


def test_an_answer_that_cannot_be_trusted_is_told_also_to_whoever_is_signed_in(
    browser: Browser, room: Room, eid: EidServer
) -> None:
    """And they stay who they are."""
    browser.follow(sign_in(browser, ALMA))
    way = browser.post("/eid/demo")
    eid.bend_claims = lambda real: {**real, "nonce": "another"}
    page = browser.get(at_the_eid(browser, way, ALMA))
    assert page.status == 403
    assert is_alma(browser, room)


def test_a_sign_in_page_from_before_leads_on_by_its_buttons(browser: Browser, room: Room, story: Story) -> None:
    """Two windows showed it; in one of them somebody signed in, which made the other one's token worthless."""
    page = browser.get("/sign-in")
    browser.get(at_the_eid(browser, begin(browser, True), ALMA))
    answer = browser.submit(page, "/eid/demo")
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert is_alma(browser, room)
    browser.post("/sign-out")
    again = browser.submit(page, "/eid/demo")
    assert (again.status, again.headers["Location"]) == (303, "/sign-in")


def test_a_password_sent_from_a_page_from_before_is_not_taken_for_who_is_signed_in(
    browser: Browser, room: Room, person: object
) -> None:
    page = browser.get("/sign-in")
    browser.get(at_the_eid(browser, begin(browser, True), ALMA))
    answer = browser.submit(page, "password", email=EMAIL, password=PASSWORD)
    assert answer.status == 400, "somebody typed something, and is told that it was not sent"
    assert is_alma(browser, room)


def test_back_to_the_page_for_a_code_after_it_was_used_leads_on(browser: Browser, story: Story) -> None:
    room = story.case(born=BORN, parents=0, name="Sami Ny")
    code = story.play(room, room.guide, lambda t: team.make_code(t, room.member(room.young)))
    page = browser.follow(sign_in(browser, SAMI))
    browser.submit(page, "code", code=code)
    for back in (browser.get("/eid/code"), browser.get("/sign-in"), browser.get("/sign-in/second")):
        assert browser.follow(back).path == f"/cases/{room.case_id}"
    browser.post("/sign-out")
    assert browser.get("/eid/code").status == 404
