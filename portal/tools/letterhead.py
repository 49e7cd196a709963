"""A municipality's own look on paper: its name, its logo, its colour. The folder that the setting LETTERHEAD_DIR names
holds `letterhead.toml` and the logo; every mistake is told with its place and reason before the portal starts."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree as ET

from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from portal.errors import UnsafeConfiguration
from portal.tools.library import read_toml, refuse
from portal.tools.profile import Words

LARGEST = 500_000
"""Bytes of a logo."""


class _Logo(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str = Field(pattern=r"^[\w-]+\.(svg|png)$")
    words: Words
    """What it shows, read aloud in its place."""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=120)
    colour: str = Field("", pattern=r"^(#[0-9a-f]{6})?$")
    logo: _Logo | None = None


@dataclass(frozen=True)
class Letterhead:
    path: Path
    """The file it was read from."""
    name: str
    colour: str
    """`#rrggbb`; '' for the colour of the settings."""
    logo: str
    """An SVG, whatever the file was; '' where there is none."""
    words: Words | None


@cache
def letterhead(folder: Path | None) -> Letterhead | None:
    """The look of this installation; None where it has none of its own. Raises UnsafeConfiguration."""
    if folder is None:
        return None
    path = folder / "letterhead.toml"
    try:
        found = _File.model_validate(read_toml(path))
    except ValidationError as problem:
        refuse(path, [(error["loc"], error["msg"]) for error in problem.errors(include_url=False)])
        raise
    logo = _logo(folder / found.logo.file) if found.logo else ""
    return Letterhead(path, found.name, found.colour, logo, found.logo.words if found.logo else None)


def _logo(path: Path) -> str:
    """The picture as an SVG. Raises UnsafeConfiguration that names the file and what is wrong with it."""
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise UnsafeConfiguration(f"{path} cannot be read: {problem}") from problem
    if len(content) > LARGEST:
        raise UnsafeConfiguration(f"{path} cannot be used: it has {len(content)} bytes, at most {LARGEST} are taken")
    if path.suffix == ".svg":
        return _svg(path, content)
    try:
        with Image.open(BytesIO(content), formats=["PNG"]) as picture:
            picture.load()
            wide, high = picture.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as problem:
        raise UnsafeConfiguration(f"{path} cannot be used: it is no PNG: {problem}") from problem
    data = base64.b64encode(content).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}">'
        f'<image width="{wide}" height="{high}" href="data:image/png;base64,{data}"/></svg>'
    )


def _svg(path: Path, content: bytes) -> str:
    """Raises UnsafeConfiguration for what is no SVG, or would fetch something from elsewhere."""
    try:
        text = content.decode("utf-8")
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise UnsafeConfiguration(f"{path} cannot be used: take out its DOCTYPE, a logo needs none")
        root = ET.fromstring(text)  # noqa: S314  a file of the operator's, and without entities
    except (UnicodeDecodeError, ET.ParseError) as problem:
        raise UnsafeConfiguration(f"{path} cannot be used: it is no SVG: {problem}") from problem
    if root.tag != "{http://www.w3.org/2000/svg}svg":
        raise UnsafeConfiguration(f"{path} cannot be used: it is no SVG: it begins with {root.tag}")
    for element in root.iter():
        for name, value in element.attrib.items():
            if name.rpartition("}")[2] == "href" and not value.startswith(("#", "data:")):
                raise UnsafeConfiguration(
                    f"{path} cannot be used: it fetches {value!r} from elsewhere; put it into the file"
                )
    return text
