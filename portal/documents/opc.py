"""What lies where in an office document: its parts are found by what the package says of them, never by their names,
which every program chooses for itself. Runs inside the locked-in process of reader.py, so it imports nothing of the
portal.

Office Open XML (ECMA-376 part 2): `_rels/.rels` names the main part, and beside each part lies what that one refers to.
Open Document (ODF 1.2 part 3): `META-INF/manifest.xml` names the documents inside.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_ENTRY = "{urn:oasis:names:tc:opendocument:xmlns:manifest:1.0}"
_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(wordprocessingml|spreadsheetml|drawingml|officeDocument)/(\w+)")
"""How the strict form of the standard spells its names. What they stand for is the same."""
_LOOSE = {
    b"officeDocument/math": b"http://schemas.openxmlformats.org/officeDocument/2006/math",
    b"wordprocessingml/main": b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    b"spreadsheetml/main": b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    b"drawingml/main": b"http://schemas.openxmlformats.org/drawingml/2006/main",
}


class OfficePackage:
    """An office document. Raises ValueError for one that is no such thing, or that unpacks to more than `most` bytes of
    the parts that are asked for."""

    def __init__(self, etree: Any, data: bytes, most: int) -> None:
        self._etree, self._left = etree, most
        self._zip = zipfile.ZipFile(io.BytesIO(data))
        # Names of parts are the same in small and large letters.
        self._names = {unquote(name).lower(): name for name in self._zip.namelist()}
        self._parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        self._read: dict[str, Any] = {}

    def xml(self, name: str) -> Any:
        """The root of a part, read once; None where there is none of that name."""
        key = name.lower()
        if key not in self._names:
            return None
        if key not in self._read:
            with self._zip.open(self._names[key]) as packed:
                content = packed.read(self._left + 1)
            self._left -= len(content)
            if self._left < 0:
                raise ValueError("the document unpacks to too much")
            content = _STRICT.sub(lambda found: _LOOSE.get(found[1] + b"/" + found[2], found[0]), content)
            self._read[key] = self._etree.fromstring(content, self._parser)
        return self._read[key]

    def main(self) -> str:
        """The name of the part that is the document."""
        for name in self.related("", "officeDocument"):
            return name
        raise ValueError("the package names no document")

    def related(self, part: str, *kinds: str) -> Iterator[str]:
        """The names of the parts that one refers to ('' for the package), by the last word of the relation's kind."""
        folder, name = posixpath.split(part)
        relations = self.xml(posixpath.join(folder, "_rels", f"{name}.rels"))
        for relation in relations.iter(_RELATION) if relations is not None else ():
            kind = relation.get("Type", "").rstrip("/").rpartition("/")[2]
            if kind in kinds and relation.get("TargetMode") != "External":
                target = unquote(relation.get("Target", "").partition("#")[0])
                found = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                if found.lower() in self._names:
                    yield found

    def open_documents(self) -> Iterator[str]:
        """The folders of the documents in an Open Document package: itself ('') first, then those it embeds."""
        yield ""
        manifest = self.xml("META-INF/manifest.xml")
        for entry in manifest.iter(f"{_ENTRY}file-entry") if manifest is not None else ():
            path, kind = entry.get(f"{_ENTRY}full-path", ""), entry.get(f"{_ENTRY}media-type", "")
            if path.endswith("/") and path != "/" and kind.startswith("application/vnd.oasis.opendocument."):
                yield path.removeprefix("./")
