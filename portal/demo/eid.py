"""A pretended national eID: a small, real OpenID Connect provider (code flow, PKCE, ES256), for trying the portal.

It lets anybody be anybody, so it says so on every page, and refuses to run where the portal is in production. It speaks
with the claim names of a MitID broker, so that the portal uses the same client and the same checks as in earnest.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import threading
import time
from dataclasses import dataclass
from datetime import date, timedelta
from email import policy
from email.parser import BytesParser
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pyotp
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from flask import Flask, Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal import clock
from portal.errors import UnsafeConfiguration
from portal.settings import PROJECT, Environment, Settings
from portal.web import i18n

CLIENT_ID = "portal-demo"
SUBSTANTIAL = "https://data.gov.dk/concept/core/nsis/Substantial"
LOW = "https://data.gov.dk/concept/core/nsis/Low"
_CODE_LASTS = 60
_TOKEN_LASTS = 300


@dataclass(frozen=True)
class Pretended:
    """Somebody to be."""

    name: str
    birth_date: str
    national_id: str
    about: str = ""

    @classmethod
    def aged(cls, name: str, about: str, today: date, years: int, days: int, serial: str) -> Pretended:
        """Somebody who was that many years old that many days ago. `serial` is the end of the national id."""
        born = clock.birthday(today, -years) - timedelta(days=days)
        return cls(name, born.isoformat(), f"{born:%d%m%y}{serial}", about)

    @property
    def mail(self) -> str:
        """Where they are told in the demo. No mail reaches this domain (RFC 2606)."""
        local = self.name.lower().replace("æ", "ae").replace("ø", "oe").replace("å", "aa").replace(" ", ".")
        return f"{local}@hjemme.example"

    @property
    def number(self) -> str:
        """Their phone in the demo. No country has the code 999 (ITU-T E.164): no such number can ring."""
        return f"+999{int(self.subject[:8], 16) % 100_000_000:08}"

    @property
    def subject(self) -> str:
        return hashlib.sha256(f"demo:{self.national_id}:{self.name}".encode()).hexdigest()[:32]


@dataclass(frozen=True)
class _Grant:
    who: Pretended
    level: str
    scope: str
    nonce: str
    challenge: str
    redirect_uri: str
    at: int
    """When they chose who to be, in seconds: this eID remembers nobody from one time to the next."""
    until: float


def create_eid(settings: Settings, folder: Path, issuer: str) -> Flask:
    """The provider as a web application. `folder` holds its key, its client's secret and its people."""
    if settings.environment is Environment.PRODUCTION:
        raise UnsafeConfiguration("the pretended eID must not run in production")
    app = Flask("demo-eid", template_folder=str(PROJECT / "templates"), static_folder=str(PROJECT / "static"))
    # It shows mails and codes to whoever asks, so it must not be asked by another site's page under that site's name.
    app.config["TRUSTED_HOSTS"] = [urlsplit(issuer).hostname or ""]
    i18n.install(app)
    provider = _Provider(settings, folder, issuer)
    app.add_url_rule("/.well-known/openid-configuration", view_func=provider.metadata)
    app.add_url_rule("/jwks", view_func=provider.jwks)
    app.add_url_rule("/authorize", view_func=provider.ask, methods=["GET"])
    app.add_url_rule("/authorize", view_func=provider.answer, methods=["POST"], endpoint="answer")
    app.add_url_rule("/token", view_func=provider.token, methods=["POST"])
    app.add_url_rule("/userinfo", view_func=provider.userinfo)
    app.add_url_rule("/mail", view_func=provider.mail)
    app.add_url_rule("/phone", view_func=provider.phone, methods=["GET", "POST"])
    app.add_url_rule("/health", view_func=lambda: "ok\n", endpoint="health")
    app.after_request(provider.headers)
    return app


def prepare(folder: Path, people: list[Pretended]) -> None:
    """Makes the provider's key and its client's secret, once, and writes down whom it can pretend to be."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = folder / "eid-key.pem"
    if not key.exists():
        made = ec.generate_private_key(ec.SECP256R1())
        _write(
            key,
            made.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        )
    if not (folder / "eid-client-secret").exists():
        _write(folder / "eid-client-secret", secrets.token_urlsafe(32).encode())
    listed = [vars(person) for person in people]
    _write(folder / "eid-people.json", json.dumps(listed, ensure_ascii=False, indent=1).encode())


def read_people(folder: Path) -> list[Pretended]:
    """Whom the provider in `folder` can pretend to be."""
    return [Pretended(**one) for one in json.loads((folder / "eid-people.json").read_text("utf-8"))]


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


class _Provider:
    def __init__(self, settings: Settings, folder: Path, issuer: str) -> None:
        self.settings, self.folder, self.issuer = settings, folder, issuer
        loaded = serialization.load_pem_private_key((folder / "eid-key.pem").read_bytes(), None)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise UnsafeConfiguration("the pretended eID's key is not an elliptic curve key")
        self.key = loaded
        self.secret = (folder / "eid-client-secret").read_text().strip()
        self.redirect_prefix = f"{settings.origin}/eid/"
        self._lock = threading.Lock()
        self._codes: dict[str, _Grant] = {}
        self._tokens: dict[str, _Grant] = {}

    # What the portal asks

    def metadata(self) -> ResponseReturnValue:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }

    def jwks(self) -> ResponseReturnValue:
        return {"keys": [self._public()]}

    def token(self) -> ResponseReturnValue:
        given = request.authorization
        if given is None or given.username != CLIENT_ID or not hmac.compare_digest(given.password or "", self.secret):
            return {"error": "invalid_client"}, 401
        with self._lock:
            grant = self._codes.pop(request.form.get("code", ""), None)
        verifier = request.form.get("code_verifier", "")
        challenge = _b64(hashlib.sha256(verifier.encode()).digest())
        if (
            grant is None
            or grant.until < time.time()
            or grant.redirect_uri != request.form.get("redirect_uri")
            or not hmac.compare_digest(challenge, grant.challenge)
        ):
            return {"error": "invalid_grant"}, 400
        access_token = secrets.token_urlsafe(32)
        with self._lock:
            self._tokens[access_token] = grant
        return {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": _TOKEN_LASTS,
            "id_token": self._id_token(grant, access_token),
        }

    def userinfo(self) -> ResponseReturnValue:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        with self._lock:
            grant = self._tokens.get(token)
        if grant is None or grant.until + _TOKEN_LASTS < time.time():
            return {"error": "invalid_token"}, 401
        claims = {"sub": grant.who.subject, "mitid.identity_name": grant.who.name}
        claims["mitid.date_of_birth"] = grant.who.birth_date
        if "ssn" in grant.scope.split():
            claims["dk.cpr"] = grant.who.national_id
        return claims

    # What the person sees

    def ask(self) -> ResponseReturnValue:
        self._check(request.args)
        people = self._people()
        saved = {name: request.args.get(name, "") for name in _PASSED_ON}
        return render_template("demo/authorize.html", people=people, asked=saved, shares_id="ssn" in saved["scope"])

    def answer(self) -> ResponseReturnValue:
        self._check(request.form)
        back = {"state": request.form.get("state", ""), "iss": self.issuer}
        if request.form.get("act") == "stop":
            return self._back({**back, "error": "access_denied"})
        who = self._chosen()
        code = secrets.token_urlsafe(32)
        with self._lock:
            self._codes[code] = _Grant(
                who=who,
                level=LOW if request.form.get("low") else SUBSTANTIAL,
                scope=request.form.get("scope", ""),
                nonce=request.form.get("nonce", ""),
                challenge=request.form.get("code_challenge", ""),
                redirect_uri=request.form["redirect_uri"],
                at=int(time.time()),
                until=time.time() + _CODE_LASTS,
            )
        return self._back({**back, "code": code})

    def mail(self) -> ResponseReturnValue:
        """The mails and SMS the portal would have sent, newest first: invitations end here in the demo."""
        names = {at: one.name for one in self._people() for at in (one.mail, one.number.removeprefix("+"))}
        mails = []
        for path in sorted((self.folder / "mail").glob("*.eml"), reverse=True)[:50]:
            message = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
            body = message.get_body(("plain",))
            said = body.get_content() if body else ""
            to = str(message["To"])
            mails.append({"to": to, "name": names.get(to, ""), "subject": message["Subject"], "body": said})
        every_sms = []
        for path in sorted((self.folder / "sms").glob("*.json"), reverse=True)[:50]:
            sms = json.loads(path.read_text("utf-8"))
            every_sms.append({**sms, "name": names.get(sms["to"], "")})
        links = tuple(f"{self.settings.origin}/{where}" for where in ("invitation/", "stop/"))
        return render_template("demo/mail.html", mails=mails, every_sms=every_sms, links=links)

    def phone(self) -> ResponseReturnValue:
        """A pretended phone with a code app: whatever key is typed into it, it shows that key's codes. It knows
        nothing of the portal; the keys typed into it stay in the demo's folder."""
        path = self.folder / "phone.json"
        keys: dict[str, str] = json.loads(path.read_text("utf-8")) if path.exists() else {}
        fault = False
        if request.method == "POST":
            key = "".join(request.form.get("key", "").split()).upper()[:64]
            try:
                pyotp.TOTP(key).now()
                keys[key] = request.form.get("name", "").strip()[:60] or str(len(keys) + 1)
                _write(path, json.dumps(dict(list(keys.items())[-50:])).encode())
                return redirect("/phone", 303)
            except ValueError:
                fault = True
        codes = [(name, pyotp.TOTP(key).now()) for key, name in reversed(keys.items())]
        left = 30 - int(time.time()) % 30
        return render_template("demo/phone.html", codes=codes, left=left, fault=fault)

    def headers(self, response: Response) -> Response:
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; "
            f"form-action 'self' {self.settings.origin}; frame-ancestors 'none'; base-uri 'none'"
        )
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    # Inside

    def _people(self) -> list[Pretended]:
        return read_people(self.folder)

    def _chosen(self) -> Pretended:
        chosen = request.form.get("who", "")
        for person in self._people():
            if person.subject == chosen:
                return person
        name, born = request.form.get("name", "").strip()[:100], request.form.get("birth_date", "")[:10]
        number = "".join(c for c in request.form.get("national_id", "") if c.isdigit())[:10]
        return Pretended(name or "Ukendt Person", born or "2000-01-01", number)

    def _check(self, asked: Any) -> None:
        if (
            asked.get("client_id") != CLIENT_ID
            or not asked.get("redirect_uri", "").startswith(self.redirect_prefix)
            or asked.get("code_challenge_method") != "S256"
            or not asked.get("code_challenge")
        ):
            abort(400)

    def _back(self, answer: dict[str, str]) -> ResponseReturnValue:
        return redirect(f"{request.form['redirect_uri']}?{urlencode(answer)}", 303)

    def _public(self) -> dict[str, str]:
        numbers = self.key.public_key().public_numbers()
        x, y = _b64(numbers.x.to_bytes(32, "big")), _b64(numbers.y.to_bytes(32, "big"))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y, "use": "sig", "alg": "ES256", "kid": _kid(x, y)}

    def _id_token(self, grant: _Grant, access_token: str) -> str:
        now = int(time.time())
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": grant.who.subject,
            "iat": now,
            "auth_time": grant.at,
            "exp": now + _TOKEN_LASTS,
            "nonce": grant.nonce,
            "at_hash": _b64(half),
            "loa": grant.level,
        }
        header = {"alg": "ES256", "typ": "JWT", "kid": self._public()["kid"]}
        signed = f"{_b64(json.dumps(header).encode())}.{_b64(json.dumps(claims).encode())}"
        r, s = decode_dss_signature(self.key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{_b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


_PASSED_ON = ("client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method")


def _kid(x: str, y: str) -> str:
    return hashlib.sha256(f"{x}.{y}".encode()).hexdigest()[:16]


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
