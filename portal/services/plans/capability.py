"""What plans offers to services/registry.py."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from portal.access.actor import Actor
from portal.access.ticket import CaseTicket
from portal.db import PortalSession
from portal.services.plans import commitments, needs, plans, queries
from portal.services.plans import news as plans_news
from portal.services.plans import objections as plans_objections
from portal.services.plans.commitments import Commitment
from portal.services.plans.news import News
from portal.services.plans.objections import Objection
from portal.services.shared.front import Front, FrontQuestions, is_there
from portal.services.shared.needs import NeedLine, OwnCases


def send_reminders(session: PortalSession) -> int:
    """To whoever has taken something on."""
    return commitments.send_due(session)


FRONT = FrontQuestions(
    of_all={
        "plan": is_there(queries.PLAN),
        "owed": is_there(queries.OWED),
    },
    of_guide={"wrote": is_there(queries.WRITTEN), "objected": is_there(queries.OBJECTED)},
    values=lambda ticket: {"tool": commitments.TOOL, "young": ticket.young_person.id},
)


@dataclass(frozen=True)
class PlanNews:
    promises: tuple[Commitment, ...]
    """What this person has taken on and not kept yet."""
    news: News | None
    """What the young person has written in the plan, for the guide."""
    objections: tuple[Objection, ...]
    """What people who are asked for a yes want changed, for the guide."""
    plans_ask_me: tuple[str, ...]
    """Tools whose proposal waits for this person's own yes."""


def news(ticket: CaseTicket, front: Front) -> PlanNews:
    """What the front of a case tells of its plans."""
    there = front.there
    return PlanNews(
        promises=tuple(commitments.my_commitments(ticket)) if there.plan else (),
        news=plans_news.news(ticket) if front.is_guide and there.wrote else None,
        objections=tuple(plans_objections.objections(ticket)) if front.is_guide and there.objected else (),
        plans_ask_me=tuple(plans.waiting_for_me(ticket)) if there.owed else (),
    )


def needs_me(actor: Actor, cases: OwnCases) -> Iterator[NeedLine]:
    """Promises that are due, and proposals that wait for a yes."""
    return needs.needs_me(actor, cases)
