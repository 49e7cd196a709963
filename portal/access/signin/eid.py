"""Signing in with a national eID: who it turns out to be.

Nobody becomes a user here by signing in. A person is recognised by (issuer, subject) once they have been here; the
first time by the keyed hash of their national id. Whoever is not known by either may have a code (see codes).
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from portal import clock, text
from portal.access.signin import links, national_ids
from portal.access.signin.national_ids import KnownNumber
from portal.access.signin.oidc import EidRefused, Identity
from portal.access.signin.oidc_flow import ATTEMPT_LASTS, Purpose, SignInQuestion
from portal.access.signin.tokens import token_digest
from portal.db import PortalSession
from portal.errors import NotFound
from portal.identity_providers import EidProvider
from portal.models import EidStranger, NationalId, Person
from portal.settings import Settings
from portal.storage.keys import Keyring
from portal.storage.places import place_in

REALM = "eid"


@dataclass(frozen=True)
class Recognised:
    person_id: UUID
    link_id: UUID
    """By which of their eIDs."""


@dataclass(frozen=True)
class NeedsNationalId:
    """Known to the eID, not yet here: asking for the national id once may tell who it is."""


@dataclass(frozen=True)
class Unknown:
    """Nobody this portal knows; a code from a guide may change that."""


@dataclass(frozen=True)
class EidClaims:
    """What an eID vouches for of the person behind it, as far as a code is held against it."""

    born: date | None
    number: bytes | None
    """Keyed hash of the national id."""
    name: str


@dataclass(frozen=True)
class Stranger:
    """Somebody who is about to type their code: mostly not known here yet."""

    identity: Identity
    provider: str
    token: str
    told: EidClaims


def question(
    provider: EidProvider,
    national_id: bool = False,
    purpose: Purpose = Purpose.SIGN_IN,
    login_id: UUID | None = None,
) -> SignInQuestion:
    """What to ask the eID for: the national id only where it may tell who somebody new is, or how old they are."""
    if purpose is Purpose.CODE and not provider.birth_date_claim:
        national_id = True
    if not national_id:
        return SignInQuestion(purpose=purpose, login_id=login_id)
    parameters = tuple(provider.national_id_parameters.items())
    return SignInQuestion(True, provider.national_id_scopes, parameters, purpose, login_id)


def check_person(identity: Identity, provider: EidProvider, settings: Settings) -> None:
    """Raises EidRefused for too low a level of assurance, somebody younger than the portal allows, or somebody whose
    age the eID should have told and did not."""
    if identity.claims.get(provider.level_claim) not in provider.levels_accepted:
        raise EidRefused("level")
    born = _born(identity, provider)
    known_later = not provider.birth_date_claim and provider.asks_separately
    if born is None and not known_later:
        raise EidRefused("age_unknown")
    if born is not None and clock.age_on(born, clock.now().date()) < settings.minimum_age:
        raise EidRefused("age")


def recognise_citizen(
    session: PortalSession, keyring: Keyring, identity: Identity, provider: EidProvider, asked_national_id: bool
) -> Recognised | NeedsNationalId | Unknown:
    """Who this is here."""
    linked = links.find_link(session, identity.issuer, identity.subject)
    if linked is not None:
        return Recognised(linked.person_id, linked.id)
    if not asked_national_id and provider.asks_separately:
        return NeedsNationalId()
    person_id = by_number(session, _hashed(keyring, identity, provider))
    if person_id is None:
        return Unknown()
    made = links.make_link(session, identity.issuer, identity.subject, person_id, links.NUMBER)
    return Recognised(made.person_id, made.id)


def keep_stranger(session: PortalSession, keyring: Keyring, identity: Identity, provider: EidProvider) -> str:
    """Notes, for ten minutes, who wants to come in with a code. Returns the token for their browser: the browser itself
    holds nothing about them."""
    token = secrets.token_urlsafe(32)
    born, number = _born(identity, provider), _hashed(keyring, identity, provider)
    name = identity.claims.get(provider.name_claim)
    told = {
        "born": born.isoformat() if born else "",
        "number": number.hex() if number else "",
        "name": text.line(name, 120) if isinstance(name, str) else "",
    }
    row = EidStranger(
        token_sha256=token_digest(token),
        issuer=identity.issuer,
        subject=identity.subject,
        provider=provider.key,
        arrived_at=clock.now(),
    )
    row.id_token_sealed = keyring.seal_token(identity.id_token, place_in(row, "id_token"))
    row.told_sealed = keyring.seal_token(json.dumps(told), place_in(row, "told"))
    session.add(row)
    return token


def stranger(session: PortalSession, keyring: Keyring, token: str) -> Stranger:
    """Who that token stands for. Raises NotFound after ten minutes, or when there is nobody."""
    found = session.get(EidStranger, token_digest(token))
    if found is None or clock.now() - found.arrived_at > ATTEMPT_LASTS:
        raise NotFound
    identity = Identity(
        found.issuer, found.subject, {}, keyring.open_token(found.id_token_sealed, place_in(found, "id_token"))
    )
    told = json.loads(keyring.open_token(found.told_sealed, place_in(found, "told")))
    number = bytes.fromhex(told["number"]) or None
    return Stranger(identity, found.provider, token, EidClaims(_birth_date(told["born"]), number, told["name"]))


def forget_strangers(session: PortalSession) -> None:
    """Removes those who never came in."""
    session.execute(delete(EidStranger).where(EidStranger.arrived_at < clock.now() - ATTEMPT_LASTS))


def is_closed(session: PortalSession, person_id: UUID) -> bool:
    return session.scalars(select(Person.closed_at).where(Person.id == person_id)).one() is not None


def by_number(session: PortalSession, hashed: bytes | None) -> UUID | None:
    """Who is known by that national id."""
    if hashed is None:
        return None
    return session.scalars(select(NationalId.person_id).where(NationalId.match_value == hashed)).one_or_none()


def _number(identity: Identity, provider: EidProvider) -> KnownNumber | None:
    """The national id the eID told, if it told one that can be."""
    told = identity.claims.get(provider.national_id_claim) if provider.national_id_claim else None
    try:
        return national_ids.read(provider.national_id_kind, told, clock.now().date()) if isinstance(told, str) else None
    except ValueError:
        return None


def _hashed(keyring: Keyring, identity: Identity, provider: EidProvider) -> bytes | None:
    number = _number(identity, provider)
    return keyring.match_value(provider.national_id_kind.value, number.value) if number else None


def _born(identity: Identity, provider: EidProvider) -> date | None:
    """The birth date that the eID tells, by itself or in the national id."""
    if provider.birth_date_claim:
        return _birth_date(identity.claims.get(provider.birth_date_claim))
    number = _number(identity, provider)
    return number.birth_date if number else None


def _birth_date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None
