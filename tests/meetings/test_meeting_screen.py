"""The screen of a meeting shows only what everybody in the room may read, and follows what happens."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from portal import clock
from portal.access.policy.roles import Level
from portal.errors import NotFound, Refused
from portal.services.consents import overrides
from portal.services.meetings import screen
from portal.services.plans import presence
from tests.plans.test_tools import begin, newest
from tests.support.browser import Browser
from tests.support.meeting import GOAL, TOOL, on_screen, planned, present
from tests.support.story import Room, Someone, Story


@pytest.fixture
def room(story: Story, colleague: Someone) -> Room:
    return planned(story, colleague)


def test_the_screen_shows_what_everybody_in_the_room_may_read_and_nothing_else(
    app: Flask, story: Story, room: Room, meeting: UUID
) -> None:
    """The custody holder has no access yet. The moment they are noted as there, nothing of the plan is on the wall."""
    parent = room.parents[0]
    shown = Browser(app, story.token(room.guide))
    where = f"/cases/{room.case_id}/meetings/{meeting}"
    page = shown.get(f"{where}/screen")
    assert GOAL in page.text
    assert page.soup.find("header", class_="top") is None, "no chrome"
    mark = page.soup.find(id="live")["data-mark"]
    same = shown.get(f"{where}/live?on=screen", headers={"If-None-Match": f'"{mark}"'})
    assert (same.status, same.response.data) == (304, b"")
    story.set_level(room, parent, Level.NONE)
    present(story, room, meeting, room.guide, room.young, parent)
    now = shown.get(f"{where}/live?on=screen", headers={"If-None-Match": f'"{mark}"'})
    assert now.status == 200
    for words in (GOAL, "klokken syv", "praktikplads"):
        assert words not in json.loads(now.response.data)["html"]
        assert words not in shown.get(f"{where}/screen").everything
    assert "Planen bliver ikke vist lige nu" in json.loads(now.response.data)["html"]
    assert "Uden adgang til den: Mona Mor" in shown.get(where).text, "whoever leads is told why"
    present(story, room, meeting, room.guide, room.young)
    assert on_screen(story, room, meeting).version is not None


@pytest.mark.parametrize("how", ["nobody", "from outside", "level", "frozen", "withdrawn"])
def test_nothing_is_on_the_screen_while_somebody_there_may_not_read_it(
    how: str, story: Story, room: Room, meeting: UUID
) -> None:
    guest = story.staff("Sofie Skole", "Skolen")
    story.add(room, guest, Level.READ)
    story.everybody_agrees(room)
    parent = room.parents[0]
    present(story, room, meeting, room.guide, guest, parent)
    before = on_screen(story, room, meeting)
    assert before.version is not None
    if how == "nobody":
        present(story, room, meeting)
    elif how == "from outside":
        present(story, room, meeting, room.guide, others=True)
    elif how == "level":
        story.set_level(room, guest, Level.NONE)
    elif how == "frozen":
        review = story.play(room, room.guide, lambda t: clock.today(t.profile.zone) + timedelta(days=7))
        member = room.member(parent)
        story.play(room, room.guide, lambda t: overrides.freeze(t, uuid4(), {member}, review, "Fare"))
    else:
        story.withdraw(room, room.young)
    seen = story.play(room, room.guide, lambda t: screen.look_at_screen(t, meeting, "screen", before.mark))
    assert seen is not None
    assert seen.version is None
    assert not seen.asked
    assert not seen.since_last


def test_the_screen_is_never_more_than_its_own_viewer_may_read(story: Story, room: Room, meeting: UUID) -> None:
    closed = story.staff("Vibe Venter", "Jobcenter")
    story.add(room, closed)
    with pytest.raises((NotFound, Refused)):
        on_screen(story, room, meeting, closed)


def test_an_answer_that_only_some_may_give_is_not_put_on_the_wall(story: Story, room: Room, meeting: UUID) -> None:
    begin(story, room, room.young, "meeting_checklist")
    page = newest(story, room, room.young, "meeting_checklist")
    private = [p for p in page.definition.places(page.answers) if p.question.fill]
    assert private, "was I heard?"
    assert not any(screen.for_everybody(place.question) for place in private)
    story.play(room, room.young, lambda t: presence.be_here(t, "meeting_checklist", 1, private[0].address))
    found = on_screen(story, room, meeting)
    assert found.here == {}


def test_the_screen_follows_whoever_is_writing_and_is_in_the_room(
    app: Flask, story: Story, room: Room, meeting: UUID
) -> None:
    writer = story.staff("Kim Kollega")
    story.add(room, writer)
    before = on_screen(story, room, meeting).mark
    story.play(room, writer, lambda t: presence.be_here(t, TOOL, 1, "now.strengths"))
    assert story.play(room, room.guide, lambda t: screen.look_at_screen(t, meeting, "screen", before)) is None
    present(story, room, meeting, room.guide, room.young, writer)
    found = on_screen(story, room, meeting)
    assert found.follow == "now.strengths"
    shown = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/meetings/{meeting}/screen")
    assert "Kim Kollega skriver her" in shown.soup.find(attrs={"data-here": True}).get_text()
    begin(story, room, room.guide, "basic_contract")
    address = next(iter(newest(story, room, room.guide, "basic_contract").definition.places({}))).address
    story.play(room, room.guide, lambda t: presence.be_here(t, "basic_contract", 1, address))
    assert on_screen(story, room, meeting).tool == "basic_contract", "whoever planned the meeting comes first"


def test_following_a_meeting_is_one_look_every_ten_minutes(
    story: Story, room: Room, meeting: UUID, owner: psycopg.Connection
) -> None:
    for _ in range(3):
        story.play(room, room.young, lambda t: screen.look_at_screen(t, meeting, "screen", ""))
    events = owner.execute(
        "select event from audit_event where actor_id = %s and chain_id = %s", [room.young.id, room.case_id]
    ).fetchall()
    assert sorted(event for (event,) in events) == ["meeting.viewed", "schema.viewed"]
