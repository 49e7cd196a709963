"""Makes papers and pictures of a template and data. The only module that knows typst.

Words are handed to it as data and never as markup, so that nothing somebody wrote can change a page; and with them goes
nothing that the fonts of ours lack, which PDF/UA refuses. No font of the machine is looked at.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import typst

from portal.documents import glyphs

NOTE = {
    "da": "Nogle tegn kan ikke vises på papir. I stedet står deres nummer, for eksempel [U+1F30D].",
    "en": "Some characters cannot be shown on paper. Their number stands in their place, for instance [U+1F30D].",
}
"""Stands at the end of a paper that could not show every character."""
_BEGINNING = """
#let data = json(bytes(sys.inputs.data))
#set text(font: ({fonts}), fallback: false)
"""
_END = """
#if data.note != "" {{ v(6mm); par(text(size: 9pt, fill: luma(60), data.note)) }}
"""
_PICTURE = b"""
#set page(width: int(sys.inputs.width) * 1pt, height: auto, margin: 0pt)
#image(bytes(sys.inputs.svg), format: "svg", width: 100%)
"""


def pdf(template: str, data: Mapping[str, Any], language: str) -> bytes:
    """A PDF for screen readers (PDF/UA-1) of a template that finds `data` as such. Every string of it is made
    printable; the paper ends with a note where a character had to be named."""
    try:
        return _pdf(template, data, language, glyphs.printable)
    except typst.TypstError as problem:
        if "PDF/UA-1" not in problem.message:
            raise
        # The fonts disagree with what is written down of them: better a plainer paper than none.
        return _pdf(template, data, language, glyphs.plainest)


def png(svg: str, width: int = 800) -> bytes:
    """A drawing for where only pixels are understood, twice `width` of them wide."""
    shown = glyphs.in_a_drawing(svg, glyphs.printable)
    made: bytes = typst.compile(
        _PICTURE, sys_inputs={"svg": shown, "width": str(width)}, format="png", ppi=144, font_paths=_fonts()
    )
    return made


Printable = Callable[[str], tuple[str, bool]]


def _pdf(template: str, data: Mapping[str, Any], language: str, printable: Printable) -> bytes:
    shown, lost = _printed(dict(data), printable)
    shown["note"] = NOTE["en" if language == "en" else "da"] if lost else ""
    whole = _BEGINNING.format(fonts=_families()) + template + _END.format()
    made: bytes = typst.compile(
        whole.encode(), sys_inputs={"data": json.dumps(shown)}, pdf_standards=["ua-1"], font_paths=_fonts()
    )
    return made


def _printed(value: Any, printable: Printable) -> tuple[Any, bool]:
    """Every string of it made printable, and whether something was lost."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        found = {
            key: (_drawn(inner, printable), False) if key == "svg" else _printed(inner, printable)
            for key, inner in value.items()
        }
        return {key: inner for key, (inner, _lost) in found.items()}, any(lost for _inner, lost in found.values())
    if isinstance(value, list | tuple):
        items = [_printed(inner, printable) for inner in value]
        return [inner for inner, _lost in items], any(lost for _inner, lost in items)
    return value, False


def _drawn(svg: str, printable: Printable) -> str:
    """A drawing for a PDF. Where its words are of other scripts, or were refused, it goes in as a picture: PDF/UA asks
    for more of words in a drawing than the renderer gives, and what it shows stands beside it in words anyway."""
    shown = glyphs.in_a_drawing(svg, printable)
    if printable is glyphs.printable and glyphs.is_ordinary(shown):
        return shown
    made = png(shown)
    wide, high = (int.from_bytes(made[at : at + 4], "big") for at in (16, 20))
    link = f"data:image/png;base64,{base64.b64encode(made).decode()}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}">'
        f'<image width="{wide}" height="{high}" href="{link}"/></svg>'
    )


@cache
def _families() -> str:
    return ", ".join(f'"{name}"' for name in glyphs.families())


@cache
def _fonts() -> typst.Fonts:
    """Read once in a process."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[glyphs.FOLDER])
