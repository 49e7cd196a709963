"""Tokens of cookies, links and mails: the database holds their digest, so that whoever reads it cannot use them."""

from __future__ import annotations

import hashlib


def token_digest(token: str) -> bytes:
    """What a row is found by. A token that came in an address may hold what is no text; it is then nobody's."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
