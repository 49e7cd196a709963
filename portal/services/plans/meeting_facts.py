"""What the meeting that a version is written about says of itself: typed once, where the meeting is planned and
held."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from portal.access.ticket import CaseTicket
from portal.models import Meeting, MeetingSeat
from portal.tools.definition import OfMeeting

Told = dict[OfMeeting, str]
"""As it would be answered. What a meeting does not know of itself is not in it, and is asked."""


def told(ticket: CaseTicket, meetings: Collection[UUID]) -> dict[UUID, Told]:
    """What each of these meetings says, as far as this person may know of it. Two queries."""
    every = ticket.session.scalars(ticket.select(Meeting).where(Meeting.called_off_at.is_(None))).all()
    wanted = select(MeetingSeat).where(*ticket.within(MeetingSeat), MeetingSeat.meeting_id.in_(meetings))
    present: dict[UUID, set[UUID]] = {}
    for seat in ticket.session.scalars(wanted.where(MeetingSeat.present)):
        present.setdefault(seat.meeting_id, set()).add(seat.membership_id)
    found = {}
    for row in every:
        if row.id not in meetings:
            continue
        after = [each for each in every if each.begun_at is None and each.starts_at > _held_at(row)]
        following = min((each for each in after if each.id != row.id), key=_held_at, default=None)
        there = present.get(row.id, set())
        said: Told = {
            OfMeeting.DAY: _day(ticket, _held_at(row)),
            # In the order of everybody in the case, as such an answer is kept.
            OfMeeting.PRESENT: " ".join(str(member) for member in ticket.members if member in there),
        }
        if row.begun_at is None or row.begun_by_id is not None:
            said[OfMeeting.CHAIR] = str(row.begun_by_id or "")
        if place := _place(ticket, row):
            said[OfMeeting.PLACE] = place
        if following is not None:
            said[OfMeeting.NEXT_DAY] = _day(ticket, following.starts_at)
            if place := _place(ticket, following):
                said[OfMeeting.NEXT_PLACE] = place
        found[row.id] = said
    return found


def _held_at(row: Meeting) -> datetime:
    return row.begun_at or row.starts_at


def _day(ticket: CaseTicket, at: datetime) -> str:
    return at.astimezone(ticket.profile.zone).date().isoformat()


def _place(ticket: CaseTicket, row: Meeting) -> str:
    return ticket.unseal(row, "place")
