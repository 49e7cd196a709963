"""Passkeys (WebAuthn): a key pair that a device keeps for this portal alone and uses only for the one who unlocks it.

Because we always ask the device to verify its user (fingerprint, face, PIN), a passkey is both factors at once: it
signs in alone. What it signs is bound to our address, to one challenge that is used up by the first answer, and to a
count that may not go back.
"""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select, update
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from portal import audit, clock, text
from portal.access.signin.tokens import token_digest
from portal.db import PortalSession
from portal.errors import InvalidInput
from portal.events import Event
from portal.models import Passkey, PasskeyChallenge, Person, Staff
from portal.settings import Settings

LASTS = timedelta(minutes=5)
_MOST = 10
_LARGEST = 64 * 1024


class Signed(NamedTuple):
    """A passkey that has just signed."""

    id: UUID
    person_id: UUID
    is_own_phone: bool
    """A citizen's (own_phone), not a professional's."""


def begin_adding(session: PortalSession, settings: Settings, person_id: UUID) -> tuple[str, dict[str, Any]]:
    """A token for the browser, and what its `navigator.credentials.create` is to be asked. A citizen's phone lists the
    passkey by the portal's name: it has no name of theirs to show to whoever picks it up."""
    staff = session.get(Staff, person_id)
    known = session.scalars(select(Passkey.credential_id).where(Passkey.person_id == person_id))
    options = generate_registration_options(
        rp_id=_party(settings),
        rp_name=settings.product_name,
        user_id=person_id.bytes,
        user_name=staff.email if staff else settings.product_name,
        user_display_name=staff.name if staff else settings.product_name,
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
    )
    return _remember(session, options.challenge, person_id), json.loads(options_to_json(options))


def add_passkey(
    session: PortalSession, settings: Settings, person_id: UUID, token: str, answer: str, name: str
) -> bytes:
    """Keeps the public half of a new passkey and returns the id its device knows it by. Raises InvalidInput for an
    answer that is not to our question."""
    challenge = _take(session, token, person_id)
    if session.scalars(select(func.count()).where(Passkey.person_id == person_id)).one() >= _MOST:
        raise InvalidInput("", "passkeys_many", most=_MOST)
    try:
        made = verify_registration_response(
            credential=_parsed(answer),
            expected_challenge=challenge,
            expected_rp_id=_party(settings),
            expected_origin=settings.origin,
            require_user_verification=True,
        )
    except Exception as problem:  # whatever a stranger sends, it is refused the same way
        raise InvalidInput("", "passkey_refused") from problem
    if session.scalars(select(Passkey.id).where(Passkey.credential_id == made.credential_id)).first():
        raise InvalidInput("", "passkey_refused")
    session.add(
        Passkey(
            id=uuid4(),
            person_id=person_id,
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            name=text.line(name)[:60],
            made_at=clock.now(),
        )
    )
    session.flush()
    audit.record(session, Event.FACTOR_ADDED, item_id=person_id, method="passkey")
    return made.credential_id


def begin_using(session: PortalSession, settings: Settings) -> tuple[str, dict[str, Any]]:
    """A token for the browser, and what its `navigator.credentials.get` is to be asked: the same for everybody, so
    that nobody learns who has an account."""
    options = generate_authentication_options(
        rp_id=_party(settings), user_verification=UserVerificationRequirement.REQUIRED
    )
    return _remember(session, options.challenge, None), json.loads(options_to_json(options))


def use(session: PortalSession, settings: Settings, token: str, answer: str) -> Signed:
    """The passkey that has signed. Raises InvalidInput when it did not, not for us, not now, or not by an open
    account."""
    try:
        return _use(session, settings, token, answer)
    except InvalidInput:
        audit.record(session, Event.SIGN_IN_REFUSED, method="passkey", reason="mismatch")
        raise


def _use(session: PortalSession, settings: Settings, token: str, answer: str) -> Signed:
    challenge = _take(session, token, None)
    parsed = _parsed(answer)
    row = session.execute(
        select(Passkey)
        .join(Person, Person.id == Passkey.person_id)
        .where(Passkey.credential_id == _id_of(parsed), Person.closed_at.is_(None))
    ).scalar_one_or_none()
    if row is None:
        raise InvalidInput("", "passkey_refused")
    try:
        shown = verify_authentication_response(
            credential=parsed,
            expected_challenge=challenge,
            expected_rp_id=_party(settings),
            expected_origin=settings.origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
            require_user_verification=True,
        )
    except Exception as problem:
        raise InvalidInput("", "passkey_refused") from problem
    # One UPDATE decides between two answers with the same count. (A device that never counts always says 0.)
    forward = update(Passkey).where(Passkey.id == row.id, Passkey.sign_count == row.sign_count)
    counted = forward.values(sign_count=shown.new_sign_count, used_at=clock.now()).returning(Passkey.id)
    if session.execute(counted).first() is None:
        raise InvalidInput("", "passkey_refused")
    return Signed(row.id, row.person_id, row.eid_link_id is not None)


def sweep_passkeys(session: PortalSession) -> None:
    session.execute(delete(PasskeyChallenge).where(PasskeyChallenge.started_at < clock.now() - LASTS))


def _party(settings: Settings) -> str:
    """The relying party: our host name, which the browser holds the passkey to."""
    return settings.base_url.host or ""


def _remember(session: PortalSession, challenge: bytes, person_id: UUID | None) -> str:
    token = secrets.token_urlsafe(32)
    row = PasskeyChallenge(
        token_sha256=token_digest(token), person_id=person_id, challenge=challenge, started_at=clock.now()
    )
    session.add(row)
    return token


def _take(session: PortalSession, token: str, person_id: UUID | None) -> bytes:
    """The challenge, which is thereby used up, also by an answer that is refused: callers commit all the same."""
    taken = session.execute(
        delete(PasskeyChallenge).where(PasskeyChallenge.token_sha256 == token_digest(token)).returning(PasskeyChallenge)
    ).scalar_one_or_none()
    if taken is None or taken.person_id != person_id or clock.now() - taken.started_at > LASTS:
        raise InvalidInput("", "passkey_refused")
    return taken.challenge


def _parsed(answer: str) -> dict[str, Any]:
    try:
        parsed = json.loads(answer) if len(answer) <= _LARGEST else None
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict):
        raise InvalidInput("", "passkey_refused")
    return parsed


def _id_of(parsed: dict[str, Any]) -> bytes:
    try:
        return base64url_to_bytes(str(parsed.get("id"))[:2000])
    except ValueError as problem:
        raise InvalidInput("", "passkey_refused") from problem
