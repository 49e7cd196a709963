"""The way out to a provider and the way back, tied to one browser: the same for citizens and for staff."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select

from portal import clock
from portal.access.signin.oidc import EidRefused, Identity, OidcClient
from portal.db import PortalSession
from portal.models import EidAttempt, Login, ProviderSession
from portal.storage.keys import Keyring

ATTEMPT_LASTS = timedelta(minutes=10)


@dataclass(frozen=True)
class WayOut:
    """Where to send the browser, and the secret that ties the attempt to it."""

    url: str
    browser_token: str


@dataclass(frozen=True)
class Question:
    """What is asked for beside the provider's own scopes and parameters."""

    national_id: bool = False
    scopes: tuple[str, ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Leaving:
    """A session at a provider that somebody who signs out may want to end too."""

    provider: str
    id_token: str


def begin(session: PortalSession, client: OidcClient, realm: str, browser_token: str | None, asks: Question) -> WayOut:
    """Prepares a sign-in. `realm` says what kind of provider it is: an answer never crosses from one to the other.

    Raises NeighbourDown('eid'), or EidRefused for a provider that cannot be trusted.
    """
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    browser_token = browser_token or secrets.token_urlsafe(32)
    url = client.authorization_url(state, nonce, verifier, asks.scopes, dict(asks.parameters))
    session.add(
        EidAttempt(
            state_sha256=digest(state),
            browser_sha256=digest(browser_token),
            provider=f"{realm}:{client.provider.key}",
            nonce=nonce,
            code_verifier=verifier,
            asks_national_id=asks.national_id,
            started_at=clock.now(),
        )
    )
    return WayOut(url, browser_token)


def take_attempt(session: PortalSession, state: str, browser_token: str, provider: str) -> EidAttempt:
    """The attempt this answer belongs to, which is thereby used up. Raises EidRefused('state') for any other.

    `provider` is realm and key.
    """
    attempt = session.execute(
        delete(EidAttempt).where(EidAttempt.state_sha256 == digest(state)).returning(EidAttempt)
    ).scalar_one_or_none()
    if (
        attempt is None
        or attempt.provider != provider
        or clock.now() - attempt.started_at > ATTEMPT_LASTS
        or not hmac.compare_digest(attempt.browser_sha256, digest(browser_token))
    ):
        raise EidRefused("state")
    return attempt


def remember(session: PortalSession, keyring: Keyring, token: str, provider: str, identity: Identity) -> None:
    """Keeps the provider's token, sealed, while the session of `token` lasts: signing out there asks for it."""
    login_id = session.scalars(select(Login.id).where(Login.token_sha256 == digest(token))).one()
    sealed = keyring.seal_token(identity.id_token, _place(login_id))
    session.add(ProviderSession(login_id=login_id, provider=provider, id_token_sealed=sealed))


def leave(session: PortalSession, keyring: Keyring, login_id: UUID | None) -> Leaving | None:
    """The provider's token of a session that ends, which is thereby forgotten here."""
    kept = session.execute(
        delete(ProviderSession).where(ProviderSession.login_id == login_id).returning(ProviderSession)
    ).scalar_one_or_none()
    if kept is None:
        return None
    return Leaving(kept.provider, keyring.open_token(kept.id_token_sealed, _place(kept.login_id)))


def forget_old(session: PortalSession, session_hours: int) -> None:
    """Removes attempts that were never answered, and tokens of sessions that are over."""
    session.execute(delete(EidAttempt).where(EidAttempt.started_at < clock.now() - ATTEMPT_LASTS))
    over = select(Login.id).where(
        Login.ended_at.is_not(None) | (Login.started_at < clock.now() - timedelta(hours=session_hours))
    )
    session.execute(delete(ProviderSession).where(ProviderSession.login_id.in_(over)))


def digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _place(login_id: UUID) -> str:
    return f"id token {login_id}"
