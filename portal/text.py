"""Text that people typed: made safe to keep, to search and to show. The only module that knows bleach."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import bleach
from bleach.linkifier import Linker
from markupsafe import Markup, escape

LONGEST = 100_000
"""Characters; longer texts are refused at the form and cut here."""

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_PHONE = re.compile(r"\+?(?:[ ().-]*[0-9]){3,15}[ )]*")
_TAGS = frozenset({"a", "p", "br"})


_UNWANTED = frozenset(
    "\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\ufff9\ufffa\ufffb"
)
"""Marks that turn the reading direction or cannot be seen: a name must look like what it is."""


def plain(text: str, longest: int = LONGEST) -> str:
    """`text` in one Unicode form, without control characters and without marks that turn the reading direction."""
    normal = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    kept = (c for c in normal if c in "\n\t" or (c not in _UNWANTED and unicodedata.category(c) not in ("Cc", "Cs")))
    return "".join(kept)[:longest].strip()


def line(text: str, longest: int = 200) -> str:
    """Like `plain`, on one line with single spaces: for names and subjects."""
    return " ".join(plain(text).split())[:longest].strip()


def is_address(email: str) -> bool:
    """Whether this can be an e-mail address."""
    return len(email) <= 254 and _EMAIL.fullmatch(email) is not None


def phone(typed: str) -> str:
    """A telephone number as it was written, on one line. Raises ValueError for what cannot be called."""
    number = line(typed, 40)
    if number and not _PHONE.fullmatch(number):
        raise ValueError("no telephone number")
    return number


def dialled(number: str) -> str:
    """A telephone number as a link calls it: digits and a plus alone."""
    return re.sub(r"[^0-9+]", "", number)


def file_name(name: str) -> str:
    """The name a file keeps: its own, without any path, control or direction marks; at most 200 characters.

    The name is data only, never a path on our side, so that `blåbærgrød.docx` may stay what it is.
    """
    last = line(name.replace("\\", "/").rsplit("/", 1)[-1], 1000).strip(". ")
    if len(last) > 200:
        stem, _dot, ending = last.rpartition(".")
        last = f"{stem[: 199 - len(ending)]}.{ending}" if stem and len(ending) <= 10 else last[:200]
    return last


def as_html(text: str) -> Markup:
    """Plain text as paragraphs with clickable web addresses; everything else it may hold is shown as typed."""
    paragraphs = [p for p in plain(text).split("\n\n") if p.strip()]
    html = "".join(f"<p>{str(escape(p.strip())).replace(chr(10), '<br>')}</p>" for p in paragraphs)
    if "." not in html:
        return Markup(html)  # noqa: S704  every character of the text was escaped above
    linked = Linker(callbacks=[_outward]).linkify(html)
    attributes = {"a": ["href", "rel"]}
    clean = bleach.clean(linked, tags=_TAGS, attributes=attributes, protocols=["http", "https", "mailto"], strip=True)
    return Markup(clean)  # noqa: S704  cleaned on the line above


def _outward(attrs: Any, _new: bool = False) -> Any:
    """Makes a found address a link that tells the other side nothing; what only looks like one stays text."""
    shown = str(attrs.get("_text", ""))
    if not shown.startswith(("http://", "https://", "www.")):
        return None
    attrs[(None, "rel")] = "nofollow noopener noreferrer"
    return attrs
