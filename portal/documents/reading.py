"""Looks into files that strangers made: words for the search, pictures for the preview. Each look is a process of its
own (reader.py) that is locked in and ended when it takes too long, and holds one of the machine's few slots for such
processes (slots.py). `slot` is the descriptor of the one that the caller took; without it a slot is waited for here,
as for work that nobody waits for at a screen (raises Busy)."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from portal.documents import slots, word_form
from portal.documents.word_form import WordForm

LARGEST = 50_000_000
"""Bytes; a larger file is not looked into, only downloaded."""
LARGEST_FORM = 10_000_000
"""Bytes of a Word file whose answers are read back."""
_READER = Path(__file__).with_name("reader.py")
_SECONDS = 30
_UNREADABLE, _TOO_LARGE = 3, 4
"""Exit statuses of the reader."""
_TEXTS = {
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.oasis.opendocument.text": "odt",
    "text/plain": "plain",
    "text/csv": "plain",
}


class Unreadable(Exception):
    """The file is damaged, protected, or made to do harm: another try would say the same."""


class TooLarge(Unreadable):
    """It has more bytes or pixels than are looked into here."""


class TookTooLong(Exception):
    """It was not read in time. Another time it may be, when the machine has less to do."""


@dataclass(frozen=True)
class PictureSizes:
    """An image made anew from its pixels, as JPEG in two sizes."""

    large: bytes
    small: bytes


@dataclass(frozen=True)
class RenderedPages:
    """Some pages of a PDF, each as PNG; fewer than were asked for when the rest could not be made."""

    pages: int
    """How many the whole has."""
    made: tuple[bytes, ...]


def has_words(media_type: str) -> bool:
    """Whether files of this type can be searched in."""
    return media_type in _TEXTS


def words(media_type: str, data: bytes, slot: int | None = None) -> str:
    """The text of a document, at most a million characters. Raises Unreadable, TookTooLong."""
    return _whole(_TEXTS[media_type], data, slot).decode()


def form(data: bytes, slot: int | None = None) -> WordForm:
    """What stands in the answer fields of a Word file. Raises Unreadable, TookTooLong."""
    if len(data) > LARGEST_FORM:
        raise TooLarge
    try:
        return word_form.from_json(_whole("form", data, slot))
    except (ValueError, KeyError, TypeError) as problem:
        raise Unreadable("not understood") from problem


def picture(data: bytes, slot: int | None = None) -> PictureSizes:
    """An image's pixels, upright, at most 1600 pixels long, without anything else it held. Raises Unreadable,
    TookTooLong."""
    parts, problem = _parts("picture", data, slot)
    if problem is not None or len(parts) != 2:
        raise problem or Unreadable("cut off")
    return PictureSizes(*parts)


def sheet(data: bytes, first: int, count: int, slot: int | None = None) -> RenderedPages:
    """`count` pages of a PDF, counted from 0. What is made by the time something goes wrong counts. Raises Unreadable
    or TookTooLong when that is nothing at all."""
    parts, problem = _parts(f"sheet:{first}:{count}", data, slot)
    if problem is not None and len(parts) < 2:
        raise problem
    if not parts:
        raise Unreadable("cut off")
    return RenderedPages(int(parts[0]), tuple(parts[1:]))


def _whole(work: str, data: bytes, slot: int | None = None) -> bytes:
    parts, problem = _parts(work, data, slot)
    if problem is not None or len(parts) != 1:
        raise problem or Unreadable("cut off")
    return parts[0]


def _parts(work: str, data: bytes, slot: int | None = None) -> tuple[list[bytes], Unreadable | TookTooLong | None]:
    """What the reader put out, and why it did not go on to the end."""
    if len(data) > LARGEST:
        return [], TooLarge("bytes")
    if slot is None:
        with slots.taken(slots.BY_THE_WORKER) as own:
            return _parts(work, data, own)
    problem: Unreadable | TookTooLong | None = None
    try:
        done = subprocess.run(  # noqa: S603  our own program, told one word of ours
            [sys.executable, "-I", str(_READER), work],
            input=data,
            capture_output=True,
            timeout=_SECONDS,
            env={},
            cwd="/",
            pass_fds=(slot,),
            check=False,
        )
        put_out, status, said = done.stdout, done.returncode, done.stderr
    except subprocess.TimeoutExpired as late:
        put_out, status, said = late.stdout or b"", 0, b""
        problem = TookTooLong("takes too long")
    if status == _TOO_LARGE:
        problem = TooLarge("pixels")
    elif status == -signal.SIGKILL:
        problem = TookTooLong("killed, for want of memory")
    elif status == _UNREADABLE or status < 0:
        problem = Unreadable(said[-200:].decode(errors="replace"))
    elif status != 0:
        raise RuntimeError(f"the reader did not come so far as to read: {said[-200:].decode(errors='replace')}")
    return _split(put_out), problem


def _split(put_out: bytes) -> list[bytes]:
    """The parts of what a reader wrote; one it did not come to the end of is left out."""
    parts = []
    while len(put_out) >= 4:
        length = int.from_bytes(put_out[:4], "big")
        if len(put_out) < 4 + length:
            break
        parts.append(put_out[4 : 4 + length])
        put_out = put_out[4 + length :]
    return parts
