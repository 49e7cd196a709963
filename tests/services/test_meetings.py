"""Meetings about the plan: planned, led, followed on a screen that shows only what everybody there may read, ended with
the next one and a summary."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from portal import clock
from portal.access.roles import Capacity, Level
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound, Refused
from portal.services import (
    meeting_ending,
    meeting_room,
    meetings,
    messages,
    plan_agreeing,
    plan_taking,
    plan_together,
    plan_writing,
    plans,
    promises,
    safeguards,
)
from portal.services.meeting_ending import Summary
from portal.services.meeting_room import Room as Screen
from portal.services.meetings import MeetingPage, When
from tests.browser import Browser
from tests.services.test_tools import add, begin, newest, write
from tests.story import Room, Someone, Story

TOOL = "goals_and_agreements"
GOAL = "Jeg vil have min egen nøgle"


@pytest.fixture
def colleague(story: Story) -> Someone:
    return story.staff("Jo Job", job="Jobkonsulent")


@pytest.fixture
def room(story: Story, colleague: Someone) -> Room:
    """A case with a plan in which the young person and a colleague are named."""
    room = story.case(parents=1)
    story.add(room, colleague, Level.READ)
    begin(story, room, room.guide, TOOL)
    write(story, room, room.guide, TOOL, now__goal=GOAL)
    for who, what in ((room.young, "Jeg står op klokken syv"), (colleague, "Jeg finder en praktikplads")):
        add(story, room, room.guide, TOOL, "agreements", what=what, who=str(room.member(who)))
    return room


@pytest.fixture
def meeting(story: Story, room: Room) -> UUID:
    """One that goes on, begun by the guide, with the young person there."""
    made = story.play(room, room.guide, lambda t: meetings.begin_now(t, uuid4()))
    present(story, room, made, room.guide, room.young)
    return made


def present(story: Story, room: Room, meeting: UUID, *people: Someone, others: bool = False) -> None:
    ids = {room.member(who) for who in people}
    story.play(room, room.guide, lambda t: meetings.who_is_here(t, meeting, ids, others))


def on_screen(story: Story, room: Room, meeting: UUID, who: Someone | None = None) -> Screen:
    return story.play(room, who or room.guide, lambda t: meeting_room.enter(t, meeting))


def loaded(story: Story, room: Room, meeting: UUID) -> MeetingPage:
    return story.play(room, room.guide, lambda t: meetings.load(t, meeting))


def ahead(ticket: CaseTicket, days: int = 7, o_clock: str = "14.30", place: str = "Skolen, lokale 4") -> When:
    return meetings.at(ticket, clock.today(ticket.profile.zone) + timedelta(days=days), o_clock, place)


def plain(found: Summary) -> tuple[str, str]:
    return "Referat", " ".join(each.who.display_name for each in found.asked)


def ended(story: Story, room: Room, meeting: UUID, following: bool = True) -> None:
    def end(ticket: CaseTicket) -> None:
        meeting_ending.end(ticket, uuid4(), meeting, ahead(ticket) if following else None, set(), plain)

    story.play(room, room.guide, end)


# Planning


def test_a_planned_meeting_stands_on_the_front_of_the_case_for_whoever_sees_the_plan(
    app: Flask, story: Story, room: Room, colleague: Someone, owner: psycopg.Connection
) -> None:
    browser = Browser(app, story.token(room.guide))
    page = browser.get(f"/cases/{room.case_id}/meetings/new")
    on = clock.today(story.play(room, room.guide, lambda t: t.profile.zone)) + timedelta(days=9)
    day = {"on-day": str(on.day), "on-month": str(on.month), "on-year": str(on.year)}
    refused = browser.submit(page, "o_clock", **day, o_clock="halv tre", place="Skolen, lokale 4")
    assert refused.status == 422
    assert "klokkeslæt" in refused.soup.find(id="faults").get_text()
    assert "lokale 4" in str(refused.form("o_clock")), "nothing typed is lost"
    done = browser.follow(browser.submit(refused, "o_clock", **day, o_clock="kl. 14.30"))
    assert "kl. 14.30" in done.text
    for who in (room.young, colleague):
        front = Browser(app, story.token(who)).get(f"/cases/{room.case_id}")
        assert "lokale 4" in front.soup.find(id="next-meeting").parent.get_text()
    assert b"lokale 4" not in b"".join(bytes(row[0]) for row in owner.execute("select place_sealed from meeting"))
    queued = owner.execute("select args from procrastinate_jobs where task_name = 'mail_news'").fetchall()
    assert queued == [({"person_id": str(colleague.id)},)], "professionals are told, by a mail that says nothing"


@pytest.mark.parametrize("o_clock", ["", "25.00", "14.75", "fjorten", "1430"])
def test_what_is_no_time_of_the_day_is_told_at_its_field(o_clock: str, story: Story, room: Room) -> None:
    with pytest.raises(InvalidInput, match="o_clock: time_wrong"):
        story.play(room, room.guide, lambda t: ahead(t, o_clock=o_clock))


def test_a_meeting_is_not_planned_for_yesterday_or_with_a_stranger(story: Story, room: Room) -> None:
    with pytest.raises(InvalidInput, match="on: date_past"):
        story.play(room, room.guide, lambda t: ahead(t, days=-1))
    with pytest.raises(InvalidInput, match="people: choice"):
        story.play(room, room.guide, lambda t: meetings.arrange(t, uuid4(), ahead(t), {uuid4()}))


def test_a_planned_meeting_is_changed_and_called_off_and_then_stays_so(story: Story, room: Room) -> None:
    made = story.play(room, room.guide, lambda t: meetings.arrange(t, uuid4(), ahead(t), set()))
    invited = {room.member(room.young)}
    story.play(room, room.guide, lambda t: meetings.change(t, made, ahead(t, 8, "9", "Biblioteket"), invited))
    page = loaded(story, room, made)
    assert (page.place, [m.id for m in page.invited]) == ("Biblioteket", [room.member(room.young)])
    story.play(room, room.guide, lambda t: meetings.call_off(t, made))
    for verb in (
        lambda t: meetings.begin(t, made),
        lambda t: meetings.change(t, made, ahead(t), set()),
        lambda t: meetings.call_off(t, made),
    ):
        with pytest.raises(InvalidInput, match="meeting_moved_on"):
            story.play(room, room.guide, verb)
    assert story.play(room, room.guide, meetings.next_one) is None


def test_whoever_may_write_in_the_plan_may_lead_a_meeting_and_nobody_else(
    story: Story, room: Room, colleague: Someone
) -> None:
    made = story.play(room, room.young, lambda t: meetings.begin_now(t, uuid4()))
    assert [m.id for m in loaded(story, room, made).present] == [room.member(room.young)]
    with pytest.raises(Refused):
        story.play(room, colleague, lambda t: meetings.who_is_here(t, made, set(), False))


def test_two_who_begin_at_once_begin_the_same_meeting(story: Story, room: Room) -> None:
    planned = story.play(room, room.guide, lambda t: meetings.arrange(t, uuid4(), ahead(t), set()))
    other = story.play(room, room.guide, lambda t: meetings.arrange(t, uuid4(), ahead(t, 20), set()))
    story.play(room, room.guide, lambda t: meetings.begin(t, planned))
    story.play(room, room.young, lambda t: meetings.begin(t, planned))
    assert story.play(room, room.young, lambda t: meetings.begin_now(t, uuid4())) == planned
    with pytest.raises(InvalidInput, match="meeting_running"):
        story.play(room, room.guide, lambda t: meetings.begin(t, other))


# The screen


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
        story.play(room, room.guide, lambda t: safeguards.freeze(t, uuid4(), {member}, review, "Fare"))
    else:
        story.withdraw(room, room.young)
    seen = story.play(room, room.guide, lambda t: meeting_room.look(t, meeting, "screen", before.mark))
    assert seen is not None
    assert seen.version is None
    assert not seen.asked
    assert not seen.since_last


def test_the_screen_is_never_more_than_its_own_viewer_may_read(story: Story, room: Room, meeting: UUID) -> None:
    shut = story.staff("Vibe Venter", "Jobcenter")
    story.add(room, shut)
    with pytest.raises((NotFound, Refused)):
        on_screen(story, room, meeting, shut)


def test_an_answer_that_only_some_may_give_is_not_put_on_the_wall(story: Story, room: Room, meeting: UUID) -> None:
    begin(story, room, room.young, "meeting_checklist")
    page = newest(story, room, room.young, "meeting_checklist")
    private = [p for p in page.definition.places(page.answers) if p.question.fill]
    assert private, "was I heard?"
    assert not any(meeting_room.for_everybody(place.question) for place in private)
    story.play(room, room.young, lambda t: plan_together.be_here(t, "meeting_checklist", 1, private[0].address))
    found = on_screen(story, room, meeting)
    assert found.here == {}


def test_the_screen_follows_whoever_is_writing_and_is_in_the_room(
    app: Flask, story: Story, room: Room, meeting: UUID
) -> None:
    writer = story.staff("Kim Kollega")
    story.add(room, writer)
    before = on_screen(story, room, meeting).mark
    story.play(room, writer, lambda t: plan_together.be_here(t, TOOL, 1, "now.strengths"))
    assert story.play(room, room.guide, lambda t: meeting_room.look(t, meeting, "screen", before)) is None
    present(story, room, meeting, room.guide, room.young, writer)
    found = on_screen(story, room, meeting)
    assert found.follow == "now.strengths"
    shown = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/meetings/{meeting}/screen")
    assert "Kim Kollega skriver her" in shown.soup.find(attrs={"data-here": True}).get_text()
    begin(story, room, room.guide, "basic_contract")
    address = next(iter(newest(story, room, room.guide, "basic_contract").definition.places({}))).address
    story.play(room, room.guide, lambda t: plan_together.be_here(t, "basic_contract", 1, address))
    assert on_screen(story, room, meeting).tool == "basic_contract", "whoever planned the meeting comes first"


def test_following_a_meeting_is_one_look_every_ten_minutes(
    story: Story, room: Room, meeting: UUID, owner: psycopg.Connection
) -> None:
    for _ in range(3):
        story.play(room, room.young, lambda t: meeting_room.look(t, meeting, "screen", ""))
    events = owner.execute(
        "select event from audit_event where actor_id = %s and chain_id = %s", [room.young.id, room.case_id]
    ).fetchall()
    assert sorted(event for (event,) in events) == ["meeting.viewed", "schema.viewed"]


# Taking things on


def take(story: Story, room: Room, who: Someone, row: int = 0, taken: bool = True) -> plans.PlanState:
    def act(ticket: CaseTicket) -> plans.PlanState:
        page = plans.show(ticket, TOOL)
        assert page is not None
        it = plan_taking.asked(ticket, page.newest)[row]
        return plan_taking.take(ticket, uuid4(), TOOL, page.newest.number, it.row, it.words, taken)

    return story.play(room, who, act)


def taken_by(story: Story, room: Room) -> list[str]:
    page = newest(story, room, room.guide, TOOL)
    found = story.play(room, room.guide, lambda t: plan_taking.asked(t, page))
    return [each.who.display_name for each in found if each.taken_at]


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
        lambda t: plan_writing.save(t, TOOL, 1, 99, {f"agreements.{row}.what": "Jeg står op klokken fem"}),
    )
    refused = browser.submit(page, "/take/")
    assert refused.status == 422
    assert taken_by(story, room) == []


def test_taking_on_counts_for_these_words_and_no_others(story: Story, room: Room) -> None:
    take(story, room, room.young)
    assert taken_by(story, room) == ["Ulla Ung"]
    row = newest(story, room, room.guide, TOOL).rows("agreements")[0]
    story.play(room, room.guide, lambda t: plan_writing.save(t, TOOL, 1, 99, {f"agreements.{row}.what": "Noget andet"}))
    assert taken_by(story, room) == []


def test_taking_on_the_last_of_theirs_is_the_yes_of_whoever_is_asked_for_nothing_else(
    story: Story, room: Room, colleague: Someone
) -> None:
    page = newest(story, room, room.guide, TOOL)
    story.play(room, room.guide, lambda t: plan_agreeing.propose(t, uuid4(), TOOL, 1, page.revision))
    assert take(story, room, room.young) is plans.PlanState.PROPOSED, "the young person says yes to the whole"
    proposal = newest(story, room, room.guide, TOOL).proposal_id
    assert proposal
    for who in (room.young, room.guide):
        story.play(room, who, lambda t: plan_agreeing.accept(t, uuid4(), TOOL, 1, proposal))
    assert take(story, room, colleague, row=1) is plans.PlanState.AGREED
    with pytest.raises(InvalidInput, match="plan_frozen"):
        take(story, room, colleague, row=1)


def test_the_plan_is_agreed_from_the_phones_in_the_room(
    app: Flask, story: Story, room: Room, meeting: UUID, colleague: Someone
) -> None:
    page = newest(story, room, room.guide, TOOL)
    story.play(room, room.guide, lambda t: plan_agreeing.propose(t, uuid4(), TOOL, 1, page.revision))
    for who in (room.young, room.guide, colleague):
        phone = Browser(app, story.token(who))
        done = phone.submit(phone.get(f"/cases/{room.case_id}/meetings/{meeting}"), "/yes")
        assert done.status == 303
    assert "Planen er aftalt" in phone.get(f"/cases/{room.case_id}/meetings/{meeting}/screen").text


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
        threads = story.play(room, who, messages.threads)
        assert len(threads) == 1
        assert "klokken syv" in story.play(room, who, lambda t, x=threads[0].id: messages.first_words(t, x))
    with pytest.raises(Refused):
        story.play(room, parent, messages.listing)
    following = story.play(room, room.young, meetings.next_one)
    assert following is not None
    assert following.place == "Skolen"
    queued = owner.execute("select args from procrastinate_jobs where task_name = 'mail_news'").fetchall()
    assert queued == [({"person_id": str(colleague.id)},)]


def test_a_meeting_ends_once_and_shows_nothing_on_the_screen_after(
    app: Flask, story: Story, room: Room, meeting: UUID
) -> None:
    ended(story, room, meeting, following=False)
    with pytest.raises(InvalidInput, match="meeting_moved_on"):
        ended(story, room, meeting)
    assert len(story.play(room, room.guide, messages.threads)) == 1
    assert on_screen(story, room, meeting).version is None
    assert story.play(room, room.guide, meetings.next_one) is None
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
    story.play(room, room.guide, lambda t: plan_agreeing.propose(t, uuid4(), TOOL, 1, page.revision))
    proposal = newest(story, room, room.guide, TOOL).proposal_id
    assert proposal
    for who in (room.young, room.guide, colleague):
        story.play(room, who, lambda t: plan_agreeing.accept(t, uuid4(), TOOL, 1, proposal))
    planned = story.play(room, room.guide, lambda t: meetings.arrange(t, uuid4(), ahead(t), set()))
    listed = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/meetings/{planned}")
    since = listed.soup.find(id="since").parent.get_text()
    assert since.index("praktikplads") < since.index("klokken syv")
    story.play(room, room.guide, lambda t: meetings.begin(t, planned))
    row = page.rows("agreements")[1]
    story.play(room, colleague, lambda t: promises.note(t, uuid4(), 1, row, "yes", ""))
    end = Browser(app, story.token(room.guide)).get(f"/cases/{room.case_id}/meetings/{planned}/end")
    assert "Jeg finder en praktikplads (Jo Job): Holdt" in end.text
    assert "Jeg står op klokken syv (Ulla Ung)" not in end.text, "nothing was noted of it"
    assert "Det er aftalt" in end.text
