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
from portal.house import House
from portal.services import files, search
from tests.story import PDF, Room, Story
from tests.views.test_professionals_sign_in import run_jobs


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


def xlsx(text: str) -> bytes:
    return package({"xl/sharedStrings.xml": f"<sst><si><t>{text}</t></si></sst>"})


def found(story: Story, room: Room, words: str) -> set[UUID]:
    return {hit.item_id for hit in story.play(room, room.young, lambda t: search.find(t, words))}


def test_the_words_inside_each_kind_of_document_are_found_in_any_form(story: Story, house: House, room: Room) -> None:
    kinds = {
        "brev.docx": docx("Hun søger praktikpladser"),
        "brev.odt": odt("Hun søger praktikpladser"),
        "brev.pdf": typst.compile("Hun søger praktikpladser".encode()),
        "brev.txt": "Hun søger praktikpladser".encode("cp1252"),
        "ark.xlsx": xlsx("Hun søger praktikpladser"),
    }
    put_in = {story.file(room, room.guide, name=name, content=content) for name, content in kinds.items()}
    assert found(story, room, "praktikplads") == set()
    run_jobs(house)
    assert found(story, room, "praktikplads") == put_in
    assert len(found(story, room, "brev praktikpladserne")) == 4, "a word of the name and one of the content"
    assert found(story, room, "tabelord") != set()


def test_no_word_of_a_document_lies_in_clear(story: Story, house: House, room: Room, owner: psycopg.Connection) -> None:
    story.file(room, room.guide, name="a.txt", content=b"hemmelighedsord")
    run_jobs(house)
    for (table,) in owner.execute("select tablename from pg_tables where schemaname = 'public'").fetchall():
        hits = owner.execute(f"select count(*) from {table} t where t::text ilike '%hemmelighedsord%'")  # type: ignore[arg-type]
        assert hits.fetchone() == (0,), table


def test_a_file_that_cannot_be_read_says_so_and_is_found_by_its_name(
    story: Story, house: House, room: Room, browser
) -> None:  # type: ignore[no-untyped-def]
    file_id = story.file(room, room.guide, name="aftale.pdf", content=PDF)
    run_jobs(house)
    assert found(story, room, "aftale") == {file_id}
    from tests.browser import Browser

    page = Browser(browser.app, story.token(room.young)).get(f"/cases/{room.case_id}/files/{file_id}")
    assert "Ordene i filen kan ikke læses" in page.text


def test_the_worker_has_the_rights_of_whoever_put_the_file_in_and_no_more(
    story: Story, house: House, room: Room, owner: psycopg.Connection
) -> None:
    from portal.access.roles import Level

    story.file(room, room.young, name="a.txt", content=b"ordet")
    story.set_level(room, room.young, Level.NONE)
    run_jobs(house)
    assert owner.execute("select count(*) from search_entry where kind = 'content'").fetchone() == (0,)
    assert story.play(room, room.guide, files.listing)[0].name == "a.txt"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("docx", package({"word/document.xml": "<x>" + "a" * 120_000_000 + "</x>"})),
        ("docx", package({"word/document.xml": '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;'})),
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
