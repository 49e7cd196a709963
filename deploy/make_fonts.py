"""Makes portal/documents/fonts out of npm packages: `python deploy/make_fonts.py PACKAGES`, with fontTools installed.

PACKAGES is a folder with one folder for each unpacked package that FONTS.md names (`npm pack`, without
`@expo-google-fonts/`).
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

TARGET = Path(__file__).parents[1] / "portal" / "documents" / "fonts"
FIRST, LAST = ["noto-sans"], ["noto-sans-sc", "noto-sans-kr", "noto-sans-symbols", "noto-sans-symbols-2",
                              "noto-sans-math", "noto-emoji"]  # fmt: skip
"""The order in which a font is looked for: words before signs, signs before emoji."""
IN_EVERY_FONT = {0x20, 0xA0, 0x200C, 0x200D, 0x25CC}
"""Spaces, joiners and the circle that a mark of its own stands on."""


def rows(codec: str, first: int, last: int, low: int = 0xA1) -> set[int]:
    """The characters of some rows of a national standard."""
    found = set()
    for one in range(first, last + 1):
        for other in range(low, 0xFF):
            try:
                found.add(ord(bytes((one, other)).decode(codec)))
            except (UnicodeDecodeError, TypeError):
                continue
    return found


def wanted(package: str, there: set[int], latin: set[int]) -> set[int]:
    if package == "noto-sans-sc":
        first = rows("gb2312", 0xB0, 0xD7) | rows("euc_jp", 0xB0, 0xCF) | rows("big5", 0xA4, 0xC6, 0x40)
        signs = {*range(0x3000, 0x3130), *range(0x31F0, 0x3200), *range(0xFF00, 0xFFF0)}
        return {point for point in first if 0x3400 <= point <= 0x9FFF} | signs
    if package == "noto-sans-kr":
        return rows("euc_kr", 0xB0, 0xC8) | {*range(0x3131, 0x318F)}
    return there if package == "noto-sans" else there - latin | IN_EVERY_FONT


def make(source: Path, target: Path, points: set[int] | None) -> TTFont:
    options = subset.Options(
        layout_features=["*"], hinting=False, notdef_outline=True, name_IDs=[1, 2, 3, 4, 5, 6, 13, 14, 16, 17]
    )
    options.drop_tables += ["DSIG", "meta", "STAT"]
    font = TTFont(source)
    cut = subset.Subsetter(options)
    cut.populate(unicodes=set(font.getBestCmap()) if points is None else points)
    cut.subset(font)
    font.save(target)
    return font


def ranges(points: list[int]) -> str:
    found: list[list[int]] = []
    for point in points:
        if found and found[-1][1] == point - 1:
            found[-1][1] = point
        else:
            found.append([point, point])
    return " ".join(f"{first:x}" if first == last else f"{first:x}-{last:x}" for first, last in found)


def main(packages: Path) -> None:
    names = sorted(each.name for each in packages.iterdir() if each.is_dir())
    order = FIRST + [name for name in names if name not in FIRST + LAST] + LAST
    regular = {name: next((packages / name / "400Regular").glob("*.ttf")) for name in order}
    latin = set(TTFont(regular["noto-sans"]).getBestCmap())
    lines = []
    for name, source in regular.items():
        points = wanted(name, set(TTFont(source).getBestCmap()), latin)
        font = make(source, TARGET / f"{source.stem.partition('_')[0]}-Regular.ttf", points)
        family = font["name"].getDebugName(16) or font["name"].getDebugName(1)
        lines.append(f"{family}: {ranges(sorted(font.getBestCmap()))}")
    make(next((packages / "noto-sans" / "700Bold").glob("*.ttf")), TARGET / "NotoSans-Bold.ttf", None)
    (TARGET / "coverage.txt").write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
