"""What the capabilities offer to the work that goes over all of them, in the order in which it is done.

Each says so in its `capability.py`; a new one adds its lines here.
"""

from __future__ import annotations

from collections.abc import Callable

from portal.access.signin import capability as signin
from portal.db import PortalSession
from portal.services.consents import capability as consents
from portal.services.exports import capability as exports
from portal.services.files import capability as files
from portal.services.plans import capability as plans
from portal.services.shared import idempotency
from portal.services.webdav import capability as webdav

SWEEPS: tuple[Callable[[PortalSession], None], ...] = (
    signin.sweep,
    files.sweep,
    webdav.sweep,
    exports.sweep,
    idempotency.sweep,
)
"""Delete what is over: half-finished sign-ins, uploads nobody went on with, links and copies whose time has passed."""

REMINDERS: tuple[Callable[[PortalSession], int], ...] = (consents.send_reminders, plans.send_reminders)
"""Queue a mail to whom something must be brought to mind, and say to how many people."""
