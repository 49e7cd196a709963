"""Signs of life."""

from __future__ import annotations

from sqlalchemy import text

from portal.db import PortalSession


def check_health(session: PortalSession) -> None:
    """Returns when the database answers; its errors pass through."""
    session.execute(text("select 1"))
