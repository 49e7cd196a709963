"""The list of messages can be narrowed by an address, for whoever has many."""

from __future__ import annotations

from flask import Flask

from tests.support.browser import Browser, Page
from tests.support.statements import noted
from tests.support.story import Room, Story


def subjects(page: Page) -> list[str]:
    return [link.get_text(strip=True) for link in page.soup.select("main ul.rows .what > a")]


def test_messages_are_chosen_by_who_sees_them_and_by_what_is_unread(app: Flask, story: Story, room: Room) -> None:
    story.thread(room, room.guide, "shared", "Til alle")
    story.thread(room, room.guide, "without_parents", "Uden forældre")
    story.thread(room, room.young, "shared", "Fra den unge")
    young, home = Browser(app, story.token(room.young)), f"/cases/{room.case_id}/messages"
    assert subjects(young.get(home)) == ["Fra den unge", "Uden forældre", "Til alle"]
    with noted() as plain:
        young.get(home)
    with noted() as chosen:
        page = young.get(f"{home}?place=shared&show=unread")
    assert len(chosen) == len(plain)
    assert subjects(page) == ["Til alle"]
    assert subjects(young.get(f"{home}?place=professionals")) == subjects(young.get(home)), "none of theirs"
    assert "Vis alle beskeder" in young.get(f"{home}?place=health").text
