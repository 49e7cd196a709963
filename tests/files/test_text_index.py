"""What is inside a file is found by the search, without a word of it lying anywhere in clear."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from uuid import UUID

import psycopg
import pytest
import typst
from docx import Document

from portal.documents import reading
from portal.documents.reading import Unreadable
from portal.runtime import Runtime
from portal.services.cases import search
from portal.services.files import files
from tests.signin.test_professionals_sign_in import run_jobs
from tests.support.story import PDF, Room, Story


def docx(text: str) -> bytes:
    document = Document()
    document.add_paragraph(text)
    document.add_table(1, 1).cell(0, 0).text = "tabelord"
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def package(parts: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return out.getvalue()


def odt(text: str) -> bytes:
    space = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
    return package({"content.xml": f'<x xmlns:text="{space}"><text:p>{text}</text:p></x>'})


RELATIONS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
KINDS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"


def relations(**targets: str) -> str:
    return RELATIONS.format(
        "".join(f'<Relationship Id="{kind}" Type="{KINDS}{kind}" Target="{to}"/>' for kind, to in targets.items())
    )


def xlsx(text: str, folder: str = "xl", shared: str = "sharedStrings.xml") -> bytes:
    """A workbook with one sheet: a word among the shared ones, one of its own, and a number that says where a word
    is."""
    cells = '<c t="s"><v>4711</v></c><c t="inlineStr"><is><t>regnearksord</t></is></c>'
    return package(
        {
            "_rels/.rels": relations(officeDocument=f"{folder}/bog.xml"),
            f"{folder}/bog.xml": "<workbook/>",
            f"{folder}/_rels/bog.xml.rels": relations(sharedStrings=shared, worksheet="/et ark.xml"),
            f"{folder}/{shared}": f"<sst><si><t>{text}</t></si></sst>",
            "et ark.xml": f'<worksheet xmlns="x"><sheetData><row>{cells}</row></sheetData></worksheet>',
        }
    )


def bomb(content: str) -> bytes:
    return package({"_rels/.rels": relations(officeDocument="word/document.xml"), "word/document.xml": content})


def found(story: Story, room: Room, words: str) -> set[UUID]:
    return {hit.item_id for hit in story.play(room, room.young, lambda t: search.find_in_case(t, words))}


def test_the_words_inside_each_kind_of_document_are_found_in_any_form(
    story: Story, runtime: Runtime, room: Room
) -> None:
    kinds = {
        "brev.docx": docx("Hun søger praktikpladser"),
        "brev.odt": odt("Hun søger praktikpladser"),
        "brev.pdf": typst.compile("Hun søger praktikpladser".encode()),
        "brev.txt": "Hun søger praktikpladser".encode("cp1252"),
        "ark.xlsx": xlsx("Hun søger praktikpladser"),
    }
    put_in = {story.file(room, room.guide, name=name, content=content) for name, content in kinds.items()}
    assert found(story, room, "praktikplads") == set()
    run_jobs(runtime)
    assert found(story, room, "praktikplads") == put_in
    assert len(found(story, room, "brev praktikpladserne")) == 4, "a word of the name and one of the content"
    assert found(story, room, "tabelord") != set()


def test_no_word_of_a_document_lies_in_clear(
    story: Story, runtime: Runtime, room: Room, owner: psycopg.Connection
) -> None:
    story.file(room, room.guide, name="a.txt", content=b"hemmelighedsord")
    run_jobs(runtime)
    for (table,) in owner.execute("select tablename from pg_tables where schemaname = 'public'").fetchall():
        hits = owner.execute(f"select count(*) from {table} t where t::text ilike '%hemmelighedsord%'")  # type: ignore[arg-type]
        assert hits.fetchone() == (0,), table


def test_a_file_that_cannot_be_read_says_so_and_is_found_by_its_name(
    story: Story, runtime: Runtime, room: Room, browser
) -> None:  # type: ignore[no-untyped-def]
    file_id = story.file(room, room.guide, name="aftale.pdf", content=PDF)
    run_jobs(runtime)
    assert found(story, room, "aftale") == {file_id}
    from tests.support.browser import Browser

    page = Browser(browser.app, story.token(room.young)).get(f"/cases/{room.case_id}/files/{file_id}")
    assert "Ordene i filen kan ikke læses" in page.text


def test_the_worker_has_the_rights_of_whoever_put_the_file_in_and_no_more(
    story: Story, runtime: Runtime, room: Room, owner: psycopg.Connection
) -> None:
    from portal.access.policy.roles import Level

    story.file(room, room.young, name="a.txt", content=b"ordet")
    story.set_level(room, room.young, Level.NONE)
    run_jobs(runtime)
    assert owner.execute("select count(*) from search_entry where kind = 'content'").fetchone() == (0,)
    assert story.play(room, room.guide, files.list_files)[0].name == "a.txt"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("docx", bomb("<x>" + "a" * 120_000_000 + "</x>")),
        ("docx", bomb('<!DOCTYPE x [<!ENTITY a "b">]><x>&a;')),
        ("xlsx", b"PK\x03\x04 cut"),
        ("pdf", PDF),
    ],
    ids=["a bomb", "an entity and no end", "not a package", "not a PDF"],
)
def test_what_is_made_to_do_harm_is_not_read(kind: str, data: bytes) -> None:
    media_type = next(media for media, work in reading._TEXTS.items() if work == kind)
    with pytest.raises(Unreadable):
        reading.words(media_type, data)


def test_a_file_that_names_another_file_does_not_get_it() -> None:
    evil = package({"content.xml": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>hej &a;</x>'})
    with suppress(Unreadable):
        assert "root" not in reading.words("application/vnd.oasis.opendocument.text", evil)


def test_parts_of_a_workbook_are_found_by_their_relations() -> None:
    for content in (
        xlsx("praktikplads"),
        xlsx("praktikplads", "arbejdsbog", "ord.xml"),
        xlsx("praktikplads", "XL", "a/b.xml"),
    ):
        said = reading.words(reading_type("xlsx"), content)
        assert "praktikplads" in said
        assert "regnearksord" in said
        assert "4711" not in said, "where a word is, is no word"


def reading_type(kind: str) -> str:
    return next(media for media, work in reading._TEXTS.items() if work == kind)


def test_what_an_open_document_embeds_is_read_and_what_it_forgot_is_not() -> None:
    space = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
    manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    entry = '<m:file-entry m:full-path="{}" m:media-type="application/vnd.oasis.opendocument.text"/>'
    entries = entry.format("/") + entry.format("Del 1/")
    deleted = "<text:tracked-changes><text:p>slettetord</text:p></text:tracked-changes>"
    content = package(
        {
            "META-INF/manifest.xml": f'<m:manifest xmlns:m="{manifest}">{entries}</m:manifest>',
            "content.xml": f'<x xmlns:text="{space}">{deleted}<text:p>et ord</text:p></x>',
            "Del 1/content.xml": f'<x xmlns:text="{space}"><text:p>indlejret</text:p></x>',
            "Andet/content.xml": f'<x xmlns:text="{space}"><text:p>fremmed</text:p></x>',
        }
    )
    said = reading.words(reading_type("odt"), content)
    assert "et ord" in said
    assert "indlejret" in said
    assert "slettetord" not in said
    assert "fremmed" not in said


HYPHENATED = """
#set page(width: 6cm, height: auto)
#set text(lang: "da", hyphenate: true)
#set par(justify: true)
Behandlingsplanen og uddannelsesparathedsvurderingen skal foreligge, når praktikvirksomheden har godkendt
ungdomsuddannelsen.
"""


def test_a_word_broken_at_the_end_of_a_line_is_found_whole(story: Story, runtime: Runtime, room: Room) -> None:
    """In a PDF as another program breaks it, and in a text somebody broke by hand."""
    pdf = typst.compile(HYPHENATED.encode())
    said = reading.words("application/pdf", pdf)
    whole = ["behandlingsplanen", "uddannelsesparathedsvurderingen", "praktikvirksomheden", "ungdomsuddannelsen"]
    assert any(word not in said.lower() for word in whole), "the page is narrow: a word is broken"
    made = story.file(room, room.guide, name="a.pdf", content=pdf)
    typed = story.file(
        room, room.guide, name="b.txt", content="skole-\r\n   vægring og bl\u00adå A\u030arhus ﬁn".encode()
    )
    run_jobs(runtime)
    for word in whole:
        assert made in found(story, room, word), word
    for word in ("skolevægring", "blå", "århus", "fin", "BLA\u030a", "skole\u00advægring"):
        assert found(story, room, word) == {typed}, word
