"""What plans ask, in the bounds of a ticket: each statement is put together once, not on each request."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import aliased

from portal.access.ticket import bounded
from portal.models import Plan, PlanAcceptance, PlanAsked, PlanChange, PlanObjection, PlanProposal, PlanVersion


def _owed() -> Select[UUID]:
    answered = (
        select(PlanAcceptance.plan_proposal_id)
        .where(PlanAcceptance.plan_proposal_id == PlanAsked.plan_proposal_id)
        .where(PlanAcceptance.membership_id == PlanAsked.membership_id)
    )
    asked = select(PlanAsked.plan_proposal_id).where(*bounded(PlanAsked), PlanAsked.membership_id == bindparam("me"))
    return asked.where(~answered.exists(), PlanAsked.said_id.is_(None), PlanAsked.again_of.is_(None)).limit(1)


def _standing_objections() -> Select[PlanObjection, str]:
    later = aliased(PlanVersion)
    said_yes = select(PlanAcceptance.plan_proposal_id).where(
        PlanAcceptance.plan_proposal_id == PlanObjection.plan_proposal_id,
        PlanAcceptance.membership_id == PlanObjection.created_by_id,
    )
    newer = select(later.id).where(later.plan_id == PlanVersion.plan_id, later.number > PlanVersion.number)
    again = aliased(PlanProposal)
    proposed_again = select(again.id).where(
        again.plan_version_id == PlanProposal.plan_version_id, again.created_at > PlanProposal.created_at
    )
    return (
        select(PlanObjection, Plan.tool)
        .join(PlanProposal, PlanProposal.id == PlanObjection.plan_proposal_id)
        .join(PlanVersion, PlanVersion.id == PlanProposal.plan_version_id)
        .join(Plan, Plan.id == PlanVersion.plan_id)
        .where(*bounded(PlanObjection), PlanProposal.revision == PlanVersion.revision)
        .where(~said_yes.exists(), ~newer.exists(), ~proposed_again.exists())
        .order_by(PlanObjection.created_at.desc())
    )


def _written() -> Select[Any]:
    later = aliased(PlanVersion)
    newer = select(later.id).where(later.plan_id == PlanVersion.plan_id, later.number > PlanVersion.number)
    proposed = select(PlanProposal.id).where(
        PlanProposal.plan_version_id == PlanChange.plan_version_id, PlanProposal.revision >= PlanChange.revision
    )
    return (
        select(PlanChange.id)
        .join(PlanVersion, PlanVersion.id == PlanChange.plan_version_id)
        .join(Plan, Plan.id == PlanVersion.plan_id)
        .where(*bounded(PlanChange), Plan.tool == bindparam("tool"))
        .where(PlanChange.created_by_id == bindparam("young"), PlanChange.kind == "made")
        .where(~newer.exists(), ~proposed.exists())
        .limit(1)
    )


OF_TOOLS = select(Plan).where(*bounded(Plan), Plan.tool.in_(bindparam("tools", expanding=True)))
"""The plans of `:tools`."""
PLAN = select(Plan).where(*bounded(Plan), Plan.tool == bindparam("tool"))
"""The plan of `:tool`."""
OWED = _owed()
"""A proposal that somebody's own yes is asked for and not given to yet."""
OBJECTIONS = _standing_objections()
"""Objections that still stand, newest first, each with its tool."""
OBJECTED = select(PlanObjection.id).where(*bounded(PlanObjection)).limit(1)
"""Whether anybody ever asked for a change, as far as the asker may know."""
WRITTEN = _written()
"""Whether `:young` has written in the newest version of `:tool` since it was proposed."""
