"""Nonsense from programs that come by a link: in the path, every header of their protocol and what they send. It is
told to be wrong, never by a fault of the portal's, and what is told to be wrong changes nothing.

In every run each method gets some of it; at night (`make test-long`) every method gets all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_from_bytes

import psycopg
import pytest
from flask import Flask

from portal.runtime import Runtime
from tests.rules.nonsense.requests import IN_HEADERS, Sent
from tests.rules.nonsense.stage import NOTED, Stage
from tests.rules.nonsense.values import TEXTS, some
from tests.rules.routes import WEBDAV
from tests.support.story import Story
from tests.support.word_processor import LOCK, NOTE, program

_PATHS = {
    "": "plan.pdf",
    "the folder": "",
    "no text": "%ff%fe",
    "half a pair": "%ed%a0%80",
    "nul": "a%00b",
    "another line": "a%0d%0aX: y",
    "a way up": "..%2f..%2fx",
    "a way up in clear": "../../x",
    "itself": "./plan.pdf",
    "nothing between": "a//b",
    "a folder in nothing": "a/b/c",
    "very much": "x" * 3_000,
    "private": "%ef%82%b7",
    "no character": "%ef%bf%be",
    **{f"{why} in it": f"a{quote_from_bytes(value)}" for why, value in TEXTS.items() if len(value) < 1_000},
}
_SPOKEN = (
    "Content-Range", "Content-Type", "Depth", "Destination", "If", "If-Match", "If-Modified-Since", "If-None-Match",
    "If-Range", "If-Unmodified-Since", "Lock-Token", "Overwrite", "Range", "Timeout", "Translate", "User-Agent",
    "X-Expected-Entity-Length",
)  # fmt: skip
"""Headers that WebDAV and its programs have."""
_DAV_HEADERS = IN_HEADERS | {
    "two depths": "0, 1",
    "an open bracket": "(((((",
    "a list": '(<opaquelocktoken:\xb2> ["x"]) (Not <DAV:no-lock>)',
    "a token of nobody": "<opaquelocktoken:00000000-0000-0000-0000-000000000000>",
    "a path that is none": "/dav/%ff%fe",
    "a way up": "/dav/../../x",
    "for ever": "Infinite, Second-" + "9" * 400,
}
_BODIES = {
    "nothing": b"",
    "no XML": b"\xff\xfe<",
    "very deep": b"<a>" * 50_000,
    "deep and whole": b"<a>" * 3_000 + b"</a>" * 3_000,
    "another root": b"<a/>",
    "an entity nobody defined": LOCK.replace(b"a program", b"&foo;"),
    "an entity of its own": b'<!DOCTYPE x [<!ENTITY foo "y">]>' + LOCK.replace(b"a program", b"&foo;"),
    "a file of the machine": b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><a>&f;</a>',
    "a lock of nothing": b'<D:lockinfo xmlns:D="DAV:"/>',
    "a lock of two kinds": LOCK.replace(b"<D:exclusive/>", b"<D:exclusive/><D:shared/>"),
    "an owner without end": LOCK.replace(b"a program", b"x" * 100_000),
    "no namespace": b"<lockinfo><lockscope/></lockinfo>",
    "a namespace that is none": b'<a:b xmlns:a=""/>',
    "a note without a value": NOTE.replace(b"zqvnote", b""),
    "a note without a name": NOTE.replace(b'<x:zqvmark xmlns:x="urn:x">zqvnote</x:zqvmark>', b""),
    "in another encoding": '<?xml version="1.0" encoding="utf-16"?><a/>'.encode("utf-16"),
    "in an encoding that is none": b'<?xml version="1.0" encoding="zqv"?><a/>',
    "an instruction": b"<?php x ?><!-- y -->" + LOCK,
    "everything asked": b'<D:propfind xmlns:D="DAV:"><D:prop><D:x/><y xmlns="\xc2\xb2"/></D:prop></D:propfind>',
    "much": b"x" * 900_000,
}
_FITTING = {"LOCK": LOCK, "PROPPATCH": NOTE, "PUT": b"%PDF-1.4 x"}


def _of_each(what: Any, number: int) -> Iterator[tuple[str, Any]]:
    """So many of them with every method, other ones with each."""
    every = list(what.items()) if isinstance(what, dict) else list(what)
    for method in WEBDAV:
        yield from ((method, one) for one in some(every, f"{method} {len(every)}", number))


def _requests(at: str) -> Iterator[Sent]:
    for method, (why, path) in _of_each(_PATHS, 8):
        body = {"data": _FITTING.get(method, b"")}
        if method in ("COPY", "MOVE"):
            body["headers"] = {"Destination": f"{at}/{path}"}
            yield Sent(method, f"{at}/plan.pdf", f"a destination that is {why}", body)
        yield Sent(method, f"{at}/{path}", f"a path that is {why}", body)
    for method, name in _of_each(_SPOKEN, 12):
        for why, value in some(_DAV_HEADERS.items(), f"{method} {name}", 1):
            more = {"data": _FITTING.get(method, b""), "headers": {"Destination": f"{at}/x", name: value}}
            yield Sent(method, f"{at}/plan.pdf", f"{why} in {name}", more)
    for method, (why, content) in _of_each(_BODIES, 6):
        more = {"data": content, "headers": {"Destination": f"{at}/x"}}
        yield Sent(method, f"{at}/plan.pdf", f"{why} in the body", more)


@pytest.mark.faulty
def test_nonsense_from_a_word_processor(app: Flask, runtime: Runtime, story: Story, owner: psycopg.Connection) -> None:
    room = story.case(parents=0)
    link = program(app, story, room, room.guide, story.file(room, room.guide))
    stage, wrong, statuses = Stage(app, runtime, owner), [], set()
    with stage.forgetting():
        for request in _requests(f"/dav/{link.token}"):
            client = app.test_client(use_cookies=False)
            answer = stage.ask(client, request.method, request.path, **request.more)
            statuses.add(answer.status)
            if answer.status >= 500 or answer.fault or (answer.status >= 400 and answer.changed - NOTED):
                wrong.append(f"{request}: {answer.status} {answer.fault or answer.changed - NOTED or answer.text}")
    assert not wrong, "\n".join(wrong)
    assert statuses >= {200, 204, 207, 400, 404, 405}, "or it never came as far"
