"""What a file is, by its name, its first bytes and, for office documents, its table of contents; and whether it may
come in. Nothing is unpacked here."""

from __future__ import annotations

import re
import tomllib
import zipfile
from pathlib import Path
from typing import BinaryIO

from pydantic import BaseModel, ConfigDict, Field

from portal.errors import InvalidInput


class Beginning(BaseModel):
    """One way such a file begins."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hex: str
    at: int = 0

    def fits(self, head: bytes) -> bool:
        return head.startswith(bytes.fromhex(self.hex), self.at)


class Kind(BaseModel):
    """One kind of file that is let in (portal/storage/kinds.toml)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    endings: tuple[str, ...] = Field(min_length=1)
    media_type: str
    begins: tuple[Beginning, ...] = ()
    package: str = ""
    text: bool = False


KINDS = {
    ending: kind
    for kind in map(
        Kind.model_validate, tomllib.loads((Path(__file__).parent / "kinds.toml").read_text("utf-8"))["kind"]
    )
    for ending in kind.endings
}
"""File ending, in small letters -> what it stands for."""
MEDIA_TYPES = {ending: kind.media_type for ending, kind in KINDS.items()}
"""File endings that are let in, and what they are served as."""

_PROGRAMS = (
    b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf", b"\x00asm", b"dex\n", b"L\x00\x00\x00\x01\x14\x02\x00",
)  # fmt: skip
"""How programs for Windows, Linux, macOS, Java, the web and Android begin, and Windows' shortcuts to programs."""
_PAGE = re.compile(
    rb"<(!doctype html|html|head|body|script|iframe|style|title|svg|table|div|h1|!--|\?xml)\b|<!--", re.IGNORECASE
)
"""What makes a browser take text for a page (WHATWG MIME Sniffing 7.1, without the tags a sentence may begin with)."""
_PROGRAM_ENDINGS = re.compile(
    r"\.(exe|dll|com|scr|msi|msp|bat|cmd|ps1|vbs|vbe|js|jse|wsf|wsh|hta|lnk|pif|cpl|jar|apk|sh|app|reg|iso|img)$", re.I
)
_ARCHIVE_ENDINGS = re.compile(r"\.(zip|7z|rar|gz|tgz|bz2|xz|zst|tar|cab|ace|arj|lzh)$", re.IGNORECASE)
_OLD_OFFICE = bytes.fromhex("d0cf11e0a1b11ae1")
"""A document that Word locked with a password is wrapped in the format of the old Word."""

MOST_ENTRIES = 10_000
MOST_UNPACKED = 1024 * 1024 * 1024
"""Bytes an office document may unpack to. The largest presentations full of video stay below it."""
MOST_TIMES = 100
"""How many times its own size a document may unpack to, once that is more than `_HARMLESS`."""
_HARMLESS = 50 * 1024 * 1024
_MOST_CONTENTS = 4 * 1024 * 1024
"""Bytes the table of contents itself may take."""
_END = 22 + 65_535
"""Where the record that ends an archive lies: so many bytes from its end at most."""


def media_type(name: str, size: int, head: bytes) -> str:
    """The type to serve a file as. Raises InvalidInput('file') for one that is empty, of a kind that is not let in, or
    not what its name says."""
    if size == 0:
        raise InvalidInput("file", "file_empty")
    if head.startswith(_PROGRAMS):
        raise InvalidInput("file", "file_program")
    if _PAGE.match(_as_text(head)) and not _PROGRAM_ENDINGS.search(name):
        raise InvalidInput("file", "file_page")
    refuse_kind(name)
    kind = KINDS[_ending(name)]
    if kind.package and head.startswith(_OLD_OFFICE):
        raise InvalidInput("file", "file_locked")
    if kind.begins and not any(beginning.fits(head) for beginning in kind.begins):
        raise InvalidInput("file", "file_not_what_it_says")
    if kind.text and b"\0" in _as_text(head):
        raise InvalidInput("file", "file_not_what_it_says")
    return kind.media_type


def refuse_kind(name: str) -> None:
    """Raises InvalidInput('file') for a name that says what is not let in, before a byte of it has come."""
    if _PROGRAM_ENDINGS.search(name):
        raise InvalidInput("file", "file_program")
    if _ending(name) in ("html", "htm", "xhtml", "svg", "mht", "mhtml"):
        raise InvalidInput("file", "file_page")
    if _ending(name) not in KINDS:
        raise InvalidInput("file", "file_kind")


def is_archive(name: str) -> bool:
    """Whether files of that name are archives inside, for `check_archive`."""
    kind = KINDS.get(_ending(name))
    return kind is not None and bool(kind.package)


def check_archive(name: str, size: int, file: BinaryIO) -> None:
    """Reads the table of contents of an office document. Raises InvalidInput('file') when it would unpack to far more
    than it is, holds archives or programs, is locked with a password, or is no such document at all."""
    try:
        _refuse_huge_contents(size, file)
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            kind = KINDS[_ending(name)]
            is_one = any(entry.filename.startswith(kind.package) for entry in entries) or _says_so(archive, kind)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, ValueError, OverflowError) as problem:
        raise InvalidInput("file", "file_not_what_it_says") from problem
    if any(entry.flag_bits & 1 for entry in entries):
        raise InvalidInput("file", "file_locked")
    if any(_ARCHIVE_ENDINGS.search(entry.filename) or _PROGRAM_ENDINGS.search(entry.filename) for entry in entries):
        raise InvalidInput("file", "file_nested")
    unpacked = sum(entry.file_size for entry in entries)
    overlapping = sum(entry.compress_size for entry in entries) > size
    if (
        len(entries) > MOST_ENTRIES
        or unpacked > MOST_UNPACKED
        or (unpacked > _HARMLESS and unpacked > size * MOST_TIMES)
        or overlapping
    ):
        raise InvalidInput("file", "file_bomb")
    if not is_one:
        raise InvalidInput("file", "file_not_what_it_says")


def _says_so(archive: zipfile.ZipFile, kind: Kind) -> bool:
    """Whether a package whose parts lie elsewhere than usual says that its main part is of that kind (ECMA-376 part 2:
    the list of what each part is has the one fixed name)."""
    if "[Content_Types].xml" not in archive.namelist():
        return False
    with archive.open("[Content_Types].xml") as listed:
        return f"{kind.media_type}.main+xml".encode() in listed.read(_MOST_CONTENTS)


def _refuse_huge_contents(size: int, file: BinaryIO) -> None:
    """The table of contents is read into memory whole, so its size is looked at before."""
    file.seek(max(0, size - _END))
    tail = file.read(_END)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0:
        raise InvalidInput("file", "file_not_what_it_says")
    if int.from_bytes(tail[at + 12 : at + 16], "little") > _MOST_CONTENTS:
        raise InvalidInput("file", "file_bomb")
    file.seek(0)


def _ending(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


def _as_text(head: bytes) -> bytes:
    """The beginning as a browser would read it: without a byte-order mark, wide characters made narrow."""
    for mark, coding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if head.startswith(mark):
            return head[2:].decode(coding, "replace").encode().lstrip()
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()
