"""The portal from its front door."""

from __future__ import annotations

from tests.support.browser import Browser
from tests.support.story import Story


def test_somebody_who_is_not_signed_in_is_led_to_signing_in(browser: Browser) -> None:
    page = browser.follow(browser.get("/"))
    assert page.status == 200
    assert "Log på" in page.text


def test_a_guide_opens_the_pages_of_a_case(story: Story, browser: Browser) -> None:
    room = story.case()
    guide = Browser(browser.app, story.token(room.guide))
    for part in ("", "/plan", "/files", "/messages", "/people", "/audience", "/log", "/files/new", "/messages/new"):
        page = guide.get(f"/cases/{room.case_id}{part}")
        assert page.status == 200, (part, page.text)
        assert "Ulla" in page.soup.get_text()
