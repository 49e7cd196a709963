"""What leaders and auditors see: figures, and when who did what. Never a case.

The database answers from two functions that give out these columns and no others (migrations 020, 056), so that
nothing else could be shown here by mistake.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal import audit
from portal.access.actor import Actor
from portal.access.policy.actions import OfficeAction
from portal.events import Event
from portal.services.oversight import queries
from portal.text import in_order

FEWEST = 5
"""Fewer cases than this are not told apart: in a small unit a figure would point at somebody."""
PAGE = 200
MOST = 20_000
"""Lines that are taken away at once."""


@dataclass(frozen=True)
class AuditFilter:
    """What an auditor asks the trace for. What is empty asks for everything."""

    since: datetime
    until: datetime
    """Not itself among them."""
    who: str = ""
    """Part of the name of one of the staff; citizens have no name here."""
    case: str = ""
    """The reference of a case."""
    events: frozenset[Event] | None = None
    page: int = 1


@dataclass(frozen=True)
class UnitFigures:
    """None where there are some, but fewer than FEWEST."""

    unit_id: UUID
    unit: str
    accounts: int
    cases: int | None
    opened_lately: int | None


@dataclass(frozen=True)
class AuditLine:
    at: datetime
    event: Event
    reference: str | None
    """Tells two cases apart and nothing more; None for what belongs to no case."""
    name: str | None
    unit: str | None
    organisation: str | None
    kind: str | None
    """`staff` or `citizen`; None where nobody was signed in."""


@dataclass(frozen=True)
class AuditPage:
    lines: tuple[AuditLine, ...]
    has_more: bool


def figures(actor: Actor) -> list[UnitFigures]:
    """Of the leader's organisation, by unit."""
    actor.require(OfficeAction.FIGURES_VIEW)
    audit.record(actor.session, Event.FIGURES_VIEWED)
    rows = actor.session.execute(queries.MY_FIGURES)
    return sorted((UnitFigures(*row) for row in rows), key=lambda line: in_order(line.unit))


def audit_page(actor: Actor, wanted: AuditFilter) -> AuditPage:
    """The lines of the auditor's organisation that are asked for, newest first: what its staff did, and what was done
    in its cases."""
    actor.require(OfficeAction.TRACE_VIEW)
    audit.record(actor.session, Event.TRACE_VIEWED)
    lines = _lines(actor, wanted, PAGE + 1, (wanted.page - 1) * PAGE)
    return AuditPage(tuple(lines[:PAGE]), len(lines) > PAGE)


def audit_list(actor: Actor, wanted: AuditFilter) -> list[AuditLine] | None:
    """All lines that are asked for, newest first, to be taken away; None, and nothing given out, for more than MOST."""
    actor.require(OfficeAction.TRACE_VIEW)
    lines = _lines(actor, wanted, MOST + 1, 0)
    if len(lines) > MOST:
        return None
    audit.record(actor.session, Event.TRACE_EXPORTED, lines=len(lines))
    return lines


def _lines(actor: Actor, wanted: AuditFilter, many: int, skip: int) -> list[AuditLine]:
    kinds = None if wanted.events is None else sorted(wanted.events)
    values = {"since": wanted.since, "until": wanted.until, "many": many, "skip": skip}
    rows = actor.session.execute(queries.MY_TRACE, {**values, "who": wanted.who, "case": wanted.case, "kinds": kinds})
    return [AuditLine(at, Event(event), *rest) for at, event, *rest in rows]
