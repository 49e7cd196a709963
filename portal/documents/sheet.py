"""A tool, or a part of several, as it goes on paper: headings, answers and what is known, in one language. Data only;
`plan_pdf` and `plan_docx` make the same document of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import TypeVar

from portal import text
from portal.documents.letterhead import Head, Logo


@dataclass(frozen=True)
class SheetLine:
    """A question with its answer; a line break in the answer is one on paper."""

    label: str
    words: str
    address: str = ""
    """Where the answer stands in the tool; '' where it cannot be written back."""
    hint: str = ""
    """For whoever writes in it: what can be answered."""


@dataclass(frozen=True)
class SheetBlock:
    """Answers that belong together: a row, or a section without rows (then without a title)."""

    title: str
    lines: Sequence[SheetLine]


@dataclass(frozen=True)
class SheetPart:
    title: str
    blocks: Sequence[SheetBlock]
    if_empty: str = ""
    picture: Logo | None = None
    """Shows what the blocks say, above them."""


@dataclass(frozen=True)
class Sheet:
    title: str
    language: str
    """`da` or `en`."""
    sender: str
    """Who stands at the head of the page: the guide's organisation."""
    colour: str
    """Of headings, as `#rrggbb`: the municipality's own."""
    base: Sequence[tuple[str, Sequence[str]]]
    """What the case knows: what it is called, and its lines."""
    base_title: str
    parts: Sequence[SheetPart]
    about: Sequence[tuple[str, str]] = field(default=())
    """What is known of this version."""
    about_title: str = ""
    notice: str = ""
    """Stands above everything, for a draft that is no decision."""
    head: Head | None = None
    """Whose paper it is, where the installation has a letterhead."""
    mark: str = ""
    """Names version and revision in the file, keyed, so that it can be read back (services/plans/documents.py)."""


T = TypeVar("T")


def cleaned(value: T) -> T:
    """The same with every text in it fit for a file: what was kept before texts were cleaned may hold characters that
    XML does not know."""
    if isinstance(value, str):
        return text.clean(value)  # type: ignore[return-value]
    if isinstance(value, list | tuple):
        return type(value)(cleaned(each) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{each.name: cleaned(getattr(value, each.name)) for each in fields(value)})
    return value


def tag_of(language: str) -> str:
    """The language as documents name it."""
    return "da-DK" if language == "da" else "en-GB"


def bookmark_of(address: str) -> str:
    """What marks the question of an answer in a Word file: letters and digits, at most 40 of them, as Word asks."""
    return f"answer_{hashlib.sha256(address.encode()).hexdigest()[:24]}"
