"""What differs between two versions of a tool, word by word. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from portal.tools.definition import Definition, Place

_WORDS = re.compile(r"\s+|[^\s]+")


@dataclass(frozen=True)
class Piece:
    """Words that stayed, went or came."""

    kind: str
    """'same', 'gone' or 'new'."""
    words: str


@dataclass(frozen=True)
class Difference:
    place: Place
    pieces: tuple[Piece, ...]


def between(
    known: Definition, old: Mapping[str, str], new: Mapping[str, str], earlier: Definition | None = None
) -> list[Difference]:
    """Every answer that differs, in the order of the page. A row that went is told with its words, and so is an answer
    to a question that only the `earlier` definition asks."""
    found = []
    seen = set()
    for place in [*known.places(new), *(earlier or known).places(old)]:
        address = place.address
        was, now = old.get(address, ""), new.get(address, "")
        if address not in seen and was != now:
            found.append(Difference(place, word_by_word(was, now)))
        seen.add(address)
    order = {section.key: number for number, section in enumerate(known.section)}
    return sorted(found, key=lambda difference: order.get(difference.place.section.key, len(order)))


def word_by_word(was: str, now: str) -> tuple[Piece, ...]:
    """The two texts as one run of pieces; long texts that have little in common are told as gone and new."""
    if not was or not now or len(was) + len(now) > 20_000:
        return tuple(piece for piece in (Piece("gone", was), Piece("new", now)) if piece.words)
    before, after = _WORDS.findall(was), _WORDS.findall(now)
    pieces: list[Piece] = []
    gone = new = ""
    for kind, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        same = "".join(before[a:b]) if kind == "equal" else ""
        if same.isspace() and (gone or new):
            # One space between two changed words holds nothing together: read on as one change.
            gone, new = gone + same, new + same
        elif same:
            pieces += [*_changed(gone, new), Piece("same", same)]
            gone = new = ""
        else:
            gone, new = gone + "".join(before[a:b]), new + "".join(after[c:d])
    return (*pieces, *_changed(gone, new))


def _changed(gone: str, new: str) -> list[Piece]:
    """The spaces that both end with belong to neither."""
    rest = gone[len(gone.rstrip()) :]
    if rest and new.endswith(rest):
        return [*_changed(gone[: -len(rest)], new[: -len(rest)]), Piece("same", rest)]
    return [piece for piece in (Piece("gone", gone), Piece("new", new)) if piece.words]
