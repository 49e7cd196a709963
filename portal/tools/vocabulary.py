"""The portal's sentences in its languages and in the words of a programme profile; asked for without a page around."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from babel.support import NullTranslations, Translations

from portal.tools.profile import profile

CATALOGUES = Path(__file__).parents[1] / "translations"
Say = Callable[[str], str]
"""Says a sentence of the source in some language. Call it `gettext`, so that its sentences come into the catalogue."""


@cache
def reworded(sentence: str, profile_key: str, spoken: str) -> str:
    """A sentence with each word of the vocabulary put in its place, a capital kept."""
    words = profile(profile_key).vocabulary.in_language(spoken)
    if not words:
        return sentence
    longest_first = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.sub(
        rf"(?<!%\()(?<!\w)({longest_first})(?!\w)", lambda found: _in_case(found[0], words), sentence, flags=re.I
    )


def _in_case(found: str, words: dict[str, str]) -> str:
    other = words[found.lower()]
    return other[0].upper() + other[1:] if found[0].isupper() else other


def sayer(language: str, profile_key: str = "") -> Say:
    """What says the portal's sentences where no page is served: to the worker, and in another language than the page's.
    With a profile, in its words."""
    catalogue = _catalogue(language)
    if not profile_key or not profile(profile_key).vocabulary.in_language(language):
        return catalogue.gettext
    return lambda sentence: reworded(catalogue.gettext(sentence), profile_key, language)


@cache
def _catalogue(language: str) -> NullTranslations:
    return Translations.load(CATALOGUES, [language])
