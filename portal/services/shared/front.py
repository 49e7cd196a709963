"""What the front of a case begins with, before each capability says what it has to tell there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

RECENT = 6
"""Threads, and files, that a front shows."""


@dataclass(frozen=True)
class Front:
    """What one statement found of what a front may show: whether it is there at all. What is there is loaded by the
    capability it belongs to."""

    there: Any
    """The row of that statement (services/cases/overview.py)."""
    newest: tuple[Any, ...]
    """The newest files, as that statement found them."""
    is_guide: bool
    """Whether the guide of today looks."""
    leads: bool
    """Whether whoever looks answers for the case."""
