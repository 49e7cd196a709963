"""Pictures as they are shown: every mode Pillow knows, every kind that is let in, upright, on white, no more."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from portal.documents import pictures, reading
from portal.documents.reading import TooLarge, Unreadable
from portal.storage.inspection import KINDS
from tests.support.pictures import HEIC, made

SIZE = (60, 40)
DARK, BRIGHT = 40, 220
WITH_ALPHA = ("RGBA", "LA", "PA", "RGBa", "La")
FORMATS = {"png": "PNG", "jpg": "JPEG", "gif": "GIF", "webp": "WEBP", "avif": "AVIF", "tif": "TIFF", "bmp": "BMP"}


def halves(left: Any, right: Any, mode: str = "L") -> Image.Image:
    picture = Image.new(mode, SIZE, left)
    picture.paste(right, (SIZE[0] // 2, 0, *SIZE))
    return picture


def in_mode(mode: str) -> Image.Image:
    """Dark on the left; on the right bright, or, where the mode can, nothing at all with black under it."""
    if mode == "PA":
        clear = halves(DARK, 0).convert("RGB").quantize(4)
        clear.putalpha(halves(255, 0))
        return clear
    if mode in WITH_ALPHA:
        clear = halves((DARK, DARK, DARK, 255), (0, 0, 0, 0), "RGBA")
        steps = {"RGBA": (), "LA": ("LA",), "RGBa": ("RGBa",), "La": ("LA", "La")}[mode]
        for step in steps:
            clear = clear.convert(step)
        return clear
    grey = halves(DARK, BRIGHT)
    if mode.startswith("I;16"):
        wide = Image.frombytes("I;16", SIZE, b"".join(bytes((0, value)) for value in grey.tobytes()))
        return wide if mode == "I;16" else _as(wide, mode)
    if mode == "1":
        return halves(0, 255).convert("1")
    if mode == "P":
        return grey.convert("RGB").quantize(4)
    if mode == "LAB":
        return halves((DARK, 128, 128), (BRIGHT, 128, 128), "LAB")
    return grey.convert("RGB").convert(mode) if mode in ("CMYK", "HSV", "YCbCr", "RGBX") else grey.convert(mode)


def _as(wide: Image.Image, mode: str) -> Image.Image:
    """Sixteen bits in another order of bytes."""
    big = mode.endswith("B")
    values = wide.tobytes()
    swapped = b"".join(values[at : at + 2][::-1] for at in range(0, len(values), 2)) if big else values
    return Image.frombytes(mode, SIZE, swapped)


def sides(picture: Image.Image) -> tuple[int, int]:
    """How bright the left and the right side are."""
    grey = picture.convert("L")
    return grey.getpixel((5, 20)), grey.getpixel((picture.width - 5, 20))  # type: ignore[return-value]


@pytest.mark.parametrize("mode", Image.MODES)
def test_every_mode_that_pillow_knows_is_shown_as_it_is(mode: str) -> None:
    left, right = sides(pictures.on_white(in_mode(mode), 1600))
    assert left == pytest.approx(0 if mode == "1" else DARK, abs=12), mode
    assert right == pytest.approx(255 if mode in WITH_ALPHA or mode == "1" else BRIGHT, abs=12), mode


def test_numbers_beyond_eight_bits_keep_their_shades() -> None:
    assert sides(pictures.on_white(halves(DARK * 257, BRIGHT * 257, "I"), 1600)) == pytest.approx((DARK, BRIGHT), abs=2)
    assert sides(pictures.on_white(halves(-3.5, 8.25, "F"), 1600)) == (0, 255)
    assert sides(pictures.on_white(halves(7.0, 7.0, "F"), 1600))[0] < 10


def writable() -> list[tuple[str, str]]:
    """Every kind of file with every mode it can be written in."""
    found = []
    for ending, kind in FORMATS.items():
        for mode in Image.MODES:
            try:
                saved = Image.open(io.BytesIO(made(kind, in_mode(mode)))).mode
            except (OSError, KeyError, ValueError):
                continue
            if saved == mode or not mode.startswith(("I", "F")):  # else Pillow cut the shades off in writing
                found.append((ending, mode))
    return found


def test_every_kind_in_every_mode_it_can_hold_is_read_by_the_reader_that_is_locked_in() -> None:
    """What a reader loads for a kind must be there before it is locked in."""
    assert {kind.endings[0] for kind in KINDS.values() if kind.is_picture} == {*FORMATS, "heic"}
    every = writable()
    assert len(every) > 35
    for ending, mode in every:
        saved = made(FORMATS[ending], in_mode(mode))
        shown = Image.open(io.BytesIO(reading.picture(saved).large))
        left, right = sides(shown)
        clear = mode in WITH_ALPHA and Image.open(io.BytesIO(saved)).has_transparency_data
        assert left == pytest.approx(0 if mode == "1" else DARK, abs=16), (ending, mode)
        if clear or mode == "1":
            assert right == pytest.approx(255, abs=3), (ending, mode)
        elif mode not in WITH_ALPHA and mode != "F":
            assert right == pytest.approx(BRIGHT, abs=16), (ending, mode)


def test_what_is_transparent_by_a_note_in_the_file_is_white_too() -> None:
    drawing = Image.new("P", SIZE, 0)
    drawing.putpalette([0, 0, 0, 0, 0, 0, 200, 0, 0])
    ImageDraw.Draw(drawing).line((0, 10, 60, 10), fill=1, width=4)
    for kind in ("PNG", "GIF"):
        shown = Image.open(io.BytesIO(reading.picture(made(kind, drawing, transparency=0)).large)).convert("L")
        assert shown.getpixel((30, 30)) == 255, "a drawing on nothing stands on white paper"
        assert shown.getpixel((30, 10)) < 20, "and its black lines are there"
    for mode, colour, clear in (("L", 0, 0), ("RGB", (0, 0, 0), (0, 0, 0)), ("1", 0, 0)):
        note = made("PNG", Image.new(mode, SIZE, colour), transparency=clear)
        assert sides(Image.open(io.BytesIO(reading.picture(note).large))) == (255, 255), mode


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tif", "avif"])
def test_a_picture_stands_upright_however_the_camera_was_held(ending: str) -> None:
    upright = Image.new("RGB", (60, 40), "white")
    upright.paste("black", (0, 0, 20, 14))
    for turn, back in {1: None, **{turn: _BACK[turn] for turn in _BACK}}.items():
        note = Image.Exif()
        note[0x0112] = turn
        as_held = upright.transpose(back) if back is not None else upright
        saved = made(FORMATS[ending], as_held, exif=note)
        shown = Image.open(io.BytesIO(reading.picture(saved).large)).convert("L")
        assert shown.size == (60, 40), turn
        corners = {at: shown.getpixel(at) for at in ((4, 4), (55, 4), (4, 35), (55, 35))}
        assert [at for at, value in corners.items() if value < 90] == [(4, 4)], turn


_BACK = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}  # fmt: skip


@pytest.mark.parametrize("ending", ["gif", "png", "webp", "tif", "avif"])
def test_of_a_film_of_pictures_the_first_is_shown(ending: str) -> None:
    first, second = Image.new("RGB", SIZE, (250, 250, 250)), Image.new("RGB", SIZE, (10, 10, 10))
    film = made(FORMATS[ending], first, save_all=True, append_images=[second])
    assert sides(Image.open(io.BytesIO(reading.picture(film).large)))[0] > 240


def test_a_picture_of_a_phone_is_read() -> None:
    shown = reading.picture(HEIC)
    assert Image.open(io.BytesIO(shown.large)).size == (64, 64)
    assert Image.open(io.BytesIO(shown.large)).getpixel((30, 30)) == pytest.approx((200, 20, 20), abs=8)


def test_two_sizes_are_made_and_neither_tells_more_than_its_pixels() -> None:
    taken = Image.Exif()
    taken[0x010E] = "hemmeligt sted"
    saved = made(
        "JPEG", Image.new("RGB", (4000, 3000), "teal"), exif=taken, comment=b"hemmelig note", icc_profile=b"x" * 64
    )
    shown = reading.picture(saved)
    large, small = (Image.open(io.BytesIO(part)) for part in (shown.large, shown.small))
    assert (large.size, small.size) == ((1600, 1200), (240, 180))
    for part in (shown.large, shown.small):
        assert b"hemmelig" not in part
        assert not Image.open(io.BytesIO(part)).info.get("icc_profile")


@pytest.mark.parametrize("size", [(9000, 8800), (40_001, 1000), (1, 40_000_001)])
def test_more_pixels_than_fit_are_refused_before_they_are_unpacked(size: tuple[int, int]) -> None:
    with pytest.raises(TooLarge):
        reading.picture(made("PNG", Image.new("1", size)))


def test_a_large_photograph_is_shown_all_the_same() -> None:
    """A JPEG is decoded at a part of its size, so that a camera's largest fits."""
    shown = reading.picture(made("JPEG", Image.new("L", (12_000, 9000), 200)))
    assert Image.open(io.BytesIO(shown.large)).size == (1600, 1200)


def test_the_largest_picture_there_can_be_fits_into_what_a_reader_may_take() -> None:
    for kind, mode in (("PNG", "RGBA"), ("WEBP", "RGB"), ("PNG", "I;16"), ("GIF", "P")):
        assert reading.picture(made(kind, Image.new(mode, (8000, 5000)))).large, (kind, mode)


@pytest.mark.parametrize("ending", sorted(FORMATS))
def test_half_a_picture_and_no_picture_cannot_be_read(ending: str) -> None:
    whole = made(FORMATS[ending], Image.effect_noise((300, 300), 90).convert("L"))
    for broken in (whole[: len(whole) // 2], whole[:12], whole[:12] + bytes(500)):
        with pytest.raises(Unreadable):
            reading.picture(broken)


def test_other_formats_that_pillow_knows_are_never_tried(tmp_path: Path) -> None:
    for kind in ("PPM", "TGA", "PCX", "ICO", "JPEG2000", "EPS"):
        with pytest.raises(Unreadable):
            reading.picture(made(kind, Image.new("RGB", (32, 32))))
