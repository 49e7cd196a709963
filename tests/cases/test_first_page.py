"""The first page says what needs somebody: why, by when, and where; of twenty cases in as many statements as of two."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from flask import Flask

from portal import clock
from portal.access.policy.roles import Level
from portal.demo import plan
from portal.services import registry
from portal.services.cases import first_page, register
from portal.services.meetings import schedule
from portal.services.members import handover, team_wishes
from portal.services.plans import commitments
from portal.services.shared.needs import Need
from tests.support.browser import Browser
from tests.support.statements import noted
from tests.support.story import HERE, Room, Someone, Story, years_ago

BORN = years_ago(18, -10)


@pytest.fixture
def teacher(story: Story) -> Someone:
    return story.staff("Lars Lærer", "Skolen", may_open_cases=True)


@pytest.fixture
def room(story: Story, teacher: Someone) -> Room:
    """A case in which something of each kind waits for the guide."""
    room = story.case(parents=1, born=BORN, name="Ulla Ung")
    story.add(room, teacher, Level.WRITE)
    story.consent(room, room.young)
    story.consent(room, room.parents[0], until=clock.today(HERE) + timedelta(days=8))
    story.thread(room, teacher, subject="Fravær")
    story.play(room, room.guide, partial(plan.promise, "Ringer til skolen", 2))
    for taker in (room.guide, room.young):
        story.play(room, taker, plan.accept)
    story.play(room, room.guide, partial(plan.meet, days=4))
    story.play(room, room.young, lambda t: team_wishes.propose_wishes(t, uuid4(), "Træner Kim", ""))
    other = story.case(teacher, parents=0, name="Vera Venter")
    story.play(other, teacher, lambda t: handover.offer(t, uuid4(), room.guide.id))
    return room


def needs(story: Story, who: Someone) -> dict[Need, int]:
    """Why that person is needed, with the days until then."""
    with story.acting(who) as actor:
        page = first_page.first_page(actor, register.my_cases(actor))
    assert [need.line.day for need in page.every] == sorted(need.line.day for need in page.every)
    assert all(need.days <= 0 for need in page.now)
    assert all(0 < need.days <= first_page.SOON for need in page.soon)
    assert len({need.line.why for need in page.every}) == len(page.every), "each kind once here"
    return {need.line.why: need.days for need in page.every}


def test_a_guide_is_told_everything_that_waits_with_its_day(story: Story, room: Room) -> None:
    assert needs(story, room.guide) == {
        Need.UNREAD: 0,
        Need.WISH: 0,
        Need.HAND_OVER: 0,
        Need.PROMISE: 2,
        Need.MEETING: 4,
        Need.CONSENT_ENDS: 8,
        Need.COMES_OF_AGE: 10,
    }


def test_each_line_is_one_press_from_its_place(app: Flask, story: Story, room: Room) -> None:
    browser = Browser(app, story.token(room.guide))
    lines = browser.get("/cases").soup.select("ul.needs a")
    assert len(lines) >= 7
    assert "Ulla Ung Du har lovet noget" in " ".join(" ".join(line.get_text(" ") for line in lines).split())
    for line in lines:
        assert browser.get(str(line["href"])).status == 200, line


def test_what_is_done_or_taken_away_needs_nobody_any_more(story: Story, room: Room, teacher: Someone) -> None:
    def done(ticket):  # type: ignore[no-untyped-def]
        promise = commitments.my_commitments(ticket)[0]
        commitments.note_outcome(ticket, uuid4(), promise.number, promise.row, "yes", "")

    assert Need.MEETING in needs(story, teacher)
    story.play(room, room.guide, done)
    assert Need.PROMISE not in needs(story, room.guide)
    wish = story.play(room, room.guide, lambda t: team_wishes.wishes(t)[0].id)
    story.play(room, room.guide, lambda t: team_wishes.answer_wish(t, uuid4(), wish, "yes", ""))
    assert Need.WISH not in needs(story, room.guide)
    meeting = story.play(room, room.guide, lambda t: schedule.list_meetings(t)[0].id)
    story.set_level(room, teacher, Level.NONE)
    assert Need.MEETING not in needs(story, teacher), "who lost their access is told of nothing"
    assert Need.MEETING in needs(story, room.guide)
    story.play(room, room.guide, lambda t: schedule.call_off(t, meeting))
    assert Need.MEETING not in needs(story, room.guide)


def test_a_promise_that_was_called_kept_too_early_waits_again(story: Story, room: Room) -> None:
    promise = story.play(room, room.guide, lambda t: commitments.my_commitments(t)[0])
    for outcome, waits in (("yes", False), ("no", True), ("partly", True), ("yes", False)):
        story.play(
            room,
            room.guide,
            lambda t, o=outcome: commitments.note_outcome(t, uuid4(), promise.number, promise.row, o, ""),
        )
        assert (Need.PROMISE in needs(story, room.guide)) is waits, outcome


def test_a_plan_waits_for_a_yes_until_it_is_said_or_the_words_change(story: Story, room: Room) -> None:
    other = story.case(parents=0, name="Ask Ung")
    story.play(other, other.guide, partial(plan.promise, "Ringer", 2))
    assert Need.PLAN_YES in needs(story, other.young)
    story.play(other, other.young, plan.accept)
    assert Need.PLAN_YES not in needs(story, other.young)


def test_the_database_holds_back_what_the_first_wall_would_let_through(story: Story, room: Room) -> None:
    """With another person's cases handed in, as if the portal had mixed two people up."""
    stranger = story.guide("Else Ekstern", "En anden enhed")
    with story.acting(room.guide) as actor:
        cases = register.my_cases(actor).own
        for needs_me in registry.NEEDS:
            assert list(needs_me(actor, cases)), needs_me
    with story.acting(stranger) as actor:
        told = [line for needs_me in registry.NEEDS for line in needs_me(actor, cases)]
    # What the caller itself hands in is read from no row: the birthday, and the counts of the list of cases.
    assert {line.why for line in told} <= {Need.UNREAD, Need.COMES_OF_AGE}


def test_twenty_cases_cost_as_many_statements_as_two(app: Flask, story: Story, room: Room, teacher: Someone) -> None:
    browser = Browser(app, story.token(room.guide))

    def case(number: int) -> None:
        made = story.case(room.guide, parents=0, name=f"Ung {number}", born=BORN)
        story.play(made, room.guide, partial(plan.promise, "Ringer", 2))
        story.play(made, made.young, plan.accept)
        story.play(made, room.guide, plan.meet)
        story.thread(made, made.young)

    def asked() -> int:
        browser.get("/cases")
        with noted() as statements:
            assert browser.get("/cases").status == 200
        return len(statements)

    case(1)
    two = asked()
    for number in range(2, 20):
        case(number)
    assert asked() == two
    page = browser.get("/cases").soup
    assert len(page.select("#cases > li")) == 20


def test_a_parent_reads_below_each_child_what_waits_there(app: Flask, story: Story, room: Room, owner) -> None:  # type: ignore[no-untyped-def]
    other = story.case(parents=1, name="Valde Ung")
    story.consent(other, other.young)
    story.thread(other, other.guide, subject="Til mor")
    for table in ("membership", "access_window"):
        change = f"update {table} set person_id = %s where person_id = %s"
        owner.execute(change, [room.parents[0].id, other.parents[0].id])
    page = Browser(app, story.token(room.parents[0])).get("/cases").soup
    told = {row.a.get_text(): " ".join(row.get_text(" ").split()) for row in page.select("#cases > li")}
    mine = {name.split()[0]: words for name, words in told.items()}
    assert set(mine) == {"Ulla", "Valde"}
    assert "Dit samtykke udløber" in mine["Ulla"]
    assert "1 ulæst besked" in mine["Valde"]
    assert "udløber" not in mine["Valde"]
