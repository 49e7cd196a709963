"""A plan is agreed by everybody it binds and then never silently changed; what it promised is closed in one tap."""

from __future__ import annotations

from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from portal.access.policy.roles import Level
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound, Refused
from portal.runtime import Runtime
from portal.services.plans import agreement, closing, commitments
from portal.services.plans import history as plans_history
from portal.services.plans.open_plan import open_plan
from portal.services.plans.versions import PlanState
from tests.support.browser import Browser
from tests.support.story import Room, Someone, Story
from tests.support.writing import TOOL, Writing, agree


@pytest.fixture
def room(story: Story, colleague: Someone) -> Room:
    room = story.case()
    story.add(room, colleague)
    return room


def test_a_plan_is_agreed_when_the_young_person_the_guide_and_everybody_who_takes_on_have_said_yes(
    writing: Writing, room: Room, colleague: Someone
) -> None:
    row = writing.add(room.guide, "agreements")
    taker = {f"agreements.{row}.what": "Ringer til skolen", f"agreements.{row}.who": str(room.member(colleague))}
    writing.write(room.guide, **taker)
    writing.propose(room.guide)
    assert {yes.member.display_name for yes in writing.page(room.guide).asked} == {"Ulla Ung", "Grete Guide", "Jo Job"}
    assert writing.accept(room.guide) is PlanState.PROPOSED
    assert writing.accept(room.young) is PlanState.PROPOSED
    assert writing.page(colleague).waits_for_me
    assert writing.accept(colleague) is PlanState.AGREED


def test_agreed_words_are_never_changed(writing: Writing, room: Room) -> None:
    agree(writing, room, "Det første")
    with pytest.raises(InvalidInput, match="plan_frozen"):
        writing.write(room.guide, now__goal="Noget andet")
    with pytest.raises(InvalidInput, match="plan_frozen"):
        writing.add(room.guide, "goals")
    with pytest.raises(InvalidInput, match="plan_frozen"):
        writing.propose(room.guide)
    assert writing.page(room.guide).answers["now.goal"] == "Det første"


def test_a_change_begins_a_new_version_and_the_agreed_one_holds_until_the_next_is_agreed(
    writing: Writing, room: Room
) -> None:
    agree(writing, room, "Det første")
    assert writing.renew(room.young) == 2
    assert writing.renew(room.guide) == 2, "there is one draft at a time"
    writing.write(room.young, now__goal="Det næste")
    assert writing.page(room.guide, 1).state is PlanState.AGREED
    writing.propose(room.guide)
    writing.accept(room.guide)
    writing.accept(room.young)
    assert writing.page(room.guide, 1).state is PlanState.REPLACED
    assert writing.page(room.guide, 2).state is PlanState.AGREED
    assert writing.page(room.guide, 1).answers["now.goal"] == "Det første"


def test_changing_a_proposed_version_asks_everybody_again(writing: Writing, room: Room) -> None:
    writing.write(room.guide, now__goal="Det her")
    writing.propose(room.guide)
    writing.accept(room.young)
    proposal = writing.page(room.young).proposal_id
    writing.write(room.guide, now__goal="Noget, hun ikke har læst")
    assert writing.page(room.guide).state is PlanState.DRAFT
    with pytest.raises(InvalidInput, match="plan_moved_on"):
        writing.accept(room.guide, proposal)
    writing.propose(room.guide)
    assert writing.page(room.young).waits_for_me


def test_nobody_proposes_words_they_have_not_seen(writing: Writing, room: Room) -> None:
    writing.write(room.guide, now__goal="Et")
    seen = writing.page(room.young).revision
    writing.write(room.guide, now__goal="To")
    with pytest.raises(InvalidInput, match="plan_moved_on"):
        writing.propose(room.young, seen)


def test_an_empty_plan_is_not_proposed(writing: Writing, room: Room) -> None:
    with pytest.raises(InvalidInput, match="plan_empty"):
        writing.propose(room.guide)


def test_somebody_who_cannot_see_the_plan_is_not_made_to_take_something_on(
    writing: Writing, room: Room, colleague: Someone, story: Story
) -> None:
    row = writing.add(room.guide, "agreements")
    writing.write(room.guide, **{f"agreements.{row}.who": str(room.member(colleague))})
    story.set_level(room, colleague, Level.NONE)
    with pytest.raises(InvalidInput, match="taker_shut_out") as problem:
        writing.propose(room.guide)
    assert problem.value.field == f"agreements.{row}.who"


def test_who_is_not_asked_has_nothing_to_accept(writing: Writing, room: Room, colleague: Someone) -> None:
    writing.write(room.guide, now__goal="Det her")
    writing.propose(room.guide)
    with pytest.raises(NotFound):
        writing.accept(colleague)


def test_the_guide_notes_the_yes_of_a_young_person_without_an_eid(writing: Writing, room: Room, story: Story) -> None:
    writing.write(room.guide, now__goal="Det her")
    writing.propose(room.guide)
    writing.accept(room.guide)
    page = writing.page(room.guide)
    assert page.proposal_id is not None

    def note(ticket: CaseTicket, how: str, who: Someone) -> PlanState:
        assert page.proposal_id is not None
        return agreement.accept_for(ticket, uuid4(), TOOL, 1, page.proposal_id, room.member(who), how)

    with pytest.raises(InvalidInput, match="how: required"):
        story.play(room, room.guide, lambda t: note(t, " ", room.young))
    with pytest.raises(InvalidInput, match="yes_is_their_own"):
        story.play(room, room.guide, lambda t: note(t, "Sagt højt", room.guide))
    assert story.play(room, room.guide, lambda t: note(t, "Sagt på mødet", room.young)) is PlanState.AGREED
    (hers,) = [yes for yes in writing.page(room.guide).asked if yes.member.id == room.member(room.young)]
    assert hers.noted_by is not None
    assert (hers.noted_by.display_name, hers.how) == ("Grete Guide", "Sagt på mødet")


def test_only_the_guide_notes_the_yes_of_others(writing: Writing, room: Room, colleague: Someone, story: Story) -> None:
    writing.write(room.guide, now__goal="Det her")
    writing.propose(room.guide)
    with pytest.raises(Refused):
        story.play(
            room,
            colleague,
            lambda t: agreement.accept_for(t, uuid4(), TOOL, 1, uuid4(), room.member(room.young), "Sagt"),
        )


def test_the_database_itself_lets_nobody_change_a_saved_change_or_a_yes(
    runtime: Runtime, writing: Writing, room: Room
) -> None:
    agree(writing, room, "Det her")
    for table, column in (
        ("plan_change", "change_sealed"),
        ("plan_acceptance", "created_at"),
        ("plan_proposal", "revision"),
        ("plan_asked", "membership_id"),
        ("plan_version", "number"),
    ):
        for statement in (f"update {table} set {column} = {column}", f"delete from {table}"):
            with (
                runtime.new_session(room.guide.id) as session,
                pytest.raises(ProgrammingError, match="permission denied"),
            ):
                session.execute(text(statement))


# Closing rows


def test_one_tap_closes_a_row_of_a_draft_and_another_opens_it_again(
    writing: Writing, room: Room, story: Story, app: Flask
) -> None:
    writing.begin(room.guide)
    row = writing.add(room.guide, "goals", words="Jeg vil i skole")
    browser = Browser(app, story.token(room.young))
    where = f"/cases/{room.case_id}/plan/{TOOL}/write"
    page = browser.follow(browser.submit(browser.get(where), "plan-form", close=f"goals.{row}"))
    assert writing.page(room.guide).answers[f"goals.{row}.status"] == "reached"
    assert page.soup.find("button", value=f"goals.{row}.open")
    assert "Lukket" in browser.get(f"/cases/{room.case_id}/plan/{TOOL}").soup.find(id=f"row-{row}").h3.get_text()
    browser.submit(page, "plan-form", close=f"goals.{row}.open")
    assert f"goals.{row}.status" not in {a for a, w in writing.page(room.guide).answers.items() if w}
    lines = story.play(room, room.guide, lambda t: plans_history.history(t, writing.page(room.guide)))
    assert [line.by.display_name for line in lines[:2]] == ["Ulla Ung", "Ulla Ung"], "both taps are in the history"


def test_a_closed_agreement_asks_nobody_and_a_row_that_cannot_be_closed_is_not(
    writing: Writing, room: Room, colleague: Someone, story: Story
) -> None:
    writing.begin(room.guide)
    row = writing.add(room.guide, "agreements", what="Finder en bolig", who=str(room.member(colleague)))
    story.play(room, room.guide, lambda t: closing.close_row(open_plan(t, TOOL), 1, "agreements", row))
    writing.propose(room.guide)
    asked = {yes.member.display_name for yes in writing.page(room.guide).asked}
    assert asked == {"Ulla Ung", "Grete Guide"}
    with pytest.raises(NotFound):
        story.play(room, room.guide, lambda t: closing.close_row(open_plan(t, TOOL), 1, "now", row))
    for who in (room.young, room.guide):
        writing.accept(who)
    with pytest.raises(InvalidInput, match="plan_frozen"):
        story.play(room, room.guide, lambda t: closing.close_row(open_plan(t, TOOL), 1, "agreements", row, False))


def test_a_promise_is_kept_in_one_tap_without_a_new_round_and_the_next_version_begins_with_it_closed(
    writing: Writing, room: Room, story: Story, app: Flask
) -> None:
    writing.begin(room.guide)
    saved = writing.add(room.guide, "agreements", what="Jeg ringer", who=str(room.member(room.guide)))
    left = writing.add(room.guide, "agreements", what="Jeg skriver", who=str(room.member(room.guide)))
    writing.propose(room.guide)
    for who in (room.young, room.guide):
        writing.accept(who)
    browser = Browser(app, story.token(room.guide))
    front = browser.get(f"/cases/{room.case_id}")
    done = browser.follow(browser.submit(front, f"promises/{saved}"))
    assert "Jeg skriver" in done.soup.find(id="mine").parent.get_text()
    assert "Jeg ringer" not in done.soup.find(id="mine").parent.get_text()
    assert writing.page(room.guide).state is PlanState.AGREED, "the agreed words stand"
    writing.renew(room.guide)
    answers = writing.page(room.guide).answers
    assert answers[f"agreements.{saved}.status"] == "done"
    assert f"agreements.{left}.status" not in answers
    found = story.play(room, room.guide, commitments.show_commitments)
    assert found is not None
    assert {p.row: p.is_open for p in found.promises} == {saved: False, left: True}
