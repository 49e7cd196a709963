"""How kinds of files look on pages."""

from __future__ import annotations


def file_icon(media_type: str) -> str:
    """The icon of a kind of file."""
    if media_type == "application/pdf":
        return "file-pdf"
    if "spreadsheet" in media_type or "excel" in media_type or media_type == "text/csv":
        return "file-excel"
    if "word" in media_type or "opendocument.text" in media_type:
        return "file-word"
    kind = media_type.split("/")[0]
    return {"image": "file-image", "video": "videocam"}.get(kind, "file")
