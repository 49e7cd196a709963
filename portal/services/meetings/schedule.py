"""Meetings about the plan: planned, begun, ended. Whoever may write in the plan may lead one, the young person too.

A meeting lies in the compartment of the plan; who does not see that knows nothing of it. What the big screen shows
while it goes on is in meeting_room.py, how it ends in meeting_ending.py.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum, StrEnum
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import select

from portal import clock, text
from portal.access.compartments import OpenCompartment
from portal.access.policy import who_may
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.models import Meeting, MeetingSeat, Membership
from portal.services.meetings import attendees, queries
from portal.services.notices import announce
from portal.services.notices.kinds import Kind
from portal.services.plans import definitions, plans
from portal.services.shared import idempotency

TOOL = "goals_and_agreements"
"""The plan that meetings are about."""
FORGOTTEN = timedelta(hours=12)
"""After that, a meeting that nobody ended is no longer said to be going on."""


class MeetingState(StrEnum):
    PLANNED = "planned"
    RUNNING = "running"
    ENDED = "ended"
    CALLED_OFF = "called_off"


class MeetingStep(Enum):
    """What can happen to a meeting. The words name the step in the diagram; nothing is decided by them."""

    CHANGE = "is changed"
    BEGIN = "is begun"
    CALL_OFF = "is called off"
    COME_OR_GO = "somebody comes or goes"
    END = "is ended"


MEETING_CHANGES: dict[MeetingState, dict[MeetingStep, MeetingState]] = {
    MeetingState.PLANNED: {
        MeetingStep.CHANGE: MeetingState.PLANNED,
        MeetingStep.BEGIN: MeetingState.RUNNING,
        MeetingStep.CALL_OFF: MeetingState.CALLED_OFF,
    },
    MeetingState.RUNNING: {MeetingStep.COME_OR_GO: MeetingState.RUNNING, MeetingStep.END: MeetingState.ENDED},
    MeetingState.ENDED: {},
    MeetingState.CALLED_OFF: {},
}


@dataclass(frozen=True)
class When:
    """When and where a meeting is to be."""

    starts_at: datetime
    place: str


@dataclass(frozen=True)
class MeetingPage:
    id: UUID
    compartment_id: UUID
    compartment: str
    state: MeetingState
    starts_at: datetime
    place: str
    begun_at: datetime | None
    ended_at: datetime | None
    called_off_at: datetime | None
    author: Membership
    invited: tuple[Membership, ...]
    present: tuple[Membership, ...]
    others_present: bool
    thread_id: UUID | None
    can_lead: bool

    @property
    def at(self) -> datetime:
        """When it was held, or else is to be."""
        return self.begun_at or self.starts_at

    def was_moved(self, zone: ZoneInfo) -> bool:
        """Whether it was begun on another day than it was planned for."""
        return self.at.astimezone(zone).date() != self.starts_at.astimezone(zone).date()

    @property
    def is_forgotten(self) -> bool:
        return self.begun_at is not None and clock.now() - self.begun_at > FORGOTTEN


def at(ticket: CaseTicket, on: date, o_clock: str, place: str, field: str = "o_clock") -> When:
    """A day and a time as people write it ("14.30", "kl. 9") as an instant. Nothing is guessed: raises InvalidInput
    at `field` for no time ("14.3" could be two), and for one that the clocks of that night leave out or show twice; at
    `on` for a day that has passed."""
    found = _O_CLOCK.fullmatch(text.line(o_clock))
    try:
        moment = time(int(found["hour"]), int(found["minute"] or 0)) if found else None
    except ValueError:
        moment = None
    if moment is None:
        raise InvalidInput(field, "time_wrong")
    if on < clock.today(ticket.profile.zone):
        raise InvalidInput("on", "date_past")
    try:
        starts_at = clock.at(on, moment, ticket.profile.zone)
    except clock.NoSuchTime as problem:
        raise InvalidInput(field, "time_skipped") from problem
    except clock.TwiceThatNight as problem:
        raise InvalidInput(field, "time_twice") from problem
    return When(starts_at, text.line(place))


_O_CLOCK = re.compile(
    r"(?:kl\.? ?)?(?P<hour>[0-9]{1,2})(?: ?[.:] ?(?P<minute>[0-9]{2}))?\.?",
    re.IGNORECASE,
)


def list_meetings(ticket: CaseTicket) -> list[MeetingPage]:
    """Every meeting this person may know of: what goes on or comes first, then what was, the latest first."""
    found = [_page(ticket, row, seats) for row, seats in _rows(ticket, ticket.select(Meeting))]
    ahead = [m for m in found if m.state in (MeetingState.RUNNING, MeetingState.PLANNED)]
    ahead.sort(key=lambda m: (m.state is MeetingState.PLANNED, m.starts_at))
    behind = [m for m in found if m not in ahead]
    return ahead + sorted(behind, key=lambda m: m.at, reverse=True)


def next_one(ticket: CaseTicket) -> MeetingPage | None:
    """The meeting that goes on, or the next that is planned from today on, for the front of the case."""
    if not ticket.allows(Action.PLAN_VIEW):
        return None
    row = ticket.session.scalars(
        queries.AHEAD, {**ticket.bounds, "today": clock.start_of_today(ticket.profile.zone)}
    ).first()
    return _page(ticket, row, ()) if row else None


def show_meeting(ticket: CaseTicket, meeting_id: UUID) -> MeetingPage:
    """Raises NotFound."""
    ticket.require(Action.PLAN_VIEW)
    page = load(ticket, meeting_id)
    ticket.record(Event.MEETING_VIEWED, page.compartment_id, page.id)
    return page


def load(ticket: CaseTicket, meeting_id: UUID) -> MeetingPage:
    """Without a trace, for those who leave one of their own. Raises NotFound."""
    found = _rows(ticket, ticket.select(Meeting).where(Meeting.id == meeting_id))
    if not found:
        raise NotFound
    return _page(ticket, *found[0])


def arrange(ticket: CaseTicket, submission: UUID, when: When, invited: Collection[UUID]) -> UUID:
    """Plans a meeting; returns its id. Raises InvalidInput for somebody who cannot be asked."""
    compartment = _may_lead(ticket)
    made = uuid4()
    if earlier := idempotency.claim(ticket.session, submission, made):
        return earlier
    add_meeting(ticket, compartment, made, when, attendees.people_asked(ticket, invited))
    tell_attendees(ticket, compartment.id, invited)
    return made


def change(ticket: CaseTicket, meeting_id: UUID, when: When, invited: Collection[UUID]) -> None:
    """Raises InvalidInput for a meeting that is no longer only planned."""
    row, page = taken_up(ticket, meeting_id, MeetingStep.CHANGE)
    now_asked = attendees.people_asked(ticket, invited, page.invited)
    row.starts_at = when.starts_at
    ticket.seal(row, "place", when.place)
    seat(ticket, row, invited=now_asked)
    ticket.record(Event.MEETING_CHANGED, row.compartment_id, row.id)
    tell_attendees(ticket, row.compartment_id, now_asked | {member.id for member in page.invited})


def call_off(ticket: CaseTicket, meeting_id: UUID) -> None:
    row, page = taken_up(ticket, meeting_id, MeetingStep.CALL_OFF)
    row.called_off_at = clock.now()
    ticket.record(Event.MEETING_CALLED_OFF, row.compartment_id, row.id)
    tell_attendees(ticket, row.compartment_id, [member.id for member in page.invited])


def may_lead(ticket: CaseTicket) -> bool:
    """Whether this person may plan and lead meetings: whoever may write in the plan."""
    compartments = [
        compartment
        for compartment in ticket.compartments.values()
        if compartment.key == definitions.compartment_key_of(ticket, TOOL)
    ]
    return who_may.may_lead_meetings(
        ticket.allows(Action.PLAN_WRITE), any(compartment.can_write for compartment in compartments)
    )


def begin_meeting(ticket: CaseTicket, meeting_id: UUID) -> None:
    """Begins a meeting, with whoever does so present. Two who begin it at once begin the same one. Raises InvalidInput
    while another goes on."""
    _may_lead(ticket)
    plans.one_at_a_time(ticket, "meeting")
    if load(ticket, meeting_id).state is MeetingState.RUNNING:
        return
    row, _page = taken_up(ticket, meeting_id, MeetingStep.BEGIN)
    if running_meeting(ticket) is not None:
        raise InvalidInput("", "meeting_running")
    row.begun_at, row.begun_by_id = clock.now(), ticket.membership.id
    seat(ticket, row, present={ticket.membership.id})
    ticket.record(Event.MEETING_BEGUN, row.compartment_id, row.id)


def begin_now(ticket: CaseTicket, submission: UUID) -> UUID:
    """A meeting nobody planned. Returns the one that goes on, also where somebody else was first."""
    compartment = _may_lead(ticket)
    made = uuid4()
    if earlier := idempotency.claim(ticket.session, submission, made):
        return earlier
    plans.one_at_a_time(ticket, "meeting")
    if (there := running_meeting(ticket)) is not None:
        return there
    add_meeting(ticket, compartment, made, When(clock.now(), ""), set())
    begin_meeting(ticket, made)
    return made


def running_meeting(ticket: CaseTicket) -> UUID | None:
    """The meeting about the plan that goes on."""
    going_on = ticket.select(Meeting).where(Meeting.begun_at.is_not(None), Meeting.ended_at.is_(None))
    row = ticket.session.scalars(going_on.limit(1)).first()
    return row.id if row else None


def who_is_here(ticket: CaseTicket, meeting_id: UUID, present: Collection[UUID], others: bool) -> None:
    """Notes who is in the room, and whether somebody is who is not in the case."""
    row, page = taken_up(ticket, meeting_id, MeetingStep.COME_OR_GO)
    before = {member.id for member in page.present}
    now = attendees.there(ticket, present, page.present)
    seat(ticket, row, present=now)
    for event, members in ((Event.MEETING_JOINED, now - before), (Event.MEETING_LEFT, before - now)):
        for member_id in sorted(members):
            ticket.record(event, row.compartment_id, member_id)
    if row.others_present != others:
        row.others_present = others
        ticket.record(Event.MEETING_OPENED, row.compartment_id, row.id)


# Steps


def taken_up(ticket: CaseTicket, meeting_id: UUID, step: MeetingStep) -> tuple[Meeting, MeetingPage]:
    """The meeting to change, after whoever is changing one just now. Raises InvalidInput when that can no longer become
    of it."""
    _may_lead(ticket)
    plans.one_at_a_time(ticket, "meeting")
    page = load(ticket, meeting_id)
    if step not in MEETING_CHANGES[page.state]:
        raise InvalidInput("", "meeting_moved_on")
    row = ticket.load(Meeting, meeting_id)
    ticket.require_write(row.compartment_id)
    return row, page


def add_meeting(ticket: CaseTicket, compartment: OpenCompartment, made: UUID, when: When, invited: set[UUID]) -> None:
    row = ticket.new(Meeting, compartment.id, id=made, starts_at=when.starts_at, others_present=False)
    ticket.seal(row, "place", when.place)
    ticket.session.add(row)
    ticket.session.flush()
    seat(ticket, row, invited=invited)
    ticket.record(Event.MEETING_PLANNED, compartment.id, made)


def seat(ticket: CaseTicket, row: Meeting, invited: set[UUID] | None = None, present: set[UUID] | None = None) -> None:
    """Sets who is asked or who is there, where given."""
    seats = {each.membership_id: each for each in _seats(ticket, [row.id]).get(row.id, ())}
    for member_id in sorted((invited or set()) | (present or set()) | set(seats)):
        it = seats.get(member_id)
        if it is None:
            it = MeetingSeat(
                meeting_id=row.id,
                membership_id=member_id,
                case_id=row.case_id,
                compartment_id=row.compartment_id,
                invited=False,
                present=False,
            )
            ticket.session.add(it)
        if invited is not None:
            it.invited = member_id in invited
        if present is not None:
            it.present = member_id in present
    ticket.session.flush()


def tell_attendees(ticket: CaseTicket, compartment_id: UUID, members: Iterable[UUID]) -> None:
    """Queues a notice, that says nothing, to those of the members who see the compartment."""
    announce.tell_readers(ticket, Kind.MEETING, compartment_id, among=members)


def _may_lead(ticket: CaseTicket) -> OpenCompartment:
    ticket.require(Action.PLAN_WRITE)
    return ticket.require_write(definitions.compartment_of(ticket, TOOL).id)


def _rows(ticket: CaseTicket, wanted) -> list[tuple[Meeting, tuple[MeetingSeat, ...]]]:  # type: ignore[no-untyped-def]
    rows = list(ticket.session.scalars(wanted.execution_options(populate_existing=True)))
    seats = _seats(ticket, [row.id for row in rows])
    return [(row, seats.get(row.id, ())) for row in rows]


def _seats(ticket: CaseTicket, meetings: Collection[UUID]) -> dict[UUID, tuple[MeetingSeat, ...]]:
    found: dict[UUID, tuple[MeetingSeat, ...]] = {}
    wanted = select(MeetingSeat).where(*ticket.within(MeetingSeat), MeetingSeat.meeting_id.in_(meetings))
    for each in ticket.session.scalars(wanted):
        found[each.meeting_id] = (*found.get(each.meeting_id, ()), each)
    return found


def _page(ticket: CaseTicket, row: Meeting, seats: Iterable[MeetingSeat]) -> MeetingPage:
    compartment = ticket.compartments[row.compartment_id]
    seats = list(seats)
    order = attendees.can_come(ticket, [ticket.members[each.membership_id] for each in seats]) if seats else []
    invited = {each.membership_id for each in seats if each.invited}
    present = {each.membership_id for each in seats if each.present}
    return MeetingPage(
        id=row.id,
        compartment_id=row.compartment_id,
        compartment=compartment.key,
        state=_state(row),
        starts_at=row.starts_at,
        place=ticket.unseal(row, "place"),
        begun_at=row.begun_at,
        ended_at=row.ended_at,
        called_off_at=row.called_off_at,
        author=ticket.members[row.created_by_id],
        invited=tuple(member for member in order if member.id in invited),
        present=tuple(member for member in order if member.id in present),
        others_present=row.others_present,
        thread_id=row.thread_id,
        can_lead=who_may.may_lead_meetings(ticket.allows(Action.PLAN_WRITE), compartment.can_write),
    )


def _state(row: Meeting) -> MeetingState:
    if row.called_off_at is not None:
        return MeetingState.CALLED_OFF
    if row.ended_at is not None:
        return MeetingState.ENDED
    return MeetingState.RUNNING if row.begun_at is not None else MeetingState.PLANNED
