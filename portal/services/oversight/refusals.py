"""The trace of what was refused."""

from __future__ import annotations

from uuid import UUID

from portal import audit
from portal.access.ticket import CaseTicket
from portal.db import PortalSession
from portal.events import Event
from portal.models import AuditHead


def note_refusal(
    session: PortalSession, case_id: UUID | None, ticket: CaseTicket | None, action: str, reason: str
) -> None:
    """Notes the attempt in the case, where there is one of that id, else among what belongs to no case.

    The same work is done either way, so that the time it takes does not tell which it was.
    """
    if case_id is not None and session.get(AuditHead, case_id) is not None:
        member = ticket.membership.id if ticket else None
        audit.record(session, Event.ACCESS_REFUSED, chain=case_id, membership_id=member, action=action, reason=reason)
    else:
        audit.record(session, Event.STRANGER_REFUSED, action=action)
