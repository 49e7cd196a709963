"""The pretended eID on a real port, honest or crooked: tests may bend what it signs and says."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from flask import Flask, Response, request
from werkzeug.serving import make_server

from portal.demo import eid
from portal.demo.eid import Pretended
from portal.identity_providers import EidProvider
from portal.settings import Settings

Bend = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass
class EidServer:
    """A running provider. `bend_claims` and friends change what the next sign-ins get to see."""

    folder: Path
    issuer: str
    provider: EidProvider
    app: Flask
    bend_claims: Bend = lambda claims: claims
    bend_header: Bend = lambda header: header
    bend_userinfo: Bend = lambda claims: claims
    bend_metadata: Bend = lambda metadata: metadata
    sign: Callable[[bytes], bytes] | None = None
    answer_instead: dict[str, Callable[[], Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def person(self, name: str) -> Pretended:
        return next(person for person in eid.read_people(self.folder) if person.name.startswith(name))


@contextmanager
def serve(folder: Path, people: list[Pretended], settings: Settings) -> Iterator[EidServer]:
    """A provider for the length of a block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    issuer = f"http://127.0.0.1:{port}"
    eid.prepare(folder, people)
    app = eid.create_eid(settings, folder, issuer)
    server = EidServer(folder, issuer, provider_of(folder, issuer), app)
    _let_it_be_bent(server)
    listening = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


def provider_of(folder: Path, issuer: str, key: str = "demo") -> EidProvider:
    return EidProvider(
        key=key,
        label="Prøve-eID",
        issuer=issuer,
        client_id=eid.CLIENT_ID,
        client_secret_file=folder / "eid-client-secret",
        scopes=("openid", "mitid"),
        national_id_scopes=("ssn",),
        national_id_claim="dk.cpr",
        birth_date_claim="mitid.date_of_birth",
        name_claim="mitid.identity_name",
        level_claim="loa",
        levels_accepted=(eid.SUBSTANTIAL,),
        demo=True,
    )


def _let_it_be_bent(server: EidServer) -> None:
    @server.app.before_request
    def _first() -> Any:
        server.asked.append(request.path)
        instead = server.answer_instead.get(request.path)
        return instead() if instead else None

    @server.app.after_request
    def _bend(response: Response) -> Response:
        if request.path in server.answer_instead:
            return response
        if request.path == "/token" and response.status_code == 200:
            answer = json.loads(response.data)
            answer["id_token"] = _forge(server, answer["id_token"])
            response.data = json.dumps(answer)
        if request.path == "/userinfo" and response.status_code == 200:
            response.data = json.dumps(server.bend_userinfo(json.loads(response.data)))
        if request.path.endswith("openid-configuration"):
            response.data = json.dumps(server.bend_metadata(json.loads(response.data)))
        return response


def _forge(server: EidServer, token: str) -> str:
    header, claims, _ = token.split(".")
    new_header = server.bend_header(json.loads(_unb64(header)))
    new_claims = server.bend_claims(json.loads(_unb64(claims)))
    signed = f"{b64(json.dumps(new_header).encode())}.{b64(json.dumps(new_claims).encode())}"
    signature = server.sign(signed.encode()) if server.sign else honest_signature(server.folder, signed.encode())
    return f"{signed}.{b64(signature)}"


def honest_signature(folder: Path, data: bytes) -> bytes:
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key((folder / "eid-key.pem").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return es256(key, data)


def es256(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sha(data: str) -> str:
    return hashlib.sha256(data.encode()).hexdigest()
