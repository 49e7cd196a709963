"""What the young person has written in the plan that nobody has been asked about yet: told to everybody who reads it,
and on the front of the case to the guide, with what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from portal.access.ticket import CaseTicket
from portal.errors import NotFound
from portal.models import PlanChange, PlanProposal
from portal.services.plans import definitions, history, plans
from portal.services.plans.commitments import TOOL
from portal.services.plans.versions import PlanState, VersionPage

GOALS = "goals"
"""The section whose new rows are told of as such."""
_MOST = 300
"""Savings that are looked through for new goals: a page that saves by itself leaves many."""


@dataclass(frozen=True)
class News:
    at: datetime
    """When the young person wrote last."""
    goals: tuple[str, ...]
    """The goals that are new, as they read now; none where something else was written."""
    is_mine: bool
    version: VersionPage


def of_version(ticket: CaseTicket, this: VersionPage) -> News | None:
    """What the young person wrote in a draft since it was proposed last, or since it was begun."""
    if this.state is not PlanState.DRAFT or this.definition.key != TOOL:
        return None
    proposed = select(func.coalesce(func.max(PlanProposal.revision), -1)).where(
        *ticket.within(PlanProposal), PlanProposal.plan_version_id == this.id
    )
    lines = ticket.session.scalars(
        ticket.select(PlanChange)
        .where(PlanChange.plan_version_id == this.id, PlanChange.created_by_id == ticket.young_person.id)
        .where(PlanChange.kind == "made", PlanChange.revision > proposed.scalar_subquery())
        .order_by(PlanChange.revision.desc())
        .limit(_MOST)
    ).all()
    if not lines:
        return None
    section = this.definition.section_of(GOALS)
    headline = section.headline.key if section else ""
    begun = {address for line in lines for address in history.begun_in(ticket, line)}
    places = {f"{GOALS}.{row}.{headline}" for row in this.rows(GOALS)} if section else set()
    words = tuple(this.answers[address] for address in sorted(places & begun) if this.answers.get(address))
    return News(lines[0].created_at, words, ticket.membership.id == ticket.young_person.id, this)


def news(ticket: CaseTicket) -> News | None:
    """The same of the plan's newest version. None also for whoever does not see the plan."""
    try:
        page = plans.load(ticket, TOOL, definitions.compartment_of(ticket, TOOL))
    except NotFound:
        return None
    return of_version(ticket, page.newest) if page else None
