"""What was promised in an agreed plan: told with the professionals first, noted by those it concerns, reminded of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from flask import Flask

from portal import clock
from portal.access.policy.roles import Level
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, Refused
from portal.runtime import Runtime
from portal.services.cases import overview
from portal.services.members import handover
from portal.services.plans import commitments, editing
from portal.services.plans.commitments import CommitmentPage
from portal.services.plans.open_plan import open_plan
from tests.plans.test_tools import add, begin, newest
from tests.support.browser import Browser
from tests.support.story import Room, Someone, Story

TOOL = "goals_and_agreements"


@pytest.fixture
def room(story: Story, colleague: Someone) -> Room:
    """A case with an agreed plan: the young person, the guide and a colleague who only reads have promised."""
    room = story.case()
    story.add(room, colleague, Level.READ)
    begin(story, room, room.guide, TOOL)
    today = clock.today(story.play(room, room.guide, lambda t: t.profile.zone))
    for who, what, days in (
        (room.young, "Jeg står op klokken syv", 10),
        (room.guide, "Jeg ringer til skolen", 20),
        (colleague, "Jeg finder en praktikplads", 5),
    ):
        due = (today + timedelta(days=days)).isoformat()
        add(story, room, room.guide, TOOL, "agreements", what=what, who=str(room.member(who)), due=due)
    agree(story, room, colleague)
    return room


def agree(story: Story, room: Room, *others: Someone) -> None:
    from portal.services.plans import agreement

    page = newest(story, room, room.guide, TOOL)
    story.play(room, room.guide, lambda t: agreement.propose_plan(t, uuid4(), TOOL, page.number, page.revision))
    proposal = newest(story, room, room.guide, TOOL).proposal_id
    assert proposal is not None
    for who in (room.young, room.guide, *others):
        story.play(room, who, lambda t: agreement.accept_proposal(t, uuid4(), TOOL, page.number, proposal))


def listed(story: Story, room: Room, who: Someone) -> CommitmentPage:
    page = story.play(room, who, commitments.show_commitments)
    assert page is not None
    return page


def note(story: Story, room: Room, who: Someone, what: str, outcome: str, word: str = "") -> None:
    page = listed(story, room, who)
    it = next(promise for promise in page.promises if promise.what == what)
    story.play(room, who, lambda t: commitments.note_outcome(t, uuid4(), it.number, it.row, outcome, word))


def test_the_list_shows_the_professionals_promises_first_and_what_is_due_first(
    app: Flask, story: Story, room: Room
) -> None:
    expected = ["Jeg finder en praktikplads", "Jeg ringer til skolen", "Jeg står op klokken syv"]
    assert [promise.what for promise in listed(story, room, room.young).promises] == expected
    page = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/plan/promises")
    assert [each.get_text() for each in page.soup.select("li .what > strong")] == expected
    assert "5 dage tilbage" in page.text


def test_whoever_promised_notes_how_it_went_with_a_word_and_an_earlier_note_stays(
    app: Flask, story: Story, room: Room, colleague: Someone
) -> None:
    browser = Browser(app, story.token(colleague))
    row = listed(story, room, colleague).promises[0].row
    page = browser.get(f"/cases/{room.case_id}/plan/promises")
    refused = browser.submit(page, f"word-{row}", word="Jeg venter på svar")
    assert refused.status == 422
    assert "Jeg venter på svar" in refused.text, "nothing typed is lost"
    done = browser.submit(refused, f"word-{row}", outcome="partly", word="Jeg venter på svar")
    assert "Jeg venter på svar" in browser.follow(done).text
    note(story, room, room.guide, "Jeg finder en praktikplads", "yes", "Den begynder mandag")
    said = next(p for p in listed(story, room, room.young).promises if p.who.id == room.member(colleague)).said
    assert [(each.outcome, each.word) for each in said] == [
        ("yes", "Den begynder mandag"),
        ("partly", "Jeg venter på svar"),
    ]
    assert [each.by.display_name for each in said] == ["Grete Guide", "Jo Job"]


def test_nobody_notes_how_it_went_for_somebody_else(story: Story, room: Room, colleague: Someone) -> None:
    with pytest.raises(Refused):
        note(story, room, colleague, "Jeg står op klokken syv", "no")


@pytest.mark.parametrize("outcome", ["", "perhaps"])
def test_how_it_went_is_yes_partly_or_no(outcome: str, story: Story, room: Room) -> None:
    with pytest.raises(InvalidInput, match="outcome: choice"):
        note(story, room, room.young, "Jeg står op klokken syv", outcome)


def test_what_was_promised_in_a_replaced_version_can_no_longer_be_noted(story: Story, room: Room) -> None:
    page = listed(story, room, room.young)
    row = page.promises[0].row
    story.play(room, room.guide, lambda t: editing.renew(t, uuid4(), TOOL))
    agree(story, room, next(Someone(p.who.person_id, "") for p in page.promises if p.who.display_name == "Jo Job"))
    with pytest.raises(InvalidInput, match="plan_moved_on"):
        story.play(room, room.guide, lambda t: commitments.note_outcome(t, uuid4(), 1, row, "yes", ""))


def test_the_front_of_the_case_tells_everybody_what_they_have_promised(app: Flask, story: Story, room: Room) -> None:
    page = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}")
    panel = page.soup.find(id="mine")
    assert panel is not None
    assert "Jeg står op klokken syv" in panel.parent.get_text()
    assert "praktikplads" not in panel.parent.get_text()
    note(story, room, room.young, "Jeg står op klokken syv", "yes")
    assert not story.play(room, room.young, overview.overview).promises


# Reminding


def later_on(owner: psycopg.Connection, days: int) -> None:
    """Moves what is planned back instead of the clocks on, so that database and application agree on the time. What was
    to be told until then has been told."""
    owner.execute("delete from procrastinate_jobs; delete from notice_due; delete from notice_item")
    owner.execute("update plan_reminder set due_at = due_at - make_interval(days => %s)", [days])


def jobs(owner: psycopg.Connection) -> list[dict[str, str]]:
    return [row[0] for row in owner.execute("select args from procrastinate_jobs where task_name = 'mail_news'")]


def test_a_professional_is_reminded_once_before_it_is_due_by_a_mail_that_says_nothing(
    runtime: Runtime, story: Story, room: Room, colleague: Someone, owner: psycopg.Connection
) -> None:
    send = sender(runtime)
    assert send() == 0, "not yet due"
    later_on(owner, 3)
    assert send() == 1
    assert send() == 0
    assert jobs(owner) == [{"person_id": str(colleague.id)}]
    told = owner.execute("select fields from audit_event where event = 'schema.reminded'").fetchall()
    assert told == [({},)]


def test_what_was_kept_is_not_reminded_of(
    runtime: Runtime, story: Story, room: Room, colleague: Someone, owner: psycopg.Connection
) -> None:
    note(story, room, colleague, "Jeg finder en praktikplads", "yes")
    later_on(owner, 3)
    assert sender(runtime)() == 0


def test_what_was_replaced_is_not_reminded_of(
    runtime: Runtime, story: Story, room: Room, colleague: Someone, owner: psycopg.Connection
) -> None:
    story.play(room, room.guide, lambda t: editing.renew(t, uuid4(), TOOL))
    page = newest(story, room, room.guide, TOOL)
    for row in page.rows("agreements"):
        story.play(room, room.guide, lambda t, row=row: editing.move_row(open_plan(t, TOOL), 2, "agreements", row, 0))
    add(story, room, room.guide, TOOL, "goals", words="Jeg vil i gang")
    agree(story, room)
    later_on(owner, 30)
    assert sender(runtime)() == 0
    assert jobs(owner) == []


def test_somebody_who_no_longer_sees_the_plan_is_not_reminded(
    runtime: Runtime, story: Story, room: Room, colleague: Someone, owner: psycopg.Connection
) -> None:
    story.set_level(room, colleague, Level.NONE)
    later_on(owner, 3)
    assert sender(runtime)() == 0


def sender(runtime: Runtime) -> Callable[[], int]:
    def send() -> int:
        with runtime.unit_of_work() as session:
            return commitments.send_due(session)

    return send


def test_a_reminder_lies_three_days_before_the_day(story: Story, room: Room, owner: psycopg.Connection) -> None:
    zone = story.play(room, room.guide, lambda t: t.profile.zone)
    rows = owner.execute("select due_at from plan_reminder order by due_at").fetchall()
    today = clock.today(zone)
    assert [row[0].astimezone(zone).date() for row in rows] == [today + timedelta(days=d - 3) for d in (5, 10, 20)]


def test_nobody_is_asked_twice_for_an_outcome_that_was_sent_twice(story: Story, room: Room) -> None:
    page, once = listed(story, room, room.young), uuid4()
    row = page.promises[-1].row

    def twice(ticket: CaseTicket) -> None:
        commitments.note_outcome(ticket, once, 1, row, "no", "Jeg sov")

    story.play(room, room.young, twice)
    story.play(room, room.young, twice)
    assert len(listed(story, room, room.young).promises[-1].said) == 1


def test_what_somebody_else_says_of_a_promise_counts_for_nothing_and_what_a_guide_said_stays(
    story: Story, room: Room, colleague: Someone, owner: psycopg.Connection
) -> None:
    note(story, room, room.guide, "Jeg ringer til skolen", "partly", "De ringer tilbage")
    row = next(p.row for p in listed(story, room, room.guide).promises if p.what == "Jeg ringer til skolen")
    columns = "plan_version_id, case_id, compartment_id, row_key"
    owner.execute(
        f"insert into plan_outcome (id, {columns}, outcome, created_at, created_by_id) "  # type: ignore[arg-type]
        f"select gen_random_uuid(), {columns}, 'no', now(), %s from plan_outcome where row_key = %s",
        [room.member(colleague), row],
    )
    taker = story.guide("Gerda Guide", "Voksne")
    story.play(room, room.guide, lambda t: handover.offer(t, uuid4(), taker.id))
    story.play(room, taker, lambda t: handover.accept_handover(t, uuid4()))
    said = next(p.said for p in listed(story, room, room.young).promises if p.row == row)
    assert [(each.outcome, each.by.person_id) for each in said] == [("partly", room.guide.id)]
