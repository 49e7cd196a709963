"""Reads what stands in the answer fields of a Word file. Runs inside the locked-in process of reader.py, so it imports
nothing of the portal; what it finds comes out as plain data, and `reading` makes a `WordForm` of that.

Word, LibreOffice and others change a file in many ways when they save it: words are cut into runs, content controls
lose their tags, names or wrap whole cells. So an answer is the text of a cell, and where it belongs is said twice:
by a content control in it, and by a bookmark in the cell of its question.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_MOST_ROWS = 20_000
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_TRACKED = {f"{_W}{name}" for name in ("ins", "del", "moveFrom", "moveTo")}
_PROPERTIES = {f"{_W}{name}" for name in ("sdtPr", "del", "moveFrom")}


@dataclass(frozen=True)
class WordRow:
    """A row of a table: a question and what stands beside it."""

    label: str
    """The first line of its first cell."""
    words: str
    """All that stands in its last cell."""
    tags: tuple[str, ...]
    """Of the content controls in it."""
    bookmarks: tuple[str, ...]


@dataclass(frozen=True)
class WordPiece:
    """A part of the document, in order: a heading, a paragraph outside of any table, or a table."""

    kind: str
    """'heading', 'text' or 'table'."""
    words: str = ""
    rows: tuple[WordRow, ...] = ()


@dataclass(frozen=True)
class WordForm:
    marks: tuple[str, ...]
    """What the file says of where it comes from; to be doubted."""
    pieces: tuple[WordPiece, ...]
    tracked: bool
    """Whether it holds changes that were tracked: read as if all of them had been taken."""
    comments: int
    pictures: int
    hidden: int = 0
    """Pieces of hidden text, which are not taken."""
    unread: int = 0
    """Symbols and other things that nobody can read: each stands as a mark in the words."""
    formulas: int = 0
    """Formulas, read as they would be typed on one line."""
    notes: int = 0
    """Foot- and endnotes, read where their number stood."""


def from_json(told: bytes) -> WordForm:
    """What `read` said. Raises ValueError."""
    found = json.loads(told)
    pieces = tuple(
        WordPiece(
            piece["kind"],
            piece["words"],
            tuple(WordRow(row[0], row[1], tuple(row[2]), tuple(row[3])) for row in piece["rows"]),
        )
        for piece in found.pop("pieces")
    )
    return WordForm(tuple(found.pop("marks")), pieces, **found)


def read(package: Any, words: Any) -> bytes:
    """The form as JSON. `package` is the document (opc.OfficePackage), `words` makes what tells its words (word_text)
    of its styles and notes. Raises whatever a made-up file provokes."""
    main = package.main()
    parts = {kind: [package.xml(name) for name in package.related(main, kind)] for kind in _BESIDE}
    about = [package.xml(name) for name in package.related("", "core-properties", "custom-properties")]
    styles = next(iter(parts["styles"]), None)
    told = words(styles, {kind: next(iter(parts[kind]), None) for kind in ("footnotes", "endnotes")})
    body = package.xml(main).find(f"{_W}body")
    pieces = [_piece(kind, element, told) for kind, element in _outline(body, _headings(styles))]
    found = {
        "marks": _marks(about, body),
        "pieces": [piece for piece in pieces if piece["words"] or piece["rows"]],
        "tracked": any(element.tag in _TRACKED for element in body.iter()),
        "comments": sum(len(root.findall(f"{_W}comment")) for root in parts["comments"]),
        "pictures": sum(not _is_ours(element) for element in told.pictures(body)),
        **{kind: told.left[kind] for kind in ("hidden", "unread", "formulas", "notes")},
    }
    return json.dumps(found).encode()


_BESIDE = ("styles", "comments", "footnotes", "endnotes")
"""Kinds of parts that a document refers to."""


def _marks(about: list[Any], body: Any) -> list[str]:
    """Every place a mark may have come through in: two properties of the file, and a content control."""
    found = [element.text or "" for root in about for element in root.iter() if isinstance(element.tag, str)]
    found += [tag.get(f"{_W}val", "") for tag in body.iter(f"{_W}tag")]
    return sorted({each.strip() for each in found if each.strip().startswith("form1.") and len(each) < 100})


def _headings(styles: Any) -> set[str]:
    """The ids of styles that are headings, or notes of ours: their words are no answer, whatever they say."""
    found = set()
    for style in styles.iter(f"{_W}style") if styles is not None else ():
        name = style.find(f"{_W}name")
        called = (name.get(f"{_W}val", "") if name is not None else "").casefold()
        if called.startswith(("heading", "title", "form note")):
            found.add(style.get(f"{_W}styleId", ""))
    return found


def _outline(body: Any, headings: set[str]) -> Iterator[tuple[str, Any]]:
    """Paragraphs and tables in order, also those inside of content controls and tracked insertions."""
    for element in body:
        if element.tag == f"{_W}tbl":
            yield "table", element
        elif element.tag == f"{_W}p":
            style = element.find(f"{_W}pPr/{_W}pStyle")
            is_heading = style is not None and style.get(f"{_W}val", "") in headings
            yield ("heading" if is_heading else "text"), element
        elif element.tag not in _PROPERTIES:
            yield from _outline(element, headings)


def _piece(kind: str, element: Any, told: Any) -> dict[str, Any]:
    if kind != "table":
        return {"kind": kind, "words": told.of(element), "rows": []}
    rows = []
    for row in element.iter(f"{_W}tr"):
        if _inside(row, element) or row.find(f"{_W}trPr/{_W}del") is not None or told.hidden_row(row):
            continue
        cells = [cell for cell in row.iter(f"{_W}tc") if not _inside(cell, row, f"{_W}tr")]
        if len(cells) < 2:
            continue
        tags = [tag.get(f"{_W}val", "") for tag in row.iter(f"{_W}tag")]
        marks = [mark.get(f"{_W}name", "") for mark in row.iter(f"{_W}bookmarkStart")]
        label, _newline, _hint = told.of(cells[0]).partition("\n")
        rows.append([label.strip(), told.of(cells[-1]), tags, marks])
        if len(rows) > _MOST_ROWS:
            raise ValueError("the document has too many rows")
    return {"kind": "table", "words": "", "rows": rows}


def _inside(element: Any, outer: Any, tag: str = f"{_W}tbl") -> bool:
    """Whether another `tag` stands between the element and the outer one: then it is part of that one's answer."""
    parent = element.getparent()
    while parent is not None and parent is not outer:
        if parent.tag == tag:
            return True
        parent = parent.getparent()
    return False


def _is_ours(picture: Any) -> bool:
    """Whether it is the drawing that was taken out with the form."""
    return any(each.get("name", "").startswith("Form drawing") for each in picture.iter() if isinstance(each.tag, str))
