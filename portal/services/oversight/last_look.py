"""Who of the professionals looked at a case last, for the family's front of it; the log tells the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, String, Uuid, any_, bindparam, case, func, literal, select
from sqlalchemy.orm import aliased

from portal.access.ticket import CaseTicket
from portal.events import Event
from portal.models import AuditEvent, Membership
from portal.services.oversight import log_lines
from portal.services.oversight.case_log import BETWEEN_TWO, LOOKS
from portal.services.oversight.log_lines import Named

_line, _who = aliased(AuditEvent, name="l"), aliased(Membership, name="lm")
_NO_LOOKS = (Event.ACCESS_REFUSED, Event.ACCESS_EXPLAINED)
_TOLD = [event.value for event in LOOKS if event not in (*BETWEEN_TWO, *_NO_LOOKS)]
_newest = (
    select(func.jsonb_build_array(_line.at, _line.membership_id))
    .join(_who, (_who.id == _line.membership_id) & _who.unit_id.is_not(None))
    .where(_line.chain_id == bindparam("case"), _line.event == any_(literal(_TOLD, ARRAY(String))))
    .where(_line.compartment_id.is_(None) | (_line.compartment_id == any_(bindparam("open", type_=ARRAY(Uuid)))))
    .order_by(_line.seq.desc())
    .limit(1)
)
LAST_LOOK: Any = case((bindparam("is_citizen", type_=Boolean), _newest.scalar_subquery()), else_=None)
"""When and by which member, for citizens; a part of the statement that the front of a case asks anyway."""


@dataclass(frozen=True)
class Look:
    at: datetime
    who: Named


def look(ticket: CaseTicket, found: list[str] | None) -> Look | None:
    """What `LAST_LOOK` found, with the name or only the place, as the log tells it to this reader."""
    who = log_lines.named(ticket, UUID(found[1])) if found else None
    return Look(datetime.fromisoformat(found[0]), who) if found and who and who.is_known else None
