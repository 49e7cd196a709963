"""What leaders and auditors ask: functions of the database that give out these columns and no more."""

from __future__ import annotations

from sqlalchemy import text

MY_FIGURES = text("select unit_id, unit, accounts, cases, opened_lately from my_figures()")
"""The figures of each unit that a leader answers for."""
MY_TRACE = text(
    """select at, event, reference, name, unit, organisation, kind
       from my_trace(:since, :until, :many, :skip, :who, :case, cast(:kinds as text[]))"""
)
"""Lines of the audit trail, as far as an auditor may read them."""
