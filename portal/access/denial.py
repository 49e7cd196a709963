"""What somebody is told to whom a case is shut: why, and whom they can ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from portal import clock
from portal.access.policy.decide import BlockerNote, Contact
from portal.db import PortalSession
from portal.models import AccessNotice, Staff, Unit


@dataclass(frozen=True)
class Denial:
    """What somebody who sees nothing of a case may know of it."""

    notes: tuple[BlockerNote, ...] = ()
    guide: Contact | None = None
    asked_until: datetime | None = None


def load_denial(session: PortalSession, person_id: UUID, case_id: UUID) -> Denial:
    """Why they see nothing just now, whom they can ask (the owner), and whether they are asked."""
    now = clock.now()
    row = session.execute(
        select(AccessNotice.blockers, Staff.name, Unit.name, Staff.phone, AccessNotice.consent_asked_until)
        .join(Staff, Staff.person_id == AccessNotice.owner_id)
        .join(Unit, Unit.id == Staff.unit_id)
        .where(AccessNotice.case_id == case_id, AccessNotice.person_id == person_id)
        .where(AccessNotice.valid_from <= now)
        .where((AccessNotice.valid_until.is_(None)) | (AccessNotice.valid_until > now))
    ).first()
    if row is None:
        return Denial()
    blockers, name, unit, phone, asked_until = row
    notes = tuple(BlockerNote(b["obstacle"], b["giver"]) for b in blockers)
    return Denial(notes, Contact(name, unit, phone), asked_until)
