"""Choosing a compartment: every choice says how many people will see it."""

from __future__ import annotations

from uuid import UUID

from wtforms.fields.choices import SelectChoice

from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.web import case_words
from portal.web.forms import choices


def compartment_choices(ticket: CaseTicket) -> list[SelectChoice]:
    """The compartments this person may write in, in the order of the profile."""
    open_ones = [compartment for compartment in case_words.in_order(ticket) if compartment.can_write]
    return choices(*((str(compartment.id), case_words.title_of(compartment.key)) for compartment in open_ones))


def compartment_of(ticket: CaseTicket, chosen: object) -> UUID:
    """The chosen compartment's id. Raises InvalidInput when none, or one that is not on offer, was chosen."""
    if chosen not in {choice.value for choice in compartment_choices(ticket)}:
        raise InvalidInput("compartment", "choice")
    return UUID(str(chosen))
