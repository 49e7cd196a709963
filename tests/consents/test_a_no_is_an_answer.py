"""A no that was given is shown as what it is: with its day, to herself as herself, and nowhere as something missing."""

from __future__ import annotations

import pytest
from flask import Flask

from portal.access.policy.roles import Level
from portal.services.consents import requests
from portal.services.members import team_wishes
from tests.support.browser import Browser, Page
from tests.support.story import Room, Someone, Story, compartments


@pytest.fixture
def room(story: Story) -> Room:
    return story.case()


@pytest.fixture
def school(story: Story, room: Room) -> Someone:
    teacher = story.staff("Lars Lærer", "Skole")
    story.add(room, teacher, Level.READ)
    return teacher


def part(page: Page, label: str) -> str:
    """What a labelled section of a page says; '' where there is none."""
    found = page.soup.find(attrs={"aria-labelledby": label})
    return " ".join(found.get_text(" ").split()) if found else ""


def card(page: Page, name: str) -> str:
    """What *Mennesker* says of somebody."""
    found = next(li for li in page.soup.select("ul.people > li") if name in li.h2.get_text())
    return " ".join(found.get_text(" ").split())


def say_no(browser: Browser, room: Room, someone: Someone, reason: str = "") -> Page:
    page = browser.get(f"/cases/{room.case_id}/choose/no/{room.member(someone)}")
    return browser.follow(browser.submit(page, "reason", reason=reason))


def test_a_no_in_a_declaration_is_missing_nowhere(app: Flask, story: Story, room: Room, school: Someone) -> None:
    before = Browser(app, story.token(school)).get(f"/cases/{room.case_id}").text
    story.consent(room, room.young, {"Skole": ()})
    for who, said in ((room.guide, "Ulla Ung har sagt nej den"), (room.young, "du har sagt nej den")):
        browser = Browser(app, story.token(who))
        people, front = browser.get(f"/cases/{room.case_id}/people"), browser.get(f"/cases/{room.case_id}")
        assert said in card(people, "Lars Lærer")
        assert "Lars Lærer" not in part(people, "missing"), "neither hers nor her parents' answer is waited for"
        assert "Lars Lærer" not in part(front, "waits")
    assert (
        "Du har svaret alle, der har spurgt"
        in Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/people").text
    )
    after = Browser(app, story.token(school)).get(f"/cases/{room.case_id}").text
    assert before == after, "whoever is kept out is not told that it was a no"


def test_a_no_to_somebody_who_asks_is_her_answer_and_is_told_to_the_guide(
    app: Flask, story: Story, room: Room, school: Someone
) -> None:
    story.consent(room, room.parents[0])
    story.consent(room, room.parents[1])
    young, guide = Browser(app, story.token(room.young)), Browser(app, story.token(room.guide))
    assert "Lars Lærer" in part(young.get(f"/cases/{room.case_id}"), "waits")
    assert "Du har ikke svaret endnu" in young.get(f"/cases/{room.case_id}/choose").text
    asked = young.get(f"/cases/{room.case_id}/choose/no/{room.member(school)}").text
    assert "Dit svar er nej. Der bliver ikke åbnet for noget, og du bliver ikke spurgt igen." in asked
    team = say_no(young, room, school, "Jeg er ikke tryg")
    assert "Du har sagt nej den" in part(team, "each")
    assert "Sig ja alligevel" in part(team, "each")
    assert story.play(room, room.young, requests.asks_me) == 2, "the parents still ask"
    front = young.get(f"/cases/{room.case_id}")
    assert "Lars Lærer" not in front.text, "nobody she has shut out waits on her front page"
    for path in ("", "/people", "/choose", "/consents/mine"):
        text = young.get(f"/cases/{room.case_id}{path}").text
        assert "Ulla har sagt" not in text
        assert "Ulla siger" not in text
        assert "Ulla Ung har sagt" not in text
    told = guide.get(f"/cases/{room.case_id}")
    assert "Ulla har sagt nej til Lars Lærer." in part(told, "wishes")
    assert "Det virker allerede" in part(told, "wishes")
    link = next(str(a["href"]) for a in told.soup.find_all("a", href=True) if "/choose/wishes/" in a["href"])
    reply = guide.get(link)
    assert "Nej, ikke nu" not in reply.text
    assert guide.submit(reply, "answer", answer="no").status == 422, "nobody refuses what has happened"
    assert guide.submit(reply, "answer", answer="seen").status == 303
    assert part(guide.get(f"/cases/{room.case_id}"), "wishes") == ""
    assert "Din guide svarede: Jeg har set det" in young.get(f"/cases/{room.case_id}/choose").text


def test_a_no_to_who_needs_no_yes_is_asked_of_the_guide_who_may_say_no(app: Flask, story: Story, room: Room) -> None:
    colleague = story.staff("Kim Kollega")
    story.add(room, colleague, Level.READ)
    young, guide = Browser(app, story.token(room.young)), Browser(app, story.token(room.guide))
    assert "Det kræver ikke dit ja" in part(young.get(f"/cases/{room.case_id}/choose"), "each")
    team = say_no(young, room, colleague)
    assert "Du vil ikke have Kim Kollega med på dit hold. Venter på svar fra guiden." in part(team, "each")
    assert "Du vil ikke have Kim Kollega med på dit hold." in part(young.get(f"/cases/{room.case_id}"), "wishes")
    assert compartments(story, room, colleague)
    told = guide.get(f"/cases/{room.case_id}")
    assert "Ulla vil ikke have Kim Kollega med på holdet." in part(told, "wishes")
    link = next(str(a["href"]) for a in told.soup.find_all("a", href=True) if "/choose/wishes/" in a["href"])
    assert "Nej, ikke nu" in guide.get(link).text
    assert guide.submit(guide.get(link), "answer", answer="seen").status == 422
    assert guide.submit(guide.get(link), "answer", answer="no").status == 303


def test_a_yes_said_after_all_takes_the_no_off_the_guides_page(
    app: Flask, story: Story, room: Room, school: Someone, calendar
) -> None:  # type: ignore[no-untyped-def]
    story.everybody_agrees(room)
    calendar.move(minutes=1)
    young = Browser(app, story.token(room.young))
    say_no(young, room, school)
    assert compartments(story, room, school) == set()
    assert len(story.play(room, room.guide, lambda t: team_wishes.wishes(t, only_open=True))) == 1
    calendar.move(minutes=1)
    story.consent(room, room.young)
    assert compartments(story, room, school)
    assert story.play(room, room.guide, lambda t: team_wishes.wishes(t, only_open=True)) == []
    team = part(Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/choose"), "each")
    assert "Ja Fælles, Helbred, Uden forældre, Kun fagpersoner" in team
    assert "Ændr : Lars Lærer Sig nej : Lars Lærer" in team


def test_whoever_has_taken_everything_back_is_asked_by_nobody(
    app: Flask, story: Story, room: Room, school: Someone
) -> None:
    story.everybody_agrees(room)
    story.withdraw(room, room.young)
    assert story.play(room, room.young, requests.asks_me) == 0
    young = Browser(app, story.token(room.young))
    people = young.get(f"/cases/{room.case_id}/people")
    assert part(people, "missing") == ""
    assert "du har taget dit ja tilbage den" in card(people, "Lars Lærer")
    assert "Ulla Ung har taget sit ja tilbage den" in card(
        Browser(app, story.token(room.guide)).get(f"/cases/{room.case_id}/people"), "Lars Lærer"
    )
    assert part(young.get(f"/cases/{room.case_id}"), "waits") == ""
    mine = young.get(f"/cases/{room.case_id}/consents/mine").text
    assert "Skole, Testby" in mine
    assert "Du har sagt nej den" in mine


def test_mennesker_begins_with_her_team(app: Flask, story: Story, room: Room, school: Someone) -> None:
    page = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/people")
    first = page.soup.main.find("h2")  # type: ignore[union-attr]
    assert first is not None
    assert first.get_text() == "Dit hold: sig ja eller nej"
    assert "3 venter på dit svar: Mona Mor, Finn Far, Lars Lærer." in page.text
    for who in (room.guide, room.parents[0]):
        assert "Dit hold" not in Browser(app, story.token(who)).get(f"/cases/{room.case_id}/people").text
