"""A tool as a Word file that can be written in: every answer lies in a content control that carries its address."""

from __future__ import annotations

from io import BytesIO

from docx import Document
from docx.document import Document as DocumentType
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Cm, Pt, RGBColor
from docx.table import Table, _Cell

from portal.documents.plan_pdf import png
from portal.documents.sheet import Line, Sheet, tag_of

WIDTHS = (Cm(5), Cm(10.2))
PICTURE = Cm(13)


def write(sheet: Sheet) -> bytes:
    """The file as bytes. Every question is a labelled table row, so that a screen reader says what a cell is for."""
    document = Document()
    _look(document, sheet)
    if sheet.notice:
        document.add_paragraph().add_run(sheet.notice).bold = True
    document.add_heading(sheet.title, 0)
    document.add_heading(sheet.base_title, 1)
    table = _table(document)
    for label, lines in sheet.base:
        cells = _row(table, label)
        cells[1].text = "\n".join(lines)
    for part in sheet.parts:
        document.add_heading(part.title, 1)
        if not part.blocks:
            document.add_paragraph(part.if_empty)
        if part.picture:
            shape = document.add_picture(BytesIO(png(part.picture.svg)), width=PICTURE)
            shape._inline.docPr.set("descr", part.picture.words)
        for block in part.blocks:
            if block.title:
                document.add_heading(block.title, 2)
            table = _table(document)
            for line in block.lines:
                _answer(_row(table, line.label, line.hint)[1], line)
    if sheet.about:
        document.add_heading(sheet.about_title, 1)
        table = _table(document)
        for label, value in sheet.about:
            _row(table, label)[1].text = value
    document.add_paragraph()  # somewhere to go on writing below the last table
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def _look(document: DocumentType, sheet: Sheet) -> None:
    properties = document.core_properties
    properties.title, properties.author, properties.comments = sheet.title, sheet.sender, ""
    properties.language, properties.identifier = tag_of(sheet.language), sheet.mark
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = "Calibri", Pt(11)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), tag_of(sheet.language))
    normal.element.get_or_add_rPr().append(language)
    colour = RGBColor.from_string(sheet.colour.removeprefix("#").upper())
    for name in ("Title", "Heading 1", "Heading 2"):
        document.styles[name].font.color.rgb = colour
    document.sections[0].header.paragraphs[0].text = f"{sheet.sender}\t\t{sheet.title}"


def _table(document: DocumentType) -> Table:
    table: Table = document.add_table(rows=0, cols=2, style="Table Grid")
    table.autofit = False
    for column, width in zip(table.columns, WIDTHS, strict=True):
        column.width = width
    return table


def _row(table: Table, label: str, hint: str = "") -> tuple[_Cell, _Cell]:
    question, answer = table.add_row().cells  # type: ignore[no-untyped-call]
    question.width, answer.width = WIDTHS
    paragraph = question.paragraphs[0]
    paragraph.add_run(label).bold = True
    if hint:
        small = question.add_paragraph().add_run(hint)
        small.font.size = Pt(9)
    return question, answer


def _answer(cell: _Cell, line: Line) -> None:
    """The words in a content control named by the address; without one, as plain text."""
    if not line.address:
        cell.text = line.words
        return
    control, about, content = OxmlElement("w:sdt"), OxmlElement("w:sdtPr"), OxmlElement("w:sdtContent")
    for name, value in (("w:alias", line.label[:60]), ("w:tag", line.address)):
        element = OxmlElement(name)
        element.set(qn("w:val"), value)
        about.append(element)
    content.extend(_runs(line.words))
    control.extend([about, content])
    cell.paragraphs[0]._p.append(control)


def _runs(words: str) -> list[BaseOxmlElement]:
    """Each line, and each break between two, as a run of its own: one run with both is read back in another order by
    LibreOffice."""
    runs = []
    for number, piece in enumerate(words.split("\n")):
        if number:
            runs.append(_run(OxmlElement("w:br")))
        text = OxmlElement("w:t")
        text.text = piece
        text.set(qn("xml:space"), "preserve")
        runs.append(_run(text))
    return runs


def _run(content: BaseOxmlElement) -> BaseOxmlElement:
    run = OxmlElement("w:r")
    run.append(content)
    return run
