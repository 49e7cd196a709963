"""A paper that comes in late: what it would do is shown before it is registered, and what it no longer can."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask

from portal import clock
from portal.access.policy.roles import Level
from portal.services.consents import receipts
from portal.services.consents.requests import ConsentState
from tests.consents.test_giving_consent import chosen
from tests.support.browser import Browser, Page
from tests.support.story import HERE, PDF, Room, Someone, Story, compartments

TODAY = clock.today(HERE)
EVERYTHING = {"shared", "health", "without_parents", "professionals"}


@pytest.fixture
def room(story: Story) -> Room:
    return story.case()


@pytest.fixture
def school(story: Story, room: Room) -> Someone:
    teacher = story.staff("Lars Lærer", "Skole")
    story.add(room, teacher, Level.READ)
    return teacher


@pytest.fixture
def guide(app: Flask, story: Story, room: Room) -> Browser:
    return Browser(app, story.token(room.guide))


def look(guide: Browser, room: Room, day: date, yes: tuple[str, ...] | None = None, **typed: object) -> Page:
    """The paper of the young person, as far as the page that shows what it would do."""
    page = guide.get(f"/cases/{room.case_id}/consents/register/{room.member(room.young)}")
    given = {f"given_on-{part}": str(getattr(day, part)) for part in ("day", "month", "year")}
    fields = {**given, **chosen(page, "Skole", yes), "scan": ("side.pdf", PDF), "told": "y", **typed}
    return guide.submit(page, "given_on", **fields)


def part(page: Page, label: str) -> str:
    found = page.soup.find(attrs={"aria-labelledby": label})
    return " ".join(found.get_text(" ").split()) if found else ""


def test_what_a_paper_does_is_told_as_names_and_things_and_happens(
    story: Story, room: Room, school: Someone, guide: Browser
) -> None:
    for parent in room.parents:
        story.consent(room, parent)
    story.file(room, room.guide, name="Min plan.pdf")
    read = look(guide, room, TODAY - timedelta(days=6), ("shared",))
    assert "Lars Lærer (Skole-medarbejder) kan fra nu af se: Fælles (1 fil: Min plan.pdf)" in part(read, "happens")
    assert "for sent" not in read.text
    assert compartments(story, room, school) == set(), "looking changes nothing"
    assert story.play(room, room.guide, lambda t: receipts.history(t, room.member(room.young))) == []
    assert "Svaret er noteret og virker nu" in guide.follow(guide.submit(read, "read")).text
    assert compartments(story, room, school) == {"shared"}


def test_a_paper_of_before_a_withdrawal_opens_nothing_and_the_page_says_so(
    story: Story, room: Room, school: Someone, guide: Browser
) -> None:
    story.everybody_agrees(room)
    story.withdraw(room, room.young)
    assert compartments(story, room, school) == set()
    read = look(guide, room, TODAY - timedelta(days=7))
    assert "Det kommer for sent til at gælde helt" in read.text
    assert "Ulla Ung har taget alt tilbage den" in read.text
    assert "kan fra nu af se" not in part(read, "happens")
    done = guide.follow(guide.submit(read, "read"))
    assert "Svaret er noteret. Ingen ser mere eller mindre end før." in done.text
    assert compartments(story, room, school) == set(), "what was withdrawn stays shut"
    saved = story.play(room, room.guide, lambda t: receipts.history(t, room.member(room.young)))
    assert {one.method: one.state for one in saved} == {"eid": ConsentState.WITHDRAWN, "paper": ConsentState.WITHDRAWN}


def test_a_no_to_one_party_stands_against_a_paper_of_before_it(
    story: Story, room: Room, school: Someone, guide: Browser
) -> None:
    job = story.staff("Jonas Job", "Jobcenter")
    story.add(room, job, Level.READ)
    story.everybody_agrees(room)
    story.withdraw(room, room.young, "Skole")
    page = guide.get(f"/cases/{room.case_id}/consents/register/{room.member(room.young)}")
    said = {**chosen(page, "Skole"), **chosen(page, "Jobcenter")}
    read = look(guide, room, TODAY - timedelta(days=2), **said)
    assert "Ulla Ung har sagt nej til Skole, Testby" in read.text
    assert "Jobcenter" not in read.text.split("for sent")[1].split("Det her sker")[0]


def test_a_narrower_paper_of_before_a_newer_answer_says_that_it_changes_nothing(
    story: Story, room: Room, school: Someone, guide: Browser
) -> None:
    story.everybody_agrees(room)
    read = look(guide, room, TODAY - timedelta(days=1), ("health",))
    assert "Ulla Ung har givet et nyere svar den" in read.text
    assert "Ingen ser mere eller mindre lige nu." in part(read, "happens")
    done = guide.follow(guide.submit(read, "read"))
    assert "virker nu" not in done.text
    assert compartments(story, room, school) == EVERYTHING


def test_what_changed_between_looking_and_pressing_is_shown_anew(
    story: Story, room: Room, school: Someone, guide: Browser
) -> None:
    for parent in room.parents:
        story.consent(room, parent)
    read = look(guide, room, TODAY - timedelta(days=3), ("shared",))
    story.set_level(room, school, Level.NONE)
    story.set_level(room, school, Level.WRITE)
    story.withdraw(room, room.parents[0])
    anew = guide.submit(read, "read")
    assert anew.status == 422
    assert "Noget har ændret sig imens" in anew.text
    assert "Valgt: side.pdf" in anew.text
    assert story.play(room, room.guide, lambda t: receipts.history(t, room.member(room.young))) == []
    assert guide.submit(anew, "read").status == 303


def test_it_can_be_changed_after_looking_and_nothing_is_lost(
    story: Story, room: Room, school: Someone, guide: Browser
) -> None:
    read = look(guide, room, TODAY - timedelta(days=3), ("shared",), note="Første linje\nanden linje")
    form = guide.submit(read, "read", change="y")
    assert form.status == 200
    assert "Valgt: side.pdf" in form.text
    again = guide.submit(form, "given_on")
    assert again.status == 200
    assert again.form("read").find("input", {"name": "note"})["value"] == "Første linje\nanden linje"  # type: ignore[index]
    assert guide.submit(again, "read").status == 303


def test_the_end_is_counted_from_the_signature_and_nothing_is_refused_for_it(
    story: Story, room: Room, school: Someone, guide: Browser
) -> None:
    signed = TODAY - timedelta(days=40)
    latest = clock.months_on(signed, 12)
    page = guide.get(f"/cases/{room.case_id}/consents/register/{room.member(room.young)}")
    assert "Hvor længe gælder det ja, Ulla Ung giver?" in page.text
    assert "dit ja?" not in page.text
    assert page.text.index("2. En side til underskrift") < page.text.index("3. Når svaret er givet")
    read = look(guide, room, signed)
    assert f"Jaet gælder til og med {latest.day}. " in read.text
    assert str(latest.year) in read.text
    longer = {f"valid_until-{p}": str(getattr(latest + timedelta(days=25), p)) for p in ("day", "month", "year")}
    read = look(guide, room, signed, **longer)
    assert f"Jaet gælder til og med {latest.day}. " in read.text
    old = look(guide, room, TODAY - timedelta(days=500))
    assert old.status == 422
    assert "En side fra den dag gælder ikke mere" in old.text
    assert "Valgt: side.pdf" in old.text
