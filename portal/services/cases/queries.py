"""What the front of a case asks, in the bounds of a ticket."""

from __future__ import annotations

from collections import namedtuple
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, Uuid, any_, bindparam, false, select, true
from sqlalchemy.orm import aliased

from portal.access.policy.roles import Capacity
from portal.db import Prepared
from portal.events import Event
from portal.models import AuditEvent, Case, Membership
from portal.services import registry
from portal.services.files import queries as files_queries
from portal.services.shared.front import is_there

_line = aliased(AuditEvent, name="e")
PUT_AWAY = select(_line.seq).where(
    _line.chain_id == bindparam("case"),
    _line.actor_id == bindparam("person"),
    _line.event == Event.WELCOME_READ.value,
)
"""Whether the person has had it put away; by the index `ix_audit_event_reading`."""


def _front_of_a_case(is_guide: bool) -> Select[Any]:
    """What there is to show, on every row the same, and one of the newest files; the file's columns are empty in a case
    that has none."""
    asked: dict[str, ColumnElement[Any]] = {"put_away": is_there(PUT_AWAY)}
    for questions in registry.FRONT:
        asked |= questions.of_all
        asked |= questions.of_guide if is_guide else dict.fromkeys(questions.of_guide, false())
    there = select(*(value.label(name) for name, value in asked.items())).subquery("there")
    newest = files_queries.LATEST.subquery("new")
    # Joined to what is always one row: a case without files has a front too.
    rows = select(there, newest).select_from(there.outerjoin(newest, true()))
    return rows.order_by(newest.c.created_at.desc()).limit(bindparam("limit"))


def _prepared(statement: Select[Any]) -> Prepared[Any]:
    """Its row has the names that the capabilities gave, and the columns of a file."""
    return Prepared(statement, namedtuple("FrontRow", statement.selected_columns.keys()))


FRONT = {is_guide: _prepared(_front_of_a_case(is_guide)) for is_guide in (True, False)}
"""The guide's own, and everybody else's."""


class OpenCase(NamedTuple):
    """A case in the list of one's own, by the names of the young person and the guide."""

    id: UUID
    birth_date: date
    profile: str
    display_name: str
    guide: str
    guide_id: UUID
    young_person_id: UUID
    membership_id: UUID
    """One's own."""
    capacity: str


_young, _owner, _own = aliased(Membership), aliased(Membership), aliased(Membership)
OPEN_CASES = Prepared(
    select(Case.id, Case.birth_date, Case.profile, _young.display_name, _owner.display_name.label("guide"))
    .add_columns(_owner.person_id.label("guide_id"), _young.id.label("young_person_id"))
    .add_columns(_own.id.label("membership_id"), _own.capacity)
    .join(_young, (_young.case_id == Case.id) & (_young.capacity == Capacity.YOUNG_PERSON.value))
    .join(_owner, (_owner.case_id == Case.id) & (_owner.capacity == Capacity.OWNER.value))
    .join(_own, (_own.case_id == Case.id) & (_own.person_id == bindparam("person")))
    .where(Case.id == any_(bindparam("cases", type_=ARRAY(Uuid)))),
    OpenCase,
)
