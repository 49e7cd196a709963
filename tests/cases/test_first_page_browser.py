"""The first page in a real browser: sixty cases at a glance, found while typing."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from portal.services import registry
from portal.services.cases import register
from portal.services.cases.register import CaseLine, CaseList
from portal.services.shared.needs import Need, NeedLine, OwnCases
from tests.support.live import cookie, served
from tests.support.story import Room, Story

LOWEST = "Math.max(...[...document.querySelectorAll('#cases > li')].map(row => row.getBoundingClientRect().bottom))"
NAMES = ("Alma", "Åse", "Bjørn", "Clara", "Zoë", "Emil")


@pytest.fixture
def sixty(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """A guide with sixty cases, of which twenty need them today and twenty later; made up, for it is about a page."""
    ids = [room.case_id, *(UUID(int=number) for number in range(59))]
    lines = tuple(
        CaseLine(one, f"{NAMES[n % 6]} Efternavn Nr{n:02d}", date(2009, 9, 1 + n % 28), 17, "Grete", n % 3, True, False)
        for n, one in enumerate(ids)
    )
    monkeypatch.setattr(register, "my_cases", lambda _actor: CaseList(lines, (), OwnCases({}, {}, {})))
    told = tuple(NeedLine(one, Need.UNREAD, date(2024, 1, 1), count=2) for one in ids[:20])
    told += tuple(NeedLine(one, Need.PROMISE, date(2124, 1, 1)) for one in ids[20:40])
    monkeypatch.setattr(registry, "NEEDS", (lambda _actor, _cases: told,))


def test_sixty_cases_are_seen_in_two_screens_and_found_while_typing(
    chromium: Chromium, app: Flask, story: Story, room: Room, sixty: None
) -> None:
    with served(app) as at:
        context = chromium.new_context(locale="da-DK", viewport={"width": 1280, "height": 800})
        context.add_cookies([cookie(app, story.token(room.guide))])  # type: ignore[list-item]
        page = context.new_page()
        page.goto(f"{at}/cases")
        rows = page.locator("#cases > li")
        assert rows.count() == 60
        low = page.evaluate(LOWEST)
        assert low <= 1600, low
        page.locator("#words").fill("zoe nr04")
        expect(rows.filter(visible=True)).to_have_count(1)
        page.locator("#words").fill("findes ikke")
        expect(page.get_by_role("status").filter(has_text="Ingen af dine sager passer")).to_be_visible()
        page.locator("#words").fill("alma efternavn nr00")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{at}/cases/{room.case_id}")
        page.goto(f"{at}/cases")
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        context.close()
