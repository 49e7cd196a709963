"""A request reads its plan once and hands it down; what it holds after writing is what anybody would read anew."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import event

from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.runtime import Runtime
from portal.services.plans import agreement, definitions, editing, plans, saving
from portal.services.plans.open_plan import OpenPlan, open_plan
from portal.services.plans.versions import PlanState
from tests.support.browser import Browser
from tests.support.story import Room, Story

TOOL = "goals_and_agreements"
MAP = "network_map"
LINKED = "network_overview"


@pytest.fixture
def room(story: Story) -> Room:
    room = story.case(parents=1)
    for tool in (TOOL, MAP, LINKED):
        story.play(room, room.young, lambda t, tool=tool: editing.begin_plan(t, uuid4(), tool))
    return room


def add_person(story: Story, room: Room, name: str) -> str:
    return story.play(room, room.young, lambda t: editing.add_row(open_plan(t, MAP), 1, "people", name=name))


def readings(runtime: Runtime, act: Callable[[], object]) -> int:
    """How often the answers of a plan's versions were read from the database."""
    found: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:  # type: ignore[no-untyped-def]
        if statement.startswith("SELECT") and "plan_version.answers_sealed" in statement:
            found.append(statement)

    event.listen(runtime.engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(runtime.engine, "before_cursor_execute", note)
    return len(found)


@pytest.mark.parametrize("answered", ["application/json", "text/html"])
@pytest.mark.parametrize(
    "what", ["an answer", "done", "a row more", "a fault", "a clash", "a confided answer", "a stale page"]
)
def test_a_saving_reads_the_plan_once(
    what: str, answered: str, app: Flask, runtime: Runtime, story: Story, room: Room
) -> None:
    person = add_person(story, room, "Mormor")
    story.play(room, room.guide, lambda t: saving.save(open_plan(t, TOOL), 1, 0, {"now.goal": "Andet"}))
    browser = Browser(app, story.token(room.young), thorough=False)
    browser.get(f"/cases/{room.case_id}/plan/{MAP}/write")
    tool, answers = {
        "an answer": (TOOL, {"now.strengths": "Tegne", "was.now.strengths": ""}),
        "done": (TOOL, {"now.strengths": "Tegne", "done": "1"}),
        "a row more": (TOOL, {"now.strengths": "Tegne", "add": "goals"}),
        "a fault": (TOOL, {"now.strengths": "x" * 200_000}),
        "a clash": (TOOL, {"now.goal": "Mit", "was.now.goal": "Et"}),
        "a confided answer": (MAP, {f"people.{person}.quality": "mixed", f"was.people.{person}.quality": ""}),
        "a stale page": (TOOL, {"revision": "-1"}),
    }[what]
    sent = {"csrf_token": browser.csrf(), "number": "1", "revision": "1", "submission": str(uuid4()), **answers}
    path = f"/cases/{room.case_id}/plan/{tool}/write"
    statuses = {}

    def post() -> None:
        statuses["post"] = browser.client.post(path, data=sent, headers={"Accept": answered}).status_code

    assert readings(runtime, post) == 1
    wrong = what in ("a fault", "a clash", "a stale page")
    assert statuses["post"] == (200 if answered == "application/json" else 422 if wrong else 303)


@pytest.mark.parametrize("tool", [TOOL, MAP, LINKED])
@pytest.mark.parametrize("page", ["", "/versions/1", "/versions/1/changes", "/write", "/live?number=1"])
def test_a_page_of_a_plan_reads_it_once(
    page: str, tool: str, app: Flask, runtime: Runtime, story: Story, room: Room
) -> None:
    add_person(story, room, "Mormor")
    browser = Browser(app, story.token(room.young), thorough=False)
    assert readings(runtime, lambda: browser.get(f"/cases/{room.case_id}/plan/{tool}{page}")) == 1


def held_against_the_database(ticket: CaseTicket, plan: OpenPlan) -> None:
    assert plan.page == plans.load(ticket, plan.tool, definitions.compartment_of(ticket, plan.tool))


@pytest.mark.parametrize("tool", [TOOL, MAP, LINKED])
def test_the_plan_in_hand_is_the_one_that_would_be_read(tool: str, story: Story, room: Room) -> None:
    person = add_person(story, room, "Mormor")
    address, words = {TOOL: ("now.goal", "Et mål"), MAP: ("about.notice", "Mange"), LINKED: ("", "")}[tool]
    if tool == LINKED:
        known = story.play(room, room.young, lambda t: definitions.today(t, LINKED))
        assert known is not None
        assert known.sources == {MAP}
        section = next(section for section in known.section if section.rows_of)
        question = next(each for each in section.question if not each.carried and each.kind in ("text", "long"))
        address, words = f"{section.key}.{person}.{question.key}", "Ringer på søndag"

    def write(ticket: CaseTicket) -> None:
        plan = open_plan(ticket, tool)
        assert saving.save(plan, 1, plan.page.newest.revision, {address: words}).changed == 1
        assert plan.page.newest.answers[address] == words
        held_against_the_database(ticket, plan)

    def write_in_a_proposal(ticket: CaseTicket) -> None:
        plan = open_plan(ticket, tool)
        assert plan.page.newest.state is PlanState.PROPOSED
        saved = saving.save(plan, 1, plan.page.newest.revision, {address: f"{words}, sagt anderledes"})
        assert saved.reopened
        assert plan.page.newest.state is PlanState.DRAFT
        assert plan.page.newest.was_proposed
        held_against_the_database(ticket, plan)

    story.play(room, room.guide, write)
    revision = story.play(room, room.guide, lambda t: editing.begun(t, tool).newest.revision)
    story.play(room, room.guide, lambda t: agreement.propose_plan(t, uuid4(), tool, 1, revision))
    if tool == LINKED:
        add_person(story, room, "Morfar")  # what the other tool says by now is what the draft shows
    story.play(room, room.guide, write_in_a_proposal)


def test_words_put_aside_leave_the_plan_in_hand_as_it_is_in_the_database(story: Story, room: Room) -> None:
    def write(ticket: CaseTicket) -> None:
        plan = open_plan(ticket, TOOL)
        saving.save(plan, 1, 0, {"now.goal": "Et"}, {"now.goal": ""})
        saved = saving.save(plan, 1, 0, {"now.goal": "To"}, {"now.goal": ""})
        assert [clash.theirs for clash in saved.clashes] == ["Et"]
        assert saved.revision == 2
        held_against_the_database(ticket, plan)

    story.play(room, room.guide, write)


def test_an_attempt_that_fails_leaves_the_plan_in_hand_as_it_was(story: Story, room: Room) -> None:
    def write(ticket: CaseTicket) -> None:
        plan = open_plan(ticket, TOOL)
        before = plan.page

        def fail_after_saving() -> None:
            with plan.savepoint():
                saving.save(plan, 1, 0, {"now.goal": "Et"})
                assert plan.page is not before
                raise InvalidInput("", "form_stale")

        with pytest.raises(InvalidInput):
            fail_after_saving()
        assert plan.page is before
        held_against_the_database(ticket, plan)

    story.play(room, room.guide, write)


def test_a_version_begun_meanwhile_is_in_hand_at_once(story: Story, room: Room) -> None:
    story.play(room, room.guide, lambda t: saving.save(open_plan(t, TOOL), 1, 0, {"now.goal": "Et"}))
    story.play(room, room.guide, lambda t: agreement.propose_plan(t, uuid4(), TOOL, 1, 1))
    for who in (room.guide, room.young):
        found = story.play(room, who, lambda t: editing.begun(t, TOOL).newest.proposal_id)
        assert found is not None
        story.play(room, who, lambda t, found=found: agreement.accept_proposal(t, uuid4(), TOOL, 1, found))

    def begin_next(ticket: CaseTicket) -> None:
        plan = open_plan(ticket, TOOL)
        with pytest.raises(InvalidInput):
            plan.version(1)
        assert editing.begin_next(plan) == 2
        assert plan.version(2).answers["now.goal"] == "Et"
        held_against_the_database(ticket, plan)

    story.play(room, room.guide, begin_next)
