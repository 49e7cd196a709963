"""Names of people: in Danish order, and whether two of them are so alike that people could be mixed up. Pure.

Nothing here decides who somebody is: it sorts lists and warns.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_LAST = {"æ": "{", "ä": "{", "ø": "|", "ö": "|", "å": "}"}
"""The letters after z, as characters that stand after z."""
_SOUNDS = (
    ("aa", "å"), ("ä", "æ"), ("ö", "ø"), ("ü", "y"),
    ("ck", "k"), ("ch", "k"), ("ph", "f"), ("th", "t"), ("c", "k"), ("z", "s"), ("w", "v"), ("q", "k"), ("x", "ks"),
    ("dt", "t"), ("ee", "e"), ("j", "i"), ("y", "i"),
)  # fmt: skip
"""What is written in several ways and heard in one: Christian and Kristian, Sophie and Sofie, Mathias and Matias."""
_SHORTEST = 6
"""Letters a whole name must have before one letter more, less or other still makes it nearly the same."""


def folded(text: str) -> str:
    """As it is compared when people look for a name: small letters, without accents, aa as å."""
    small = unicodedata.normalize("NFC", text).casefold().replace("aa", "å")
    return " ".join("".join(letter if letter in _LAST else _bare(letter) for letter in small).split())


class _Sound(NamedTuple):
    """A name as it is heard."""

    whole: str
    ends: tuple[str, str]
    """First and last name. Somebody with one name has no last one that another could share."""


def nearly_the_same(one: str, other: str) -> bool:
    """Whether somebody could take the one for the other: they sound alike, differ by a single letter, or have the same
    first and last name."""
    first, second = _sound(one), _sound(other)
    return first is not None and second is not None and _alike(first, second)


def mistakable(names: Sequence[str]) -> list[frozenset[int]]:
    """For each of the names, which others it is nearly the same as. Every name is held only against those that could
    be, and once against each, so that twice as many names are about twice the work."""
    sounds = {number: sound for number, name in enumerate(names) if (sound := _sound(name)) is not None}
    places: dict[str, list[int]] = defaultdict(list)
    for number, sound in sounds.items():
        for key in _keys(sound):
            places[key].append(number)
    pairs = {(one, other) for near in places.values() for one in near for other in near if one < other}
    found: list[set[int]] = [set() for _ in names]
    for one, other in pairs:
        if _alike(sounds[one], sounds[other]):
            found[one].add(other)
            found[other].add(one)
    return [frozenset(others) for others in found]


def like(name: str, names: Iterable[str]) -> list[int]:
    """Which of the names that one is nearly the same as."""
    return [number for number, other in enumerate(names) if nearly_the_same(name, other)]


def _bare(letter: str) -> str:
    """A letter without its accent; å keeps its ring."""
    if letter.isascii():
        return letter
    return "".join(part for part in unicodedata.normalize("NFD", letter) if not unicodedata.combining(part))


def _sound(name: str) -> _Sound | None:
    """None where nothing of it is heard."""
    small = unicodedata.normalize("NFC", name).casefold()
    for written, heard in _SOUNDS:
        small = small.replace(written, heard)
    bare = "".join(letter if letter in _LAST else _bare(letter) for letter in small)
    every = re.split(r"[^\wæøå]+|_", bare)
    words = [re.sub(r"(.)\1+", r"\1", word).replace("h", "") or word for word in every if word]
    return _Sound(" ".join(words), (words[0], words[-1] if len(words) > 1 else "")) if words else None


def _alike(first: _Sound, second: _Sound) -> bool:
    if first.whole == second.whole or first.ends == second.ends:
        return True
    a, b = first.whole, second.whole
    return min(len(a), len(b)) >= _SHORTEST and _one_letter_apart(a, b)


def _one_letter_apart(a: str, b: str) -> bool:
    if abs(len(a) - len(b)) > 1:
        return False
    same = next((at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    rest_a, rest_b = a[same:], b[same:]
    swapped = rest_a[:2] == rest_b[:2][::-1] and rest_a[2:] == rest_b[2:]
    return swapped or rest_a[1:] == rest_b[1:] or rest_a == rest_b[1:] or rest_a[1:] == rest_b


def _keys(sound: _Sound) -> set[str]:
    """Two names that are nearly the same share one of these."""
    whole = sound.whole
    without_one = {whole[:at] + whole[at + 1 :] for at in range(len(whole))}
    return {whole, "\0".join(sound.ends), *(without_one if len(whole) >= _SHORTEST else ())}
