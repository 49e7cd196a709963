"""The history of a version: every saving with its author, and what stood there before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select

from portal import clock
from portal.access.actions import Action
from portal.access.ticket import CaseTicket
from portal.models import Membership, PlanChange, PlanVersion
from portal.services.plans import VersionPage


@dataclass(frozen=True)
class ChangeLine:
    """One saving in the history, newest first."""

    at: datetime
    by: Membership
    kind: str
    words: Mapping[str, tuple[str, str]]
    source: str = "page"
    """'word' for what was put in from a Word file."""


def history(ticket: CaseTicket, version: VersionPage) -> list[ChangeLine]:
    """Every saving of a version, newest first."""
    ticket.require(Action.PLAN_VIEW)
    found = ticket.session.scalars(
        ticket.select(PlanChange)
        .where(PlanChange.plan_version_id == version.id)
        .order_by(PlanChange.revision.desc(), PlanChange.kind)
    )
    return [
        ChangeLine(row.created_at, ticket.members[row.created_by_id], row.kind, _words(ticket, row), row.source)
        for row in found
    ]


def since(ticket: CaseTicket, version_id: UUID, base: int) -> tuple[dict[str, str], dict[str, Membership]]:
    """For every address changed after revision `base`: what stood there then, and who changed it last."""
    before: dict[str, str] = {}
    authors: dict[str, Membership] = {}
    found = (
        select(PlanChange)
        .where(*ticket.within(PlanChange), PlanChange.plan_version_id == version_id, PlanChange.kind == "made")
        .where(PlanChange.revision > base)
        .order_by(PlanChange.revision)
    )
    for row in ticket.session.scalars(found):
        for address, (was, _after) in _words(ticket, row).items():
            before.setdefault(address, was)
            authors[address] = ticket.members[row.created_by_id]
    return before, authors


def remember(
    ticket: CaseTicket,
    version: PlanVersion,
    revision: int,
    kind: str,
    words: Mapping[str, tuple[str, str]],
    source: str = "page",
) -> None:
    """One line of the history: for each address the words before and after. `kind` is made, or aside for words that met
    somebody else's."""
    made = uuid4()
    ticket.session.add(
        PlanChange(
            id=made,
            plan_version_id=version.id,
            case_id=version.case_id,
            compartment_id=version.compartment_id,
            revision=revision,
            kind=kind,
            source=source,
            change_sealed=ticket.keys.seal_text(json.dumps(dict(words)), f"plan_change.words {made}"),
            created_at=clock.now(),
            created_by_id=ticket.membership.id,
        )
    )


def _words(ticket: CaseTicket, row: PlanChange) -> dict[str, tuple[str, str]]:
    found = json.loads(ticket.keys.unseal_text(row.change_sealed, f"plan_change.words {row.id}"))
    return {address: (was, after) for address, (was, after) in found.items()}
