"""What leaders and auditors ask: functions of the database that give out these columns and no more. And who looked
last, for the family's front of a case."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ARRAY, Boolean, String, Uuid, any_, bindparam, case, func, literal, select, text
from sqlalchemy.orm import aliased

from portal.events import Event
from portal.models import AuditEvent, Membership
from portal.services.oversight.case_log import BETWEEN_TWO, LOOKS

MY_FIGURES = text("select unit_id, unit, accounts, cases, opened_lately from my_figures()")
"""The figures of each unit that a leader answers for."""
MY_TRACE = text(
    """select at, event, reference, name, unit, organisation, kind
       from my_trace(:since, :until, :many, :skip, :who, :case, cast(:kinds as text[]))"""
)
"""Lines of the audit trail, as far as an auditor may read them."""

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
