"""Somebody goes back to a page they have pressed a button on, and presses another one, or the same again."""

from __future__ import annotations

from flask import Flask

from portal.services.files import files
from tests.support.browser import Browser
from tests.support.story import PDF, Story


def test_another_button_of_a_page_does_its_own_thing_and_the_same_one_does_it_once(app: Flask, story: Story) -> None:
    room = story.case()
    file_id = story.file(room, room.guide)
    for words in (b"to", b"tre"):
        story.version(room, room.guide, file_id, content=PDF + words)
    browser = Browser(app, story.token(room.guide))
    page = browser.get(f"/cases/{room.case_id}/files/{file_id}")
    for number in (1, 2, 2):
        assert browser.submit(page, f"/versions/{number}/restore").status == 303
    lines = story.play(room, room.guide, lambda t: files.file_page(t, file_id)).versions
    assert [(line.number, line.size) for line in lines][:2] == [(5, len(PDF) + 2), (4, len(PDF))]
