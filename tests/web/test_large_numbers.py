"""Numbers in an address that nothing can have: said to be not there, and never a fault."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.support.browser import Browser
from tests.support.story import Room, Story

HUGE = 10**30


@pytest.mark.parametrize(
    "path",
    [
        "files/{file}/versions/{huge}",
        "files/{file}/versions/{huge}/preview",
        "plan/goals_and_agreements/versions/{huge}",
        "plan/goals_and_agreements/versions/{huge}/changes",
        "plan/goals_and_agreements/versions/{huge}/pdf",
        "plan/goals_and_agreements/versions/{huge}/docx",
        "plan/goals_and_agreements/live?number={huge}",
    ],
)
def test_a_number_that_nothing_can_have_is_not_found(app: Flask, story: Story, room: Room, path: str) -> None:
    file_id = story.file(room, room.guide)
    story.plan(room, room.guide)
    browser = Browser(app, story.token(room.young))
    assert browser.get(f"/cases/{room.case_id}/{path.format(file=file_id, huge=HUGE)}").status == 404


@pytest.mark.parametrize("asked", [f"before={HUGE}", f"before={-HUGE}", "before=0", f"since={HUGE}"])
def test_a_history_before_or_since_any_number_is_a_page(app: Flask, story: Story, room: Room, asked: str) -> None:
    """What can be no number counts as not there."""
    story.plan(room, room.guide)
    browser = Browser(app, story.token(room.young))
    path = f"/cases/{room.case_id}/plan/goals_and_agreements/versions/1/changes?{asked}"
    assert browser.get(path).status == 200


@pytest.mark.parametrize("field", ["number", "revision"])
def test_a_form_with_such_a_number_is_shown_again_with_what_was_typed(
    app: Flask, story: Story, room: Room, field: str
) -> None:
    story.plan(room, room.guide)
    browser = Browser(app, story.token(room.young))
    page = browser.get(f"/cases/{room.case_id}/plan/goals_and_agreements/write")
    answer = browser.submit(page, "plan-form", **{field: str(HUGE), "now.strengths": "At tegne"})
    assert answer.status in (404, 422)
