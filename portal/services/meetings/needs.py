"""The meetings that somebody is asked to, in all of their cases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, or_, select

from portal import clock
from portal.access.actor import Actor
from portal.db import Prepared
from portal.models import Meeting, MeetingSeat
from portal.services.meetings.schedule import FORGOTTEN
from portal.services.shared.needs import COMING, Need, NeedLine, OwnCases


class MeetingRow(NamedTuple):
    id: UUID
    case_id: UUID
    starts_at: datetime
    begun_at: datetime | None


_MINE = any_(bindparam("mine", type_=ARRAY(Uuid)))
_invited = select(MeetingSeat.meeting_id).where(
    MeetingSeat.meeting_id == Meeting.id, MeetingSeat.invited, MeetingSeat.membership_id == _MINE
)
MEETINGS = Prepared(
    select(Meeting.id, Meeting.case_id, Meeting.starts_at, Meeting.begun_at)
    .where(Meeting.compartment_id == any_(bindparam("open", type_=ARRAY(Uuid))))
    .where(Meeting.called_off_at.is_(None), Meeting.ended_at.is_(None))
    .where(Meeting.starts_at > bindparam("since"), Meeting.starts_at < bindparam("until"))
    .where(or_(_invited.exists(), Meeting.created_by_id == _MINE)),
    MeetingRow,
)
"""Those `:mine` were asked to or called themselves, between two instants."""


def needs_me(actor: Actor, cases: OwnCases) -> Iterator[NeedLine]:
    now = clock.now()
    between = {"since": now - timedelta(days=1), "until": now + timedelta(days=COMING)}
    for row in MEETINGS.ask(actor.session, **cases.bounds, **between):
        case = cases.by_id[row.case_id]
        day = case.day(row.starts_at)
        goes_on = row.begun_at is not None and now - row.begun_at < FORGOTTEN
        if goes_on or day >= case.today:
            why = Need.MEETING_NOW if goes_on else Need.MEETING
            yield NeedLine(row.case_id, why, day, at=row.starts_at, item=str(row.id))
