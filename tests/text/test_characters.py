"""What is said of single characters, held against Unicode's own data on every code point there is."""

from __future__ import annotations

import re
import unicodedata

from portal import characters
from portal.text import is_blank, line, plain

EVERY = [chr(point) for point in range(0x110000)]
NEVER = re.compile(f"[{characters.NEVER}]")
UNSEEN = re.compile(f"[{characters.UNSEEN}]")

_HIDDEN = set("\u00ad\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060")
_HIDDEN |= set("\u2066\u2067\u2068\u2069\ufeff\ufff9\ufffa\ufffb\ufffc")
_ENDS_A_LINE = set("\r\x0b\x0c\x85\u2028\u2029")
_FILLERS = set("\u115f\u1160\u3164\uffa0\u2800\U00016fe4\U0001d159\u034f\u17b4\u17b5")
"""Letters, signs and accents by Unicode's categories that print as nothing."""


def is_no_character(letter: str) -> bool:
    return 0xFDD0 <= ord(letter) <= 0xFDEF or ord(letter) & 0xFFFE == 0xFFFE


def said_by_unicode(letter: str) -> str:
    """What `plain` is to make of a character between two letters, from the database of characters alone."""
    kind = unicodedata.category(letter)
    if letter in _ENDS_A_LINE:
        return "\n"
    if letter in _HIDDEN or is_no_character(letter) or kind == "Cs" or (kind == "Cc" and letter not in "\n\t"):
        return ""
    if kind == "Co":
        return characters.OF_SYMBOL_FONTS.get(ord(letter), "\ufffd")
    return letter


def test_every_character_is_kept_or_goes_as_its_kind_says() -> None:
    for letter in EVERY:
        wanted = unicodedata.normalize("NFC", f"a{said_by_unicode(letter)}b")
        assert plain(f"a{letter}b") == wanted, f"U+{ord(letter):04X}"


def test_nothing_that_xml_or_the_database_cannot_hold_stays() -> None:
    saved = plain("".join(f"a{letter}" for letter in EVERY), 10**7)
    assert not re.search("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff\ue000-\uf8ff]", saved)
    assert saved.encode()


def test_what_leaves_no_ink_is_known_to() -> None:
    for letter in EVERY:
        kind = unicodedata.category(letter)
        nothing = kind in ("Cc", "Cf", "Zs", "Zl", "Zp") or letter in _FILLERS
        # Arabic and Kaithi signs that stand before a number, and hieroglyphs' own, are formats by name and do print.
        if nothing and unicodedata.name(letter, "").startswith(("ARABIC", "SYRIAC", "KAITHI", "EGYPTIAN")):
            nothing = letter == "\u061c"
        if nothing:
            assert UNSEEN.match(letter), f"U+{ord(letter):04X} {unicodedata.name(letter, '')}"
        elif kind[0] in "LNPS" and letter not in _FILLERS | {"\ufffc"}:
            assert not UNSEEN.match(letter), f"U+{ord(letter):04X} {unicodedata.name(letter, '')}"


def test_a_name_of_one_character_is_there_or_it_is_empty() -> None:
    """No character makes a name that is kept and cannot be seen, and none that can be seen is lost."""
    for letter in EVERY:
        saved = line(letter)
        assert bool(saved) != is_blank(plain(letter)), f"U+{ord(letter):04X}"
        assert is_blank(saved) == (saved == "")
        if unicodedata.category(letter)[0] in "LNPS" and letter not in _FILLERS | {"\ufffc"}:
            assert saved, f"U+{ord(letter):04X}"
