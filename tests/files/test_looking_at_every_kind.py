"""Every kind of file that is let in is looked at in the way that fits it, or said to be for downloading."""

from __future__ import annotations

import io
from uuid import UUID

import pytest
import typst
from flask import Flask
from PIL import Image

from portal.storage.inspection import KINDS
from tests.storage.test_inspection import BEGINNINGS, packed, real_document
from tests.support.browser import Browser
from tests.support.pictures import HEIC, made
from tests.support.story import Room, Story

PILLOW = {
    "png": "PNG", "jpg": "JPEG", "jpeg": "JPEG", "jpe": "JPEG", "jfif": "JPEG", "gif": "GIF", "webp": "WEBP",
    "avif": "AVIF", "tif": "TIFF", "tiff": "TIFF", "bmp": "BMP",
}  # fmt: skip
PLAYED = {"mp3": "audio", "m4a": "audio", "wav": "audio", "ogg": "audio", "oga": "audio", "opus": "audio",
          "aac": "audio", "flac": "audio", "mp4": "video", "m4v": "video", "mov": "video", "webm": "video",
          "3gp": "video", "3gpp": "video", "3g2": "video"}  # fmt: skip
OFFICE = {"docx", "xlsx", "pptx", "odt", "ods", "odp", "doc", "xls", "ppt", "pps", "rtf"}
TAKEN_OUT = {"amr", "awb", "caf", "mkv", "avi", "mpg", "mpeg", "vcf", "ics"}
"""No browser plays or shows these: they are downloaded."""


def content(ending: str) -> bytes:
    """A real one of its kind, where it is looked into; else a beginning."""
    if ending in PILLOW:
        return made(PILLOW[ending], Image.new("RGB", (40, 30), "teal"))
    if ending in ("heic", "heif"):
        return HEIC
    if ending == "pdf":
        return b"\n" + typst.compile(b"Hej")
    package = KINDS[ending].package
    if package:
        return real_document() if ending == "docx" else packed({f"{package}x" if package[-1] == "/" else package: b"x"})
    return BEGINNINGS[ending] + b" og mere"


def test_every_kind_stands_in_one_of_the_lists() -> None:
    assert set(KINDS) == {*PILLOW, "heic", "heif", "pdf", "txt", "csv", *PLAYED, *OFFICE, *TAKEN_OUT}


@pytest.mark.parametrize("ending", sorted(KINDS))
def test_a_kind_is_looked_at_in_its_way(ending: str, app: Flask, story: Story, room: Room) -> None:
    file_id = story.file(room, room.guide, name=f"Fil.{ending}", content=content(ending))
    browser = Browser(app, story.token(room.guide))
    frame = browser.get(at(room, file_id, "/preview"))
    assert frame.status == 200
    if ending in PILLOW or ending in ("heic", "heif"):
        shown = browser.get(str(frame.soup.find("img")["src"]))  # type: ignore[index]
        colour = Image.open(io.BytesIO(shown.response.data)).convert("RGB").getpixel((15, 15))
        assert colour == pytest.approx((200, 20, 20) if ending.startswith("hei") else (0, 128, 128), abs=12)
    elif ending == "pdf":
        assert browser.get(str(frame.soup.find("img")["src"])).headers["Content-Type"] == "image/png"  # type: ignore[index]
    elif ending in ("txt", "csv"):
        assert "og mere" in frame.soup.find("pre").get_text()  # type: ignore[union-attr]
    elif ending in PLAYED:
        assert frame.soup.find(PLAYED[ending]) is not None
    else:
        assert "Hent den for at åbne den" in frame.text
    offered = any("/view" in link for link in browser.get(f"/cases/{room.case_id}/files/{file_id}").links())
    assert offered == (ending not in OFFICE | TAKEN_OUT), "what cannot be looked at is not offered"


def at(room: Room, file_id: UUID, rest: str) -> str:
    return f"/cases/{room.case_id}/files/{file_id}/versions/1{rest}"
