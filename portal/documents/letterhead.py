"""What stands at the head of the first page: whose paper it is."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from portal.documents import printing
from portal.errors import UnsafeConfiguration


@dataclass(frozen=True)
class Logo:
    svg: str
    words: str
    """What it shows, for whoever does not see it."""


@dataclass(frozen=True)
class Head:
    name: str
    logo: Logo | None


TYPST = """
#let letterhead(head, colour) = if head != none {
  block(below: 9mm, grid(columns: 2, column-gutter: 5mm, align: horizon,
    if head.logo != none { image(bytes(head.logo.svg), format: "svg", alt: head.logo.words, height: 13mm) },
    text(weight: "bold", size: 11pt, fill: colour, head.name)))
}
"""
"""Defines `letterhead(head, colour)` for the templates that begin with it."""
_TRY = (
    TYPST
    + """
#set document(title: data.head.name)
#letterhead(data.head, black)
"""
)


def try_out(head: Head, place: str) -> None:
    """Prints it once, so that a picture that cannot be printed is found before anybody prints. Raises
    UnsafeConfiguration with `place` and the reason."""
    try:
        printing.pdf(_TRY, {"head": asdict(head)}, "da")
    except RuntimeError as problem:
        raise UnsafeConfiguration(f"{place} cannot be used: its logo cannot be printed: {problem}") from problem
