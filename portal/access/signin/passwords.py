"""Professionals' passwords: Argon2id, bounded, and as slow for an account that does not exist as for one that does."""

from __future__ import annotations

import secrets
import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, select

from portal import audit
from portal.audit import Event
from portal.db import PortalSession
from portal.models import Person, Staff

SHORTEST = 12
LONGEST = 128

_hasher = PasswordHasher()
_at_once = threading.BoundedSemaphore(4)
"""One hash takes 64 MiB for a tenth of a second: more at a time would let a few strangers exhaust the machine."""


def hash_password(password: str) -> str:
    with _at_once:
        return _hasher.hash(password)


def check(session: PortalSession, email: str, password: str) -> Person | None:
    """The person this e-mail and password belong to, or None; which of the two was wrong is not told."""
    row = session.execute(
        select(Person, Staff)
        .join(Staff, Staff.person_id == Person.id)
        .where(func.lower(Staff.email) == email.strip().lower())
    ).one_or_none()
    person, staff = row if row else (None, None)
    stored = staff.password_hash if staff and staff.password_hash else _nobody()
    fits = _verify(stored, password[: LONGEST + 1])
    if person is None or staff is None or not staff.password_hash or person.closed_at or not fits:
        audit.record(session, Event.SIGN_IN_REFUSED, method="password", reason="mismatch")
        return None
    if _hasher.check_needs_rehash(staff.password_hash):
        staff.password_hash = hash_password(password)
    return person


def _verify(stored: str, password: str) -> bool:
    with _at_once:
        try:
            return _hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False


@cache
def _nobody() -> str:
    """A hash that no password fits, checked when there is no account, so that the answer takes as long."""
    return hash_password(secrets.token_urlsafe(32))
