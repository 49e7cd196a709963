"""What the word processors' links offer to services/registry.py."""

from __future__ import annotations

from portal.db import PortalSession
from portal.services.webdav import links


def sweep(session: PortalSession) -> None:
    links.sweep_dav_links(session)
