"""A meeting about the plan: who is there, what is on the screen, what is taken on."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from portal import clock
from portal.access.policy.roles import Level
from portal.access.ticket import CaseTicket
from portal.services.meetings import closing, schedule, screen
from portal.services.meetings.closing import Summary
from portal.services.meetings.schedule import MeetingPage, When
from portal.services.meetings.screen import Room as Screen
from portal.services.plans import approvals, assignments, plans
from portal.services.plans.versions import PlanState
from tests.plans.test_tools import add, begin, newest, write
from tests.support.story import Room, Someone, Story

TOOL = "goals_and_agreements"


GOAL = "Jeg vil have min egen nøgle"


def planned(story: Story, colleague: Someone) -> Room:
    """A case with a plan in which the young person and a colleague, who may only read, are named."""
    room = story.case(parents=1)
    story.add(room, colleague, Level.READ)
    begin(story, room, room.guide, TOOL)
    write(story, room, room.guide, TOOL, now__goal=GOAL)
    for who, what in ((room.young, "Jeg står op klokken syv"), (colleague, "Jeg finder en praktikplads")):
        add(story, room, room.guide, TOOL, "agreements", what=what, who=str(room.member(who)))
    return room


def present(story: Story, room: Room, meeting: UUID, *people: Someone, others: bool = False) -> None:
    ids = {room.member(who) for who in people}
    story.play(room, room.guide, lambda t: schedule.who_is_here(t, meeting, ids, others))


def on_screen(story: Story, room: Room, meeting: UUID, who: Someone | None = None) -> Screen:
    return story.play(room, who or room.guide, lambda t: screen.enter(t, meeting))


def loaded(story: Story, room: Room, meeting: UUID) -> MeetingPage:
    return story.play(room, room.guide, lambda t: schedule.load(t, meeting))


def ahead(ticket: CaseTicket, days: int = 7, o_clock: str = "14.30", place: str = "Skolen, lokale 4") -> When:
    return schedule.at(ticket, clock.today(ticket.profile.zone) + timedelta(days=days), o_clock, place)


def plain(found: Summary) -> tuple[str, str]:
    return "Referat", " ".join(["Hvem gør hvad:", *(each.who.display_name for each in found.asked)])


def ended(story: Story, room: Room, meeting: UUID, following: bool = True) -> None:
    def end(ticket: CaseTicket) -> None:
        closing.end_meeting(ticket, uuid4(), meeting, ahead(ticket) if following else None, set(), plain)

    story.play(room, room.guide, end)


def take(story: Story, room: Room, who: Someone, row: int = 0, taken: bool = True) -> PlanState:
    def act(ticket: CaseTicket) -> PlanState:
        page = plans.show_plan(ticket, TOOL)
        assert page is not None
        it = approvals.named_parts(ticket, page.newest)[row]
        return assignments.take(ticket, uuid4(), TOOL, page.newest.number, it.row, it.words, taken)

    return story.play(room, who, act)


def taken_by(story: Story, room: Room) -> list[str]:
    page = newest(story, room, room.guide, TOOL)
    found = story.play(room, room.guide, lambda t: approvals.named_parts(t, page))
    return [each.who.display_name for each in found if each.taken_at]
