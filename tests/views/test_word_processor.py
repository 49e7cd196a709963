"""The door for word processors: who comes through it, what they may do there, and what becomes of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4
from xml.etree import ElementTree as ET

import psycopg
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from portal.access.roles import Level
from portal.access.signin import sessions
from portal.errors import InvalidInput, NotFound, Refused
from portal.house import House, opened
from portal.models import Login
from portal.services import accounts, checkouts, conflicts, dav, downloads, files, leaving, order, safeguards
from portal.settings import Settings
from tests.application import lived_in
from tests.browser import Browser
from tests.conftest import Calendar
from tests.story import PDF, Room, Someone, Story, years_ago

LOCK = b"""<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype>
<D:owner>a program</D:owner></D:lockinfo>"""
NOTE = b"""<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop>
<x:zqvmark xmlns:x="urn:x">zqvnote</x:zqvmark></D:prop></D:set></D:propertyupdate>"""


@pytest.fixture
def room(story: Story) -> Room:
    return story.case(parents=1)


@pytest.fixture
def teacher(story: Story, room: Room) -> Someone:
    teacher = story.staff("Lars Lærer", "Skolen")
    story.add(room, teacher, Level.WRITE)
    story.everybody_agrees(room)
    return teacher


@dataclass
class Program:
    """A word processor at the end of somebody's link. It knows no cookie."""

    app: Flask
    token: str
    name: str = "plan.pdf"

    def ask(self, method: str, path: str | None = None, **more: Any) -> TestResponse:
        """The answer, read whole."""
        place = self.name if path is None else path
        with self.app.test_client(use_cookies=False).open(f"/dav/{self.token}/{place}", method=method, **more) as got:
            got.get_data()
            return got

    def lock(self) -> str:
        answer = self.ask("LOCK", data=LOCK, headers={"Timeout": "Second-180", "Depth": "0"})
        assert answer.status_code == 200, answer.status
        return f"({answer.headers['Lock-Token']})"


def program(app: Flask, story: Story, room: Room, who: Someone, file_id: UUID) -> Program:
    token, link = story.play(room, who, lambda t: dav.make(t, file_id))
    return Program(app, token, link.last)


def page_of(story: Story, room: Room, who: Someone, file_id: UUID) -> files.FilePage:
    return story.play(room, who, lambda t: files.page(t, file_id))


def numbers(story: Story, room: Room, file_id: UUID) -> list[int]:
    return [line.number for line in page_of(story, room, room.guide, file_id).versions]


def events(owner: psycopg.Connection, room: Room) -> list[tuple[str, int | None]]:
    rows = owner.execute(
        "select event, fields->>'number' from audit_event where chain_id = %s order by seq", [room.case_id]
    ).fetchall()
    return [(event, int(number) if number else None) for event, number in rows]


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


def test_whoever_has_lost_the_way_in_is_answered_as_if_there_had_never_been_a_link(
    app: Flask, story: Story, room: Room, teacher: Someone, calendar: Calendar
) -> None:
    """Left the team, frozen, without consent, account closed, signed out, link or file withdrawn, too old."""
    mother, admin = room.parents[0], story.admin()
    story.set_level(room, mother, Level.WRITE)
    file_id, other_id = story.file(room, room.guide), story.file(room, room.guide)
    nurse = story.staff("Nina Ny", "Skolen")
    story.add(room, nurse, Level.WRITE)
    word = {
        name: program(app, story, room, who, file_id)
        for name, who in (
            ("left", nurse), ("no consent", teacher), ("frozen", mother), ("closed", story_twin(story, room)),
            ("signed out", room.guide), ("withdrawn", room.guide), ("old", room.guide),
        )
    }  # fmt: skip
    word["file gone"] = program(app, story, room, room.guide, other_id)
    closed = next(person for person, _ in room.members.items() if _name(story, room, person) == "Tove Tvilling")

    def sign_out(name: str) -> None:
        with story.house.unit_of_work() as session:
            held = dav.holder(session, word[name].token)
            assert held is not None
        with story.house.unit_of_work(room.guide.id) as session:
            login = session.get_one(Login, _login_of(story, room, held.link_id))
            sessions.end(sessions.Actor(session, room.guide.id, True, frozenset(), "", login_id=login.id))

    def withdraw(name: str) -> None:
        with story.house.unit_of_work() as session:
            held = dav.holder(session, word[name].token)
            assert held is not None
        story.play(room, room.guide, lambda t: dav.withdraw(t, file_id, held.link_id))

    def freeze() -> None:
        today = years_ago(0)
        story.play(
            room, room.guide, lambda t: safeguards.freeze(t, uuid4(), [room.member(mother)], today, "Underretning")
        )

    def close() -> None:
        with story.acting(admin) as actor:
            actor.office = frozenset({accounts.OfficeAction.ACCOUNTS_MANAGE})
            accounts.close_account(actor, closed)

    unknown = Program(app, "x" * 43)
    methods = ("GET", "PUT", "PROPFIND", "LOCK", "OPTIONS")
    answers = {method: _alike(unknown.ask(method)) for method in methods}
    assert {status for status, _, _ in answers.values()} == {404}
    for happens, name in (
        (lambda: story.play(room, nurse, lambda t: leaving.leave(t, uuid4(), "new_job")), "left"),
        (freeze, "frozen"),
        (lambda: story.withdraw(room, room.young, "all"), "no consent"),
        (close, "closed"),
        (lambda: sign_out("signed out"), "signed out"),
        (lambda: withdraw("withdrawn"), "withdrawn"),
        (lambda: story.play(room, room.guide, lambda t: order.withdraw(t, other_id, "Forkert")), "file gone"),
        (lambda: calendar.move(hours=9), "old"),
    ):
        assert word[name].ask("GET").status_code == 200, name
        happens()
        for method in methods:
            assert _alike(word[name].ask(method)) == answers[method], (name, method)
    assert numbers(story, room, file_id) == [1]


def story_twin(story: Story, room: Room) -> Someone:
    twin = story.staff("Tove Tvilling")
    story.add(room, twin, Level.WRITE)
    return twin


def _name(story: Story, room: Room, person: UUID) -> str:
    return story.play(room, room.guide, lambda t: t.members[room.members[person]].display_name)


def _login_of(story: Story, room: Room, link_id: UUID) -> UUID:
    with psycopg.connect(story.house.settings.owner_database_url) as connection:
        row = connection.execute("select login_id from dav_token where id = %s", [link_id]).fetchone()
        assert row is not None
        return UUID(str(row[0]))


def _alike(answer: TestResponse) -> tuple[int, str, list[tuple[str, str]]]:
    told = [(k, v) for k, v in answer.headers.items() if k not in ("X-Request-Id", "Date", "Set-Cookie")]
    return answer.status_code, answer.text, sorted(told)


def test_a_session_that_fell_asleep_leaves_the_link_be(
    app: Flask, story: Story, room: Room, calendar: Calendar
) -> None:
    file_id = story.file(room, room.guide)
    word = program(app, story, room, room.young, file_id)
    calendar.move(hours=2)
    assert word.ask("PUT", data=PDF + b"efter to timer").status_code == 204
    assert numbers(story, room, file_id) == [2, 1]


def test_switched_off_there_is_no_door_no_page_and_no_button(
    portal_settings: Settings, story: Story, room: Room
) -> None:
    assert Settings(_env_file=None).webdav is False  # type: ignore[call-arg]
    file_id = story.file(room, room.guide, name="notat.rtf", content=b"{\\rtf1 hej}")
    token = story.play(room, room.guide, lambda t: dav.make(t, file_id))[0]
    with opened(portal_settings.model_copy(update={"webdav": False})) as house, lived_in(house) as app:
        for method in ("GET", "PUT", "PROPFIND", "OPTIONS", "LOCK", "POST"):
            assert Program(app, token).ask(method).status_code == 404
        browser = Browser(app, story.token(room.guide))
        at = f"/cases/{room.case_id}/files/{file_id}"
        assert "word-processor" not in browser.get(at).everything
        assert browser.get(f"{at}/word-processor").status == 404
        assert browser.post(f"{at}/word-processor").status == 404
        assert browser.post(f"{at}/word-processor/{uuid4()}/end").status == 404


def test_the_page_gives_the_address_once_and_ends_it(app: Flask, story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide, name="Notat & tal.rtf", content=b"{\\rtf1 hej}")
    browser = Browser(app, story.token(room.young))
    at = f"/cases/{room.case_id}/files/{file_id}"
    made = browser.submit(browser.get(at), "word-processor")
    assert made.status == 200
    address = str(made.soup.select_one("#address")["value"])  # type: ignore[index]
    assert re.fullmatch(r"http://localhost/dav/[\w-]{43}/Notat%20_%20tal\.rtf", address)
    assert f"vnd.libreoffice.command:ofe|u|{address}" in made.links()
    assert f"ms-word:ofe|u|{address}" in made.links()
    token = address.split("/")[4]
    word = Program(app, token, "Notat _ tal.rtf")
    assert word.ask("GET").data == b"{\\rtf1 hej}"
    assert word.ask("PUT", data=b"{\\rtf1 hej igen}").status_code == 204
    assert page_of(story, room, room.guide, file_id).newest.name == "Notat & tal.rtf"
    again = browser.get(f"{at}/word-processor")
    assert token not in again.everything
    assert "1 open link" in browser.get(at).text or "1 åbent link" in browser.get(at).text
    ended = browser.follow(browser.submit(again, "/end"))
    assert ended.status == 200
    assert word.ask("GET").status_code == 404
    with psycopg.connect(story.house.settings.owner_database_url) as connection:
        assert token.encode() not in str(connection.execute("select * from dav_token").fetchall()).encode()


def test_only_what_word_processors_open_and_only_who_may_write_gets_a_link(
    app: Flask, story: Story, room: Room
) -> None:
    letter = story.file(room, room.guide, name="notat.rtf", content=b"{\\rtf1 hej}")
    picture = story.file(room, room.guide)
    guide, mother = Browser(app, story.token(room.guide)), Browser(app, story.token(room.parents[0]))
    files_of = f"/cases/{room.case_id}/files"
    assert "word-processor" not in guide.get(f"{files_of}/{picture}").everything
    assert guide.post(f"{files_of}/{picture}/word-processor").status == 404
    assert "word-processor" not in mother.get(f"{files_of}/{letter}").everything
    assert mother.post(f"{files_of}/{letter}/word-processor").status == 403
    with pytest.raises(Refused):
        story.play(room, room.parents[0], lambda t: dav.make(t, letter))
    link = story.play(room, room.guide, lambda t: dav.make(t, letter))[1]
    with pytest.raises(NotFound):
        story.play(room, room.young, lambda t: dav.withdraw(t, letter, link.id))
    for _ in range(dav.MOST - 1):
        story.play(room, room.guide, lambda t: dav.make(t, letter))
    with pytest.raises(InvalidInput, match="links_many"):
        story.play(room, room.guide, lambda t: dav.make(t, letter))


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


def test_saving_over_a_newer_version_is_refused_and_what_was_sent_waits_for_its_sender(
    app: Flask, story: Story, room: Room
) -> None:
    file_id = story.file(room, room.guide)
    word = program(app, story, room, room.young, file_id)
    assert word.ask("GET").status_code == 200
    story.version(room, room.guide, file_id, content=PDF + b"guide")
    # That the same person has looked at the newer one in the browser does not bring it into the word processor.
    story.play(room, room.young, lambda t: downloads.download(t, story.house.store, file_id, 2).content.close())  # type: ignore[attr-defined]
    assert word.ask("PUT", data=PDF + b"ung").status_code == 409
    assert numbers(story, room, file_id) == [2, 1]
    (held,) = story.play(room, room.young, lambda t: conflicts.waiting(t, file_id))
    assert story.play(room, room.young, lambda t: conflicts.meeting(t, held)).taken.number == 1  # type: ignore[union-attr]
    assert story.play(room, room.young, lambda t: conflicts.put_as_next(t, uuid4(), held)) == (file_id, 3)
    # Opened anew it is the newest, and can be saved again.
    assert word.ask("GET").data == PDF + b"ung"
    assert word.ask("PUT", data=PDF + b"ung igen").status_code == 204
    assert numbers(story, room, file_id) == [4, 3, 2, 1]


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
    story.play(room, teacher, lambda t: checkouts.begin(t, file_id))
    assert word.ask("LOCK", data=LOCK).status_code == 423
    assert word.ask("PUT", data=PDF + b"imens").status_code == 423
    story.play(room, teacher, lambda t: checkouts.end(t, file_id))
    lock = word.lock()
    assert word.ask("UNLOCK", headers={"Lock-Token": lock.strip("()")}).status_code == 204
    # What one has said oneself on the page is no obstacle to one's own program.
    story.play(room, room.young, lambda t: checkouts.begin(t, file_id))
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
    (link,) = story.play(room, room.young, lambda t: dav.mine(t, file_id))
    story.play(room, room.young, lambda t: dav.withdraw(t, file_id, link.id))
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


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"MZ program", 422), (b"", 422), (b"<html><script>", 422), (b"just words", 422), (PDF + b"x" * 3000, 413)],
)
def test_what_may_not_come_in_on_the_page_may_not_come_in_here(
    content: bytes, status: int, portal_settings: Settings, story: Story, room: Room
) -> None:
    file_id = story.file(room, room.guide)
    token = story.play(room, room.guide, lambda t: dav.make(t, file_id))[0]
    with opened(portal_settings.model_copy(update={"upload_limit": 3000})) as house, lived_in(house) as app:
        blobs = sorted(house.store.keys())
        assert Program(app, token).ask("PUT", data=content).status_code == status
        assert sorted(house.store.keys()) == blobs
    assert numbers(story, room, file_id) == [1]


def test_half_a_document_is_no_version(app: Flask, story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide)
    word = program(app, story, room, room.guide, file_id)
    blobs = sorted(story.house.store.keys())
    broken = word.ask("PUT", data=PDF + b"halvt", environ_overrides={"CONTENT_LENGTH": str(len(PDF) + 500)})
    assert broken.status_code == 400
    assert numbers(story, room, file_id) == [1]
    assert sorted(story.house.store.keys()) == blobs


def test_what_waits_for_the_scanner_is_shut_to_others_here_too(
    portal_settings: Settings, story: Story, room: Room
) -> None:
    file_id = story.file(room, room.guide)
    token = story.play(room, room.young, lambda t: dav.make(t, file_id))[0]
    with opened(portal_settings.model_copy(update={"clamd_url": "tcp://127.0.0.1:1"})) as house, lived_in(house) as app:
        Story(house).version(room, room.guide, file_id, content=PDF + b"nyt")
        word = Program(app, token)
        assert word.ask("GET").status_code == 403
        mine = Story(house).play(room, room.guide, lambda t: dav.make(t, file_id))[0]
        assert Program(app, mine).ask("GET").data == PDF + b"nyt"
        with pytest.raises(Refused):
            Story(house).play(room, room.young, lambda t: dav.make(t, file_id))


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
    assert len(story.play(room, room.young, lambda t: conflicts.waiting(t, file_id))) == 1
    assert numbers(story, room, file_id) == [3, 2, 1]


def test_there_is_no_way_from_one_link_into_another_case(
    app: Flask, story: Story, room: Room, teacher: Someone
) -> None:
    elsewhere = story.case(name="Anden Ung")
    theirs = program(app, story, elsewhere, elsewhere.guide, story.file(elsewhere, elsewhere.guide))
    file_id = story.file(room, room.guide)
    word, others = program(app, story, room, room.guide, file_id), program(app, story, room, teacher, file_id)
    word.ask("PUT", ".~lock.plan.pdf%23", data=b"Grete")
    for target in (theirs, others):
        there = {"Destination": f"http://localhost/dav/{target.token}/plan.pdf"}
        assert word.ask("COPY", ".~lock.plan.pdf%23", headers=there).status_code == 502
    for path in (f"../{theirs.token}/plan.pdf", f"..%2f{theirs.token}%2fplan.pdf", "../../cases", "..%2f..%2fcases"):
        assert word.ask("GET", path).status_code in (400, 404)
    assert others.ask("GET", ".~lock.plan.pdf%23").status_code == 404
    second = program(app, story, room, room.guide, file_id)
    assert second.ask("GET", ".~lock.plan.pdf%23").status_code == 404
    assert word.ask("GET", ".~lock.plan.pdf%23").data == b"Grete"


def test_what_lies_beside_the_file_is_sealed_few_and_goes_with_the_link(
    house: House, app: Flask, story: Story, room: Room, owner: psycopg.Connection, calendar: Calendar,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    file_id = story.file(room, room.guide)
    blobs = sorted(house.store.keys())
    word = program(app, story, room, room.guide, file_id)
    assert word.ask("PUT", "zqvmark", data=b"zqvmark " * 20_000).status_code == 201
    assert word.ask("PROPPATCH", data=NOTE).status_code == 207
    assert "zqvnote" in word.ask("PROPFIND", headers={"Depth": "0"}).text
    assert word.ask("LOCK", "zqvmark", data=LOCK.replace(b"a program", b"zqvmark")).status_code == 200
    rows = [owner.execute(f"select * from {table}").fetchall() for table in ("dav_token", "dav_entry", "dav_lock")]  # type: ignore[arg-type]
    assert all(rows)
    assert b"zqv" not in repr(rows).encode()
    sealed = sorted(set(house.store.keys()) - set(blobs))
    assert len(sealed) == 1
    with house.store.open(sealed[0]) as blob:
        assert b"zqvmark" not in blob.read_at(0, blob.size)
    large = NOTE.replace(b"zqvnote", b"x" * 70_000)
    assert "507" in word.ask("PROPPATCH", data=large).text
    monkeypatch.setattr("portal.services.dav_desk.MOST", 2)
    assert word.ask("PUT", "en mere", data=b"x").status_code == 507
    assert "zqv" not in str([line.name for line in story.play(room, room.guide, files.listing)])
    calendar.move(hours=9)
    with house.unit_of_work() as session:
        assert dav.sweep(session) == 1
    queued = owner.execute("select args->>'blob' from procrastinate_jobs where task_name = 'forget_blob'").fetchall()
    assert (sealed[0],) in queued
    for table in ("dav_token", "dav_entry", "dav_lock"):
        assert owner.execute(f"select count(*) from {table}").fetchone() == (0,)  # type: ignore[arg-type]
