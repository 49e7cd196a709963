"""Reads what stands in the answer fields of a Word file. Runs inside the locked-in process of reader.py, so it imports
nothing of the portal; what it finds comes out as plain data, and `reading` makes a `WordForm` of that.

Word, LibreOffice and others change a file in many ways when they save it: words are cut into runs, content controls
lose their tags, names or wrap whole cells. So an answer is the text of a cell, and where it belongs is said twice:
by a content control in it, and by a bookmark in the cell of its question.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_MOST_UNPACKED = 30_000_000
"""Bytes of the parts that are read."""
_MOST_ROWS = 20_000
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DROPPED = {f"{_W}{name}" for name in ("del", "moveFrom", "pPr", "rPr", "sdtPr")}
_DROPPED |= {f"{_W}{name}" for name in ("tcPr", "trPr", "tblPr", "tblGrid", "txbxContent")}
_DROPPED.add("{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback")
_TRACKED = {f"{_W}{name}" for name in ("ins", "del", "moveFrom", "moveTo")}
_PICTURES = {f"{_W}drawing", f"{_W}pict", f"{_W}object"}


@dataclass(frozen=True)
class Row:
    """A row of a table: a question and what stands beside it."""

    label: str
    """The first line of its first cell."""
    words: str
    """All that stands in its last cell."""
    tags: tuple[str, ...]
    """Of the content controls in it."""
    bookmarks: tuple[str, ...]


@dataclass(frozen=True)
class Piece:
    """A part of the document, in order: a heading, a paragraph outside of any table, or a table."""

    kind: str
    """'heading', 'text' or 'table'."""
    words: str = ""
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True)
class WordForm:
    marks: tuple[str, ...]
    """What the file says of where it comes from; to be doubted."""
    pieces: tuple[Piece, ...]
    tracked: bool
    """Whether it holds changes that were tracked: read as if all of them had been taken."""
    comments: int
    pictures: int


def from_json(told: bytes) -> WordForm:
    """What `read` said. Raises ValueError."""
    found = json.loads(told)
    pieces = tuple(
        Piece(
            piece["kind"],
            piece["words"],
            tuple(Row(row[0], row[1], tuple(row[2]), tuple(row[3])) for row in piece["rows"]),
        )
        for piece in found["pieces"]
    )
    return WordForm(tuple(found["marks"]), pieces, found["tracked"], found["comments"], found["pictures"])


def read(etree: Any, data: bytes) -> bytes:
    """The form as JSON. Raises whatever a made-up file provokes."""
    left = _MOST_UNPACKED
    parts: dict[str, bytes] = {}
    wanted = ("word/document.xml", "docProps/core.xml", "docProps/custom.xml", "word/comments.xml", "word/styles.xml")
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        for name in wanted:
            if name not in package.namelist():
                continue
            with package.open(name) as packed:
                parts[name] = packed.read(left + 1)
            left -= len(parts[name])
            if left < 0:
                raise ValueError("the document unpacks to too much")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    root = {name: etree.fromstring(content, parser) for name, content in parts.items()}
    body = root["word/document.xml"].find(f"{_W}body")
    headings = _headings(root.get("word/styles.xml"))
    pieces = [_piece(kind, element) for kind, element in _outline(body, headings)]
    comments = root.get("word/comments.xml")
    told = {
        "marks": _marks(root, body),
        "pieces": [piece for piece in pieces if piece["words"] or piece["rows"]],
        "tracked": any(element.tag in _TRACKED for element in body.iter()),
        "comments": 0 if comments is None else len(comments.findall(f"{_W}comment")),
        "pictures": sum(element.tag in _PICTURES and not _is_ours(element) for element in body.iter()),
    }
    return json.dumps(told).encode()


def _marks(root: dict[str, Any], body: Any) -> list[str]:
    """Every place a mark may have come through in: two properties of the file, and a content control."""
    found = []
    for name in ("docProps/core.xml", "docProps/custom.xml"):
        if name in root:
            found += [element.text or "" for element in root[name].iter() if isinstance(element.tag, str)]
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
        elif element.tag not in _DROPPED:
            yield from _outline(element, headings)


def _piece(kind: str, element: Any) -> dict[str, Any]:
    if kind != "table":
        return {"kind": kind, "words": _text([element]), "rows": []}
    rows = []
    for row in element.iter(f"{_W}tr"):
        if _inside(row, element) or row.find(f"{_W}trPr/{_W}del") is not None:
            continue
        cells = [cell for cell in row.iter(f"{_W}tc") if not _inside(cell, row, f"{_W}tr")]
        if len(cells) < 2:
            continue
        tags = [tag.get(f"{_W}val", "") for tag in row.iter(f"{_W}tag")]
        marks = [mark.get(f"{_W}name", "") for mark in row.iter(f"{_W}bookmarkStart")]
        label, _newline, _hint = _text([cells[0]]).partition("\n")
        rows.append([label.strip(), _text([cells[-1]]), tags, marks])
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


def _text(elements: list[Any]) -> str:
    pieces: list[str] = []
    for element in elements:
        _gather(element, pieces)
    return "".join(pieces).strip("\n")


def _gather(element: Any, pieces: list[str]) -> None:
    """The words of an element as they would be printed with every tracked change taken."""
    tag = element.tag
    if not isinstance(tag, str) or tag in _DROPPED or _is_placeholder(element):
        return
    name = tag.removeprefix(_W)
    if name == "t":  # the only one that holds words to be printed: `delText` and `instrText` never are
        pieces.append(element.text or "")
    elif name in ("br", "cr"):
        pieces.append("\n")
    elif name == "tab":
        pieces.append("\t")
    elif name == "noBreakHyphen":
        pieces.append("-")
    else:
        if name == "p" and element.find(f"{_W}pPr/{_W}numPr") is not None:
            pieces.append("- ")
        for child in element:
            _gather(child, pieces)
        # A paragraph whose end was deleted, tracked, runs on into the next one.
        if name == "p" and element.find(f"{_W}pPr/{_W}rPr/{_W}del") is None:
            pieces.append("\n")


def _is_ours(picture: Any) -> bool:
    """Whether it is the drawing that was taken out with the form."""
    return any(each.get("name", "").startswith("Form drawing") for each in picture.iter() if isinstance(each.tag, str))


def _is_placeholder(element: Any) -> bool:
    return element.tag == f"{_W}sdt" and element.find(f"{_W}sdtPr/{_W}showingPlcHdr") is not None
