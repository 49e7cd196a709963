"""Professionals' passwords: Argon2id, bounded, and as slow for an account that does not exist as for one that does.

What may be a password follows NIST SP 800-63B-4, 3.1.1.2: long enough, anything goes, but nothing guessed first.
"""

from __future__ import annotations

import re
import secrets
import threading
import unicodedata
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, select

from portal import addresses, audit
from portal.db import PortalSession
from portal.errors import InvalidInput
from portal.events import Event
from portal.models import Person, Staff

SHORTEST = 12
LONGEST = 128

_hasher = PasswordHasher()
_at_once = threading.BoundedSemaphore(4)
"""One hash takes 64 MiB for a tenth of a second: more at a time would let a few strangers exhaust the machine."""


def hash_password(password: str) -> str:
    with _at_once:
        return _hasher.hash(_normal(password))


def refuse_weak(password: str, about: tuple[str, ...] = ()) -> None:
    """Raises InvalidInput for a password that is too short, too long, or among the first that are guessed.

    `about` is what others know of the person: name, e-mail address, the portal's name. A password made of nothing but
    such words, listed words, years, rows of keys and repetitions is refused, however it is decorated.
    """
    if len(password) < SHORTEST:
        raise InvalidInput("password", "password_short", least=SHORTEST)
    if len(password) > LONGEST:
        raise InvalidInput("password", "password_long", most=LONGEST)
    known = {part for text in about for part in re.split(r"[^a-zæøå]+", _plain(text)) if len(part) >= 3}
    left = _plain(_PATTERNS.sub("", unicodedata.normalize("NFKC", password).casefold()))
    for word in sorted(known | _blocklist(), key=len, reverse=True):
        left = left.replace(word, "")
    if len(set(left) - {" "}) < _DISTINCT:
        raise InvalidInput("password", "password_common")


_DISTINCT = 5
"""How many different characters must be left of a password when everything that is guessed first is taken out of it."""
_ROWS = "0123456789012 9876543210987 abcdefghijklmnopqrstuvwxyzæøå"
_PATTERNS = re.compile(
    r"(.)\1{2,}|(?:19|20)\d\d|"
    + "|".join(
        re.escape(row[at : at + length])
        for length in range(13, 2, -1)
        for row in _ROWS.split()
        for at in range(len(row) - length + 1)
    )
)
"""Repetitions, years and rows of digits or letters."""


@cache
def _blocklist() -> frozenset[str]:
    lines = Path(__file__).with_name("blocklist.txt").read_text("utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def _plain(password: str) -> str:
    """As a guesser sees it: small letters, the usual digits for letters undone."""
    folded = unicodedata.normalize("NFKC", password).casefold()
    return folded.translate(str.maketrans("013457@$!", "oieastasi"))


def _normal(password: str) -> str:
    """The same password typed on two kinds of keyboard is the same bytes."""
    return unicodedata.normalize("NFC", password)


def check_password(session: PortalSession, email: str, password: str) -> Person | None:
    """The person this e-mail and password belong to, or None; which of the two was wrong is not told."""
    row = session.execute(
        select(Person, Staff)
        .join(Staff, Staff.person_id == Person.id)
        .where(func.lower(Staff.email) == addresses.normal(email))
    ).one_or_none()
    person, staff = row if row else (None, None)
    stored = staff.password_hash if staff and staff.password_hash else _nobody()
    fits = _verify(stored, password[: LONGEST + 1])
    if person is None or staff is None or not staff.password_hash or person.closed_at or not fits:
        audit.record(session, Event.SIGN_IN_REFUSED, method="password", reason="mismatch")
        return None
    if _hasher.check_needs_rehash(staff.password_hash):
        staff.password_hash = hash_password(password)
        audit.record(session, Event.PASSWORD_REHASHED, item_id=person.id)
    return person


def same(stored: str, password: str) -> bool:
    """Whether this password is the stored one; false, after as much work, where none is stored."""
    return _verify(stored or _nobody(), password[: LONGEST + 1]) and bool(stored)


def _verify(stored: str, password: str) -> bool:
    with _at_once:
        try:
            return _hasher.verify(stored, _normal(password))
        except (VerificationError, InvalidHashError):
            return False


@cache
def _nobody() -> str:
    """A hash that no password fits, checked when there is no account, so that the answer takes as long."""
    return hash_password(secrets.token_urlsafe(32))
