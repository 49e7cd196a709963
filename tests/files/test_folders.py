"""Order among the files: folders, sorting, and a file that was withdrawn."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from portal.access.policy.roles import Level
from portal.errors import InvalidInput, NotFound, Overtaken, Refused
from portal.services.cases import overview, search
from portal.services.files import conflicts, downloads, files, folders
from tests.support.browser import Browser
from tests.support.story import PDF, Room, Story


def withdraw(story: Story, room: Room, file_id: UUID, reason: str = "Det var den forkerte fil") -> None:
    story.play(room, room.young, lambda t: folders.withdraw_file(t, file_id, reason))


def test_a_withdrawn_file_leaves_its_name_who_and_why_and_nothing_else(
    story: Story, room: Room, owner: psycopg.Connection
) -> None:
    file_id = story.file(room, room.young, name="fejltagelse.pdf")
    withdraw(story, room, file_id)
    page = story.play(room, room.guide, lambda t: files.file_page(t, file_id))
    assert page.withdrawn is not None
    assert (page.withdrawn.by.display_name, page.withdrawn.reason) == ("Ulla Ung", "Det var den forkerte fil")
    assert page.newest.name == "fejltagelse.pdf"
    assert not page.can_add_version
    upload = story.upload("x.pdf", PDF)
    for verb in (
        lambda t: downloads.download(t, story.runtime.store, file_id, 1),
        lambda t: files.restore(t, story.runtime.store, uuid4(), file_id, 1),
        lambda t: conflicts.bring(t, uuid4(), file_id, upload),
        lambda t: folders.place_in_folder(t, file_id, "Mappe"),
    ):
        with pytest.raises(NotFound):
            story.play(room, room.guide, verb)
    with pytest.raises(Overtaken):
        story.play(room, room.guide, lambda t: folders.withdraw_file(t, file_id, "igen"))
    assert story.play(room, room.guide, lambda t: search.find_in_case(t, "fejltagelse")) == []
    assert story.play(room, room.guide, overview.overview).files == ()
    assert owner.execute("select count(*) from file_version").fetchone() == (1,), "what is in it is kept"


def test_only_whoever_put_it_in_and_the_guide_withdraw_and_only_with_a_reason(story: Story, room: Room) -> None:
    story.set_level(room, room.young, Level.WRITE)
    file_id = story.file(room, room.guide)
    with pytest.raises(Refused):
        withdraw(story, room, file_id)
    own = story.file(room, room.young)
    with pytest.raises(InvalidInput, match="required"):
        withdraw(story, room, own, " ")
    story.play(room, room.guide, lambda t: folders.withdraw_file(t, own, "Aftalt"))


def test_folders_and_sorting_in_the_list(app: Flask, story: Story, room: Room) -> None:
    ids = {name: story.file(room, room.guide, name=name, content=PDF + name.encode()) for name in ("å.pdf", "b.pdf")}
    browser = Browser(app, story.token(room.guide))
    shown = f"/cases/{room.case_id}/files"
    browser.submit(browser.get(f"{shown}/{ids['b.pdf']}"), "folders", folder="Skole og æbler")
    page = browser.get(shown)
    assert "Skole og æbler" in page.text
    mark = next(str(o["value"]) for o in page.soup.find_all("option") if "Skole" in o.get_text())
    assert "kole" not in mark, "no word of a case in an address"
    only = browser.get(f"{shown}?folder={mark}")
    assert "b.pdf" in only.text
    assert "å.pdf" not in only.text
    assert "å.pdf" in browser.get(f"{shown}?folder=none").text
    for sort, first in (("name", "b.pdf"), ("oldest", "å.pdf"), ("", "b.pdf"), ("size", "å.pdf")):
        names = [a.get_text() for a in browser.get(f"{shown}?sort={sort}").soup.select("ul.rows .what > a")]
        assert names[0] == first, sort
    assert browser.submit(browser.get(f"{shown}/{ids['b.pdf']}"), "folders", folder="").status == 303
    assert "Skole" not in browser.get(shown).text


def test_the_pages_of_withdrawing(app: Flask, story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide)
    browser = Browser(app, story.token(room.guide))
    at = f"/cases/{room.case_id}/files/{file_id}"
    again = browser.submit(browser.get(f"{at}/withdraw"), "reason", reason="")
    assert again.status == 422
    done = browser.follow(browser.submit(again, "reason", reason="Forkert barn"))
    assert "Forkert barn" in done.text
    assert "Hent" not in done.text
    assert "Forkert barn" in browser.get(f"/cases/{room.case_id}/files").text
    assert browser.get(f"{at}/versions/1").status == 404
    assert browser.get(f"{at}/versions/1/preview").status == 404
