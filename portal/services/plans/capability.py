"""What plans offers to services/registry.py."""

from __future__ import annotations

from portal.db import PortalSession
from portal.services.plans import commitments


def send_reminders(session: PortalSession) -> int:
    """To whoever has taken something on."""
    return commitments.send_due(session)
