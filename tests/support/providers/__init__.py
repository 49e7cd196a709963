"""OpenID Connect providers nobody here wrote, run by node from this folder, and somebody who walks through them."""

from __future__ import annotations

import base64
import json
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, OpenerDirector, Request, build_opener

import urllib3
from cryptography.hazmat.primitives.asymmetric import ec

HERE = Path(__file__).parent
SECRET = "kept by the tests alone"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def signing_key(name: str) -> dict[str, str]:
    """A private key for ES256, as a JWK."""
    numbers = ec.generate_private_key(ec.SECP256R1()).private_numbers()

    def coded(number: int) -> str:
        return base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()

    public = numbers.public_numbers
    return {
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": name,
        "x": coded(public.x), "y": coded(public.y), "d": coded(numbers.private_value),
    }  # fmt: skip


@contextmanager
def node(script: str, play: dict[str, Any]) -> Iterator[None]:
    """The script, running and answering for the length of a block."""
    command = ["node", str(HERE / script), json.dumps(play)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            first = process.stdout.readline()
            assert first == "ready\n", (first, process.stderr.read() if process.stderr else "")
            yield
        finally:
            process.kill()


@dataclass
class Liar:
    """The provider that lies as it is told to."""

    port: int

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def bend(self, **how: Any) -> None:
        """From now on; everything not named is honest again."""
        urllib3.request("POST", f"{self.issuer}/bend", body=json.dumps(how))


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None

    def http_error_302(self, _request: Any, answer: Any, *_args: Any) -> Any:
        return answer

    http_error_301 = http_error_303 = http_error_307 = http_error_302


@dataclass
class Visitor:
    """Somebody's browser at the certified provider: keeps its cookies, presses its buttons."""

    opener: OpenerDirector = field(default_factory=lambda: build_opener(_Stay, HTTPCookieProcessor(CookieJar())))

    def sign_in(self, address: str, account: str) -> str:
        """Through the provider's pages as that account; the address of the callback they come back to."""
        return self._walk(address, account)

    def give_up(self, address: str) -> str:
        """As far as the provider's page and no further; the address of the callback they come back to."""
        return self._walk(address, None)

    def sign_out(self, endpoint: str, form: dict[str, str]) -> str:
        """Through the provider's own sign-out; where it leads in the end."""
        status, where, page = self._ask(endpoint, form)
        while status == 200:
            status, where, page = self._ask(_action(page, endpoint), {**_hidden(page), "logout": "yes"})
        return where

    def _walk(self, address: str, account: str | None) -> str:
        home, form = f"{urlsplit(address).scheme}://{urlsplit(address).netloc}", None
        for _step in range(12):
            status, where, page = self._ask(address, form)
            form = None
            if status in (302, 303):
                address = where if where.startswith("http") else f"{home}{where}"
                if not address.startswith(home):
                    parts = urlsplit(address)
                    return f"{parts.path}?{parts.query}"
            elif account is None:
                found = re.search(r'href="([^"]*/abort)"', page)
                assert found, page
                address = found[1]
            else:
                form = {**_hidden(page), "login": account, "password": "x"}
                address = _action(page, address)
        raise AssertionError("the provider leads in circles")

    def _ask(self, address: str, form: dict[str, str] | None) -> tuple[int, str, str]:
        with self.opener.open(Request(address, urlencode(form).encode() if form else None)) as answer:
            return answer.status, answer.headers.get("Location", ""), answer.read().decode()


def _hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))


def _action(page: str, otherwise: str) -> str:
    found = re.search(r'<form[^>]* action="([^"]+)"', page)
    return found[1].replace("&amp;", "&") if found else otherwise
