"""Numbers and dates out of an address or a hidden field. Nobody types these, so what is none counts as not there; where
something may be typed, forms have fields of their own (forms.py)."""

from __future__ import annotations

import re
from datetime import date, datetime
from uuid import UUID

from portal import clock
from portal.web.wire import MOST

_WHOLE = re.compile("[+-]?[0-9]{1,10}")


def whole_number(typed: str) -> int:
    """Raises ValueError for what is none, and for one that nothing here can have: such a one would be a fault of the
    database's, not of who sent it."""
    found = int(typed) if _WHOLE.fullmatch(typed) else MOST + 1
    if abs(found) > MOST:
        raise ValueError("no such number")
    return found


def number(typed: str | None, otherwise: int) -> int:
    """A whole number, or `otherwise`."""
    try:
        return whole_number(typed or "")
    except ValueError:
        return otherwise


def day(typed: str) -> date | None:
    """A date such as 2026-11-27, of a year that can be meant."""
    try:
        found = date.fromisoformat(typed)
    except ValueError:
        return None
    return found if found.year in clock.YEARS else None


def instant(typed: str) -> datetime | None:
    """An instant with its time zone, of a year that can be meant."""
    try:
        found = datetime.fromisoformat(typed)
    except ValueError:
        return None
    return found if found.tzinfo and found.year in clock.YEARS else None


def identity(typed: str | None) -> UUID | None:
    """The id of something."""
    try:
        return UUID(typed or "")
    except ValueError:
        return None
