"""What consents offers to services/registry.py."""

from __future__ import annotations

from portal.db import PortalSession
from portal.services.consents import reminders


def send_reminders(session: PortalSession) -> int:
    """To whom a consent that ends soon must be brought to mind."""
    return reminders.send_due(session)
