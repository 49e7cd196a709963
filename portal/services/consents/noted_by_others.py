"""What others did in somebody's name: told to that somebody, on the front of their case, until they have looked.

Not everybody has an eID, so the guide may note a consent that was given on paper or aloud, and take one back on its
giver's word. Whoever signs in reads it themselves; that they have looked is in the trace already.
"""

from __future__ import annotations

from datetime import datetime

from portal.access.ticket import CaseTicket
from portal.services.consents import queries


def is_news(ticket: CaseTicket, noted_at: datetime | None) -> bool:
    """Whether this person has not looked at their own answers since somebody else last noted one in their name."""
    if noted_at is None:
        return False
    looked = ticket.session.scalars(queries.LOOKED, ticket.bounds).one()
    return looked is None or looked < noted_at
