"""The generated pages of docs/ say what the code does."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from portal import generated_docs
from portal.access.policy import ages, who_may
from portal.access.policy.actions import Action
from portal.events import Event
from portal.generated_docs import documents, policy_rules, stale, state_machines
from portal.services.consents.requests import ConsentState


def test_the_generated_pages_are_those_the_code_gives_now() -> None:
    """When this fails: `portal write-docs` (or `make translations`), look at the difference, commit it."""
    assert stale() == []


def test_a_page_that_says_something_else_is_found_and_put_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generated_docs, "PROJECT", tmp_path)
    assert set(stale(write=True)) == set(documents())
    assert stale() == []
    page = tmp_path / "docs/access-matrix.md"
    page.write_text(page.read_text().replace("W", "R", 1))
    assert stale() == stale("docs/access-matrix.md", write=True) == ["docs/access-matrix.md"]
    assert stale() == []


def test_every_rule_of_the_policy_is_a_line_of_the_page_about_access_with_its_source() -> None:
    lines = documents()["docs/access.md"].splitlines()
    rules = {
        f"{module.__name__.rpartition('.')[2]}.py {name}"
        for module in (who_may, ages)
        for name, rule in vars(module).items()
        if inspect.isfunction(rule) and rule.__module__ == module.__name__
    }
    calendar = {f"ages.py {name}" for name in ("majority", "reaches", "turns")}
    told = {where: (rule, source) for where, rule, source in policy_rules()}
    assert set(told) == rules - calendar
    assert len(told) > 30
    for where, (rule, source) in told.items():
        assert f"| {rule} | {source} | `{where}` |" in lines
        assert len(rule) > 30
        assert len(source) > 10
    assert "## Details that matter" in lines, "what is written by hand stays"


def test_every_action_event_and_state_is_on_its_page() -> None:
    pages = documents()
    assert all(f"`{action}`" in pages["docs/access-matrix.md"] for action in Action)
    assert all(f"`{event}`" in pages["docs/audit-events.md"] for event in Event)
    assert {"Account", "Consent"} <= set(state_machines())
    for title, changes in state_machines().items():
        assert f"## {title}\n" in pages["docs/states.md"]
        for ways in changes.values():
            assert set(ways.values()) <= set(changes), f"{title} leads to a state nobody described"
    assert "in_force --> withdrawn" in pages["docs/states.md"]
    assert set(ConsentState) == set(state_machines()["Consent"])
