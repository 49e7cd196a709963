"""The way out to a provider and the way back, tied to one browser: the same for citizens and for staff.

An attempt knows what it was begun for, and since when the person must have identified themselves: what stands in the
address that the browser is sent to can be taken out of it there, so it is a wish, and the answer is what is checked.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import delete, select

from portal import clock
from portal.access.signin.oidc import SKEW, EidRefused, Identity, OidcClient
from portal.access.signin.tokens import token_digest
from portal.db import PortalSession
from portal.models import EidAttempt, Login, ProviderSession
from portal.storage.keys import Keyring
from portal.storage.places import place_in

ATTEMPT_LASTS = timedelta(minutes=10)


@dataclass(frozen=True)
class WayOut:
    """Where to send the browser, and the secret that ties the attempt to it."""

    url: str
    browser_token: str


class Purpose(StrEnum):
    """What a way out is for. An answer to one is never taken for an answer to another."""

    SIGN_IN = "sign_in"
    STEP_UP = "step_up"
    CODE = "code"


@dataclass(frozen=True)
class SignInQuestion:
    """What is asked for beside the provider's own scopes and parameters."""

    national_id: bool = False
    scopes: tuple[str, ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    purpose: Purpose = Purpose.SIGN_IN
    login_id: UUID | None = None
    """The session that a fresh proof is for."""


@dataclass(frozen=True)
class Leaving:
    """A session at a provider that somebody who signs out may want to end too."""

    provider: str
    id_token: str


def begin_sign_in(
    session: PortalSession, client: OidcClient, realm: str, browser_token: str | None, asks: SignInQuestion
) -> WayOut:
    """Prepares a sign-in. `realm` says what kind of provider it is: an answer never crosses from one to the other.

    Raises DependencyUnavailable('eid'), or EidRefused for a provider that cannot be trusted, or that cannot tell when
    somebody identified themselves where that is what is asked.
    """
    provider, now = client.provider, clock.now()
    if asks.purpose is not Purpose.SIGN_IN and not provider.can_prove_anew:
        raise EidRefused("cannot_prove_anew")
    anew = asks.purpose is not Purpose.SIGN_IN or provider.asks_everybody_anew
    wishes = {**dict(asks.parameters), **({"prompt": "login", "max_age": "0"} if anew else {})}
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    browser_token = browser_token or secrets.token_urlsafe(32)
    url = client.authorization_url(state, nonce, verifier, asks.scopes, wishes)
    session.add(
        EidAttempt(
            state_sha256=token_digest(state),
            browser_sha256=token_digest(browser_token),
            provider=f"{realm}:{provider.key}",
            nonce=nonce,
            code_verifier=verifier,
            asks_national_id=asks.national_id,
            started_at=now,
            purpose=asks.purpose.value,
            login_id=asks.login_id,
            anew_since=now if anew else None,
        )
    )
    return WayOut(url, browser_token)


def take_attempt(session: PortalSession, state: str, browser_token: str, provider: str) -> EidAttempt:
    """The attempt this answer belongs to, which is thereby used up. Raises EidRefused('state') for any other.

    `provider` is realm and key.
    """
    attempt = session.execute(
        delete(EidAttempt).where(EidAttempt.state_sha256 == token_digest(state)).returning(EidAttempt)
    ).scalar_one_or_none()
    if (
        attempt is None
        or attempt.provider != provider
        or clock.now() - attempt.started_at > ATTEMPT_LASTS
        or not hmac.compare_digest(attempt.browser_sha256, token_digest(browser_token))
    ):
        raise EidRefused("state")
    return attempt


def redeem(client: OidcClient, begun: EidAttempt, code: str) -> Identity:
    """Who came back. Raises EidRefused for a wrong answer, 'not_anew' for one that does not show that the person
    identified themselves for this attempt, and DependencyUnavailable('eid') for no answer."""
    identity = client.redeem(code, begun.code_verifier, begun.nonce)
    if begun.anew_since is not None:
        shown = identity.authenticated_at
        if shown is None or shown < begun.anew_since - timedelta(seconds=SKEW):
            raise EidRefused("not_anew")
    return identity


def proven_at(identity: Identity) -> datetime | None:
    """Since when what the provider vouches for counts as a proof, for `sessions.start`; never ahead of now."""
    return min(identity.authenticated_at, clock.now()) if identity.authenticated_at else None


def remember(session: PortalSession, keyring: Keyring, token: str, provider: str, identity: Identity) -> None:
    """Keeps the provider's token, sealed, while the session of `token` lasts: signing out there asks for it."""
    login_id = session.scalars(select(Login.id).where(Login.token_sha256 == token_digest(token))).one()
    row = ProviderSession(login_id=login_id, provider=provider)
    row.id_token_sealed = keyring.seal_token(identity.id_token, place_in(row, "id_token"))
    session.add(row)


def leave_for_provider(session: PortalSession, keyring: Keyring, login_id: UUID | None) -> Leaving | None:
    """The provider's token of a session that ends, which is thereby forgotten here."""
    saved = session.execute(
        delete(ProviderSession).where(ProviderSession.login_id == login_id).returning(ProviderSession)
    ).scalar_one_or_none()
    if saved is None:
        return None
    return Leaving(saved.provider, keyring.open_token(saved.id_token_sealed, place_in(saved, "id_token")))


def forget_old(session: PortalSession, session_hours: int) -> None:
    """Removes attempts that were never answered, and tokens of sessions that are over."""
    session.execute(delete(EidAttempt).where(EidAttempt.started_at < clock.now() - ATTEMPT_LASTS))
    over = select(Login.id).where(
        Login.ended_at.is_not(None) | (Login.started_at < clock.now() - timedelta(hours=session_hours))
    )
    session.execute(delete(ProviderSession).where(ProviderSession.login_id.in_(over)))
