"""Which characters the fonts of our papers have (fonts/coverage.txt), and what is printed in place of the others.

A paper always comes out: whatever somebody wrote, or is called, each character is printed, or named where it would have
stood.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from portal import characters, text

FOLDER = Path(__file__).parent / "fonts"

_ADORNS = "\u20e3\U0001f3fb-\U0001f3ff"
"""What only changes how the sign before it looks, and may be left out: the box of a key, the colours of skin."""
_JOINER = re.compile(f"[{characters.JOINERS}]")
_JOINS = re.compile(f"[{_ADORNS}{characters.JOINERS}]")
_UNSEEN = re.compile(f"(?![\\s{characters.JOINERS}])[{characters.UNSEEN}]")


@cache
def families() -> tuple[str, ...]:
    """The fonts, in the order in which a character is looked for in them."""
    return tuple(name for name, _has in _fonts())


def printable(words: str) -> tuple[str, bool]:
    """The words with nothing in them that the fonts lack, and whether something had to be named by its number."""
    words = text.clean(words)
    if is_ordinary(words):
        return words, False
    words = _UNSEEN.sub(_space_or_nothing, words)
    pieces = [_printed(cluster) for cluster in _clusters(words)]
    return "".join(piece for piece, _lost in pieces), any(lost for _piece, lost in pieces)


def is_ordinary(words: str) -> bool:
    """Whether the first font has all of it, and nothing in it joins or adorns what stands before it."""
    return words.isascii() or _ordinary().fullmatch(words) is not None


def in_a_drawing(svg: str, shown: Callable[[str], tuple[str, bool]]) -> str:
    """The same (by one of the two functions here) for words in a drawing, where there is no room for a number."""
    return _NUMBER.sub("?", shown(svg)[0])


def plainest(words: str) -> tuple[str, bool]:
    """The same with the first font alone and each character on its own: for what a renderer would not take."""
    of_first = _fonts()[0][1]
    pieces = []
    for each in text.clean(words):
        known = each in "\n\t" or (of_first.match(each) and not _joins(each))
        pieces.append(each if known else "" if _JOINS.match(each) or _UNSEEN.match(each) else _named(each))
    return "".join(pieces), any(len(piece) > 1 for piece in pieces)


def _printed(cluster: str) -> tuple[str, bool]:
    """A character with all that belongs to it: whole where one font has it all, else in pieces."""
    if cluster in "\n\t":
        return cluster, False
    seen = [each for each in cluster if not _JOINS.match(each)]
    if not seen:
        return "".join(_named(each) for each in cluster if not _JOINER.match(each)), not _JOINER.match(cluster)
    for _name, has in _fonts():
        if all(has.match(each) for each in seen):
            whole = all(has.match(each) or _JOINER.match(each) for each in cluster)
            # What stood apart only by a joiner is one character without it.
            return (cluster, False) if whole else _printed(unicodedata.normalize("NFC", "".join(seen)))
    pieces = [each if _is_somewhere(each) and not _joins(each) else _named(each) for each in seen]
    return "".join(pieces), any(len(piece) > 1 for piece in pieces)


def _space_or_nothing(unseen: re.Match[str]) -> str:
    """Fillers have a width; what is only an instruction has none."""
    return " " if unicodedata.category(unseen[0]) in ("Lo", "So") else ""


def _clusters(words: str) -> Iterator[str]:
    begun = ""
    for each in words:
        if begun and not begun.isspace() and (_joins(each) or begun[-1] == "\u200d"):
            begun += each
        else:
            if begun:
                yield begun
            begun = each
    if begun:
        yield begun


def _joins(character: str) -> bool:
    """Whether it belongs to the character before it."""
    return _JOINS.match(character) is not None or unicodedata.category(character)[0] == "M"


def _is_somewhere(character: str) -> bool:
    return any(has.match(character) for _name, has in _fonts())


def _named(character: str) -> str:
    return f"[U+{ord(character):04X}]"


_NUMBER = re.compile(r"\[U\+[0-9A-F]{4,6}\]")


@cache
def _fonts() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Each font's name, and what it has."""
    found = []
    for line in (FOLDER / "coverage.txt").read_text("utf-8").splitlines():
        name, _colon, ranges = line.partition(": ")
        found.append((name, re.compile(f"[{_class_of(ranges)}]")))
    return tuple(found)


@cache
def _ordinary() -> re.Pattern[str]:
    return re.compile(f"(?:(?!{_JOINS.pattern}){_fonts()[0][1].pattern}|[\n\t])*")


def _class_of(ranges: str) -> str:
    """As a class of a regular expression; what is no more than a control is left out."""
    ends = [
        (int(first, 16), int(last or first, 16)) for first, _dash, last in (r.partition("-") for r in ranges.split())
    ]
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ends if first >= 0x20)
