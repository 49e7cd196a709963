"""Opens files that strangers made, in a process of its own that can do nothing else: no file, no socket, little memory.

Run as a script with the kind of work as its argument; the file comes on standard input, the answer goes to standard
output. The process first loads what it needs, then gives up the right to open anything, and only then reads the file.
Exit status 0: done; 3: the file cannot be read. It must not import anything of the portal.
"""

from __future__ import annotations

import codecs
import io
import os
import resource
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

_MEMORY = 1 << 30
_SECONDS = 20
_MOST_PIXELS = 80_000_000
_MOST_TEXT = 1_000_000
_MOST_UNPACKED = 100_000_000
_MOST_OF_A_FORM = 30_000_000
"""Bytes of the parts that are read."""
_DEEPEST = 4000
"""Calls inside of calls: libxml2 lets elements stand in each other 256 deep."""
_LONG_SIDE = 1600
_UNREADABLE = 3


_CODECS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "latin-1", "cp437")


def _lock_in() -> None:
    for codec in _CODECS:
        codecs.lookup(codec)  # loads it; later it could not be
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Every new descriptor would be number 3 or more: from here on nothing can be opened, neither file nor socket.
    os.closerange(3, 256)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


def _picture() -> Any:
    from PIL import Image, ImageOps

    Image.init()
    Image.MAX_IMAGE_PIXELS = _MOST_PIXELS

    def work(data: bytes) -> bytes:
        with Image.open(io.BytesIO(data)) as opened:
            opened.draft("RGB", (_LONG_SIDE, _LONG_SIDE))
            upright = ImageOps.exif_transpose(opened)
            upright.thumbnail((_LONG_SIDE, _LONG_SIDE))
            # A fresh picture of the pixels alone: where it was taken, and by what, stays behind.
            clean = Image.new("RGB", upright.size, "white")
            clean.paste(upright, mask=upright.getchannel("A") if upright.mode in ("RGBA", "LA") else None)
        out = io.BytesIO()
        clean.save(out, "JPEG", quality=85)
        return out.getvalue()

    return work


def _page(number: int) -> Any:
    import pypdfium2
    from PIL import Image

    Image.init()

    def work(data: bytes) -> bytes:
        document = pypdfium2.PdfDocument(data)
        page = document[number]
        width, height = page.get_size()
        scale = min(_LONG_SIDE / max(width, height, 1), 3)
        picture = page.render(scale=scale).to_pil().convert("RGB")
        out = io.BytesIO()
        picture.save(out, "PNG")
        return out.getvalue()

    return work


def _pages() -> Any:
    import pypdfium2

    return lambda data: str(len(pypdfium2.PdfDocument(data))).encode()


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


def _beside(name: str) -> Any:
    """A module that lies beside this file, and is not to be found by name: this process knows nothing of the portal."""
    loader = SourceFileLoader(name, str(Path(__file__).with_name(f"{name}.py")))
    spec = spec_from_loader(name, loader)
    module = module_from_spec(spec)  # type: ignore[arg-type]  # a file has a spec
    sys.modules[name] = module
    loader.exec_module(module)
    return module


def _package_text(kind: str) -> Any:
    from lxml import etree

    opc = _beside("opc")
    telling = _word_telling() if kind == "docx" else None

    def work(data: bytes) -> bytes:
        package = opc.Package(etree, data, _MOST_UNPACKED)
        told = list(_parts_told(package, kind, telling))
        return "\n".join(told)[:_MOST_TEXT].encode()

    return work


def _parts_told(package: Any, kind: str, telling: Any) -> Any:
    if kind == "odt":
        for folder in package.open_documents():
            for name in _TEXT_PARTS[kind]:
                if (root := package.xml(f"{folder}{name}")) is not None:
                    yield _words(root, numbers=True)
        return
    main = package.main()
    if kind == "docx":
        styles = next((package.xml(name) for name in package.related(main, "styles")), None)
        told = telling(styles, {})
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


def _word_telling() -> Any:
    """What makes the teller of a Word document's words out of its styles and notes."""
    symbols, word_text = _beside("symbols"), _beside("word_text")

    def telling(styles: Any, notes: dict[str, Any]) -> Any:
        return word_text.WordText(symbols, styles, notes)

    return telling


def _form() -> Any:
    from lxml import etree

    opc, word_form, telling = _beside("opc"), _beside("word_form"), _word_telling()
    return lambda data: word_form.read(opc.Package(etree, data, _MOST_OF_A_FORM), telling)


def _plain() -> Any:
    def work(data: bytes) -> bytes:
        for encoding in ("utf-8-sig", "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "cp1252"):
            try:
                return data.decode(encoding)[:_MOST_TEXT].encode()
            except UnicodeDecodeError:
                continue
        return data.decode("latin-1")[:_MOST_TEXT].encode()

    return work


def main() -> int:
    kind, _, rest = sys.argv[1].partition(":")
    makers: dict[str, Any] = {
        "picture": _picture,
        "pages": _pages,
        "pdf": _pdf_text,
        "plain": _plain,
        "form": _form,
        "page": lambda: _page(int(rest)),
        **{name: lambda name=name: _package_text(name) for name in _TEXT_PARTS},
    }
    sys.setrecursionlimit(_DEEPEST)
    work = makers[kind]()
    data = sys.stdin.buffer.read()
    _lock_in()
    try:
        answer = work(data)
    except BaseException as problem:  # noqa: BLE001  whatever a made-up file provokes, it cannot be read
        sys.stderr.write(type(problem).__name__)
        sys.stderr.flush()
        return _UNREADABLE
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    status = main()
    os._exit(status)
