"""Proposing a version and saying yes to it. It is agreed when the young person, the guide and everybody who takes
something on have accepted exactly these words (the model's goal and agreement schema)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select

from portal import text
from portal.access.policy import who_may
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.models import PlanAcceptance, PlanAsked, PlanProposal, PlanVersion
from portal.services.notices import announce
from portal.services.notices.kinds import Kind
from portal.services.plans import approvals, commitments, definitions, history, plans
from portal.services.plans.versions import PLAN_CHANGES, PlanState, PlanStep, VersionPage
from portal.services.shared import idempotency


def propose_plan(ticket: CaseTicket, submission: UUID, tool: str, number: int, revision: int) -> PlanState:
    """Puts the version, as it stands at `revision`, before everybody who must accept it; returns what has become of it.

    A yes that was said to exactly these words in a meeting stands, for whoever still sees the plan; yeses to earlier
    words do not count. Raises InvalidInput when it was changed meanwhile, is empty, is agreed already, or when somebody
    who takes something on cannot see it or is not named."""
    ticket.require(Action.PLAN_WRITE)
    compartment = ticket.require_write(definitions.compartment_of(ticket, tool).id)
    made = uuid4()
    sent_before = idempotency.claim(ticket.session, submission, made)
    page = _version(ticket, tool, number)
    if sent_before:
        return page.state
    if PlanStep.PROPOSE not in PLAN_CHANGES[page.state]:
        raise InvalidInput("", "plan_frozen")
    if page.revision != revision:
        raise InvalidInput("", "plan_moved_on")
    if not page.is_written:
        raise InvalidInput("", "plan_empty")
    asked = must_accept(ticket, page, compartment.id)
    if page.state is PlanState.PROPOSED and {yes.member.id for yes in page.asked} == asked:
        return page.state  # these words lie before these people already, and some may have said yes
    standing = standing_yeses(ticket, page, asked)
    # From here on the version shows what everybody is asked about, also where it was carried from another tool.
    ticket.seal(ticket.load(PlanVersion, page.id), "answers", json.dumps(dict(page.answers)))
    ticket.session.add(ticket.new(PlanProposal, compartment.id, id=made, plan_version_id=page.id, revision=revision))
    ticket.session.flush()
    for member_id in asked:
        saved = standing.get(member_id)
        ticket.session.add(
            PlanAsked(
                plan_proposal_id=made,
                membership_id=member_id,
                case_id=ticket.case_id,
                compartment_id=compartment.id,
                said_id=saved.said_id if saved else None,
                again_of=saved.again_of if saved else None,
            )
        )
    ticket.session.flush()
    ticket.record(Event.PLAN_PROPOSED, compartment.id, page.plan_id, number=number)
    announce.tell_readers(ticket, Kind.PLAN, compartment.id)
    after = _version(ticket, tool, number)
    commitments.plan_reminders(ticket, after, compartment.id)
    return after.state


def accept_proposal(ticket: CaseTicket, submission: UUID, tool: str, number: int, proposal_id: UUID) -> PlanState:
    """This person's own yes to a proposal; returns what has become of the version. Raises InvalidInput when the words
    were changed since they were read."""
    ticket.require(Action.PLAN_ACCEPT)
    return _accept(ticket, submission, tool, number, proposal_id, ticket.membership.id, "")


def accept_for(
    ticket: CaseTicket, submission: UUID, tool: str, number: int, proposal_id: UUID, member_id: UUID, how: str
) -> PlanState:
    """The guide notes the yes of a citizen who gave it on paper or aloud; `how` says which. Not everybody has an eID,
    and their plan must work all the same. Raises InvalidInput without a note, or for a professional."""
    ticket.require(Action.PLAN_REGISTER)
    member = ticket.members.get(member_id)
    if member is None:
        raise NotFound
    said = text.plain(how, 2000)
    if not said:
        raise InvalidInput("how", "required")
    if not who_may.is_citizen(member.unit_id):
        raise InvalidInput("", "yes_is_their_own")
    return _accept(ticket, submission, tool, number, proposal_id, member_id, said)


def _accept(
    ticket: CaseTicket, submission: UUID, tool: str, number: int, proposal_id: UUID, member_id: UUID, how: str
) -> PlanState:
    compartment = definitions.compartment_of(ticket, tool)
    page = _version(ticket, tool, number)
    if idempotency.claim(ticket.session, submission, uuid4()):
        return page.state
    if page.proposal_id != proposal_id or page.state is not PlanState.PROPOSED:
        raise InvalidInput("", "plan_moved_on")
    yes = next((each for each in page.asked if each.member.id == member_id), None)
    if yes is None:
        raise NotFound
    if yes.at is None:
        row = ticket.new(PlanAcceptance, compartment.id, plan_proposal_id=proposal_id, membership_id=member_id)
        ticket.seal(row, "how", how or "")
        ticket.session.add(row)
        ticket.session.flush()
        own = member_id == ticket.membership.id
        said = Event.PLAN_ACCEPTED if own else Event.PLAN_YES_NOTED
        ticket.record(said, compartment.id, page.plan_id, number=number)
    after = _version(ticket, tool, number)
    commitments.plan_reminders(ticket, after, compartment.id)
    return after.state


# Steps


def _version(ticket: CaseTicket, tool: str, number: int) -> VersionPage:
    plans.one_at_a_time(ticket, tool)
    page = plans.load(ticket, tool, definitions.compartment_of(ticket, tool))
    if page is None:
        raise NotFound
    return page.version(number)


def must_accept(ticket: CaseTicket, page: VersionPage, compartment_id: UUID) -> set[UUID]:
    """Who is asked for a yes when this version is proposed. Raises InvalidInput at what has to be put right first."""
    readers = _readers(ticket, compartment_id)
    agree = {member.id for member in ticket.members.values() if approvals.must_agree(page, member)}
    for who, addresses in plans.who_takes_on(page).items():
        if UUID(who) not in readers | agree:
            name = ticket.members[UUID(who)].display_name
            raise InvalidInput(addresses[0], "taker_shut_out", name=name)
    for place in page.definition.places(page.answers):
        stands_for = place.question.vouches_for
        if stands_for and page.answers.get(place.beside(stands_for)) and not page.answers.get(place.address):
            raise InvalidInput(place.address, "taker_missing")
    return would_be_asked(ticket, page)


def would_be_asked(ticket: CaseTicket, page: VersionPage) -> set[UUID]:
    """The same, whether or not anything has to be put right first."""
    agree = {member.id for member in ticket.members.values() if approvals.must_agree(page, member)}
    return agree | {UUID(who) for who in plans.who_takes_on(page)}


@dataclass(frozen=True)
class StandingApproval:
    """A yes to the very words that stand now, given before they are proposed (again): in a meeting, or to an earlier
    proposal."""

    at: datetime
    said_id: UUID | None = None
    again_of: UUID | None = None


def standing_yeses(ticket: CaseTicket, page: VersionPage, asked: set[UUID]) -> dict[UUID, StandingApproval]:
    """Whose yes stands of those who are asked. Somebody who no longer sees the plan says nothing."""
    still_here = asked & _readers(ticket, definitions.compartment_of(ticket, page.definition.key).id)
    found = _accepted_before(ticket, page, still_here)
    whole = {member for member in asked if approvals.must_agree(page, ticket.members[member])}
    for member, said in approvals.read_approvals(ticket, page).standing(still_here, whole).items():
        found.setdefault(member, StandingApproval(said.at, said_id=said.id))
    return found


def _accepted_before(ticket: CaseTicket, page: VersionPage, members: set[UUID]) -> dict[UUID, StandingApproval]:
    """Who said yes to an earlier proposal of this version in the same words. What is carried from elsewhere changes
    without a line in the history, so a draft that shows such things is asked about anew."""
    if page.state is not PlanState.PROPOSED and any(plans.is_carried_into(page, s) for s in page.definition.section):
        return {}
    rows = ticket.session.execute(
        select(PlanAcceptance, PlanProposal.revision)
        .join(PlanProposal, PlanProposal.id == PlanAcceptance.plan_proposal_id)
        .where(*ticket.within(PlanProposal), PlanProposal.plan_version_id == page.id)
        .where(PlanAcceptance.membership_id.in_(members))
        .order_by(PlanAcceptance.created_at)
    ).all()
    same = {revision: history.says_the_same(ticket, page, revision) for revision in {row[1] for row in rows}}
    return {
        given.membership_id: StandingApproval(given.created_at, again_of=given.plan_proposal_id)
        for given, revision in rows
        if same[revision]
    }


def _readers(ticket: CaseTicket, compartment_id: UUID) -> set[UUID]:
    return {window.membership_id for window in ticket.open_windows if window.compartment_id == compartment_id}
