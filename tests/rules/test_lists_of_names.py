"""Names are sorted as Danes do, wherever there is a list of them: by one function, in Python.

The database's collation is not the same on every machine, and knows neither aa nor numbers by their worth.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PORTAL = Path(__file__).parents[2] / "portal"
NAMES = {"name", "display_name", "young_person", "unit", "organisation", "title", "folder", "subject"}
"""Attributes that hold what somebody or something is called."""


def sortings(tree: ast.AST) -> Iterator[tuple[ast.Call, ast.expr]]:
    """Every call that sorts, with what it sorts by."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if called in ("sorted", "sort", "min", "max"):
            yield from ((node, keyword.value) for keyword in node.keywords if keyword.arg == "key")


def is_sorted_by_a_name(key: ast.expr) -> bool:
    """Whether a key looks at a name, or at letters, in any other way than by `in_order`."""
    inside_order = {
        id(inner)
        for node in ast.walk(key)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("in_order", "_name")
        for inner in ast.walk(node)
    }
    for node in ast.walk(key):
        if id(node) in inside_order:
            continue
        of_the_case = isinstance(node, ast.Attribute) and getattr(node.value, "attr", "") in ("ticket", "case")
        if isinstance(node, ast.Attribute) and node.attr in NAMES | {"casefold", "lower"} and not of_the_case:
            return True
    return False


@pytest.mark.parametrize("path", sorted(PORTAL.rglob("*.py")), ids=lambda path: str(path.relative_to(PORTAL)))
def test_no_list_of_names_is_sorted_in_another_way(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    for call, key in sortings(tree):
        assert not is_sorted_by_a_name(key), f"line {call.lineno}: use portal.text.in_order"
    if path.name == "team.py":
        return  # the search takes the first thirty by the database's order, and sorts them afterwards
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "order_by":
            inside = [each for argument in node.args for each in ast.walk(argument)]
            named = [each for each in inside if isinstance(each, ast.Attribute) and each.attr in NAMES]
            assert not named, f"line {node.lineno}: the database does not know Danish order"


@pytest.mark.parametrize(
    ("key", "amiss"),
    [
        ("lambda m: m.display_name", True),
        ("lambda m: (1, m.name.casefold())", True),
        ("str.casefold", True),
        ("lambda m: in_order(m.display_name)", False),
        ("lambda m: (m.id != 1, in_order(m.name), m.at)", False),
        ("lambda m: m.created_at", False),
    ],
)
def test_the_rule_sees_what_it_is_there_for(key: str, amiss: bool) -> None:
    ((_call, found),) = sortings(ast.parse(f"sorted(x, key={key})"))
    assert is_sorted_by_a_name(found) is amiss


def test_no_template_sorts_names_by_itself() -> None:
    templates = PORTAL.parent / "templates"
    for path in templates.rglob("*.html"):
        for line in path.read_text("utf-8").splitlines():
            assert "|sort(" not in line, f"{path.name}: sort in Python"
