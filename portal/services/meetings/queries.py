"""What meetings ask, in the bounds of a ticket: each statement is put together once, not on each request."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Select, bindparam, select

from portal.access.ticket import bounded
from portal.models import Heard, Meeting


def _unanswered() -> Select[UUID]:
    said = select(Heard.id).where(Heard.meeting_id == Meeting.id, Heard.created_by_id == bindparam("me"))
    held = select(Meeting.id).where(*bounded(Meeting), Meeting.ended_at >= bindparam("recently"))
    return held.where(~said.exists()).order_by(Meeting.ended_at.desc()).limit(1)


AHEAD = (
    select(Meeting)
    .where(*bounded(Meeting), Meeting.called_off_at.is_(None), Meeting.ended_at.is_(None))
    .where(Meeting.starts_at >= bindparam("today"))
    .order_by(Meeting.begun_at.is_(None), Meeting.starts_at)
    .limit(1)
)
"""The next meeting from `:today` on."""
UNANSWERED = _unanswered()
"""A meeting that ended since `:recently` and that `:me` has not answered about."""
