"""A goal of an agreed plan is closed in one tap: in a new version, which everyone is asked about again."""

from __future__ import annotations

from flask import Flask

from portal.access.policy.roles import Level
from portal.services.plans import editing
from portal.services.plans.open_plan import open_plan
from portal.services.plans.versions import PlanState
from tests.plans.test_tools import add, agree, begin, newest
from tests.support.browser import Browser, Page
from tests.support.story import Someone, Story

TOOL = "goals_and_agreements"


def buttons(page: Page) -> list[str]:
    return [" ".join(button.get_text().split()) for button in page.soup.find_all("button", attrs={"name": "close"})]


def test_a_goal_of_the_agreed_plan_is_closed_with_one_tap_in_a_version_that_is_to_be_agreed_again(
    app: Flask, story: Story, colleague: Someone
) -> None:
    room = story.case()
    story.add(room, colleague, Level.READ)
    begin(story, room, room.guide, TOOL)
    school = add(story, room, room.guide, TOOL, "goals", words="Jeg skal i skole 4 dage", status="under_way")
    money = add(story, room, room.guide, TOOL, "goals", words="Jeg skal spare op")
    add(story, room, room.guide, TOOL, "goals", words="Jeg skal have et pas", status="reached")
    add(story, room, room.guide, TOOL, "agreements", what="Jeg står op", who=str(room.member(room.young)))
    at = f"/cases/{room.case_id}/plan/{TOOL}"
    young = Browser(app, story.token(room.young), thorough=False)
    assert buttons(young.get(at)) == [], "a draft is closed where it is written"
    assert agree(story, room, TOOL) is PlanState.AGREED
    page = young.get(at)
    assert buttons(page) == ["Nået: Jeg skal i skole 4 dage", "Nået: Jeg skal spare op"], "not promises, nor the closed"
    assert "Den siger alle ja til igen" in page.text
    assert f"/cases/{room.case_id}/plan/promises" in page.links(), "a promise is noted beside the plan"
    assert buttons(Browser(app, story.token(colleague)).get(at)) == [], "nor for a reader"

    done = young.follow(young.submit(page, f"goals.{school}", close=f"goals.{school}"))
    assert "Alle skal sige ja til den" in done.text
    assert "Foreslå planen" in done.text, "what comes next is on the same page"
    version = newest(story, room, room.guide, TOOL)
    assert (version.number, version.state) == (2, PlanState.DRAFT)
    assert version.answers[f"goals.{school}.status"] == "reached"
    old = young.get(f"{at}/versions/1")
    assert "I gang" in old.text, "what is agreed stands"
    assert buttons(old) == []

    # Back to the page of before, and the next goal on it: the same new version, though its button was pressed late.
    young.follow(young.submit(page, f"goals.{money}", close=f"goals.{money}"))
    answers = newest(story, room, room.guide, TOOL).answers
    assert (answers[f"goals.{money}.status"], newest(story, room, room.guide, TOOL).number) == ("reached", 2)

    # One that was taken out of the new version meanwhile: said, and nothing done.
    story.play(room, room.guide, lambda t: editing.move_row(open_plan(t, TOOL), 2, "goals", school, 0))
    refused = young.submit(page, f"goals.{school}", close=f"goals.{school}")
    assert refused.status == 422
    assert "Nogen har taget det ud af den nye version" in refused.text
