"""The end of a meeting proposes the plan, and a promise given in the room counts for its giver at once."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from portal.access.policy.roles import Level
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.runtime import Runtime
from portal.services.cases import overview
from portal.services.meetings import closing
from portal.services.plans import agreement, commitments, editing
from portal.services.plans.versions import PlanState
from tests.meetings.test_yes_in_the_room import change, listed, propose, say_yes, say_yes_to_all, yeses
from tests.plans.test_tools import newest
from tests.support.browser import Browser
from tests.support.meeting import TOOL, planned, present, take
from tests.support.story import Room, Someone, Story


@pytest.fixture
def room(story: Story, colleague: Someone) -> Room:
    """A draft in which the young person and a colleague, who only reads, are named."""
    return planned(story, colleague)


# The end of the meeting


def test_ending_the_meeting_proposes_the_plan_and_says_whose_yes_is_there(
    app: Flask, story: Story, room: Room, meeting: UUID, colleague: Someone
) -> None:
    say_yes(story, room, room.young)
    present(story, room, meeting, room.guide, room.young, colleague)
    guide = Browser(app, story.token(room.guide))
    where = f"/cases/{room.case_id}/meetings/{meeting}"
    page = guide.get(f"{where}/end")
    proposing = " ".join(page.soup.find(id="proposing").parent.get_text(" ").split())
    assert "Har sagt ja: Ulla Ung." in proposing
    assert "Bliver spurgt: Grete Guide, Jo Job." in proposing
    assert "Det er foreslået; 2 mangler at sige ja" in page.text, "the summary says what it will be"
    done = guide.follow(guide.submit(page, "o_clock"))
    assert "Mødet er slut. Referatet er sendt, og planen er foreslået." in done.text
    assert yeses(newest(story, room, room.guide, TOOL)) == {"Ulla Ung": True, "Grete Guide": False, "Jo Job": False}
    asked = done.soup.find(id="plan-now").parent
    assert asked.find("a", string="Læs den, og svar"), "and the page leads on"
    assert "Det er foreslået; 2 mangler at sige ja" in done.soup.select_one(".summary").get_text()


def test_ending_it_agrees_the_plan_when_everybody_said_yes_in_the_room(
    app: Flask, story: Story, room: Room, meeting: UUID, colleague: Someone
) -> None:
    for who in (room.young, room.guide):
        say_yes(story, room, who)
    take(story, room, colleague, row=1)
    guide = Browser(app, story.token(room.guide))
    page = guide.get(f"/cases/{room.case_id}/meetings/{meeting}/end")
    assert "Alle har sagt ja. Planen er aftalt" in page.text
    done = guide.follow(guide.submit(page, "o_clock"))
    assert newest(story, room, room.guide, TOOL).state is PlanState.AGREED
    assert "Det er aftalt" in done.soup.select_one(".summary").get_text()


def test_the_plan_can_stay_a_draft_and_the_meetings_page_then_offers_to_propose_it(
    app: Flask, story: Story, room: Room, meeting: UUID
) -> None:
    guide = Browser(app, story.token(room.guide))
    page = guide.get(f"/cases/{room.case_id}/meetings/{meeting}/end")
    done = guide.follow(guide.submit(page, "o_clock", propose=None))
    assert newest(story, room, room.guide, TOOL).state is PlanState.DRAFT
    assert "Planen er stadig en kladde" in done.text
    after = guide.follow(guide.submit(done, "/propose"))
    assert "Foreslået" in after.text
    assert newest(story, room, room.guide, TOOL).state is PlanState.PROPOSED


def test_a_plan_that_somebody_changed_while_the_end_was_read_is_not_proposed_and_the_meeting_goes_on(
    app: Flask, story: Story, room: Room, meeting: UUID
) -> None:
    guide = Browser(app, story.token(room.guide))
    page = guide.get(f"/cases/{room.case_id}/meetings/{meeting}/end")
    change(story, room, now__goal="Noget, ingen har læst")
    refused = guide.submit(page, "o_clock", place="Biblioteket", o_clock="14")
    assert refused.status == 422
    assert "Biblioteket" in str(refused.form("o_clock")), "nothing typed is lost"
    again = guide.submit(page, "o_clock")
    assert again.status == 422
    assert "Nogen har ændret planen, mens du læste" in again.text
    assert guide.submit(again, "o_clock").status == 303
    assert newest(story, room, room.guide, TOOL).state is PlanState.PROPOSED


def test_what_stands_in_the_way_of_proposing_is_said_and_the_meeting_can_end_all_the_same(
    app: Flask, story: Story, room: Room, meeting: UUID, colleague: Someone
) -> None:
    story.set_level(room, colleague, Level.NONE)
    guide = Browser(app, story.token(room.guide))
    page = guide.get(f"/cases/{room.case_id}/meetings/{meeting}/end")
    assert "Planen kan ikke foreslås endnu. Jo Job kan ikke se planen" in page.text
    assert guide.submit(page, "o_clock").status == 303
    assert newest(story, room, room.guide, TOOL).state is PlanState.DRAFT


def test_a_meeting_without_a_plan_ends_without_a_word_about_it(app: Flask, story: Story, colleague: Someone) -> None:
    room = story.case()
    made = story.meeting(room, room.guide)
    guide = Browser(app, story.token(room.guide))
    page = guide.get(f"/cases/{room.case_id}/meetings/{made}/end")
    assert page.soup.find(id="proposing") is None
    assert guide.submit(page, "o_clock").status == 303


# Promises


@pytest.mark.parametrize("how", ["in the room", "to the proposal"])
def test_a_promise_counts_for_whoever_gave_it_before_everybody_has_said_yes(
    how: str, app: Flask, story: Story, room: Room, meeting: UUID, colleague: Someone
) -> None:
    def mine(who: Someone) -> list[str]:
        return [promise.what for promise in story.play(room, who, overview.overview).promises]

    assert mine(room.young) == []
    if how == "in the room":
        take(story, room, room.young)
    else:
        propose(story, room)
        proposal = newest(story, room, room.young, TOOL).proposal_id
        assert proposal
        story.play(room, room.young, lambda t: agreement.accept_proposal(t, uuid4(), TOOL, 1, proposal))
    assert mine(room.young) == ["Jeg står op klokken syv"]
    assert mine(colleague) == [], "who has not said yes has promised nothing"
    page = Browser(app, story.token(colleague)).get(f"/cases/{room.case_id}/plan/promises")
    assert "Jeg står op klokken syv" in page.text
    assert "praktikplads" not in page.text
    assert "ikke alle har sagt ja endnu" in page.text


def test_what_is_promised_so_is_noted_as_kept_and_stays_so_when_the_plan_is_agreed(
    app: Flask, story: Story, room: Room, meeting: UUID, colleague: Someone
) -> None:
    take(story, room, room.young)
    young = Browser(app, story.token(room.young))
    front = young.get(f"/cases/{room.case_id}")
    row = newest(story, room, room.young, TOOL).rows("agreements")[0]
    assert young.submit(front, f"promises/{row}").status == 303
    assert story.play(room, room.young, overview.overview).promises == ()
    for who in (room.young, room.guide):
        say_yes(story, room, who)
    take(story, room, colleague, row=1)
    assert propose(story, room) is PlanState.AGREED
    saved = {promise.row: promise.is_open for promise in listed(story, room)}
    assert saved[row] is False


def test_words_changed_after_it_was_promised_are_promised_no_more(story: Story, room: Room, meeting: UUID) -> None:
    take(story, room, room.young)
    row = newest(story, room, room.young, TOOL).rows("agreements")[0]
    change(story, room, **{f"agreements.{row}.what": "Jeg står op klokken fem"})
    assert listed(story, room) == []
    with pytest.raises(InvalidInput, match="plan_moved_on"):
        story.play(room, room.young, lambda t: commitments.note_outcome(t, uuid4(), 1, row, "yes", ""))


def test_a_new_promise_stands_in_place_of_the_same_persons_old_one_and_of_nobody_elses(
    story: Story, room: Room, meeting: UUID, colleague: Someone
) -> None:
    for who in (room.young, room.guide):
        say_yes(story, room, who)
    take(story, room, colleague, row=1)
    propose(story, room)
    story.play(room, room.guide, lambda t: editing.renew(t, uuid4(), TOOL))
    first, second = newest(story, room, room.guide, TOOL).rows("agreements")
    change(story, room, **{f"agreements.{first}.what": "Jeg står op klokken otte"})
    change(story, room, **{f"agreements.{second}.who": str(room.member(room.guide))})
    told = {promise.what: promise.who.display_name for promise in listed(story, room)}
    assert told == {"Jeg står op klokken syv": "Ulla Ung", "Jeg finder en praktikplads": "Jo Job"}, "in force still"
    take(story, room, room.young)
    take(story, room, room.guide, row=1)
    told_now = [(promise.what, promise.who.display_name) for promise in listed(story, room)]
    assert sorted(told_now) == [
        ("Jeg finder en praktikplads", "Grete Guide"),
        ("Jeg finder en praktikplads", "Jo Job"),
        ("Jeg står op klokken otte", "Ulla Ung"),
    ]


def test_a_professional_is_reminded_of_what_they_promised_also_while_others_have_not_answered(
    runtime: Runtime, story: Story, room: Room, meeting: UUID, colleague: Someone, owner: psycopg.Connection
) -> None:
    row = newest(story, room, room.guide, TOOL).rows("agreements")[1]
    change(story, room, **{f"agreements.{row}.due": "2099-05-10"})
    take(story, room, colleague, row=1)
    propose(story, room)
    due = "select row_key, to_char(due_at, 'YYYY-MM'), settled_at is null from plan_reminder"
    assert owner.execute(due).fetchall() == [(row, "2099-05", True)]
    change(story, room, **{f"agreements.{row}.due": "2099-06-10"})
    assert [line[2] for line in owner.execute(due).fetchall()] == [False], "of words that moved on nobody is reminded"
    take(story, room, colleague, row=1)
    propose(story, room)
    (line,) = owner.execute(due).fetchall()
    assert line[1:] == ("2099-06", True)
    say_yes_to_all(story, room)
    assert len(owner.execute(due).fetchall()) == 1, "agreeing does not remind twice"


def test_the_meeting_ends_once_and_proposes_once(story: Story, room: Room, meeting: UUID) -> None:
    form, revision = uuid4(), newest(story, room, room.guide, TOOL).revision

    def end(ticket: CaseTicket) -> None:
        closing.end_meeting(ticket, form, meeting, None, set(), lambda _found: ("Referat", "Det blev sagt"), revision)

    for _ in range(2):
        story.play(room, room.guide, end)
    assert newest(story, room, room.guide, TOOL).state is PlanState.PROPOSED
