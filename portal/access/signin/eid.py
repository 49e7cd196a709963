"""Signing in with a national eID: who it turns out to be.

Nobody becomes a user here by signing in. A person is recognised by (issuer, subject) once they have been here; the
first time by the keyed hash of their national id, or by a code their guide gave them.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from portal import audit, clock, national_ids
from portal.access.signin.flow import ATTEMPT_LASTS, Question, digest
from portal.access.signin.oidc import EidRefused, Identity
from portal.db import PortalSession
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.models import EidLink, EidStranger, InvitationCode, NationalId, Person
from portal.national_ids import KnownNumber
from portal.providers import EidProvider, NationalIdKind
from portal.settings import Settings
from portal.storage.keys import Keyring

REALM = "eid"
_PLACE = "id token of a stranger"


@dataclass(frozen=True)
class Recognised:
    person_id: UUID


@dataclass(frozen=True)
class NeedsNationalId:
    """Known to the eID, not yet here: asking for the national id once may tell who it is."""


@dataclass(frozen=True)
class Unknown:
    """Nobody this portal knows; a code from a guide may change that."""


@dataclass(frozen=True)
class Stranger:
    """Somebody unknown who is about to type their code."""

    identity: Identity
    provider: str
    token: str


def question(provider: EidProvider, national_id: bool = False, anew: bool = False) -> Question:
    """What to ask the eID for: the national id only where it may tell who somebody new is; with `anew`, that the person
    identifies themselves again."""
    fresh = {"prompt": "login", "max_age": "0"} if anew else {}
    if not national_id:
        return Question(parameters=tuple(fresh.items()))
    return Question(True, provider.national_id_scopes, tuple({**provider.national_id_parameters, **fresh}.items()))


def check_person(identity: Identity, provider: EidProvider, settings: Settings) -> None:
    """Raises EidRefused for too low a level of assurance, somebody younger than the portal allows, or somebody whose
    age the eID should have told and did not."""
    if identity.claims.get(provider.level_claim) not in provider.levels_accepted:
        raise EidRefused("level")
    number = _number(identity, provider)
    if provider.birth_date_claim:
        born = _birth_date(identity.claims.get(provider.birth_date_claim))
    else:
        born = number.birth_date if number else None
    known_later = not provider.birth_date_claim and provider.asks_separately
    if born is None and not known_later:
        raise EidRefused("age_unknown")
    if born is not None and clock.age_on(born, clock.now().date()) < settings.minimum_age:
        raise EidRefused("age")


def recognise(
    session: PortalSession, keyring: Keyring, identity: Identity, provider: EidProvider, asked_national_id: bool
) -> Recognised | NeedsNationalId | Unknown:
    """Who this is here."""
    linked = session.get(EidLink, (identity.issuer, identity.subject))
    if linked is not None:
        return Recognised(linked.person_id)
    if not asked_national_id and provider.asks_separately:
        return NeedsNationalId()
    number = _number(identity, provider)
    person_id = _by_national_id(session, keyring, provider.national_id_kind, number) if number else None
    if person_id is None:
        return Unknown()
    link(session, identity.issuer, identity.subject, person_id)
    return Recognised(person_id)


def keep_stranger(session: PortalSession, keyring: Keyring, identity: Identity, provider: EidProvider) -> str:
    """Notes, for ten minutes, who wants to come in with a code. Returns the token for their browser: the browser itself
    holds nothing about them."""
    token = secrets.token_urlsafe(32)
    session.add(
        EidStranger(
            token_sha256=digest(token),
            issuer=identity.issuer,
            subject=identity.subject,
            provider=provider.key,
            id_token_sealed=keyring.seal_token(identity.id_token, _PLACE),
            arrived_at=clock.now(),
        )
    )
    return token


def stranger(session: PortalSession, keyring: Keyring, token: str) -> Stranger:
    """Who that token stands for. Raises NotFound after ten minutes, or when there is nobody."""
    found = session.get(EidStranger, digest(token))
    if found is None or clock.now() - found.arrived_at > ATTEMPT_LASTS:
        raise NotFound
    id_token = keyring.open_token(found.id_token_sealed, _PLACE)
    return Stranger(Identity(found.issuer, found.subject, {}, id_token), found.provider, token)


def redeem_code(session: PortalSession, keyring: Keyring, who: Stranger, code: str) -> UUID:
    """The person a guide's code stands for; the code is used up. Raises InvalidInput when it opens nothing."""
    value = keyring.match_value("invitation-code", normal_code(code))
    found = session.scalars(
        select(InvitationCode)
        .where(InvitationCode.match_value == value, InvitationCode.used_at.is_(None))
        .with_for_update()
    ).one_or_none()
    if found is None or found.expires_at <= clock.now():
        raise InvalidInput("code", "unknown")
    found.used_at = clock.now()
    link(session, who.identity.issuer, who.identity.subject, found.person_id)
    session.execute(delete(EidStranger).where(EidStranger.token_sha256 == digest(who.token)))
    return found.person_id


def link(session: PortalSession, issuer: str, subject: str, person_id: UUID) -> None:
    session.add(EidLink(issuer=issuer, subject=subject, person_id=person_id, linked_at=clock.now()))
    audit.record(session, Event.EID_LINKED, item_id=person_id)


def forget_strangers(session: PortalSession) -> None:
    """Removes those who never came in."""
    session.execute(delete(EidStranger).where(EidStranger.arrived_at < clock.now() - ATTEMPT_LASTS))


def is_closed(session: PortalSession, person_id: UUID) -> bool:
    return session.scalars(select(Person.closed_at).where(Person.id == person_id)).one() is not None


def normal_code(code: str) -> str:
    """A code as it is compared: people type it from paper, with spaces, hyphens and small letters."""
    return "".join(character for character in code.upper() if character.isalnum())[:40]


def _number(identity: Identity, provider: EidProvider) -> KnownNumber | None:
    """The national id the eID told, if it told one that can be."""
    told = identity.claims.get(provider.national_id_claim) if provider.national_id_claim else None
    try:
        return national_ids.read(provider.national_id_kind, told, clock.now().date()) if isinstance(told, str) else None
    except ValueError:
        return None


def _by_national_id(session: PortalSession, keyring: Keyring, kind: NationalIdKind, number: KnownNumber) -> UUID | None:
    value = keyring.match_value(kind.value, number.value)
    return session.scalars(select(NationalId.person_id).where(NationalId.match_value == value)).one_or_none()


def _birth_date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None
