"""An eID that bends what it signs and says, in every way that is known: no session comes of it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from flask import Flask

from portal import clock
from tests.support.browser import Browser
from tests.support.eid_server import EidServer, b64, es256
from tests.support.eid_visitors import ALMA, BORN, lines, sign_in
from tests.support.story import Room, Story

pytestmark = pytest.mark.usefixtures("eid")


@pytest.fixture
def room(story: Story) -> Room:
    """A case about Alma, whose CPR number the guide has typed."""
    return story.case(born=BORN, parents=0, name=ALMA.name, national_id=ALMA.national_id)


def bent(**claims: Any) -> Callable[[EidServer], None]:
    def bend(server: EidServer) -> None:
        server.bend_claims = lambda real: {k: v for k, v in {**real, **claims}.items() if v is not ...}

    return bend


def header(**fields: Any) -> Callable[[EidServer], None]:
    def bend(server: EidServer) -> None:
        server.bend_header = lambda real: {k: v for k, v in {**real, **fields}.items() if v is not ...}

    return bend


def unsigned(server: EidServer) -> None:
    header(alg="none")(server)
    server.sign = lambda _data: b""


def signed_with_the_public_key(shape: str) -> Callable[[EidServer], None]:
    def bend(server: EidServer) -> None:
        key = load_pem_private_key((server.folder / "eid-key.pem").read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        public = key.public_key()
        secret = {
            "pem": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "der": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            "jwk": json.dumps({"kty": "EC"}).encode(),
        }[shape]
        header(alg="HS256")(server)
        server.sign = lambda data: hmac.digest(secret, data, hashlib.sha256)

    return bend


def signed_by_somebody_else(server: EidServer) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    server.sign = lambda data: es256(key, data)


def key_in_the_token(server: EidServer) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    numbers = key.public_key().public_numbers()
    jwk = {
        "kty": "EC",
        "crv": "P-256",
        "x": b64(numbers.x.to_bytes(32, "big")),
        "y": b64(numbers.y.to_bytes(32, "big")),
    }
    header(jwk=jwk, kid=...)(server)
    server.sign = lambda data: es256(key, data)


def another_person_in_userinfo(server: EidServer) -> None:
    server.bend_userinfo = lambda claims: {**claims, "sub": "somebody-else"}


def huge_token(server: EidServer) -> None:
    bent(padding="x" * 1_000_000)(server)


def soon() -> int:
    return int(clock.now().timestamp())


CROOKED: dict[str, Callable[[EidServer], None]] = {
    "nonce of another sign-in": bent(nonce="another"),
    "nonce missing": bent(nonce=...),
    "audience somebody else": bent(aud="another-portal"),
    "audience missing": bent(aud=...),
    "audience a list without azp": bent(aud=["portal-demo", "another"]),
    "azp somebody else": bent(azp="another-portal"),
    "issuer somebody else": bent(iss="https://evil.example"),
    "issuer missing": bent(iss=...),
    "subject missing": bent(sub=...),
    "subject empty": bent(sub=""),
    "subject a number": bent(sub=7),
    "subject enormous": bent(sub="x" * 300),
    "expired": bent(exp=1_600_000_000),
    "expiry missing": bent(exp=...),
    "expiry infinite": bent(exp=float("inf")),
    "expiry words": bent(exp="never"),
    "expiry true": bent(exp=True),
    "issued in the future": bent(iat=4_000_000_000),
    "issued long ago": bent(iat=1_600_000_000),
    "issued missing": bent(iat=...),
    "not valid yet": bent(nbf=4_000_000_000),
    "wrong hash of the access token": bent(at_hash=b64(b"0" * 16)),
    "level missing": bent(loa=...),
    "level not a string": bent(loa=["https://data.gov.dk/concept/core/nsis/Substantial"]),
    "algorithm none": unsigned,
    "symmetric algorithm with the public key as PEM": signed_with_the_public_key("pem"),
    "symmetric algorithm with the public key as DER": signed_with_the_public_key("der"),
    "symmetric algorithm with the public key as JWK": signed_with_the_public_key("jwk"),
    "signed by somebody else": signed_by_somebody_else,
    "brings its own key": key_in_the_token,
    "points to a key": header(jku="https://evil.example/jwks"),
    "unknown key id": header(kid="unknown"),
    "claims to be critical": header(crit=["exp"]),
    "a logout token": header(typ="logout+jwt"),
    "another algorithm": header(alg="PS256"),
    "userinfo about somebody else": another_person_in_userinfo,
    "a megabyte of token": huge_token,
}


@pytest.mark.parametrize("trick", CROOKED)
def test_no_trick_with_the_token_opens_a_session(
    trick: str, browser: Browser, eid: EidServer, room: Room, owner: psycopg.Connection
) -> None:
    CROOKED[trick](eid)
    page = sign_in(browser, ALMA)
    assert page.status == 403, trick
    assert "logget på" in page.text
    assert browser.get("/cases").status == 303, "no session"
    assert owner.execute("select count(*) from eid_link").fetchone() == (0,)
    refused = lines(owner, "sign_in.refused")
    assert len(refused) == 1
    assert refused[0]["method"] == "eid:demo"


def test_the_tricks_above_fail_for_their_own_sake(browser: Browser, eid: EidServer, room: Room) -> None:
    """The same road with an honest provider opens a session."""
    assert sign_in(browser, ALMA).status == 303


def test_a_renewed_key_is_found_without_waiting(browser: Browser, app: Flask, eid: EidServer, room: Room) -> None:
    client = app.extensions["eid_clients"]["demo"]
    assert sign_in(browser, ALMA).status == 303
    browser.post("/sign-out")
    client._keys = [{**key, "kid": "old"} for key in client._keys]
    client._fetched -= 60
    assert sign_in(browser, ALMA).status == 303
