"""A meeting and its checklist know each other: what the meeting says of itself is not typed again."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from flask import Flask

from portal import clock
from portal.access.policy.roles import Level
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound, Refused
from portal.services.meetings import heard, schedule
from portal.services.plans import about_meeting, agreement, editing, plans
from portal.services.plans.versions import PlanState, VersionPage
from tests.plans.test_tools import begin, newest, write
from tests.support.browser import Browser
from tests.support.meeting import ahead, ended, present
from tests.support.story import Room, Someone, Story

TOOL = "meeting_checklist"


@pytest.fixture
def room(story: Story, colleague: Someone) -> Room:
    room = story.case(parents=1)
    story.add(room, colleague)
    return room


def begun(story: Story, room: Room, meeting: UUID, who: Someone | None = None) -> int:
    return story.play(room, who or room.guide, lambda t: about_meeting.begin_about(t, TOOL, meeting, uuid4()))


def version(story: Story, room: Room, number: int) -> VersionPage:
    def read(ticket: CaseTicket) -> VersionPage:
        page = plans.show_plan(ticket, TOOL)
        assert page is not None
        return page.version(number)

    return story.play(room, room.guide, read)


def test_day_place_chair_and_who_was_there_come_from_the_meeting_and_are_not_asked(
    app: Flask, story: Story, room: Room, colleague: Someone
) -> None:
    when = story.play(room, room.guide, lambda t: ahead(t, days=5, place="Biblioteket"))
    made = story.play(room, room.guide, lambda t: schedule.arrange(t, uuid4(), when, set()))
    guide = Browser(app, story.token(room.guide))
    page = guide.get(f"/cases/{room.case_id}/meetings/{made}")
    writing = guide.follow(guide.submit(page, "/checklist"))
    assert "Biblioteket" in writing.text
    assert "Fra mødet." in writing.text
    for address in ("meeting.held_on", "meeting.place", "meeting.chair", "meeting.attended"):
        assert writing.soup.find(attrs={"name": address}) is None, address
    assert writing.soup.find(attrs={"name": "meeting.type"}) is not None
    zone = story.play(room, room.guide, lambda t: t.profile.zone)
    before = version(story, room, 1).answers
    assert before["meeting.held_on"] == when.starts_at.astimezone(zone).date().isoformat()
    assert before["meeting.chair"] == before["meeting.attended"] == "", "it has not begun"
    story.play(room, colleague, lambda t: schedule.begin_meeting(t, made))
    present(story, room, made, room.guide, room.young, colleague)
    now = version(story, room, 1).answers
    assert now["meeting.held_on"] == clock.today(zone).isoformat(), "it was begun early"
    assert now["meeting.chair"] == str(room.member(colleague))
    assert set(now["meeting.attended"].split()) == {str(room.member(w)) for w in (room.guide, room.young, colleague)}
    ended(story, room, made)
    after = version(story, room, 1).answers
    assert (after["next.on"] > after["meeting.held_on"], after["next.place"]) == (True, "Skolen, lokale 4")


def test_what_a_meeting_does_not_know_of_itself_is_asked(story: Story, room: Room) -> None:
    """One that was begun on the spot has no place, and nobody has planned the next one yet."""
    made = story.play(room, room.guide, lambda t: schedule.begin_now(t, uuid4()))
    begun(story, room, made)
    write(story, room, room.guide, TOOL, meeting__place="I haven", next__on="2099-01-02")
    answers = newest(story, room, room.guide, TOOL).answers
    assert (answers["meeting.place"], answers["next.on"]) == ("I haven", "2099-01-02")
    assert answers["meeting.chair"] == str(room.member(room.guide))
    ended(story, room, made)
    assert newest(story, room, room.guide, TOOL).answers["next.on"] != "2099-01-02", "a planned one says it better"


def test_a_draft_keeps_no_copy_and_a_version_that_is_agreed_stays_as_it_was_agreed(story: Story, room: Room) -> None:
    from portal.models import PlanVersion

    made = story.meeting(room, room.guide, "Skolen")
    begun(story, room, made)
    write(story, room, room.guide, TOOL, script__goals="Vi talte om skolen")
    page = newest(story, room, room.guide, TOOL)
    saved = story.play(room, room.guide, lambda t: plans.read_answers(t, t.load(PlanVersion, page.id)))
    assert {address for address, words in saved.items() if words} == {"script.goals"}
    story.play(room, room.guide, lambda t: agreement.propose_plan(t, uuid4(), TOOL, 1, page.revision))
    proposal = newest(story, room, room.guide, TOOL).proposal_id
    assert proposal
    assert (
        story.play(room, room.guide, lambda t: agreement.accept_proposal(t, uuid4(), TOOL, 1, proposal))
        is PlanState.AGREED
    )
    agreed = newest(story, room, room.guide, TOOL).answers["meeting.attended"]
    present(story, room, made, room.guide)
    assert newest(story, room, room.guide, TOOL).answers["meeting.attended"] == agreed


def test_nobody_writes_otherwise_what_the_meeting_says(story: Story, room: Room) -> None:
    begun(story, room, story.meeting(room, room.guide))
    for address, words in (("meeting.place", "Et andet sted"), ("meeting.held_on", "2020-01-01")):
        with pytest.raises(InvalidInput, match="not_yours_to_fill"):
            write(story, room, room.guide, TOOL, **{address: words})


def test_a_checklist_of_a_meeting_that_was_not_held_here_asks_for_everything(story: Story, room: Room) -> None:
    begin(story, room, room.guide, TOOL)
    write(story, room, room.guide, TOOL, meeting__place="På rådhuset", meeting__held_on="2026-03-02")
    answers = newest(story, room, room.guide, TOOL).answers
    assert (answers["meeting.place"], answers["meeting.held_on"]) == ("På rådhuset", "2026-03-02")


def test_each_meeting_has_one_version_however_often_it_is_begun_and_an_unfinished_one_can_still_be_written(
    app: Flask, story: Story, room: Room, colleague: Someone
) -> None:
    first = story.meeting(room, room.guide)
    assert begun(story, room, first) == 1
    assert begun(story, room, first, colleague) == 1
    write(story, room, room.guide, TOOL, eighteen__notes="NemKonto")
    ended(story, room, first)
    following = story.play(room, room.guide, schedule.next_one)
    assert following is not None
    assert begun(story, room, following.id) == 2, "though the first was never agreed"
    assert version(story, room, 2).answers["eighteen.notes"] == "NemKonto", "what is still missing goes on"
    guide = Browser(app, story.token(room.guide))
    page = guide.get(f"/cases/{room.case_id}/plan/{TOOL}/write?version=1")
    assert "Version 1" in page.text
    done = guide.submit(page, "plan-form", **{"script.round_up": "Tak for i dag", "done": "yes"})
    assert done.status == 303
    assert version(story, room, 1).answers["script.round_up"] == "Tak for i dag"
    assert "script.round_up" not in {a for a, words in version(story, room, 2).answers.items() if words}


def test_two_who_begin_it_at_once_begin_the_same_version(story: Story, room: Room) -> None:
    made, form = story.meeting(room, room.guide), uuid4()
    for _ in range(2):
        assert story.play(room, room.guide, lambda t: about_meeting.begin_about(t, TOOL, made, form)) == 1


def test_who_may_not_write_begins_none_and_who_does_not_see_the_meeting_none_of_its(story: Story, room: Room) -> None:
    made = story.meeting(room, room.guide)
    reader = story.staff("Kim Kollega")
    story.add(room, reader, Level.READ)
    with pytest.raises(Refused):
        begun(story, room, made, reader)
    assert story.play(room, reader, lambda t: about_meeting.about(t, TOOL, made)) is None


def test_was_i_heard_is_one_thing_for_the_meeting_and_its_checklist(app: Flask, story: Story, room: Room) -> None:
    made = story.meeting(room, room.guide)
    number = begun(story, room, made)
    ended(story, room, made, following=False)
    story.heard(room, made, listened="2")
    found = story.play(room, room.young, lambda t: heard.my_answers(t, heard.of_version(t, number)))
    assert found.about.meeting_id == made
    assert dict(found.answers) == {"heard.listened": "2"}
    page = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/plan/{TOOL}/versions/{number}/heard")
    assert page.soup.find("input", attrs={"name": "heard.listened", "checked": True})["value"] == "2"


def test_the_next_version_after_an_agreed_one_is_about_no_meeting_until_one_is_chosen(story: Story, room: Room) -> None:
    made = story.meeting(room, room.guide)
    begun(story, room, made)
    write(story, room, room.guide, TOOL, script__goals="Vi talte om skolen")
    page = newest(story, room, room.guide, TOOL)
    story.play(room, room.guide, lambda t: agreement.propose_plan(t, uuid4(), TOOL, 1, page.revision))
    proposal = newest(story, room, room.guide, TOOL).proposal_id
    assert proposal
    story.play(room, room.guide, lambda t: agreement.accept_proposal(t, uuid4(), TOOL, 1, proposal))
    story.play(room, room.guide, lambda t: editing.renew(t, uuid4(), TOOL))
    write(story, room, room.guide, TOOL, meeting__place="Hos mormor")
    assert newest(story, room, room.guide, TOOL).answers["meeting.place"] == "Hos mormor"


def test_a_meeting_nobody_knows_has_no_checklist(story: Story, room: Room) -> None:
    with pytest.raises(NotFound):
        story.play(room, room.guide, lambda t: schedule.load(t, uuid4()))
