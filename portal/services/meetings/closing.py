"""How a meeting ends: with the next one, and with a summary that everybody gets who may read the plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from portal import clock
from portal.access.policy import acquaintance
from portal.access.ticket import CaseTicket
from portal.events import Event
from portal.models import Membership
from portal.services.meetings import attendees, schedule
from portal.services.meetings.schedule import TOOL, MeetingPage, MeetingState, When
from portal.services.messages import threads
from portal.services.plans import agreement, approvals, commitments, definitions, plans
from portal.services.plans import outlook as plans_outlook
from portal.services.plans.approvals import NamedPart
from portal.services.plans.commitments import Commitment
from portal.services.plans.outlook import ProposalOutlook
from portal.services.plans.versions import VersionPage
from portal.services.shared import idempotency


@dataclass(frozen=True)
class Summary:
    """What a meeting came to. All of it lies in the compartment of the meeting, where its summary goes too."""

    meeting: MeetingPage
    version: VersionPage | None
    """The plan as it stands."""
    outlook: ProposalOutlook | None
    """What proposing it would come to; None where there is nothing to propose."""
    asked: tuple[NamedPart, ...]
    fulfilled: tuple[Commitment, ...]
    """What was promised before, and how it went, where somebody noted it while the meeting went on."""
    following: When | None
    known: frozenset[UUID]
    """Membership ids of whom everybody who gets the summary may know of."""

    def as_proposed(self) -> Summary:
        """The same, where the plan is proposed as the meeting ends."""
        if self.version is None or self.outlook is None:
            return self
        return replace(self, version=self.outlook.as_proposed(self.version), outlook=None)


def summary(ticket: CaseTicket, meeting_id: UUID, following: When | None = None) -> Summary:
    """What would be sent now. Raises NotFound."""
    return _summary(ticket, schedule.show_meeting(ticket, meeting_id), following)


def end_meeting(
    ticket: CaseTicket,
    submission: UUID,
    meeting_id: UUID,
    following: When | None,
    invited: set[UUID],
    tell: Callable[[Summary], tuple[str, str]],
    propose: int | None = None,
) -> None:
    """Ends the meeting: proposes the plan as it stands at the revision `propose`, plans the next meeting, if there is
    to be one, and sends the summary that `tell` makes (subject and text) into the compartment of the plan. Raises
    InvalidInput when the meeting has ended, or the plan has changed, meanwhile, and where it cannot be proposed."""
    if idempotency.claim(ticket.session, submission, meeting_id):
        return
    row, page = schedule.taken_up(ticket, meeting_id, schedule.MeetingStep.END)
    if propose is not None:
        _propose(ticket, propose)
    subject, body = tell(_summary(ticket, page, following))
    row.thread_id = threads.start(ticket, uuid4(), row.compartment_id, subject, body)
    row.ended_at = clock.now()
    ticket.session.flush()
    ticket.record(Event.MEETING_ENDED, row.compartment_id, row.id)
    everybody = {member.id for member in (*page.invited, *page.present)}
    if following is not None:
        compartment = ticket.compartments[row.compartment_id]
        schedule.add_meeting(
            ticket,
            compartment,
            uuid4(),
            following,
            attendees.people_asked(ticket, invited, (*page.invited, *page.present)),
        )
    schedule.tell_attendees(ticket, row.compartment_id, everybody | invited)


def not_reached(ticket: CaseTicket, page: MeetingPage) -> list[Membership]:
    """Who was asked or there and does not see the plan: they get no summary here."""
    readers = {w.membership_id for w in ticket.open_windows if w.compartment_id == page.compartment_id}
    return [member for member in dict.fromkeys((*page.invited, *page.present)) if member.id not in readers]


def sent(ticket: CaseTicket, page: MeetingPage) -> str:
    """The summary that was sent, while this person may read it where it lies now; '' otherwise."""
    if page.state is not MeetingState.ENDED or page.thread_id is None:
        return ""
    return threads.first_words(ticket, page.thread_id)


def _propose(ticket: CaseTicket, revision: int) -> None:
    page = plans.load(ticket, TOOL, definitions.compartment_of(ticket, TOOL))
    if page is None or plans_outlook.outlook(ticket, page.newest) is None:
        return  # somebody has proposed it, or there is nothing to propose
    agreement.propose_plan(ticket, uuid4(), TOOL, page.newest.number, revision)


def _summary(ticket: CaseTicket, meeting: MeetingPage, following: When | None) -> Summary:
    page = plans.load(ticket, TOOL, definitions.compartment_of(ticket, TOOL))
    version = page.newest if page else None
    since = meeting.begun_at
    before = commitments.commitments_in(ticket, page.agreed) if page and page.agreed else []
    return Summary(
        meeting=meeting,
        version=version,
        outlook=plans_outlook.outlook(ticket, version) if version else None,
        asked=tuple(approvals.named_parts(ticket, version)) if version else (),
        fulfilled=tuple(each for each in before if each.said and since is not None and each.said[0].at >= since),
        following=following,
        known=acquaintance.met(ticket.facts, {ticket.compartments[meeting.compartment_id].key}, clock.now()),
    )
