"""Figures for those who lead: how many, never who. Read as the database role portal_reports, which sees no row."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import text

from portal.db import PortalSession

_COLUMNS = ("organisation", "unit", "cases", "opened_within_a_year", "with_consent", "waiting_for_consent")


def unit_figures(session: PortalSession) -> Iterator[tuple[object, ...]]:
    """A heading, then a line for each unit that owns cases. None stands for a number under five."""
    yield _COLUMNS
    rows = session.execute(text(f"select {', '.join(_COLUMNS)} from unit_figure order by organisation, unit"))  # noqa: S608
    yield from (tuple(row) for row in rows)
