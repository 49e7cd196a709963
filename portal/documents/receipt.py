"""A consent declaration as a PDF that screen readers can read: tagged, titled, in its language (PDF/UA-1).

The words are handed to typst as data and never as markup, so that nothing somebody is called can change the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from portal.documents import printing
from portal.documents.letterhead import TYPST, Head

_TEMPLATE = (
    TYPST
    + """
#set document(title: data.title)
#set text(lang: data.language, size: 11pt, hyphenate: false)
#set page(
  paper: "a4", margin: (x: 25mm, y: 24mm),
  footer: context align(center, text(size: 9pt, fill: luma(90),
    [#counter(page).display() / #counter(page).final().first()])),
)
#set par(leading: 0.75em, spacing: 1.1em)
#show heading: set text(fill: rgb(data.colour))
#show heading: set block(above: 1.6em, below: 0.9em)
#letterhead(data.head, rgb(data.colour))
#heading(level: 1, data.title)
#if data.inner != data.title { heading(level: 2, data.inner) }
#for block in data.blocks {
  if block.kind == "list" { list(..block.lines.map(line => [#line]), spacing: 0.8em) }
  else { for line in block.lines { par([#line]) } }
}
#if data.sign {
  heading(level: 2, data.sign_title)
  v(12mm)
  grid(columns: (1fr, 2fr), column-gutter: 12mm, row-gutter: 3mm,
    line(length: 100%, stroke: 0.6pt), line(length: 100%, stroke: 0.6pt),
    text(size: 9pt, data.day), text(size: 9pt, data.name))
}
#if data.about.len() > 0 {
  heading(level: 2, data.about_title)
  for (label, value) in data.about {
    par([#strong(label + ":") #value])
  }
}
"""
)

_WORDS = {
    "da": {"sign_title": "Underskrift", "day": "Dato", "name": "Navn", "about_title": "Om samtykket"},
    "en": {"sign_title": "Signature", "day": "Date", "name": "Name", "about_title": "About this consent"},
}


@dataclass(frozen=True)
class ReceiptLine:
    """One thing known of the declaration, with its label."""

    label: str
    value: str


@dataclass(frozen=True)
class Look:
    """The municipality's own."""

    head: Head | None
    colour: str


def write(
    title: str, words: str, about: Sequence[ReceiptLine], language: str, look: Look, sign_here: bool = False
) -> bytes:
    """The PDF. `words` are the declaration's lines; its first line is its title and `- ` begins a point of a list."""
    data = {
        "title": title,
        "language": language,
        "inner": words.split("\n")[0],
        "blocks": _blocks(words.split("\n")[1:]),
        "about": [(line.label, line.value) for line in about],
        "sign": sign_here,
        "head": asdict(look.head) if look.head else None,
        "colour": look.colour,
        **_WORDS["en" if language == "en" else "da"],
    }
    return printing.pdf(_TEMPLATE, data, language)


def _blocks(lines: Sequence[str]) -> list[dict[str, object]]:
    """Neighbouring lines of the same kind together: paragraphs, or the points of a list."""
    kinds: list[tuple[str, list[str]]] = []
    for line in filter(None, lines):
        kind = "list" if line.startswith("- ") else "text"
        if not kinds or kinds[-1][0] != kind:
            kinds.append((kind, []))
        kinds[-1][1].append(line.removeprefix("- "))
    return [{"kind": kind, "lines": together} for kind, together in kinds]
