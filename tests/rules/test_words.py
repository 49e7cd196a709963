"""One word for one thing: what a stranger looks for is called the same everywhere (docs/glossary.md)."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

INSTEAD = {
    "hatch": "compartment", "hatches": "compartments", "shelf": "compartment", "shelves": "compartments",
    "house": "runtime", "schema": "plan", "noun": "model", "nouns": "models", "recall": "facts_cache",
    "recalled": "cached", "shut": "closed, denied", "shuts": "closes", "ledger": "window_store", "deed": "decision",
    "deeds": "decisions", "telling": "answer_format", "teller": "formatter", "understanding": "answer_parse",
    "understood": "parsed", "frame": "layout", "frames": "layouts", "asking": "form", "kept": "saved, held, stored",
    "halfway": "pending",
}  # fmt: skip
"""What was once called so, and what it is called."""
NO_PLAIN_ENGLISH = {"hatch", "hatches", "shelf", "shelves", "noun", "nouns", "recall", "recalled", "ledger", "halfway"}
"""These stand in no sentence about the portal either. (That something was kept or shut is plain English.)"""

THEIRS = {
    ("frames", "portal/web/app.py"): "the policy's own directive, frame-src",
    ("frames", "portal/views/files/previews.py"): "the policy's own directive, frame-src",
    ("tb_frame", "portal/web/app.py"): "Python's",
    ("kept_at", "*"): "a column: a new name would be a migration and say no more",
    ("shuts_out", "*"): "a column: a new name would be a migration and say no more",
    ("frame", "tests/*"): "Playwright's frames",
    ("frame_locator", "tests/*"): "Playwright's",
    ("SHUT_RDWR", "*"): "Python's",
    ("FrameType", "tests/*"): "Python's",
    ("_frames", "tests/*"): "Python's",
    ("SchemaVersion", "tests/*"): "the library's",
}
"""Names that belong to somebody else: (name, where) -> whose."""

SAME_CLASS: dict[str, str] = {}
"""Class name -> why two modules may have it."""

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")


def _modules(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in sorted((ROOT / folder).rglob("*.py")) if "node_modules" not in path.parts)


def _names(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                yield node.name, node.lineno
            case ast.Name():
                yield node.id, node.lineno
            case ast.arg():
                yield node.arg, node.lineno
            case ast.Attribute():
                yield node.attr, node.lineno
            case ast.alias():
                yield node.asname or node.name.rpartition(".")[2], node.lineno


def _old(name: str) -> list[str]:
    return [part for part in (found.lower() for found in _PARTS.findall(name)) if part in INSTEAD]


def _is_theirs(name: str, where: str) -> bool:
    return any(name == other and Path(where).match(place) for other, place in THEIRS) or (
        where.startswith("tests/") and (name, "tests/*") in THEIRS
    )


def test_no_name_in_the_code_is_one_of_the_words_that_were_given_up() -> None:
    found, seen = [], 0
    for path in _modules("portal", "bench", "tests"):
        where = str(path.relative_to(ROOT))
        seen += 1
        # The name of a test is a sentence, and may say that something was kept; so may the name of a file of them.
        if not path.stem.startswith("test_") and (old := _old(path.stem)):
            found.append(f"{where}: say {INSTEAD[old[0]]}")
        for name, line in _names(ast.parse(path.read_text())):
            old = _old(name)
            if where.startswith("tests/") and (name.startswith("test_") or name.count("_") > 2):
                old = [part for part in old if part in NO_PLAIN_ENGLISH]
            if old and not _is_theirs(name, where):
                found.append(f"{where}:{line}: {name}: say {INSTEAD[old[0]]}")
    assert seen > 500
    assert not found, "\n".join(found)


def test_no_template_is_called_by_or_calls_anything_by_a_word_that_was_given_up() -> None:
    found, seen = [], 0
    for path in sorted((ROOT / "templates").rglob("*.*")):
        where = str(path.relative_to(ROOT))
        seen += 1
        found += [f"{where}: say {INSTEAD[old]}" for old in _old(path.stem)]
        for piece in _JINJA.findall(path.read_text()):
            for name in re.findall(r"(?<![\w-])[A-Za-z_]\w*", _QUOTED.sub("''", piece)):
                found += [f"{where}: {name}: say {INSTEAD[old]}" for old in _old(name)]
    assert seen > 100
    assert not found, "\n".join(found)


def test_a_class_name_stands_in_one_module_only() -> None:
    where: dict[str, list[str]] = defaultdict(list)
    for path in _modules("portal"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                where[node.name].append(str(path.relative_to(ROOT)))
    assert len(where) > 400
    twice = {name: places for name, places in where.items() if len(places) > 1 and name not in SAME_CLASS}
    assert not twice, twice
    assert all(len(where[name]) > 1 for name in SAME_CLASS), "an exception that is none any more"


@pytest.mark.parametrize("name", ["open_house", "_Shelf", "OpenHatch", "is_kept", "Teller"])
def test_the_words_are_found_inside_longer_names(name: str) -> None:
    assert _old(name)


@pytest.mark.parametrize("name", ["household", "shutil", "frameset", "keeper", "schematic"])
def test_other_words_that_begin_alike_are_no_fault(name: str) -> None:
    assert not _old(name)
