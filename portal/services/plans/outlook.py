"""What proposing a draft would come to, and what has changed for somebody who is asked again."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import select

from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.models import Membership, PlanAcceptance, PlanProposal
from portal.services.plans import agreement, approvals, definitions, diff, history, plans
from portal.services.plans.diff import Difference
from portal.services.plans.versions import PlanState, VersionPage, Yes


@dataclass(frozen=True)
class ProposalOutlook:
    """What proposing a draft would come to now."""

    asked: tuple[Yes, ...]
    """Who would be asked, and whose yes stands already."""
    obstacle: InvalidInput | None
    """Why it cannot be proposed."""

    @property
    def have_said_yes(self) -> tuple[Membership, ...]:
        return tuple(yes.member for yes in self.asked if yes.at is not None)

    @property
    def are_missing(self) -> tuple[Membership, ...]:
        return tuple(yes.member for yes in self.asked if yes.at is None)

    def as_proposed(self, page: VersionPage) -> VersionPage:
        """The version as it would be."""
        agreed = bool(self.asked) and not self.are_missing
        return replace(page, state=PlanState.AGREED if agreed else PlanState.PROPOSED, asked=self.asked)


def outlook(ticket: CaseTicket, page: VersionPage) -> ProposalOutlook | None:
    """What proposing this version would come to; None for one that is not a draft with something in it."""
    if page.state is not PlanState.DRAFT or not page.is_written:
        return None
    compartment = definitions.compartment_of(ticket, page.definition.key)
    try:
        asked, obstacle = agreement.must_accept(ticket, page, compartment.id), None
    except InvalidInput as problem:
        asked, obstacle = agreement.would_be_asked(ticket, page), problem
    standing = agreement.standing_yeses(ticket, page, asked)
    lines = [
        Yes(
            member=ticket.members[each],
            at=standing[each].at if each in standing else None,
            noted_by=None,
            before=each in standing,
            how="",
            is_me=each == ticket.membership.id,
        )
        for each in asked
    ]
    return ProposalOutlook(plans.yeses_in_order(lines), obstacle)


def changed_since_my_yes(ticket: CaseTicket, page: VersionPage) -> list[Difference]:
    """For somebody who is asked again: what is different now from the words of this version that they last said yes
    to, to a proposal or in a meeting. Nothing where they never did."""
    if not page.waits_for_me:
        return []
    me = ticket.membership.id
    given = ticket.session.execute(
        select(PlanProposal.revision, PlanAcceptance.created_at)
        .join(PlanProposal, PlanProposal.id == PlanAcceptance.plan_proposal_id)
        .where(*ticket.within(PlanProposal), PlanProposal.plan_version_id == page.id)
        .where(PlanAcceptance.membership_id == me)
        .order_by(PlanAcceptance.created_at.desc())
    ).first()
    before = approvals.read_approvals(ticket, page).earlier.get(me)
    if given is not None:
        before = {**page.answers, **history.ChangesSince(ticket, page.id, given.revision).before}
    return diff.between(page.definition, before, page.answers) if before is not None else []
