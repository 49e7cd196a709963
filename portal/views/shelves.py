"""Choosing a compartment: every choice says how many people will see it."""

from __future__ import annotations

from uuid import UUID

from wtforms.fields.choices import SelectChoice

from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.i18n import said
from portal.views.asking import choices


def shelf_choices(ticket: CaseTicket) -> list[SelectChoice]:
    """The compartments this person may write in, in the order of the profile."""
    open_ones = {hatch.key: hatch for hatch in ticket.hatches.values() if hatch.can_write}
    rules = [compartment for compartment in ticket.profile.compartment if compartment.key in open_ones]
    return choices(*((str(open_ones[rule.key].id), said(rule.title)) for rule in rules))


def shelf_of(ticket: CaseTicket, chosen: object) -> UUID:
    """The chosen compartment's id. Raises InvalidInput when none, or one that is not on offer, was chosen."""
    if chosen not in {choice.value for choice in shelf_choices(ticket)}:
        raise InvalidInput("compartment", "choice")
    return UUID(str(chosen))
