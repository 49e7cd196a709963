"""The reverse of answer_format.py: an answer that somebody wrote in their own words, as it is kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache

from babel import Locale

from portal import text
from portal.tools.answer_format import options
from portal.tools.definition import SEVERAL, WRITTEN, AnswerKind, Question, Section
from portal.tools.vocabulary import sayer

LANGUAGES = ("da", "en")
_DAY = re.compile(r"(?:den |the )?(\d{1,2})(?:st|nd|rd|th)?[\s./-]+([a-z]+|\d{1,2})[\s./,-]+(\d{4}|\d\d)\.?")
Offered = Iterable[tuple[str, str]]
"""What can be chosen: key, and one way to call it. A key may come with several."""


class ParseError(Exception):
    """The words are no answer to the question. Nothing is guessed."""


Called = Mapping[str, set[str]]
"""What something may be called -> the keys of what is called so."""


def parse_answer(question: Question, words: str, offered: Called | None = None) -> str:
    """The answer as it is kept. `offered` are people or rows where the question asks for them (`called`). Raises
    ParseError."""
    if question.kind is AnswerKind.LONG:
        return text.plain(words, len(words))  # what is too long is told when it is to be kept, never cut
    line = text.line(words.replace("\n", ", ") if question.kind in SEVERAL else words, 100_000)
    if not line or question.kind in WRITTEN:
        return line
    if question.kind is AnswerKind.DATE:
        return _day(line).isoformat()
    known = offered or {}
    if question.kind in (AnswerKind.CHOICE, AnswerKind.CHOICES, AnswerKind.SCALE):
        known = called(_choices(question))
    return " ".join(_several(line, known)) if question.kind in SEVERAL else _one(line, known)


def labels(section: Section) -> dict[str, str]:
    """What a question may be called on paper -> its key; without what two of them are called."""
    found: dict[str, str] = {}
    for question in section.question:
        for language in LANGUAGES:
            name = _folded(question.label.in_language(language))
            found[name] = "" if found.get(name, question.key) != question.key else question.key
    return {name: key for name, key in found.items() if key}


def label_of(words: str) -> str:
    return _folded(words)


def _choices(question: Question) -> Iterable[tuple[str, str]]:
    for language in LANGUAGES:
        for key, words in options(question, language, sayer(language)):
            yield key, words
            if question.kind is AnswerKind.SCALE:
                # "3 Mixed" may come back as "3", "3." or "Mixed".
                yield key, words.partition(" ")[0] if key.isdigit() else words
                yield key, words.partition(" ")[2] if key.isdigit() else words


def called(offered: Offered) -> Called:
    """What is offered, by its names: put together once for all answers that may mean it."""
    known: dict[str, set[str]] = {}
    for key, words in offered:
        if name := _folded(words):
            known.setdefault(name, set()).add(key)
    return known


def _folded(words: str) -> str:
    return " ".join(words.split()).strip(" .,;:?").casefold()


def _one(words: str, known: Called) -> str:
    found = known.get(_folded(words), set())
    if len(found) != 1:
        raise ParseError(words)
    return next(iter(found))


def _several(words: str, known: Called) -> list[str]:
    """What is called with a comma in it counts as one, if it is offered so."""
    pieces = [piece for piece in re.split(r"\s*[,;]\s*(?:- )?", words.removeprefix("- ")) if piece.strip()]
    most = 1 + max((name.count(",") for name in known), default=0)
    found: list[str] = []
    at = 0
    while at < len(pieces):
        tried = (pieces[at : at + length] for length in range(min(most, len(pieces) - at), 0, -1))
        taken = next((some for some in tried if _folded(", ".join(some)) in known), pieces[at : at + 1])
        found.append(_one(", ".join(taken), known))
        at += len(taken)
    return list(dict.fromkeys(found))


def _day(words: str) -> date:
    """A day as people write it, day first: 24.3.2010, 24/3-10, 24. marts 2010; or 2010-03-24."""
    if iso := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", words):
        year, month, day = (int(part) for part in iso.groups())
    elif found := _DAY.fullmatch(words.casefold()):
        day, year = int(found[1]), int(found[3]) + (2000 if len(found[3]) == 2 else 0)
        month = int(found[2]) if found[2].isdigit() else _months().get(found[2][:3], 0)
    else:
        raise ParseError(words)
    try:
        return date(year, month, day)
    except ValueError as problem:
        raise ParseError(words) from problem


@cache
def _months() -> dict[str, int]:
    """The first three letters of every month."""
    return {
        name.casefold()[:3]: number
        for language in LANGUAGES
        for number, name in Locale.parse(language).months["format"]["wide"].items()
    }
