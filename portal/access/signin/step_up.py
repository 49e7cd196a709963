"""Step-up: what matters most asks for a proof of who somebody is that is at most ten minutes old.

A sign-in with an eID, a passkey or a second factor is such a proof; afterwards it is given anew. Views say that they
ask for it with `@fresh` (web/guard.py); the person is then led to /step-up and back to what they were doing.
"""

from __future__ import annotations

from datetime import datetime

from portal import audit, clock
from portal.access.actor import Actor
from portal.access.signin import sessions
from portal.access.signin.sessions import Limits
from portal.events import Event


def is_fresh(limits: Limits | None) -> bool:
    """Whether the last strong proof of this session still counts."""
    return limits is not None and limits.fresh_until is not None and clock.now() < limits.fresh_until


def confirm(actor: Actor, method: str, proven_at: datetime | None = None) -> str:
    """Notes the fresh proof somebody has just given (or at `proven_at`, where a provider saw it) and returns the new
    token for their cookie."""
    token = sessions.renew(actor, proven_at)
    audit.record(actor.session, Event.STEPPED_UP, method=method)
    return token
