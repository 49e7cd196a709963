"""Which compartments are open to a person now: of one case, and of all their cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from portal import clock
from portal.access import queries
from portal.access.actor import Actor
from portal.access.policy.roles import Level
from portal.tools.profile import Profile, ProfileCompartment


@dataclass(frozen=True)
class OpenCompartment:
    """An open compartment, as one person has it."""

    id: UUID
    key: str
    can_write: bool
    since: datetime
    confidant_id: UUID | None = None
    """Of what the young person and one guide share alone: that guide's membership."""


def admission(actor: Actor, windows: Sequence[Any]) -> dict[UUID, OpenCompartment]:
    """Wall one, first half: of the open windows of a case, the person's own."""
    return {
        row.compartment_id: OpenCompartment(
            row.compartment_id, row.key, row.can_write, row.valid_from, row.confidant_id
        )
        for row in windows
        if row.person_id == actor.person_id
    }


def without_eid(
    compartments: Mapping[UUID, OpenCompartment], rules: Profile
) -> tuple[dict[UUID, OpenCompartment], tuple[ProfileCompartment, ...]]:
    """What of it is open to a citizen who has not shown their eID in this session, and what is closed until they do."""
    closed = {rule.key: rule for rule in rules.compartment if rule.asks_for_eid}
    still_open = {one.id: one for one in compartments.values() if one.key not in closed}
    return still_open, tuple(closed[one.key] for one in compartments.values() if one.key in closed)


def level_of(compartments: Mapping[UUID, OpenCompartment]) -> Level:
    if not compartments:
        return Level.NONE
    return Level.WRITE if any(compartment.can_write for compartment in compartments.values()) else Level.READ


def open_compartments(actor: Actor) -> dict[UUID, UUID]:
    """Wall one for lists across cases: every compartment that is open to the person now, with its case."""
    found = queries.OPEN_TO.ask(actor.session, person=actor.person_id, now=clock.now())
    return {row.compartment_id: row.case_id for row in found}
