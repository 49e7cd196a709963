"""Letting a story have happened some days ago."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from portal import clock


@contextmanager
def days_ago(days: int) -> Iterator[None]:
    """Lets the story have happened some days ago. The database's own clock is not moved: walls stay where they are."""
    begun, real = clock.now() - timedelta(days=days), clock.source
    offset = real() - begun

    def earlier() -> datetime:
        return real() - offset

    clock.source = earlier
    try:
        yield
    finally:
        clock.source = real
