"""Packages: files and readable pages in one ZIP, written while they are read, under names that are safe everywhere."""

from __future__ import annotations

import re
import unicodedata
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Protocol, cast

from markupsafe import escape

_FORBIDDEN = re.compile(
    '[<>:"/\\\\|?*\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]'
)
"""What names may not hold on some system, and what cannot be seen in them or turns their direction."""
_RESERVED = re.compile(r"^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$) *(\.|$)", re.IGNORECASE)
"""Names of devices, with any ending or none (Windows, "Naming Files, Paths, and Namespaces")."""
LONGEST_NAME = 140
"""Bytes in UTF-8 of one name. Most systems take 255, encrypted disks of some storage servers 143."""
LONGEST_PATH = 160
"""Characters of a whole path, as Windows counts them: of its 260, a hundred are for where the package is unpacked."""


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


class ZipPackage:
    """A ZIP on its way into `sink`. Use it as a block; it is whole when the block ends without an exception."""

    def __init__(self, sink: Sink) -> None:
        self._zip = zipfile.ZipFile(cast(IO[bytes], _Onward(sink)), "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self._taken: set[str] = set()

    def __enter__(self) -> ZipPackage:
        return self

    def __exit__(self, kind: object, *_more: object) -> None:
        if kind is None:
            self._zip.close()

    def add(self, folder: str, name: str, at: datetime, pieces: Iterable[bytes], size: int) -> str:
        """Puts a file of `size` bytes into a folder ('' for none) and returns the name it has there: its own, made safe
        and not too long, with a number when there is one of that name already. `at` is its time, in the zone the reader
        lives in."""
        path = self._free(safe(folder) if folder else "", safe(name))
        entry = zipfile.ZipInfo(path, (max(at.year, 1980), at.month, at.day, at.hour, at.minute, at.second))
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o100600 << 16
        # Told beforehand, so that only what is larger than 4 GB gets the long form, which not every program reads.
        entry.file_size = size
        with self._zip.open(entry, "w") as file:
            for piece in pieces:
                file.write(piece)
        return path

    def _free(self, folder: str, name: str) -> str:
        """A path that is nobody else's, also on systems that do not tell large letters from small ones, or an å from an
        a with a ring."""
        before = f"{folder}/" if folder else ""
        longest = LONGEST_PATH - _units(before)
        number, path = 1, before + shortened(name, longest)
        while _same(path) in self._taken:
            number += 1
            path = before + shortened(name, longest, f" ({number})")
        self._taken.add(_same(path))
        if folder:
            self._taken.add(_same(folder))
        return path


def safe(name: str) -> str:
    """A name that is one on every system and leads nowhere else: no separators, nothing reserved, not hidden, not too
    long."""
    plain = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", name)).strip(" .") or "_"
    return shortened(f"_{plain}" if _RESERVED.match(plain) else plain, LONGEST_PATH)


def shortened(name: str, longest: int, mark: str = "") -> str:
    """A name with `mark` before its ending, cut before that as far as it takes: to `longest` characters as Windows
    counts them, and to what every system takes in bytes. Nothing is cut in the middle of a letter."""
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending) > 10:
        stem, dot, ending = name, "", ""
    tail = f"{mark}{dot}{ending}"
    while stem and (_units(stem + tail) > longest or len((stem + tail).encode()) > LONGEST_NAME):
        # A letter goes with the marks above and below it.
        while stem and (unicodedata.combining(stem[-1]) or stem[-1] in _JOINERS):
            stem = stem[:-1]
        stem = stem[:-1].rstrip(_JOINERS)
    return (stem.rstrip(" .") or "_") + tail


_JOINERS = "\u200d\ufe0e\ufe0f"
"""What belongs to the sign before or after it."""


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _same(path: str) -> str:
    """The same for paths that some system takes for the same."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFC", path).casefold())


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
