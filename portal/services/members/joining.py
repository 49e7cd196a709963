"""How somebody becomes a member of a case, and how the owner sets what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

from sqlalchemy import select

from portal import audit, clock, locks, text
from portal.access.actor import Actor
from portal.access.policy.roles import Capacity, Level
from portal.db import PortalSession
from portal.errors import InvalidInput
from portal.events import Event
from portal.locks import Lock
from portal.models import Membership, Staff, TeamLevel
from portal.services.members import citizens
from portal.services.members.citizens import NewCitizen
from portal.storage.keys import CaseKeys


@dataclass(frozen=True)
class Host:
    """The case somebody is let into, and the owner who lets them in."""

    actor: Actor
    case_id: UUID
    keys: CaseKeys
    by_id: UUID

    @property
    def session(self) -> PortalSession:
        return self.actor.session


@dataclass(frozen=True)
class Joining:
    """On what terms. `prefix` is put before field names in errors, for forms that hold several people."""

    capacity: Capacity
    level: Level
    purpose: str = ""
    custody: bool = False
    prefix: str = ""


def add_citizen(host: Host, new: NewCitizen, terms: Joining, born: date | None = None) -> Membership:
    """Raises InvalidInput for a name or number that cannot be used, or somebody who is in the case already."""
    name = citizens.checked_name(new.name, f"{terms.prefix}name")
    field = f"{terms.prefix}national_id"
    cpr = citizens.checked_cpr(new.national_id, field, born)
    person_id = citizens.find_or_make(host.actor, cpr)
    _refuse_twice(host, person_id, field)
    membership = Membership(
        id=uuid4(),
        person_id=person_id,
        display_name=name,
        job_title="",
        custody_from=clock.now() if terms.custody else None,
    )
    host.keys.seal(membership, "national_id", cpr.number if cpr else "")
    return _join(host, terms, membership)


def hold_account(session: PortalSession, person_id: UUID) -> Staff:
    """The account of somebody who is about to join a case as one of their unit. Nobody moves them until this is done:
    else they would join as one of a unit they have just left, which no move carries along any more. Held before
    the case is (portal/locks.py)."""
    locks.hold(session, Lock.ACCOUNT, person_id)
    return session.get_one(Staff, person_id, with_for_update={"read": True}, populate_existing=True)


def add_staff(host: Host, staff: Staff, terms: Joining) -> Membership:
    """Raises InvalidInput when they are in the case already."""
    _refuse_twice(host, staff.person_id, "person")
    return _join(
        host,
        terms,
        Membership(
            id=uuid4(),
            person_id=staff.person_id,
            display_name=staff.name,
            job_title=staff.job_title,
            unit_id=staff.unit_id,
        ),
    )


def set_level(host: Host, membership_id: UUID, level: Level) -> None:
    """Follows the level in force with a new one; what was before stays a fact."""
    host.session.add(
        TeamLevel(
            case_id=host.case_id,
            membership_id=membership_id,
            level=level.value,
            valid_from=clock.now(),
            set_by_id=host.by_id,
        )
    )
    audit.record(
        host.session,
        Event.LEVEL_SET,
        chain=host.case_id,
        membership_id=host.by_id,
        item_id=membership_id,
        level=level.value,
    )


def _join(host: Host, terms: Joining, membership: Membership) -> Membership:
    purpose = text.plain(terms.purpose, 1000)
    membership.case_id = host.case_id
    membership.capacity = terms.capacity.value
    membership.added_at = clock.now()
    membership.added_by_id = host.by_id
    host.keys.seal(membership, "purpose", purpose)
    host.session.add(membership)
    host.session.flush()
    audit.record(
        host.session,
        Event.MEMBER_ADDED,
        chain=host.case_id,
        membership_id=host.by_id,
        item_id=membership.id,
        capacity=terms.capacity.value,
        level=terms.level.value,
    )
    set_level(host, membership.id, terms.level)
    return membership


def _refuse_twice(host: Host, person_id: UUID, field: str) -> None:
    already = select(Membership.id).where(Membership.case_id == host.case_id, Membership.person_id == person_id)
    if host.session.scalars(already).first() is not None:
        raise InvalidInput(field, "already_member")
