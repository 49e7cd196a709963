"""Where in a TOML file something stands, for messages that somebody who edits the file can follow."""

from __future__ import annotations

import re

Place = tuple[str | int, ...]
"""The way to a value: names of tables and keys, and numbers (from 0) of entries."""

_HEADER = re.compile(r"^\s*(\[\[?)\s*([\w.\"'-]+)\s*\]\]?")
_KEY = re.compile(r"^\s*(\"[^\"]*\"|'[^']*'|[\w-]+)\s*=")


def line_of(text: str, place: Place) -> int:
    """The line (from 1) of the value at `place`, or of the nearest thing around it that is there."""
    best, line = 0, 1
    for number, here in _places(text):
        agree = 0
        while agree < min(len(here), len(place)) and here[agree] == place[agree]:
            agree += 1
        if agree == len(here) and agree > best:
            best, line = agree, number
    return line


def _places(text: str) -> list[tuple[int, Place]]:
    """Every header, key and entry of a list that begins a line, with its way."""
    found: list[tuple[int, Place]] = []
    counts: dict[Place, int] = {}
    table: Place = ()
    listing: Place = ()
    entry = 0
    for number, words in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(words):
            table = _way_of(header[2].split("."), header[1] == "[[", counts)
            found.append((number, table))
            listing = ()
        elif listing and words.strip() and not words.strip().startswith(("#", "]")):
            found.append((number, (*listing, entry)))
            entry += 1
        elif key := _KEY.match(words):
            way = (*table, key[1].strip("\"'"))
            found.append((number, way))
            if words.rstrip().endswith("["):
                listing, entry = way, 0
        if words.strip().startswith("]") and listing:
            listing = ()
    return found


def _way_of(names: list[str], begins: bool, counts: dict[Place, int]) -> Place:
    """The way to a table; `begins` another one of its list. A list inside a list counts from its own beginning."""
    way: Place = ()
    for number, name in enumerate(names, start=1):
        way = (*way, name.strip("\"'"))
        if begins and number == len(names):
            counts[way] = counts.get(way, -1) + 1
        if way in counts:
            way = (*way, counts[way])
    return way
