"""Text that people typed: made safe to keep, to search, to sort and to show. The only module that knows bleach.

Every function here takes time that grows no faster than its text (tests/rules/test_growth.py).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Literal

import bleach
from markupsafe import Markup, escape

from portal import characters

LONGEST = 100_000
"""Characters; longer texts are refused at the form and cut here."""

_PHONE = re.compile(r"\+?(?:[ ().-]*[0-9]){3,15}[ )]*")
_NEVER = re.compile(f"[{characters.NEVER}]+")
_SEEN = re.compile(f"[^{characters.UNSEEN}{characters.NEVER}]")
_UNSEEN_INSIDE = re.compile(f"(?![{characters.JOINERS}])[{characters.UNSEEN}]")
_UNSEEN_ENDS = re.compile(f"^[{characters.UNSEEN}]+|(?:(?![{characters.STYLES}])[{characters.UNSEEN}])+$")
_MANY_MARKS = re.compile(r"[^\w\s\x00-\x7f]{31,}")
_MOST_MARKS = 30


# Kept


def plain(text: str, longest: int = LONGEST) -> str:
    """`text` in one Unicode form, without control characters, without marks that turn the reading direction, and with
    one kind of line break; '' where nothing of it can be seen."""
    text = clean(text)[:longest].strip()
    return "" if is_blank(text) else text


def clean(text: str) -> str:
    """All of `text` as `plain` has it, the blanks around it too: for what was kept before this was asked of it."""
    if not _is_ordinary(text := characters.LINE_ENDS.sub("\n", text) if "\r" in text else text):
        text = _NEVER.sub("", characters.LINE_ENDS.sub("\n", text))
        text = characters.PRIVATE.sub(characters.readable, text)
    return text if _is_latin(text) else _normal("NFC", text)


def _is_ordinary(text: str) -> bool:
    """Whether it has nothing but characters that are printed as they are: so has nearly every text, and it is quickly
    seen."""
    return text.replace("\n", "").replace("\t", "").isprintable() and "\ufffc" not in text


def _is_latin(text: str) -> bool:
    """Whether it has nothing but the letters of western Europe, each in one piece: in normal form as it is."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def _normal(form: Literal["NFC", "NFD", "NFKC"], text: str) -> str:
    return text if text.isascii() else unicodedata.normalize(form, _MANY_MARKS.sub(_fewer_marks, text))


def line(text: str, longest: int = 200) -> str:
    """Like `plain`, on one line with single spaces, and with nothing unseen in it: for names and subjects."""
    shown = _UNSEEN_INSIDE.sub(" ", plain(text))
    return _UNSEEN_ENDS.sub("", " ".join(shown.split())[:longest])


def is_blank(text: str) -> bool:
    """Whether nothing of it can be seen: the one place that says what an empty name, subject or answer is. Accents with
    no letter below them are nothing either."""
    return all(unicodedata.category(seen[0]).startswith("M") for seen in _SEEN.finditer(text))


def _fewer_marks(run: re.Match[str]) -> str:
    """At most 30 accents on one letter (Unicode's Stream-Safe Text Format): the time to put them into order grows with
    the square of their number, and nobody reads more."""
    saved, marks = [], 0
    for character in run[0]:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MOST_MARKS:
            saved.append(character)
    return "".join(saved)


def phone(typed: str) -> str:
    """A telephone number as it was written, on one line. Raises ValueError for what cannot be called."""
    number = line(typed, 40)
    if number and not _PHONE.fullmatch(number):
        raise ValueError("no telephone number")
    return number


def dialled(number: str) -> str:
    """A telephone number as a link calls it: digits and a plus alone."""
    return re.sub(r"[^0-9+]", "", number)


def file_name(name: str) -> str:
    """The name a file keeps: its own, without any path, control or direction marks; at most 200 characters.

    The name is data only, never a path on our side, so that `blåbærgrød.docx` may stay what it is.
    """
    last = line(name.replace("\\", "/").rsplit("/", 1)[-1], 1000).strip(". ")
    if len(last) > 200:
        stem, _dot, ending = last.rpartition(".")
        last = f"{stem[: 199 - len(ending)]}.{ending}" if stem and len(ending) <= 10 else last[:200]
    return _UNSEEN_ENDS.sub("", last)


# Found

_BROKEN = re.compile("(?:[\ufffe\x02]|[\xad\u2010-][ \t]*(?:\r\n|[\r\n]))\\s*")
"""A hyphen at the end of a line. PDFium says U+FFFE or U+0002 for one that it takes for a break inside of a word, with
the line's end or without."""
_BROKEN_WORD = re.compile(rf"(?<!\w)\w+(?:{_BROKEN.pattern}\w+)+")
_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> Iterator[str]:
    """The words of a text as a search sees them, in order: the one way for what is put into an index and for what is
    asked of it. The same word is the same however it was written (capitals, ligatures, accents as marks of their own,
    unseen characters inside), and one that was broken at the end of a line is found whole and by its parts."""
    whole = (_BROKEN.sub("", broken[0]) for broken in _BROKEN_WORD.finditer(text))
    for piece in (text, *whole):
        yield from _WORD.findall(_searchable(piece))


def _searchable(text: str) -> str:
    shown = _UNSEEN_AND_SPACELESS.sub("", text)
    return _normal("NFKC", _normal("NFKC", shown).casefold())


_UNSEEN_AND_SPACELESS = re.compile(rf"(?!\s)[{characters.UNSEEN}]")


# Sorted

_DANISH = str.maketrans({"æ": "{", "ä": "{", "ø": "|", "ö": "|", "ő": "|", "å": "}", "ü": "y", "ű": "y",
                         "đ": "d", "ð": "d", "þ": "th", "ł": "l", "œ": "oe"})  # fmt: skip
"""The three letters after z, and what counts as one of them or as another letter (CLDR's rules for Danish). The signs
that stand for the three come right after z."""
_PIECE = re.compile(r"(\d+)|(\w)|(\s+)|([^\w\s])")


_WEIGHED = re.compile(r".{0,300}\d*", re.DOTALL)
"""The part of a name that is weighed, no number cut in two; what differs later is sorted by its characters."""


def in_order(name: str) -> tuple[object, ...]:
    """What a list of names is sorted by: as a Danish dictionary does, aa as å, numbers by their worth ("bilag 2" before
    "bilag 10"), accents and capitals only where all else is the same."""
    normal = _normal("NFC", name)
    weighed = _WEIGHED.match(normal)
    small = (weighed[0] if weighed else normal).casefold()
    letters = _normal("NFD", small.replace("aa", "å").translate(_DANISH))
    others = sum(ord(letter) in _DANISH and letter not in "æøå" for letter in small)
    accents = sum(unicodedata.combining(sign) > 0 for sign in letters)
    return (tuple(_weights(letters)), others + accents, small, normal)


def _weights(letters: str) -> Iterator[tuple[int, int, str]]:
    """How much each piece of a name weighs: spaces least, then signs, numbers and letters."""
    for number, letter, space, sign in _PIECE.findall(letters):
        if number:
            digits = "".join(str(unicodedata.decimal(digit)) for digit in number).lstrip("0")
            yield 3, len(digits), digits
        elif letter:
            yield 4, 0, letter
        elif space:
            yield 1, 0, ""
        elif sign in "{|}":
            yield 4, 0, sign
        elif not unicodedata.combining(sign):
            yield 2, 0, sign


# Shown

_WEB = r"(?:https?://|www\.)[^\s<>\"“”„«»]+"
_MAIL_ADDRESS = r"(?:mailto:)?[\w.+-]{1,64}@(?:[\w-]{1,63}\.)+[^\W\d_]{2,63}(?![\w@])"
_NUMBER = r"(?:\+[1-9]\d(?: ?\d\d){4}|\d\d(?: \d\d){3}|\d\d(?: \d{3}){2}|116 ?\d{3})(?![\w/-]| ?\d|[.,]\d)"
_BEFORE = r"(?<![\w@/.:+,-])(?<!\d )"
_ADDRESS = re.compile(f"{_BEFORE}(?:{_WEB}|{_MAIL_ADDRESS}|{_NUMBER})", re.IGNORECASE)
"""Something that is meant as an address, or a telephone number as Danes write it: it says so itself, so no list of
endings has to be kept. Eight digits without a space may be anything."""
_ANY_NUMBER = re.compile(rf"{_BEFORE}(?:{_NUMBER}|1(?:12|14|813)(?![\w/-]| ?\d|[.,]\d))")
"""A number to call, where all of a text is about whom to call."""
_MAIL = re.compile(r"(?:mailto:)?([\w.+-]+@[\w.-]+)", re.IGNORECASE)
_HOST = re.compile(r"([^\W_](?:[\w.-]*[^\W_])?)(?::\d{1,5})?(?=[/?#]|$)")
_AFTER = ".,;:!?…'’*_~`|\\"
_CLOSING = {")": "(", "]": "[", "}": "{"}
_LONGEST_ADDRESS = 2000
_ATTRIBUTES = {"a": ["href", "rel"]}
_PROTOCOLS = ["http", "https", "mailto", "tel"]
_REL = "nofollow noopener noreferrer"
"""A link tells the other side nothing."""


def as_html(text: str) -> Markup:
    """Plain text as paragraphs with clickable addresses; everything else it may hold is shown as typed."""
    paragraphs = [p.strip() for p in plain(text).split("\n\n") if p.strip()]
    html = "".join(f"<p>{_with_links(p).replace(chr(10), '<br>')}</p>" for p in paragraphs)
    if "<a " in html:
        html = bleach.clean(
            html,
            tags={"a", "p", "br"},
            attributes=_ATTRIBUTES,
            protocols=_PROTOCOLS,
            strip=True,
        )
    return Markup(html)  # noqa: S704  every character of the text was escaped, and what has links was cleaned besides


def with_numbers(words: str) -> Markup:
    """A sentence on whom to call, each number one that a phone can be tapped on; also those of three digits."""
    return Markup(_with_links(words, _ANY_NUMBER))  # noqa: S704  every character is escaped there


def _with_links(words: str, of: re.Pattern[str] = _ADDRESS) -> str:
    pieces, end = [], 0
    for found in of.finditer(words):
        shown = _without_what_follows(found[0])
        if (target := _target(shown)) is not None:
            pieces += [str(escape(words[end : found.start()])), f'<a href="{escape(target)}" rel="{_REL}">']
            pieces += [str(escape(shown)), "</a>"]
            end = found.start() + len(shown)
    return "".join([*pieces, str(escape(words[end:]))])


def _without_what_follows(address: str) -> str:
    """Without the full stop of the sentence around it, and without a bracket that was opened before it."""
    open_now = {closing: address.count(closing) - address.count(opening) for closing, opening in _CLOSING.items()}
    end = len(address)
    while end and (address[end - 1] in _AFTER or open_now.get(address[end - 1], 0) > 0):
        end -= 1
        if address[end] in open_now:
            open_now[address[end]] -= 1
    return address[:end]


def _target(shown: str) -> str | None:
    """Where a link leads; None for what only begins like one, or names somebody before its host to look like another
    one."""
    if len(shown) > _LONGEST_ADDRESS:
        return None
    if not shown.strip("+0123456789 "):
        return f"tel:{shown.replace(' ', '')}"
    if "@" in shown and (mail := _MAIL.fullmatch(shown)):
        return f"mailto:{mail[1]}"
    scheme, _colons, rest = ("https", "", shown) if shown[:4].lower() == "www." else shown.partition("://")
    host = _HOST.match(rest)
    if host is None or (rest is shown and "." not in host[1][4:]) or not _is_host(host[1]):
        return None
    return f"{scheme.lower()}://{rest}"


def _is_host(name: str) -> bool:
    try:
        return len(name.encode("idna")) <= 253
    except UnicodeError:
        return False
