"""A thread that has grown long: folded to its newest part, opened where something new begins."""

from __future__ import annotations

import re

from flask import Flask

from portal.services.messages import threads
from tests.support.browser import Browser
from tests.support.story import Room, Story


def test_a_list_leads_to_the_first_new_message_and_older_ones_are_one_press_away(
    app: Flask, story: Story, room: Room
) -> None:
    thread = story.thread(room, room.guide, body="Besked 1.")
    for number in range(2, 31):
        story.reply(room, room.guide, thread, f"Besked {number}.")
    story.play(room, room.young, lambda t: threads.thread(t, thread, 1))
    story.reply(room, room.guide, thread, "Besked 31.")
    browser = Browser(app, story.token(room.young))
    address = f"/cases/{room.case_id}/messages/{thread}"
    for page in (f"/cases/{room.case_id}", f"/cases/{room.case_id}/messages"):
        assert browser.get(page).soup.find("a", href=f"{address}#new") is not None
    page = browser.get(address).soup
    said = [int(n) for n in re.findall(r"Besked (\d+)\.", page.get_text(" "))]
    assert said == list(range(12, 32))
    mark = page.find(id="new")
    assert mark is not None
    assert "Besked 31." in mark.find_next_sibling("li").get_text()
    older = next(a for a in page.find_all("a") if "Vis tidligere beskeder" in a.get_text())
    before = browser.get(str(older["href"])).soup.get_text()
    assert re.findall(r"Besked (\d+)\.", before)[0] == "1"
    assert browser.get(address).soup.find(id="new") is None
