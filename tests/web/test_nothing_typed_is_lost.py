"""What somebody has typed outlives their session, however that ended, and finds its way to nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page as ChromiumPage
from playwright.sync_api import expect

from portal.access.signin.saved_form import sign_writer, writer_of
from portal.services.messages import threads
from tests.conftest import Calendar
from tests.support.browser import Browser, cookie_of, held
from tests.support.live import Line, cookie, served
from tests.support.story import Room, Someone, Story

WORDS = "Jeg vil gerne fortælle, hvordan det gik i skolen."


@pytest.fixture
def room(story: Story) -> Room:
    return story.case()


@pytest.fixture
def writing(room: Room) -> str:
    return f"/cases/{room.case_id}/messages/new"


def signed_in_anew(browser: Browser, token: str) -> None:
    """As after signing in in another tab: a new session, and a form token of its own."""
    with browser.client.session_transaction() as session:
        session.clear()
    browser.client.set_cookie(cookie_of(browser.app), token, domain="localhost")


def typed(browser: Browser, writing: str) -> dict[str, str]:
    """The fields of a page on which somebody has written, as its form would send them."""
    return {**held(browser.get(writing).form("body")), "subject": "Skolen", "body": WORDS}


def test_a_form_of_an_earlier_sign_in_comes_back_filled_and_can_then_be_sent(
    app: Flask, story: Story, room: Room, writing: str
) -> None:
    browser = Browser(app, story.token(room.young))
    fields = typed(browser, writing)
    signed_in_anew(browser, story.token(room.young))
    back = browser.post(writing, fields, token=fields["csrf_token"])
    assert back.status == 303
    page = browser.follow(back)
    assert page.path == writing
    assert "Det, du skrev, er her stadig" in page.text
    assert held(page.form("body"))["body"] == WORDS
    assert browser.submit(page, "body").status == 303
    assert [line.subject for line in story.play(room, room.guide, threads.list_threads)] == ["Skolen"]


def test_what_was_sent_after_signing_out_is_there_after_signing_in(
    app: Flask, story: Story, room: Room, writing: str
) -> None:
    browser = Browser(app, story.token(room.young))
    fields = typed(browser, writing)
    browser.post("/sign-out")
    browser.client.delete_cookie(cookie_of(app), domain="localhost")
    assert browser.post(writing, fields, token=fields["csrf_token"]).headers["Location"].startswith("/sign-in")
    browser.client.set_cookie(cookie_of(app), story.token(room.young), domain="localhost")
    assert held(browser.get(writing).form("body"))["body"] == WORDS


@pytest.mark.parametrize("way", ["signed in over it", "signed out first"])
def test_somebody_else_at_the_same_browser_gets_nothing_of_it(
    way: str, app: Flask, story: Story, room: Room, writing: str
) -> None:
    browser = Browser(app, story.token(room.young))
    fields = typed(browser, writing)
    if way == "signed in over it":
        signed_in_anew(browser, story.token(room.guide))
        refused = browser.post(writing, fields, token=fields["csrf_token"])
        assert refused.status == 400
        assert WORDS not in refused.everything
    else:
        browser.post("/sign-out")
        browser.post(writing, fields, token=fields["csrf_token"])
        browser.client.set_cookie(cookie_of(app), story.token(room.guide), domain="localhost")
    assert WORDS not in browser.get(writing).everything
    browser.client.set_cookie(cookie_of(app), story.token(room.young), domain="localhost")
    assert held(browser.get(writing).form("body"))["body"] == WORDS, "its writer still does"
    assert story.play(room, room.guide, threads.list_threads) == []


@pytest.mark.parametrize("writer", ["", "nonsense", "the attacker"])
def test_another_sites_page_cannot_put_words_into_a_form_of_ours(
    writer: str, app: Flask, story: Story, room: Room, writing: str
) -> None:
    if writer == "the attacker":
        attacker = Browser(app, story.token(story.guide("Ukendt Guide")))
        writer = str(held(attacker.get("/cases/new").form("submission"))["writer"])
    victim = Browser(app, story.token(room.young))
    fields = {"subject": "Skolen", "body": "Ord fra et andet sted", "writer": writer, "csrf_token": "x"}
    assert victim.send("POST", writing, data=fields).status == 400
    assert victim.send("POST", "/keep", data={**fields, "kept_for": writing}).status in (204, 404)
    assert "Ord fra et andet sted" not in victim.get(writing).everything


def test_what_says_whose_a_page_is_is_signed_and_not_for_ever() -> None:
    person = uuid4()
    token = sign_writer("a secret", person)
    assert writer_of("a secret", token, timedelta(hours=8)) == person
    assert writer_of("another", token, timedelta(hours=8)) is None
    said, _, signature = token.rpartition(".")  # its last letter holds bits that say nothing, the first none
    forged = f"{said}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
    assert writer_of("a secret", forged, timedelta(hours=8)) is None
    assert writer_of("a secret", token, timedelta(seconds=-1)) is None


def test_the_way_to_a_page_is_remembered_with_what_it_asks_for(app: Flask, story: Story, room: Room) -> None:
    browser = Browser(app)
    address = f"/cases/{room.case_id}/files?order=name"
    browser.get(address)
    with browser.client.session_transaction() as session:
        assert session["to"] == address


# In a real browser


@pytest.fixture
def line(app: Flask) -> Iterator[Line]:
    with served(app) as address:
        line = Line(address)
        yield line
        line.close()


@pytest.fixture
def page(app: Flask, story: Story, room: Room, line: Line, chromium: Chromium) -> Iterator[ChromiumPage]:
    """The young person at a browser whose clock can be moved."""
    context = chromium.new_context(base_url=line.address)
    context.add_cookies([cookie(app, story.token(room.young))])  # type: ignore[list-item]
    opened = context.new_page()
    opened.clock.install()
    yield opened
    context.close()


def writes(page: ChromiumPage, writing: str) -> None:
    page.goto(writing)
    page.get_by_label("Hvad handler det om?").fill("Skolen")
    page.get_by_label("Din besked").fill(WORDS)


def signs_in(page: ChromiumPage, app: Flask, token: str) -> None:
    page.context.add_cookies([cookie(app, token)])  # type: ignore[list-item]


def test_a_machine_that_slept_past_the_end_puts_the_words_aside_before_it_asks_to_sign_in(
    page: ChromiumPage, app: Flask, story: Story, room: Room, writing: str, calendar: Calendar
) -> None:
    writes(page, writing)
    calendar.move(hours=1)
    page.clock.fast_forward("01:00:00")
    page.wait_for_url("**/sign-in**")
    signs_in(page, app, story.token(room.young))
    page.goto(writing)
    expect(page.get_by_label("Din besked")).to_have_value(WORDS)


def test_without_a_line_at_the_end_the_page_stays_and_holds_what_was_typed(
    page: ChromiumPage, line: Line, room: Room, writing: str, calendar: Calendar
) -> None:
    writes(page, writing)
    line.cut()
    calendar.move(hours=1)
    page.clock.fast_forward("01:00:00")
    page.clock.fast_forward("00:30")
    expect(page.get_by_label("Din besked")).to_have_value(WORDS)
    line.mend()
    page.clock.fast_forward("00:10")
    page.wait_for_url("**/sign-in**")


def test_a_form_whose_answer_does_not_come_can_be_sent_again_and_is_done_once(
    page: ChromiumPage, line: Line, story: Story, room: Room, writing: str
) -> None:
    writes(page, writing)
    line.hold_after(0)
    send = page.get_by_role("button", name="Send beskeden")
    browser = page.context.new_cdp_session(page)
    send.click(no_wait_after=True)
    assert line.holds.wait(60)
    browser.send("Page.stopLoading")  # as the browser's own button does
    expect(send).to_have_attribute("aria-busy", "true")
    page.clock.fast_forward("00:11")
    expect(page.get_by_text("Du kan trykke en gang til")).to_be_visible()
    line.cut()
    line.mend()
    send.click()
    page.wait_for_url("**/messages/*")
    assert [line.messages for line in story.play(room, room.guide, threads.list_threads)] == [1]


def test_two_windows_of_one_person_one_signed_in_anew(
    page: ChromiumPage, app: Flask, story: Story, room: Room, writing: str, person: Someone
) -> None:
    writes(page, writing)
    page.context.clear_cookies()
    signs_in(page, app, story.token(room.young))
    page.get_by_role("button", name="Send beskeden").click()
    expect(page.get_by_text("Det, du skrev, er her stadig")).to_be_visible()
    expect(page.get_by_label("Din besked")).to_have_value(WORDS)
    page.get_by_role("button", name="Send beskeden").click()
    expect(page.get_by_text(WORDS)).to_be_visible()
