"""A yes said in a meeting is a yes to that text: it stands when the plan is proposed in the same words, for whoever
said it and nobody else; and what somebody promised counts from then on."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from portal.access.policy.roles import Level
from portal.errors import InvalidInput, NotFound
from portal.runtime import Runtime
from portal.services.members import handover, leaving
from portal.services.plans import agreement, approvals, assignments, commitments, outlook, saving
from portal.services.plans.diff import Difference
from portal.services.plans.open_plan import open_plan
from portal.services.plans.versions import PlanState, VersionPage
from tests.plans.test_tools import newest
from tests.support.browser import Browser, held
from tests.support.meeting import TOOL, ended, planned, take
from tests.support.story import Room, Someone, Story


@pytest.fixture
def room(story: Story, colleague: Someone) -> Room:
    """A draft in which the young person and a colleague, who only reads, are named."""
    return planned(story, colleague)


def say_yes(story: Story, room: Room, who: Someone, said: bool = True) -> None:
    page = newest(story, room, who, TOOL)
    words = approvals.digest(approvals.words_of_all(page.answers))
    story.play(room, who, lambda t: assignments.say_yes(t, uuid4(), TOOL, page.number, words, said))


def propose(story: Story, room: Room, who: Someone | None = None) -> PlanState:
    page = newest(story, room, room.guide, TOOL)
    return story.play(
        room, who or room.guide, lambda t: agreement.propose_plan(t, uuid4(), TOOL, page.number, page.revision)
    )


def change(story: Story, room: Room, **answers: str) -> None:
    page = newest(story, room, room.guide, TOOL)
    given = {address.replace("__", "."): words for address, words in answers.items()}
    story.play(room, room.guide, lambda t: saving.save(open_plan(t, TOOL), page.number, page.revision, given))


def yeses(page: VersionPage) -> dict[str, bool]:
    return {yes.member.display_name: yes.at is not None for yes in page.asked}


def test_who_has_said_yes_in_the_room_is_not_asked_again_for_the_same_words(
    app: Flask, story: Story, room: Room, meeting: UUID, colleague: Someone
) -> None:
    young = Browser(app, story.token(room.young))
    where = f"/cases/{room.case_id}/meetings/{meeting}"
    page = young.get(where)
    assert "Siger du ja til planen?" in page.text
    done = young.follow(young.submit(page, f"{where}/yes"))
    assert "Du har sagt ja til planen" in done.text
    take(story, room, colleague, row=1)
    assert propose(story, room) is PlanState.PROPOSED
    proposed = newest(story, room, room.guide, TOOL)
    assert yeses(proposed) == {"Ulla Ung": True, "Grete Guide": False, "Jo Job": True}
    assert all(yes.before for yes in proposed.asked if yes.at)
    for who in (room.young, colleague):
        assert not newest(story, room, who, TOOL).waits_for_me
        assert "venter på dit ja" not in Browser(app, story.token(who)).get(f"/cases/{room.case_id}").text
    shown = Browser(app, story.token(room.guide)).get(f"/cases/{room.case_id}/plan/{TOOL}")
    assert "Sagde ja på et møde i dag" in shown.text


def test_when_everybody_has_said_yes_in_the_room_proposing_agrees_the_plan(
    story: Story, room: Room, meeting: UUID, colleague: Someone, owner: psycopg.Connection
) -> None:
    for who in (room.young, room.guide):
        say_yes(story, room, who)
    take(story, room, colleague, row=1)
    assert propose(story, room) is PlanState.AGREED
    assert newest(story, room, room.young, TOOL).agreed_at is not None
    assert owner.execute("select count(*) from plan_acceptance").fetchone() == (0,), "nobody said it twice"


@pytest.mark.parametrize("said", ["whole", "row"])
def test_a_word_changed_after_the_yes_asks_them_again_and_one_changed_back_does_not(
    said: str, story: Story, room: Room, meeting: UUID, colleague: Someone
) -> None:
    who, row = (room.young, 0) if said == "whole" else (colleague, 1)
    if said == "whole":
        say_yes(story, room, who)
    else:
        take(story, room, who, row=row)
    page = newest(story, room, room.guide, TOOL)
    address = f"agreements.{page.rows('agreements')[row]}.what"
    before = page.answers[address]
    change(story, room, **{address: "Noget helt andet"})
    propose(story, room)
    assert not yeses(newest(story, room, room.guide, TOOL))[who.name]
    change(story, room, **{address: before})
    propose(story, room)
    assert yeses(newest(story, room, room.guide, TOOL))[who.name]


def test_who_is_asked_again_is_shown_what_was_changed_since_they_said_yes(
    app: Flask, story: Story, room: Room, meeting: UUID
) -> None:
    def differences(who: Someone) -> list[Difference]:
        page = newest(story, room, who, TOOL)
        return story.play(room, who, lambda t: outlook.changed_since_my_yes(t, page))

    say_yes(story, room, room.young)
    propose(story, room)
    assert differences(room.young) == [], "it is not asked for"
    change(story, room, now__goal="Jeg vil have min egen hoveddør")
    propose(story, room)
    assert [each.place.address for each in differences(room.young)] == ["now.goal"]
    assert differences(room.guide) == [], "the guide never said yes"
    asked = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/plan/{TOOL}").soup.find(id="yes").parent
    assert [tag.get_text() for tag in asked.select("del, ins")] == ["nøgle", "hoveddør"]
    proposal = newest(story, room, room.young, TOOL).proposal_id
    assert proposal
    story.play(room, room.young, lambda t: agreement.accept_proposal(t, uuid4(), TOOL, 1, proposal))
    change(story, room, now__strengths="At bygge")
    propose(story, room)
    assert [each.place.address for each in differences(room.young)] == ["now.strengths"], "since the last yes"


def test_the_same_words_proposed_again_ask_nobody_who_has_said_yes(story: Story, room: Room) -> None:
    propose(story, room)
    for _ in range(2):
        proposal = newest(story, room, room.guide, TOOL).proposal_id
        assert proposal
        if not yeses(newest(story, room, room.guide, TOOL))["Ulla Ung"]:
            story.play(room, room.young, lambda t, x=proposal: agreement.accept_proposal(t, uuid4(), TOOL, 1, x))
        propose(story, room)
        assert yeses(newest(story, room, room.guide, TOOL))["Ulla Ung"]
    say_yes_to_all(story, room)
    assert newest(story, room, room.guide, TOOL).state is PlanState.AGREED


def say_yes_to_all(story: Story, room: Room) -> None:
    page = newest(story, room, room.guide, TOOL)
    assert page.proposal_id
    for yes in page.asked:
        if yes.at is None:
            who = next(Someone(person, "") for person, member in room.members.items() if member == yes.member.id)
            story.play(room, who, lambda t: agreement.accept_proposal(t, uuid4(), TOOL, page.number, page.proposal_id))


def test_a_yes_noted_on_paper_stands_with_its_note_when_the_same_words_are_proposed_again(
    story: Story, room: Room
) -> None:
    propose(story, room)
    proposal = newest(story, room, room.guide, TOOL).proposal_id
    assert proposal
    member = room.member(room.young)
    story.play(
        room, room.guide, lambda t: agreement.accept_for(t, uuid4(), TOOL, 1, proposal, member, "Sagt i telefonen")
    )
    propose(story, room)
    hers = next(yes for yes in newest(story, room, room.guide, TOOL).asked if yes.member.id == member)
    assert hers.at is not None
    assert (hers.noted_by.display_name if hers.noted_by else "", hers.how) == ("Grete Guide", "Sagt i telefonen")


# Who does not count


@pytest.mark.parametrize("how", ["level", "left", "handed over"])
def test_somebody_who_lost_access_between_the_room_and_the_proposal_does_not_count(
    how: str, story: Story, room: Room, meeting: UUID, colleague: Someone
) -> None:
    """The colleague is named for nothing that is proposed without them; the guide of then is guide no more."""
    taker = story.guide("Nikolaj Ny")
    if how == "handed over":
        say_yes(story, room, room.guide)
        story.play(room, room.guide, lambda t: handover.offer(t, uuid4(), taker.id))
        story.play(room, taker, lambda t: handover.accept_handover(t, uuid4()))
        story.refresh(room)
        propose(story, room, taker)
        assert yeses(newest(story, room, taker, TOOL)) == {"Ulla Ung": False, "Nikolaj Ny": False, "Jo Job": False}
        return
    take(story, room, colleague, row=1)
    assert [promise.who.display_name for promise in listed(story, room)] == ["Jo Job"]
    if how == "level":
        story.set_level(room, colleague, Level.NONE)
    else:
        story.play(room, colleague, lambda t: leaving.leave_case(t, uuid4(), "new_job"))
    assert listed(story, room) == [], "nor does what they promised"
    with pytest.raises(InvalidInput, match="taker_shut_out"):
        propose(story, room)


def test_a_young_person_who_is_shut_out_after_the_meeting_has_not_said_yes(
    story: Story, room: Room, meeting: UUID
) -> None:
    say_yes(story, room, room.young)
    story.set_level(room, room.young, Level.NONE)
    propose(story, room)
    assert not yeses(newest(story, room, room.guide, TOOL))["Ulla Ung"]


def listed(story: Story, room: Room) -> list[commitments.Commitment]:
    page = story.play(room, room.guide, commitments.show_commitments)
    return list(page.promises) if page else []


# Attacks


def test_nobody_says_yes_for_somebody_else_or_to_words_they_have_not_read(
    app: Flask, story: Story, room: Room, meeting: UUID, colleague: Someone
) -> None:
    """Whoever leads has the room's phones in the hand at most: each yes is of the session it is sent in."""
    guide = Browser(app, story.token(room.guide))
    where = f"/cases/{room.case_id}/meetings/{meeting}"
    page = guide.get(where)
    forged = {**held(page.form(f"{where}/yes")), "membership": str(room.member(room.young)), "who": "Ulla Ung"}
    guide.post(f"{where}/yes", forged, forged["csrf_token"])
    propose(story, room)
    assert yeses(newest(story, room, room.guide, TOOL)) == {"Ulla Ung": False, "Grete Guide": True, "Jo Job": False}
    change(story, room, now__goal="Noget andet")
    stale = guide.post(f"{where}/yes", {**forged, "submission": str(uuid4())}, forged["csrf_token"])
    assert stale.status == 422
    assert "Nogen har ændret planen, mens du læste" in stale.text


def test_somebody_the_plan_does_not_ask_says_no_yes_to_it(story: Story, room: Room, meeting: UUID) -> None:
    bystander = story.staff("Kim Kollega")
    story.add(room, bystander)
    with pytest.raises(NotFound):
        say_yes(story, room, bystander)


def test_a_draft_is_said_yes_to_in_a_meeting_and_nowhere_else(
    app: Flask, story: Story, room: Room, meeting: UUID
) -> None:
    young = Browser(app, story.token(room.young))
    where = f"/cases/{room.case_id}/meetings/{meeting}"
    fields = held(young.get(where).form(f"{where}/yes"))
    ended(story, room, meeting, following=False)
    assert young.post(f"{where}/yes", fields, fields["csrf_token"]).status == 422
    propose(story, room)
    assert not yeses(newest(story, room, room.guide, TOOL))["Ulla Ung"]


def test_a_yes_is_taken_back_in_the_room_and_then_does_not_count(
    app: Flask, story: Story, room: Room, meeting: UUID
) -> None:
    young = Browser(app, story.token(room.young))
    where = f"/cases/{room.case_id}/meetings/{meeting}"
    done = young.follow(young.submit(young.get(where), f"{where}/yes"))
    back = young.follow(young.submit(done, f"{where}/yes"))
    assert "Siger du ja til planen?" in back.text
    propose(story, room)
    assert not yeses(newest(story, room, room.guide, TOOL))["Ulla Ung"]


def test_the_database_counts_nobodys_yes_that_is_not_their_own(
    runtime: Runtime, story: Story, room: Room, meeting: UUID, owner: psycopg.Connection
) -> None:
    """Somebody who may propose names the colleague's line as the young person's yes, or notes a yes for them."""
    take(story, room, room.young)
    propose(story, room)
    proposal = newest(story, room, room.guide, TOOL).proposal_id
    line = owner.execute("select id, case_id, compartment_id from plan_taking").fetchone()
    assert line is not None
    asked = """insert into plan_asked (plan_proposal_id, membership_id, case_id, compartment_id, said_id)
               values (:p, :m, :c, :s, :said)"""
    other = story.staff("Kim Kollega")
    story.add(room, other)
    values = {"p": proposal, "m": room.member(other), "c": line[1], "s": line[2], "said": line[0]}
    with runtime.new_session(room.guide.id) as session, pytest.raises(IntegrityError, match="said_id"):
        session.execute(text(asked), values)
    yes = """insert into plan_acceptance (plan_proposal_id, membership_id, case_id, compartment_id, created_at,
             created_by_id) values (:p, :m, :c, :s, now(), :by)"""
    noted = {**values, "m": room.member(room.young), "by": room.member(other)}
    with runtime.new_session(other.id) as session, pytest.raises(ProgrammingError, match="row-level security"):
        session.execute(text(yes), noted)
    with runtime.new_session(other.id) as session, pytest.raises(ProgrammingError, match="row-level security"):
        session.execute(text(yes), {**noted, "by": room.member(room.young)})
