"""Choosing a compartment: every choice says how many people will see it."""

from __future__ import annotations

from uuid import UUID

from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.i18n import said


def shelf_choices(ticket: CaseTicket) -> list[tuple[str, str]]:
    """The compartments this person may write in, in the order of the profile."""
    open_ones = {hatch.key: hatch for hatch in ticket.hatches.values() if hatch.can_write}
    rules = [compartment for compartment in ticket.profile.compartment if compartment.key in open_ones]
    return [(str(open_ones[rule.key].id), said(rule.title)) for rule in rules]


def shelf_of(ticket: CaseTicket, chosen: object) -> UUID:
    """The chosen compartment's id. Raises InvalidInput when none, or one that is not on offer, was chosen."""
    if chosen not in {value for value, _ in shelf_choices(ticket)}:
        raise InvalidInput("compartment", "choice")
    return UUID(str(chosen))
