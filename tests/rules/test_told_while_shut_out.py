"""What somebody who is shut out or frozen is told, and what is kept from them to protect somebody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from flask import Flask

from portal import clock
from portal.access.policy.roles import Capacity, Level
from portal.events import Event
from portal.services.cases import register
from portal.services.consents import overrides, requests
from portal.services.oversight import case_log
from portal.services.shared import audience
from tests.support.browser import Browser
from tests.support.story import Room, Someone, Story, compartments, years_ago

# What a freeze keeps from whom it is there to protect somebody from


@pytest.fixture
def mother(story: Story) -> tuple[Room, Someone]:
    room = story.case()
    story.add(room, story.staff("Lars Lærer", "Skolen"), Level.READ)
    story.everybody_agrees(room)
    return room, room.parents[0]


def _freeze(story: Story, room: Room, who: Someone, hide_log: bool = True) -> None:
    def act(ticket):  # type: ignore[no-untyped-def]
        day = clock.today(ticket.profile.zone) + timedelta(days=7)
        overrides.freeze(ticket, uuid4(), [room.member(who)], day, "Vold i hjemmet", hide_log)

    story.play(room, room.guide, act)


def test_whoever_is_frozen_learns_of_nobody_who_came_since(
    story: Story, mother: tuple[Room, Someone], app: Flask
) -> None:
    room, her = mother
    _freeze(story, room, her)
    story.add(room, story.staff("Kirsten Krise", "Krisecentret"), Level.READ)
    story.add_citizen(room, "Tove Tante", Capacity.NETWORK_PERSON)
    browser = Browser(app, story.token(her))
    case = f"/cases/{room.case_id}"
    consent_id = story.play(room, her, lambda t: requests.request(t, t.membership.id)).current.id
    for path in ("consents/give", "consents/mine", f"consents/{consent_id}/withdraw/all", "log"):
        page = browser.get(f"{case}/{path}")
        assert page.status == 200
        for untold in ("Kris", "Tove", "Vold"):
            assert untold not in page.text, (path, untold)
    own = story.play(room, her, lambda t: requests.request(t, t.membership.id))
    assert [member.display_name for party in own.parties for member in party.members] == ["Lars Lærer"]
    on_paper = story.play(room, room.guide, lambda t: requests.request(t, room.member(her)))
    assert len(on_paper.parties) == 3, "on paper the guide may ask them about everybody"


def test_a_yes_given_while_frozen_counts(story: Story, mother: tuple[Room, Someone]) -> None:
    room, her = mother
    teacher = story.staff("Tea Træner", "Klubben")
    story.add(room, teacher, Level.READ)
    story.everybody_agrees(room)
    _freeze(story, room, her)
    story.withdraw(room, her)
    assert compartments(story, room, teacher) == set()
    story.consent(room, her)
    assert "shared" in compartments(story, room, teacher)


def test_the_hidden_lines_are_told_of_and_come_back_when_the_freeze_is_lifted(
    story: Story, mother: tuple[Room, Someone], app: Flask, calendar
) -> None:  # type: ignore[no-untyped-def]
    room, _her = mother
    calendar.move(days=1)
    young = room.young
    _freeze(story, room, young)
    story.play(room, room.guide, audience.audience_picture)
    browser = Browser(app, story.token(young))
    closed = browser.get(f"/cases/{room.case_id}/log")
    assert "og frem vises ikke lige nu" in closed.text
    assert "lukkede med det samme dig ude" not in closed.text
    freeze_id = story.play(room, room.guide, lambda t: overrides.freezes(t)[0].id)
    story.play(room, room.guide, lambda t: overrides.lift(t, uuid4(), freeze_id))
    opened = browser.get(f"/cases/{room.case_id}/log")
    assert "vises ikke lige nu" not in opened.text
    assert "lukkede med det samme dig ude" in opened.text


def test_a_freeze_may_leave_the_log_whole(story: Story, mother: tuple[Room, Someone]) -> None:
    room, _her = mother
    _freeze(story, room, room.young, hide_log=False)
    page = story.play(room, room.young, lambda t: case_log.log(t, None, ""))
    assert page.hidden_from is None
    assert Event.FREEZE_SET in {line.event for visit in page.visits for line in visit.lines}


# What nobody at home is told


def _takes_back(story: Story, room: Room, _who: Someone) -> None:
    story.withdraw(room, room.young)


def _is_closed(story: Story, room: Room, who: Someone) -> None:
    story.set_level(room, who, Level.NONE)


@pytest.mark.parametrize("at_home", ["Mona Mor", "Bo Bonusfar", "Tove Tante"])
def test_those_at_home_read_the_same_whatever_shut_them_out(story: Story, app: Flask, at_home: str) -> None:
    ways: list[Callable[[Story, Room, Someone], None]] = [_freeze, _takes_back, _is_closed]
    pages = set()
    for way in ways:
        room = story.case()
        kinds = {"Bo Bonusfar": Capacity.PARENT, "Tove Tante": Capacity.NETWORK_PERSON}
        story.add(room, story.staff("Lars Lærer", "Skolen"), Level.READ)
        givers = (room.young, *room.parents)
        who = story.add_citizen(room, at_home, kinds[at_home]) if at_home in kinds else room.parents[0]
        for giver in givers:
            story.consent(room, giver)
        assert compartments(story, room, who)
        way(story, room, who)
        browser = Browser(app, story.token(who))
        case = f"/cases/{room.case_id}"
        met, listed = browser.get(case), browser.get("/cases")
        assert met.status == 403
        for untold in ("samtykke er", "trukket", "endnu", "lukket", "udløbet", "mangler"):
            assert untold not in met.text + listed.text, (way.__name__, untold)
        pages.add((met.text, listed.text))
        if way is not _freeze and at_home != "Tove Tante":
            log = browser.get(f"{case}/log").text
            assert "adgang" not in log
            assert "trak et samtykke" not in log
    assert len(pages) == 1


def test_a_second_reason_does_not_move_the_day_they_are_told(story: Story, calendar) -> None:  # type: ignore[no-untyped-def]
    room = story.case()
    story.consent(room, room.young)
    her = room.parents[0]
    story.withdraw(room, room.young)

    def told() -> list[tuple[datetime, object]]:
        with story.acting(her) as actor:
            return [(line.since, line.blockers) for line in register.my_cases(actor).waiting]

    before = told()
    assert len(before) == 1
    for change in (_freeze, _is_closed):
        calendar.move(days=3)
        change(story, room, her)
        assert told() == before, change.__name__


def test_an_adults_parent_is_told_of_the_birthday_and_of_nothing_else(story: Story, app: Flask, calendar) -> None:  # type: ignore[no-untyped-def]
    room = story.case(born=years_ago(18, -5))
    story.consent(room, room.young)
    her = room.parents[0]
    calendar.move(days=10)
    told = []
    for change in (None, "yes and back", "frozen"):
        if change == "yes and back":
            story.consent(room, room.young)
            assert compartments(story, room, her)
            story.withdraw(room, room.young)
        elif change == "frozen":
            _freeze(story, room, her)
        told.append(Browser(app, story.token(her)).get(f"/cases/{room.case_id}").text)
    assert len(set(told)) == 1
    assert "Den unge er fyldt 18 år" in told[0]


def test_an_adults_parent_who_signed_is_not_told_that_they_answered_nobody(story: Story, app: Flask, calendar) -> None:  # type: ignore[no-untyped-def]
    room = story.case(born=years_ago(18, -5), parents=2)
    story.add(room, story.staff("Lars Lærer", "Skolen"), Level.READ)
    signed, silent = room.parents
    story.consent(room, signed)
    calendar.move(days=10)
    told = [Browser(app, story.token(who)).get(f"/cases/{room.case_id}/consents/mine").text for who in (signed, silent)]
    assert "Du har intet svar, der gælder nu" in told[0]
    assert "Alt, jeg har skrevet under på" in told[0]
    assert "Du har ikke svaret" in told[1]


def test_the_young_person_is_not_told_apart_whether_closed_or_frozen_and_reads_yet_only_before_it_was_open(
    story: Story, app: Flask
) -> None:
    room = story.case(young_level=Level.NONE)
    case = f"/cases/{room.case_id}"
    never = Browser(app, story.token(room.young)).get(case).text
    assert "endnu" in never
    story.set_level(room, room.young, Level.WRITE)
    story.set_level(room, room.young, Level.NONE)
    closed = Browser(app, story.token(room.young)).get(case).text
    story.set_level(room, room.young, Level.WRITE)
    _freeze(story, room, room.young)
    frozen = Browser(app, story.token(room.young)).get(case).text
    assert closed == frozen
    assert "endnu" not in closed


def test_only_whoever_could_write_is_told_that_their_words_stay(story: Story, app: Flask) -> None:
    room = story.case()
    reader, writer, never = (story.staff(name, "Skolen") for name in ("Rie Reader", "Vera Writer", "Nils Never"))
    story.add(room, reader, Level.READ)
    story.add(room, writer, Level.WRITE)
    story.add(room, never, Level.NONE)
    story.everybody_agrees(room)
    for one in (reader, writer):
        assert compartments(story, room, one)
        story.set_level(room, one, Level.NONE)
    said = "Det, du har skrevet"
    met = {
        one.name: Browser(app, story.token(one)).get(f"/cases/{room.case_id}").text for one in (reader, writer, never)
    }
    assert {name for name, text in met.items() if said in text} == {"Vera Writer"}
