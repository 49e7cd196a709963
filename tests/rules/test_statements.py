"""A statement that is put together once stands in the `queries.py` of its package, where a reader looks for it. What a
capability asks across all cases of somebody stands in its `needs.py`, and what changed in a case in `changes.py`: each
is one question in many parts."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import portal

SERVICES = Path(portal.__file__).parent / "services"
MAKERS = {"select", "text", "insert", "update", "delete", "aliased", "Prepared"}


def test_a_statement_that_is_put_together_once_stands_in_the_queries_of_its_package() -> None:
    inside = {path for path in SERVICES.rglob("queries.py") if [*_put_together(path.read_text())]}
    assert len(inside) >= 8
    outside = [
        f"{path.relative_to(SERVICES)}:{line}"
        for path in sorted(SERVICES.rglob("*.py"))
        if path not in inside and path.name not in ("needs.py", "changes.py")
        for line in _put_together(path.read_text())
    ]
    assert not outside, "\n".join(outside)


@pytest.mark.parametrize(
    "code",
    [
        "OPEN = select(File).where(File.id == x)",
        "HOLDER = text('select 1')",
        "def _newest() -> Select[Any]: ...\nNEWEST = _newest()",
        "OPEN: Prepared[Row] = Prepared(_open(), Row)",
    ],
)
def test_what_the_rule_is_about_is_found(code: str) -> None:
    assert [*_put_together(code)]


def test_a_statement_inside_a_function_is_no_business_of_the_rule() -> None:
    assert not [*_put_together("def show() -> None:\n    found = select(File)")]


def _put_together(code: str) -> Iterator[int]:
    """The lines of a module that name a statement, itself or made by a function of the module."""
    body = ast.parse(code).body
    returns = {
        node.name: ast.unparse(node.returns) for node in body if isinstance(node, ast.FunctionDef) and node.returns
    }
    made = {name for name, said in returns.items() if said.startswith(("Select", "Insert", "Update", "Delete"))}
    for node in body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            calls = {ast.unparse(call.func) for call in ast.walk(node.value) if isinstance(call, ast.Call)}
            if calls & (MAKERS | made):
                yield node.lineno
