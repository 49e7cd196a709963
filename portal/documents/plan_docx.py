"""A tool as a Word file that can be written in. Every answer lies in a content control that carries its address, beside
a question with a bookmark made of it (LibreOffice keeps the bookmarks alone); `word_form` reads both."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from itertools import count

from docx import Document
from docx.document import Document as DocumentType
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.constants import CONTENT_TYPE as CT
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Cm, Pt, RGBColor
from docx.table import Table, _Cell
from markupsafe import escape

from portal.documents import sheet as sheets
from portal.documents.letterhead import Head
from portal.documents.printing import png
from portal.documents.sheet import Sheet, SheetLine, bookmark_of, cleaned, tag_of

WIDTHS = (Cm(5), Cm(10.2))
PICTURE = Cm(13)
NOTE = "Form note"
"""The style of sentences of ours that are no answer."""
DRAWING = "Form drawing"
"""What our drawings are called in the file, to be told from pictures somebody puts in."""
_PROPERTIES = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"'
    ' xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">'
    '<property fmtid="{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}" pid="2" name="{name}"><vt:lpwstr>{value}</vt:lpwstr>'
    "</property></Properties>"
)


def write(sheet: Sheet) -> bytes:
    """The file as bytes. Every question is a labelled table row, so that a screen reader says what a cell is for."""
    document, sheet = Document(), cleaned(sheet)
    _look(document, sheet)
    if sheet.head:
        write_head(document, sheet.head, sheet.colour)
    if sheet.notice:
        document.add_paragraph(style=NOTE).add_run(sheet.notice).bold = True
    document.add_heading(sheet.title, 0)
    document.add_heading(sheet.base_title, 1)
    numbers = count(1)
    table = _table(document)
    for label, lines in sheet.base:
        question, answer = _row(table, label)
        answer.text = "\n".join(lines)
        _bookmark(question, f"base {label}", next(numbers))
    for part in sheet.parts:
        _write_part(document, part, numbers)
    if sheet.about:
        document.add_heading(sheet.about_title, 1)
        table = _table(document)
        for label, value in sheet.about:
            question, answer = _row(table, label)
            _answer(answer, SheetLine(label, value, sheet.mark if len(table.rows) == 1 else ""))
            _bookmark(question, f"about {label}", next(numbers))
    document.add_paragraph()  # somewhere to go on writing below the last table
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def _write_part(document: DocumentType, part: sheets.SheetPart, numbers: Iterator[int]) -> None:
    document.add_heading(part.title, 1)
    if not part.blocks:
        document.add_paragraph(part.if_empty, style=NOTE)
    if part.picture:
        shape = document.add_picture(BytesIO(png(part.picture.svg)), width=PICTURE)
        shape._inline.docPr.set("descr", part.picture.words)
        shape._inline.docPr.set("name", DRAWING)
    for block in part.blocks:
        if block.title:
            document.add_heading(block.title, 2)
        table = _table(document)
        for line in block.lines:
            question, answer = _row(table, line.label, line.hint)
            _answer(answer, line)
            if line.address:
                _bookmark(question, line.address, next(numbers))


def _look(document: DocumentType, sheet: Sheet) -> None:
    properties = document.core_properties
    properties.title, properties.author, properties.comments = sheet.title, sheet.sender, ""
    properties.language, properties.identifier = tag_of(sheet.language), sheet.mark
    if sheet.mark:
        _add_property(document, "Form", sheet.mark)
    document.styles.add_style(NOTE, WD_STYLE_TYPE.PARAGRAPH)
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = "Calibri", Pt(11)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), tag_of(sheet.language))
    normal.element.get_or_add_rPr().append(language)
    for name in ("Title", "Heading 1", "Heading 2"):
        document.styles[name].font.color.rgb = _rgb(sheet.colour)
    document.sections[0].header.paragraphs[0].text = f"{sheet.sender}\t\t{sheet.title}"


def write_head(document: DocumentType, head: Head, colour: str) -> None:
    """In the text and not in the header, where screen readers pass it by."""
    paragraph = document.add_paragraph()
    if head.logo:
        shape = paragraph.add_run().add_picture(BytesIO(png(head.logo.svg, 400)), height=Cm(1.3))
        shape._inline.docPr.set("descr", head.logo.words)
        paragraph.add_run("   ")
    name = paragraph.add_run(head.name)
    name.bold, name.font.color.rgb = True, _rgb(colour)


def _rgb(colour: str) -> RGBColor:
    return RGBColor.from_string(colour.removeprefix("#").upper())


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


def _answer(cell: _Cell, line: SheetLine) -> None:
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


def _bookmark(cell: _Cell, address: str, number: int) -> None:
    paragraph = cell.paragraphs[0]._p
    for name in ("w:bookmarkStart", "w:bookmarkEnd"):
        element = OxmlElement(name)
        element.set(qn("w:id"), str(number))
        if name == "w:bookmarkStart":
            element.set(qn("w:name"), bookmark_of(address))
        paragraph.append(element)


def _add_property(document: DocumentType, name: str, value: str) -> None:
    """A property of the file: kept by Word as by LibreOffice, whatever becomes of the rest."""
    content = _PROPERTIES.format(name=escape(name), value=escape(value)).encode()
    package = document.part.package
    assert package is not None  # noqa: S101  a document always lies in one
    part = Part(PackURI("/docProps/custom.xml"), CT.OFC_CUSTOM_PROPERTIES, content, package)
    package.relate_to(part, RT.CUSTOM_PROPERTIES)


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
