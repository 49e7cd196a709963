"""Characters by what they do to a text: those that never stay in one, those that cannot be seen, and those of a symbol
font that stand for a real one. Ranges of code points, held against Unicode's data by tests/text/test_characters.py."""

from __future__ import annotations

import re

NEVER = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # controls
    "\xad"  # the soft hyphen: a place to break a line, no part of the word
    "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufff9-\ufffc"
    "\ud800-\udfff"  # halves of a character
    "\ufdd0-\ufdef\ufffe\uffff"  # what Unicode says is never a character
    "\U0001fffe\U0001ffff\U0002fffe\U0002ffff\U0003fffe\U0003ffff\U0004fffe\U0004ffff\U0005fffe\U0005ffff"
    "\U0006fffe\U0006ffff\U0007fffe\U0007ffff\U0008fffe\U0008ffff\U0009fffe\U0009ffff\U000afffe\U000affff"
    "\U000bfffe\U000bffff\U000cfffe\U000cffff\U000dfffe\U000dffff\U000efffe\U000effff\U000ffffe\U000fffff"
    "\U0010fffe\U0010ffff"
)
"""Controls, marks that turn the reading direction or cannot be seen, and what is no character at all: a text must look
like what it is, and go through XML, fonts and databases."""
UNSEEN = (
    "\x00-\x20\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f"
    "\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc"
    "\U00016fe4\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""What leaves no ink: spaces of every width, fillers that Unicode calls letters or symbols, and everything it
says may be ignored (Default_Ignorable_Code_Point)."""
JOINERS = "\u200c\u200d\ufe0e\ufe0f\U000e0020-\U000e007f"
"""Those of `UNSEEN` that change how their neighbours look: in Persian words, families of emoji and flags."""
STYLES = "\ufe0e\ufe0f\U000e0020-\U000e007f"
"""Those of `JOINERS` that stand after the sign they change."""

LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
"""Every way to end a line, but the one that is kept."""

PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd]")
"""Characters that mean something in one font alone."""
OF_SYMBOL_FONTS = {
    0xF020: " ", 0xF04A: "☺", 0xF04B: "😐", 0xF04C: "☹", 0xF06C: "●", 0xF06E: "■", 0xF06F: "□", 0xF071: "❑",
    0xF076: "❖", 0xF0A3: "≤", 0xF0A7: "▪", 0xF0A8: "◻", 0xF0B0: "°", 0xF0B1: "±", 0xF0B3: "≥", 0xF0B4: "×",
    0xF0B7: "•", 0xF0B9: "≠", 0xF0BB: "≈", 0xF0D8: "➢", 0xF0DF: "←", 0xF0E0: "→", 0xF0E8: "➔", 0xF0FB: "✗",
    0xF0FC: "✓", 0xF0FD: "☒", 0xF0FE: "☑",
}  # fmt: skip
"""What a word processor's symbols become when they are pasted as plain text: the font is gone, so each is read in the
font that lists, ticks and arrows come in (Symbol or Wingdings)."""
NO_CHARACTER = "\ufffd"
"""Stands in the place of a character that nobody else can know."""


def readable(private: re.Match[str]) -> str:
    """What is written for a character of `PRIVATE`."""
    return OF_SYMBOL_FONTS.get(ord(private[0]), NO_CHARACTER)
