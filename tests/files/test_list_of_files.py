"""The list of files: found by name without a word in an address, fifty at a time, with small pictures; and names."""

from __future__ import annotations

import io
import re
from base64 import b64decode
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask
from PIL import Image
from werkzeug.datastructures import MultiDict

from portal.access.policy.roles import Level
from portal.runtime import Runtime
from portal.services.files import folders
from tests.signin.test_professionals_sign_in import run_jobs
from tests.support.browser import Browser, Page
from tests.support.pictures import made
from tests.support.story import Room, Story

PHOTO = made("JPEG", Image.new("RGB", (400, 300), "teal"))


@pytest.fixture
def guide(app: Flask, story: Story, room: Room) -> Browser:
    return Browser(app, story.token(room.guide))


def listed(page: Page) -> list[str]:
    return [str(row["data-name"]) for row in page.soup.select("#files > li")]


def at(room: Room, rest: str = "") -> str:
    return f"/cases/{room.case_id}/files{rest}"


# Finding


@pytest.fixture
def many(story: Story, room: Room) -> list[str]:
    """120 files, the newest first."""
    names = [f"Referat {number:03d}.pdf" for number in range(119)] + ["Uddannelsesplan æøå.pdf"]
    for number, name in enumerate(names):
        story.file(room, room.guide, "health" if number < 60 else "shared", name)
    return names[::-1]


def test_a_long_list_is_shown_fifty_at_a_time(guide: Browser, room: Room, many: list[str]) -> None:
    found: list[str] = []
    page = guide.get(at(room))
    while True:
        found += listed(page)
        assert len(listed(page)) <= 50
        on = [link for link in page.soup.select("nav.pages a") if "Flere filer" in link.get_text()]
        if not on:
            break
        page = guide.get(str(on[0]["href"]))
    assert found == many
    assert "101 til 120 af 120 filer" in page.text
    for odd, there in {"0": 50, "-1": 50, "abc": 50, "999": 20, "²": 50, "9" * 40: 50}.items():
        assert len(listed(guide.get(at(room, f"?page={odd}")))) == there, odd


def test_a_file_is_found_by_its_name_and_the_words_stand_in_no_address(
    guide: Browser, room: Room, many: list[str]
) -> None:
    page = guide.submit(guide.get(at(room)), "En del af navnet", name="PLAN æø")
    assert page.status == 200
    assert listed(page) == ["Uddannelsesplan æøå.pdf"]
    assert not [link for link in page.links() if "plan" in link.lower() and "/plan" not in link]
    page = guide.submit(guide.get(at(room)), "En del af navnet", name="referat 0")
    assert len(listed(page)) == 50, "in all pages, not in this one only"
    assert re.search(r"1 til 50 af 1\d\d filer", page.text)
    more = guide.submit(page, "Flere filer")
    assert listed(more)
    assert set(listed(more)) & set(listed(page)) == set()
    nothing = guide.submit(guide.get(at(room)), "En del af navnet", name="findes ikke")
    assert "Ingen filer af den slags" in nothing.text or "Vis alle filer" in nothing.text
    assert listed(guide.get(at(room, "?name=plan")))[0] == many[0], "an address is not asked for a name"


def test_the_list_is_narrowed_by_who_can_see_it_and_both_at_once(
    guide: Browser, story: Story, room: Room, many: list[str]
) -> None:
    page = guide.get(at(room))
    places = {o.get_text(): str(o["value"]) for o in page.soup.select("#place option")}
    assert set(places) == {"Alle", "Fælles", "Helbred"}
    assert UUID(places["Helbred"]), "an id, not a word"
    narrowed = guide.get(at(room, f"?place={places['Helbred']}&sort=oldest"))
    assert listed(narrowed)[0] == "Referat 000.pdf"
    assert "af 60 filer" in narrowed.text
    both = guide.submit(narrowed, "En del af navnet", name="059")
    assert listed(both) == ["Referat 059.pdf"]
    assert listed(guide.submit(narrowed, "En del af navnet", name="060")) == []
    assert listed(guide.get(at(room, f"?place={uuid4()}"))) == []


# Small pictures


def small(browser: Browser, room: Room, *file_ids: UUID) -> dict[str, bytes]:
    token = browser.get(at(room)).soup.select_one("#files")["data-token"]  # type: ignore[index]
    asked = MultiDict([("csrf_token", token), *(("file", str(file_id)) for file_id in file_ids)])
    answer = browser.client.post(at(room, "/small"), data=asked)
    assert answer.status_code == 200
    return {key: b64decode(value) for key, value in answer.get_json().items()}


def test_small_pictures_come_in_one_answer_that_leaves_one_line(
    app: Flask, story: Story, room: Room, runtime: Runtime, owner: psycopg.Connection
) -> None:
    photos = [story.file(room, room.guide, name=f"{n}.jpg", content=PHOTO) for n in range(3)]
    paper = story.file(room, room.guide)
    run_jobs(runtime)
    found = small(Browser(app, story.token(room.young)), room, *photos, paper, uuid4())
    assert set(found) == {str(photo) for photo in photos}
    for picture in found.values():
        shown = Image.open(io.BytesIO(picture))
        assert shown.format == "JPEG"
        assert max(shown.size) == 240
    lines = owner.execute(
        "select fields->>'number' from audit_event where event = 'pictures.listed' and actor_id = %s", [room.young.id]
    )
    assert lines.fetchall() == [("3",)]


def test_no_small_picture_of_what_may_not_be_seen(
    app: Flask, story: Story, room: Room, runtime: Runtime, owner: psycopg.Connection
) -> None:
    teacher = story.staff("Lars Lærer", "Skolen")
    story.add(room, teacher, Level.READ)
    for giver in (room.young, *room.parents):
        story.consent(room, giver, otherwise=("shared",))
    shared, health, gone, closed, waiting = (
        story.file(room, room.guide, compartment, f"{number}.jpg", PHOTO)
        for number, compartment in enumerate(("shared", "health", "shared", "shared", "shared"))
    )
    run_jobs(runtime)
    story.play(room, room.guide, lambda t: folders.withdraw_file(t, gone, "Forkert"))
    owner.execute("update file_version set scan = 'refused' where file_id = %s", [closed])
    owner.execute("update file_version set scan = 'waiting' where file_id = %s", [waiting])
    everything = (shared, health, gone, closed, waiting)
    assert set(small(Browser(app, story.token(teacher)), room, *everything)) == {str(shared)}
    assert set(small(Browser(app, story.token(room.guide)), room, *everything)) == {
        str(shared), str(health), str(waiting),
    }, "whoever put it in may see it before the scanner has spoken"  # fmt: skip
    elsewhere = story.case(room.guide, name="En Anden")
    story.file(elsewhere, room.guide)
    assert small(Browser(app, story.token(room.guide)), elsewhere, *everything) == {}, "not by way of another case"


def test_nothing_shown_leaves_no_line_and_nonsense_is_passed_over(
    app: Flask, story: Story, room: Room, owner: psycopg.Connection
) -> None:
    story.file(room, room.guide)
    browser = Browser(app, story.token(room.guide))
    token = browser.get(at(room)).soup.select_one("#files")["data-token"]  # type: ignore[index]
    asked = MultiDict([("csrf_token", token), ("file", "x"), ("file", "\x00"), *[("file", str(uuid4()))] * 5000])
    answer = browser.client.post(at(room, "/small"), data=asked)
    assert answer.get_json() == {}
    assert browser.client.post(at(room, "/small"), data={}).status_code == 400, "a form's token is asked for"
    told = owner.execute("select count(*) from audit_event where event = 'pictures.listed'")
    assert told.fetchone() == (0,)


# What is said


def test_that_there_is_no_scanner_is_said_once_and_not_at_each_file(guide: Browser, story: Story, room: Room) -> None:
    for number in range(3):
        story.file(room, room.guide, name=f"{number}.pdf")
    page = guide.get(at(room))
    assert page.text.count("virus") == 1
    assert "Filer bliver ikke tjekket for virus her" in page.text
    (file_id, *_) = [str(row.select_one(".what a")["href"]) for row in page.soup.select("#files > li")]  # type: ignore[index]
    assert "virus" not in guide.get(file_id).text


def test_a_picture_is_shown_on_its_own_page(guide: Browser, story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide, name="foto.jpg", content=PHOTO)
    page = guide.get(at(room, f"/{file_id}"))
    shown = page.soup.select_one("figure.photo img")
    assert shown is not None
    assert "foto.jpg" in shown["alt"]
    assert guide.get(str(shown["src"])).headers["Content-Type"] == "image/jpeg"
    paper = story.file(room, room.guide)
    assert guide.get(at(room, f"/{paper}")).soup.select_one("figure.photo") is None
