"""Who of the professionals looked at a case last, for the family's front of it; the log tells the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.access.ticket import CaseTicket
from portal.services.oversight import log_lines
from portal.services.oversight.log_lines import Named


@dataclass(frozen=True)
class LastLook:
    at: datetime
    who: Named


def look(ticket: CaseTicket, found: list[str] | None) -> LastLook | None:
    """What `queries.LAST_LOOK` found, with the name or only the place, as the log tells it to this reader."""
    who = log_lines.named(ticket, UUID(found[1])) if found else None
    return LastLook(datetime.fromisoformat(found[0]), who) if found and who and who.is_known else None
