"""Versions that are written about a meeting: its checklist and script."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from portal.access.ticket import CaseTicket
from portal.models import Plan, PlanVersion
from portal.services.plans import editing, open_plan, plans


def about(ticket: CaseTicket, tool: str, meeting_id: UUID) -> int | None:
    """The version of a tool that is written about a meeting, if anybody has begun it and this person sees it."""
    found = select(PlanVersion.number).join(Plan, Plan.id == PlanVersion.plan_id).where(*ticket.within(PlanVersion))
    return ticket.session.scalars(found.where(Plan.tool == tool, PlanVersion.meeting_id == meeting_id)).one_or_none()


def begin_about(ticket: CaseTicket, tool: str, meeting_id: UUID, submission: UUID) -> int:
    """The version of a tool that is written about a meeting, begun where nobody has yet; returns its number. It goes on
    from the version before, also where that one was never agreed: each meeting has one of its own."""
    compartment = open_plan.writable(ticket, tool)
    plans.one_at_a_time(ticket, tool)
    page = plans.load(ticket, tool, compartment)
    there = [version for version in page.versions if version.meeting_id == meeting_id] if page else []
    if there:
        return there[0].number
    if page is None:
        return editing.begin_plan(ticket, submission, tool, meeting_id)
    newest = page.newest
    editing.new_version(ticket, ticket.load(Plan, newest.plan_id), newest.number + 1, newest.answers, meeting_id)
    return newest.number + 1
