"""An answer that names a row of the plan is told by what that row is called, wherever it is told."""

from __future__ import annotations

import json

import pytest
from flask import Flask

from portal.access.ticket import CaseTicket
from portal.services.plans import editing, saving
from portal.services.plans.open_plan import open_plan
from tests.support.browser import Browser
from tests.support.story import Room, Story

TOOL = "goals_and_agreements"
GOAL = "Jeg vil prøve et værksted"


@pytest.fixture
def address(story: Story, room: Room) -> str:
    """Where an agreement says which goal it belongs to; it says so."""
    story.plan(room, room.guide)

    def write(ticket: CaseTicket) -> str:
        goal = editing.add_row(open_plan(ticket, TOOL), 1, "goals", words=GOAL)
        agreement = editing.add_row(open_plan(ticket, TOOL), 1, "agreements")
        at = f"agreements.{agreement}.goal"
        saving.save(open_plan(ticket, TOOL), 1, 0, {at: goal}, {at: ""})
        return at

    return story.play(room, room.guide, write)


def test_what_was_changed_names_the_goal_an_agreement_belongs_to(
    app: Flask, story: Story, room: Room, address: str
) -> None:
    page = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/plan/{TOOL}/versions/1/changes")
    assert page.text.count(GOAL) == 2, "the goal itself, and the agreement that belongs to it"


@pytest.mark.parametrize("is_script", [True, False])
def test_the_other_answer_of_two_that_met_names_its_goal(
    app: Flask, story: Story, room: Room, address: str, is_script: bool
) -> None:
    other = story.play(
        room, room.guide, lambda t: editing.add_row(open_plan(t, TOOL), 1, "goals", words="Et andet mål")
    )
    browser = Browser(app, story.token(room.young))
    fields = {"number": "1", "revision": "0", address: other, f"was.{address}": ""}
    headers = {"Accept": "application/json"} if is_script else {}
    answer = browser.post(f"/cases/{room.case_id}/plan/{TOOL}/write", fields, browser.csrf(), headers=headers)
    if is_script:
        (clash,) = json.loads(answer.response.data)["clashes"]
        assert clash["shown"] == GOAL
    else:
        found = answer.soup.select_one(".clash .typed")
        assert found is not None
        assert found.get_text() == GOAL
