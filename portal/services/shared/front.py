"""What the front of a case begins with, before each capability says what it has to tell there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, literal_column

from portal.access.ticket import CaseTicket

RECENT = 6
"""Threads, and files, that a front shows."""


def is_there(found: Select[Any]) -> ColumnElement[bool]:
    """Whether a statement finds anything, whatever it would say of it and in which order."""
    return found.with_only_columns(literal_column("1")).order_by(None).limit(None).exists()


def _no_values(_ticket: CaseTicket) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class FrontQuestions:
    """What a capability asks in the one statement that every front of a case begins with: a name, and one value."""

    of_all: Mapping[str, ColumnElement[Any]]
    of_guide: Mapping[str, ColumnElement[bool]] = field(default_factory=dict)
    """What is asked for the guide alone; to everybody else the answer is no."""
    values: Callable[[CaseTicket], dict[str, Any]] = _no_values
    """Fills the gaps that the bounds of the ticket leave open."""


@dataclass(frozen=True)
class Front:
    """What one statement found of what a front may show: whether it is there at all. What is there is loaded by the
    capability it belongs to."""

    there: Any
    """The row of that statement: every name of every `FrontQuestions` (services/registry.py)."""
    newest: tuple[Any, ...]
    """The newest files, as that statement found them."""
    is_guide: bool
    """Whether the guide of today looks."""
    leads: bool
    """Whether whoever looks answers for the case."""
