"""Values that nobody means, as bytes: what programs stumble over, each for a reason of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import TypeVar

from tests.rules.leaks import NIGHT

T = TypeVar("T")

NUMBERS = {
    "a digit that is none": "²".encode(),
    "digits of another script": "٣٤".encode(),
    "digits without end": b"9" * 5_000,
    "more than the database counts": b"9" * 19,
    "one too many": str(2**31).encode(),
    "below zero": b"-1",
    "zero": b"0",
    "no number": b"NaN",
    "endless": b"1e999",
    "with spaces": b" 1 ",
    "with lines below": b"1_0",
}
DAYS = {
    "the last day of all": b"9999-12-31",
    "no day": b"0000-00-00",
    "the last year of all": b"9999",
    "an instant at the end": b"9999-12-31T23:59:59.999999+00:00",
    "an instant at the beginning": b"0001-01-01T00:00:00+23:59",
    "a week": b"9999-W53-7",
}
TEXTS = {
    "nul": b"\0",
    "nul within": b"a\0b",
    "half a pair": b"\xed\xa0\x80",
    "no text": b"\xff\xfe",
    "cut short": b"\xc3",
    "no character": "\ufffe\uffff\U0010ffff".encode(),
    "private": "\uf0b7".encode(),
    "turned round": "\u202e\u2066gnirts".encode(),
    "marks without a letter": ("\u0301" * 300).encode(),
    "blank": "\u00a0\u200b\u2028".encode(),
    "a way up": b"../../../etc/passwd",
    "places to fill in": b"%s %(n)s {0} {{7*7}} ${x} :name",
    "another header": b"a\r\nSet-Cookie: b=c",
    "markup": b"<svg onload=x>]]>&#0;&nope;",
    "a name of python": b"__class__",
    "brackets": b"[" * 100_000,
    "objects": b'{"a":' * 20_000,
    "an id of nothing": b"00000000-0000-0000-0000-000000000000",
    "an id in another form": b"{12345678123456781234567812345678}",
    "nothing": b"",
    "very much": b"x" * 600_000,
}
EVERYTHING = NUMBERS | DAYS | TEXTS

IN_JSON = {
    "half a pair": '"\\ud800"',
    "nul": '"\\u0000"',
    "a number": "1e400",
    "a list": "[[[]]]",
    "an object": '{"a": {"b": null}}',
    "null": "null",
    "yes": "true",
    "digits without end": "9" * 4_000,
}
"""Values of JSON, as they are written."""


def some(values: Iterable[T], seed: object, number: int) -> Iterator[T]:
    """So many of them, other ones for another seed and the same ones every time; all of them at night."""
    every = list(values)
    if NIGHT:
        yield from every
        return
    at = int.from_bytes(sha256(str(seed).encode()).digest()[:4])
    step = next(step for step in range(7, 7 + len(every)) if _shares_nothing(step, len(every)))
    for turn in range(min(number, len(every))):
        yield every[(at + turn * step) % len(every)]


def _shares_nothing(one: int, other: int) -> bool:
    while other:
        one, other = other, one % other
    return one == 1
