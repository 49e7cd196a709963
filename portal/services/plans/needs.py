"""What the plans of all of somebody's cases need of them: promises that are due, and proposals that wait for their yes.

Nothing that was written is read for it: who promised something by which day, and who is asked, lie in clear.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Select, Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from portal import clock
from portal.access.actor import Actor
from portal.db import Prepared
from portal.models import Plan, PlanAcceptance, PlanAsked, PlanProposal, PlanReminder, PlanVersion
from portal.services.plans.commitments import DAYS_BEFORE
from portal.services.shared.needs import COMING, Need, NeedLine, OwnCases

_OPEN = any_(bindparam("open", type_=ARRAY(Uuid)))
_MINE = any_(bindparam("mine", type_=ARRAY(Uuid)))


class PromiseRow(NamedTuple):
    case_id: UUID
    due_at: datetime


class ProposalRow(NamedTuple):
    case_id: UUID
    tool: str
    created_at: datetime


def _promises() -> Select[Any]:
    """A promise that stands in the version in force and in one that is proposed is one promise: the later wording."""
    promise = (PlanReminder.plan_id, PlanReminder.row_key, PlanReminder.membership_id)
    latest = (
        select(PlanReminder.case_id, PlanReminder.due_at)
        .join(PlanVersion, PlanVersion.id == PlanReminder.plan_version_id)
        .where(PlanReminder.membership_id == _MINE, PlanReminder.compartment_id == _OPEN)
        .where(PlanReminder.settled_at.is_(None))
        .ext(distinct_on(*promise))
        .order_by(*promise, PlanVersion.number.desc())
        .subquery()
    )
    return select(latest).where(latest.c.due_at < bindparam("until"))


def _proposals() -> Select[UUID, str, datetime]:
    """Of the newest version of each plan the latest proposal, unless its words were changed since."""
    later, newer = aliased(PlanProposal), aliased(PlanVersion)
    again = select(later.id).where(
        later.plan_version_id == PlanProposal.plan_version_id, later.created_at > PlanProposal.created_at
    )
    version = select(newer.id).where(newer.plan_id == PlanVersion.plan_id, newer.number > PlanVersion.number)
    answered = select(PlanAcceptance.plan_proposal_id).where(
        PlanAcceptance.plan_proposal_id == PlanAsked.plan_proposal_id,
        PlanAcceptance.membership_id == PlanAsked.membership_id,
    )
    return (
        select(PlanAsked.case_id, Plan.tool, PlanProposal.created_at)
        .join(PlanProposal, PlanProposal.id == PlanAsked.plan_proposal_id)
        .join(PlanVersion, PlanVersion.id == PlanProposal.plan_version_id)
        .join(Plan, Plan.id == PlanVersion.plan_id)
        .where(PlanAsked.membership_id == _MINE, PlanAsked.compartment_id == _OPEN)
        .where(PlanAsked.said_id.is_(None), PlanAsked.again_of.is_(None), ~answered.exists())
        .where(PlanProposal.revision == PlanVersion.revision, ~again.exists(), ~version.exists())
    )


PROMISES = Prepared(_promises(), PromiseRow)
"""What `:mine` have promised and not kept, to be reminded of before `:until`."""
PROPOSALS = Prepared(_proposals(), ProposalRow)
"""What waits for the yes of `:mine`."""


def needs_me(actor: Actor, cases: OwnCases) -> Iterator[NeedLine]:
    until = clock.now() + timedelta(days=COMING - DAYS_BEFORE)
    for promise in PROMISES.ask(actor.session, **cases.bounds, until=until):
        due = cases.by_id[promise.case_id].day(promise.due_at) + timedelta(days=DAYS_BEFORE)
        yield NeedLine(promise.case_id, Need.PROMISE, due)
    for asked in PROPOSALS.ask(actor.session, **cases.bounds):
        since = cases.by_id[asked.case_id].day(asked.created_at)
        yield NeedLine(asked.case_id, Need.PLAN_YES, since, item=asked.tool)
