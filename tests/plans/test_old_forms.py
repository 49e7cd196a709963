"""Forms made elsewhere: put in at a tool's place, with day and parties, and listed among its versions."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from portal import clock
from portal.access.policy.roles import Level
from portal.services.files import folders
from portal.services.plans import editing
from tests.support.browser import Browser, Page, held
from tests.support.story import HERE, PDF, Room, Story

TOOL = "goals_and_agreements"
TODAY = clock.today(HERE)


@pytest.fixture
def room(story: Story) -> Room:
    return story.case()


@pytest.fixture
def guide(app: Flask, story: Story, room: Room) -> Browser:
    return Browser(app, story.token(room.guide))


def on(day: date) -> dict[str, str]:
    return {"made_on-day": str(day.day), "made_on-month": str(day.month), "made_on-year": str(day.year)}


def put_in(browser: Browser, room: Room, name: str = "Handleplan 2024.pdf", **typed: Any) -> Page:
    page = browser.get(f"/cases/{room.case_id}/plan/{TOOL}/elsewhere")
    return browser.submit(page, "made_on", file=(name, PDF), **typed)


def listed(page: Page) -> list[str]:
    """The lines of the list of versions, from top to bottom."""
    section = page.soup.find(id="versions").find_parent("section")  # type: ignore[union-attr]
    return [" ".join(line.get_text(" ").split()) for line in section.select("ul.rows > li")]


def test_a_form_made_elsewhere_stands_among_the_versions_by_its_day_and_is_never_the_plan(
    app: Flask, story: Story, room: Room, calendar: Any
) -> None:
    story.plan(room, room.guide, "Jeg vil bo selv")
    calendar.move(days=10)
    guide = Browser(app, story.token(room.guide))
    last_year, yesterday = TODAY - timedelta(days=365), TODAY + timedelta(days=9)
    typed = {"people": str(room.member(room.young)), "others": "Karl Forrige, Nordskolen"}
    done = guide.follow(put_in(guide, room, "Gammel.pdf", **on(last_year), **typed))
    assert "Skemaet er tilføjet" in done.text
    put_in(guide, room, "Nyere.pdf", **on(yesterday), others="Kun Karl")
    young = Browser(app, story.token(room.young))
    page = young.get(f"/cases/{room.case_id}/plan/{TOOL}")
    lines = listed(page)
    assert [line.split()[0] for line in lines] == ["Nyere.pdf", "1", "Gammel.pdf"]
    assert "lavet et andet sted" in lines[2]
    assert "med Ulla Ung, Karl Forrige, Nordskolen" in lines[2]
    assert "3 versioner, 2 af dem lavet et andet sted" in page.text
    assert "Jeg vil bo selv" in page.text, "the plan is what was written here"
    link = next(a for a in page.links() if "/files/" in a and a.endswith("/versions/1"))
    assert young.get(link).response.data == PDF
    assert "lavet et andet sted" in young.get(f"/cases/{room.case_id}/plan").text


def test_it_can_be_put_in_before_anybody_has_written_in_the_tool(guide: Browser, room: Room) -> None:
    put_in(guide, room, **on(TODAY), others="Nordskolen")
    page = guide.get(f"/cases/{room.case_id}/plan/{TOOL}")
    assert "1 skema lavet et andet sted" in page.text
    assert "Her har ingen skrevet endnu" in page.text
    assert "Hvor jeg er nu, og hvor jeg vil hen Mine mål Hvem gør hvad" in page.text, "what a tool is about is told"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({}, "Hvilken dag er det fra: Udfyld feltet."),
        (on(TODAY + timedelta(days=2)), "Datoen ligger i fremtiden"),
        (on(date(1999, 1, 1)), "Datoen ligger før, den unge blev født"),
        ({**on(TODAY), "made_on-month": "13"}, "Det er ikke en dato"),
        ({**on(TODAY), "others": " "}, "Vælg eller skriv mindst én"),
        ({**on(TODAY), "people": str(uuid4())}, "Vælg en af mulighederne"),
        ({**on(TODAY), "people": "alle"}, "Vælg en af mulighederne"),
        ({**on(TODAY), "others": "x" * 501}, "for langt"),
        ({**on(TODAY), "file": ("skema.exe", b"MZ")}, "Programmer kan ikke"),
        ({**on(TODAY), "file": None}, "Vælg en fil"),
    ],
)
def test_what_cannot_be_is_told_at_its_field_and_nothing_is_put_in(
    typed: dict[str, Any], says: str, guide: Browser, room: Room, owner: psycopg.Connection, runtime: Any
) -> None:
    before = set(runtime.store.keys())
    page = guide.get(f"/cases/{room.case_id}/plan/{TOOL}/elsewhere")
    given = {"file": ("skema.pdf", PDF), "others": "Karl Forrige", "note": "Fra arkivet", **typed}
    refused = guide.submit(page, "made_on", **given)
    assert refused.status == 422
    assert says in refused.text
    saved = held(refused.form("made_on"))
    assert saved["note"] == "Fra arkivet"
    assert saved["made_on-year"] == typed.get("made_on-year", "")
    assert owner.execute("select (select count(*) from file), (select count(*) from old_form)").fetchone() == (0, 0)
    # The chosen file stays chosen, as its sender's alone.
    waiting = {blob for (blob,) in owner.execute("select blob from kept_file")}
    assert len(waiting) == (1 if given["file"] == ("skema.pdf", PDF) else 0)
    assert set(runtime.store.keys()) == before | waiting


def test_an_impatient_finger_puts_it_in_once(guide: Browser, room: Room, owner: psycopg.Connection) -> None:
    page = guide.get(f"/cases/{room.case_id}/plan/{TOOL}/elsewhere")
    for _ in range(2):
        sent = guide.submit(page, "made_on", file=("skema.pdf", PDF), others="Karl", **on(TODAY))
        assert sent.status == 303
    assert owner.execute("select (select count(*) from file), (select count(*) from old_form)").fetchone() == (1, 1)


def test_day_and_people_can_be_put_right_and_a_withdrawn_form_is_listed_no_more(
    guide: Browser, app: Flask, story: Story, room: Room, owner: psycopg.Connection
) -> None:
    put_in(guide, room, **on(TODAY), others="Karl Forkert")
    (file_id,) = owner.execute("select id from file").fetchone() or (UUID(int=0),)
    at = f"/cases/{room.case_id}/plan/{TOOL}/elsewhere/{file_id}"
    assert at in guide.get(f"/cases/{room.case_id}/files/{file_id}").links()
    page = guide.get(at)
    assert held(page.form("made_on"))["others"] == "Karl Forkert"
    right = on(TODAY - timedelta(days=400))
    guide.submit(page, "made_on", **right, others="Karl Forrige")
    story.play(room, room.guide, lambda t: editing.begin_plan(t, uuid4(), TOOL))
    assert "med Karl Forrige" in listed(guide.get(f"/cases/{room.case_id}/plan/{TOOL}"))[1]
    assert owner.execute("select count(*) from old_form").fetchone() == (2,), "what was noted before is kept"
    story.set_level(room, room.young, Level.READ)
    young = Browser(app, story.token(room.young))
    assert young.get(at).status == 403
    assert young.get(f"/cases/{room.case_id}/plan/{TOOL}/elsewhere").status == 403
    other = story.file(room, room.guide)
    assert guide.get(f"/cases/{room.case_id}/plan/{TOOL}/elsewhere/{other}").status == 404
    story.play(room, room.guide, lambda t: folders.withdraw_file(t, file_id, "Forkert fil"))
    assert len(listed(guide.get(f"/cases/{room.case_id}/plan/{TOOL}"))) == 1


def test_parties_are_sealed(guide: Browser, room: Room, owner: psycopg.Connection) -> None:
    put_in(guide, room, **on(TODAY), others="Karl Forrige")
    (sealed,) = owner.execute("select parties_sealed from old_form").fetchone() or (b"",)
    assert b"Karl" not in bytes(sealed)
