"""The portal on a phone's home screen."""

from __future__ import annotations

from io import BytesIO

from flask import Flask
from PIL import Image
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, expect

from portal.views.information.home_screen import ICONS
from tests.support.browser import Browser
from tests.support.live import cookie, served
from tests.support.story import Room, Story


def test_a_phone_is_told_a_name_a_start_page_and_icons_that_are_there(app: Flask) -> None:
    browser = Browser(app)
    page = browser.get("/sign-in")
    [link] = page.soup.select("link[rel=manifest]")
    assert link["href"] == "/manifest.webmanifest"
    manifest = browser.client.get("/manifest.webmanifest")
    assert manifest.mimetype == "application/manifest+json"
    said = manifest.get_json()
    assert (said["name"], said["start_url"], said["display"]) == ("Følgeskab", "/", "standalone")
    assert len(said["icons"]) == len(ICONS)
    for icon in said["icons"]:
        with browser.client.get(icon["src"]) as answer:
            wide, high = Image.open(BytesIO(answer.data)).size
        assert f"{wide}x{high}" == icon["sizes"]


def test_the_page_without_a_connection_holds_nobody_and_no_case(app: Flask, story: Story, room: Room) -> None:
    alone, guide = Browser(app), Browser(app, story.token(room.guide))
    page = alone.client.get("/offline")
    assert page.data == guide.client.get("/offline").data
    assert "Ingen forbindelse" in page.text
    assert "No connection" in page.text


def test_without_a_connection_one_page_is_shown_and_no_case_is_in_any_cache(
    app: Flask, chromium: Chromium, story: Story, room: Room
) -> None:
    context = chromium.new_context(service_workers="allow", viewport={"width": 390, "height": 844})
    context.add_cookies([cookie(app, story.token(room.young))])  # type: ignore[list-item]
    with served(app) as address:
        _look_without_a_connection(context, f"{address}/cases/{room.case_id}")
        context.close()


def _look_without_a_connection(context: BrowserContext, case: str) -> None:
    page = context.new_page()
    page.goto(case)
    page.evaluate("() => navigator.serviceWorker.ready.then(() => null)")
    page.goto(case)  # this one goes past the service worker
    expect(page.locator(".case-name")).to_be_visible()
    context.set_offline(True)
    page.goto(case)
    expect(page.get_by_role("heading", name="Ingen forbindelse").first).to_be_attached()
    saved = page.evaluate(
        """async () => {
            const found = [];
            for (const name of await caches.keys()) {
                for (const request of await (await caches.open(name)).keys()) found.push(new URL(request.url).pathname);
            }
            return found;
        }"""
    )
    assert "/offline" in saved
    assert all(path == "/offline" or path.startswith("/static/") for path in saved)
    context.set_offline(False)
    page.get_by_role("link", name="Prøv igen").click()
    expect(page.locator(".case-name")).to_be_visible()
