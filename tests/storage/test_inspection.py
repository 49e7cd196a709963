"""Which files come in: by name, by first bytes, and by what an office document says it holds."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from docx import Document

from portal.errors import InvalidInput
from portal.storage.filesystem import FilesystemStore
from portal.storage.incoming import Incoming
from portal.storage.inspection import KINDS, MEDIA_TYPES, REFUSED, check_archive, check_parts, has_parts, media_type
from portal.web.input_errors import INPUT_ERRORS, error_message

BEGINNINGS = {
    "pdf": b"%PDF-1.7\n", "docx": b"PK\x03\x04", "xlsx": b"PK\x03\x04", "pptx": b"PK\x03\x04", "odt": b"PK\x03\x04",
    "ods": b"PK\x03\x04", "odp": b"PK\x03\x04", "doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "rtf": b"{\\rtf1\\ansi", "txt": "Kære Alma".encode(), "csv": b"a;b\n1;2",
    "png": b"\x89PNG\r\n\x1a\n", "jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF", "jpeg": b"\xff\xd8\xff\xe1",
    "heic": b"\x00\x00\x00\x18ftypheic", "gif": b"GIF89a", "webp": b"RIFF\x24\x00\x00\x00WEBPVP8 ",
    "mp3": b"ID3\x04", "m4a": b"\x00\x00\x00\x20ftypM4A ", "wav": b"RIFF\x24\x00\x00\x00WAVEfmt ",
    "ppt": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "pps": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "jpe": b"\xff\xd8\xff\xdb", "jfif": b"\xff\xd8\xff\xe0\x00\x10JFIF", "heif": b"\x00\x00\x00\x18ftypmif1",
    "avif": b"\x00\x00\x00\x1cftypavif", "tif": b"II*\x00\x08", "tiff": b"MM\x00*\x00", "bmp": b"BM\x36\x00",
    "ogg": b"OggS\x00", "oga": b"OggS\x00", "opus": b"OggS\x00", "aac": b"\xff\xf1\x50", "flac": b"fLaC\x00",
    "amr": b"#!AMR\n\x3c", "awb": b"#!AMR-WB\n", "caf": b"caff\x00\x01", "m4v": b"\x00\x00\x00\x20ftypM4V ",
    "3gp": b"\x00\x00\x00\x18ftyp3gp5", "3gpp": b"\x00\x00\x00\x18ftyp3gp5", "3g2": b"\x00\x00\x00\x18ftyp3g2a",
    "mkv": b"\x1aE\xdf\xa3\x01", "avi": b"RIFF\x24\x00\x00\x00AVI LIST", "mpg": b"\x00\x00\x01\xba\x44",
    "mpeg": b"\x00\x00\x01\xb3\x14", "vcf": b"BEGIN:VCARD\r\nVERSION:3.0", "ics": b"\xef\xbb\xbfBEGIN:VCALENDAR\r\n",
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
            if kind.fits(head) or (kind.is_picture and KINDS[other].is_picture):
                continue
            assert refused(lambda e=ending, h=head: media_type(f"x.{e}", 100, h)) in (
                "file_not_what_it_says",
                "file_is_another",
                "file_locked",
            ), (ending, other)


def test_a_picture_comes_in_under_the_name_of_another_as_what_it_is() -> None:
    """Phones and chats rename pictures; whatever opens one of them opens the others."""
    pictures = [ending for ending, kind in KINDS.items() if kind.is_picture]
    assert len(pictures) > 10
    for named in pictures:
        for ending in pictures:
            assert media_type(f"IMG_2041.{named}", 100, BEGINNINGS[ending]) == MEDIA_TYPES[ending], (named, ending)


@pytest.mark.parametrize("before", [b"", b"\n", b"\r\n\r\n", b"\xef\xbb\xbf", b"From a printer\n" * 60, bytes(1000)])
def test_a_pdf_may_begin_within_the_first_kilobyte(before: bytes) -> None:
    assert media_type("brev.pdf", 5000, before + b"%PDF-1.7\n") == "application/pdf"


def test_a_pdf_that_begins_later_or_as_something_else_comes_not_in() -> None:
    assert refused(lambda: media_type("brev.pdf", 5000, bytes(1025) + b"%PDF-1.7")) == "file_not_what_it_says"
    assert refused(lambda: media_type("brev.pdf", 5000, b"MZ\x90\x00%PDF-1.7")) == "file_program"
    assert refused(lambda: media_type("brev.pdf", 5000, b"\n<html>%PDF-1.7")) == "file_page"


def test_a_file_that_is_another_is_told_by_its_right_ending() -> None:
    with pytest.raises(InvalidInput) as caught:
        media_type("Kontrakt.docx", 5000, b"%PDF-1.7")
    assert (caught.value.code, caught.value.values) == ("file_is_another", {"said": "docx", "found": "pdf"})
    assert error_message(caught.value).count(".pdf") == 2


def test_what_is_refused_by_name_is_told_what_to_do_in_a_sentence_of_its_kind() -> None:
    assert not set(REFUSED) & set(KINDS)
    assert len(set(REFUSED.values())) > 8
    for ending, says in REFUSED.items():
        assert refused(lambda e=ending: media_type(f"Fil.{e.upper()}", 100, b"hej")) == says
        assert says in INPUT_ERRORS
    for ending, says in {
        "eml": "file_mail", "msg": "file_mail", "pages": "file_apple", "docm": "file_macros", "zip": "file_archive",
        "exe": "file_program", "url": "file_link", "wmv": "file_as_mp4", "one": "file_as_pdf", "cr2": "file_as_jpeg",
    }.items():  # fmt: skip
        assert REFUSED[ending] == says
    assert refused(lambda: media_type("Fil.ukendt", 100, b"hej")) == "file_kind"


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
        ("arkiv.zip", 9, b"PK\x03\x04", "file_archive"),
        ("plan.docm", 9, b"PK\x03\x04", "file_macros"),
        ("klik.lnk", 9, b"x", "file_link"),
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
    assert has_parts(name)
    check_parts(name, len(content), io.BytesIO(content))


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


VBA = "application/vnd.ms-office.vbaProject"


def parts_of(**kinds: str) -> bytes:
    lines = "".join(f'<Override PartName="/{name}" ContentType="{kind}"/>' for name, kind in kinds.items())
    return f"<Types>{lines}</Types>".encode()


@pytest.mark.parametrize(
    ("name", "entries"),
    [
        ("plan.docx", {"word/document.xml": b"x", "word/vbaProject.bin": b"y"}),
        ("ark.xlsx", {"xl/workbook.xml": b"x", "xl/VBAPROJECT.BIN": b"y"}),
        ("oplæg.pptx", {"ppt/presentation.xml": b"x", "ppt/vbaProjectSignature.bin": b"y"}),
        ("plan.docx", {"word/document.xml": b"x", "word/vbaData.xml": b"y"}),
        ("plan.docx", {"word/document.xml": b"x", "[Content_Types].xml": parts_of(billede=VBA), "billede": b"y"}),
        ("plan.docx", {"word/document.xml": b"x", "[Content_Types].xml": parts_of(x=VBA).decode().encode("utf-16")}),
        ("ark.xlsx", {"xl/workbook.xml": b"x", "[Content_Types].xml": parts_of(x="x.sheet.macroEnabled.main+xml")}),
        (
            "ark.xlsx",
            {"xl/workbook.xml": b"x", "[Content_Types].xml": parts_of(x="vnd.ms-excel.macrosheet")},
        ),
        ("plan.docx", {"word/document.xml": b"x", "word/embeddings/ark.xlsm": b"y"}),
        ("plan.odt", {"content.xml": b"x", "Basic/Standard/Modul1.xml": b"y"}),
        ("ark.ods", {"content.xml": b"x", "Scripts/python/kør.txt": b"y"}),
        ("oplæg.odp", {"content.xml": b"x", "basic/script-lc.xml": b"y"}),
    ],
)
def test_macros_are_refused_whatever_the_file_and_its_parts_are_called(name: str, entries: dict[str, bytes]) -> None:
    assert refused(lambda: looked_at(packed(entries), name)) == "file_macros"


def test_a_list_of_parts_that_hides_its_words_is_not_believed() -> None:
    hidden = parts_of(x=VBA).replace(b"vba", b"&#118;ba")
    entries = {"word/document.xml": b"x", "[Content_Types].xml": hidden}
    assert refused(lambda: looked_at(packed(entries))) == "file_not_what_it_says"
    entries["[Content_Types].xml"] = b" " * 1_100_000
    assert refused(lambda: looked_at(packed(entries))) == "file_not_what_it_says"


@pytest.mark.parametrize("name", ["gammel.doc", "gammel.xls", "gammel.ppt"])
@pytest.mark.parametrize("before", [0, 1024 * 1024 - 10, 3 * 1024 * 1024])
def test_macros_in_the_old_format_are_found_wherever_they_lie(name: str, before: int) -> None:
    """Also where the name of their part lies across two of the pieces that are read."""
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(before)
    assert refused(lambda: looked_at(old + "_VBA_PROJECT".encode("utf-16-le") + bytes(100), name)) == "file_macros"
    looked_at(old + "WordDocument".encode("utf-16-le"), name)


def test_what_office_programs_really_save_comes_in(tmp_path: Path) -> None:
    """LibreOffice's own files in every format that is let in: nothing of theirs is taken for a macro."""
    (tmp_path / "a.csv").write_text("a;b\n1;2\n")
    (tmp_path / "a.docx").write_bytes(real_document())
    for source, endings in {"a.docx": ("odt", "docx", "doc", "rtf"), "a.csv": ("ods", "xlsx", "xls")}.items():
        for ending in endings:
            command = [
                "soffice",
                f"-env:UserInstallation=file://{tmp_path}/profile",
                "--headless",
                "--convert-to",
                ending,
            ]
            command += ["--outdir", str(tmp_path / ending), str(tmp_path / source)]
            subprocess.run(command, check=True, capture_output=True, env={**os.environ, "HOME": str(tmp_path)})
            content = (tmp_path / ending / f"a.{ending}").read_bytes()
            assert media_type(f"a.{ending}", len(content), content[:4096]) == MEDIA_TYPES[ending]
            if has_parts(f"a.{ending}"):
                looked_at(content, f"a.{ending}")


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
