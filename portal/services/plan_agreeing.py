"""Proposing a version and saying yes to it. It is agreed when the young person, the guide and everybody who takes
something on have accepted exactly these words (the model's goal and agreement schema)."""

from __future__ import annotations

from uuid import UUID, uuid4

from portal import clock, text
from portal.access.actions import Action
from portal.access.roles import Capacity
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.models import PlanAcceptance, PlanAsked, PlanProposal, PlanVersion
from portal.services import once, plan_writing, plans, promises, wordings
from portal.services.plans import PLAN_CHANGES, PlanState, VersionPage


def propose(ticket: CaseTicket, submission: UUID, tool: str, number: int, revision: int) -> None:
    """Puts the version, as it stands at `revision`, before everybody who must accept it; yeses to earlier words do not
    count. Raises InvalidInput when it was changed meanwhile, is empty, is agreed already, or when somebody who takes
    something on cannot see it."""
    ticket.require(Action.PLAN_WRITE)
    hatch = ticket.require_write(wordings.hatch_of(ticket, tool).id)
    made = uuid4()
    if once.claim(ticket.session, submission, made):
        return
    page = _version(ticket, tool, number)
    if "is proposed" not in PLAN_CHANGES[page.state]:
        raise InvalidInput("", "plan_frozen")
    if page.revision != revision:
        raise InvalidInput("", "plan_moved_on")
    if not any(words for address, words in page.answers.items() if "." in address):
        raise InvalidInput("", "plan_empty")
    asked = _must_accept(ticket, page, hatch.id)
    if page.state is PlanState.PROPOSED and {yes.member.id for yes in page.asked} == asked:
        return  # these words lie before these people already, and some may have said yes
    # From here on the version shows what everybody is asked about, also where it was carried from another tool.
    ticket.load(PlanVersion, page.id).answers_sealed = plan_writing.sealed_answers(ticket, page.id, page.answers)
    ticket.session.add(
        PlanProposal(
            id=made,
            plan_version_id=page.id,
            case_id=ticket.case_id,
            compartment_id=hatch.id,
            revision=revision,
            created_at=clock.now(),
            created_by_id=ticket.membership.id,
        )
    )
    ticket.session.flush()
    for member_id in asked:
        ticket.session.add(
            PlanAsked(plan_proposal_id=made, membership_id=member_id, case_id=ticket.case_id, compartment_id=hatch.id)
        )
    ticket.session.flush()
    ticket.record(Event.SCHEMA_PROPOSED, hatch.id, page.plan_id, number=number)


def accept(ticket: CaseTicket, submission: UUID, tool: str, number: int, proposal_id: UUID) -> PlanState:
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
    if member.unit_id is not None:
        raise InvalidInput("", "yes_is_their_own")
    return _accept(ticket, submission, tool, number, proposal_id, member_id, said)


def _accept(
    ticket: CaseTicket, submission: UUID, tool: str, number: int, proposal_id: UUID, member_id: UUID, how: str
) -> PlanState:
    hatch = wordings.hatch_of(ticket, tool)
    page = _version(ticket, tool, number)
    if once.claim(ticket.session, submission, uuid4()):
        return page.state
    if page.proposal_id != proposal_id or page.state is not PlanState.PROPOSED:
        raise InvalidInput("", "plan_moved_on")
    yes = next((each for each in page.asked if each.member.id == member_id), None)
    if yes is None:
        raise NotFound
    if yes.at is None:
        place = f"plan_acceptance.how {proposal_id} {member_id}"
        ticket.session.add(
            PlanAcceptance(
                plan_proposal_id=proposal_id,
                membership_id=member_id,
                case_id=ticket.case_id,
                compartment_id=hatch.id,
                how_sealed=ticket.keys.seal_text(how, place) if how else None,
                created_at=clock.now(),
                created_by_id=ticket.membership.id,
            )
        )
        ticket.session.flush()
        ticket.record(Event.SCHEMA_ACCEPTED, hatch.id, page.plan_id, number=number)
    after = _version(ticket, tool, number)
    if after.state is PlanState.AGREED:
        promises.plan_reminders(ticket, after, hatch.id)
    return after.state


def _version(ticket: CaseTicket, tool: str, number: int) -> VersionPage:
    plans.one_at_a_time(ticket, tool)
    page = plans.load(ticket, tool, wordings.hatch_of(ticket, tool))
    if page is None:
        raise NotFound
    return page.version(number)


def _must_accept(ticket: CaseTicket, page: VersionPage, compartment_id: UUID) -> set[UUID]:
    readers = {window.membership_id for window in ticket.open_windows if window.compartment_id == compartment_id}
    asked = {member.id for member in ticket.members.values() if Capacity(member.capacity) in page.definition.agreed_by}
    for who, addresses in plans.who_takes_on(page).items():
        if UUID(who) not in readers | asked:
            name = ticket.members[UUID(who)].display_name
            raise InvalidInput(addresses[0], "taker_shut_out", name=name)
        asked.add(UUID(who))
    return asked
