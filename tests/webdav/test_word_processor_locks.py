"""Locks of word processors: the check-out of the page, seen and heeded on both sides."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import psycopg
from flask import Flask

from portal.services.files import checkouts
from portal.services.webdav import links
from tests.conftest import Calendar
from tests.support.story import PDF, Room, Someone, Story
from tests.support.word_processor import LOCK, events, numbers, page_of, program


def test_a_lock_is_the_check_out_for_everybody_to_see(
    app: Flask, story: Story, room: Room, teacher: Someone, owner: psycopg.Connection
) -> None:
    file_id = story.file(room, room.guide)
    word = program(app, story, room, room.young, file_id)
    others = program(app, story, room, teacher, file_id)
    lock = word.lock()
    editing = page_of(story, room, teacher, file_id).editing
    assert editing is not None
    assert editing.who.id == room.member(room.young)
    assert others.ask("LOCK", data=LOCK).status_code == 423
    assert others.ask("PUT", data=PDF + b"andres").status_code == 423
    found = others.ask("PROPFIND", headers={"Depth": "0"}).text
    assert room.young.name in "".join(ET.fromstring(found).itertext())
    # A second window of one's own is told, too.
    again = program(app, story, room, room.young, file_id)
    assert again.ask("LOCK", data=LOCK).status_code == 423
    assert again.ask("PUT", data=PDF + b"andet vindue").status_code == 423
    assert word.ask("PUT", data=PDF + b"uden seddel").status_code == 423
    assert word.ask("PUT", data=PDF + b"mit", headers={"If": lock}).status_code == 204
    assert word.ask("LOCK", headers={"If": lock, "Timeout": "Second-600"}).status_code == 200
    assert page_of(story, room, teacher, file_id).editing is not None
    assert others.ask("UNLOCK", headers={"Lock-Token": lock.strip("()")}).status_code == 409
    assert word.ask("UNLOCK", headers={"Lock-Token": lock.strip("()")}).status_code == 204
    assert page_of(story, room, teacher, file_id).editing is None
    told = [event for event, _ in events(owner, room) if event.startswith("editing")]
    assert told == ["editing.begun", "editing.ended"]
    assert numbers(story, room, file_id) == [2, 1]


def test_a_check_out_made_on_the_page_holds_word_processors_off_and_is_theirs_to_end(
    app: Flask, story: Story, room: Room, teacher: Someone
) -> None:
    file_id = story.file(room, room.guide)
    word = program(app, story, room, room.young, file_id)
    story.play(room, teacher, lambda t: checkouts.begin_checkout(t, file_id))
    assert word.ask("LOCK", data=LOCK).status_code == 423
    assert word.ask("PUT", data=PDF + b"imens").status_code == 423
    story.play(room, teacher, lambda t: checkouts.end_checkout(t, file_id))
    lock = word.lock()
    assert word.ask("UNLOCK", headers={"Lock-Token": lock.strip("()")}).status_code == 204
    # What one has said oneself on the page is no obstacle to one's own program.
    story.play(room, room.young, lambda t: checkouts.begin_checkout(t, file_id))
    lock = word.lock()
    assert word.ask("PUT", data=PDF + b"min egen", headers={"If": lock}).status_code == 204


def test_a_lock_that_the_guide_breaks_is_worth_nothing_and_one_of_a_withdrawn_link_is_let_go(
    app: Flask, story: Story, room: Room
) -> None:
    file_id = story.file(room, room.guide)
    word = program(app, story, room, room.young, file_id)
    lock = word.lock()
    story.play(room, room.guide, lambda t: checkouts.break_off(t, file_id, "Vi skal bruge den nu"))
    assert word.ask("PUT", data=PDF + b"for sent", headers={"If": lock}).status_code == 412
    assert numbers(story, room, file_id) == [1]
    word.lock()
    (link,) = story.play(room, room.young, lambda t: links.my_dav_links(t, file_id))
    story.play(room, room.young, lambda t: links.withdraw_dav_link(t, file_id, link.id))
    assert page_of(story, room, room.guide, file_id).editing is None


def test_a_word_processor_that_falls_silent_blocks_its_own_person_for_minutes_only(
    app: Flask, story: Story, room: Room, calendar: Calendar
) -> None:
    file_id = story.file(room, room.guide)
    program(app, story, room, room.young, file_id).lock()
    word = program(app, story, room, room.young, file_id)
    assert word.ask("LOCK", data=LOCK).status_code == 423
    calendar.move(minutes=4)
    word.lock()
