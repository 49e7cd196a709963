"""Versions: never changed, never thinned, numbered without gaps; and what happens when two people edit one file."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from portal.errors import InvalidInput, NotFound, Refused
from portal.runtime import Runtime
from portal.services.files import checkouts, conflicts, downloads, files
from tests.support.browser import Browser
from tests.support.story import PDF, Room, Someone, Story


def page_of(story: Story, room: Room, who: Someone, file_id: UUID) -> files.FilePage:
    return story.play(room, who, lambda t: files.file_page(t, file_id))


def take(story: Story, room: Room, who: Someone, file_id: UUID, number: int) -> bytes:
    return story.play(
        room, who, lambda t: b"".join(downloads.download(t, story.runtime.store, file_id, number).content)
    )


def bring(
    story: Story, room: Room, who: Someone, file_id: UUID, content: bytes, note: str = "", seen: int | None = None
) -> conflicts.Brought:
    upload = story.upload("plan.pdf", PDF + content, note)
    return story.play(room, who, lambda t: conflicts.bring(t, uuid4(), file_id, upload, seen))


def test_fifty_uploads_at_once_get_fifty_numbers_without_a_gap(story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide)
    contents = [PDF + f"% nr {n}".encode() for n in range(50)]
    with ThreadPoolExecutor(50) as pool:
        numbers = list(pool.map(lambda c: story.version(room, room.guide, file_id, content=c), contents))
    assert sorted(numbers) == list(range(2, 52))
    found = page_of(story, room, room.guide, file_id)
    assert [line.number for line in found.versions] == list(range(51, 0, -1))
    hashes = {line.number: line.sha256 for line in found.versions}
    for number, content in zip(numbers, contents, strict=True):
        assert hashes[number] == hashlib.sha256(content).hexdigest()


def test_a_version_tells_who_when_why_how_large_and_its_hash(story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide)
    bring(story, room, room.young, file_id, b"mine", "Rettet navnet")
    line = page_of(story, room, room.guide, file_id).newest
    assert (line.number, line.author.id, line.note) == (2, room.member(room.young), "Rettet navnet")
    assert (line.size, line.sha256) == (len(PDF) + 4, hashlib.sha256(PDF + b"mine").hexdigest())
    assert line.created_at.tzinfo is not None


def test_the_database_lets_nobody_change_or_remove_a_version(story: Story, room: Room) -> None:
    story.file(room, room.guide)
    for statement in ("update file_version set number = 9", "delete from file_version"):
        with psycopg.connect(story.runtime.settings.database_url) as connection:
            connection.execute("select set_config('app.person_id', %s, true)", [str(room.guide.id)])
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)  # type: ignore[arg-type]


def test_taking_an_older_version_back_makes_a_new_one_with_the_same_bytes(story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide, content=PDF + b"first")
    story.version(room, room.young, file_id, content=PDF + b"second")
    form = uuid4()
    restore = lambda t: files.restore(t, story.runtime.store, form, file_id, 1)  # noqa: E731
    assert [story.play(room, room.guide, restore) for _ in range(2)] == [3, 3]
    assert take(story, room, room.guide, file_id, 3) == PDF + b"first"
    assert take(story, room, room.guide, file_id, 2) == PDF + b"second"
    newest = page_of(story, room, room.guide, file_id).newest
    assert (newest.number, newest.author.id) == (3, room.member(room.guide))
    with pytest.raises(NotFound):
        story.play(room, room.guide, lambda t: files.restore(t, story.runtime.store, uuid4(), file_id, 9))


def test_who_edits_the_newest_version_is_not_stopped(story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide)
    take(story, room, room.young, file_id, 1)
    assert bring(story, room, room.young, file_id, b"2").number == 2
    assert bring(story, room, room.young, file_id, b"3").number == 3, "one's own version is no news"


def test_an_upload_over_a_newer_version_stops_and_shows_both(story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide)
    take(story, room, room.young, file_id, 1)
    bring(story, room, room.guide, file_id, b"guide", "Fra guiden")
    met = bring(story, room, room.young, file_id, b"young", "Fra mig")
    assert met.number is None
    assert met.held_id is not None
    assert [line.number for line in page_of(story, room, room.guide, file_id).versions] == [2, 1]
    both = story.play(room, room.young, lambda t: conflicts.meeting(t, met.held_id))
    assert (both.note, both.taken and both.taken.number) == ("Fra mig", 1)
    assert [(line.number, line.author.id, line.note) for line in both.newer] == [
        (2, room.member(room.guide), "Fra guiden")
    ]
    assert both.sent_at.tzinfo is not None


def test_a_page_shown_before_a_newer_version_came_stops_too(story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide)
    story.version(room, room.guide, file_id)
    assert bring(story, room, room.young, file_id, b"x", seen=1).held_id is not None
    assert bring(story, room, room.young, file_id, b"x", seen=2).number == 3


@pytest.fixture
def met(story: Story, room: Room) -> tuple[UUID, UUID]:
    """The young person's upload has met a version of the guide's: the file and the held upload."""
    file_id = story.file(room, room.guide)
    take(story, room, room.young, file_id, 1)
    bring(story, room, room.guide, file_id, b"guide")
    held = bring(story, room, room.young, file_id, b"young").held_id
    assert held is not None
    return file_id, held


def test_mine_as_the_next_version_anyway(story: Story, room: Room, met: tuple[UUID, UUID]) -> None:
    file_id, held = met
    form = uuid4()
    for _ in range(2):
        assert story.play(room, room.young, lambda t: conflicts.put_as_next(t, form, held)) == (file_id, 3)
    assert take(story, room, room.guide, file_id, 3) == PDF + b"young"
    assert take(story, room, room.guide, file_id, 2) == PDF + b"guide"


def test_mine_as_a_file_of_its_own(story: Story, room: Room, met: tuple[UUID, UUID]) -> None:
    file_id, held = met
    own = story.play(room, room.young, lambda t: conflicts.put_as_own(t, uuid4(), held))
    made = page_of(story, room, room.guide, own)
    assert made.newest.name == "plan (Ulla Ung).pdf"
    assert made.compartment == "shared"
    assert take(story, room, room.guide, own, 1) == PDF + b"young"
    assert page_of(story, room, room.guide, file_id).newest.number == 2


def test_cancelling_throws_only_mine_away(story: Story, room: Room, met: tuple[UUID, UUID], owner) -> None:  # type: ignore[no-untyped-def]
    file_id, held = met
    assert story.play(room, room.young, lambda t: conflicts.drop(t, held)) == file_id
    assert owner.execute("select count(*) from held_upload").fetchone() == (0,)
    assert owner.execute("select count(*) from procrastinate_jobs where task_name = 'forget_blob'").fetchone() == (1,)
    assert page_of(story, room, room.guide, file_id).newest.number == 2
    with pytest.raises(InvalidInput, match="held_gone"):
        story.play(room, room.young, lambda t: conflicts.put_as_next(t, uuid4(), held))


def test_what_is_held_is_sealed_and_its_senders_alone(
    story: Story, room: Room, met: tuple[UUID, UUID], runtime: Runtime
) -> None:
    _file_id, held = met
    for verb in (lambda t: conflicts.meeting(t, held), lambda t: conflicts.put_as_next(t, uuid4(), held)):
        with pytest.raises((NotFound, InvalidInput)):
            story.play(room, room.guide, verb)
    with psycopg.connect(runtime.settings.database_url) as connection:
        connection.execute("select set_config('app.person_id', %s, true)", [str(room.guide.id)])
        assert connection.execute("select count(*) from held_upload").fetchone() == (0,)
        connection.execute("select set_config('app.person_id', %s, true)", [str(room.young.id)])
        assert connection.execute("select count(*) from held_upload").fetchone() == (1,)


def test_somebody_says_they_are_editing_and_the_others_see_it_before_they_begin(
    story: Story, room: Room, teacher: Someone
) -> None:
    file_id = story.file(room, room.guide)
    begun = story.play(room, teacher, lambda t: checkouts.begin_checkout(t, file_id))
    assert begun.until - begun.since == checkouts.LASTS
    seen = page_of(story, room, room.young, file_id).editing
    assert seen is not None
    assert (seen.who.display_name, seen.until, seen.is_me) == ("Lars Lærer", begun.until, False)
    listed = story.play(room, room.young, files.list_files)
    assert [line.editing and line.editing.who.display_name for line in listed] == ["Lars Lærer"]
    with pytest.raises(InvalidInput, match="being_edited"):
        story.play(room, room.young, lambda t: checkouts.begin_checkout(t, file_id))
    met = bring(story, room, room.young, file_id, b"x")
    assert met.held_id is not None
    both = story.play(room, room.young, lambda t: conflicts.meeting(t, met.held_id))
    assert both.editing is not None
    assert bring(story, room, teacher, file_id, b"y").number == 2
    assert page_of(story, room, room.young, file_id).editing is None, "putting in one's version ends it"


def test_an_editing_ends_by_itself_after_eight_hours(story: Story, room: Room, teacher: Someone, calendar) -> None:  # type: ignore[no-untyped-def]
    file_id = story.file(room, room.guide)
    story.play(room, teacher, lambda t: checkouts.begin_checkout(t, file_id))
    calendar.move(hours=7, minutes=59)
    assert page_of(story, room, room.young, file_id).editing is not None
    calendar.move(minutes=2)
    assert page_of(story, room, room.young, file_id).editing is None
    story.play(room, room.young, lambda t: checkouts.begin_checkout(t, file_id))


def test_the_guide_ends_anothers_editing_with_a_note_and_nobody_else_can(
    story: Story, room: Room, teacher: Someone
) -> None:
    file_id = story.file(room, room.guide)
    story.play(room, teacher, lambda t: checkouts.begin_checkout(t, file_id))
    with pytest.raises(Refused):
        story.play(room, room.young, lambda t: checkouts.break_off(t, file_id, "Jeg vil til"))
    with pytest.raises(InvalidInput, match="required"):
        story.play(room, room.guide, lambda t: checkouts.break_off(t, file_id, " "))
    story.play(room, room.guide, lambda t: checkouts.break_off(t, file_id, "Lars er på ferie"))
    found = page_of(story, room, teacher, file_id)
    assert found.editing is None
    assert found.broken is not None
    assert found.broken.ended_by is not None
    assert (found.broken.ended_by.display_name, found.broken.note) == ("Grete Guide", "Lars er på ferie")


def test_the_pages_of_a_conflict(app: Flask, story: Story, room: Room) -> None:
    """In a browser without scripts: stop, both with names and times, and each of the three ways out."""
    file_id = story.file(room, room.guide)
    browser = Browser(app, story.token(room.young))
    address = f"/cases/{room.case_id}/files/{file_id}"
    for choice, said in (("next", "Version 3 er tilføjet"), ("own", "sin egen fil"), ("cancel", "som den var")):
        newest = page_of(story, room, room.guide, file_id).newest.number
        browser.get(f"{address}/versions/{newest}")
        story.version(room, room.guide, file_id)
        stopped = browser.submit(browser.get(address), "note", file=("plan.pdf", PDF + b"mit"))
        # The page was opened after the guide's version, but what was edited is the version taken out before.
        assert stopped.status == 303
        page = browser.follow(stopped)
        assert "Ulla Ung" in page.text
        assert "Grete Guide" in page.text
        assert "venter på dig" in browser.get(address).text
        done = browser.follow(browser.submit(page, "submission", choice=choice))
        assert said in done.text, choice
        assert "venter på dig" not in done.text


def test_the_pages_of_editing_and_taking_back(app: Flask, story: Story, room: Room, teacher: Someone) -> None:
    file_id = story.file(room, room.guide)
    address = f"/cases/{room.case_id}/files/{file_id}"
    hers, his = Browser(app, story.token(room.guide)), Browser(app, story.token(teacher))
    his.follow(his.submit(his.get(address), "/editing"))
    assert "Du redigerer" in his.get(address).text
    page = hers.get(address)
    assert "Lars Lærer" in page.text
    assert "Lars Lærer redigerer" in hers.get(f"/cases/{room.case_id}/files").text
    asked = hers.get(f"{address}/editing/break")
    again = hers.submit(asked, "note", note="")
    assert again.status == 422
    assert "Lars er syg" in hers.follow(hers.submit(again, "note", note="Lars er syg")).text
    story.version(room, room.guide, file_id)
    assert "Version 1 er nu også version 3" in hers.follow(hers.submit(hers.get(address), "/restore")).text
