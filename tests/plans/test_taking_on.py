"""In a meeting everybody takes on what names them, on their own phone."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from flask import Flask

from portal.errors import InvalidInput, Refused
from portal.services.plans import agreement, saving
from portal.services.plans.open_plan import open_plan
from portal.services.plans.versions import PlanState
from tests.plans.test_tools import newest
from tests.support.browser import Browser
from tests.support.meeting import TOOL, on_screen, planned, take, taken_by
from tests.support.story import Room, Someone, Story


@pytest.fixture
def room(story: Story, colleague: Someone) -> Room:
    return planned(story, colleague)


def test_each_takes_on_what_names_them_on_their_own_phone_and_the_screen_says_so(
    app: Flask, story: Story, room: Room, meeting: UUID, colleague: Someone
) -> None:
    where = f"/cases/{room.case_id}/meetings/{meeting}"
    phone = Browser(app, story.token(colleague))
    page = phone.get(where)
    assert "Jeg finder en praktikplads" in page.soup.find(id="mine").parent.get_text()
    assert "klokken syv" not in page.soup.find(id="mine").parent.get_text()
    before = on_screen(story, room, meeting).mark
    done = phone.follow(phone.submit(page, "/take/"))
    assert "Du har påtaget dig det" in done.text
    seen = Browser(app, story.token(room.guide)).get(f"{where}/screen")
    assert "Jo påtager sig det" in seen.text
    assert on_screen(story, room, meeting).mark != before
    phone.submit(done, "/take/")
    assert taken_by(story, room) == []


def test_nobody_takes_on_for_somebody_else_or_what_they_have_not_read(
    app: Flask, story: Story, room: Room, meeting: UUID, colleague: Someone
) -> None:
    with pytest.raises(Refused):
        take(story, room, room.guide)
    browser = Browser(app, story.token(room.young))
    page = browser.get(f"/cases/{room.case_id}/meetings/{meeting}")
    row = newest(story, room, room.guide, TOOL).rows("agreements")[0]
    story.play(
        room,
        room.guide,
        lambda t: saving.save(open_plan(t, TOOL), 1, 99, {f"agreements.{row}.what": "Jeg står op klokken fem"}),
    )
    refused = browser.submit(page, "/take/")
    assert refused.status == 422
    assert taken_by(story, room) == []


def test_taking_on_counts_for_these_words_and_no_others(story: Story, room: Room) -> None:
    take(story, room, room.young)
    assert taken_by(story, room) == ["Ulla Ung"]
    row = newest(story, room, room.guide, TOOL).rows("agreements")[0]
    story.play(
        room, room.guide, lambda t: saving.save(open_plan(t, TOOL), 1, 99, {f"agreements.{row}.what": "Noget andet"})
    )
    assert taken_by(story, room) == []


def test_taking_on_the_last_of_theirs_is_the_yes_of_whoever_is_asked_for_nothing_else(
    story: Story, room: Room, colleague: Someone
) -> None:
    page = newest(story, room, room.guide, TOOL)
    story.play(room, room.guide, lambda t: agreement.propose_plan(t, uuid4(), TOOL, 1, page.revision))
    assert take(story, room, room.young) is PlanState.PROPOSED, "the young person says yes to the whole"
    proposal = newest(story, room, room.guide, TOOL).proposal_id
    assert proposal
    for who in (room.young, room.guide):
        story.play(room, who, lambda t: agreement.accept_proposal(t, uuid4(), TOOL, 1, proposal))
    assert take(story, room, colleague, row=1) is PlanState.AGREED
    with pytest.raises(InvalidInput, match="plan_frozen"):
        take(story, room, colleague, row=1)


def test_the_plan_is_agreed_from_the_phones_in_the_room(
    app: Flask, story: Story, room: Room, meeting: UUID, colleague: Someone
) -> None:
    page = newest(story, room, room.guide, TOOL)
    story.play(room, room.guide, lambda t: agreement.propose_plan(t, uuid4(), TOOL, 1, page.revision))
    for who in (room.young, room.guide, colleague):
        phone = Browser(app, story.token(who))
        done = phone.submit(phone.get(f"/cases/{room.case_id}/meetings/{meeting}"), "/yes")
        assert done.status == 303
    assert "Planen er aftalt" in phone.get(f"/cases/{room.case_id}/meetings/{meeting}/screen").text
