"""Taking something on, one agreement at a time, and saying yes to a draft in a meeting: by the person it names, of
exactly the words that stand there.

A yes to a proposal is asked for besides (plan_agreeing). Who is asked only because of what they take on has given it
when they have taken on the last of it.
"""

from __future__ import annotations

from uuid import UUID, uuid4

from portal.access.policy.actions import Action
from portal.access.policy.decide import Reason, Refusal
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound, Refused
from portal.events import Event
from portal.models import PlanTaking
from portal.services.plans import agreement, approvals, definitions, plans
from portal.services.plans.approvals import WHOLE, words_of_all, words_of_row
from portal.services.plans.versions import PlanState, VersionPage
from portal.services.shared import idempotency


def take(
    ticket: CaseTicket, submission: UUID, tool: str, number: int, row: str, words: str, taken: bool = True
) -> PlanState:
    """Takes a row on that names this person, or (`taken` false) takes that back; returns what has become of the
    version. Raises NotFound for a row nobody is named in, Refused for somebody else's, InvalidInput when its words
    are others than `words` says, or when the version is agreed."""
    ticket.require(Action.PLAN_ACCEPT)
    page = _locked(ticket, tool, number)
    mine = next((each for each in approvals.named_parts(ticket, page) if each.row == row), None)
    if mine is None:
        raise NotFound
    if mine.who.id != ticket.membership.id:
        raise Refused(Reason(Refusal.NOT_YOURS))
    if page.state not in (PlanState.DRAFT, PlanState.PROPOSED) or mine.with_the_whole:
        raise InvalidInput("", "plan_frozen")
    if mine.words != words:
        raise InvalidInput("", "plan_moved_on")
    if (mine.taken_at is not None) == taken:
        return page.state
    if idempotency.claim(ticket.session, submission, uuid4()):
        return page.state
    _keep(ticket, page, tool, row, words_of_row(page.answers, mine.section.key, row), taken)
    if taken and _says_yes(ticket, page):
        return agreement.accept_proposal(ticket, uuid4(), tool, number, page.proposal_id or page.id)
    return page.state


def say_yes(ticket: CaseTicket, submission: UUID, tool: str, number: int, words: str, said: bool = True) -> None:
    """This person's yes to all of a draft, as it stands, or (`said` false) takes that back. When the version is
    proposed in the same words, the yes stands. Raises NotFound for whoever will not be asked, InvalidInput when the
    words are others than `words` says, or when the version is no draft any more."""
    ticket.require(Action.PLAN_ACCEPT)
    page = _locked(ticket, tool, number)
    sayings = approvals.read_approvals(ticket, page)
    named = any(each.who.id == ticket.membership.id for each in sayings.asked)
    if not named and not approvals.must_agree(page, ticket.membership):
        raise NotFound
    all_of_it = words_of_all(page.answers)
    if page.state is not PlanState.DRAFT or approvals.digest(all_of_it) != words:
        raise InvalidInput("", "plan_moved_on")
    if not page.is_written:
        raise InvalidInput("", "plan_empty")
    if idempotency.claim(ticket.session, submission, uuid4()):
        return
    _keep(ticket, page, tool, WHOLE, all_of_it, said)


def _keep(ticket: CaseTicket, page: VersionPage, tool: str, key: str, words: str, taken: bool) -> None:
    compartment = definitions.compartment_of(ticket, tool)
    row = ticket.new(PlanTaking, compartment.id, plan_version_id=page.id, row_key=key, taken=taken)
    ticket.seal(row, "words", words)
    ticket.session.add(row)
    ticket.session.flush()
    ticket.record(Event.PLAN_TAKEN, compartment.id, page.plan_id, number=page.number)


def _says_yes(ticket: CaseTicket, page: VersionPage) -> bool:
    """Whether this person's yes to the proposal is given by having taken on all that is theirs."""
    if not page.waits_for_me or approvals.must_agree(page, ticket.membership):
        return False
    return ticket.membership.id in approvals.read_approvals(ticket, page).rows


def _locked(ticket: CaseTicket, tool: str, number: int) -> VersionPage:
    plans.one_at_a_time(ticket, tool)
    page = plans.load(ticket, tool, definitions.compartment_of(ticket, tool))
    if page is None:
        raise NotFound
    return page.version(number)
