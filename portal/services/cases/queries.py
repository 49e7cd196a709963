"""What the front of a case asks, in the bounds of a ticket."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, Uuid, any_, bindparam, false, literal_column, select, true
from sqlalchemy.orm import aliased

from portal.access.policy.roles import Capacity
from portal.access.ticket import bounded
from portal.db import Prepared
from portal.models import Case, Membership, Plan
from portal.services.cases import welcome as case_welcome
from portal.services.consents import noted_by_others
from portal.services.files import queries as files_queries
from portal.services.meetings import heard, schedule
from portal.services.members import handover_answers, team_wishes
from portal.services.messages import unread
from portal.services.oversight.last_look import LAST_LOOK
from portal.services.plans import news as plans_news
from portal.services.plans import objections as plans_objections
from portal.services.plans import plans


class FrontRow(NamedTuple):
    """What there is to show, on every row the same, and one of the newest files; the file's columns are empty in a case
    that has none."""

    plan: bool
    meeting: bool
    owed: bool
    heard: bool
    wishes: bool
    offers: bool
    spoken_for: datetime | None
    last_visit: datetime | None
    put_away: bool
    wrote: bool
    objected: bool
    last_look: list[str] | None
    id: UUID | None
    file_id: UUID | None
    compartment_id: UUID | None
    number: int | None
    name_sealed: bytes | None
    note_sealed: bytes | None
    media_type: str | None
    size: int | None
    scan: str | None
    created_at: datetime | None
    created_by_id: UUID | None
    tool: str | None
    given_id: UUID | None
    given_sealed: bytes | None


def _front_of_a_case(is_guide: bool) -> Select[Any]:
    nothing: ColumnElement[bool] = false()
    wrote, objected = (
        (_is_there(plans_news.WRITTEN), _is_there(plans_objections.OBJECTED)) if is_guide else (nothing, nothing)
    )
    there = select(
        _is_there(select(Plan).where(*bounded(Plan), Plan.tool == bindparam("tool"))).label("plan"),
        _is_there(schedule.AHEAD).label("meeting"),
        _is_there(plans.OWED).label("owed"),
        _is_there(heard.UNANSWERED).label("heard"),
        _is_there(team_wishes.OPEN_WISHES).label("wishes"),
        _is_there(handover_answers.LATELY).label("offers"),
        noted_by_others.NOTED_BY_OTHERS.scalar_subquery().label("spoken_for"),
        unread.LAST_VISIT.scalar_subquery().label("last_visit"),
        _is_there(case_welcome.PUT_AWAY).label("put_away"),
        wrote.label("wrote"),
        objected.label("objected"),
        (literal_column("null") if is_guide else LAST_LOOK).label("last_look"),
    ).subquery("there")
    newest = files_queries.LATEST.subquery("new")
    # Joined to what is always one row: a case without files has a front too.
    rows = select(there, newest).select_from(there.outerjoin(newest, true()))
    return rows.order_by(newest.c.created_at.desc()).limit(bindparam("limit"))


def _is_there(found: Select[Any]) -> ColumnElement[bool]:
    """Whether a statement finds anything, whatever it would say of it and in which order."""
    return found.with_only_columns(literal_column("1")).order_by(None).limit(None).exists()


FRONT = {is_guide: Prepared(_front_of_a_case(is_guide), FrontRow) for is_guide in (True, False)}
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
