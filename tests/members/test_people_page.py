"""*Mennesker*: each person said once, what is long behind one line, and a table only where there is room for one."""

from __future__ import annotations

from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from portal.access.policy.roles import Level
from tests.conftest import Calendar
from tests.support.browser import Browser
from tests.support.live import cookie, served
from tests.support.story import Room, Someone, Story

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}


def test_a_phone_is_told_each_thing_once_and_a_desk_may_unfold_it_as_a_table(
    app: Flask, story: Story, room: Room, teacher: Someone, chromium: Chromium
) -> None:
    tall = {}
    with served(app) as at:
        for size in (PHONE, DESK):
            context = chromium.new_context(locale="da-DK", viewport=size)  # type: ignore[arg-type]
            context.add_cookies([cookie(app, story.token(room.guide))])  # type: ignore[list-item]
            page = context.new_page()
            page.goto(f"{at}/cases/{room.case_id}/people")
            tall[size["width"]] = page.evaluate("document.documentElement.scrollHeight")
            expect(page.locator("table.whole")).to_be_hidden()
            unfold = page.locator("summary", has_text="Hvem kan se hvad, og hvor længe")
            expect(unfold).to_be_visible(visible=size is DESK)
            if size is DESK:
                unfold.click()
                expect(page.locator("table.whole")).to_be_visible()
            seen = page.locator("main").inner_text()
            assert "Læser og skriver i" not in seen, "folded until somebody asks"
            for line in page.locator(".person summary").all():
                line.click()
            expect(page.locator("main").get_by_text("Læser og skriver i").first).to_be_visible()
            context.close()
    # Four people: their cards, and what is missing and in force, in some three screens.
    assert tall[390] < 3 * 844


def test_of_an_adult_nobody_holds_custody(app: Flask, story: Story, room: Room, calendar: Calendar) -> None:
    path = f"/cases/{room.case_id}/people"
    assert "har forældremyndighed" in Browser(app, story.token(room.guide)).get(path).text
    calendar.move(days=3 * 366)
    assert "har forældremyndighed" not in Browser(app, story.token(room.guide)).get(path).text


def test_the_way_to_choose_ones_team_is_told_once(app: Flask, story: Story, room: Room, teacher: Someone) -> None:
    page = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/people")
    assert page.links().count(f"/cases/{room.case_id}/choose") == 1


def test_a_long_list_folds_after_twelve_and_nobody_is_missing(app: Flask, story: Story, room: Room) -> None:
    for number in range(14):
        story.add(room, story.staff(f"Person Nummer {number:02}", f"Enhed {number}"), Level.READ)
    page = Browser(app, story.token(room.guide)).get(f"/cases/{room.case_id}/people")
    names = [h.get_text() for h in page.soup.select(".people h2")]
    assert len([name for name in names if "Person Nummer" in name]) == 14
    folded = page.soup.select("details.folded .people h2")
    assert len(names) - len(folded) == 12
    assert f"{len(folded)} personer mere" in page.text
