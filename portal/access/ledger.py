"""The keeper of facts: reads the facts of a case and writes the windows that follow from them.

Everything here runs inside `fact_keeper`, that is as the database role `portal_facts`, which alone may write windows.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from portal import clock
from portal.access.facts import ConsentFact, Facts, Member, Party, Withdrawal
from portal.access.roles import Capacity, Level
from portal.access.windows import Notice, Picture, Window, compute, majority
from portal.db import fact_keeper
from portal.errors import Damaged
from portal.models import (
    AccessNotice,
    AccessWindow,
    Case,
    CaseKey,
    Compartment,
    Consent,
    ConsentGrant,
    ConsentWithdrawal,
    Membership,
    TeamLevel,
)
from portal.tools.profile import profile


def load_facts(session: Session, case_id: UUID) -> Facts:
    """Every fact of the case, whoever asks. What of it may be shown is for the caller to decide."""
    with fact_keeper(session, case_id):
        return _facts(session, case_id)


def load_key_row(session: Session, case_id: UUID) -> tuple[str, bytes]:
    """The wrapped case key, for somebody who decides about a case without a window on it (a custody holder). Raises
    Damaged when it was destroyed."""
    with fact_keeper(session, case_id):
        found = select(CaseKey.master_id, CaseKey.wrapped).where(CaseKey.case_id == case_id)
        row = session.execute(found).one_or_none()
        if row is None:
            raise Damaged(f"the key of case {case_id} is gone")
        return row.master_id, row.wrapped


def load_members(session: Session, case_id: UUID) -> list[Membership]:
    """All members of the case, for the same somebody: they must know who asks for what."""
    with fact_keeper(session, case_id):
        return list(session.scalars(select(Membership).where(Membership.case_id == case_id)))


def rewrite_windows(session: Session, case_id: UUID) -> None:
    """Recomputes the windows and notices of a case. Call after any change of a fact, in the same transaction."""
    with fact_keeper(session, case_id):
        # Two changes at once: the second waits here, then reads the first one's facts too.
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(case_id), 0))))
        facts = _facts(session, case_id)
        picture = compute(facts)
        compartments = _compartments(session, case_id)
        now = clock.now()
        session.execute(delete(AccessWindow).where(AccessWindow.case_id == case_id))
        session.execute(delete(AccessNotice).where(AccessNotice.case_id == case_id))
        rows = [_window_row(case_id, compartments, w) for w in picture.windows if _still_counts(w, now)]
        if rows:
            session.execute(insert(AccessWindow), rows)
        capacities = _capacities(session, case_id)
        owner_id = session.scalars(select(Case.owner_id).where(Case.id == case_id)).one()
        asked = {member.id: _asked_until(facts, member) for member in facts.members}
        notices = [
            _notice_row(case_id, owner_id, capacities, n) | {"consent_asked_until": asked[n.member_id]}
            for n in picture.notices
            if _still_counts(n, now)
        ]
        if notices:
            session.execute(insert(AccessNotice), notices)


def differences(session: Session, case_id: UUID) -> list[str]:
    """What the stored windows of a case and freshly computed ones disagree on; nothing is expected."""
    with fact_keeper(session, case_id):
        now = clock.now()
        computed = _rows_of(compute(_facts(session, case_id)), _compartments(session, case_id), now)
        columns = (
            AccessWindow.compartment_id,
            AccessWindow.person_id,
            AccessWindow.can_write,
            AccessWindow.valid_from,
            AccessWindow.valid_until,
        )
        found = session.execute(select(*columns).where(AccessWindow.case_id == case_id)).all()
        ahead = (row for row in found if row.valid_until is None or row.valid_until > now)
        stored: set[tuple[object, ...]] = {tuple(row) for row in ahead}
    return [f"{side}: {row}" for side, rows in _sides(stored, computed) for row in sorted(map(str, rows))]


def _sides(stored: set[tuple[object, ...]], computed: set[tuple[object, ...]]) -> list[tuple[str, set[object]]]:
    return [("stored, not computed", set(stored - computed)), ("computed, not stored", set(computed - stored))]


def _rows_of(picture: Picture, compartments: dict[str, UUID], now: datetime) -> set[tuple[object, ...]]:
    return {
        (compartments[w.compartment], w.person_id, w.can_write, w.valid_from, w.valid_until)
        for w in picture.windows
        if _still_counts(w, now)
    }


def _still_counts(stretch: Window | Notice, now: datetime) -> bool:
    return stretch.valid_until is None or stretch.valid_until > now


def _compartments(session: Session, case_id: UUID) -> dict[str, UUID]:
    found = session.execute(select(Compartment.key, Compartment.id).where(Compartment.case_id == case_id))
    return {row.key: row.id for row in found}


def _capacities(session: Session, case_id: UUID) -> dict[UUID, str]:
    found = session.execute(select(Membership.id, Membership.capacity).where(Membership.case_id == case_id))
    return {row.id: row.capacity for row in found}


def _window_row(case_id: UUID, compartments: dict[str, UUID], window: Window) -> dict[str, object]:
    return {
        "case_id": case_id,
        "compartment_id": compartments[window.compartment],
        "membership_id": window.member_id,
        "person_id": window.person_id,
        "can_write": window.can_write,
        "valid_from": window.valid_from,
        "valid_until": window.valid_until,
        "basis": window.basis.value,
        "consents": [str(consent) for consent in window.consents],
    }


def _notice_row(case_id: UUID, owner_id: UUID, capacities: dict[UUID, str], notice: Notice) -> dict[str, object]:
    return {
        "owner_id": owner_id,
        "case_id": case_id,
        "membership_id": notice.member_id,
        "person_id": notice.person_id,
        "valid_from": notice.valid_from,
        "valid_until": notice.valid_until,
        # Capacities only: the notice is read by the person who is kept out.
        "blockers": [
            {"obstacle": b.obstacle.value, "giver": capacities[b.giver_id] if b.giver_id else None}
            for b in notice.blockers
        ],
    }


def _asked_until(facts: Facts, member: Member) -> datetime | None:
    """When a custody holder's consent stops being asked for; None for everybody else."""
    if member.custody_from is None:
        return None
    return min(majority(facts), member.custody_until or majority(facts))


def _facts(session: Session, case_id: UUID) -> Facts:
    case = session.execute(select(Case.profile, Case.birth_date, Case.owner_unit_id).where(Case.id == case_id)).one()
    return Facts(
        rules=profile(case.profile).rules(),
        birth_date=case.birth_date,
        owner_unit_id=case.owner_unit_id,
        members=_members(session, case_id),
        consents=_consents(session, case_id),
    )


def _members(session: Session, case_id: UUID) -> tuple[Member, ...]:
    levels: dict[UUID, list[tuple[datetime, Level]]] = defaultdict(list)
    set_levels = select(TeamLevel.membership_id, TeamLevel.valid_from, TeamLevel.level)
    for row in session.execute(set_levels.where(TeamLevel.case_id == case_id).order_by(TeamLevel.valid_from)):
        levels[row.membership_id].append((row.valid_from, Level(row.level)))
    columns = select(
        Membership.id,
        Membership.person_id,
        Membership.capacity,
        Membership.unit_id,
        Membership.custody_from,
        Membership.custody_until,
    )
    found = session.execute(columns.where(Membership.case_id == case_id).order_by(Membership.added_at, Membership.id))
    return tuple(
        Member(
            id=row.id,
            person_id=row.person_id,
            capacity=Capacity(row.capacity),
            unit_id=row.unit_id,
            levels=tuple(levels[row.id]),
            custody_from=row.custody_from,
            custody_until=row.custody_until,
        )
        for row in found
    )


def _consents(session: Session, case_id: UUID) -> tuple[ConsentFact, ...]:
    grants: dict[UUID, set[tuple[Party, str]]] = defaultdict(set)
    for grant in session.scalars(select(ConsentGrant).where(ConsentGrant.case_id == case_id)):
        grants[grant.consent_id].add((Party(grant.unit_id, grant.membership_id), grant.category))
    withdrawals: dict[UUID, list[Withdrawal]] = defaultdict(list)
    for back in session.scalars(select(ConsentWithdrawal).where(ConsentWithdrawal.case_id == case_id)):
        named = back.unit_id or back.membership_id
        party = Party(back.unit_id, back.membership_id) if named else None
        withdrawals[back.consent_id].append(Withdrawal(back.withdrawn_at, party))
    columns = select(Consent.id, Consent.giver_id, Consent.given_at, Consent.valid_from, Consent.valid_until)
    return tuple(
        ConsentFact(
            id=row.id,
            giver_id=row.giver_id,
            given_at=row.given_at,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            grants=frozenset(grants[row.id]),
            withdrawals=tuple(withdrawals[row.id]),
        )
        for row in session.execute(columns.where(Consent.case_id == case_id).order_by(Consent.given_at, Consent.id))
    )
