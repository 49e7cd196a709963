"""Which files come in: by name, by first bytes, and by what an office document says it holds."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from docx import Document

from portal.errors import InvalidInput
from portal.storage.filesystem import FilesystemStore
from portal.storage.incoming import Incoming
from portal.storage.inspection import KINDS, MEDIA_TYPES, check_archive, is_archive, media_type

BEGINNINGS = {
    "pdf": b"%PDF-1.7\n", "docx": b"PK\x03\x04", "xlsx": b"PK\x03\x04", "pptx": b"PK\x03\x04", "odt": b"PK\x03\x04",
    "ods": b"PK\x03\x04", "odp": b"PK\x03\x04", "doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "rtf": b"{\\rtf1\\ansi", "txt": "Kære Alma".encode(), "csv": b"a;b\n1;2",
    "png": b"\x89PNG\r\n\x1a\n", "jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF", "jpeg": b"\xff\xd8\xff\xe1",
    "heic": b"\x00\x00\x00\x18ftypheic", "gif": b"GIF89a", "webp": b"RIFF\x24\x00\x00\x00WEBPVP8 ",
    "mp3": b"ID3\x04", "m4a": b"\x00\x00\x00\x20ftypM4A ", "wav": b"RIFF\x24\x00\x00\x00WAVEfmt ",
    "mp4": b"\x00\x00\x00\x20ftypisom", "mov": b"\x00\x00\x00\x14ftypqt  ", "webm": b"\x1aE\xdf\xa3\x01",
}  # fmt: skip


def refused(what: Callable[[], object]) -> str:
    with pytest.raises(InvalidInput) as caught:
        what()
    assert caught.value.field == "file"
    return caught.value.code


def test_every_kind_that_is_let_in_comes_in_under_its_own_name() -> None:
    assert set(BEGINNINGS) == set(KINDS)
    for ending, head in BEGINNINGS.items():
        assert media_type(f"Plan æøå.{ending.upper()}", 100, head) == MEDIA_TYPES[ending]


def test_no_kind_comes_in_under_the_name_of_one_that_begins_otherwise() -> None:
    for ending, kind in KINDS.items():
        for other, head in BEGINNINGS.items():
            if kind.begins and not any(beginning.fits(head) for beginning in kind.begins):
                assert refused(lambda e=ending, h=head: media_type(f"x.{e}", 100, h)) in (
                    "file_not_what_it_says",
                    "file_locked",
                ), (ending, other)


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("spil.exe", b"MZ\x90\x00"),
        ("plan.pdf", b"MZ\x90\x00"),
        ("plan.txt", b"\x7fELF\x02\x01"),
        ("plan.txt", b"#!/bin/sh\nrm -rf /"),
        ("plan.csv", b"\xcf\xfa\xed\xfe"),
        ("plan.txt", b"\x00asm\x01"),
        ("foto.jpg", b"L\x00\x00\x00\x01\x14\x02\x00\x00"),
        ("plan.pdf.exe", b"%PDF-1.4"),
        ("makro.js", b"alert(1)"),
        ("makro.VBS", b"MsgBox 1"),
        ("klik.lnk", b"x"),
        ("app.apk", b"PK\x03\x04"),
    ],
)
def test_programs_are_refused_whatever_they_are_called(name: str, head: bytes) -> None:
    assert refused(lambda: media_type(name, 100, head)) == "file_program"


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("side.html", b"hej"),
        ("tegning.svg", b"<svg xmlns='http://www.w3.org/2000/svg'>"),
        ("plan.txt", b"<!DOCTYPE html><title>x"),
        ("plan.txt", b" \n\t<ScRiPt>alert(1)</script>"),
        ("plan.txt", b"\xef\xbb\xbf<html>"),
        ("plan.txt", b"\xff\xfe" + "<iframe src=x>".encode("utf-16-le")),
        ("plan.csv", b"<!-- --><script>"),
        ("plan.csv", b"<?xml version='1.0'?><html>"),
        ("foto.png", b"<svg onload=alert(1)>"),
    ],
)
def test_web_pages_are_refused_whatever_they_are_called(name: str, head: bytes) -> None:
    assert refused(lambda: media_type(name, 100, head)) == "file_page"


@pytest.mark.parametrize(
    ("name", "size", "head", "code"),
    [
        ("plan.pdf", 0, b"", "file_empty"),
        ("plan", 9, b"%PDF-1.4", "file_kind"),
        ("plan.", 9, b"%PDF-1.4", "file_kind"),
        ("arkiv.zip", 9, b"PK\x03\x04", "file_kind"),
        ("plan.docm", 9, b"PK\x03\x04", "file_kind"),
        ("plan.docx", 9, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "file_locked"),
        ("plan.txt", 9, b"a\x00b", "file_not_what_it_says"),
    ],
)
def test_everything_else_is_refused_with_its_reason(name: str, size: int, head: bytes, code: str) -> None:
    assert refused(lambda: media_type(name, size, head)) == code


def test_text_in_wide_characters_and_with_words_like_tags_comes_in() -> None:
    assert media_type("note.txt", 9, b"\xff\xfe" + "Kære Alma".encode("utf-16-le")) == "text/plain"
    assert media_type("note.txt", 9, b"<3 til Alma") == "text/plain"
    assert media_type("note.txt", 9, b"Jeg skrev <script> i timen") == "text/plain"


# Office documents


def packed(entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return made.getvalue()


def looked_at(content: bytes, name: str = "plan.docx") -> None:
    assert is_archive(name)
    check_archive(name, len(content), io.BytesIO(content))


def real_document() -> bytes:
    made = io.BytesIO()
    document = Document()
    document.add_paragraph("Mål og aftaler " * 200)
    document.save(made)
    return made.getvalue()


def test_a_real_document_comes_in_and_one_inside_a_document_too() -> None:
    looked_at(real_document())
    looked_at(packed({"word/document.xml": b"<w/>", "word/embeddings/ark.xlsx": real_document()}))
    looked_at(packed({"content.xml": b"<o/>"}), "plan.odt")
    looked_at(packed({"ppt/presentation.xml": b"<p/>", "ppt/media/film.mp4": bytes(1000)}), "oplæg.pptx")


def test_a_document_that_unpacks_to_far_more_than_it_is_comes_not_in() -> None:
    bomb = packed({"word/document.xml": bytes(60_000_000)})
    assert len(bomb) < 100_000
    assert refused(lambda: looked_at(bomb)) == "file_bomb"
    many = packed({f"word/{n}.xml": b"" for n in range(10_001)}, zipfile.ZIP_STORED)
    assert refused(lambda: looked_at(many)) == "file_bomb"


def test_a_document_that_says_it_is_larger_than_any_is_refused_without_being_opened() -> None:
    content = bytearray(packed({"word/document.xml": b"small"}))
    central = content.index(b"PK\x01\x02")
    content[central + 24 : central + 28] = struct.pack("<I", 2_000_000_000)
    assert refused(lambda: looked_at(bytes(content))) == "file_bomb"


def test_entries_that_share_their_bytes_are_refused() -> None:
    """The bomb of overlapping entries: small in every entry, endless in sum."""
    content = packed({"word/document.xml": b"x" * 5000}, zipfile.ZIP_STORED)
    end = content.index(b"PK\x05\x06")
    central = content.index(b"PK\x01\x02")
    line = content[central:end]
    lines = b"".join(line.replace(b"word/document.xml", b"word/documen%03d.x" % n) for n in range(300))
    tail = bytearray(content[end:])
    tail[8:10] = tail[10:12] = struct.pack("<H", 300)
    tail[12:16] = struct.pack("<I", len(lines))
    assert refused(lambda: looked_at(content[:central] + lines + bytes(tail))) in ("file_bomb", "file_not_what_it_says")


def test_a_table_of_contents_too_large_to_read_is_not_read() -> None:
    content = bytearray(packed({"word/document.xml": b"x"}))
    end = content.index(b"PK\x05\x06")
    content[end + 12 : end + 16] = struct.pack("<I", 500_000_000)

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            assert size is not None
            assert 0 <= size < 1_000_000
            return super().read(size)

    assert refused(lambda: check_archive("x.docx", len(content), Watched(bytes(content)))) == "file_bomb"


@pytest.mark.parametrize(
    "inside", ["arkiv.zip", "word/embeddings/mere.7z", "x.RAR", "a.tar.gz", "spil.exe", "x/kør.js"]
)
def test_archives_and_programs_inside_a_document_are_refused(inside: str) -> None:
    assert refused(lambda: looked_at(packed({"word/document.xml": b"x", inside: b"y"}))) == "file_nested"


def test_a_document_with_locked_entries_is_refused() -> None:
    content = bytearray(packed({"word/document.xml": b"x"}))
    central = content.index(b"PK\x01\x02")
    content[6] |= 1
    content[central + 8] |= 1
    assert refused(lambda: looked_at(bytes(content))) == "file_locked"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plan.docx", packed({"readme.txt": b"x"})),
        ("plan.docx", packed({"xl/workbook.xml": b"x"})),
        ("ark.xlsx", packed({"word/document.xml": b"x"})),
        ("plan.odt", packed({"word/document.xml": b"x"})),
        ("plan.docx", b"PK\x03\x04" + bytes(500)),
        ("plan.docx", real_document()[:-30]),
        ("plan.docx", b"PK\x03\x04"),
    ],
)  # fmt: skip
def test_what_only_looks_like_a_document_is_refused(name: str, content: bytes) -> None:
    assert refused(lambda: looked_at(content, name)) == "file_not_what_it_says"


def test_a_sealed_document_is_looked_at_without_being_unsealed_anywhere(tmp_path: Path) -> None:
    store = FilesystemStore(tmp_path)
    store.make()
    content = packed({"word/document.xml": bytes(range(256)) * 4000, "a.zip": b"x"}, zipfile.ZIP_STORED)
    incoming = Incoming(store)
    incoming.write(content)
    incoming.seek(0)
    with incoming.reopened() as file:
        assert file.read() == content
        file.seek(-22, io.SEEK_END)
        assert file.read(4) == b"PK\x05\x06"
        assert refused(lambda: check_archive("x.docx", incoming.size, file)) == "file_nested"
    incoming.close()
