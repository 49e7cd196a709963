"""The links that word processors come by: who gets one, what it opens, and what ends it."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from portal.access.policy.roles import Level
from portal.access.signin import sessions
from portal.errors import InvalidInput, NotFound, Refused
from portal.models import Login
from portal.runtime import Runtime, runtime_for
from portal.services.accounts import directory
from portal.services.consents import overrides
from portal.services.files import files, folders
from portal.services.members import leaving
from portal.services.webdav import links as webdav_links
from portal.settings import Settings
from tests.conftest import Calendar
from tests.support.application import app_for
from tests.support.browser import Browser
from tests.support.story import PDF, Room, Someone, Story, years_ago
from tests.support.word_processor import LOCK, NOTE, Program, numbers, page_of, program


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
        with story.runtime.unit_of_work() as session:
            held = webdav_links.holder(session, word[name].token)
            assert held is not None
        with story.runtime.unit_of_work(room.guide.id) as session:
            login = session.get_one(Login, _login_of(story, room, held.link_id))
            sessions.end_session(sessions.Actor(session, room.guide.id, True, frozenset(), "", login_id=login.id))

    def withdraw(name: str) -> None:
        with story.runtime.unit_of_work() as session:
            held = webdav_links.holder(session, word[name].token)
            assert held is not None
        story.play(room, room.guide, lambda t: webdav_links.withdraw_dav_link(t, file_id, held.link_id))

    def freeze() -> None:
        today = years_ago(0)
        story.play(
            room, room.guide, lambda t: overrides.freeze(t, uuid4(), [room.member(mother)], today, "Underretning")
        )

    def close() -> None:
        with story.acting(admin) as actor:
            actor.office = frozenset({directory.OfficeAction.ACCOUNTS_MANAGE})
            directory.close_account(actor, closed)

    unknown = Program(app, "x" * 43)
    methods = ("GET", "PUT", "PROPFIND", "LOCK", "OPTIONS")
    answers = {method: _alike(unknown.ask(method)) for method in methods}
    assert {status for status, _, _ in answers.values()} == {404}
    for happens, name in (
        (lambda: story.play(room, nurse, lambda t: leaving.leave_case(t, uuid4(), "new_job")), "left"),
        (freeze, "frozen"),
        (lambda: story.withdraw(room, room.young, "all"), "no consent"),
        (close, "closed"),
        (lambda: sign_out("signed out"), "signed out"),
        (lambda: withdraw("withdrawn"), "withdrawn"),
        (lambda: story.play(room, room.guide, lambda t: folders.withdraw_file(t, other_id, "Forkert")), "file gone"),
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
    with psycopg.connect(story.runtime.settings.owner_database_url) as connection:
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
    token = story.play(room, room.guide, lambda t: webdav_links.make_dav_link(t, file_id))[0]
    with runtime_for(portal_settings.model_copy(update={"webdav": False})) as runtime, app_for(runtime) as app:
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
    with psycopg.connect(story.runtime.settings.owner_database_url) as connection:
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
        story.play(room, room.parents[0], lambda t: webdav_links.make_dav_link(t, letter))
    link = story.play(room, room.guide, lambda t: webdav_links.make_dav_link(t, letter))[1]
    with pytest.raises(NotFound):
        story.play(room, room.young, lambda t: webdav_links.withdraw_dav_link(t, letter, link.id))
    for _ in range(webdav_links.MOST - 1):
        story.play(room, room.guide, lambda t: webdav_links.make_dav_link(t, letter))
    with pytest.raises(InvalidInput, match="links_many"):
        story.play(room, room.guide, lambda t: webdav_links.make_dav_link(t, letter))


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
        assert word.ask("COPY", ".~lock.plan.pdf%23", headers=there).status_code == 403
    for path in (f"../{theirs.token}/plan.pdf", f"..%2f{theirs.token}%2fplan.pdf", "../../cases", "..%2f..%2fcases"):
        assert word.ask("GET", path).status_code in (400, 404)
    assert others.ask("GET", ".~lock.plan.pdf%23").status_code == 404
    second = program(app, story, room, room.guide, file_id)
    assert second.ask("GET", ".~lock.plan.pdf%23").status_code == 404
    assert word.ask("GET", ".~lock.plan.pdf%23").data == b"Grete"


def test_what_lies_beside_the_file_is_sealed_few_and_goes_with_the_link(
    runtime: Runtime, app: Flask, story: Story, room: Room, owner: psycopg.Connection, calendar: Calendar,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    file_id = story.file(room, room.guide)
    blobs = sorted(runtime.store.keys())
    word = program(app, story, room, room.guide, file_id)
    assert word.ask("PUT", "zqvmark", data=b"zqvmark " * 20_000).status_code == 201
    assert word.ask("PROPPATCH", data=NOTE).status_code == 207
    assert "zqvnote" in word.ask("PROPFIND", headers={"Depth": "0"}).text
    assert word.ask("LOCK", "zqvmark", data=LOCK.replace(b"a program", b"zqvmark")).status_code == 200
    rows = [owner.execute(f"select * from {table}").fetchall() for table in ("dav_token", "dav_entry", "dav_lock")]  # type: ignore[arg-type]
    assert all(rows)
    assert b"zqv" not in repr(rows).encode()
    sealed = sorted(set(runtime.store.keys()) - set(blobs))
    assert len(sealed) == 1
    with runtime.store.open(sealed[0]) as blob:
        assert b"zqvmark" not in blob.read_at(0, blob.size)
    large = NOTE.replace(b"zqvnote", b"x" * 70_000)
    assert "507" in word.ask("PROPPATCH", data=large).text
    monkeypatch.setattr("portal.services.webdav.scratch.MOST", 2)
    assert word.ask("PUT", "en mere", data=b"x").status_code == 507
    assert "zqv" not in str([line.name for line in story.play(room, room.guide, files.list_files)])
    calendar.move(hours=9)
    with runtime.unit_of_work() as session:
        assert webdav_links.sweep_dav_links(session) == 1
    queued = owner.execute("select args->>'blob' from procrastinate_jobs where task_name = 'forget_blob'").fetchall()
    assert (sealed[0],) in queued
    for table in ("dav_token", "dav_entry", "dav_lock"):
        assert owner.execute(f"select count(*) from {table}").fetchone() == (0,)  # type: ignore[arg-type]
