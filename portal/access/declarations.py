"""Reads what givers have declared and taken back. Runs inside the keeper of facts (see window_store)."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from sqlalchemy import bindparam, cast, null, select, union_all
from sqlalchemy.orm import Session

from portal.access.policy.facts import ConsentFact, Grant, Party, Withdrawal
from portal.models import Consent, ConsentGrant, ConsentRefusal, ConsentWithdrawal


def consents(session: Session, case_id: UUID) -> tuple[ConsentFact, ...]:
    """Every declaration of the case with what it says yes and no to, oldest first."""
    grants: dict[UUID, set[Grant]] = defaultdict(set)
    refusals: dict[UUID, set[tuple[Party, str]]] = defaultdict(set)
    for consent_id, unit_id, membership_id, compartment, category in session.execute(_CELLS, {"case": case_id}):
        party = Party(unit_id, membership_id)
        if category is None:
            refusals[consent_id].add((party, compartment))
        else:
            grants[consent_id].add(Grant(party, compartment, category))
    columns = select(Consent.id, Consent.giver_id, Consent.given_at, Consent.valid_from, Consent.valid_until)
    return tuple(
        ConsentFact(
            id=row.id,
            giver_id=row.giver_id,
            given_at=row.given_at,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            grants=frozenset(grants[row.id]),
            refusals=frozenset(refusals[row.id]),
        )
        for row in session.execute(columns.where(Consent.case_id == case_id).order_by(Consent.given_at, Consent.id))
    )


def withdrawals(session: Session, case_id: UUID) -> tuple[Withdrawal, ...]:
    """Every no that was said outside a declaration, oldest first."""
    back = ConsentWithdrawal
    columns = select(back.giver_id, back.withdrawn_at, back.unit_id, back.membership_id)
    return tuple(
        Withdrawal(giver_id, at, Party(unit_id, membership_id) if unit_id or membership_id else None)
        for giver_id, at, unit_id, membership_id in session.execute(
            columns.where(back.case_id == case_id).order_by(back.withdrawn_at, back.id)
        )
    )


_CELLS = union_all(
    # What a text of before named without the compartment opens nothing.
    select(
        ConsentGrant.consent_id,
        ConsentGrant.unit_id,
        ConsentGrant.membership_id,
        ConsentGrant.compartment,
        ConsentGrant.category,
    ).where(ConsentGrant.case_id == bindparam("case"), ConsentGrant.compartment.is_not(None)),
    select(
        ConsentRefusal.consent_id,
        ConsentRefusal.unit_id,
        ConsentRefusal.membership_id,
        ConsentRefusal.compartment,
        cast(null(), ConsentGrant.category.type),
    ).where(ConsentRefusal.case_id == bindparam("case")),
)
"""What declarations say yes to, and, without a category, what they say no to; one question for both."""
