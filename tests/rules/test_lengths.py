"""No file is longer than somebody reads in one go."""

from __future__ import annotations

import pytest

from portal.settings import PROJECT

MOST = 400
"""Lines of a file."""
LONGER: dict[str, str] = {"tests/rules/routes.py": "a table with a line for every route"}
"""File -> why it is one thing all the same, and no two."""


def lengths() -> dict[str, int]:
    files = [path for folder in ("portal", "tests", "bench") for path in (PROJECT / folder).rglob("*.py")]
    ours = [path for path in files if "node_modules" not in path.parts]
    return {path.relative_to(PROJECT).as_posix(): len(path.read_text("utf-8").splitlines()) for path in ours}


def too_long() -> set[str]:
    return {name for name, lines in lengths().items() if lines > MOST}


def test_a_file_is_parted_before_it_is_too_long_to_read_or_has_a_reason() -> None:
    assert too_long() == set(LONGER), "part it along what it is about, or say why not in LONGER"


def test_a_file_that_is_too_long_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(lengths()) > 500
    monkeypatch.setattr("tests.rules.test_lengths.MOST", 300)
    assert "tests/rules/routes.py" in too_long()
