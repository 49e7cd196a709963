"""An impatient finger, the back button, a second tab and a lost answer give one message, in a real browser."""

from __future__ import annotations

import psycopg
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, Route, expect

from tests.support.chromium import until
from tests.support.live import cookie, served
from tests.support.story import Room, Story


def test_what_is_pressed_twice_in_any_way_is_sent_once(
    app: Flask, story: Story, room: Room, chromium: Chromium, owner: psycopg.Connection
) -> None:
    thread = story.thread(room, room.guide)
    with served(app) as address:
        context = chromium.new_context()
        context.add_cookies([cookie(app, story.token(room.young))])
        at = f"{address}/cases/{room.case_id}/messages/{thread}"

        def sent() -> int:
            row = owner.execute("select count(*) from message where thread_id = %s", [thread]).fetchone()
            assert row is not None
            return int(row[0]) - 1

        def writing(words: str) -> Page:
            page = context.new_page()
            page.goto(at)
            page.get_by_label("Din besked").fill(words)
            return page

        def press(page: Page) -> None:
            page.get_by_role("button", name="Send svaret").click()

        page = writing("Dobbelt")
        page.get_by_role("button", name="Send svaret").dblclick()
        expect(page.get_by_text("Din besked er sendt")).to_be_visible()
        assert sent() == 1

        page.go_back()
        expect(page.get_by_label("Din besked")).to_have_value("")
        press(page)
        expect(page.locator("#faults")).to_be_visible()
        assert sent() == 1, "going back, a browser puts the same words into a new form"

        page, second = writing("To faner"), writing("To faner")
        number = page.locator("form[data-draft] [name=submission]").input_value()
        second.locator("form[data-draft] [name=submission]").evaluate(
            "(field, value) => { field.value = value; }", number
        )
        for one in (page, second):
            press(one)
            expect(one.get_by_text("Din besked er sendt")).to_be_visible()
        assert sent() == 2

        page = context.new_page()
        page.clock.install()
        page.goto(at)
        page.get_by_label("Din besked").fill("Svaret blev væk")

        def lose(route: Route) -> None:
            if route.request.method == "POST":
                route.fetch(max_redirects=0)
                route.abort("aborted")
            else:
                route.continue_()

        page.route(at, lose)
        press(page)
        until(page, lambda: sent() == 3)
        page.unroute(at)
        page.clock.fast_forward(11_000)
        expect(page.locator(".unsure")).to_be_visible()
        press(page)
        expect(page.get_by_text("Din besked er sendt").first).to_be_visible()
        assert sent() == 3


def test_a_draft_is_saved_while_one_writes_and_is_there_in_another_browser(
    app: Flask, story: Story, room: Room, chromium: Chromium
) -> None:
    thread = story.thread(room, room.guide)
    with served(app) as address:
        at = f"{address}/cases/{room.case_id}/messages/{thread}"
        for words, shown in (("Jeg tænker på", ""), ("", "Jeg tænker på")):
            context = chromium.new_context()
            context.add_cookies([cookie(app, story.token(room.young))])
            page = context.new_page()
            page.goto(at)
            field = page.get_by_label("Din besked")
            expect(field).to_have_value(shown)
            if words:
                field.fill(words)
                expect(page.locator(".saved")).to_have_text("Kladden er gemt")
