"""Between the password and the second factor: ten minutes in which one browser may do that one step, and no more."""

from __future__ import annotations

import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select

from portal import clock
from portal.access.signin.tokens import token_digest
from portal.db import PortalSession
from portal.models import HalfLogin, Person

LASTS = timedelta(minutes=10)


def begin_pending(session: PortalSession, person_id: UUID) -> str:
    """The token for the browser of somebody who has just given the right password."""
    token = secrets.token_urlsafe(32)
    session.add(HalfLogin(token_sha256=token_digest(token), person_id=person_id, started_at=clock.now()))
    return token


def who(session: PortalSession, token: str) -> UUID | None:
    """Whose login with this token still needs its second factor; None when it is unknown, used, too old, or the account
    is closed."""
    now = clock.now()
    return session.scalars(
        select(HalfLogin.person_id)
        .join(Person, Person.id == HalfLogin.person_id)
        .where(HalfLogin.token_sha256 == token_digest(token), Person.closed_at.is_(None))
        .where(HalfLogin.started_at > now - LASTS, HalfLogin.started_at <= now)
    ).one_or_none()


def end_all_pending(session: PortalSession, person_id: UUID) -> None:
    """No login waits for its second factor any more: the second factor was given, or the password is another now."""
    session.execute(delete(HalfLogin).where(HalfLogin.person_id == person_id))


def sweep_pending(session: PortalSession) -> None:
    session.execute(delete(HalfLogin).where(HalfLogin.started_at < clock.now() - LASTS))
