"""The big screen of a meeting: what everybody in the room may read, and where somebody is writing just now.

A compartment is on the screen only while it is open to every single person who is noted as present, and to whoever
opened the screen. While somebody from outside the case is there, or nobody is noted at all, nothing is. Nothing is said
of what is left out but that the plan is: that there is one is known to whoever was asked to a meeting about it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from portal import clock
from portal.access.ticket import CaseTicket
from portal.events import Event
from portal.models import (
    Membership,
    Plan,
    PlanOutcome,
    PlanPresence,
    PlanProposal,
    PlanTaking,
    PlanVersion,
)
from portal.services.meetings import schedule
from portal.services.meetings.schedule import TOOL, MeetingPage, MeetingState
from portal.services.plans import approvals, commitments, definitions, plans, presence
from portal.services.plans import outlook as plans_outlook
from portal.services.plans.approvals import NamedPart
from portal.services.plans.commitments import Commitment
from portal.services.plans.outlook import ProposalOutlook
from portal.services.plans.versions import VersionPage, Yes
from portal.text import in_order
from portal.tools.definition import Question


@dataclass(frozen=True)
class Room:
    """A meeting as its screens show it; `mark` names this state."""

    mark: str
    meeting: MeetingPage
    is_open: bool
    """Whether everybody present may read the plan."""
    tool: str
    version: VersionPage | None
    """What stands on the screen; None where it is hidden, or where nobody has begun it."""
    here: Mapping[str, tuple[Membership, ...]]
    """Address -> who is writing there."""
    follow: str
    """The address the screen follows; '' while nobody writes."""
    asked: tuple[NamedPart, ...]
    since_last: tuple[Commitment, ...]
    """What the version in force promises, the professionals' first: with that a meeting begins."""
    outlook: ProposalOutlook | None
    """Of a draft: who will be asked for a yes, and who has said it already."""
    words: str
    """Names all that stands in it."""
    me: UUID

    def taken(self, row: str) -> NamedPart | None:
        return next((each for each in self.asked if each.row == row), None)

    @property
    def yeses(self) -> tuple[Yes, ...]:
        """Whose yes the version needs, and whose is there: of a proposal, or of a draft."""
        if self.version is None:
            return ()
        return self.outlook.asked if self.outlook else self.version.asked

    @property
    def my_yes(self) -> Yes | None:
        """This person's yes to all of a draft, where they are the one to be asked for it."""
        mine = next((yes for yes in self.outlook.asked if yes.is_me), None) if self.outlook else None
        asked = mine is not None and self.version is not None and approvals.must_agree(self.version, mine.member)
        return mine if asked else None

    @property
    def mine(self) -> tuple[NamedPart, ...]:
        """What the version names the person of this page for."""
        return tuple(each for each in self.asked if each.who.id == self.me)


def for_everybody(question: Question) -> bool:
    """What only some may answer (was I heard?) is theirs, and not for the wall."""
    return not question.fill


def is_open(ticket: CaseTicket, meeting: MeetingPage, compartment_id: UUID) -> bool:
    """Whether everybody in the room may read a compartment now."""
    readers = {w.membership_id for w in ticket.open_windows if w.compartment_id == compartment_id}
    present = {member.id for member in meeting.present}
    return bool(present) and not meeting.others_present and present <= readers and compartment_id in ticket.compartments


def locked_out(ticket: CaseTicket, meeting: MeetingPage) -> list[Membership]:
    """Who of those present may not read the plan, for whoever leads the meeting."""
    readers = {w.membership_id for w in ticket.open_windows if w.compartment_id == meeting.compartment_id}
    return [member for member in meeting.present if member.id not in readers]


def enter(ticket: CaseTicket, meeting_id: UUID) -> Room:
    """The screen of a meeting. Raises NotFound."""
    page = schedule.show_meeting(ticket, meeting_id)
    room = _room(ticket, page, "screen")
    _note_reading(ticket, room)
    return room


def my_screen(ticket: CaseTicket, meeting_id: UUID) -> Room:
    """The meeting on one's own phone: the plan as far as this person may read it, whoever else is in the room."""
    page = schedule.show_meeting(ticket, meeting_id)
    room = _room(ticket, page, "mine")
    _note_reading(ticket, room)
    return room


def look_at_screen(ticket: CaseTicket, meeting_id: UUID, which: str, known: str) -> Room | None:
    """What is new since the state called `known`; None when nothing is. Following along is one look every ten minutes.
    Raises NotFound."""
    page = schedule.load(ticket, meeting_id)
    if _mark(ticket, page, which, _writers(ticket, page)) == known:
        return None
    room = _room(ticket, page, which)
    if not presence.noted(ticket, Event.MEETING_VIEWED, page.id):
        ticket.record(Event.MEETING_VIEWED, page.compartment_id, page.id)
    _note_reading(ticket, room)
    return room


def _note_reading(ticket: CaseTicket, room: Room) -> None:
    plan = room.version
    if plan is not None and not presence.noted(ticket, Event.PLAN_OPENED, plan.plan_id):
        ticket.record(Event.PLAN_OPENED, definitions.compartment_of(ticket, room.tool).id, plan.plan_id)


@dataclass(frozen=True)
class _ScreenWriter:
    tool: str
    compartment_id: UUID
    version_id: UUID
    address: str
    member: Membership


def _room(ticket: CaseTicket, meeting: MeetingPage, which: str) -> Room:
    writers = _writers(ticket, meeting) if which == "screen" else []
    mark = _mark(ticket, meeting, which, writers)
    running = meeting.state is MeetingState.RUNNING
    open_now = which == "mine" or (running and is_open(ticket, meeting, meeting.compartment_id))
    shown = [w for w in writers if running and is_open(ticket, meeting, w.compartment_id)]
    tool = shown[0].tool if shown else TOOL
    page = plans.load(ticket, tool, definitions.compartment_of(ticket, tool)) if open_now or shown else None
    version = page.newest if page else None
    here: dict[str, tuple[Membership, ...]] = {}
    for writer in shown:
        if version is not None and writer.version_id == version.id and _may_stand(version, writer.address):
            here[writer.address] = (*here.get(writer.address, ()), writer.member)
    before = page.agreed if page and tool == TOOL else None
    return Room(
        mark=mark,
        meeting=meeting,
        is_open=open_now,
        tool=tool,
        version=version,
        here=here,
        follow=next(iter(here), ""),
        asked=tuple(approvals.named_parts(ticket, version)) if version else (),
        since_last=tuple(commitments.commitments_in(ticket, before)) if before else (),
        outlook=plans_outlook.outlook(ticket, version) if version and tool == TOOL else None,
        words=approvals.digest(approvals.words_of_all(version.answers)) if version else "",
        me=ticket.membership.id,
    )


def _may_stand(version: VersionPage, address: str) -> bool:
    places = {place.address: place for place in version.definition.places(version.answers)}
    return address in places and for_everybody(places[address].question)


def _writers(ticket: CaseTicket, meeting: MeetingPage) -> list[_ScreenWriter]:
    """Who of those present is writing, in which tool and where; whoever planned the meeting first, then by name."""
    present = {member.id for member in meeting.present}
    rows = ticket.session.execute(
        select(
            Plan.tool,
            PlanPresence.compartment_id,
            PlanPresence.plan_version_id,
            PlanPresence.address,
            PlanPresence.membership_id,
        )
        .join(PlanVersion, PlanVersion.id == PlanPresence.plan_version_id)
        .join(Plan, Plan.id == PlanVersion.plan_id)
        .where(*ticket.within(PlanPresence), PlanPresence.membership_id.in_(present), PlanPresence.address != "")
        .where(PlanPresence.seen_at > clock.now() - presence.HERE)
    )
    found = [_ScreenWriter(*row[:4], ticket.members[row[4]]) for row in rows]
    return sorted(found, key=lambda w: (w.member.id != meeting.author.id, _name(w), w.tool, w.address))


def _name(writer: _ScreenWriter) -> tuple[object, ...]:
    return in_order(writer.member.display_name)


def _mark(ticket: CaseTicket, meeting: MeetingPage, which: str, writers: Iterable[_ScreenWriter]) -> str:
    """The same for the same words, people and windows: made of counts, without opening anything."""
    counted = [
        select(func.count()).select_from(model).where(*ticket.within(model)).scalar_subquery()
        for model in (PlanProposal, PlanTaking, PlanOutcome)
    ]
    accepted = plans.count_accepted(ticket).scalar_subquery()
    revisions = select(func.sum(PlanVersion.revision)).where(*ticket.within(PlanVersion)).scalar_subquery()
    versions = select(func.count()).select_from(PlanVersion).where(*ticket.within(PlanVersion)).scalar_subquery()
    counts = ticket.session.execute(select(*counted, accepted, revisions, versions)).one()
    people = sorted(str(member.id) for member in meeting.present)
    windows = sorted((str(w.membership_id), w.key) for w in ticket.open_windows)
    places = [(w.tool, w.address, str(w.member.id)) for w in writers] if which == "screen" else []
    facts = (which, meeting.id, meeting.state, meeting.thread_id, people, meeting.others_present, windows, places)
    return hashlib.sha256(repr((*facts, *counts)).encode()).hexdigest()[:24]
