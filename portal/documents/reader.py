"""Opens files that strangers made, in a process of its own that can do nothing else: no file, no socket, little memory.

Run as a script with the kind of work as its argument; the file comes on standard input, the answer goes to standard
output as one part or more, each after its length in four bytes and written as soon as it is made. The process first
loads what it needs, then gives up the right to open anything (confine.py), and only then looks at the file. Exit status
0: done; 3: the file cannot be read; 4: it is larger than is read here. It must not import anything of the portal.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from collections.abc import Iterable
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

_MEMORY = 768 << 20
"""Bytes of address space in all: a picture of `pictures.MOST_PIXELS` and what is made of it."""
_SECONDS = 20
_MOST_TEXT = 1_000_000
_MOST_UNPACKED = 100_000_000
_MOST_OF_A_FORM = 30_000_000
"""Bytes of the parts that are read."""
_DEEPEST = 4000
"""Calls inside of calls: libxml2 lets elements stand in each other 256 deep."""
_LONG_SIDE = 1600
_UNREADABLE, _TOO_LARGE = 3, 4


_CODECS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "latin-1", "cp437")


def _beside(name: str) -> Any:
    """A module beside this file, which is not to be found by name: this process knows nothing of the portal."""
    loader = SourceFileLoader(name, str(Path(__file__).with_name(f"{name}.py")))
    spec = spec_from_loader(name, loader)
    module = module_from_spec(spec)  # type: ignore[arg-type]  # a file has a spec
    sys.modules[name] = module
    loader.exec_module(module)
    return module


def _picture() -> Any:
    return _beside("pictures").prepare()


def _sheet(first: int, count: int) -> Any:
    """How many pages a PDF has, and as many pictures as there are pages among those asked for."""
    import pypdfium2
    from PIL import Image, PngImagePlugin  # noqa: F401  PNG is written with it

    Image.preinit()

    def work(data: bytes) -> Iterable[bytes]:
        document = pypdfium2.PdfDocument(data)
        yield str(len(document)).encode()
        for number in range(first, min(first + count, len(document))):
            page = document[number]
            width, height = page.get_size()
            scale = min(_LONG_SIDE / max(width, height, 1), 3)
            out = io.BytesIO()
            page.render(scale=scale).to_pil().convert("RGB").save(out, "PNG")
            page.close()
            yield out.getvalue()

    return work


def _pdf_text() -> Any:
    import pypdfium2

    def work(data: bytes) -> bytes:
        document = pypdfium2.PdfDocument(data)
        told, length = [], 0
        for number in range(len(document)):
            text = document[number].get_textpage().get_text_range()
            told.append(text)
            length += len(text)
            if length > _MOST_TEXT:
                break
        return "\n".join(told)[:_MOST_TEXT].encode()

    return work


_TEXT_PARTS = {
    "docx": ("header", "footer", "footnotes", "endnotes", "comments"),
    "xlsx": ("sharedStrings", "worksheet", "chartsheet"),
    "odt": ("content.xml", "styles.xml"),
}
_ENDS_WORD = {"p", "br", "tab", "h", "si", "c", "is", "line-break", "s", "table-cell", "t-end"}
_NOT_SHOWN = {"tracked-changes", "hidden-text", "hidden-paragraph"}
"""What an Open Document keeps and does not show."""


def _package_text(kind: str) -> Any:
    from lxml import etree

    opc = _beside("opc")
    word_text_of = _word_text() if kind == "docx" else None

    def work(data: bytes) -> bytes:
        package = opc.OfficePackage(etree, data, _MOST_UNPACKED)
        told = list(_parts_told(package, kind, word_text_of))
        return "\n".join(told)[:_MOST_TEXT].encode()

    return work


def _parts_told(package: Any, kind: str, word_text_of: Any) -> Any:
    if kind == "odt":
        for folder in package.open_documents():
            for name in _TEXT_PARTS[kind]:
                if (root := package.xml(f"{folder}{name}")) is not None:
                    yield _words(root, numbers=True)
        return
    main = package.main()
    if kind == "docx":
        styles = next((package.xml(name) for name in package.related(main, "styles")), None)
        told = word_text_of(styles, {})
        yield told.of(package.xml(main))
        for name in package.related(main, *_TEXT_PARTS[kind]):
            yield told.of(package.xml(name))
        return
    for name in package.related(main, *_TEXT_PARTS[kind]):
        root = package.xml(name)
        yield _words(root, numbers=not root.tag.endswith("}worksheet"))
        for comments in package.related(name, "comments", "threadedComment"):
            yield _words(package.xml(comments), numbers=True)


def _words(root: Any, numbers: bool) -> str:
    pieces: list[str] = []
    _gather(root, numbers, pieces)
    return "".join(pieces)


def _gather(element: Any, numbers: bool, pieces: list[str]) -> None:
    name = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
    if name and name not in _NOT_SHOWN:
        if element.text and (numbers or name != "v"):
            pieces.append(element.text)
        for child in element:
            _gather(child, numbers, pieces)
        if name in _ENDS_WORD:
            pieces.append("\n")
    if element.tail:
        pieces.append(element.tail)


def _word_text() -> Any:
    """What makes the teller of a Word document's words out of its styles and notes."""
    symbols, word_text = _beside("symbols"), _beside("word_text")

    def word_text_of(styles: Any, notes: dict[str, Any]) -> Any:
        return word_text.WordText(symbols, styles, notes)

    return word_text_of


def _form() -> Any:
    from lxml import etree

    opc, word_form, word_text_of = _beside("opc"), _beside("word_form"), _word_text()
    return lambda data: word_form.read(opc.OfficePackage(etree, data, _MOST_OF_A_FORM), word_text_of)


def _plain() -> Any:
    def work(data: bytes) -> bytes:
        for encoding in ("utf-8-sig", "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "cp1252"):
            try:
                return data.decode(encoding)[:_MOST_TEXT].encode()
            except UnicodeDecodeError:
                continue
        return data.decode("latin-1")[:_MOST_TEXT].encode()

    return work


def _put_out(part: bytes) -> None:
    sys.stdout.buffer.write(len(part).to_bytes(4, "big") + part)
    sys.stdout.buffer.flush()


def main() -> int:
    kind, *numbers = sys.argv[1].split(":")
    makers: dict[str, Any] = {
        "picture": _picture,
        "pdf": _pdf_text,
        "plain": _plain,
        "form": _form,
        "sheet": lambda: _sheet(*map(int, numbers)),
        **{name: lambda name=name: _package_text(name) for name in _TEXT_PARTS},
    }
    sys.setrecursionlimit(_DEEPEST)
    work = makers[kind]()
    confine = _beside("confine")
    for codec in _CODECS:
        codecs.lookup(codec)  # loads it; later it could not be
    data = sys.stdin.buffer.read()
    confine.lock_in(_SECONDS, _MEMORY)
    try:
        answer = work(data)
        for part in (answer,) if isinstance(answer, bytes) else answer:
            _put_out(part)
    except BaseException as problem:  # noqa: BLE001  whatever a made-up file provokes, it cannot be read
        sys.stderr.write(type(problem).__name__)
        sys.stderr.flush()
        return (
            _TOO_LARGE if isinstance(problem, MemoryError) or type(problem).__name__ == "TooManyPixels" else _UNREADABLE
        )
    return 0


if __name__ == "__main__":
    status = main()
    os._exit(status)
