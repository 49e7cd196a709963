"""What signing in offers to services/registry.py."""

from __future__ import annotations

from portal.access.signin import eid, oidc_flow, passkeys, pending_login, saved_form, throttle
from portal.db import PortalSession


def sweep(session: PortalSession) -> None:
    oidc_flow.forget_old(session, session.info["settings"].session_hours)
    eid.forget_strangers(session)
    for part in (saved_form, pending_login, passkeys, throttle):
        part.sweep(session)
