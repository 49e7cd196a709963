"""The keeper of facts: reads the facts of a case and writes the windows that follow from them.

Everything here runs inside `fact_keeper`, that is as the database role `portal_facts`, which alone may write windows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, delete, insert, select, update
from sqlalchemy.orm import Session

from portal import clock, locks
from portal.access.fact_rows import COMPARTMENT_KEYS, facts_of
from portal.access.policy import ages
from portal.access.policy.facts import Facts, Member
from portal.access.policy.notices import told
from portal.access.policy.roles import Capacity
from portal.access.policy.windows import ExclusionPeriod, Window, compute
from portal.db import fact_keeper
from portal.errors import CorruptData, NotFound
from portal.locks import Lock
from portal.models import (
    AccessNotice,
    AccessWindow,
    Case,
    CaseKey,
    Compartment,
    Correction,
    Membership,
    MessageDraft,
)
from portal.tools.profile import Profile, profile

_Row = dict[str, Any]


def load_facts(session: Session, case_id: UUID) -> Facts:
    """Every fact of the case, whoever asks. What of it may be shown is for the caller to decide."""
    with fact_keeper(session, case_id):
        return facts_of(session, case_id)


def load_case(session: Session, case_id: UUID) -> tuple[str, Facts]:
    """The key of the case's profile and every fact of it, whoever asks. Raises NotFound when there is no such case."""
    with fact_keeper(session, case_id):
        key = session.scalars(select(Case.profile).where(Case.id == case_id)).one_or_none()
        if key is not None:
            return key, facts_of(session, case_id)
    raise NotFound


def load_profile(session: Session, case_id: UUID) -> Profile:
    """The profile as it is in the case, for somebody to whom the case itself is shut."""
    with fact_keeper(session, case_id):
        key, compartments = session.execute(select(Case.profile, COMPARTMENT_KEYS).where(Case.id == case_id)).one()
        return profile(key).of_case(compartments or ())


def load_owner(session: Session, case_id: UUID) -> UUID:
    """Who answers for the case, for somebody who must tell them something without seeing it."""
    with fact_keeper(session, case_id):
        return session.scalars(select(Case.owner_id).where(Case.id == case_id)).one()


class KeyRow(NamedTuple):
    """A wrapped case key, and the master key that opens it."""

    master_id: str
    wrapped: bytes


def load_key_row(session: Session, case_id: UUID) -> KeyRow:
    """The wrapped case key, for somebody who decides about a case without a window on it (a custody holder). Raises
    CorruptData when it was destroyed."""
    with fact_keeper(session, case_id):
        found = select(CaseKey.master_id, CaseKey.wrapped).where(CaseKey.case_id == case_id)
        row = session.execute(found).one_or_none()
        if row is None:
            raise CorruptData(f"the key of case {case_id} is gone")
        return KeyRow(row.master_id, row.wrapped)


def load_members(session: Session, case_id: UUID) -> list[Membership]:
    """All members of the case, for the same somebody: they must know who asks for what."""
    with fact_keeper(session, case_id):
        return list(session.scalars(select(Membership).where(Membership.case_id == case_id)))


def hold(session: Session, case_id: UUID) -> None:
    """Until this transaction ends, nobody else changes a fact of the case: whoever decides by the facts holds it before
    reading them."""
    locks.hold(session, Lock.CASE, case_id)


def rewrite_windows(session: Session, case_id: UUID) -> None:
    """Recomputes the windows and notices of a case, and lets go what was recalled of its facts (see facts_cache). Call
    after any change of a fact, in the same transaction."""
    with fact_keeper(session, case_id):
        # Two changes at once: the second waits here, then reads the first one's facts too.
        hold(session, case_id)
        facts = facts_of(session, case_id)
        now = clock.now()
        windows, notices = _rows(session, case_id, facts, now)
        session.execute(delete(AccessWindow).where(AccessWindow.case_id == case_id))
        session.execute(delete(AccessNotice).where(AccessNotice.case_id == case_id))
        # Empty columns are written too: rows that have others empty would go in statements of their own.
        if windows:
            session.execute(insert(AccessWindow), windows, execution_options={"render_nulls": True})
        if notices:
            session.execute(insert(AccessNotice), notices, execution_options={"render_nulls": True})
        _forget_drafts(session, case_id, now)
        restamped = update(Case).where(Case.id == case_id).values(facts_stamp=uuid4())
        session.execute(restamped, execution_options={"synchronize_session": False})


def _forget_drafts(session: Session, case_id: UUID, now: datetime) -> None:
    """What somebody has begun to write goes with their right to write there."""
    own = (AccessWindow.compartment_id == MessageDraft.compartment_id) & AccessWindow.can_write
    still = (
        select(AccessWindow.id)
        .where(own, AccessWindow.membership_id == MessageDraft.created_by_id, AccessWindow.valid_from <= now)
        .where(AccessWindow.valid_until.is_(None) | (AccessWindow.valid_until > now))
    )
    lost = delete(MessageDraft).where(MessageDraft.case_id == case_id, ~still.exists())
    session.execute(lost, execution_options={"synchronize_session": False})


def hand_over(session: Session, case_id: UUID, before_id: UUID, after_id: UUID) -> None:
    """Carries over who owns the case, once the offer is accepted: the one fact that is kept as a state, because the
    walls ask it of every row."""
    with fact_keeper(session, case_id):
        for membership_id, capacity in ((before_id, Capacity.PROFESSIONAL), (after_id, Capacity.OWNER)):
            session.execute(update(Membership).where(Membership.id == membership_id).values(capacity=capacity.value))
        member = session.execute(
            select(Membership.person_id, Membership.unit_id).where(Membership.id == after_id)
        ).one()
        owner = {"owner_id": member.person_id, "owner_unit_id": member.unit_id}
        session.execute(update(Case).where(Case.id == case_id).values(**owner))


def change_member(session: Session, case_id: UUID, membership_id: UUID, **values: Any) -> None:
    """Puts right who a member is or where they work. Rewrite the windows afterwards."""
    with fact_keeper(session, case_id):
        this = update(Membership).where(Membership.case_id == case_id, Membership.id == membership_id)
        session.execute(this.values(**values))


def change_birth_date(session: Session, case_id: UUID, born: date) -> None:
    """Puts right when the young person was born. Rewrite the windows afterwards."""
    with fact_keeper(session, case_id):
        session.execute(update(Case).where(Case.id == case_id).values(birth_date=born))


def carry_into(session: Session, correction: Correction) -> None:
    """Notes in a case what was changed outside it, by somebody who sees nothing of it."""
    with fact_keeper(session, correction.case_id):
        session.add(correction)


def _rows(session: Session, case_id: UUID, facts: Facts, now: datetime) -> tuple[list[_Row], list[_Row]]:
    """What is to be stored of the case from now on: windows and notices."""
    picture = compute(facts)
    compartments = _compartments(session, case_id)
    windows = [_window_row(case_id, compartments, w) for w in picture.windows if _still_counts(w, now)]
    capacities = {member.id: member.capacity.value for member in facts.members}
    case = session.execute(select(Case.owner_id, Case.profile).where(Case.id == case_id)).one()
    asked = {member.id: _asked_until(facts, member) for member in facts.members}
    notices = [
        _notice_row(case_id, capacities, n)
        | {"owner_id": case.owner_id, "profile": case.profile, "consent_asked_until": asked[n.member_id]}
        for n in told(facts, picture.notices)
        if _still_counts(n, now)
    ]
    return windows, notices


def differences(session: Session, case_id: UUID) -> list[str]:
    """What the stored windows and notices of a case and freshly computed ones disagree on; nothing is expected.
    Raises NotFound when there is no such case."""
    _, facts = load_case(session, case_id)
    with fact_keeper(session, case_id):
        now = clock.now()
        computed = _rows(session, case_id, facts, now)
        stored = tuple(
            {_line(dict(row._mapping)) for row in session.execute(select(*table.__table__.columns).where(counts))}
            for table, counts in ((t, _counts(t, case_id, now)) for t in (AccessWindow, AccessNotice))
        )
    found = []
    for rows, saved in zip(computed, stored, strict=True):
        wanted = {_line(row) for row in rows}
        found += [f"stored, not computed: {line}" for line in sorted(saved - wanted)]
        found += [f"computed, not stored: {line}" for line in sorted(wanted - saved)]
    return found


def _counts(table: type[AccessWindow | AccessNotice], case_id: UUID, now: datetime) -> ColumnElement[bool]:
    return and_(table.case_id == case_id, (table.valid_until.is_(None)) | (table.valid_until > now))


def _line(row: Mapping[str, object]) -> str:
    """A row as text to compare and to print, without the id it happens to have."""
    return " ".join(f"{name}={_plain(row[name])}" for name in sorted(row) if name != "id")


def _plain(value: object) -> str:
    if isinstance(value, list):
        return json.dumps(value, sort_keys=True)
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


def _still_counts(stretch: Window | ExclusionPeriod, now: datetime) -> bool:
    return stretch.valid_until is None or stretch.valid_until > now


def _compartments(session: Session, case_id: UUID) -> dict[str, UUID]:
    found = session.execute(select(Compartment.key, Compartment.id).where(Compartment.case_id == case_id))
    return {row.key: row.id for row in found}


def _window_row(case_id: UUID, compartments: dict[str, UUID], window: Window) -> _Row:
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


def _notice_row(case_id: UUID, capacities: dict[UUID, str], notice: ExclusionPeriod) -> _Row:
    return {
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
    asked = facts.rules.custody_holders_are_asked
    return ages.consent_asked_until(member.custody_from, member.custody_until, ages.majority(facts), asked)
