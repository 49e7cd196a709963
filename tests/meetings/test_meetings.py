"""Meetings about the plan: planned, led, ended with the next one and a summary."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest
from flask import Flask

from portal import clock
from portal.access.policy.roles import Capacity, Level
from portal.errors import InvalidInput, Refused
from portal.services.meetings import schedule
from portal.services.messages import threads as message_threads
from portal.services.plans import agreement, commitments
from tests.plans.test_tools import newest
from tests.support.browser import Browser, held
from tests.support.meeting import TOOL, ahead, ended, loaded, on_screen, planned, present, take
from tests.support.story import Room, Someone, Story


@pytest.fixture
def room(story: Story, colleague: Someone) -> Room:
    return planned(story, colleague)


# Planning


def test_a_planned_meeting_stands_on_the_front_of_the_case_for_whoever_sees_the_plan(
    app: Flask, story: Story, room: Room, colleague: Someone, owner: psycopg.Connection
) -> None:
    browser = Browser(app, story.token(room.guide))
    page = browser.get(f"/cases/{room.case_id}/meetings/new")
    on = clock.today(story.play(room, room.guide, lambda t: t.profile.zone)) + timedelta(days=9)
    day = {"on-day": str(on.day), "on-month": str(on.month), "on-year": str(on.year)}
    assert "people" not in held(page.form("o_clock")), "nobody is asked unless somebody chooses them"
    asked = [str(room.member(who)) for who in (room.young, colleague)]
    refused = browser.submit(page, "o_clock", **day, o_clock="halv tre", place="Skolen, lokale 4", people=asked)
    assert refused.status == 422
    assert "klokkeslæt" in refused.soup.find(id="faults").get_text()
    assert "lokale 4" in str(refused.form("o_clock")), "nothing typed is lost"
    done = browser.follow(browser.submit(refused, "o_clock", **day, o_clock="kl. 14.30"))
    assert "kl. 14.30" in done.text
    for who in (room.young, colleague):
        front = Browser(app, story.token(who)).get(f"/cases/{room.case_id}")
        assert "lokale 4" in front.soup.find(id="next-meeting").parent.get_text()
    assert b"lokale 4" not in b"".join(bytes(row[0]) for row in owner.execute("select place_sealed from meeting"))
    told = owner.execute("select person_id from notice_item where kind = 'meeting'").fetchall()
    assert {person for (person,) in told} == {colleague.id, room.young.id}, "whoever is asked, and nobody else"


@pytest.mark.parametrize(
    "o_clock", ["", "25.00", "14.75", "fjorten", "1430", "14.3", "143", "14.300", "²", "1_4.00", "14.-3", "kl"]
)
def test_what_is_no_time_of_the_day_is_told_at_its_field(o_clock: str, story: Story, room: Room) -> None:
    with pytest.raises(InvalidInput, match="o_clock: time_wrong"):
        story.play(room, room.guide, lambda t: ahead(t, o_clock=o_clock))


@pytest.mark.parametrize("o_clock", ["14.30", "14:30", "kl. 14.30", "Kl 14.30", " 14 . 30 ", "14.30."])
def test_a_time_is_read_as_people_write_it(o_clock: str, story: Story, room: Room) -> None:
    when = story.play(room, room.guide, lambda t: ahead(t, o_clock=o_clock))
    assert f"{when.starts_at.astimezone(ZoneInfo('Europe/Copenhagen')):%H.%M}" == "14.30"


@pytest.mark.parametrize(
    ("on", "o_clock", "code"),
    [
        (date(2031, 3, 30), "2.30", "time_skipped"),
        (date(2031, 3, 30), "2", "time_skipped"),
        (date(2031, 10, 26), "2.30", "time_twice"),
    ],
)
def test_in_the_night_when_the_clocks_are_changed_nothing_is_guessed(
    on: date, o_clock: str, code: str, story: Story, room: Room
) -> None:
    with pytest.raises(InvalidInput, match=f"o_clock: {code}"):
        story.play(room, room.guide, lambda t: schedule.at(t, on, o_clock, "Skolen"))
    for certain in ("1.59", "3", "3.30"):
        assert story.play(room, room.guide, lambda t, at=certain: schedule.at(t, on, at, "Skolen"))


def test_a_meeting_is_not_planned_for_yesterday_or_with_a_stranger(story: Story, room: Room) -> None:
    with pytest.raises(InvalidInput, match="on: date_past"):
        story.play(room, room.guide, lambda t: ahead(t, days=-1))
    with pytest.raises(InvalidInput, match="people: choice"):
        story.play(room, room.guide, lambda t: schedule.arrange(t, uuid4(), ahead(t), {uuid4()}))


def test_a_planned_meeting_is_changed_and_called_off_and_then_stays_so(story: Story, room: Room) -> None:
    made = story.play(room, room.guide, lambda t: schedule.arrange(t, uuid4(), ahead(t), set()))
    invited = {room.member(room.young)}
    story.play(room, room.guide, lambda t: schedule.change(t, made, ahead(t, 8, "9", "Biblioteket"), invited))
    page = loaded(story, room, made)
    assert (page.place, [m.id for m in page.invited]) == ("Biblioteket", [room.member(room.young)])
    story.play(room, room.guide, lambda t: schedule.call_off(t, made))
    for verb in (
        lambda t: schedule.begin_meeting(t, made),
        lambda t: schedule.change(t, made, ahead(t), set()),
        lambda t: schedule.call_off(t, made),
    ):
        with pytest.raises(InvalidInput, match="meeting_moved_on"):
            story.play(room, room.guide, verb)
    assert story.play(room, room.guide, schedule.next_one) is None


def test_whoever_may_write_in_the_plan_may_lead_a_meeting_and_nobody_else(
    story: Story, room: Room, colleague: Someone
) -> None:
    made = story.play(room, room.young, lambda t: schedule.begin_now(t, uuid4()))
    assert [m.id for m in loaded(story, room, made).present] == [room.member(room.young)]
    with pytest.raises(Refused):
        story.play(room, colleague, lambda t: schedule.who_is_here(t, made, set(), False))


def test_two_who_begin_at_once_begin_the_same_meeting(story: Story, room: Room) -> None:
    planned = story.play(room, room.guide, lambda t: schedule.arrange(t, uuid4(), ahead(t), set()))
    other = story.play(room, room.guide, lambda t: schedule.arrange(t, uuid4(), ahead(t, 20), set()))
    story.play(room, room.guide, lambda t: schedule.begin_meeting(t, planned))
    story.play(room, room.young, lambda t: schedule.begin_meeting(t, planned))
    assert story.play(room, room.young, lambda t: schedule.begin_now(t, uuid4())) == planned
    with pytest.raises(InvalidInput, match="meeting_running"):
        story.play(room, room.guide, lambda t: schedule.begin_meeting(t, other))


# The end


def test_a_meeting_ends_with_the_next_one_and_a_summary_for_everybody_who_sees_the_plan(
    app: Flask, story: Story, room: Room, meeting: UUID, colleague: Someone, owner: psycopg.Connection
) -> None:
    parent = room.parents[0]
    story.set_level(room, parent, Level.NONE)
    take(story, room, room.young)
    present(story, room, meeting, room.guide, room.young, colleague, parent)
    browser = Browser(app, story.token(room.guide))
    where = f"/cases/{room.case_id}/meetings/{meeting}"
    page = browser.get(f"{where}/end")
    assert "Uden adgang til planen og derfor uden referat: Mona Mor" in page.text
    half = browser.submit(page, "o_clock", o_clock="14.30", place="Skolen")
    assert half.status == 422
    assert loaded(story, room, meeting).state == "running"
    on = clock.today(story.play(room, room.guide, lambda t: t.profile.zone)) + timedelta(days=30)
    day = {"on-day": str(on.day), "on-month": str(on.month), "on-year": str(on.year)}
    done = browser.follow(browser.submit(half, "o_clock", **day))
    for words in ("Til stede: Ulla Ung, Grete Guide", "Ulla Ung: Jeg står op klokken syv", "Næste møde:", "Skolen",
                  "Jo Job: Jeg finder en praktikplads [ikke påtaget endnu]"):  # fmt: skip
        assert words in done.text, done.text
    for who in (room.young, colleague):
        threads = story.play(room, who, message_threads.threads)
        assert len(threads) == 1
        assert "klokken syv" in story.play(room, who, lambda t, x=threads[0].id: message_threads.first_words(t, x))
    with pytest.raises(Refused):
        story.play(room, parent, message_threads.list_threads)
    following = story.play(room, room.young, schedule.next_one)
    assert following is not None
    assert following.place == "Skolen"
    told = owner.execute("select person_id from notice_item where kind = 'meeting'").fetchall()
    assert {person for (person,) in told} == {colleague.id, room.young.id}


def test_a_meeting_ends_once_and_shows_nothing_on_the_screen_after(
    app: Flask, story: Story, room: Room, meeting: UUID
) -> None:
    ended(story, room, meeting, following=False)
    with pytest.raises(InvalidInput, match="meeting_moved_on"):
        ended(story, room, meeting)
    assert len(story.play(room, room.guide, message_threads.threads)) == 1
    assert on_screen(story, room, meeting).version is None
    assert story.play(room, room.guide, schedule.next_one) is None
    page = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/meetings/{meeting}/screen")
    assert "Mødet er slut" in page.text


def test_the_database_lets_nobody_without_the_plan_see_or_lead_a_meeting(
    story: Story, room: Room, meeting: UUID, owner: psycopg.Connection
) -> None:
    aunt = story.add_citizen(room, "Tove Tante", Capacity.NETWORK_PERSON)
    with story.acting(aunt) as actor:
        from sqlalchemy import text

        for table in ("meeting", "meeting_seat", "plan_taking"):
            assert actor.session.execute(text(f"select count(*) from {table}")).scalar_one() == 0
        changed = actor.session.execute(text("update meeting set ended_at = now()"))
        assert changed.rowcount == 0  # type: ignore[attr-defined]


def test_a_meeting_begins_with_what_was_promised_the_professionals_first_and_its_summary_says_what_was_kept(
    app: Flask, story: Story, room: Room, colleague: Someone
) -> None:
    page = newest(story, room, room.guide, TOOL)
    story.play(room, room.guide, lambda t: agreement.propose_plan(t, uuid4(), TOOL, 1, page.revision))
    proposal = newest(story, room, room.guide, TOOL).proposal_id
    assert proposal
    for who in (room.young, room.guide, colleague):
        story.play(room, who, lambda t: agreement.accept_proposal(t, uuid4(), TOOL, 1, proposal))
    planned = story.play(room, room.guide, lambda t: schedule.arrange(t, uuid4(), ahead(t), set()))
    listed = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/meetings/{planned}")
    since = listed.soup.find(id="since").parent.get_text()
    assert since.index("praktikplads") < since.index("klokken syv")
    story.play(room, room.guide, lambda t: schedule.begin_meeting(t, planned))
    row = page.rows("agreements")[1]
    story.play(room, colleague, lambda t: commitments.note_outcome(t, uuid4(), 1, row, "yes", ""))
    end = Browser(app, story.token(room.guide)).get(f"/cases/{room.case_id}/meetings/{planned}/end")
    assert "Jeg finder en praktikplads (Jo Job): Holdt" in end.text
    assert "Jeg står op klokken syv (Ulla Ung)" not in end.text, "nothing was noted of it"
    assert "Det er aftalt" in end.text
