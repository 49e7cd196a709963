"""Looks into files that strangers made: words for the search, pictures for the preview. Each look is a process of its
own (reader.py) that is locked in and ended when it takes too long."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from portal.documents import word_form
from portal.documents.word_form import WordForm

LARGEST = 50_000_000
"""Bytes; a larger file is not looked into, only downloaded."""
LARGEST_FORM = 10_000_000
"""Bytes of a Word file whose answers are read back."""
_READER = Path(__file__).with_name("reader.py")
_SECONDS = 30
_TEXTS = {
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.oasis.opendocument.text": "odt",
    "text/plain": "plain",
    "text/csv": "plain",
}


class Unreadable(Exception):
    """The file is damaged, protected, too large, or made to do harm."""


def has_words(media_type: str) -> bool:
    """Whether files of this type can be searched in."""
    return media_type in _TEXTS


def words(media_type: str, data: bytes) -> str:
    """The text of a document, at most a million characters. Raises Unreadable."""
    return _run(_TEXTS[media_type], data).decode()


def form(data: bytes) -> WordForm:
    """What stands in the answer fields of a Word file. Raises Unreadable."""
    if len(data) > LARGEST_FORM:
        raise Unreadable("too large")
    try:
        return word_form.from_json(_run("form", data))
    except (ValueError, KeyError, TypeError) as problem:
        raise Unreadable("not understood") from problem


def picture(data: bytes) -> bytes:
    """A JPEG of an image's pixels, upright, at most 1600 pixels long, without anything else it held. Raises
    Unreadable."""
    return _run("picture", data)


def pages(data: bytes) -> int:
    """How many pages a PDF has. Raises Unreadable."""
    return int(_run("pages", data))


def page(data: bytes, number: int) -> bytes:
    """A PNG of a PDF's page, counted from 0. Raises Unreadable."""
    return _run(f"page:{number}", data)


def _run(work: str, data: bytes) -> bytes:
    if len(data) > LARGEST:
        raise Unreadable("too large")
    try:
        done = subprocess.run(  # noqa: S603  our own program, told one word of ours
            [sys.executable, "-I", str(_READER), work],
            input=data,
            capture_output=True,
            timeout=_SECONDS,
            env={},
            cwd="/",
            check=False,
        )
    except subprocess.TimeoutExpired as problem:
        raise Unreadable("takes too long") from problem
    if done.returncode != 0:
        raise Unreadable(done.stderr[-200:].decode(errors="replace"))
    return done.stdout
