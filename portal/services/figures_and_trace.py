"""What leaders and auditors see: figures, and when who did what. Never a case.

The database answers from two functions that give out these columns and no others (migration 010), so that nothing else
could be shown here by mistake.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from portal import audit
from portal.access.actions import OfficeAction
from portal.access.ticket import Actor
from portal.events import Event
from portal.text import in_order

FEWEST = 5
"""Fewer cases than this are not told apart: in a small unit a figure would point at somebody."""
PAGE = 200


@dataclass(frozen=True)
class UnitFigures:
    """None where there are some, but fewer than FEWEST."""

    unit_id: UUID
    unit: str
    accounts: int
    cases: int | None
    opened_lately: int | None


@dataclass(frozen=True)
class TraceLine:
    at: datetime
    event: str
    reference: str | None
    """Tells two cases apart and nothing more; None for what belongs to no case."""
    name: str | None
    unit: str | None
    organisation: str | None
    kind: str | None


def figures(actor: Actor) -> list[UnitFigures]:
    """Of the leader's organisation, by unit."""
    actor.require(OfficeAction.FIGURES_VIEW)
    audit.record(actor.session, Event.FIGURES_VIEWED)
    rows = actor.session.execute(text("select unit_id, unit, accounts, cases, opened_lately from my_figures()"))
    return sorted((UnitFigures(*row) for row in rows), key=lambda line: in_order(line.unit))


def trace(actor: Actor, since: datetime, until: datetime) -> list[TraceLine]:
    """The newest PAGE lines of the auditor's organisation: what its staff did, and what was done in its cases."""
    actor.require(OfficeAction.TRACE_VIEW)
    audit.record(actor.session, Event.TRACE_VIEWED)
    asked = text("select at, event, reference, name, unit, organisation, kind from my_trace(:since, :until, :many)")
    rows = actor.session.execute(asked, {"since": since, "until": until, "many": PAGE})
    return [TraceLine(*row) for row in rows]
