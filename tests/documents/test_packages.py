"""Packages are unpacked whole by the programs that people have, under names that every system takes."""

from __future__ import annotations

import io
import os
import shutil
import struct
import subprocess
import unicodedata
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.documents import packages
from portal.documents.packages import LONGEST_NAME, LONGEST_PATH, ZipPackage

AT = datetime(2026, 3, 1, 12, 30, 10, tzinfo=UTC)
NAMES = [
    "å" * 196 + ".pdf",
    "Referat – æøå 🍓.pdf",
    "aftale.docx",
    "AFTALE.docx",
    "blåbær.txt",
    "bla\u030abær.txt",  # the same letters, written as a and a ring
    "straße.txt",
    "STRASSE.TXT",
    "nul.txt",
    "CON",
    "punktum. ",
    "a" * 300,
    "👩\u200d👧\u200d👦" * 40 + ".jpg",
    "lang " * 60 + ".docx",
    "uden endelse",
    "-rf",
    "@navne.txt",
]
FOLDERS = ["", "Filer - Møder", "Filer - " + "æ" * 80, "Tidligere versioner"]


def packed() -> tuple[bytes, dict[str, bytes]]:
    """A package with every name in every folder, and what should come out of it."""
    out, inside = io.BytesIO(), {}
    with ZipPackage(out) as package:
        for folder in FOLDERS:
            for number, name in enumerate(NAMES):
                content = f"{folder}/{number}".encode() * (number + 1)
                inside[package.add(folder, name, AT, [content[:3], content[3:]], len(content))] = content
    return out.getvalue(), inside


def by_unzip(file: Path, into: Path) -> None:
    subprocess.run(["unzip", "-q", str(file), "-d", str(into)], check=True, capture_output=True, env=UTF8)


def by_7z(file: Path, into: Path) -> None:
    subprocess.run(["7z", "x", "-y", f"-o{into}", str(file)], check=True, capture_output=True, env=UTF8)


def by_bsdtar(file: Path, into: Path) -> None:
    into.mkdir()
    subprocess.run(["bsdtar", "-xf", str(file), "-C", str(into)], check=True, capture_output=True, env=UTF8)


def by_bsdtar_from_a_pipe(file: Path, into: Path) -> None:
    """Read from its beginning to its end, as some programs do, without looking at the list at the end."""
    into.mkdir()
    subprocess.run(
        ["bsdtar", "-xf", "-", "-C", str(into)], check=True, capture_output=True, env=UTF8, input=file.read_bytes()
    )


def by_python(file: Path, into: Path) -> None:
    with zipfile.ZipFile(file) as package:
        package.extractall(into)


def by_jar(file: Path, into: Path) -> None:
    if not shutil.which("jar"):
        pytest.skip("there is no jar here")
    into.mkdir()
    environment = {**UTF8, "JAVA_TOOL_OPTIONS": "-Dsun.jnu.encoding=UTF-8 -Dfile.encoding=UTF-8"}
    subprocess.run(["jar", "xf", str(file)], check=True, capture_output=True, env=environment, cwd=into)


UTF8 = {**os.environ, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
PROGRAMS = [by_unzip, by_7z, by_bsdtar, by_bsdtar_from_a_pipe, by_python, by_jar]


@pytest.mark.parametrize("unpack", PROGRAMS, ids=lambda program: program.__name__[3:])
def test_everything_comes_out_by_each_program_under_its_name(
    unpack: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    content, inside = packed()
    (tmp_path / "kopi.zip").write_bytes(content)
    unpack(tmp_path / "kopi.zip", tmp_path / "out")
    found = {
        str(path.relative_to(tmp_path / "out")): path.read_bytes()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    assert found == inside


def test_no_two_paths_are_one_on_any_system_and_none_is_too_long() -> None:
    _content, inside = packed()
    assert len(inside) == len(NAMES) * len(FOLDERS)
    for same in (
        str.casefold,
        str.upper,
        lambda path: unicodedata.normalize("NFD", path),
        lambda path: unicodedata.normalize("NFC", path.upper()),
        lambda path: unicodedata.normalize("NFD", path).lower(),
    ):
        assert len({same(path) for path in inside}) == len(inside)
    for path in inside:
        assert len(path.encode("utf-16-le")) // 2 <= LONGEST_PATH, path
        for name in path.split("/"):
            assert 0 < len(name.encode()) <= LONGEST_NAME, name
            assert len(unicodedata.normalize("NFD", name).encode()) <= 255, name
            assert not name.endswith((".", " ")), name


def test_a_file_and_a_folder_of_one_name_do_not_meet() -> None:
    with ZipPackage(io.BytesIO()) as package:
        assert package.add("Indhold.html", "a.txt", AT, [b"x"], 1) == "Indhold.html/a.txt"
        assert package.add("", "INDHOLD.html", AT, [b"x"], 1) == "INDHOLD (2).html"


def test_the_long_form_is_used_only_where_it_must_be() -> None:
    content, _inside = packed()
    assert b"PK\x06\x06" not in content, "no end of the long form"
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        for entry in package.infolist():
            assert entry.extract_version < 45, entry.filename
            assert entry.extra == b"", entry.filename
            header = content[entry.header_offset : entry.header_offset + 30]
            needs, length = struct.unpack("<H", header[4:6])[0], struct.unpack("<H", header[28:30])[0]
            assert (needs, length) == (20, 0), entry.filename


def test_a_name_of_other_letters_says_that_it_is_in_utf_8() -> None:
    content, _inside = packed()
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        for entry in package.infolist():
            assert bool(entry.flag_bits & 0x800) != entry.filename.isascii(), entry.filename


def test_a_file_larger_than_the_short_form_holds_gets_the_long_one() -> None:
    class Far:
        """Counts, and keeps nothing but the beginning."""

        def __init__(self) -> None:
            self.head = b""

        def write(self, data: bytes) -> int:
            self.head += data[: max(0, 64 - len(self.head))]
            return len(data)

    far = Far()
    package = ZipPackage(far)
    package.add("", "film.mp4", AT, [b"x"], 5_000_000_000)
    assert struct.unpack("<H", far.head[4:6])[0] == 45


@settings(max_examples=200)
@given(st.text(max_size=300), st.text(max_size=120))
def test_whatever_a_name_is_it_becomes_one_that_every_system_takes(name: str, folder: str) -> None:
    out = io.BytesIO()
    with ZipPackage(out) as package:
        first = package.add(folder, name, AT, [b"1"], 1)
        second = package.add(folder, name, AT, [b"2"], 1)
    assert first != second
    with zipfile.ZipFile(io.BytesIO(out.getvalue())) as read:
        assert read.namelist() == [first, second]
        assert read.testzip() is None
    for path in (first, second):
        assert len(path.encode("utf-16-le")) // 2 <= LONGEST_PATH
        for part in path.split("/"):
            assert part not in ("", ".", "..")
            assert len(part.encode()) <= LONGEST_NAME
            assert not packages._RESERVED.match(part)
            assert not packages._FORBIDDEN.search(part)
