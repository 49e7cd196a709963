"""The parts of docs/ that are made from the code, so that they cannot say something else than it does."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Mapping
from enum import Enum
from itertools import chain
from typing import Any

from portal import access, services
from portal.access.policy import ages, who_may
from portal.access.policy.actions import Action
from portal.access.policy.roles import MATRIX, Level, Standing
from portal.access.policy.windows import Basis, Obstacle
from portal.events import ALLOWED_FIELDS, Event
from portal.settings import PROJECT
from portal.tools.profile import PROFILES, Profile, read_profile

_RULES = (access, services)
"""Where states are, and what may become of them."""
_NOTE = "<!-- Made by `portal write-docs`; changes here are overwritten. -->\n"


def documents() -> dict[str, str]:
    """Path in the project -> content, for every generated file."""
    return {
        "docs/access.md": _access(),
        "docs/access-matrix.md": _access_matrix(),
        "docs/states.md": _states(),
        "docs/audit-events.md": _audit_events(),
    }


def stale(only: str = "", write: bool = False) -> list[str]:
    """The generated files (or the one named `only`) that are not what the code gives; `write` puts them right."""
    found = []
    for path, text in documents().items():
        file = PROJECT / path
        if path.endswith(only) and (not file.exists() or file.read_text("utf-8") != text):
            found.append(path)
            if write:
                file.parent.mkdir(exist_ok=True)
                file.write_text(text, "utf-8")
    return found


_ACCESS = PROJECT / "docs/access.md"
_BEGIN = "<!-- Made by `portal write-docs` from portal/access/policy/; changes up to the next mark are overwritten. -->"
_END = "<!-- The rest is written by hand. -->"


def _access() -> str:
    """The page as it was written, with the rules of the policy in their place."""
    before, _, after = _ACCESS.read_text("utf-8").partition(_BEGIN)
    _, _, after = after.partition(_END)
    head = ["rule", "where it comes from", "in `portal/access/policy/`"]
    rows = ([rule, source, f"`{where}`"] for where, rule, source in policy_rules())
    return "\n".join([f"{before}{_BEGIN}", "", *_table(head, rows), "", f"{_END}{after}"])


def policy_rules() -> list[tuple[str, str, str]]:
    """Every function of the policy that names its source: file and name, the rule in words, where it comes from."""
    found = []
    for module in (who_may, ages):
        for name, rule in vars(module).items():
            if not inspect.isfunction(rule) or rule.__module__ != module.__name__ or name.startswith("_"):
                continue
            words, _, source = (inspect.getdoc(rule) or "").partition("\n\nSource: ")
            if source:
                where = f"{module.__name__.rpartition('.')[2]}.py {name}"
                found.append((where, " ".join(words.split()), " ".join(source.split()).rstrip(".")))
    return found


def _access_matrix() -> str:
    parts = [_NOTE, "# Who may do what", ""]
    parts += [
        "From `portal/access/policy/roles.py`. A *standing* is what somebody is in one case today, a *level* is what "
        "their access windows leave open. Which compartments somebody reads is decided by the windows, not by this "
        "table.",
        "",
        "N = without an open window, R = may read, W = may write.",
        "",
    ]
    parts += _table(["", *(standing.value for standing in Standing)], (_row(action) for action in Action))
    for path in sorted(PROFILES.glob("*.toml")):
        parts += ["", *_compartments(read_profile(path))]
    return "\n".join(parts) + "\n"


def _row(action: Action) -> list[str]:
    letters = {Level.NONE: "N", Level.READ: "R", Level.WRITE: "W"}
    cells = []
    for standing in Standing:
        allowed = [letter for level, letter in letters.items() if action in MATRIX[standing][level]]
        cells.append(" ".join(allowed) or "·")
    return [f"`{action}`", *cells]


def _compartments(profile: Profile) -> list[str]:
    lines = [f"## Compartments of the profile `{profile.key}`", ""]
    head = ["compartment", "for", "what lies in it, as a consent to it names"]
    rows = (
        [
            c.title.en if c.offered else f"{c.title.en} (switched off)",
            ", ".join(sorted(c.audience)),
            ", ".join(k.key for k in profile.category if k.key in c.categories),
        ]
        for c in profile.compartment
    )
    return lines + _table(head, rows)


def _states() -> str:
    parts = [_NOTE, "# What can become of what"]
    for title, changes in state_machines().items():
        parts += ["", f"## {title}", "", *_diagram(changes)]
    parts += ["", "## Access window", "", "Open, it rests on one of:", ""]
    parts += [f"* `{basis}`" for basis in Basis]
    parts += ["", "Shut, it is kept so by one or more of:", ""]
    parts += [f"* `{obstacle}`" for obstacle in Obstacle if obstacle is not Obstacle.NOT_NOW]
    return "\n".join(parts) + "\n"


def state_machines() -> dict[str, Mapping[Any, Mapping[Enum, Any]]]:
    """Every dict of the policy and the services called `<NOUN>_CHANGES`: state -> step -> the state it leads to."""
    found = {}
    for module in chain(*(pkgutil.walk_packages(package.__path__, f"{package.__name__}.") for package in _RULES)):
        for name, value in vars(importlib.import_module(module.name)).items():
            if name.endswith("_CHANGES") and isinstance(value, dict):
                found[name.removesuffix("_CHANGES").replace("_", " ").capitalize()] = value
    return dict(sorted(found.items()))


def _audit_events() -> str:
    parts = [
        _NOTE,
        "# What the audit trail can hold",
        "",
        "Every line has its chain (the case), number, instant, event, the ids of who did it, of the compartment and of "
        "the item, and nothing else than the fields listed here.",
        "",
    ]
    rows = ([f"`{event}`", ", ".join(f"`{f}`" for f in sorted(ALLOWED_FIELDS.get(event, ())))] for event in Event)
    return "\n".join(parts + _table(["event", "fields"], rows)) + "\n"


def _diagram(changes: Mapping[Any, Mapping[Enum, Any]]) -> list[str]:
    lines = ["```mermaid", "stateDiagram-v2"]
    for state, ways in changes.items():
        lines += [f"    {_id(state)} --> {_id(target)}: {step.value}" for step, target in ways.items()]
    return [*lines, "```"]


def _id(state: str) -> str:
    return str(state).replace(" ", "_")


def _table(head: list[str], rows: Iterable[list[str]]) -> list[str]:
    body = [f"| {' | '.join(row)} |" for row in rows]
    return [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *body]
