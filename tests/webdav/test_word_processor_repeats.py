"""A word processor that goes on saving over a newer version, and somebody who may only read by now."""

from __future__ import annotations

import re

import psycopg
import pytest
from flask import Flask

from portal.access.policy.roles import Level
from portal.services.files import conflicts
from tests.support.browser import Browser
from tests.support.sender import work_off
from tests.support.story import PDF, Room, Story
from tests.support.word_processor import page_of, program
from tests.webdav.test_with_word_processors import docx


@pytest.fixture
def room(story: Story) -> Room:
    return story.case()


def test_only_the_newest_of_what_a_link_saved_over_the_same_version_waits(
    app: Flask, story: Story, room: Room, owner: psycopg.Connection
) -> None:
    file_id, store = story.file(room, room.guide), story.runtime.store
    word, other = (program(app, story, room, room.young, file_id) for _ in range(2))
    for each in (word, other):
        assert each.ask("GET").status_code == 200
    story.version(room, room.guide, file_id, content=PDF + b"guide")
    before = set(store.keys())
    for words in (b"en", b"en to", b"en to tre"):
        assert word.ask("PUT", data=PDF + words).status_code == 409
    assert other.ask("PUT", data=PDF + b"fra den anden maskine").status_code == 409

    def waiting() -> list[int]:
        found = story.play(room, room.young, lambda t: conflicts.waiting_conflict(t, file_id))
        return [story.play(room, room.young, lambda t, h=held: conflicts.meeting(t, h)).size for held in found]

    told = [len(PDF) + len(words) for words in (b"en to tre", b"fra den anden maskine")]
    assert waiting() == told
    work_off(story.runtime, owner)
    assert len(set(store.keys()) - before) == 2, "what was saved in between is gone from the store too"

    # Begun anew from the newer version, and met once more: other words, so both wait.
    assert word.ask("GET").status_code == 200
    story.version(room, room.guide, file_id, content=PDF + b"guide igen")
    assert word.ask("PUT", data=PDF + b"noget helt andet").status_code == 409
    assert waiting() == [*told, len(PDF) + len(b"noget helt andet")]


def test_whoever_may_only_read_by_now_ends_their_link_and_their_editing_on_its_page(
    app: Flask, story: Story, room: Room
) -> None:
    file_id = story.file(room, room.guide, name="plan.docx", content=docx("Hej"))
    word = program(app, story, room, room.young, file_id)
    word.lock()
    assert page_of(story, room, room.guide, file_id).editing is not None
    story.set_level(room, room.young, Level.READ)
    young = Browser(app, story.token(room.young))
    link = next(a for a in young.get(f"/cases/{room.case_id}/files/{file_id}").links() if "word-processor" in a)
    page = young.get(link)
    assert "Du må kun læse filen nu" in page.text
    assert not re.search(r"<form[^>]+word-processor\"", page.everything), "nothing here makes another one"
    assert young.post(link, {}, young.csrf()).status == 403
    ended = young.follow(young.submit(page, "/end"))
    assert "Linket er lukket" in ended.text
    assert word.ask("GET").status_code == 404
    assert page_of(story, room, room.guide, file_id).editing is None
    assert young.get(link).status == 404, "without a link there is nothing to see for a reader"
