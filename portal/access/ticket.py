"""The ticket: this person, in this case, with these rights, at this moment. The only way into a case.

`enter_case` finds the person's own windows; what they do not open is not there. Everything inside a case is selected
through the ticket, which adds the case and the open compartments to every query: it is not possible to check one id and
load another. (The database holds the same line a second time, by row-level security.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select

from portal import audit, clock
from portal.access.actions import Action, OfficeAction
from portal.access.facts import Facts
from portal.access.ledger import load_facts, load_key_row, load_members
from portal.access.policy import BlockerNote, Reason, Refusal, decide, standing_of
from portal.access.roles import Capacity, Level, Standing
from portal.audit import Event
from portal.db import PortalSession
from portal.errors import NotFound, Refused
from portal.models import (
    AccessNotice,
    AccessWindow,
    Case,
    CaseKey,
    Compartment,
    File,
    FileVersion,
    Membership,
    Message,
    Organisation,
    Plan,
    PlanAsked,
    PlanChange,
    PlanProposal,
    PlanVersion,
    SearchEntry,
    Staff,
    Thread,
    Unit,
)
from portal.storage.keys import CaseKeys, Keyring
from portal.tools.profile import Profile, profile

Content = TypeVar("Content", File, FileVersion, Thread, Message, Plan, PlanVersion, PlanChange, PlanProposal)


@dataclass
class Actor:
    """Somebody who has signed in, and the session that speaks for them."""

    session: PortalSession
    person_id: UUID
    is_staff: bool
    office: frozenset[OfficeAction]
    name: str
    unit_id: UUID | None = None
    login_id: UUID | None = None

    is_authenticated = True
    """What Flask-Login asks of a user: this one always has signed in."""

    def get_id(self) -> str:
        return str(self.person_id)

    @property
    def keyring(self) -> Keyring:
        keyring: Keyring = self.session.info["keyring"]
        return keyring

    def require(self, action: OfficeAction) -> None:
        """Raises Refused unless this person's office allows it."""
        if action not in self.office:
            raise Refused(Reason(Refusal.OFFICE))


@dataclass(frozen=True)
class Hatch:
    """An open compartment, as one person has it."""

    id: UUID
    key: str
    can_write: bool
    since: datetime


@dataclass
class CaseTicket:
    actor: Actor
    case_id: UUID
    membership: Membership
    standing: Standing
    level: Level
    hatches: Mapping[UUID, Hatch]
    _case: Case | None
    _key_row: tuple[str, bytes] | None
    _notices: tuple[BlockerNote, ...] = ()
    _guide: str = field(default="")

    @property
    def session(self) -> PortalSession:
        return self.actor.session

    # What may be done

    def allows(self, action: Action) -> bool:
        return decide(self.standing, self.level, action).allowed

    def require(self, action: Action) -> None:
        """Raises Refused with the reason that the person will read."""
        decision = decide(self.standing, self.level, action)
        if decision.refusal is not None:
            raise Refused(Reason(decision.refusal, self._notices, self._guide))

    def require_write(self, compartment_id: UUID) -> Hatch:
        """The open hatch to write through. Raises NotFound for a compartment the person cannot see, Refused for one
        they may only read."""
        hatch = self.hatches.get(compartment_id)
        if hatch is None:
            raise NotFound
        if not hatch.can_write:
            raise Refused(Reason(Refusal.READ_ONLY, guide=self._guide))
        return hatch

    # What can be reached

    def select(self, noun: type[Content]) -> Select[Content]:
        """Rows of `noun` in this case and in the compartments that are open to this person."""
        return select(noun).where(*self.within(noun))

    def within(self, noun: type[Content | SearchEntry | PlanAsked]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        """The two conditions that keep a query of any columns inside the case and the open compartments."""
        return noun.case_id == self.case_id, noun.compartment_id.in_(scope(self))

    def load(self, noun: type[Content], item_id: UUID) -> Content:
        """One row. Raises NotFound when it does not exist, or not for this person."""
        found = self.session.scalars(self.select(noun).where(noun.id == item_id)).one_or_none()
        if found is None:
            raise NotFound
        return found

    # What is known of the case

    @cached_property
    def case(self) -> Case:
        if self._case is None:
            raise NotFound
        return self._case

    @cached_property
    def keys(self) -> CaseKeys:
        master_id, wrapped = self._key_row or load_key_row(self.session, self.case_id)
        return self.actor.keyring.open_case(self.case_id, master_id, wrapped)

    @cached_property
    def facts(self) -> Facts:
        """All facts of the case, for computing. What of them is shown is up to each verb."""
        return load_facts(self.session, self.case_id)

    @cached_property
    def members(self) -> dict[UUID, Membership]:
        """Everybody who was ever added, by membership id."""
        if self._case is None:
            found = load_members(self.session, self.case_id)
        else:
            found = list(self.session.scalars(select(Membership).where(Membership.case_id == self.case_id)))
        return {membership.id: membership for membership in found}

    @cached_property
    def units(self) -> dict[UUID, tuple[str, str]]:
        """Where the case's professionals work: unit id -> names of unit and organisation."""
        wanted = {membership.unit_id for membership in self.members.values() if membership.unit_id}
        rows = self.session.execute(
            select(Unit.id, Unit.name, Organisation.name)
            .join(Organisation, Organisation.id == Unit.organisation_id)
            .where(Unit.id.in_(wanted))
        )
        return {unit_id: (unit, organisation) for unit_id, unit, organisation in rows}

    @cached_property
    def open_windows(self) -> list[tuple[AccessWindow, str]]:
        """Everybody's windows on the case that are open now, each with the key of its compartment."""
        now = clock.now()
        rows = self.session.execute(
            select(AccessWindow, Compartment.key)
            .join(Compartment, Compartment.id == AccessWindow.compartment_id)
            .where(AccessWindow.case_id == self.case_id, AccessWindow.valid_from <= now)
            .where((AccessWindow.valid_until.is_(None)) | (AccessWindow.valid_until > now))
        )
        return [(window, key) for window, key in rows]

    @cached_property
    def young_person(self) -> Membership:
        return next(m for m in self.members.values() if m.capacity == Capacity.YOUNG_PERSON)

    @cached_property
    def owner(self) -> Membership:
        return next(m for m in self.members.values() if m.capacity == Capacity.OWNER)

    @cached_property
    def profile(self) -> Profile:
        return profile(self.case.profile)

    # What is left behind

    def record(
        self, event: Event, compartment_id: UUID | None = None, item_id: UUID | None = None, **fields: Any
    ) -> None:
        """Notes an event in the case's chain."""
        audit.record(
            self.session,
            event,
            chain=self.case_id,
            membership_id=self.membership.id,
            compartment_id=compartment_id,
            item_id=item_id,
            **fields,
        )


def enter_case(actor: Actor, case_id: UUID) -> CaseTicket:
    """A ticket for `actor` into the case.

    Raises NotFound unless they were added to it. A member whose windows are shut gets a ticket that allows nothing but
    what their standing grants without any (a custody holder's say about consent), and that knows why.
    """
    row = actor.session.execute(
        select(Membership, Case, CaseKey.master_id, CaseKey.wrapped)
        .outerjoin(Case, Case.id == Membership.case_id)
        .outerjoin(CaseKey, CaseKey.case_id == Membership.case_id)
        .where(Membership.case_id == case_id, Membership.person_id == actor.person_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    membership, case, master_id, wrapped = row
    # Where the two walls disagree (clocks apart, a window just ending), the stricter one counts.
    hatches = admission(actor, case_id) if case else {}
    shut = _Shut() if hatches else _why_shut(actor, case_id)
    asked_until = _asked_until(membership, case) if hatches else shut.asked_until
    asked = asked_until is not None and clock.now() < asked_until
    return CaseTicket(
        actor=actor,
        case_id=case_id,
        membership=membership,
        standing=standing_of(Capacity(membership.capacity), asked),
        level=_level(hatches),
        hatches=hatches,
        _case=case if hatches else None,
        _key_row=(master_id, wrapped) if wrapped and hatches else None,
        _notices=shut.notes,
        _guide=shut.guide,
    )


def admission(actor: Actor, case_id: UUID) -> dict[UUID, Hatch]:
    """Wall one, first half: the compartments of the case that are open to the person now."""
    now = clock.now()
    found = actor.session.execute(
        select(AccessWindow.compartment_id, Compartment.key, AccessWindow.can_write, AccessWindow.valid_from)
        .join(Compartment, Compartment.id == AccessWindow.compartment_id)
        .where(AccessWindow.case_id == case_id, AccessWindow.person_id == actor.person_id)
        .where(AccessWindow.valid_from <= now)
        .where((AccessWindow.valid_until.is_(None)) | (AccessWindow.valid_until > now))
    )
    return {row.compartment_id: Hatch(row.compartment_id, row.key, row.can_write, row.valid_from) for row in found}


def open_compartments(actor: Actor) -> dict[UUID, UUID]:
    """Wall one for lists across cases: every compartment that is open to the person now, with its case."""
    now = clock.now()
    found = actor.session.execute(
        select(AccessWindow.compartment_id, AccessWindow.case_id)
        .where(AccessWindow.person_id == actor.person_id, AccessWindow.valid_from <= now)
        .where((AccessWindow.valid_until.is_(None)) | (AccessWindow.valid_until > now))
    )
    return {row.compartment_id: row.case_id for row in found}


def scope(ticket: CaseTicket) -> Any:
    """Wall one, second half: the compartments that every query of a ticket is held to."""
    return list(ticket.hatches)


def _level(hatches: Mapping[UUID, Hatch]) -> Level:
    if not hatches:
        return Level.NONE
    return Level.WRITE if any(hatch.can_write for hatch in hatches.values()) else Level.READ


def _asked_until(membership: Membership, case: Case) -> datetime | None:
    """When a custody holder's consent stops being asked for; None for everybody else."""
    if membership.custody_from is None:
        return None
    rules = profile(case.profile)
    grown_up = clock.start_of(clock.birthday(case.birth_date, rules.majority_age), rules.zone)
    return min(grown_up, membership.custody_until or grown_up)


@dataclass(frozen=True)
class _Shut:
    """What somebody who sees nothing of a case may know of it."""

    notes: tuple[BlockerNote, ...] = ()
    guide: str = ""
    asked_until: datetime | None = None


def _why_shut(actor: Actor, case_id: UUID) -> _Shut:
    """Why they see nothing just now, whom they can ask (the owner's name and unit), and whether they are asked."""
    now = clock.now()
    row = actor.session.execute(
        select(AccessNotice.blockers, Staff.name, Unit.name, AccessNotice.consent_asked_until)
        .join(Staff, Staff.person_id == AccessNotice.owner_id)
        .join(Unit, Unit.id == Staff.unit_id)
        .where(AccessNotice.case_id == case_id, AccessNotice.person_id == actor.person_id)
        .where(AccessNotice.valid_from <= now)
        .where((AccessNotice.valid_until.is_(None)) | (AccessNotice.valid_until > now))
    ).first()
    if row is None:
        return _Shut()
    blockers, name, unit, asked_until = row
    return _Shut(tuple(BlockerNote(b["obstacle"], b["giver"]) for b in blockers), f"{name}, {unit}", asked_until)
