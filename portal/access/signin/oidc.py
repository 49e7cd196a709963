"""An OpenID Connect client that trusts nothing it has not checked. The only module that knows python-jose.

Code flow with PKCE, state and nonce. The library's defaults accept far too much (a token without `exp`, an unknown
`crit`, any algorithm it is offered), so every claim that matters is checked here, against our settings and not against
what the token says of itself, and any exception at all is a refusal.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import urllib3
from jose import jwt

from portal import clock
from portal.errors import DependencyUnavailable, PortalError
from portal.identity_providers import OidcProvider

_LARGEST_TOKEN = 16 * 1024
_LARGEST_ANSWER = 256 * 1024
_FRESH_FOR = 30 * 60
_ASKS_AGAIN = 10
"""Seconds between two looks for a key that is not known, so that nobody can make us hammer a provider."""
_PATIENCE = 8
"""Seconds that one answer may take altogether: a provider that sends a byte now and then is as good as away."""
SKEW = 60
"""Seconds that a provider's clock may be off."""
_OLDEST_TOKEN = 10 * 60
_KEY_TYPES = {"ES256": "EC", "RS256": "RSA"}
_ABORTED = {"access_denied", "mitid_user_aborted", "user_aborted", "cancelled"}
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class EidRefused(PortalError):
    """The eID's answer cannot be accepted. `why` is a short code for the log and the page; never a value."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Identity:
    """What a provider vouches for, after every check."""

    issuer: str
    subject: str
    claims: dict[str, Any]
    id_token: str
    authenticated_at: datetime | None = None
    """When the person identified themselves there, by the ID token; None when it does not tell."""


class OidcClient:
    """Talks to one provider. Safe to share between threads; keeps its metadata and keys for half an hour."""

    def __init__(self, provider: OidcProvider, redirect_uri: str) -> None:
        self.provider = provider
        self.redirect_uri = redirect_uri
        self._http = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=3, read=5), retries=False, maxsize=4, headers={"Accept": "application/json"}
        )
        self._lock = threading.Lock()
        self._metadata: dict[str, Any] = {}
        self._keys: list[dict[str, Any]] = []
        self._fetched = self._looked_again = -math.inf

    def authorization_url(
        self, state: str, nonce: str, verifier: str, scopes: tuple[str, ...], parameters: dict[str, str]
    ) -> str:
        """Where to send the browser; `scopes` and `parameters` are asked for beside the provider's own.

        Raises DependencyUnavailable('eid') when the provider does not answer.
        """
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        question = {
            **self.provider.parameters,
            **parameters,
            "response_type": "code",
            "client_id": self.provider.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": " ".join(dict.fromkeys(self.provider.scopes + scopes)),
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._endpoint('authorization_endpoint')}?{urlencode(question)}"

    def check_answer(self, error: str | None, issuer: str | None) -> None:
        """Raises EidRefused when the provider says no, or does not say that it is itself where it should (RFC 9207)."""
        if issuer is not None and issuer.rstrip("/") != self.provider.issuer_url:
            raise EidRefused("issuer")
        if issuer is None and self._metadata.get("authorization_response_iss_parameter_supported") is True:
            raise EidRefused("issuer")
        if error is not None:
            raise EidRefused("aborted" if error in _ABORTED else "provider")

    def redeem(self, code: str, verifier: str, nonce: str) -> Identity:
        """Trades the code for an identity. Raises EidRefused for a wrong answer, DependencyUnavailable('eid') for
        none."""
        tokens = self._post_code(code, verifier)
        id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access_token, str):
            raise EidRefused("token_missing")
        claims = self._verified(id_token, access_token, nonce)
        more = self._get(self._endpoint("userinfo_endpoint"), {"Authorization": f"Bearer {access_token}"})
        if more.get("sub") != claims["sub"]:
            raise EidRefused("userinfo_sub")
        shown = self._authenticated_at(claims)
        return Identity(self.provider.issuer_url, claims["sub"], {**more, **claims}, id_token, shown)

    def end_session_endpoint(self) -> str | None:
        """Where signing out at the provider happens, if it offers that and has been heard of lately. Asks nobody."""
        url = self._metadata.get("end_session_endpoint")
        return url if isinstance(url, str) and _is_safe(url) else None

    # Talking

    def _endpoint(self, name: str) -> str:
        self._refresh()
        url = self._metadata.get(name)
        if not isinstance(url, str) or not _is_safe(url):
            raise EidRefused("metadata")
        return url

    def _refresh(self, force: bool = False) -> None:
        with self._lock:
            now = time.monotonic()
            if force:
                if now - self._looked_again < _ASKS_AGAIN:
                    return
                self._looked_again = now
            elif now - self._fetched < _FRESH_FOR:
                return
            metadata = self._get(f"{self.provider.issuer_url}/.well-known/openid-configuration")
            if metadata.get("issuer") not in (self.provider.issuer_url, f"{self.provider.issuer_url}/"):
                raise EidRefused("metadata_issuer")
            keys_url = metadata.get("jwks_uri")
            if not isinstance(keys_url, str) or not _is_safe(keys_url):
                raise EidRefused("metadata")
            keys = self._get(keys_url).get("keys")
            self._keys = [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []
            self._metadata, self._fetched = metadata, time.monotonic()

    def _post_code(self, code: str, verifier: str) -> dict[str, Any]:
        secret = self.provider.client_secret_file.read_text("utf-8").strip()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": verifier,
        }
        headers: dict[str, str] = {}
        if self.provider.client_authentication == "post":
            form |= {"client_id": self.provider.client_id, "client_secret": secret}
        else:
            # RFC 6749, 2.3.1: both parts are form-encoded before they become a header.
            pair = f"{quote_plus(self.provider.client_id)}:{quote_plus(secret)}"
            headers = dict(urllib3.make_headers(basic_auth=pair))
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        return self._ask("POST", self._endpoint("token_endpoint"), headers, urlencode(form))

    def _get(self, url: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
        return self._ask("GET", url, headers or {})

    def _ask(self, method: str, url: str, headers: dict[str, str], body: str | None = None) -> dict[str, Any]:
        try:
            answer = self._http.request(method, url, headers=headers, body=body, redirect=False, preload_content=False)
            try:
                content = _read(answer)
            finally:
                answer.close()
        except (urllib3.exceptions.HTTPError, OSError) as problem:
            raise DependencyUnavailable("eid") from problem
        if answer.status >= 500:
            raise DependencyUnavailable("eid")
        if answer.status != 200 or len(content) > _LARGEST_ANSWER:
            raise EidRefused("answer")
        try:
            parsed = json.loads(content)
        except (ValueError, RecursionError) as problem:
            raise EidRefused("answer") from problem
        if not isinstance(parsed, dict):
            raise EidRefused("answer")
        return parsed

    # Checking

    def _verified(self, token: str, access_token: str, nonce: str) -> dict[str, Any]:
        try:
            return self._check(token, access_token, nonce)
        except (EidRefused, DependencyUnavailable):
            raise
        except Exception as problem:  # the library raises far more than it documents
            raise EidRefused("token") from problem

    def _check(self, token: str, access_token: str, nonce: str) -> dict[str, Any]:
        if len(token) > _LARGEST_TOKEN:
            raise EidRefused("token_size")
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm not in self.provider.algorithms:
            raise EidRefused("algorithm")
        if header.get("typ", "JWT") != "JWT" or {"crit", "jwk", "jku", "x5u", "x5c", "b64"} & set(header):
            raise EidRefused("header")
        key = self._key(algorithm, header.get("kid"))
        wanted = ("exp", "iat", "sub", "aud", "iss")
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=self.provider.client_id,
            issuer=(self.provider.issuer_url, f"{self.provider.issuer_url}/"),
            access_token=access_token,
            options={**{f"require_{name}": True for name in wanted}, "leeway": SKEW},
        )
        self._check_claims(claims, nonce)
        return claims

    def _check_claims(self, claims: dict[str, Any], nonce: str) -> None:
        now = clock.now().timestamp()
        if not all(_is_instant(claims[name]) for name in ("exp", "iat")):
            raise EidRefused("times")
        if claims["exp"] + SKEW <= now or not now - _OLDEST_TOKEN <= claims["iat"] <= now + SKEW:
            raise EidRefused("times")
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if claims.get("azp", self.provider.client_id) != self.provider.client_id:
            raise EidRefused("azp")
        if len(audience) > 1 and "azp" not in claims:
            raise EidRefused("azp")
        if not isinstance(claims.get("nonce"), str) or not hmac.compare_digest(
            claims["nonce"].encode(), nonce.encode()
        ):
            raise EidRefused("nonce")
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255 or not claims["sub"].isprintable():
            raise EidRefused("sub")

    def _authenticated_at(self, claims: dict[str, Any]) -> datetime | None:
        """Read from what is signed and from nothing else. Raises EidRefused for what is no instant, or lies ahead."""
        told = claims.get(self.provider.auth_time_claim) if self.provider.can_prove_anew else None
        if told is None:
            return None
        try:
            instant = _read_instant(told)
        except (ValueError, OverflowError, OSError) as problem:
            raise EidRefused("times") from problem
        if (instant - clock.now()).total_seconds() > SKEW:
            raise EidRefused("times")
        return instant

    def _key(self, algorithm: str, kid: object) -> dict[str, Any]:
        """The provider's key for this token, chosen by our list of algorithms, its id and its use."""
        for force in (False, True):
            self._refresh(force)
            fitting = [
                key
                for key in self._keys
                if key.get("kty") == _KEY_TYPES[algorithm]
                and key.get("use", "sig") == "sig"
                and key.get("alg", algorithm) == algorithm
                and (kid is None or key.get("kid") == kid)
            ]
            if len(fitting) == 1:
                return fitting[0]
        raise EidRefused("key")


def _read(answer: urllib3.BaseHTTPResponse) -> bytes:
    """The body, up to one byte more than is taken. Raises DependencyUnavailable('eid') for one that never comes to an
    end."""
    deadline, content = time.monotonic() + _PATIENCE, b""
    while len(content) <= _LARGEST_ANSWER and (piece := answer.read1(_LARGEST_ANSWER)):
        content += piece
        if time.monotonic() > deadline:
            raise DependencyUnavailable("eid")
    return content


def _read_instant(told: object) -> datetime:
    """Seconds since 1970, or ISO 8601 with its offset from UTC. Raises ValueError or OverflowError for other things."""
    if isinstance(told, str):
        read = datetime.fromisoformat(told)
        if read.tzinfo is None:
            raise ValueError("an instant names its offset")
        return read.astimezone(UTC)
    if not _is_instant(told):
        raise ValueError("not an instant")
    return datetime.fromtimestamp(told, UTC)  # type: ignore[arg-type]


def _is_instant(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_safe(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
