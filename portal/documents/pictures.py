"""Any picture as one that is safe to show: its pixels alone, upright, on white, in two sizes.

Loaded by reader.py beside itself, so it must not import anything of the portal. `prepare` loads everything that is
needed later, because a process that is locked in can load nothing more.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import pi_heif
from PIL import (  # noqa: F401  known to Pillow from here on
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "AVIF", "HEIF", "TIFF", "BMP")
"""What is let in as a picture (storage/kinds.toml); Pillow's other readers are never asked. Its reader of JPEG also
makes the MPO of what holds several pictures."""
LONG_SIDE, SMALL_SIDE = 1600, 240
"""Pixels."""
MOST_PIXELS = 40_000_000
"""Of a picture as it lies in memory: a sheet of A4 at 600 dots an inch has 35 million."""
MOST_IN_FILE = 400_000_000
"""Of a JPEG, which is decoded at a half, a quarter or an eighth of its size."""
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What the camera's note on how it was held asks for (Exif 2.32, tag 0x0112)."""
_ORIENTATION = 0x0112


class TooManyPixels(Exception):
    """It has more pixels than are decoded here."""


def prepare() -> Callable[[bytes], Iterator[bytes]]:
    """The work; made pictures have been through it once, so that nothing is loaded later."""
    pi_heif.register_heif_opener(thumbnails=False, aux_images=False, depth_images=False, decode_threads=1)
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    Image.preinit()
    Image.MAX_IMAGE_PIXELS = None  # ours is asked once it is known how much would be decoded
    for kind, mode in (
        ("PNG", "P"),
        ("GIF", "P"),
        ("JPEG", "CMYK"),
        ("WEBP", "RGBA"),
        ("AVIF", "RGBA"),
        ("TIFF", "RGB"),
    ):
        made = io.BytesIO()
        Image.new(mode, (2, 2)).save(made, kind, **({"transparency": 0} if mode == "P" else {}))
        list(both_sizes(made.getvalue()))
    for mode in Image.MODES:
        on_white(Image.new(mode, (2, 2)), 2)
    return both_sizes


def both_sizes(data: bytes) -> Iterator[bytes]:
    """Two JPEGs, the large one first. Raises TooManyPixels, and whatever Pillow raises for what it cannot read."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
        _refuse_many_pixels(opened, MOST_IN_FILE if opened.format in ("JPEG", "MPO") else MOST_PIXELS)
        opened.draft("RGB", (LONG_SIDE, LONG_SIDE))
        _refuse_many_pixels(opened, MOST_PIXELS)
        large = on_white(opened, LONG_SIDE)
        # Asked once it has been read: some readers (TIFF, HEIF) turn it themselves, and take the note away.
        turn = opened.getexif().get(_ORIENTATION)
    if turn in _TURNS:
        large = large.transpose(_TURNS[turn])
    yield _as_jpeg(large, 85)
    large.thumbnail((SMALL_SIDE, SMALL_SIDE))
    yield _as_jpeg(large, 80)


def on_white(picture: Image.Image, longest: int) -> Image.Image:
    """A picture of any mode that Pillow knows as plain grey or colour, at most `longest` pixels wide and high; what is
    transparent in it is white, as on paper."""
    picture.load()
    plain = _plain(picture)
    factor = max(plain.size) // (longest * 2)
    if factor > 1:
        plain = plain.reduce(factor)  # the coarse part, in one pass and without another picture of the full size
    plain.thumbnail((longest, longest))
    if plain.mode in ("L", "RGB"):
        return plain
    paper = Image.new("RGB", plain.size, "white")
    paper.paste(plain, mask=plain.getchannel("A"))
    return paper


def _plain(picture: Image.Image) -> Image.Image:
    """As L, RGB or RGBA."""
    mode = picture.mode
    if mode in ("1", "L", "RGB") and "transparency" in picture.info:
        return picture.convert("RGBA")
    if mode in ("L", "RGB", "RGBA"):
        return picture
    if mode == "P":
        return picture.convert("RGBA" if "transparency" in picture.info or _has_clear_colours(picture) else "RGB")
    if mode in ("LA", "PA", "RGBa"):
        return picture.convert("RGBA")
    if mode == "La":
        return picture.convert("LA").convert("RGBA")
    if mode.startswith("I;16"):
        # Straight to 8 bits Pillow would cut off what is brighter than 255 instead of making it darker.
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if mode in ("I", "F"):
        return _stretched(picture)
    return picture.convert("L" if mode == "1" else "RGB")


def _has_clear_colours(picture: Image.Image) -> bool:
    return picture.palette is not None and picture.palette.mode == "RGBA"


def _stretched(picture: Image.Image) -> Image.Image:
    """Values without a known largest one: 8 bits where they fit, 16 where those fit, else from the darkest to the
    brightest there is."""
    darkest, brightest = picture.getextrema()
    assert isinstance(darkest, int | float) and isinstance(brightest, int | float)  # noqa: S101, PT018  one band
    if darkest >= 0 and brightest <= 255:
        darkest, span = 0, 255.0
    elif darkest >= 0 and brightest <= 65_535:
        darkest, span = 0, 65_535.0
    else:
        span = float(brightest - darkest) or 1.0
    factor = 255 / span
    shift = -darkest * factor
    return picture.point(lambda value: value * factor + shift).convert("L")


def _refuse_many_pixels(picture: Image.Image, most: int) -> None:
    if picture.width * picture.height > most:
        raise TooManyPixels


def _as_jpeg(picture: Image.Image, quality: int) -> bytes:
    # A fresh picture: what the camera noted of place, day and maker stays behind.
    clean = Image.new(picture.mode, picture.size)
    clean.paste(picture)
    out = io.BytesIO()
    clean.save(out, "JPEG", quality=quality)
    return out.getvalue()
