"""The blind index of sealed content: keyed hashes of word stems, useless without the case's key."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import snowballstemmer
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import array

from portal import text as texts
from portal.access.ticket import CaseTicket
from portal.models import SearchEntry

_MOST_WORDS = 2000
_MOST_INSIDE = 20_000
"""Different words kept of what is inside one file."""


def index(
    ticket: CaseTicket, kind: str, item_id: UUID, compartment_id: UUID, *texts: str, readable: bool | None = None
) -> None:
    """Makes the words of a file version, of a name a file was given, or of a message findable. `readable` belongs to
    what is inside a file."""
    most = _MOST_WORDS if readable is None else _MOST_INSIDE
    blind = sorted({ticket.keys.blind(stem) for text in texts for stem in stems(text, most)})[:most]
    words: Any = func.array_to_tsvector(array(blind)) if blind else ""
    ticket.session.add(
        SearchEntry(
            item_id=item_id,
            case_id=ticket.case_id,
            compartment_id=compartment_id,
            kind=kind,
            words=words,
            readable=readable,
        )
    )


def stems(text: str, most: int = _MOST_WORDS) -> list[str]:
    """The stems of the words in `text`, each once, in order."""
    words = dict.fromkeys(texts.words(text))
    stemmer = snowballstemmer.stemmer("danish")  # it keeps the word it works on, so each call has its own
    return list(dict.fromkeys(_root(stemmer, word) for word in list(words)[:most]))


def _root(stemmer: Any, word: str) -> str:
    """Stemmed until nothing more comes off: "praktikpladser" and "praktikplads" then meet."""
    for _ in range(3):
        word, before = stemmer.stemWord(word), word
        if word == before:
            break
    return str(word)
