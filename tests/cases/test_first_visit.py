"""Who comes for the first time is greeted; a guide with a new case is told what to begin with."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import psycopg
import pytest
from flask import Flask

from portal.access.policy.roles import Level
from portal.events import Event
from portal.runtime import Runtime
from portal.services.members import handover, team
from tests.support.browser import Browser, Page
from tests.support.eid_visitors import BORN, SAMI, sign_in
from tests.support.statements import noted
from tests.support.story import Room, Someone, Story

NUMBER = "+45 12 34 56 78"
LINK = "tel:+4512345678"
WELCOME, STEPS = "welcome", "steps"


@pytest.fixture
def teacher(story: Story) -> Someone:
    return story.staff("Lars Lærer", "Skolen")


@pytest.fixture
def room(app: Flask, story: Story, teacher: Someone) -> Room:
    """Everybody is let in, nobody but the guide has looked."""
    made = story.case(parents=1)
    story.add(made, teacher, Level.READ)
    for giver in (made.young, *made.parents):
        story.paper_consent(made, giver)
    guide = Browser(app, story.token(made.guide))
    assert guide.submit(guide.get("/me"), "phone", phone=NUMBER).status == 303
    return made


def home(room: Room) -> str:
    return f"/cases/{room.case_id}"


def shown(page: Page) -> str:
    """Which of the two stands on the page, if one does."""
    assert page.status == 200, page.text
    found = [name for name in (WELCOME, STEPS) if page.soup.find(id=name)]
    assert len(found) < 2
    return "".join(found)


def greeting(page: Page) -> str:
    heading = page.soup.find(id=WELCOME)
    assert heading is not None, page.text
    section = heading.find_parent("section")
    assert section is not None
    return " ".join(section.get_text(" ").split())


WHO: dict[str, tuple[Callable[[Room, Someone], Someone], str, str]] = {
    "young person": (lambda room, _t: room.young, "Velkommen, Ulla", "Begynd med at se, hvem der er på dit hold."),
    "parent": (lambda room, _t: room.parents[0], "Velkommen, Mona", "Begynd med at læse planen."),
    "professional": (
        lambda _r, teacher: teacher, "Velkommen til sagen om Ulla",
        "Begynd med at læse planen, og skriv, hvad du kan gøre.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", list(WHO))
def test_a_first_visit_greets_and_says_who_the_guide_is_and_what_comes_first(
    kind: str, app: Flask, story: Story, room: Room, teacher: Someone
) -> None:
    find, hello, begin = WHO[kind]
    browser = Browser(app, story.token(find(room, teacher)))
    page = browser.get(home(room))
    told = greeting(page)
    assert hello in told
    assert begin in told
    assert "Grete Guide" in told
    assert "Familie og unge, Testby " in told, "where the guide works"
    assert NUMBER in told
    assert LINK in page.links()
    assert "/help" in page.links()
    assert browser.get("/help").status == 200


def test_without_a_number_no_number_is_promised(app: Flask, story: Story) -> None:
    room = story.case(parents=0)
    told = greeting(Browser(app, story.token(room.young)).get(home(room)))
    assert "Grete Guide" in told
    assert "Telefon" not in told


@pytest.mark.parametrize("kind", list(WHO))
def test_the_greeting_stays_until_it_is_read_or_until_the_next_signing_in(
    kind: str, app: Flask, story: Story, room: Room, teacher: Someone
) -> None:
    who = WHO[kind][0](room, teacher)
    first = Browser(app, story.token(who))
    assert shown(first.get(home(room))) == WELCOME
    assert shown(first.get(home(room))) == WELCOME, "it does not go while one reads"
    again = Browser(app, story.token(who))
    assert shown(again.get(home(room))) == "", "one has been here before"


@pytest.mark.parametrize("kind", list(WHO))
def test_it_is_gone_at_once_for_whoever_has_read_it_and_for_nobody_else(
    kind: str, app: Flask, story: Story, room: Room, teacher: Someone
) -> None:
    who = WHO[kind][0](room, teacher)
    browser = Browser(app, story.token(who))
    page = browser.follow(browser.submit(browser.get(home(room)), "/welcome"))
    assert page.path == home(room)
    assert shown(page) == ""
    others = [one for one in (room.young, room.parents[0], teacher) if one.id != who.id]
    for other in others:
        assert shown(Browser(app, story.token(other)).get(home(room))) == WELCOME


def test_the_guide_is_greeted_by_nothing_but_the_first_steps_of_a_new_case(app: Flask, story: Story) -> None:
    room = story.case(parents=1)
    guide = Browser(app, story.token(room.guide))

    def left() -> list[str]:
        page = guide.get(home(room))
        section = page.soup.find(id=STEPS)
        return [] if section is None else [str(a.get_text()) for a in section.find_parent("section").select(".do a")]  # type: ignore[union-attr]

    assert shown(guide.get(home(room))) == STEPS
    assert left() == ["Tilføj en fagperson", "Spørg, eller skriv det ind", "Begynd planen"]
    for link in guide.get(home(room)).soup.select("#steps ~ ol .do a"):
        assert guide.get(str(link["href"])).status in (200, 303), link
    story.add(room, story.staff("Lars Lærer", "Skolen"), Level.READ)
    assert left() == ["Spørg, eller skriv det ind", "Begynd planen"]
    story.paper_consent(room, room.parents[0])
    assert len(left()) == 2, "it is the young person who is asked for"
    story.paper_consent(room, room.young)
    assert left() == ["Begynd planen"]
    story.plan(room, room.young)
    assert shown(guide.get(home(room))) == "", "they are done"


def test_a_meeting_is_a_beginning_too_and_a_yes_taken_back_is_an_answer(app: Flask, story: Story) -> None:
    room = story.case(parents=0)
    story.add(room, story.staff("Lars Lærer", "Skolen"), Level.READ)
    guide = Browser(app, story.token(room.guide))
    story.meeting(room, room.guide)
    story.consent(room, room.young)
    story.withdraw(room, room.young)
    assert shown(guide.get(home(room))) == ""


def test_the_guide_may_put_the_steps_away_and_then_they_stay_away(app: Flask, story: Story) -> None:
    room = story.case(parents=0)
    guide = Browser(app, story.token(room.guide))
    guide.submit(guide.get(home(room)), "/welcome")
    for browser in (guide, Browser(app, story.token(room.guide))):
        assert shown(browser.get(home(room))) == ""
    assert shown(Browser(app, story.token(room.young)).get(home(room))) == WELCOME


def test_whoever_takes_a_case_over_is_its_guide_and_is_not_told_who_that_is(app: Flask, story: Story) -> None:
    """Signed in before they said yes, so that this is their first visit."""
    room = story.case(parents=0)
    taker = story.guide("Viggo Ny")
    browser = Browser(app, story.token(taker))
    story.play(room, room.guide, lambda t: handover.offer(t, uuid4(), taker.id))
    story.play(room, taker, lambda t: handover.accept_handover(t, uuid4()))
    assert shown(browser.get(home(room))) == STEPS


def test_that_somebody_read_it_is_their_own_in_the_log(
    app: Flask, story: Story, room: Room, teacher: Someone, owner: psycopg.Connection
) -> None:
    said, done = "lagde velkomsten væk", []
    for reader in (room.parents[0], room.young):
        browser = Browser(app, story.token(reader))
        assert browser.post(f"{home(room)}/welcome").status == 303
        done.append(reader.id)
        for one in (room.young, room.parents[0], teacher, room.guide):
            page = Browser(app, story.token(one)).get(f"{home(room)}/log")
            assert page.status == 200
            assert page.text.count(said) == (one.id in done), (one.name, reader.name)
        assert _read(owner, room) == done


def _read(owner: psycopg.Connection, room: Room) -> list[object]:
    rows = owner.execute(
        "select actor_id from audit_event where chain_id = %s and event = %s order by seq",
        [room.case_id, Event.WELCOME_READ.value],
    )
    return [row[0] for row in rows.fetchall()]


@pytest.mark.usefixtures("eid")
def test_whoever_comes_by_a_code_is_greeted_too(app: Flask, story: Story) -> None:
    """To use a code is a line in the case's log from before they have signed in; it is no visit."""
    room = story.case(born=BORN, parents=0, name="Sami Ny")
    code = story.play(room, room.guide, lambda t: team.make_code(t, room.member(room.young)))
    browser = Browser(app)
    page = browser.follow(sign_in(browser, SAMI))
    browser.follow(browser.submit(page, "code", code="FORKERT"))
    page = browser.follow(browser.submit(browser.get("/eid/code"), "code", code=code))
    assert shown(browser.get(home(room))) == WELCOME, page.text


def test_whoever_was_refused_before_is_greeted_when_they_are_let_in(app: Flask, story: Story) -> None:
    room = story.case(parents=1)
    mother = Browser(app, story.token(room.parents[0]))
    assert mother.get(home(room)).status == 403
    story.paper_consent(room, room.young)
    later = Browser(app, story.token(room.parents[0]))
    assert shown(later.get(home(room))) == WELCOME


def test_it_asks_the_database_for_nothing_once_it_is_read(
    app: Flask, runtime: Runtime, story: Story, room: Room, teacher: Someone
) -> None:
    """One look-up of the guide's number, and one of the workplace, while it is shown."""

    def asked(browser: Browser) -> int:
        browser.get(home(room))
        with noted() as statements:
            browser.get(home(room))
        return len(statements)

    for who in (room.young, room.parents[0], teacher):
        first = Browser(app, story.token(who))
        greeted = asked(first)
        first.submit(first.get(home(room)), "/welcome")
        plain = asked(first)
        # What is new since the last visit is one statement more, once there was one.
        assert plain + 1 == asked(Browser(app, story.token(who)))
        assert plain < greeted <= plain + 2


def test_nobody_puts_the_greeting_of_a_case_away_that_is_not_theirs(
    app: Flask, story: Story, room: Room, owner: psycopg.Connection
) -> None:
    stranger = Browser(app, story.token(story.guide("Kaj Kollega", "En anden enhed")))
    assert stranger.post(f"{home(room)}/welcome").status == 404
    assert _read(owner, room) == []
