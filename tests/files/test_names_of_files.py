"""A file is given another name: it keeps its ending, is found by both, and the log says so."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest
from flask import Flask

from portal.errors import InvalidInput, NotFound, Refused
from portal.services.cases import move, search
from portal.services.files import files, folders, renaming
from tests.exports.test_exports import opened, packed
from tests.files.test_list_of_files import PHOTO, at
from tests.support.browser import Browser
from tests.support.story import PDF, Room, Someone, Story, compartment_id


@pytest.fixture
def guide(app: Flask, story: Story, room: Room) -> Browser:
    return Browser(app, story.token(room.guide))


# Names


def rename(story: Story, room: Room, who: Someone, file_id: UUID, name: str) -> None:
    story.play(room, who, lambda t: renaming.rename(t, file_id, name))


def title(story: Story, room: Room, file_id: UUID) -> str:
    return story.play(room, room.young, lambda t: files.file_page(t, file_id)).title


@pytest.mark.parametrize(
    ("typed", "called"),
    [
        ("Mit værelse", "Mit værelse.jpg"),
        ("Mit værelse.JPG", "Mit værelse.jpg"),
        ("  to   ord ", "to ord.jpg"),
        ("../../etc/passwd", "passwd.jpg"),
        ("plan\u202egpj.exe", "plangpj.exe.jpg"),
        ("a" * 300, "a" * 196 + ".jpg"),
        ("3.5 timer", "3.5 timer.jpg"),
        ("a\u030aben", "åben.jpg"),
    ],
)
def test_a_file_is_given_another_name_and_keeps_its_ending(typed: str, called: str, story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide, name="IMG_2041.jpg", content=PHOTO)
    rename(story, room, room.young, file_id, typed)
    assert title(story, room, file_id) == called
    page = story.play(room, room.young, lambda t: files.file_page(t, file_id))
    assert page.newest.name == "IMG_2041.jpg", "its versions keep theirs"
    assert story.play(room, room.young, files.list_files)[0].title == called


@pytest.mark.parametrize("typed", ["", "   ", ".jpg", "...", "\u200b", "\u202e"])
def test_no_name_at_all_is_refused(typed: str, story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide, name="IMG_2041.jpg", content=PHOTO)
    with pytest.raises(InvalidInput):
        rename(story, room, room.guide, file_id, typed)
    assert title(story, room, file_id) == "IMG_2041.jpg"


def test_a_given_name_stays_with_new_versions_and_takes_their_ending(
    app: Flask, story: Story, room: Room, owner: psycopg.Connection
) -> None:
    file_id = story.file(room, room.guide, name="IMG_2041.jpg", content=PHOTO)
    rename(story, room, room.guide, file_id, "Kontrakt")
    story.version(room, room.guide, file_id, "scan (3).pdf", PDF)
    assert title(story, room, file_id) == "Kontrakt.pdf"
    browser = Browser(app, story.token(room.young))
    newest = browser.get(at(room, f"/{file_id}/versions/2")).headers["Content-Disposition"]
    first = browser.get(at(room, f"/{file_id}/versions/1")).headers["Content-Disposition"]
    assert "Kontrakt.pdf" in newest
    assert "IMG_2041.jpg" in first
    package = opened(story, room, room.guide, packed(story, room, room.guide, owner))
    assert "Filer/Kontrakt.pdf" in package.namelist()
    assert "Tidligere versioner/IMG_2041.jpg" in package.namelist()


def test_a_file_is_found_by_the_name_it_was_given_and_by_those_it_came_with(story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide, name="IMG_2041.jpg", content=PHOTO)
    rename(story, room, room.guide, file_id, "Lejekontrakten")
    for words in ("lejekontrakt", "IMG_2041"):
        (hit,) = story.play(room, room.young, lambda t, words=words: search.find_in_case(t, words))
        assert (hit.item_id, hit.title) == (file_id, "Lejekontrakten.jpg")


def test_a_name_goes_with_its_file_to_another_compartment_and_is_hidden_there(
    story: Story, room: Room, owner: psycopg.Connection
) -> None:
    mother = room.parents[0]
    story.consent(room, room.young)
    file_id = story.file(room, room.guide, name="IMG_2041.jpg", content=PHOTO)
    rename(story, room, room.guide, file_id, "Hemmeligtord")
    assert len(story.play(room, mother, lambda t: search.find_in_case(t, "hemmeligtord"))) == 1
    story.play(room, room.guide, lambda t: move.move_file(t, file_id, compartment_id(t, "professionals")))
    assert story.play(room, mother, lambda t: search.find_in_case(t, "hemmeligtord")) == []
    assert len(story.play(room, room.guide, lambda t: search.find_in_case(t, "hemmeligtord"))) == 1
    assert title_for(story, room, room.guide, file_id) == "Hemmeligtord.jpg"
    owner.execute("set role portal_app")
    try:
        for who, sees in ((mother, 0), (room.guide, 1)):
            owner.execute("select set_config('app.person_id', %s, false)", [str(who.id)])
            assert owner.execute("select count(*) from file_name").fetchone() == (sees,)
    finally:
        owner.execute("reset role")
    for (table,) in owner.execute("select tablename from pg_tables where schemaname = 'public'").fetchall():
        clear = owner.execute(f"select count(*) from {table} t where t::text ilike '%hemmeligtord%'")  # type: ignore[arg-type]
        assert clear.fetchone() == (0,), table


def title_for(story: Story, room: Room, who: Someone, file_id: UUID) -> str:
    return story.play(room, who, lambda t: files.file_page(t, file_id)).title


def test_whoever_may_put_a_version_in_may_rename_and_nobody_else(story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide, name="IMG_2041.jpg", content=PHOTO)
    hidden = story.file(room, room.guide, "professionals", "fagligt.pdf")
    reader = room.parents[0]
    with pytest.raises(Refused):
        rename(story, room, reader, file_id, "Andet")
    with pytest.raises(NotFound):
        rename(story, room, room.young, hidden, "Andet")
    story.play(room, room.guide, lambda t: folders.withdraw_file(t, file_id, "Forkert"))
    with pytest.raises(NotFound):
        rename(story, room, room.guide, file_id, "Andet")


def test_a_file_is_renamed_on_its_page_and_the_log_says_so(
    app: Flask, guide: Browser, story: Story, room: Room, owner: psycopg.Connection
) -> None:
    file_id = story.file(room, room.guide, name="IMG_2041.jpg", content=PHOTO)
    page = guide.get(at(room, f"/{file_id}"))
    field = page.soup.find("input", id="called")
    assert field["value"] == "IMG_2041", "the ending is not to be typed"  # type: ignore[index]
    done = guide.follow(guide.submit(page, "Gem navnet", name="Mit værelse"))
    assert done.soup.find("h1").get_text() == "Mit værelse.jpg"  # type: ignore[union-attr]
    assert "IMG_2041.jpg" in done.text
    refused = guide.follow(guide.submit(done, "Gem navnet", name=" "))
    assert "blev ikke ændret" in refused.text
    assert refused.soup.find("h1").get_text() == "Mit værelse.jpg"  # type: ignore[union-attr]
    assert owner.execute("select count(*) from audit_event where event = 'file.renamed'").fetchone() == (1,)
    assert "sit navn" in Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/log").text
