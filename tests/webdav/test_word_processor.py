"""The door for word processors: what is read and saved through it, and what becomes of it."""

from __future__ import annotations

from uuid import uuid4
from xml.etree import ElementTree as ET

import psycopg
import pytest
from flask import Flask

from portal.access.policy.roles import Level
from portal.errors import Refused
from portal.runtime import runtime_for
from portal.services.files import conflicts, downloads
from portal.services.webdav import links
from portal.settings import Settings
from tests.conftest import Calendar
from tests.support.application import app_for
from tests.support.browser import Browser
from tests.support.story import PDF, Room, Someone, Story
from tests.support.word_processor import LOCK, NOTE, Program, events, numbers, page_of, program


def test_a_version_is_read_and_the_next_one_saved_and_the_trace_tells_both(
    app: Flask, story: Story, room: Room, owner: psycopg.Connection
) -> None:
    file_id = story.file(room, room.guide)
    before = len(events(owner, room))
    word = program(app, story, room, room.young, file_id)
    read = word.ask("GET")
    assert (read.status_code, read.data, read.mimetype) == (200, PDF, "application/pdf")
    assert read.headers["Cache-Control"] == "no-store"
    assert word.ask("HEAD").headers["ETag"] == read.headers["ETag"]
    part = word.ask("GET", headers={"Range": "bytes=5-8"})
    assert (part.status_code, part.data, part.headers["Content-Range"]) == (206, PDF[5:9], f"bytes 5-8/{len(PDF)}")
    assert word.ask("GET", headers={"Range": f"bytes={len(PDF)}-"}).status_code == 416
    saved = word.ask("PUT", data=PDF + b"mere")
    assert saved.status_code == 204
    assert saved.headers["ETag"] != read.headers["ETag"]
    line = page_of(story, room, room.guide, file_id).newest
    assert (line.number, line.name, line.author.id) == (2, "plan.pdf", room.member(room.young))
    # Once more the same bytes: a program that saves what it has saved.
    assert word.ask("PUT", data=PDF + b"mere").status_code == 204
    assert numbers(story, room, file_id) == [2, 1]
    told = [line for line in events(owner, room)[before:] if line[0] != "file.viewed"]
    assert told == [
        ("writing.linked", 1), ("version.opened", 1), ("version.opened", 1), ("version.saved", 2),
    ]  # fmt: skip


def test_who_may_only_read_by_now_reads_on_and_saves_no_more(
    app: Flask, story: Story, room: Room, teacher: Someone, owner: psycopg.Connection
) -> None:
    file_id = story.file(room, room.guide)
    word = program(app, story, room, teacher, file_id)
    story.set_level(room, teacher, Level.READ)
    assert word.ask("GET").data == PDF
    refused = {
        method: word.ask(method, **more).status_code
        for method, more in (
            ("PUT", {"data": PDF + b"x"}), ("LOCK", {"data": LOCK}), ("PROPPATCH", {"data": NOTE}), ("DELETE", {}),
        )
    }  # fmt: skip
    assert set(refused.values()) == {403}
    assert word.ask("MKCOL", "mappe").status_code == 403
    assert events(owner, room)[-5:] == [("access.refused", None)] * 5
    assert numbers(story, room, file_id) == [1]


def test_whoever_only_asks_how_the_file_is_now_has_looked_once_an_hour(
    app: Flask, story: Story, room: Room, teacher: Someone, owner: psycopg.Connection, calendar: Calendar
) -> None:
    file_id = story.file(room, room.guide)
    word, other = program(app, story, room, teacher, file_id), program(app, story, room, teacher, file_id)
    before = len(events(owner, room))
    mark = word.ask("HEAD").headers["ETag"]

    def looks() -> list[str]:
        return [event for event, _ in events(owner, room)[before:]]

    assert looks() == [], "it stands there that the link was made"
    for method, more in (
        ("HEAD", {}),
        ("PROPFIND", {"headers": {"Depth": "0"}}),
        ("PROPFIND", {"path": "", "headers": {"Depth": "1"}}),
        ("GET", {"headers": {"If-None-Match": mark}}),
    ):
        calendar.move(minutes=61)
        seen = len(looks())
        for _ in range(3):
            assert word.ask(method, **more).status_code in (200, 207, 304)
        assert looks()[seen:] == ["file.viewed"], method
    calendar.move(minutes=30)
    word.ask("HEAD")
    other.ask("HEAD")
    assert looks()[4:] == ["file.viewed"], "each link tells of its own"
    calendar.move(minutes=61)
    seen = len(looks())
    assert word.ask("OPTIONS").status_code == 200
    assert looks()[seen:] == [], "what a program may ask says nothing of the file"
    assert word.ask("GET").status_code == 200
    word.ask("HEAD")
    assert looks()[seen:] == ["version.opened"]
    log = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/log")
    assert "så versionerne af ”plan.pdf”" in log.text


def test_saving_over_a_newer_version_is_refused_and_what_was_sent_waits_for_its_sender(
    app: Flask, story: Story, room: Room
) -> None:
    file_id = story.file(room, room.guide)
    word = program(app, story, room, room.young, file_id)
    assert word.ask("GET").status_code == 200
    story.version(room, room.guide, file_id, content=PDF + b"guide")
    # That the same person has looked at the newer one in the browser does not bring it into the word processor.
    story.play(room, room.young, lambda t: downloads.download(t, story.runtime.store, file_id, 2).content.close())  # type: ignore[attr-defined]
    assert word.ask("PUT", data=PDF + b"ung").status_code == 409
    assert numbers(story, room, file_id) == [2, 1]
    (held,) = story.play(room, room.young, lambda t: conflicts.waiting_conflict(t, file_id))
    assert story.play(room, room.young, lambda t: conflicts.meeting(t, held)).taken.number == 1  # type: ignore[union-attr]
    assert story.play(room, room.young, lambda t: conflicts.put_as_next(t, uuid4(), held)) == (file_id, 3)
    # Opened anew it is the newest, and can be saved again.
    assert word.ask("GET").data == PDF + b"ung"
    assert word.ask("PUT", data=PDF + b"ung igen").status_code == 204
    assert numbers(story, room, file_id) == [4, 3, 2, 1]


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"MZ program", 422), (b"", 422), (b"<html><script>", 422), (b"just words", 422), (PDF + b"x" * 3000, 413)],
)
def test_what_may_not_come_in_on_the_page_may_not_come_in_here(
    content: bytes, status: int, portal_settings: Settings, story: Story, room: Room
) -> None:
    file_id = story.file(room, room.guide)
    token = story.play(room, room.guide, lambda t: links.make_dav_link(t, file_id))[0]
    with runtime_for(portal_settings.model_copy(update={"upload_limit": 3000})) as runtime, app_for(runtime) as app:
        blobs = sorted(runtime.store.keys())
        assert Program(app, token).ask("PUT", data=content).status_code == status
        assert sorted(runtime.store.keys()) == blobs
    assert numbers(story, room, file_id) == [1]


def test_half_a_document_is_no_version(app: Flask, story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide)
    word = program(app, story, room, room.guide, file_id)
    blobs = sorted(story.runtime.store.keys())
    broken = word.ask("PUT", data=PDF + b"halvt", environ_overrides={"CONTENT_LENGTH": str(len(PDF) + 500)})
    assert broken.status_code == 400
    assert numbers(story, room, file_id) == [1]
    assert sorted(story.runtime.store.keys()) == blobs


def test_what_waits_for_the_scanner_is_closed_to_others_here_too(
    portal_settings: Settings, story: Story, room: Room
) -> None:
    file_id = story.file(room, room.guide)
    token = story.play(room, room.young, lambda t: links.make_dav_link(t, file_id))[0]
    with (
        runtime_for(portal_settings.model_copy(update={"clamd_url": "tcp://127.0.0.1:1"})) as runtime,
        app_for(runtime) as app,
    ):
        Story(runtime).version(room, room.guide, file_id, content=PDF + b"nyt")
        word = Program(app, token)
        assert word.ask("GET").status_code == 403
        mine = Story(runtime).play(room, room.guide, lambda t: links.make_dav_link(t, file_id))[0]
        assert Program(app, mine).ask("GET").data == PDF + b"nyt"
        with pytest.raises(Refused):
            Story(runtime).play(room, room.young, lambda t: links.make_dav_link(t, file_id))


def test_the_file_cannot_be_taken_away_and_no_other_document_lies_beside_it(
    app: Flask, story: Story, room: Room
) -> None:
    file_id = story.file(room, room.guide)
    word = program(app, story, room, room.guide, file_id)
    beside = f"http://localhost/dav/{word.token}/kopi"
    assert word.ask("DELETE").status_code == 403
    for method in ("MOVE", "COPY"):
        assert word.ask(method, headers={"Destination": beside}).status_code == 403
    assert word.ask("PUT", "andet.docx", data=b"PK").status_code == 403
    assert word.ask("PUT", "andet.pdf", data=PDF).status_code == 403
    assert word.ask("LOCK", "", data=LOCK).status_code == 403
    assert word.ask("MKCOL", "ny.mappe").status_code == 403
    # Asked for the folder: the file alone, and no page to look around in.
    listed = ET.fromstring(word.ask("PROPFIND", "", headers={"Depth": "1"}).text)
    assert [href.text for href in listed.findall("{DAV:}response/{DAV:}href")] == [
        f"/dav/{word.token}/", f"/dav/{word.token}/plan.pdf",
    ]  # fmt: skip
    assert word.ask("GET", "").status_code == 403
    assert word.ask("POST", "").status_code == 405
    assert numbers(story, room, file_id) == [1]


def test_a_program_that_writes_beside_and_moves_over_the_file_has_saved(app: Flask, story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide)
    word = program(app, story, room, room.young, file_id)
    there = {"Destination": f"http://localhost/dav/{word.token}/plan.pdf"}
    assert word.ask("GET").status_code == 200
    assert word.ask("PUT", "~WRD0001.tmp", data=PDF + b"ved siden af").status_code == 201
    assert word.ask("MOVE", "~WRD0001.tmp", headers={**there, "Overwrite": "F"}).status_code == 412
    assert word.ask("MOVE", "~WRD0001.tmp", headers=there).status_code == 204
    assert word.ask("GET", "~WRD0001.tmp").status_code == 404
    assert word.ask("GET").data == PDF + b"ved siden af"
    assert numbers(story, room, file_id) == [2, 1]
    word.ask("PUT", "~WRD0002.tmp", data=b"MZ program")
    assert word.ask("COPY", "~WRD0002.tmp", headers=there).status_code == 422
    story.version(room, room.guide, file_id, content=PDF + b"guide")
    word.ask("PUT", "~WRD0003.tmp", data=PDF + b"for sent")
    assert word.ask("MOVE", "~WRD0003.tmp", headers=there).status_code == 409
    assert len(story.play(room, room.young, lambda t: conflicts.waiting_conflict(t, file_id))) == 1
    assert numbers(story, room, file_id) == [3, 2, 1]
