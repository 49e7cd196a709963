"""What files offers to services/registry.py."""

from __future__ import annotations

from portal.db import PortalSession
from portal.services.files import held_uploads, resumable_uploads


def sweep(session: PortalSession) -> None:
    resumable_uploads.sweep(session)
    held_uploads.sweep(session)
