"""What signing in offers to services/registry.py."""

from __future__ import annotations

from portal.access.signin import eid, oidc_flow, passkeys, pending_login, saved_form, throttle
from portal.db import PortalSession


def sweep(session: PortalSession) -> None:
    oidc_flow.forget_old(session, session.info["settings"].session_hours)
    eid.forget_strangers(session)
    saved_form.sweep_saved_forms(session)
    pending_login.sweep_pending(session)
    passkeys.sweep_passkeys(session)
    throttle.sweep_tries(session)
