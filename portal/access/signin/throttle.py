"""Guessing is slow: tries to sign in are counted in the database, for all processes together.

For one account at most 5 tries a minute, from the sixth failure on with growing waits up to 30 s, and none after 100
failures within a day. For one network at most 20 failures a minute. A try is counted before the password is looked at
and taken back when it succeeds, so that many at once get no more than one after the other, and an office in which
everybody signs in at eight is not held up.

Nobody can lock somebody else out: a browser its owner has signed in from before is counted by itself, whatever
strangers do elsewhere; a passkey is not counted at all; and an administrator's new invitation begins anew. An address
that has no account is counted just the same.
"""

from __future__ import annotations

import ipaddress
import math
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select

from portal import addresses, clock, locks
from portal.access.signin.tokens import token_digest
from portal.db import PortalSession
from portal.errors import PortalError
from portal.models import KnownDevice, SignInTry, Staff
from portal.storage.keys import Keyring

PER_ACCOUNT = 5
PER_NETWORK = 20
MINUTE = timedelta(minutes=1)
LONGEST_WAIT = 30
HARD_STOP = 100
MEMORY = timedelta(days=1)


class TooMany(PortalError):
    """Too many tries; `wait` is how many seconds until the next one is looked at."""

    def __init__(self, wait: float) -> None:
        super().__init__("too many tries")
        self.wait = max(1, math.ceil(wait))


@dataclass(frozen=True)
class Try:
    """A try that is being made: what it counts against."""

    account: bytes
    rows: tuple[UUID, ...]


def begin_try(session: PortalSession, keyring: Keyring, email: str, address: str, device: str) -> Try:
    """Counts a try to sign in with this e-mail from this network address, committed at once. Raises TooMany.

    `device` is the token of a known browser, or ''. What the session had done before is committed too.
    """
    email = addresses.normal(email)
    if known := _known(session, email, device):
        return _count(session, [(keyring.match_value("try-device", known), PER_ACCOUNT)])
    account = keyring.match_value("try-account", email)
    return _count(
        session, [(account, PER_ACCOUNT), (keyring.match_value("try-network", network(address)), PER_NETWORK)]
    )


def begin_factor(session: PortalSession, keyring: Keyring, person_id: UUID) -> Try:
    """Counts a try with a second factor. Raises TooMany."""
    return _count(session, [(keyring.match_value("try-factor", str(person_id)), PER_ACCOUNT)])


def begin_reset(session: PortalSession, keyring: Keyring, email: str, address: str) -> Try:
    """Counts a request for a new password, of an account or of none, apart from tries to sign in: asking for a password
    keeps nobody from giving theirs. Raises TooMany."""
    account = keyring.match_value("try-reset", email)
    place = keyring.match_value("try-reset-network", network(address))
    return _count(session, [(account, PER_ACCOUNT), (place, PER_NETWORK)])


def begin_contact(session: PortalSession, keyring: Keyring, person_id: UUID, address: str) -> None:
    """Counts a code that is sent to a mail address or a number, committed at once: it costs money, and whose number it
    is only its owner knows. Raises TooMany after 5 to one address or 10 by one person within a day."""
    for most, bucket in (
        (PER_PERSON_CODES, keyring.match_value("try-contact-person", str(person_id))),
        (PER_ADDRESS_CODES, keyring.match_value("try-contact", address)),
    ):
        session.commit()
        locks.hold_number(session, int.from_bytes(bucket[:8], "big", signed=True))
        mine = select(SignInTry.at).where(SignInTry.bucket == bucket, SignInTry.at > clock.now() - MEMORY)
        latest = list(session.scalars(mine.order_by(SignInTry.at.desc()).limit(most)))
        if len(latest) >= most:
            session.commit()
            raise TooMany((latest[-1] + MEMORY - clock.now()).total_seconds())
        session.add(SignInTry(id=uuid4(), bucket=bucket, at=clock.now()))
    session.commit()


PER_ADDRESS_CODES = 5
PER_PERSON_CODES = 10


def succeeded(session: PortalSession, tried: Try) -> None:
    """The try was good: it and the failures of this account before it are forgotten."""
    session.execute(delete(SignInTry).where((SignInTry.bucket == tried.account) | SignInTry.id.in_(tried.rows)))


def forgive(session: PortalSession, keyring: Keyring, email: str, person_id: UUID) -> None:
    """An account begins anew, as after a new invitation."""
    buckets = [
        keyring.match_value("try-account", addresses.normal(email)),
        keyring.match_value("try-factor", str(person_id)),
    ]
    session.execute(delete(SignInTry).where(SignInTry.bucket.in_(buckets)))


def know(session: PortalSession, person_id: UUID, device: str) -> str:
    """Remembers the browser somebody has just signed in from; returns the token it is known by from now on."""
    row = session.get(KnownDevice, token_digest(device)) if device else None
    if row is not None and row.person_id == person_id:
        return device
    token = secrets.token_urlsafe(32)
    session.add(KnownDevice(token_sha256=token_digest(token), person_id=person_id, made_at=clock.now()))
    return token


def forget_devices(session: PortalSession, person_id: UUID) -> None:
    session.execute(delete(KnownDevice).where(KnownDevice.person_id == person_id))


def sweep_tries(session: PortalSession) -> None:
    session.execute(delete(SignInTry).where(SignInTry.at < clock.now() - MEMORY))


def wait_after(failures: int) -> int:
    """Seconds from the last failure until the next try: none for the first five, then 1, 2, 4 ... 30."""
    return 0 if failures < PER_ACCOUNT else min(LONGEST_WAIT, 2 ** min(failures - PER_ACCOUNT, 5))


def _count(session: PortalSession, buckets: list[tuple[bytes, int]]) -> Try:
    session.commit()
    now = clock.now()
    # In one order, so that two tries never wait for each other.
    for bucket, _ in sorted(buckets):
        locks.hold_number(session, int.from_bytes(bucket[:8], "big", signed=True))
    for number, (bucket, most) in enumerate(buckets):
        wait = _wait(session, bucket, most, now, slows=number == 0)
        if wait > 0:
            session.commit()
            raise TooMany(wait)
    rows = [SignInTry(id=uuid4(), bucket=bucket, at=now) for bucket, _ in buckets]
    session.add_all(rows)
    session.commit()
    return Try(buckets[0][0], tuple(row.id for row in rows))


def _wait(session: PortalSession, bucket: bytes, most: int, now: datetime, slows: bool) -> float:
    """Seconds until a try of this bucket is looked at; 0 or less for at once."""
    mine = select(SignInTry.at).where(SignInTry.bucket == bucket, SignInTry.at > now - MEMORY)
    latest = list(session.scalars(mine.order_by(SignInTry.at.desc()).limit(HARD_STOP)))
    waits = [0.0]
    if len(latest) >= most:
        waits.append((latest[most - 1] + MINUTE - now).total_seconds())
    if slows and latest:
        waits.append((latest[0] + timedelta(seconds=wait_after(len(latest))) - now).total_seconds())
    if slows and len(latest) >= HARD_STOP:
        waits.append((latest[-1] + MEMORY - now).total_seconds())
    return max(waits)


def _known(session: PortalSession, email: str, device: str) -> str:
    """The bucket of a browser that the owner of this address has signed in from; '' for any other."""
    if not device:
        return ""
    found = session.scalars(
        select(KnownDevice.token_sha256)
        .join(Staff, Staff.person_id == KnownDevice.person_id)
        .where(KnownDevice.token_sha256 == token_digest(device), func.lower(Staff.email) == email)
    ).one_or_none()
    return found.hex() if found else ""


def network(address: str) -> str:
    """What is counted as one network: 256 neighbouring addresses of IPv4, or a site's 2^64 of IPv6.

    Where an IPv6 address holds one of IPv4 that the visitor really has, that one is what counts: a socket that listens
    on both writes every IPv4 address so, and to count all of those as one network would let anybody stop everybody.
    """
    bare = _PORT.sub(r"\g<v6>\g<v4>", address).partition("%")[0]
    try:
        found = ipaddress.ip_address(bare)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        found = _inside(found) or found
    return str(ipaddress.ip_network((found, 24 if found.version == 4 else 64), strict=False))


_PORT = re.compile(r"^(?:\[(?P<v6>[^]]*)\]|(?P<v4>[\d.]+))(?::\d+)?$")
"""An address as some proxies tell it, with the port it came from."""
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
"""Where a translator between the two writes IPv4 addresses (RFC 6052)."""


def _inside(found: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one is another way to write: mapped (RFC 4291), translated, 6to4 (RFC 3056)."""
    if found in _TRANSLATED:
        return ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    return found.ipv4_mapped or found.sixtofour
