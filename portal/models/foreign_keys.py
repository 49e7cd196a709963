"""Foreign keys that many tables have: of what lies in a compartment, and of what a member of the case has done."""

from __future__ import annotations

from sqlalchemy import ForeignKeyConstraint


def in_compartment() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["case_id", "compartment_id"], ["compartment.case_id", "compartment.id"])


def by_member(column: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["case_id", column], ["membership.case_id", "membership.id"])


def same_compartment_as(table: str) -> ForeignKeyConstraint:
    """Belongs to a row of the same case and compartment, and moves with it."""
    return ForeignKeyConstraint(
        [f"{table}_id", "case_id", "compartment_id"],
        [f"{table}.id", f"{table}.case_id", f"{table}.compartment_id"],
        onupdate="CASCADE",
    )
