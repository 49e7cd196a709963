"""What the page *Plan* begins with: the goals, what is promised, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import NotFound
from portal.events import Event
from portal.services.plans import commitments, definitions, plans
from portal.services.plans import news as plans_news
from portal.services.plans.commitments import TOOL, Commitment
from portal.services.plans.news import GOALS, News
from portal.services.plans.versions import PlanPage


@dataclass(frozen=True)
class Goal:
    row: str
    words: str
    closed: bool


@dataclass(frozen=True)
class PlanFront:
    can_write: bool
    page: PlanPage | None
    """The goal and agreement schema; None where nobody has begun it."""
    goals: tuple[Goal, ...]
    """Those of its newest version, with words in them; what is reached or dropped comes last."""
    promises: tuple[Commitment, ...]
    """What is promised and not kept yet: one's own first, then the professionals'."""
    news: News | None


def front(ticket: CaseTicket) -> PlanFront | None:
    """None for whoever does not see the schema."""
    ticket.require(Action.PLAN_VIEW)
    try:
        compartment = definitions.compartment_of(ticket, TOOL)
    except NotFound:
        return None
    can_write = compartment.can_write and ticket.allows(Action.PLAN_WRITE)
    page = plans.load(ticket, TOOL, compartment)
    if page is None:
        return PlanFront(can_write, None, (), (), None)
    ticket.record(Event.PLAN_OPENED, compartment.id, page.newest.plan_id)
    open_ones = [promise for promise in commitments.counting(ticket, page) if promise.is_open]
    mine_first = sorted(open_ones, key=lambda promise: not promise.is_mine)
    return PlanFront(can_write, page, _goals(page), tuple(mine_first), plans_news.of_version(ticket, page.newest))


def _goals(page: PlanPage) -> tuple[Goal, ...]:
    newest, section = page.newest, page.newest.definition.section_of(GOALS)
    if section is None:
        return ()
    found = [
        Goal(row, words, plans.is_closed(newest, section, row))
        for row in newest.rows(GOALS)
        if (words := newest.answers.get(f"{GOALS}.{row}.{section.headline.key}", ""))
    ]
    return tuple(sorted(found, key=lambda goal: goal.closed))
