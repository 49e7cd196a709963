"""Signing in with a national eID: the way out, the way back, and who it turns out to be.

Nobody becomes a user here by signing in. A person is recognised by (issuer, subject) once they have been here; the
first time by the keyed hash of their national id, or by a code their guide gave them.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from portal import audit, clock
from portal.access.signin.oidc import EidRefused, Identity, OidcClient
from portal.audit import Event
from portal.cpr import Cpr
from portal.db import PortalSession
from portal.errors import InvalidInput
from portal.models import EidAttempt, EidLink, InvitationCode, NationalId, Person
from portal.settings import EidProvider, Settings
from portal.storage.keys import Keyring

ATTEMPT_LASTS = timedelta(minutes=10)
_ABORTED = {"access_denied", "mitid_user_aborted", "user_aborted", "cancelled"}


@dataclass(frozen=True)
class WayOut:
    """Where to send the browser, and the secret that ties the attempt to it."""

    url: str
    browser_token: str


@dataclass(frozen=True)
class Recognised:
    person_id: UUID


@dataclass(frozen=True)
class NeedsNationalId:
    """Known to the eID, not yet here: asking for the national id once may tell who it is."""


@dataclass(frozen=True)
class Stranger:
    """Nobody this portal knows; a code from a guide may change that."""

    issuer: str
    subject: str


def begin(
    session: PortalSession, client: OidcClient, browser_token: str | None, national_id: bool, anew: bool = False
) -> WayOut:
    """Prepares a sign-in, or with `anew` a fresh proof by somebody signed in. Raises NeighbourDown('eid')."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    browser_token = browser_token or secrets.token_urlsafe(32)
    provider = client.provider
    scopes = provider.scopes + (provider.national_id_scopes if national_id else ())
    url = client.authorization_url(state, nonce, verifier, scopes, anew)
    session.add(
        EidAttempt(
            state_sha256=_digest(state),
            browser_sha256=_digest(browser_token),
            provider=provider.key,
            nonce=nonce,
            code_verifier=verifier,
            asks_national_id=national_id,
            started_at=clock.now(),
        )
    )
    return WayOut(url, browser_token)


def take_attempt(session: PortalSession, state: str, browser_token: str, provider: str) -> EidAttempt:
    """The attempt this answer belongs to, which is thereby used up. Raises EidRefused('state') for any other."""
    attempt = session.execute(
        delete(EidAttempt).where(EidAttempt.state_sha256 == _digest(state)).returning(EidAttempt)
    ).scalar_one_or_none()
    if (
        attempt is None
        or attempt.provider != provider
        or clock.now() - attempt.started_at > ATTEMPT_LASTS
        or not hmac.compare_digest(attempt.browser_sha256, _digest(browser_token))
    ):
        raise EidRefused("state")
    return attempt


def check_answer(provider: EidProvider, error: str | None, issuer: str | None) -> None:
    """Raises EidRefused when the provider says no, or the answer names another issuer (RFC 9207)."""
    if error is not None:
        raise EidRefused("aborted" if error in _ABORTED else "provider")
    if issuer is not None and issuer.rstrip("/") != provider.issuer_url:
        raise EidRefused("issuer")


def check_person(identity: Identity, provider: EidProvider, settings: Settings) -> None:
    """Raises EidRefused for too low a level of assurance, or somebody younger than the portal allows."""
    if identity.claims.get(provider.level_claim) not in provider.levels_accepted:
        raise EidRefused("level")
    born = _birth_date(identity.claims.get(provider.birth_date_claim))
    if born is not None and clock.age_on(born, clock.now().date()) < settings.minimum_age:
        raise EidRefused("age")


def recognise(
    session: PortalSession, keyring: Keyring, identity: Identity, provider: EidProvider, asked_national_id: bool
) -> Recognised | NeedsNationalId | Stranger:
    """Who this is here."""
    linked = session.get(EidLink, (identity.issuer, identity.subject))
    if linked is not None:
        return Recognised(linked.person_id)
    if not asked_national_id and provider.national_id_scopes:
        return NeedsNationalId()
    number = identity.claims.get(provider.national_id_claim)
    person_id = _by_national_id(session, keyring, number) if isinstance(number, str) else None
    if person_id is None:
        return Stranger(identity.issuer, identity.subject)
    link(session, identity.issuer, identity.subject, person_id)
    return Recognised(person_id)


def redeem_code(session: PortalSession, keyring: Keyring, stranger: Stranger, code: str) -> UUID:
    """The person a guide's code stands for; the code is used up. Raises InvalidInput when it opens nothing."""
    value = keyring.match_value("invitation-code", normal_code(code))
    found = session.scalars(
        select(InvitationCode)
        .where(InvitationCode.match_value == value, InvitationCode.used_at.is_(None))
        .with_for_update()
    ).one_or_none()
    if found is None or found.expires_at <= clock.now():
        audit.record(session, Event.SIGN_IN_REFUSED, method="code", reason="unknown")
        raise InvalidInput("code", "unknown")
    found.used_at = clock.now()
    link(session, stranger.issuer, stranger.subject, found.person_id)
    return found.person_id


def link(session: PortalSession, issuer: str, subject: str, person_id: UUID) -> None:
    session.add(EidLink(issuer=issuer, subject=subject, person_id=person_id, linked_at=clock.now()))
    audit.record(session, Event.EID_LINKED, item_id=person_id)


def is_closed(session: PortalSession, person_id: UUID) -> bool:
    return session.scalars(select(Person.closed_at).where(Person.id == person_id)).one() is not None


def normal_code(code: str) -> str:
    """A code as it is compared: people type it from paper, with spaces, hyphens and small letters."""
    return "".join(character for character in code.upper() if character.isalnum())[:40]


def _by_national_id(session: PortalSession, keyring: Keyring, number: str) -> UUID | None:
    try:
        cpr = Cpr.parse(number, clock.now().date())
    except ValueError:
        return None
    value = keyring.match_value("dk-cpr", cpr.number)
    return session.scalars(select(NationalId.person_id).where(NationalId.match_value == value)).one_or_none()


def _birth_date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
