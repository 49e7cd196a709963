"""Requests with nonsense in them: in the path, the query, every field of a form, the whole body, and the headers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import quote, quote_from_bytes

from werkzeug.routing import Map, RequestRedirect

from tests.rules.leaks import NIGHT
from tests.rules.nonsense.values import EVERYTHING, IN_JSON, NUMBERS, some

Fields = list[tuple[str, Any]]
"""Names and what is sent under them: bytes, or a file as its name and bytes."""
FORM = "application/x-www-form-urlencoded"
_SPECIAL = {"csrf_token", "submission"}
_HEADERS = {
    "Accept", "Accept-Language", "Content-Type", "Cookie", "Forwarded", "If-Match", "If-Modified-Since",
    "If-None-Match", "If-Range", "If-Unmodified-Since", "Origin", "Range", "Referer", "User-Agent", "X-CSRFToken",
    "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Requested-With",
}  # fmt: skip
"""What what stands between reads of a request, before any view does."""


@dataclass
class Sent:
    """A request and what is wrong with it."""

    method: str
    path: str
    why: str
    more: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path[:160]} with {self.why}"


def fields_of(given: dict[str, Any]) -> Fields:
    """What a form of a test sends, as bytes."""
    found: Fields = []
    for name, value in given.items():
        for one in value if isinstance(value, list) else [value]:
            found.append((name, (one[1], one[0]) if isinstance(one, tuple) else str(one).encode()))
    return found


def encoded(fields: Fields) -> dict[str, Any]:
    """A body with its type, as a browser makes it."""
    if not any(isinstance(value, tuple) for _, value in fields):
        body = b"&".join(quote(n).encode() + b"=" + quote_from_bytes(v).encode() for n, v in fields)
        return {"data": body, "content_type": FORM}
    parts = []
    for name, value in fields:
        file = f'; filename="{value[0]}"\r\nContent-Type: application/pdf' if isinstance(value, tuple) else ""
        content = value[1] if isinstance(value, tuple) else value
        parts.append(f'--edge\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + content)
    return {"data": b"\r\n".join([*parts, b"--edge--\r\n"]), "content_type": "multipart/form-data; boundary=edge"}


def in_fields(method: str, path: str, base: Fields, heard: set[str], seed: str) -> Iterator[Sent]:
    """The form as it should be, but for one field; and with a field twice, left out, or a file."""
    names = {name for name, _ in base} | heard
    for name in sorted(names):
        rest = [pair for pair in base if pair[0] != name]
        of_numbers = any(part in name for part in _COUNTS)
        chosen = dict(some(EVERYTHING.items(), f"{seed} {name}", 0 if name in _SPECIAL else 1))
        chosen |= dict(some(NUMBERS.items(), f"{name} {seed}", 1)) if of_numbers else {}
        for why, value in chosen.items():
            yield Sent(method, path, f"{why} in {name}", encoded([*rest, (name, value)]))
        own = [value for same, value in base if same == name] or [b"x"]
        others = {
            "twice": [(name, own[0]), (name, b"\xff"), (name, "²".encode())],
            "as a file": [(name, ("x.pdf", b"%PDF-1.4"))],
            "left out": [],
            "as a list": [(f"{name}-0", b"x"), (f"{name}-²", b"y"), (f"{name}[]", b"z"), (f"{name}-{'9' * 400}", b"")],
        }
        for why, instead in some(others.items(), f"{seed} {name}", 1 if name in _SPECIAL or _odd(seed, name) else 0):
            yield Sent(method, path, f"{name} {why}", encoded([*rest, *instead]))


def _odd(seed: str, name: str) -> bool:
    """Of half of all fields."""
    return sha256(f"{seed} {name}".encode()).digest()[0] % 2 == 1


_COUNTS = ("number", "revision", "seen", "day", "month", "year", "before", "since", "page")
"""What is in the names of fields that hold numbers."""


def in_bodies(method: str, path: str, base: Fields, token: str, seed: str) -> Iterator[Sent]:
    """Another kind of body than the form's."""
    plain = {name: value.decode() for name, value in base if isinstance(value, bytes)}
    form = encoded(base)
    whole = {
        "JSON": (json.dumps(plain).encode(), "application/json"),
        "a list in JSON": (b"[1, 2]", "application/json"),
        "text in JSON": (b'"x"', "application/json"),
        "brackets in JSON": (b"[" * 100_000, "application/json"),
        "no JSON": (b"{", "application/json"),
        "no text in JSON": (b'{"a": "\xff"}', "application/json"),
        "a form in another encoding": (form["data"].decode("latin-1").encode("utf-16"), f"{FORM}; charset=utf-16"),
        "a form in an encoding that is none": (form["data"], f"{FORM}; charset=²"),
        "parts without an edge": (form["data"], "multipart/form-data"),
        "parts with an edge that is none": (form["data"], "multipart/form-data; boundary=²"),
        "parts cut short": (b'--edge\r\nContent-Disposition: form-data; name="x"\r\n', _PARTS),
        "a part that is no part": (b"--edge\r\n\xff\xfe: ;;;=\r\n\r\nx\r\n--edge--", _PARTS),
        "a part without a name": (b"--edge\r\nContent-Disposition: form-data\r\n\r\nx\r\n--edge--\r\n", _PARTS),
        "very many fields": (b"&".join(b"a%d=1" % number for number in range(3_000)), FORM),
        "a type that is none": (b"x", "²/;=,"),
        "more than anybody may send": (b"x=" + b"y" * 1_100_000, FORM),
        "only signs": (b"&&=&==&%&%zz=%u1234&;", FORM),
    }
    names = sorted(plain) or ["x"]
    for why, value in IN_JSON.items():
        told = ", ".join(f"{json.dumps(name)}: {value}" for name in names)
        whole[f"{why} in JSON"] = (f"{{{told}}}".encode(), "application/json")
    for why, (data, kind) in some(whole.items(), seed, 1):
        headers = {"X-CSRFToken": token}
        yield Sent(method, path, why, {"data": data, "content_type": kind, "headers": headers})


_PARTS = "multipart/form-data; boundary=edge"


def in_query(method: str, path: str, heard: set[str], seed: str) -> Iterator[Sent]:
    """Every argument that the view asks for."""
    joined = "&" if "?" in path else "?"
    for name in sorted(heard - {"csrf_token"}):
        of_numbers = any(part in name for part in _COUNTS)
        chosen = dict(some(EVERYTHING.items(), f"{seed} {name}", 1))
        chosen |= dict(some(NUMBERS.items(), f"{name} {seed}", 2)) if of_numbers else {}
        for why, value in chosen.items():
            query = f"{name}={quote_from_bytes(value)}"
            yield Sent(method, path + joined + query, f"{why} in {name}")
            if NIGHT:
                yield Sent(method, f"{path}{joined}{query}&{query}&{name}=1", f"{why} twice in {name}")


def in_path(method: str, path: str, urls: Map, seed: str, **more: Any) -> Iterator[Sent]:
    """Every part of the address that names something."""
    try:
        rule, arguments = urls.bind("localhost").match(path.split("?")[0], method=method, return_rule=True)
    except RequestRedirect:
        return
    parts = {name: quote(str(value)) for name, value in arguments.items()}
    for name in sorted(parts):
        for why, value in some(_IN_PATHS.items(), f"{seed} {name}", 1):
            put = {**parts, name: value}
            address = re.sub(r"<(?:[^<>:]+:)?(\w+)>", lambda found, put=put: put[found.group(1)], rule.rule)
            yield Sent(method, address, f"{why} as {name}", more)


_IN_PATHS = {
    **{why: quote_from_bytes(value) for why, value in NUMBERS.items()},
    "nul": "a%00b",
    "half a pair": "%ed%a0%80",
    "no text": "%ff%fe",
    "another line": "a%0d%0aSet-Cookie:%20b=c",
    "a way up": "..%2f..%2fx",
    "dots": "..",
    "signs": "%25%3f%23%3b%5c",
    "very much": "x" * 4_000,
    "an id in another form": "%7b12345678123456781234567812345678%7d",
    "private": "%ef%82%b7",
    "no character": "%ef%bf%be",
}


def in_headers(method: str, path: str, heard: set[str], base: dict[str, Any], seed: str) -> Iterator[Sent]:
    """Every header that is looked at: one kind of nonsense in all of them at once, and at night in each."""
    names = (heard | _HEADERS) - {"Host", "Content-Length"}
    base = dict(base)
    own = dict(base.pop("headers", {}))
    for why, value in some(IN_HEADERS.items(), seed, 1):
        held_back = {"X-CSRFToken", "Cookie"} if own else set()
        everywhere = {name: value for name in names - held_back if name != "Content-Type"}
        yield Sent(method, path, f"{why} in every header", {**base, "headers": {**own, **everywhere}})
    for name in sorted(names):
        for why, value in some(IN_HEADERS.items(), f"{seed} {name}", 0):
            yield Sent(method, path, f"{why} in {name}", {**base, "headers": {**own, name: value}})


IN_HEADERS = {
    "a digit that is none": "\xb2",
    "no text": "\xff\xfe",
    "digits without end": "9" * 5_000,
    "below zero": "-1",
    "signs": ',;="\\ ,,;;==',
    "an open quote": '"' * 3,
    "a range that is none": "bytes=9-1,-,²-".encode().decode("latin-1"),
    "a day that is none": "Thu, 99 Foo 99999 99:99:99 GMT",
    "the last day of all": "Fri, 31 Dec 9999 23:59:59 GMT",
    "a weight that is none": "da;q=nan, en;q=1e999, */*;q=²".encode().decode("latin-1"),
    "very much": "x, " * 2_600,
    "an address that is none": "http://[::1",
    "base64 that is none": "filename ====,compartment ²".encode().decode("latin-1"),
    "nothing": "",
}
