"""Pictures of every kind, made up for tests."""

from __future__ import annotations

import io
from base64 import b64decode
from typing import Any

from PIL import Image

# A red square of 64 x 64 pixels as a phone would keep it (HEVC in HEIF).
HEIC = b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAVZtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAA"
    "ACJpbG9jAAAAAERAAAEAAQAAAAABegABAAAAAAAAABwAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRt"
    "AAAAAAABAAAA1mlwcnAAAAC3aXBjbwAAAHhodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMA"
    "AAMAHroCQGEAAQArQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbqSSmubgIaDAgAAAMAyAAAAwAIQGIAAQAHRAHBcrAiQAAAABNjb2xy"
    "bmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABAAAAAQAAAABBwaXhpAAAAAAMICAgAAAAXaXBtYQAAAAAAAAABAAEEgQIDBAAAACRt"
    "ZGF0AAAAGCgBrxOA5TPAn//xkKP/3kc8PyAvrVD1Pg=="
)


def made(kind: str, picture: Image.Image, **more: Any) -> bytes:
    """A picture as a file of that kind, in Pillow's word for it."""
    out = io.BytesIO()
    picture.save(out, kind, **more)
    return out.getvalue()
