"""Sending the same form twice does the thing once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from portal import clock
from portal.db import PortalSession
from portal.errors import InvalidInput
from portal.models import Submission


def claim(session: PortalSession, submission_id: UUID, made_id: UUID) -> UUID | None:
    """Notes that this form makes `made_id`. When it was already sent, returns what it made then: the caller goes there
    and does nothing. A second sending that runs at the same time waits here for the first."""
    note = (
        insert(Submission)
        .values(id=submission_id, person_id=session.person_id, made_id=made_id, sent_at=clock.now())
        .on_conflict_do_nothing(index_elements=[Submission.id])
        .returning(Submission.id)
    )
    if session.execute(note).scalar_one_or_none() is not None:
        return None
    earlier = made_before(session, submission_id)
    if earlier is None:
        raise InvalidInput("", "form_stale")
    return earlier


def made_before(session: PortalSession, submission_id: UUID) -> UUID | None:
    """What this form made when it was sent before; None when it was not."""
    return session.scalars(select(Submission.made_id).where(Submission.id == submission_id)).one_or_none()


def sweep(session: PortalSession) -> None:
    """Nobody sends a form again after three days."""
    session.execute(delete(Submission).where(Submission.sent_at < clock.now() - timedelta(days=3)))
