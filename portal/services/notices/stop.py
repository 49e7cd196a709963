"""The link of a mail by which somebody switches a kind of notice off with one press (RFC 8058).

It holds, sealed, whose notices and which kinds, so that it tells whoever sees it nothing; and it can only stop. It
works for a year, and without signing in.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from portal import clock
from portal.errors import CorruptData, NotFound
from portal.services.notices.kinds import CHOSEN, Kind
from portal.storage.keys import Keyring

_PLACE = "link that stops notices"
_LASTS = timedelta(days=365)


@dataclass(frozen=True)
class Stop:
    person_id: UUID
    kinds: tuple[Kind, ...]


def write(keyring: Keyring, person_id: UUID, kinds: Iterable[Kind]) -> str:
    """The token of a link: always of the same length, whichever kinds it is about."""
    mask = sum(1 << place for place, kind in enumerate(CHOSEN) if kind in set(kinds))
    said = f"{person_id}:{mask:04x}:{int(clock.now().timestamp()):012d}"
    return base64.urlsafe_b64encode(keyring.seal_token(said, _PLACE)).decode().rstrip("=")


def read(keyring: Keyring, token: str) -> Stop:
    """Raises NotFound for what is no such token, and for one that is too old."""
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        person, mask, made = keyring.open_token(sealed, _PLACE).split(":")
    except (binascii.Error, ValueError, CorruptData):
        raise NotFound from None
    if clock.now().timestamp() - int(made) > _LASTS.total_seconds():
        raise NotFound
    kinds = tuple(kind for place, kind in enumerate(CHOSEN) if int(mask, 16) >> place & 1)
    return Stop(UUID(person), kinds)
