"""What a file is, by its name and its first bytes, and whether it may come in."""

from __future__ import annotations

from portal.errors import InvalidInput

MEDIA_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "rtf": "application/rtf",
    "txt": "text/plain",
    "csv": "text/csv",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "heic": "image/heic",
    "gif": "image/gif",
    "webp": "image/webp",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "wav": "audio/wav",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
}
"""File endings that are let in, and what they are served as."""

_BEGINNINGS: dict[str, tuple[bytes, ...]] = {
    "pdf": (b"%PDF-",),
    **dict.fromkeys(("docx", "xlsx", "pptx", "odt", "ods", "odp"), (b"PK\x03\x04",)),
    **dict.fromkeys(("doc", "xls"), (b"\xd0\xcf\x11\xe0",)),
    "rtf": (b"{\\rtf",),
    "png": (b"\x89PNG\r\n\x1a\n",),
    **dict.fromkeys(("jpg", "jpeg"), (b"\xff\xd8\xff",)),
    "gif": (b"GIF8",),
}
_PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe")
_PAGES = (b"<!doctype html", b"<html", b"<script", b"<svg")


def media_type(name: str, size: int, head: bytes) -> str:
    """The type to serve a file as. Raises InvalidInput('file') for one that is empty, of a kind that is not let in, or
    not what its name says."""
    if size == 0:
        raise InvalidInput("file", "file_empty")
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if ending not in MEDIA_TYPES or head.startswith(_PROGRAMS) or head.lstrip().lower().startswith(_PAGES):
        raise InvalidInput("file", "file_kind")
    beginnings = _BEGINNINGS.get(ending)
    if beginnings and not head.startswith(beginnings):
        raise InvalidInput("file", "file_not_what_it_says")
    return MEDIA_TYPES[ending]
