"""docs/glossary.md: every word that people meet has a row with the Danish of the screens, and leads into the code."""

from __future__ import annotations

import ast
import importlib
import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po

from portal.settings import PROJECT
from portal.tools.profile import PROFILES
from portal.web import labels

PAGE = (PROJECT / "docs/glossary.md").read_text("utf-8")
CATALOGUE = PROJECT / "portal/translations/da/LC_MESSAGES/messages.po"
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
NO_WORD = "–"
"""Where no screen has a word for it."""


@dataclass(frozen=True)
class Row:
    english: str
    danish: str
    meaning: str
    path: str
    name: str
    """A class, an enum's member, or a key of a profile; empty where the path says it all."""


@cache
def rows() -> list[Row]:
    found = []
    for english, danish, meaning, where in ROW.findall(PAGE):
        if english != "English" and not english.startswith("---"):
            path, *names = re.findall(r"`([^`]+)`", where)
            found.append(Row(english, danish, meaning, path, *(names or [""])))
    return found


@cache
def catalogue() -> dict[str, set[str]]:
    """English -> the Danish of the catalogue, whatever the context."""
    found: dict[str, set[str]] = {}
    with CATALOGUE.open("rb") as file:
        for message in read_po(file, locale="da"):
            texts = message.string if isinstance(message.string, tuple) else (message.string,)
            found.setdefault(message.id[0] if isinstance(message.id, tuple) else message.id, set()).update(texts)
    return found


@cache
def shown() -> str:
    """All Danish that ships: the catalogue, the profiles, the tools and the pages at the foot."""
    files = [*PROJECT.glob("portal/tools/**/*.toml"), *PROJECT.glob("portal/tools/pages/*.da.md")]
    told = [text for texts in catalogue().values() for text in texts]
    return "\n".join([*told, *(file.read_text("utf-8") for file in files)]).lower()


@cache
def enums() -> dict[tuple[str, str], type[StrEnum]]:
    """(file, class) -> every enum of words in the portal."""
    found = {}
    for file in sorted((PROJECT / "portal").rglob("*.py")):
        path = file.relative_to(PROJECT).as_posix()
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and any(
                isinstance(b, ast.Name) and b.id == "StrEnum" for b in node.bases
            ):
                module = importlib.import_module(path.removesuffix(".py").replace("/", "."))
                found[path, node.name] = getattr(module, node.name)
    return found


@cache
def labelled() -> dict[str, set[str]]:
    """`Enum.MEMBER` -> its Danish labels. By name: members of two enums with the same value are equal."""
    found: dict[str, set[str]] = {}
    for value in vars(labels).values():
        if isinstance(value, dict):
            for key, label in value.items():
                if isinstance(key, StrEnum):
                    found.setdefault(f"{type(key).__name__}.{key.name}", set()).update(catalogue()[str(label)])
    return found


def keys(path: Path, of: str) -> dict[str, str]:
    """Key -> Danish title of the compartments, categories or tools of a profile."""
    data: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    return {entry["key"]: entry["title"]["da"] for entry in data[of]}


def excused() -> set[tuple[str, str]]:
    """The enums that are listed with the reason why they have no rows."""
    return {
        (path, name)
        for path, names, reason in re.findall(r"^- `([^`]+)` ((?:`\w+`(?:, )?)+): (.{15,})$", PAGE, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", names)
    }


def test_every_word_of_an_enum_has_a_row_or_its_enum_a_reason() -> None:
    told = {(row.path, row.name) for row in rows()}
    for (path, name), enum in enums().items():
        missing = [member.name for member in enum if (path, f"{name}.{member.name}") not in told]
        assert not missing or ((path, name) in excused() and len(missing) == len(enum)), (
            f"{path}: {name} lacks {missing}"
        )
        assert missing or (path, name) not in excused(), f"{name} has all its rows and an excuse"
    assert excused() <= set(enums())


def test_every_compartment_category_and_tool_of_every_profile_has_a_row() -> None:
    told = {row.name for row in rows() if row.path.endswith(".toml")}
    profiles = sorted(PROFILES.glob("*.toml"))
    assert len(profiles) >= 3
    for path in profiles:
        for of in ("compartment", "category", "tool"):
            assert set(keys(path, of)) <= told, path.name


def test_every_capability_has_a_row() -> None:
    told = {Path(row.path).name for row in rows() if row.path.endswith("/")}
    floors = [PROJECT / "portal/services", PROJECT / "portal/views"]
    assert {package.parent.name for floor in floors for package in floor.glob("*/__init__.py")} == told


def test_every_where_is_there() -> None:
    for row in rows():
        assert (PROJECT / row.path).exists(), row
        if row.path.endswith(".py") and row.name:
            found: Any = importlib.import_module(row.path.removesuffix(".py").replace("/", "."))
            for part in row.name.split("."):
                assert hasattr(found, part), row
                found = getattr(found, part)


def test_the_danish_word_is_the_one_that_is_shown() -> None:
    assert len(labelled()) > 50
    for row in rows():
        assert row.meaning.endswith("."), row
        if row.danish == NO_WORD:
            assert "." not in row.name, "a word of a screen has its Danish"
        elif row.name in labelled():
            assert any(row.danish in label for label in labelled()[row.name]), row
        elif row.path.startswith("portal/tools/profiles/"):
            profile = PROJECT / row.path
            titles = keys(profile, "compartment") | keys(profile, "category") | keys(profile, "tool")
            assert row.danish == titles[row.name]
        else:
            assert re.search(rf"\b{re.escape(row.danish.lower())}", shown()), row


def test_one_english_word_is_not_explained_twice_in_the_same_file() -> None:
    named = [(row.english, row.path, row.name.partition(".")[0]) for row in rows()]
    assert len(named) == len(set(named))
