"""A meeting in real browsers: the big screen keeps up with the room by itself."""

from __future__ import annotations

from uuid import uuid4

from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from portal.access.policy.roles import Level
from portal.services.meetings import schedule
from tests.plans.test_tools import add, begin, write
from tests.support.live import cookie, served
from tests.support.meeting import GOAL, TOOL, present
from tests.support.story import Story


def test_the_big_screen_follows_the_writer_the_phones_and_who_is_in_the_room(
    app: Flask, story: Story, chromium: Chromium
) -> None:
    room = story.case(parents=1)
    begin(story, room, room.guide, TOOL)
    write(story, room, room.guide, TOOL, now__goal=GOAL)
    add(story, room, room.guide, TOOL, "agreements", what="Jeg står op klokken syv", who=str(room.member(room.young)))
    meeting = story.play(room, room.guide, lambda t: schedule.begin_now(t, uuid4()))
    present(story, room, meeting, room.guide, room.young)
    where = f"/cases/{room.case_id}/meetings/{meeting}"
    with served(app) as at:

        def opened(who, path: str, width: int, height: int):  # type: ignore[no-untyped-def]
            context = chromium.new_context(locale="da-DK", viewport={"width": width, "height": height})
            context.add_cookies([cookie(app, story.token(who))])  # type: ignore[list-item]
            page = context.new_page()
            page.goto(f"{at}{path}")
            return page

        wall = opened(room.guide, f"{where}/screen", 1920, 1080)
        desk = opened(room.guide, f"/cases/{room.case_id}/plan/{TOOL}/write", 1280, 900)
        phone = opened(room.young, where, 390, 844)
        expect(wall.locator("#live")).to_contain_text(GOAL)

        # What is written is on the wall by itself, and the wall goes there.
        desk.locator("[name='now.strengths']").fill("Jeg er god til heste")
        here = wall.locator("[data-here]")
        expect(here).to_contain_text("Jeg er god til heste")
        expect(here).to_contain_text("Grete Guide skriver her")
        expect(here).to_be_in_viewport()
        desk.close()
        for page in (wall, phone):
            found = Axe().run(page).response["violations"]
            assert not [each["id"] for each in found], found

        # Taken on with one tap on a phone.
        phone.get_by_role("button", name="Det påtager jeg mig").focus()
        phone.keyboard.press("Enter")
        expect(phone.locator("#live")).to_contain_text("Du har påtaget dig det")
        expect(wall.locator("#live")).to_contain_text("Ulla påtager sig det")
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390

        # Somebody without access comes in: the plan is off the wall, and stays on their phone who may read it.
        story.set_level(room, room.parents[0], Level.NONE)
        present(story, room, meeting, room.guide, room.young, room.parents[0])
        expect(wall.locator("#live")).not_to_contain_text(GOAL)
        expect(wall.locator("#live")).to_contain_text("Planen bliver ikke vist lige nu")
        expect(phone.locator("#mine")).to_be_visible()

        # Whoever is shut out of the case loses the page at the next look.
        story.set_level(room, room.young, Level.NONE)
        expect(phone.get_by_role("heading", level=1)).to_contain_text("ikke åben for dig")
        wall.context.close()
        phone.context.close()
