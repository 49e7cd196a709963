"""The keeper of facts, where a guide's code is concerned: whoever holds one has no window on the case it leads to.

Like access/window_store.py this runs inside `fact_keeper`, as the database role `portal_facts`, for that one case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.access import window_store
from portal.access.policy.roles import Capacity
from portal.db import fact_keeper
from portal.models import Case, InvitationCode, Membership


@dataclass(frozen=True)
class CodeFact:
    """A guide's code that counts now, and what it is held against. No name, no content."""

    id: UUID
    case_id: UUID
    membership_id: UUID
    capacity: Capacity
    person_id: UUID
    """Whose membership it is now."""
    birth_date: date
    """Of the young person."""
    people: frozenset[UUID]
    """Everybody who is or was in the case."""


def load_code(session: Session, case_id: UUID, value: bytes, now: datetime) -> CodeFact | None:
    """The code of that keyed hash, for whoever holds it. Nobody else uses it, or one of its case, before this
    transaction ends."""
    with fact_keeper(session, case_id):
        window_store.hold(session, case_id)
        unused = (InvitationCode.used_at.is_(None), InvitationCode.expires_at > now)
        found = session.execute(
            select(InvitationCode.id, Membership.id, Membership.capacity, Membership.person_id, Case.birth_date)
            .join(Membership, Membership.id == InvitationCode.membership_id)
            .join(Case, Case.id == InvitationCode.case_id)
            .where(InvitationCode.match_value == value, InvitationCode.case_id == case_id, *unused)
        ).one_or_none()
        if found is None:
            return None
        people = session.scalars(select(Membership.person_id).where(Membership.case_id == case_id))
        code_id, membership_id, capacity, person_id, born = found
        return CodeFact(code_id, case_id, membership_id, Capacity(capacity), person_id, born, frozenset(people))


def use_code(session: Session, code: CodeFact, person_id: UUID, name_sealed: bytes | None, now: datetime) -> None:
    """Uses the code up and carries its membership over to the person that the holder's own eID stands for."""
    with fact_keeper(session, code.case_id):
        used = update(InvitationCode).where(InvitationCode.id == code.id)
        session.execute(used.values(used_at=now, used_name_sealed=name_sealed))
        if person_id != code.person_id:
            theirs = update(Membership).where(Membership.id == code.membership_id)
            session.execute(theirs.values(person_id=person_id))
    window_store.rewrite_windows(session, code.case_id)
