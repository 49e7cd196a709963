"""The pages at the foot of every page: how it works, privacy, accessibility. They are texts, not code.

What ships says what is true of the product. A folder named by the setting PAGES_DIR may hold a municipality's own: a
page in place of the shipped one, or `contact`, which stands in all of them where they name whom to turn to. Every
mistake is told with file, line and reason before the portal starts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path

from portal.errors import UnsafeConfiguration

SHIPPED = Path(__file__).parent / "pages"
TITLED = ("help", "privacy", "accessibility")
CONTACT = "contact"
LANGUAGES = ("da", "en")
GAPS = frozenset({"authority", "Authority", "product", "minimum_age", "consent_months", "idle_minutes"})
"""What a text may leave to the installation, in braces."""
LARGEST = 100_000
"""Bytes of one text."""
_GAP = re.compile(r"\{(\w*)\}")


class BlockKind(StrEnum):
    HEADING = "heading"
    TEXT = "text"
    LIST = "list"
    NOTE = "note"


_MARKS = {"## ": BlockKind.HEADING, "- ": BlockKind.LIST, "> ": BlockKind.NOTE}


@dataclass(frozen=True)
class PageBlock:
    """What stands between two empty lines."""

    kind: BlockKind
    lines: tuple[str, ...]
    """Of a list its points, otherwise one text."""
    is_own: bool
    """Whether the municipality wrote it."""


@dataclass(frozen=True)
class FootPage:
    title: str
    """'' for what stands in other pages."""
    blocks: tuple[PageBlock, ...]


def page(name: str, language: str, folder: Path | None = None) -> FootPage:
    """A page with its gaps still in it, and with the contact where it stands. Raises UnsafeConfiguration."""
    return _pages(folder)[name, language]


def filled(found: FootPage, values: Mapping[str, str], reword: Callable[[str], str]) -> FootPage:
    """The page with every gap filled, `values` having one for each of GAPS, and what ships reworded before."""

    def fill(line: str) -> str:
        return _GAP.sub(lambda gap: values[gap[1]], line)

    def fill_block(block: PageBlock) -> PageBlock:
        return replace(block, lines=tuple(fill(line if block.is_own else reword(line)) for line in block.lines))

    return FootPage(fill(found.title), tuple(map(fill_block, found.blocks)))


def every_page(folder: Path | None = None) -> None:
    """Reads all there are. Raises UnsafeConfiguration when one cannot be read or used, or when the folder holds what
    is none."""
    _pages(folder)


@cache
def _pages(folder: Path | None) -> dict[tuple[str, str], FootPage]:
    names = (*TITLED, CONTACT)
    texts = {(name, each): _read(SHIPPED, name, each) for name in names for each in LANGUAGES}
    if folder is not None:
        texts |= {(name, each): _read(folder, name, each) for name in _own(folder) for each in LANGUAGES}
    return {
        (name, each): replace(found, blocks=tuple(_with(found, texts[CONTACT, each])))
        for (name, each), found in texts.items()
        if name != CONTACT
    }


def _own(folder: Path) -> list[str]:
    """Which of the texts the folder holds, each in every language."""
    if not folder.is_dir():
        raise UnsafeConfiguration(f"the folder PAGES_DIR names, {folder}, is not there")
    there = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    of = {f"{name}.{each}.md": name for name in (*TITLED, CONTACT) for each in LANGUAGES}
    if strange := sorted(there - set(of)):
        raise UnsafeConfiguration(f"{folder / strange[0]} is for no page; there are {', '.join(of)}")
    wanted = {of[name] for name in there}
    if lacking := sorted(file for file, name in of.items() if name in wanted and file not in there):
        raise UnsafeConfiguration(f"{folder / lacking[0]} is missing: a page is there in every language")
    return sorted(wanted)


def _with(found: FootPage, contact: FootPage) -> Iterator[PageBlock]:
    for block in found.blocks:
        if block.lines == ("{contact}",):
            yield from contact.blocks
        else:
            yield block


def _read(folder: Path, name: str, language: str) -> FootPage:
    path = folder / f"{name}.{language}.md"
    try:
        content = path.read_bytes()
        text = content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise UnsafeConfiguration(f"{path} cannot be read: {problem}") from problem
    if len(content) > LARGEST:
        raise UnsafeConfiguration(f"{path} cannot be used: it has {len(content)} bytes, at most {LARGEST} are taken")
    lines = text.removeprefix("\ufeff").splitlines()
    if faults := list(_faults(lines, name)):
        told = "".join(f"\n  line {number}: {reason}" for number, reason in faults)
        raise UnsafeConfiguration(f"{path} cannot be used:{told}")
    title = "" if name == CONTACT else lines[0].lstrip("#").strip()
    blocks = tuple(_blocks(lines if name == CONTACT else lines[1:], folder != SHIPPED))
    if not blocks:
        raise UnsafeConfiguration(f"{path} cannot be used: it says nothing")
    return FootPage(title, blocks)


def _faults(lines: list[str], name: str) -> Iterator[tuple[int, str]]:
    if name != CONTACT and (not lines or not re.match(r"# *\S", lines[0]) or lines[0].startswith("##")):
        yield 1, "a page begins with its title: # and words"
    for number, line in enumerate(lines, 1):
        if line.startswith("#") and not (number == 1 and name != CONTACT) and not re.match(r"## *[^#\s]", line):
            yield number, "a heading is ## and words"
        if line.startswith("## ") and any(before.strip() for before in lines[number : number + 1]):
            yield number, "an empty line stands after a heading"
        for gap in _GAP.findall(line):
            if gap == CONTACT and name != CONTACT:
                if line.strip() != "{contact}":
                    yield number, "{contact} stands alone on its line"
            elif gap not in GAPS:
                yield number, f"{{{gap}}} is nothing; there are {', '.join(sorted(GAPS))}"


def _blocks(lines: list[str], is_own: bool) -> Iterator[PageBlock]:
    for part in re.split(r"\n\s*\n", "\n".join(lines)):
        if saved := [line.strip() for line in part.splitlines() if line.strip()]:
            mark = next((mark for mark in _MARKS if saved[0].startswith(mark)), "")
            yield PageBlock(_MARKS.get(mark, BlockKind.TEXT), tuple(_joined(saved, mark)), is_own)


def _joined(lines: list[str], mark: str) -> list[str]:
    """One text with its line breaks; each point of a list is its own."""
    found: list[str] = []
    for line in lines:
        words = line.removeprefix(mark)
        if found and not (mark == "- " and line.startswith(mark)):
            found[-1] = f"{found[-1]}\n{words}"
        else:
            found.append(words)
    return found
