"""The rows that are read on the way into a case. Their statement is put together once, not on each request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from portal.access.window_store import KeyRow
from portal.models import AuditHead, Case, CaseKey, Compartment, Membership, Organisation, Staff, Unit


class Workplace(NamedTuple):
    """Where a professional works, by name."""

    unit: str
    organisation: str


class CaseRow(NamedTuple):
    """Somebody in a case and where they work; the case, its key and where its trace ends, which are the same in each
    row. Without the case for somebody to whom it is shut."""

    member: Membership
    case: Case | None
    master_id: str | None
    wrapped: bytes | None
    unit: str | None
    organisation: str | None
    facts_stamp: UUID | None
    last_seq: int | None
    last_mac: bytes | None
    compartments: Sequence[str] | None

    @property
    def key(self) -> KeyRow | None:
        if self.master_id is None or self.wrapped is None:
            return None
        return KeyRow(self.master_id, self.wrapped)


def read(session: Session, case_id: UUID) -> list[CaseRow]:
    """Everybody in the case; for somebody to whom it is shut, their own row alone."""
    return list(map(CaseRow._make, session.execute(IN_CASE, {"case": case_id})))


def workplaces(rows: Sequence[CaseRow]) -> dict[UUID, Workplace]:
    """By the id of the unit."""
    found = {}
    for row in rows:
        if row.member.unit_id and row.unit is not None and row.organisation is not None:
            found[row.member.unit_id] = Workplace(row.unit, row.organisation)
    return found


IN_CASE = (
    select(
        Membership,
        Case,
        CaseKey.master_id,
        CaseKey.wrapped,
        Unit.name.label("unit"),
        Organisation.name.label("organisation"),
        Case.facts_stamp,
        AuditHead.seq,
        AuditHead.mac,
        select(func.array_agg(Compartment.key))
        .where(Compartment.case_id == bindparam("case"))
        .scalar_subquery()
        .label("compartments"),
    )
    .outerjoin(Case, Case.id == Membership.case_id)
    .outerjoin(AuditHead, AuditHead.chain_id == Membership.case_id)
    .outerjoin(CaseKey, CaseKey.case_id == Membership.case_id)
    .outerjoin(Unit, Unit.id == Membership.unit_id)
    .outerjoin(Organisation, Organisation.id == Unit.organisation_id)
    .where(Membership.case_id == bindparam("case"))
)
"""Everybody in a case and where they work, with the case, its key and where its trace ends; for somebody shut out,
their own row alone."""
GUIDE = (
    select(Unit.name, Staff.phone).join(Unit, Unit.id == Staff.unit_id).where(Staff.person_id == bindparam("person"))
)
