"""A citizen's own phone: a passkey that their eID vouches for, on the one browser where it was bound.

It signs in to read and to write. It is no fresh proof (step_up), so consent and whatever else weighs much asks for the
eID; and compartments that the profile says so of stay closed until the eID was shown in that session. After the
profile's `phone_days` since the eID was last shown on that phone it signs in no more. A passkey that a phone's maker
copies to other devices of its owner works on none of them: each is bound by itself.

How far this may stand for the eID is for the municipality to judge (docs/own-phone.md, NSIS section 3.1).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update

from portal import audit, clock, locks
from portal.access.actor import Actor
from portal.access.signin.tokens import token_digest
from portal.db import PortalSession
from portal.errors import InvalidInput
from portal.events import Event
from portal.locks import Lock
from portal.models import EidLink, Passkey
from portal.settings import Settings
from portal.tools.profile import profile


@dataclass(frozen=True)
class Phone:
    """A phone that signs in as its owner, as the owner sees it."""

    id: UUID
    name: str
    bound_at: datetime
    used_at: datetime | None
    ends_at: datetime
    """From then on it asks for the eID once more."""
    is_here: bool


def lasts(settings: Settings) -> timedelta:
    """How long after the eID was shown; nothing where the municipality does not want phones to sign in."""
    return timedelta(days=profile(settings.profile).phone_days)


def is_offered(settings: Settings) -> bool:
    return lasts(settings) > timedelta()


def phones(actor: Actor, browser: str) -> Sequence[Phone]:
    """Those of whoever asks; `browser` is the token of the one they ask from."""
    rows = actor.session.scalars(
        select(Passkey)
        .where(Passkey.person_id == actor.person_id, Passkey.eid_link_id.is_not(None))
        .order_by(Passkey.made_at)
    )
    here, most = token_digest(browser), lasts(actor.session.info["settings"])
    return [
        Phone(row.id, row.name, row.made_at, row.used_at, row.proven_at + most, row.browser_sha256 == here)
        for row in rows
        if row.proven_at is not None
    ]


def is_bound(session: PortalSession, settings: Settings, browser: str) -> bool:
    """Whether somebody's own phone is at the sign-in page, so that it offers itself."""
    if not browser or not is_offered(settings):
        return False
    mine = select(Passkey.id).where(Passkey.browser_sha256 == token_digest(browser))
    return session.scalars(mine.where(Passkey.proven_at > clock.now() - lasts(settings)).limit(1)).first() is not None


def bind(actor: Actor, credential_id: bytes) -> str:
    """Binds the passkey that was just made to the browser it was made in; returns the token the browser is known by."""
    token = secrets.token_urlsafe(32)
    mine = update(Passkey).where(Passkey.credential_id == credential_id, Passkey.person_id == actor.person_id)
    actor.session.execute(
        mine.values(eid_link_id=actor.eid_link_id, browser_sha256=token_digest(token), proven_at=clock.now())
    )
    return token


def let_in(session: PortalSession, settings: Settings, key_id: UUID, browser: str) -> UUID:
    """By which eID the owner of this passkey comes in. Raises InvalidInput on another device than its own, when the eID
    was shown too long ago or has ended, and where phones do not sign in."""
    key = session.get_one(Passkey, key_id)
    link = session.get(EidLink, key.eid_link_id)
    is_over = link is None or link.ended_at is not None or not _counts(key, settings)
    if is_over or link is None or key.browser_sha256 != token_digest(browser):
        reason = "phone_ended" if is_over else "phone_unknown"
        audit.record(session, Event.SIGN_IN_REFUSED, method="passkey", reason=reason)
        raise InvalidInput("", reason)
    return link.id


def _counts(key: Passkey, settings: Settings) -> bool:
    return key.proven_at is not None and clock.now() < key.proven_at + lasts(settings)


def show_eid(session: PortalSession, eid_link_id: UUID, browser: str) -> None:
    """The eID was shown on this browser: its phone signs in for as long again."""
    if browser:
        bound = (Passkey.eid_link_id == eid_link_id, Passkey.browser_sha256 == token_digest(browser))
        session.execute(update(Passkey).where(*bound).values(proven_at=clock.now()))


def remove(actor: Actor, phone_id: UUID) -> None:
    """From now on it signs in no more. It may be gone already."""
    locks.hold(actor.session, Lock.ACCOUNT, actor.person_id)
    mine = (Passkey.id == phone_id, Passkey.person_id == actor.person_id, Passkey.eid_link_id.is_not(None))
    if actor.session.execute(delete(Passkey).where(*mine).returning(Passkey.id)).first():
        audit.record(actor.session, Event.FACTOR_REMOVED, item_id=actor.person_id, method="passkey")
