"""Opens files that strangers made, in a process of its own that can do nothing else: no file, no socket, little memory.

Run as a script with the kind of work as its argument; the file comes on standard input, the answer goes to standard
output. The process first loads what it needs, then gives up the right to open anything, and only then reads the file.
Exit status 0: done; 3: the file cannot be read. It must not import anything of the portal.
"""

from __future__ import annotations

import codecs
import io
import os
import re
import resource
import sys
import zipfile
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

_MEMORY = 1 << 30
_SECONDS = 20
_MOST_PIXELS = 80_000_000
_MOST_TEXT = 1_000_000
_MOST_UNPACKED = 100_000_000
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
    "docx": re.compile(r"word/(document|header\d*|footer\d*|footnotes|endnotes|comments)\.xml"),
    "xlsx": re.compile(r"xl/(sharedStrings|comments\d*|worksheets/sheet\d+)\.xml"),
    "odt": re.compile(r"(content|styles)\.xml"),
}
_ENDS_WORD = {"p", "br", "tab", "h", "si", "c", "is", "line-break", "s", "table-cell", "t-end"}


def _zip_text(kind: str) -> Any:
    from lxml import etree

    def work(data: bytes) -> bytes:
        told: list[str] = []
        left = _MOST_UNPACKED
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            for part in package.infolist():
                if not _TEXT_PARTS[kind].fullmatch(part.filename):
                    continue
                with package.open(part) as packed:
                    content = packed.read(left + 1)
                left -= len(content)
                if left < 0:
                    raise ValueError("the package unpacks to too much")
                told.append(_words(etree, content, numbers=not part.filename.startswith("xl/worksheets")))
        return "\n".join(told)[:_MOST_TEXT].encode()

    return work


def _words(etree: Any, content: bytes, numbers: bool) -> str:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    pieces: list[str] = []
    for element in etree.fromstring(content, parser).iter():
        if not isinstance(element.tag, str):
            continue
        name = element.tag.rpartition("}")[2]
        if element.text and (numbers or name != "v"):
            pieces.append(element.text)
        if name in _ENDS_WORD:
            pieces.append("\n")
        if element.tail:
            pieces.append(element.tail)
    return "".join(pieces)


def _form() -> Any:
    from lxml import etree

    # Beside this file, and not to be found by name: this process knows nothing of the portal.
    loader = SourceFileLoader("word_form", str(Path(__file__).with_name("word_form.py")))
    spec = spec_from_loader("word_form", loader)
    word_form = module_from_spec(spec)  # type: ignore[arg-type]  # a file has a spec
    sys.modules["word_form"] = word_form
    loader.exec_module(word_form)
    return lambda data: word_form.read(etree, data)


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
        **{name: lambda name=name: _zip_text(name) for name in _TEXT_PARTS},
    }
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
