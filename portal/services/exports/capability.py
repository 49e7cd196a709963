"""What exports offers to services/registry.py."""

from __future__ import annotations

from portal.db import PortalSession
from portal.services.exports import exports


def sweep(session: PortalSession) -> None:
    exports.sweep_exports(session)
