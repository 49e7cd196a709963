"""What a file is, by its name, its first bytes and, for office documents, its table of contents; and whether it may
come in. Nothing is unpacked here but a package's list of its parts."""

from __future__ import annotations

import re
import tomllib
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

from pydantic import BaseModel, ConfigDict, Field

from portal.errors import InvalidInput


class Beginning(BaseModel):
    """One way such a file begins."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hex: str
    at: int = 0
    within: int = 0
    """How many bytes after `at` it may stand as well."""

    def fits(self, head: bytes) -> bool:
        sign = bytes.fromhex(self.hex)
        return sign in head[self.at : self.at + self.within + len(sign)]


class FileKind(BaseModel):
    """One kind of file that is let in (portal/storage/kinds.toml)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    endings: tuple[str, ...] = Field(min_length=1)
    media_type: str
    begins: tuple[Beginning, ...] = ()
    package: str = ""
    old_office: bool = False
    text: bool = False

    @property
    def is_picture(self) -> bool:
        return self.media_type.startswith("image/")

    def fits(self, head: bytes) -> bool:
        """Whether such a file can begin like this."""
        return not self.begins or any(beginning.fits(head) for beginning in self.begins)


class RefusedKinds(BaseModel):
    """Endings that are refused with the same sentence."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    says: str
    endings: tuple[str, ...] = Field(min_length=1)


_TABLE = tomllib.loads((Path(__file__).parent / "kinds.toml").read_text("utf-8"))
KINDS = {ending: kind for kind in map(FileKind.model_validate, _TABLE["kind"]) for ending in kind.endings}
"""File ending, in small letters -> what it stands for."""
REFUSED = {
    ending: kinds.says for kinds in map(RefusedKinds.model_validate, _TABLE["refused"]) for ending in kinds.endings
}
"""File ending, in small letters -> the code of the sentence it is refused with. What stands in neither table is refused
as 'file_kind'."""
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
_VOICE = b"#!AMR"
"""How voice messages of phones begin (RFC 4867, 5.1): not a script."""
_NESTED = frozenset(ending for ending, says in REFUSED.items() if says in ("file_program", "file_archive", "file_link"))
_MACROS = re.compile(r"(^|/)vba(project|data)[^/]*\.(bin|xml)$|^(basic|scripts)/", re.IGNORECASE)
"""Where an office document keeps programs of its own, whatever its name ends in: VBA (MS-OFFMACRO2), the macros of
OpenDocument."""
_MACRO_KINDS = re.compile(rb"vbaproject|vbadata|macroenabled|macrosheet", re.IGNORECASE)
"""The same by what a package says its parts are: a part may have any name."""
_OLD_MACROS = "_VBA_PROJECT".encode("utf-16-le")
"""The same in the format before (MS-OVBA 2.2.1): the name of the part that holds them."""
_OLD_OFFICE = bytes.fromhex("d0cf11e0a1b11ae1")
"""A document that Word locked with a password is wrapped in the format of the old Word."""

MOST_ENTRIES = 10_000
MOST_UNPACKED = 1024 * 1024 * 1024
"""Bytes an office document may unpack to. The largest presentations full of video stay below it."""
MOST_TIMES = 100
"""How many times its own size a document may unpack to, once that is more than `_HARMLESS`."""
_HARMLESS = 50 * 1024 * 1024
_PIECE = 1024 * 1024
_ODD = (NotImplementedError, ValueError, OverflowError, RuntimeError, EOFError)
"""What the zip library raises besides its own for a package that is damaged, locked, or packed in some odd way."""
_MOST_CONTENTS = 4 * 1024 * 1024
"""Bytes the table of contents itself may take."""
_END = 22 + 65_535
"""Where the record that ends an archive lies: so many bytes from its end at most."""


def media_type(name: str, size: int, head: bytes) -> str:
    """The type to serve a file as. Raises InvalidInput('file') for one that is empty, of a kind that is not let in, or
    not what its name says."""
    if size == 0:
        raise InvalidInput("file", "file_empty")
    if head.startswith(_PROGRAMS) and not head.startswith(_VOICE):
        raise InvalidInput("file", "file_program")
    if _PAGE.match(_as_text(head)) and REFUSED.get(_ending(name)) != "file_program":
        raise InvalidInput("file", "file_page")
    refuse_kind(name)
    kind = KINDS[_ending(name)]
    if kind.package and head.startswith(_OLD_OFFICE):
        raise InvalidInput("file", "file_locked")
    if kind.fits(head):
        if kind.text and b"\0" in _as_text(head):
            raise InvalidInput("file", "file_not_what_it_says")
        return kind.media_type
    picture = next((other for other in KINDS.values() if other.is_picture and other.fits(head)), None)
    if picture and kind.is_picture:
        return picture.media_type
    if found := _told_by(head):
        raise InvalidInput("file", "file_is_another", said=_ending(name), found=found)
    raise InvalidInput("file", "file_not_what_it_says")


def _told_by(head: bytes) -> str:
    """The ending a file should have by its first bytes; '' where they do not tell one kind from the others."""
    fitting = {kind.endings[0] for kind in KINDS.values() if kind.begins and not kind.package and kind.fits(head)}
    return fitting.pop() if len(fitting) == 1 else ""


def refuse_kind(name: str) -> None:
    """Raises InvalidInput('file') for a name that says what is not let in, before a byte of it has come."""
    ending = _ending(name)
    if ending not in KINDS:
        raise InvalidInput("file", REFUSED.get(ending, "file_kind"))


def has_parts(name: str) -> bool:
    """Whether files of that name are looked at further than their first bytes, by `check_parts`."""
    kind = KINDS.get(_ending(name))
    return kind is not None and (bool(kind.package) or kind.old_office)


def check_parts(name: str, size: int, file: BinaryIO) -> None:
    """Looks through a document of many parts. Raises InvalidInput('file') for one that may not come in."""
    if KINDS[_ending(name)].old_office:
        refuse_old_macros(file)
    else:
        check_archive(name, size, file)


def refuse_old_macros(file: BinaryIO) -> None:
    """Reads a document of the old format to its end. Raises InvalidInput('file') when it holds macros."""
    before = b""
    while piece := file.read(_PIECE):
        if _OLD_MACROS in before + piece:
            raise InvalidInput("file", "file_macros")
        before = piece[-len(_OLD_MACROS) :]


def check_archive(name: str, size: int, file: BinaryIO) -> None:
    """Reads the table of contents of an office document. Raises InvalidInput('file') when it would unpack to far more
    than it is, holds archives, programs or macros, is locked with a password, or is no such document at all."""
    try:
        _refuse_huge_contents(size, file)
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if any(entry.flag_bits & 1 for entry in entries):
                raise InvalidInput("file", "file_locked")
            kinds = _kinds_of_parts(archive)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, *_ODD) as problem:
        raise InvalidInput("file", "file_not_what_it_says") from problem
    if _MACRO_KINDS.search(kinds) or any(
        _MACROS.search(entry.filename) or REFUSED.get(_ending(entry.filename)) == "file_macros" for entry in entries
    ):
        raise InvalidInput("file", "file_macros")
    if any(_ending(entry.filename) in _NESTED for entry in entries):
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
    wanted = KINDS[_ending(name)]
    # A package whose parts lie elsewhere than usual says what its main part is (ECMA-376 part 2).
    says_so = f"{wanted.media_type}.main+xml".encode() in kinds
    if not says_so and not any(entry.filename.startswith(wanted.package) for entry in entries):
        raise InvalidInput("file", "file_not_what_it_says")


def _kinds_of_parts(archive: zipfile.ZipFile) -> bytes:
    """What an Office Open XML package says its parts are (ECMA-376-2, 10.1.2), without reading it as XML; b'' for other
    packages. Raises ValueError for one that hides its words or is far too long."""
    try:
        with archive.open("[Content_Types].xml") as part:
            said = part.read(_PIECE + 1)
    except KeyError:
        return b""
    said = said.replace(b"\0", b"")  # in wide characters
    if len(said) > _PIECE or b"&#" in said:
        raise ValueError("the list of parts cannot be trusted")
    return said


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
