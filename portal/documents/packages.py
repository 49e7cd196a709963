"""Packages: files and readable pages in one ZIP, written while they are read, under names that are safe everywhere."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Protocol, cast

from markupsafe import escape

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
_RESERVED = re.compile(r"^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)


class Sink(Protocol):
    def write(self, data: bytes) -> int: ...


class _Onward:
    """A file that can only be written to, from its beginning to its end."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def write(self, data: bytes) -> int:
        self._sink.write(bytes(data))
        return len(data)

    def flush(self) -> None:
        return None


class Package:
    """A ZIP on its way into `sink`. Use it as a block; it is whole when the block ends without an exception."""

    def __init__(self, sink: Sink) -> None:
        self._zip = zipfile.ZipFile(cast(IO[bytes], _Onward(sink)), "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self._taken: set[str] = set()

    def __enter__(self) -> Package:
        return self

    def __exit__(self, kind: object, *_more: object) -> None:
        if kind is None:
            self._zip.close()

    def add(self, folder: str, name: str, at: datetime, pieces: Iterable[bytes]) -> str:
        """Puts a file into a folder ('' for none) and returns the name it has there: its own, made safe, with a number
        when there is one of that name already. `at` is its time, in the zone the reader lives in."""
        path = self._free("/".join(part for part in (safe(folder) if folder else "", safe(name)) if part))
        entry = zipfile.ZipInfo(path, (max(at.year, 1980), at.month, at.day, at.hour, at.minute, at.second))
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o600 << 16
        with self._zip.open(entry, "w", force_zip64=True) as file:
            for piece in pieces:
                file.write(piece)
        return path

    def _free(self, path: str) -> str:
        """Systems that do not tell large letters from small ones must not lose a file either."""
        stem, dot, ending = path.rpartition(".") if "." in path.rsplit("/", 1)[-1] else (path, "", "")
        number, free = 1, path
        while free.casefold() in self._taken:
            number += 1
            free = f"{stem} ({number}){dot}{ending}"
        self._taken.add(free.casefold())
        return free


def safe(name: str) -> str:
    """A name that is one on every system and leads nowhere else: no separators, nothing reserved, not hidden."""
    plain = _FORBIDDEN.sub("_", name).strip(" .") or "_"
    return f"_{plain}" if _RESERVED.match(plain) else plain


# Pages to read


@dataclass(frozen=True)
class Entry:
    """Something somebody wrote. `heading` is above it, `about` is one line on who and when."""

    heading: str
    about: str
    body: str = ""


@dataclass(frozen=True)
class Chapter:
    title: str
    about: str
    entries: Sequence[Entry]


_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1b2a2b}}
h1,h2,h3{{line-height:1.2}}article{{border-top:1px solid #ddd8cd;padding:.5rem 0}}
.about{{color:#47585a;font-size:.9rem}}.body{{white-space:pre-wrap;overflow-wrap:anywhere}}</style>
</head><body><main><h1>{title}</h1><p class="about">{about}</p>{chapters}</main></body></html>
"""


def page(title: str, about: str, chapters: Sequence[Chapter], language: str) -> bytes:
    """A page that can be read anywhere, without a script and without a network. Everything in it is text."""
    parts = []
    for chapter in chapters:
        parts.append(f'<section><h2>{escape(chapter.title)}</h2><p class="about">{escape(chapter.about)}</p>')
        for entry in chapter.entries:
            heading = f"<h3>{escape(entry.heading)}</h3>" if entry.heading else ""
            about_it = f'<p class="about">{escape(entry.about)}</p>' if entry.about else ""
            body = f'<p class="body">{escape(entry.body)}</p>' if entry.body else ""
            parts.append(f"<article>{heading}{about_it}{body}</article>")
        parts.append("</section>")
    filled = _PAGE.format(
        language=escape(language), title=escape(title), about=escape(about), chapters="".join(map(str, parts))
    )
    return filled.encode()
