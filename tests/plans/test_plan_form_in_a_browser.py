"""The form of a tool in a real browser: short on a phone, walked through by keyboard, saved by itself."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page as ChromiumPage
from playwright.sync_api import expect

from tests.plans.test_plan_form import TOOL, writing
from tests.plans.test_tools import add, begin, newest, write
from tests.support.chromium import until
from tests.support.live import cookie, served
from tests.support.story import Room, Someone, Story

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def room(story: Story) -> Room:
    return story.case(parents=1)


@pytest.fixture
def rows(story: Story, room: Room) -> list[str]:
    """One goal and three agreements."""
    begin(story, room, room.guide, TOOL)
    goal = add(story, room, room.guide, TOOL, "goals", words="Jeg vil prøve et værksted", why="Jeg lærer med hænderne")
    who = str(room.member(room.young))
    return [goal] + [
        add(story, room, room.guide, TOOL, "agreements", what=f"Jeg ringer til værksted {number}", who=who)
        for number in (1, 2, 3)
    ]


# In a browser


def at_a_browser(
    chromium: Chromium, app: Flask, story: Story, who: Someone, at: str, path: str, **more: Any
) -> ChromiumPage:
    context = chromium.new_context(locale="da-DK", **{"viewport": PHONE, **more})
    context.add_cookies([cookie(app, story.token(who))])  # type: ignore[list-item]
    page = context.new_page()
    page.goto(at + path)
    return page


def is_at_most(page: ChromiumPage, screens: float) -> None:
    """How often one has to turn the page of a phone to see all of it."""
    most = screens * PHONE["height"]
    until(page, lambda: page.evaluate("document.documentElement.scrollHeight") <= most, f"more than {screens} screens")


def test_a_goal_with_three_agreements_is_three_screens_of_a_phone_and_opens_one_row_at_a_time(
    app: Flask, story: Story, room: Room, rows: list[str], chromium: Chromium
) -> None:
    with served(app) as at:
        page = at_a_browser(chromium, app, story, room.young, at, writing(room))
        is_at_most(page, 3)
        page.locator(f"#row-{rows[0]} > summary").click()
        expect(page.locator(f"[name='goals.{rows[0]}.words']")).to_be_visible()
        expect(page.locator(f"[name='goals.{rows[0]}.was_hard']")).not_to_be_visible()
        is_at_most(page, 3.7)
        page.locator(f"#row-{rows[2]} > summary").click()
        expect(page.locator(f"[name='goals.{rows[0]}.words']")).not_to_be_visible()
        expect(page.locator(f"[name='agreements.{rows[2]}.who']")).to_be_visible()
        is_at_most(page, 3.7)
        page.set_viewport_size({"width": 1280, "height": 900})
        left, right = (page.locator(f"[name='now.{key}']").bounding_box() for key in ("goal", "situation"))
        assert left
        assert right
        assert right["x"] > left["x"] + left["width"], "two columns at a desk"
        page.close()


def test_a_map_of_ten_people_is_five_screens_of_a_phone(
    app: Flask, story: Story, room: Room, chromium: Chromium
) -> None:
    tool = "network_map"
    begin(story, room, room.young, tool)
    for number in range(10):
        add(story, room, room.young, tool, "people", name=f"Person {number}", sector="family", ring="near")
    with served(app) as at:
        page = at_a_browser(chromium, app, story, room.young, at, writing(room, tool))
        is_at_most(page, 4)
        page.locator("details.plan-row > summary").nth(4).click()
        is_at_most(page, 5)
        # A figure of the map leads into the row of its person.
        figure = page.locator(".ring-map .figure").first
        figure.focus()
        page.keyboard.press("Enter")
        until(page, lambda: page.evaluate("document.activeElement.closest('details.plan-row')?.open === true"))
        expect(page.locator("*:focus")).to_be_visible()
        page.close()


@pytest.mark.parametrize("size", [PHONE, {"width": 320, "height": 640}, {"width": 1280, "height": 720}])
def test_nothing_that_has_the_focus_is_hidden(
    size: dict[str, int], app: Flask, story: Story, room: Room, rows: list[str], chromium: Chromium
) -> None:
    """By keyboard through the whole form, with one row and its "More" open: not under the bar that saves, not shut."""
    with served(app) as at:
        path = writing(room, rest=f"?row={rows[0]}")
        page = at_a_browser(chromium, app, story, room.young, at, path, viewport=size)
        page.locator(f"#row-{rows[0]} .more-fields > summary").click()
        page.locator("[name='now.goal']").focus()
        met, last = 0, ""
        for _ in range(90):
            page.keyboard.press("Tab")
            seen = page.evaluate(_IS_SEEN)
            if seen["outside"]:
                break
            met, last = met + 1, seen["name"]
            if seen["covered"]:
                until(page, lambda: not page.evaluate(_IS_SEEN)["covered"], str(seen))
        assert (met > 25, last) == (True, "done"), "all of it was walked through"
        page.close()


_IS_SEEN = """() => {
  const it = document.activeElement, box = it.getBoundingClientRect();
  const bars = [...document.querySelectorAll(".plan-save, .doors")].filter((bar) => !bar.contains(it)
    && ["fixed", "sticky"].includes(getComputedStyle(bar).position)).map((bar) => bar.getBoundingClientRect());
  const covered = bars.some((bar) => box.height && box.top >= bar.top - 1 && box.bottom <= bar.bottom + 1)
    || box.bottom <= 0 || box.top >= innerHeight || !it.checkVisibility();
  return { outside: !it.closest(".plan-form"), covered, name: it.name || it.textContent.trim().slice(0, 40),
           top: box.top, bottom: box.bottom, bars: bars.map((bar) => bar.top) };
}"""


def test_half_a_date_is_not_sent_and_a_whole_one_is_saved_by_itself(
    app: Flask, story: Story, room: Room, rows: list[str], chromium: Chromium
) -> None:
    with served(app) as at:
        page = at_a_browser(chromium, app, story, room.young, at, writing(room))
        saved = page.locator(".saved")
        for box, typed in (("day", "2"), ("month", "3")):
            page.locator(f"[id='now.from-{box}']").click()
            page.keyboard.type(typed)
        page.wait_for_timeout(1500)
        assert page.locator(".live-fault").count() == 0, "half of a date is no fault while it is being written"
        page.locator("[id='now.from-year']").click()
        page.keyboard.type("2026")
        expect(saved).to_have_text("Alt er gemt.")
        assert newest(story, room, room.young, TOOL).answers["now.from"] == "2026-03-02"
        # What somebody else writes comes into the boxes.
        write(story, room, room.guide, TOOL, **{"now.from": "2026-12-24"})
        expect(page.locator("[id='now.from-day']")).to_have_value("24")
        expect(page.locator("[id='now.from-year']")).to_have_value("2026")
        # Left half, it is told.
        page.locator("[id='now.from-month']").fill("")
        page.locator("[name='now.strengths']").focus()
        expect(page.locator("[id='now.from'] .live-fault")).to_be_visible(timeout=5000)
        page.close()


def test_a_meeting_of_two_in_a_closed_row_opens_it_and_leaves_the_one_that_is_written_in_open(
    app: Flask, story: Story, room: Room, rows: list[str], chromium: Chromium
) -> None:
    with served(app) as at:
        page = at_a_browser(chromium, app, story, room.young, at, writing(room, rest=f"?row={rows[1]}"))
        first, second = (f"agreements.{row}.what" for row in rows[1:3])
        page.context.set_offline(True)
        page.locator(f"[name='{first}']").fill("Mine ord")
        write(story, room, room.guide, TOOL, **{first: "Guidens ord"})
        page.locator(f"#row-{rows[2]} > summary").click()
        page.locator(f"[name='{second}']").fill("Jeg skriver her")
        page.context.set_offline(False)
        expect(page.locator(f"#row-{rows[1]} .clash")).to_be_visible(timeout=12000)
        expect(page.locator(f"[name='{second}']")).to_be_visible()
        expect(page.locator(f"[name='{second}']")).to_be_focused()
        expect(page.locator(f"#row-{rows[2]} .row-title")).to_have_text("Jeg skriver her")
        page.close()


def test_without_a_script_rows_open_and_the_page_is_saved_by_its_button(
    app: Flask, story: Story, room: Room, rows: list[str], chromium: Chromium
) -> None:
    with served(app) as at:
        page = at_a_browser(chromium, app, story, room.young, at, writing(room), java_script_enabled=False)
        page.locator(f"#row-{rows[0]} > summary").click()
        page.locator(f"#row-{rows[0]} .more-fields > summary").click()
        page.locator(f"[name='goals.{rows[0]}.went_well']").fill("Jeg kom afsted")
        page.locator(f"#row-{rows[1]} > summary").click()
        expect(page.locator(f"[name='goals.{rows[0]}.went_well']")).not_to_be_visible()
        page.get_by_role("button", name="Gem og læs den").click()
        expect(page.get_by_text("Jeg kom afsted")).to_be_visible()
        page.goto(at + writing(room, rest=f"?row={rows[0]}"))
        page.get_by_role("button", name="Tilføj en aftale").click()
        new = newest(story, room, room.young, TOOL).rows("agreements")[-1]
        expect(page.locator(f"[name='agreements.{new}.what']")).to_be_visible()
        page.close()
    assert newest(story, room, room.young, TOOL).answers[f"goals.{rows[0]}.went_well"] == "Jeg kom afsted"
