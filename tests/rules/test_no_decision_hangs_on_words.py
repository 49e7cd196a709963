"""Decisions go by members of enums. An English sentence is a label: it may be put better at any time, and a name of an
event that is taken to pieces says something nobody promised."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import portal
from portal.events import Event

PORTAL = Path(portal.__file__).parent
EVENT_WORDS = {event.value.partition(".")[0] + "." for event in Event}
"""How the names of events begin."""
METHODS = {"startswith", "endswith", "removeprefix", "removesuffix"}
OTHERS_WORDS = {
    ("portal/documents/word_form.py", "form note"): "what the portal calls a style in the Word files it makes",
    ("portal/documents/word_form.py", "Form drawing"): "what the portal calls a picture in the Word files it makes",
    ("portal/identity_providers.py", "case opener"): "a key that a municipality's settings file may have",
    ("portal/storage/scanning.py", "size limit exceeded"): "what the virus scanner answers, in its own words",
}
"""Where a file, a setting or another program says it so, each with what it is."""


def test_no_comparison_in_the_portal_hangs_on_a_sentence_or_on_the_name_of_an_event() -> None:
    found = {
        (str(path.relative_to(PORTAL.parent)), literal): line
        for path in sorted(PORTAL.rglob("*.py"))
        for line, literal in decided_by_words(ast.parse(path.read_text()))
    }
    assert [f"{path}:{line}: {x!r}" for (path, x), line in found.items() if (path, x) not in OTHERS_WORDS] == []
    assert set(OTHERS_WORDS) <= set(found), "an exception that is none any more"


@pytest.mark.parametrize(
    "code",
    [
        'if "is changed" in CHANGES[state]: pass',
        'x = state == "in force"',
        'x = row.event != "schema.viewed"',
        'x = row.event in ("schema.viewed", other)',
        'x = row.event.startswith("schema.")',
        'x = row.event.startswith(("file.", "version."))',
        'x = name.removeprefix("schema.")',
        'x = CHANGES[state].get("is proposed")',
        'x = CHANGES[state]["is proposed"]',
        'match state:\n    case "in use": pass',
        'match event:\n    case "case.viewed" | "case.opened": pass',
    ],
)
def test_what_the_rule_is_about_is_found(code: str) -> None:
    assert list(decided_by_words(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "x = PlanStep.CHANGE in CHANGES[state]",
        'x = kind == "made"',
        'x = address.startswith("was.")',
        'x = " " in words',
        'x = line.startswith("## ")',
        'x = f"{section}.{row}." in address',
        'x = labels["is"]',
    ],
)
def test_what_it_is_not_about_is_left_alone(code: str) -> None:
    assert list(decided_by_words(ast.parse(code))) == []


def decided_by_words(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and literal of every place that decides something by a sentence or by an event's name."""
    for node in ast.walk(tree):
        asked: list[ast.expr] = []
        match node:
            case ast.Compare():
                asked = [node.left, *node.comparators]
            case ast.Call(func=ast.Attribute(attr=name), args=[first, *_rest]) if name in METHODS | {"get"}:
                asked = [first]
            case ast.Subscript(slice=key, ctx=ast.Load()):
                asked = [key]
            case ast.MatchValue(value=value):
                asked = [value]
        for expression in asked:
            for literal in _strings(expression):
                if _is_sentence(literal) or literal in EVENT_WORDS or literal in set(Event):
                    yield node.lineno, literal  # type: ignore[attr-defined]


def _strings(expression: ast.expr) -> Iterator[str]:
    if isinstance(expression, ast.Constant) and isinstance(expression.value, str):
        yield expression.value
    elif isinstance(expression, ast.Tuple | ast.List | ast.Set):
        for each in expression.elts:
            yield from _strings(each)


def _is_sentence(literal: str) -> bool:
    """Several words, letters throughout, as people say them."""
    words = literal.split()
    return len(words) > 1 and all(word.strip(".,;:'").isalpha() for word in words)
