"""What is done for every capability from time to time. None is named here: see services/registry.py."""

from __future__ import annotations

from portal.db import PortalSession
from portal.services import registry


def sweep(session: PortalSession) -> None:
    """Deletes what is over."""
    for sweep_one in registry.SWEEPS:
        sweep_one(session)


def send_reminders(session: PortalSession) -> int:
    """Queues the reminders that are due, and returns how many people get one."""
    return sum(send(session) for send in registry.REMINDERS)
