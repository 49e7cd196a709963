"""A tool as a PDF that screen readers can read: tagged, titled, in its language (PDF/UA-1).

The words are handed to typst as data and never as markup, so that nothing somebody wrote can change the page.
"""

from __future__ import annotations

from dataclasses import asdict

from portal.documents import printing
from portal.documents.letterhead import TYPST
from portal.documents.sheet import Sheet

_TEMPLATE = (
    TYPST
    + """
#let accent = rgb(data.colour)
#set document(title: data.title)
#set text(lang: data.language, size: 10.5pt, hyphenate: false)
#set page(
  paper: "a4", margin: (x: 22mm, top: 26mm, bottom: 22mm),
  header: text(size: 9pt, fill: luma(90), [#data.sender #h(1fr) #data.title]),
  footer: context align(center, text(size: 9pt, fill: luma(90),
    [#counter(page).display() / #counter(page).final().first()])),
)
#set par(leading: 0.7em, spacing: 1em)
#show heading: set text(fill: accent)
#show heading: set block(above: 1.5em, below: 0.8em, sticky: true)
#let answer(line) = block(above: 1.1em, below: 1.1em, {
  set par(spacing: 0.6em)
  par(text(weight: "bold", size: 9.5pt, fill: luma(60), line.label))
  for piece in line.words.split("\n") { if piece.trim() != "" { par([#piece]) } }
})
// What belongs together stays on one page, unless it is longer than one.
#let together(it) = layout(size => {
  let whole = measure(block(width: size.width, it)).height
  block(breakable: whole > 0.8 * size.height, width: 100%, above: 1.6em, it)
})
#let picture(it) = image(bytes(it.svg), format: "svg", alt: it.words, width: 80%)
#if data.notice != "" {
  block(width: 100%, inset: 8pt, stroke: 1pt + accent, par(strong(data.notice)))
}
#letterhead(data.head, accent)
#heading(level: 1, data.title)
#heading(level: 2, data.base_title)
#for (label, lines) in data.base { par([#strong(label + ":") #lines.join("; ")]) }
#for part in data.parts {
  heading(level: 2, part.title)
  if part.blocks.len() == 0 { par([#part.if_empty]) }
  if part.picture != none { align(center, picture(part.picture)) }
  for each in part.blocks {
    together({
      if each.title != "" { heading(level: 3, each.title) }
      for line in each.lines { answer(line) }
    })
  }
}
#if data.about.len() > 0 {
  together({
    heading(level: 2, data.about_title)
    for (label, value) in data.about { par([#strong(label + ":") #value]) }
  })
}
"""
)


def write(sheet: Sheet) -> bytes:
    """The PDF. Answers nobody gave are left out; a row with nothing but its name is told by that."""
    data = asdict(sheet)
    for part in data["parts"]:
        for block in part["blocks"]:
            block["lines"] = [line for line in block["lines"] if line["words"].strip()]
        part["blocks"] = [block for block in part["blocks"] if block["lines"] or block["title"]]
    return printing.pdf(_TEMPLATE, data, sheet.language)
