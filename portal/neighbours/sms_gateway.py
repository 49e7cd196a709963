"""Sending SMS: through a gateway's HTTP API, or into a folder where there is none (demo and tests).

Two plugs: GatewayAPI (ONLINECITY.IO ApS, Esbjerg) by its Mobile Messaging API, and a generic one for any gateway that
takes one JSON object for each SMS, whose names are settings. An answer of 2xx is an acceptance; 408, 425, 429 and 5xx
mean later, and so do the answers to a token that is not taken (401, 402, 403), which no recipient can help; every other
one is about this number.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import urllib3

from portal import clock
from portal.errors import DependencyUnavailable, Undeliverable
from portal.settings import Settings

_PATIENCE = urllib3.Timeout(connect=3, read=10)
_LATER = {401, 402, 403, 404, 405, 408, 425, 429}
"""404 and 405 too: the address of the gateway is wrong then, and not a number."""


def send(settings: Settings, to: str, text: str, key: str) -> None:
    """Hands one SMS over to a number of digits alone (addresses.for_sms). `key` is what it is known again by, should it
    be sent a second time. Raises DependencyUnavailable('sms') when it cannot be just now, Undeliverable when that
    number never will take it."""
    if urlsplit(settings.sms_url).scheme == "folder":
        _keep(Path(urlsplit(settings.sms_url).path), {"to": to, "text": text, "key": key})
        return
    authorization, body, accepted = _PLUGS[settings.sms_plug](settings, to, text, key)
    headers = {"Content-Type": "application/json", "Accept": "application/json", "Idempotency-Key": key}
    if settings.sms_token:
        headers["Authorization"] = authorization.format(token=settings.sms_token)
    try:
        with urllib3.PoolManager(timeout=_PATIENCE, retries=False) as http:
            answer = http.request(
                "POST", settings.sms_url, body=json.dumps(body).encode(), headers=headers, redirect=False
            )
    except (urllib3.exceptions.HTTPError, OSError) as problem:
        raise DependencyUnavailable("sms", type(problem).__name__) from None
    if answer.status in _LATER or answer.status >= 500 or 300 <= answer.status < 400:
        raise DependencyUnavailable("sms", str(answer.status))
    if not 200 <= answer.status < 300:
        raise Undeliverable(str(answer.status))
    if not accepted(_object(answer.data)):
        raise Undeliverable("answer")


_Accepted = Callable[[dict[str, Any]], bool]


def _gatewayapi(settings: Settings, to: str, text: str, key: str) -> tuple[str, dict[str, Any], _Accepted]:
    """POST /mobile/single: https://gatewayapi.com/docs/message/overview/. It answers with an id of its own. `reference`
    is ours; the documentation does not promise that one that comes twice is sent once."""
    body = {
        "sender": settings.sms_from,
        "message": text,
        "recipient": int(to),
        "reference": key,
        "expiration": "P1D",
    }
    return "Token {token}", body, lambda answer: bool(answer.get("msg_id"))


def _generic(settings: Settings, to: str, text: str, key: str) -> tuple[str, dict[str, Any], _Accepted]:
    said = {"to": to, "text": text, "from": settings.sms_from, "key": key}
    names = (pair.partition("=") for pair in settings.sms_fields.split(","))
    body = {called.strip(): said[name.strip()] for name, _, called in names if called.strip()}
    field, _, value = settings.sms_accepted.partition("=")
    return settings.sms_authorization, body, lambda answer: not field or str(answer.get(field)) == value


_PLUGS: dict[str, Callable[[Settings, str, str, str], tuple[str, dict[str, Any], _Accepted]]] = {
    "generic": _generic,
    "gatewayapi": _gatewayapi,
}


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _keep(folder: Path, sms: dict[str, str]) -> None:
    """One with the same key is kept once, however often it is sent."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.glob(f"*-{sms['key']}.json")):
        return
    name = f"{clock.now():%Y%m%dT%H%M%S%f}-{sms['key']}.json"
    half = folder / f".{uuid4().hex}"
    half.write_text(json.dumps(sms, ensure_ascii=False), "utf-8")
    half.rename(folder / name)
