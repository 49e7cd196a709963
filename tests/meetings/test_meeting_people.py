"""Who is asked to a meeting: nobody unless somebody chooses them, of those who see the plan; and a meeting is told of
the day on which it was held."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask

from portal import clock
from portal.access.policy.roles import Capacity, Level
from portal.errors import InvalidInput
from portal.services.meetings import attendees, schedule
from portal.services.members import team_wishes
from tests.conftest import Calendar
from tests.support.browser import Browser, held
from tests.support.meeting import ahead, ended, loaded, present
from tests.support.story import Room, Someone, Story


@pytest.fixture
def room(story: Story, colleague: Someone) -> Room:
    room = story.case(parents=1)
    story.add(room, colleague)
    return room


def offered(story: Story, room: Room, who: Someone) -> list[str]:
    found = story.play(room, who, lambda t: attendees.can_be_asked(t))
    return [member.display_name for member in found]


def ticked(browser: Browser, path: str) -> set[str]:
    chosen = held(browser.get(path).form("o_clock")).get("people", [])
    return set(chosen if isinstance(chosen, list) else [chosen])


def test_nobody_is_asked_beforehand_and_only_who_sees_the_plan_is_offered(
    app: Flask, story: Story, room: Room, colleague: Someone
) -> None:
    waiting = story.staff("Vibe Venter", "Jobcenter")
    story.add(room, waiting)
    for who in (room.guide, room.young, colleague):
        assert offered(story, room, who) == ["Ulla Ung", "Grete Guide", "Jo Job"], "not the mother, nor Vibe, yet"
    browser = Browser(app, story.token(room.guide))
    page = browser.get(f"/cases/{room.case_id}/meetings/new")
    assert "people" not in held(page.form("o_clock"))
    assert "Ingen er valgt på forhånd" in page.text
    with pytest.raises(InvalidInput, match="people: choice"):
        story.play(room, room.guide, lambda t: schedule.arrange(t, uuid4(), ahead(t), {room.member(waiting)}))
    story.consent(room, room.young)
    assert "Mona Mor" in offered(story, room, room.guide)


def test_whom_she_has_said_no_to_is_last_and_marked_and_is_never_ticked_again(
    app: Flask, story: Story, room: Room, colleague: Someone
) -> None:
    """The colleague is of the guide's own unit and so still sees the plan; her no stands beside the name."""
    asked = {room.member(who) for who in (room.young, room.guide, colleague)}
    made = story.play(room, room.guide, lambda t: schedule.arrange(t, uuid4(), ahead(t), asked))
    browser = Browser(app, story.token(room.guide))
    assert ticked(browser, f"/cases/{room.case_id}/meetings/{made}/change") == set(map(str, asked))
    story.play(room, room.young, lambda t: team_wishes.say_no(t, uuid4(), room.member(colleague), ""))
    assert offered(story, room, room.guide)[-1] == "Jo Job"
    page = browser.get(f"/cases/{room.case_id}/meetings/new")
    assert "Ulla har sagt nej til den her person" in page.text
    assert (
        "Du har sagt nej til den her person"
        in Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/meetings/new").text
    )
    assert str(room.member(colleague)) not in ticked(browser, f"/cases/{room.case_id}/meetings/{made}/change")
    story.play(room, room.guide, lambda t: schedule.begin_meeting(t, made))
    present(story, room, made, room.guide, room.young, colleague)
    again = ticked(browser, f"/cases/{room.case_id}/meetings/{made}/end")
    assert again == {str(room.member(who)) for who in (room.young, room.guide)}


def test_a_no_is_between_the_young_person_and_the_guide(story: Story, room: Room, colleague: Someone) -> None:
    other = story.staff("Kim Kollega")
    story.add(room, other)
    story.play(room, room.young, lambda t: team_wishes.say_no(t, uuid4(), room.member(colleague), ""))
    assert story.play(room, other, lambda t: attendees.not_wanted(t)) == set()


def test_a_yes_given_after_the_no_is_a_yes(story: Story, room: Room) -> None:
    teacher = story.staff("Lars Lærer", "Skolen")
    story.add(room, teacher)
    story.everybody_agrees(room)
    story.play(room, room.young, lambda t: team_wishes.say_no(t, uuid4(), room.member(teacher), ""))
    assert "Lars Lærer" not in offered(story, room, room.guide)
    story.everybody_agrees(room)
    assert "Lars Lærer" in offered(story, room, room.guide)
    assert story.play(room, room.guide, lambda t: attendees.not_wanted(t)) == set()


def test_who_lost_access_since_the_last_meeting_is_not_ticked_for_the_next(
    app: Flask, story: Story, room: Room, colleague: Someone, meeting: UUID
) -> None:
    present(story, room, meeting, room.guide, room.young, colleague)
    story.set_level(room, colleague, Level.NONE)
    browser = Browser(app, story.token(room.guide))
    assert str(room.member(colleague)) not in ticked(browser, f"/cases/{room.case_id}/meetings/{meeting}/end")


def test_the_next_meeting_asks_those_who_are_ticked_and_nobody_else(
    app: Flask, story: Story, room: Room, meeting: UUID
) -> None:
    browser = Browser(app, story.token(room.guide))
    on = clock.today(story.play(room, room.guide, lambda t: t.profile.zone)) + timedelta(days=30)
    day = {"on-day": str(on.day), "on-month": str(on.month), "on-year": str(on.year), "o_clock": "14"}
    page = browser.get(f"/cases/{room.case_id}/meetings/{meeting}/end")
    browser.submit(page, "o_clock", **day, people=str(room.member(room.young)))
    following = story.play(room, room.guide, schedule.next_one)
    assert following is not None
    assert [m.display_name for m in loaded(story, room, following.id).invited] == ["Ulla Ung"]


def test_everybody_can_be_noted_as_there_also_who_sees_nothing(story: Story, room: Room, meeting: UUID) -> None:
    """What is on the wall follows from who is there, and so whoever comes must be able to be noted."""
    aunt = story.add_citizen(room, "Tove Tante", Capacity.NETWORK_PERSON)
    present(story, room, meeting, room.guide, room.young, aunt, room.parents[0])
    assert len(loaded(story, room, meeting).present) == 4


def test_a_meeting_that_was_begun_early_is_told_of_the_day_it_was_held(app: Flask, story: Story, room: Room) -> None:
    planned = story.play(room, room.guide, lambda t: ahead(t, days=8, o_clock="14.30"))
    made = story.play(room, room.guide, lambda t: schedule.arrange(t, uuid4(), planned, set()))
    story.play(room, room.guide, lambda t: schedule.begin_meeting(t, made))
    ended(story, room, made, following=False)
    from portal.web.i18n import day

    browser = Browser(app, story.token(room.guide))
    page = browser.get(f"/cases/{room.case_id}/meetings/{made}")
    with app.test_request_context():
        from flask import g

        g.runtime = app.extensions["runtime"]
        today, then = day(clock.now()), day(planned.starts_at)
    head = " ".join(page.soup.select_one(".page-head").get_text(" ").split())
    assert today in head.split("Det var planlagt til")[0]
    assert f"Det var planlagt til den {then}." in head
    listed = browser.get(f"/cases/{room.case_id}/plan").soup.find(id="our-meetings").find_parent("section")
    assert today in listed.get_text()
    assert then not in listed.get_text()


def test_a_meeting_that_is_called_off_says_when_it_was(
    app: Flask, story: Story, room: Room, calendar: Calendar
) -> None:
    made = story.play(room, room.guide, lambda t: schedule.arrange(t, uuid4(), ahead(t, days=8), set()))
    calendar.move(days=2)
    story.play(room, room.guide, lambda t: schedule.call_off(t, made))
    page = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/meetings/{made}")
    assert "Aflyst den " in page.text
    assert loaded(story, room, made).called_off_at is not None
