"""What a Word file can hold besides plain words: read, or left out and counted, never lost without a word."""

from __future__ import annotations

import re
import subprocess
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document
from docx.document import Document as DocumentType
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from portal import characters
from portal.documents import reading, symbols
from portal.documents.word_form import WordForm
from portal.storage.inspection import MEDIA_TYPES
from portal.text import plain

NAMES = nsdecls("w") + (
    ' xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"'
    ' xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
    ' xmlns:v="urn:schemas-microsoft-com:vml"'
)
BOX = "<w:txbxContent><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:txbxContent>"


def answer(inside: str, before: Callable[[DocumentType], None] = lambda _document: None) -> WordForm:
    """A form of one question, whose answer holds what is given between two words."""
    document = Document()
    before(document)
    table = document.add_table(1, 2)
    table.cell(0, 0).text = "Sådan er det nu"
    cell = table.cell(0, 1)._tc
    paragraph = parse_xml(
        f"<w:p {NAMES}><w:r><w:t>før </w:t></w:r>{inside}<w:r><w:t xml:space='preserve'> efter</w:t></w:r></w:p>"
    )
    cell.remove(cell.p_lst[0])
    cell.append(paragraph)
    out = BytesIO()
    document.save(out)
    return reading.form(out.getvalue())


def words_of(form: WordForm) -> str:
    (table,) = [piece for piece in form.pieces if piece.kind == "table"]
    return table.rows[0].words


def run(inside: str, properties: str = "") -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr>{inside}</w:r>"


def t(words: str) -> str:
    return f"<w:t xml:space='preserve'>{words}</w:t>"


def sym(font: str, char: str) -> str:
    return run(f'<w:sym w:font="{font}" w:char="{char}"/>')


def field(told: str, *came: str) -> str:
    """A field of several runs: what it is told to do, and what came of it."""
    result = "".join([run('<w:fldChar w:fldCharType="separate"/>'), *came]) if came else ""
    return (
        run('<w:fldChar w:fldCharType="begin"/>') + run(f"<w:instrText> {told} </w:instrText>") + result
        + run('<w:fldChar w:fldCharType="end"/>')
    )  # fmt: skip


def old_field(what: str) -> str:
    begin = f'<w:fldChar w:fldCharType="begin"><w:ffData>{what}</w:ffData></w:fldChar>'
    return run(begin) + run("<w:instrText>FORMCHECKBOX</w:instrText>") + run('<w:fldChar w:fldCharType="end"/>')


def box(checked: str, shown: str) -> str:
    state = f'<w14:checkbox><w14:checked w14:val="{checked}"/></w14:checkbox>'
    return f"<w:sdt><w:sdtPr>{state}</w:sdtPr><w:sdtContent>{shown}</w:sdtContent></w:sdt>"


def math(inside: str) -> str:
    return f"<m:oMath>{inside}</m:oMath>"


def m(words: str) -> str:
    return f"<m:r><m:t>{words}</m:t></m:r>"


READ = {
    "a symbol by its place": (sym("Symbol", "F0B3") + run(t(" 10 %")), "≥ 10 %"),
    "a symbol by its bare place": (sym("Symbol", "B3"), "≥"),
    "a tick": (sym("Wingdings", "F0FC"), "✓"),
    "a ticked box of another font": (sym("Wingdings 2", "F052"), "☑"),
    "an arrow typed as a letter": (run(t("\uf0e0"), '<w:rFonts w:ascii="Wingdings" w:hAnsi="Wingdings"/>'), "→"),
    "a smile typed as a letter": (run(t("J"), '<w:rFonts w:ascii="Wingdings"/>'), "☺"),
    "a bullet whose font is gone": (run(t("\uf0b7")), "•"),
    "a sign of an ordinary font": (sym("Segoe UI Symbol", "2714"), "✔"),
    "a ticked box": (box("1", run(t("☒"))), "☒"),
    "a box that is not ticked": (box("0", sym("MS Gothic", "2610")), "☐"),
    "a ticked box whose sign is gone": (box("1", ""), "☒"),
    "a box of the old kind": (old_field("<w:checkBox><w:default w:val='0'/><w:checked/></w:checkBox>"), "☒"),
    "one that is not ticked": (old_field("<w:checkBox><w:default w:val='0'/></w:checkBox>"), "☐"),
    "a list of the old kind": (
        old_field("<w:ddList><w:result w:val='1'/><w:listEntry w:val='Ja'/><w:listEntry w:val='Nej'/></w:ddList>"),
        "Nej",
    ),
    "a field": (field("DATE", run(t("1. maj"))), "1. maj"),
    "a field in a field": (field("IF " + "x", run(t("nu")), field("PAGE", run(t("3")))), "nu3"),
    "a simple field": ('<w:fldSimple w:instr="AUTHOR"><w:r><w:t>Mette</w:t></w:r></w:fldSimple>', "Mette"),
    "an entry of an index": (field('XE "skole"'), ""),
    "a link": ('<w:hyperlink w:anchor="x"><w:r><w:t>her</w:t></w:r></w:hyperlink>', "her"),
    "tracked words": ("<w:ins w:id='1' w:author='x'><w:r><w:t>nyt</w:t></w:r></w:ins>"
                      "<w:del w:id='2' w:author='x'><w:r><w:delText>gammelt</w:delText></w:r></w:del>", "nyt"),
    "not hidden after all": (run(t("synlig"), '<w:vanish w:val="0"/>'), "synlig"),
    "a fraction": (math(f"<m:f><m:num>{m('a+b')}</m:num><m:den>{m('2')}</m:den></m:f>"), "(a+b)/2"),
    "a power and a root": (
        math(f"<m:sSup><m:e>{m('x')}</m:e><m:sup>{m('2')}</m:sup></m:sSup>{m('=')}<m:rad><m:deg/><m:e>{m('y')}</m:e></m:rad>"),
        "x^2=√y",
    ),
    "a sum in brackets": (
        math("<m:d><m:dPr><m:begChr m:val='['/><m:endChr m:val=']'/></m:dPr><m:e>"
             f"<m:nary><m:naryPr><m:chr m:val='∑'/></m:naryPr><m:sub>{m('1')}</m:sub><m:sup>{m('n')}</m:sup>"
             f"<m:e>{m('k')}</m:e></m:nary>"
             "</m:e></m:d>"), "[∑_1^n k]",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", READ)
def test_it_is_read(what: str) -> None:
    form = answer(READ[what][0])
    assert words_of(form) == f"før {READ[what][1]} efter"
    assert (form.hidden, form.unread, form.notes) == (0, 0, 0)
    assert form.formulas == READ[what][0].count("<m:oMath>")


LEFT = {
    "hidden words": (run(t("hemmeligt"), "<w:vanish/>"), "", "hidden"),
    "a hidden sign": (run('<w:sym w:font="Symbol" w:char="F0B3"/>', "<w:vanish/>"), "", "hidden"),
    "a sign that nobody knows": (sym("Kommunens Ikoner", "F041"), "\ufffd", "unread"),
    "no sign at all": ('<w:r><w:sym w:font="Symbol" w:char="hest"/></w:r>', "\ufffd", "unread"),
    "a place without a sign": (sym("Wingdings", "F02F"), "\ufffd", "unread"),
    "a private character": (run(t("\ue777")), "\ufffd", "unread"),
    "a field whose words were never made": (field("DOCPROPERTY Navn"), "\ufffd", "unread"),
    "a footnote that is not there": (run('<w:footnoteReference w:id="7"/>'), "\ufffd", "unread"),
}


@pytest.mark.parametrize("what", LEFT)
def test_what_is_not_read_leaves_a_mark_or_is_counted(what: str) -> None:
    inside, mark, kind = LEFT[what]
    form = answer(inside)
    assert words_of(form) == f"før {mark} efter"
    assert getattr(form, kind) == 1


def test_a_style_can_hide_words_also_by_the_one_it_is_based_on() -> None:
    def styles(document: DocumentType) -> None:
        for key, inside in (
            ("Skjult", "<w:rPr><w:vanish/></w:rPr>"), ("Barn", '<w:basedOn w:val="Skjult"/>'),
            ("Rund", '<w:basedOn w:val="Rund"/>'),
            ("Fri", '<w:basedOn w:val="Skjult"/><w:rPr><w:vanish w:val="false"/></w:rPr>'),
        ):  # fmt: skip
            style = f'<w:style {NAMES} w:type="character" w:styleId="{key}"><w:name w:val="{key}"/>{inside}</w:style>'
            document.styles.element.append(parse_xml(style))

    inside = "".join(run(t(f"{key} "), f'<w:rStyle w:val="{key}"/>') for key in ("Skjult", "Barn", "Rund", "Fri"))
    form = answer(inside, styles)
    assert words_of(form) == "før Rund Fri  efter"
    assert form.hidden == 2


@pytest.mark.parametrize("saved_twice", [True, False])
def test_a_text_box_is_read_once_and_is_no_picture(saved_twice: bool) -> None:
    old = f"<w:pict><v:shape><v:textbox>{BOX.format('i boksen')}</v:textbox></v:shape></w:pict>"
    new = f"<w:drawing><wps:txbx>{BOX.format('i boksen')}</wps:txbx></w:drawing>"
    one = f"<mc:Choice Requires='wps'>{new}</mc:Choice><mc:Fallback>{old}</mc:Fallback>"
    both = f"<mc:AlternateContent>{one}</mc:AlternateContent>"
    form = answer(run(both if saved_twice else old))
    assert words_of(form) == "før \ni boksen\n efter"
    assert form.pictures == 0
    assert answer(run("<w:drawing/>")).pictures == 1


def test_a_hidden_row_is_not_taken() -> None:
    document = Document()
    table = document.add_table(2, 2)
    for number, row in enumerate(table.rows):
        row.cells[0].text, row.cells[1].text = f"Spørgsmål {number}", f"svar {number}"
    table.rows[1]._tr.get_or_add_trPr().append(parse_xml(f"<w:hidden {nsdecls('w')}/>"))
    out = BytesIO()
    document.save(out)
    form = reading.form(out.getvalue())
    assert [row.words for row in form.pieces[0].rows] == ["svar 0"]
    assert form.hidden == 1


def test_every_sign_of_the_tables_is_one_character_that_stays() -> None:
    every = {code: symbols.pasted(code) for code in range(0xE000, 0xF900)}
    assert {code: sign for code, sign in every.items() if sign} == characters.OF_SYMBOL_FONTS
    for table in symbols._FONTS.values():
        for place, sign in table.items():
            assert 0x20 <= place <= 0xFF
            assert len(sign) == 1
            assert plain(sign) == sign


# Parts are found by their relations


def renamed(content: bytes, **to: str) -> bytes:
    """The same package with its parts elsewhere: an old name's last word -> a new path."""
    places = {"document.xml": "word/document.xml", "styles.xml": "word/styles.xml", "core.xml": "docProps/core.xml",
              "custom.xml": "docProps/custom.xml", "footnotes.xml": "word/footnotes.xml"}  # fmt: skip
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            for key, path in to.items():
                was = places[f"{key}.xml"]
                if name == was:
                    name = path
                if name == f"{was.rpartition('/')[0]}/_rels/{key}.xml.rels":
                    folder, _slash, last = path.rpartition("/")
                    data = re.sub(rb'Target="(?!/|http)', f'Target="/{was.rpartition("/")[0]}/'.encode(), data)
                    name = f"{folder}/_rels/{last}.rels".lstrip("/")
                data = data.replace(f'"{was}"'.encode(), f'"/{path}"'.encode()).replace(
                    f'"/{was}"'.encode(), f'"/{path}"'.encode()
                )
                data = data.replace(f'Target="{key}.xml"'.encode(), f'Target="/{path}"'.encode())
                data = data.replace(f'Target="/word/{key}.xml"'.encode(), f'Target="/{path}"'.encode())
            new.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    "to",
    [
        {"document": "word/document2.xml"},
        {"document": "Word/Document.XML"},
        {"document": "dele/hoved æ.xml", "styles": "dele/stil.xml"},
        {"document": "main.xml", "core": "om.xml"},
    ],
)
def test_a_document_whose_parts_have_other_names_is_read(to: dict[str, str]) -> None:
    document = Document()
    document.core_properties.identifier = "form1.x"
    document.add_heading("Mål", 1)
    document.add_table(1, 2).cell(0, 1).text = "praktikplads"
    out = BytesIO()
    document.save(out)
    content = renamed(out.getvalue(), **to)
    form = reading.form(content)
    assert form.marks == ("form1.x",)
    assert [piece.kind for piece in form.pieces] == ["heading", "table"], "styles were found too"
    assert "praktikplads" in reading.words(MEDIA_TYPES["docx"], content)


def test_the_strict_form_of_the_standard_is_read() -> None:
    document = Document()
    document.add_table(1, 2).cell(0, 1).text = "praktikplads"
    out, strict = BytesIO(), BytesIO()
    document.save(out)
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(strict, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            data = data.replace(
                b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
                b"http://purl.oclc.org/ooxml/wordprocessingml/main",
            )
            data = data.replace(
                b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/",
                b"http://purl.oclc.org/ooxml/officeDocument/relationships/",
            )
            new.writestr(name, data)
    assert b"purl.oclc.org" in strict.getvalue() or zipfile.ZipFile(strict).read("word/document.xml").count(b"purl")
    assert reading.form(strict.getvalue()).pieces[0].rows[0].words == "praktikplads"
    assert "praktikplads" in reading.words(MEDIA_TYPES["docx"], strict.getvalue())


# Made by another program

FLAT = """<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0"
 xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:math="http://www.w3.org/1998/Math/MathML"
 xmlns:loext="urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0"
 office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.text">
<office:font-face-decls><style:font-face style:name="Wingdings" svg:font-family="Wingdings" style:font-charset="x-symbol"/></office:font-face-decls>
<office:automatic-styles>
<style:style style:name="H" style:family="text"><style:text-properties text:display="none"/></style:style>
<style:style style:name="S" style:family="text"><style:text-properties style:font-name="Wingdings"/></style:style>
</office:automatic-styles>
<office:body><office:text><table:table table:name="T"><table:table-column table:number-columns-repeated="2"/><table:table-row>
<table:table-cell><text:p>Sådan er det nu</text:p></table:table-cell><table:table-cell>
<text:p>synlig <text:span text:style-name="H">hemmeligt</text:span> tegn <text:span text:style-name="S">&#xF0FC;</text:span> note<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body><text:p>fodnotens ord</text:p></text:note-body></text:note> boks <loext:content-control loext:checkbox="true" loext:checked="true" loext:checked-state="☒" loext:unchecked-state="☐">☒</loext:content-control> slut</text:p>
<text:p><draw:frame text:anchor-type="paragraph" svg:width="4cm"><draw:text-box fo:min-height="1cm"><text:p>i rammen</text:p></draw:text-box></draw:frame>ved rammen</text:p>
</table:table-cell></table:table-row></table:table></office:text></office:body></office:document>
"""  # noqa: E501  one paragraph is one line, or the spaces would count


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], bytes]:
    """The document as LibreOffice writes it."""
    folder: Path = tmp_path_factory.mktemp("office")
    (folder / "prøve.fodt").write_text(FLAT, "utf-8")

    def to(ending: str) -> bytes:
        command = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", ending,
                   "--outdir", str(folder), str(folder / "prøve.fodt")]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, timeout=300)
        return (folder / f"prøve.{ending}").read_bytes()

    return to


def test_what_libreoffice_writes_as_word_is_read(converted: Callable[[str], bytes]) -> None:
    content = converted("docx")
    form = reading.form(content)
    (table,) = [piece for piece in form.pieces if piece.kind == "table"]
    said = " ".join(table.rows[0].words.split())
    for words in ("synlig", "tegn ✓", "note [fodnotens ord]", "boks ☒ slut", "i rammen", "ved rammen"):
        assert words in said
    assert "hemmeligt" not in said
    assert (form.hidden, form.formulas, form.notes, form.unread, form.pictures) == (1, 0, 1, 0, 0)
    found = reading.words(MEDIA_TYPES["docx"], content)
    assert "fodnotens" in found
    assert "rammen" in found
    assert "hemmeligt" not in found


def test_what_libreoffice_writes_as_open_document_is_found(converted: Callable[[str], bytes]) -> None:
    found = reading.words(MEDIA_TYPES["odt"], converted("odt"))
    for words in ("synlig", "fodnotens", "rammen", "slut"):
        assert words in found
