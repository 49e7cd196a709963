"""The goal and agreement schema as an empty Word file, with what is known of the case already filled in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from docx import Document
from docx.document import Document as DocumentType
from docx.oxml.ns import qn
from docx.shared import Pt

from portal.documents.letterhead import Head
from portal.documents.plan_docx import write_head
from portal.documents.sheet import cleaned

GOALS = 3
AGREEMENTS = 3


@dataclass(frozen=True)
class BaseData:
    """Stamoplysninger: typed once in the case, carried over into every tool."""

    young_person: str
    birth_date: str
    guide: str
    team: Sequence[str]
    words: dict[str, str]
    """The headings and questions of the schema, by key, in the reader's language."""
    language: str
    head: Head | None = None
    """Whose paper it is, where the installation has a letterhead."""
    colour: str = "#000000"


def write(base: BaseData) -> bytes:
    """The file as bytes. Every question is a labelled table row, so that a screen reader says what a cell is for."""
    document, base = Document(), cleaned(base)
    say = base.words
    _language(document, "da-DK" if base.language == "da" else "en-GB")
    document.core_properties.title = say["title"]
    document.core_properties.author = ""
    document.core_properties.comments = ""
    if base.head:
        write_head(document, base.head, base.colour)
    document.add_heading(say["title"], 0)
    _table(
        document, [(say["name"], base.young_person), (say["birth_date"], base.birth_date), (say["guide"], base.guide)]
    )
    document.add_heading(say["team"], 1)
    for person in base.team:
        document.add_paragraph(person, style="List Bullet")
    document.add_heading(say["now"], 1)
    _table(document, [(say[key], "") for key in ("period", "overall_goal", "how_it_is", "strengths")])
    for number in range(1, GOALS + 1):
        document.add_heading(f"{say['goal']} {number}", 1)
        _table(document, [(say[key], "") for key in ("goal_words", "why", "reached", "latest", "status")])
        document.add_heading(f"{say['agreements']} {number}", 2)
        _grid(document, [say[key] for key in ("what", "who", "due", "follow_up_on", "follow_up")], AGREEMENTS)
    document.add_paragraph()  # somewhere to go on writing below the last table
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def _table(document: DocumentType, rows: Sequence[tuple[str, str]]) -> None:
    table = document.add_table(rows=0, cols=2, style="Table Grid")
    for question, answer in rows:
        cells = table.add_row().cells
        cells[0].paragraphs[0].add_run(question).bold = True
        cells[1].text = answer


def _grid(document: DocumentType, heads: Sequence[str], rows: int) -> None:
    table = document.add_table(rows=1 + rows, cols=len(heads), style="Table Grid")
    for cell, head in zip(table.rows[0].cells, heads, strict=True):
        cell.paragraphs[0].add_run(head).bold = True


def _language(document: DocumentType, tag: str) -> None:
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Calibri", Pt(11)
    properties = style.element.get_or_add_rPr()
    language = properties.makeelement(qn("w:lang"), {qn("w:val"): tag})
    properties.append(language)
