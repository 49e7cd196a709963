"""A citizen's own phone signs in to read and to write, after their eID: on that phone alone, and not for everything."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from portal.access.signin import links, sessions
from portal.access.ticket import enter_case
from portal.runtime import Runtime
from tests.conftest import Calendar
from tests.signin.test_passkeys import Place, serve
from tests.support.browser import Browser, cookie_of
from tests.support.story import Room, Someone, Story

pytestmark = pytest.mark.xdist_group("chromium")

PHONE = {"viewport": {"width": 390, "height": 844}, "locale": "da-DK", "has_touch": True}


def by_eid(runtime: Runtime, who: Someone) -> str:
    """A session's token for somebody who has just shown their eID."""
    with runtime.unit_of_work() as session:
        link = links.make_link(session, "https://eid.example", str(who.id), who.id, links.NUMBER)
        return sessions.start(session, who.id, "eid:mitid", eid_link_id=link.id)


@pytest.fixture
def alma(runtime: Runtime, room: Room, chromium: Chromium) -> Iterator[Place]:
    """The young person's phone, bound by her and signed out."""
    app, address, server = serve(runtime)
    try:
        place = Place(app, address, chromium.new_context(**PHONE).new_page())
        _bind(place, by_eid(runtime, room.young))
        yield place
    finally:
        server.shutdown()
        server.server_close()


def _bind(place: Place, token: str) -> None:
    page = place.page
    page.context.add_cookies([{"name": cookie_of(place.app), "value": token, "domain": "localhost", "path": "/"}])
    page.goto(f"{place.address}/me")
    place.press("link", "Brug denne telefon")
    place.press("button", "Brug denne telefon")
    expect(page.locator("#faults")).to_contain_text("kun er din")
    page.get_by_label("Telefonen er min").check()
    place.press("button", "Brug denne telefon")
    expect(page.get_by_text("Fra nu af kan du logge på med denne telefon")).to_be_visible()
    place.press("button", "Log ud")


def test_it_signs_in_for_all_but_what_asks_for_the_eid(story: Story, room: Room, alma: Place) -> None:
    health = story.thread(room, room.guide, "health", "Om medicin")
    shared = story.thread(room, room.guide, "shared", "Om skolen")
    page, case = alma.page, f"{alma.address}/cases/{room.case_id}"
    alma.press("button", "Log på med denne telefon")
    expect(page.locator(".case-name")).to_be_visible()
    expect(page.get_by_text("Det, der ligger under Helbred, er lukket")).to_be_visible()
    page.goto(f"{case}/messages")
    expect(page.get_by_text("Om skolen")).to_be_visible()
    expect(page.get_by_text("Om medicin")).to_have_count(0)
    page.goto(f"{case}/messages/{shared}")
    page.get_by_role("textbox").fill("Det er fint")
    alma.press("button", "Send svaret")
    expect(page.get_by_text("Det er fint")).to_be_visible()
    answer = page.goto(f"{case}/messages/{health}")
    assert answer is not None
    assert answer.status == 404
    page.goto(f"{case}/consents/give")
    expect(page.get_by_role("heading", name="Vis, at det er dig")).to_be_visible()


def test_on_another_device_it_is_nothing(alma: Place) -> None:
    """A phone's maker copies passkeys to other devices of the same owner, or of a family."""
    token = next(cookie for cookie in alma.page.context.cookies() if cookie["name"].startswith("phone"))
    alma.page.context.clear_cookies()
    other = Browser(alma.app)
    refused = other.post("/sign-in/passkey", {"credential": alma.signed(alma.asked(other))})
    assert refused.status == 422
    assert "ikke den telefon, du har valgt" in refused.text
    expect(alma.page.get_by_role("button", name="Log på med denne telefon")).to_have_count(0)
    other.client.set_cookie(token["name"], token["value"], domain="localhost")
    assert other.post("/sign-in/passkey", {"credential": alma.signed(alma.asked(other))}).status == 303


def test_it_is_no_fresh_proof(runtime: Runtime, room: Room, alma: Place) -> None:
    browser = Browser(alma.app, by_eid(runtime, room.young))
    answer = browser.post("/step-up/passkey", {"credential": alma.signed(alma.asked(browser))})
    assert answer.status == 422


@pytest.mark.parametrize("way", ["ninety days", "its eID ended", "removed"])
def test_it_ends(
    runtime: Runtime, room: Room, alma: Place, calendar: Calendar, owner: psycopg.Connection, way: str
) -> None:
    def refused() -> bool:
        browser = Browser(alma.app)
        for cookie in phones:
            browser.client.set_cookie(cookie["name"], cookie["value"], domain="localhost")
        return browser.post("/sign-in/passkey", {"credential": alma.signed(alma.asked(browser))}).status == 422

    phones = [one for one in alma.page.context.cookies() if one["name"].startswith("phone")]
    if way == "ninety days":
        calendar.move(days=89)
        assert not refused()
        calendar.move(days=2)
    elif way == "removed":
        browser = Browser(alma.app, by_eid(runtime, room.young))
        [(phone_id,)] = owner.execute("select id from passkey").fetchall()
        assert browser.post(f"/me/own-phone/{phone_id}/remove").status == 303
    else:
        with runtime.unit_of_work(room.young.id) as session:
            link = links.find_link(session, "https://eid.example", str(room.young.id))
            assert link is not None
            links._end(session, link, None)
    assert refused()


def test_the_eid_opens_what_was_closed(runtime: Runtime, story: Story, room: Room, owner: psycopg.Connection) -> None:
    """What is closed is closed in the case's own ticket, whoever asks for it and however."""
    everything = story.play(room, room.young, lambda t: {one.key for one in t.compartments.values()})
    assert "health" in everything

    def open_now(token: str) -> set[str]:
        with runtime.new_session() as session:
            found = sessions.resume(session, token, runtime.settings)
            assert found is not None
            return {one.key for one in enter_case(found[0], room.case_id).compartments.values()}

    with runtime.unit_of_work() as session:
        by_phone = sessions.start(session, room.young.id, "passkey", strong=False)
    assert open_now(by_phone) == everything - {"health"}
    owner.execute("update login set fresh_at = started_at where method = 'passkey'")
    assert open_now(by_phone) == everything


def test_a_professional_has_none(app: Flask, story: Story, room: Room) -> None:
    assert Browser(app, story.token(room.guide)).get("/me/own-phone").status == 404
