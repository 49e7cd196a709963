"""The second factor of professionals: codes from an app (TOTP, RFC 6238) and recovery codes on paper.

A code of the app counts for its own thirty seconds and the ones beside it, and once: the last step a code was taken
for is stored, and one UPDATE decides between two who send the same code at the same moment. (pyotp alone would take a
code as often as it is sent.)
"""

from __future__ import annotations

import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pyotp
import segno
from sqlalchemy import delete, func, select, update

from portal import audit, clock, locks
from portal.db import PortalSession
from portal.errors import CorruptData, InvalidInput
from portal.events import Event
from portal.locks import Lock
from portal.models import Passkey, RecoveryCode, Totp
from portal.storage.keys import Keyring
from portal.storage.places import of_offered_totp, place_in

CODES = 10
_STEP = 30
_OFFER_LASTS = timedelta(minutes=30)
_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_CODE_LENGTH = 16


@dataclass(frozen=True)
class PasskeyLine:
    id: UUID
    name: str
    made_at: datetime
    used_at: datetime | None


@dataclass(frozen=True)
class Factors:
    """What a professional can show besides the password."""

    totp_since: datetime | None
    passkeys: tuple[PasskeyLine, ...]
    codes_left: int

    @property
    def any(self) -> bool:
        return self.totp_since is not None or bool(self.passkeys)

    @property
    def count(self) -> int:
        return len(self.passkeys) + (self.totp_since is not None)


@dataclass(frozen=True)
class FactorOffer:
    """A secret that is being set up. `sealed` travels through the form, so that looking at the page changes nothing."""

    secret: str
    sealed: str

    def picture(self, product: str, email: str) -> str:
        """The QR code a code app scans, as SVG markup."""
        uri = pyotp.TOTP(self.secret).provisioning_uri(name=email, issuer_name=product)
        return segno.make_qr(uri, error="m").svg_inline(scale=5, border=4, svgclass="qr", lineclass=None, omitsize=True)

    @property
    def typed(self) -> str:
        """The secret for typing, in groups of four."""
        return " ".join(self.secret[at : at + 4] for at in range(0, len(self.secret), 4))


def factors_of(session: PortalSession, person_id: UUID) -> Factors:
    totp = session.scalars(select(Totp.made_at).where(Totp.person_id == person_id)).one_or_none()
    keys = session.scalars(select(Passkey).where(Passkey.person_id == person_id).order_by(Passkey.made_at))
    left = select(func.count()).where(RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None))
    return Factors(
        totp,
        tuple(PasskeyLine(key.id, key.name, key.made_at, key.used_at) for key in keys),
        session.scalars(left).one(),
    )


def offer(keyring: Keyring, person_id: UUID) -> FactorOffer:
    """A new secret for somebody's code app; it counts once a code of it has been shown."""
    secret = pyotp.random_base32()
    content = json.dumps([secret, clock.now().timestamp()])
    return FactorOffer(secret, keyring.seal_token(content, of_offered_totp(person_id)).hex())


def offered(keyring: Keyring, person_id: UUID, sealed: str) -> FactorOffer | None:
    """The offer a form brings back, or None when it is not this person's, or too old."""
    try:
        secret, made = json.loads(keyring.open_token(bytes.fromhex(sealed), of_offered_totp(person_id)))
    except (CorruptData, ValueError):
        return None
    if not 0 <= clock.now().timestamp() - made <= _OFFER_LASTS.total_seconds():
        return None
    return FactorOffer(secret, sealed)


def set_up(session: PortalSession, keyring: Keyring, person_id: UUID, taken: FactorOffer, code: str) -> None:
    """Puts the offered secret in force, instead of one before. Raises InvalidInput when the code is not of it."""
    locks.hold(session, Lock.ACCOUNT, person_id)
    step = _step_of(taken.secret, code)
    if step is None:
        raise InvalidInput("code", "code_wrong")
    session.execute(delete(Totp).where(Totp.person_id == person_id))
    row = Totp(person_id=person_id, last_step=step, made_at=clock.now())
    row.master_id, row.secret_sealed = keyring.seal_secret(taken.secret.encode(), place_in(row, "secret"))
    session.add(row)
    audit.record(session, Event.FACTOR_ADDED, item_id=person_id, method="totp")


def use(session: PortalSession, keyring: Keyring, person_id: UUID, code: str) -> str | None:
    """How somebody has proven themselves with this code, 'totp' or 'recovery', which is thereby used up; else None."""
    bare = "".join(character for character in code.upper() if character.isalnum())[:40]
    if len(bare) == _CODE_LENGTH:
        method = "recovery" if _use_recovery(session, keyring, person_id, bare) else None
    else:
        method = "totp" if _use_totp(session, keyring, person_id, bare) else None
    if method is None:
        audit.record(session, Event.SIGN_IN_REFUSED, item_id=person_id, method="second factor", reason="mismatch")
    return method


def new_codes(session: PortalSession, keyring: Keyring, person_id: UUID) -> list[str]:
    """Ten recovery codes, to be shown once; the ones before stop working."""
    locks.hold(session, Lock.ACCOUNT, person_id)
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH)) for _ in range(CODES)]
    now = clock.now()
    session.add_all(
        RecoveryCode(match_value=_match(keyring, person_id, code), person_id=person_id, made_at=now) for code in codes
    )
    audit.record(session, Event.RECOVERY_CODES_MADE, item_id=person_id)
    return ["-".join(code[at : at + 4] for at in range(0, _CODE_LENGTH, 4)) for code in codes]


def remove_totp(session: PortalSession, person_id: UUID) -> None:
    """Raises InvalidInput when it is the only second factor."""
    locks.hold(session, Lock.ACCOUNT, person_id)
    _refuse_the_last(session, person_id)
    if session.execute(delete(Totp).where(Totp.person_id == person_id).returning(Totp.person_id)).first():
        audit.record(session, Event.FACTOR_REMOVED, item_id=person_id, method="totp")


def remove_passkey(session: PortalSession, person_id: UUID, passkey_id: UUID) -> None:
    """Raises InvalidInput when it is the only second factor."""
    locks.hold(session, Lock.ACCOUNT, person_id)
    _refuse_the_last(session, person_id)
    gone = delete(Passkey).where(Passkey.id == passkey_id, Passkey.person_id == person_id).returning(Passkey.id)
    if session.execute(gone).first():
        audit.record(session, Event.FACTOR_REMOVED, item_id=person_id, method="passkey")


def remove_all(session: PortalSession, person_id: UUID) -> None:
    """For somebody who has lost them: the next sign-in begins with setting up a new one."""
    locks.hold(session, Lock.ACCOUNT, person_id)
    for table in (Totp, Passkey, RecoveryCode):
        session.execute(delete(table).where(table.person_id == person_id))
    audit.record(session, Event.FACTOR_REMOVED, item_id=person_id, method="all")


def _refuse_the_last(session: PortalSession, person_id: UUID) -> None:
    if factors_of(session, person_id).count <= 1:
        raise InvalidInput("", "last_factor")


def _use_totp(session: PortalSession, keyring: Keyring, person_id: UUID, code: str) -> bool:
    row = session.get(Totp, person_id)
    if row is None:
        return False
    step = _step_of(keyring.unseal_secret(row.secret_sealed, place_in(row, "secret")).decode(), code)
    if step is None:
        return False
    newer = update(Totp).where(Totp.person_id == person_id, Totp.last_step < step).values(last_step=step)
    return session.execute(newer.returning(Totp.person_id)).first() is not None


def _use_recovery(session: PortalSession, keyring: Keyring, person_id: UUID, code: str) -> bool:
    unused = update(RecoveryCode).where(
        RecoveryCode.match_value == _match(keyring, person_id, code), RecoveryCode.used_at.is_(None)
    )
    found = session.execute(unused.values(used_at=clock.now()).returning(RecoveryCode.person_id)).first()
    if found:
        audit.record(session, Event.RECOVERY_CODE_USED, item_id=person_id)
    return found is not None


def _step_of(secret: str, code: str) -> int | None:
    """Which time step this code belongs to: now, the one before or the one after."""
    digits = "".join(character for character in code if character in "0123456789")
    totp, now = pyotp.TOTP(secret), int(clock.now().timestamp()) // _STEP
    for step in (now, now - 1, now + 1):
        if hmac.compare_digest(totp.generate_otp(step), digits):
            return step
    return None


def _match(keyring: Keyring, person_id: UUID, code: str) -> bytes:
    return keyring.match_value("recovery-code", f"{person_id}:{code}")
