"""The ticket: this person, in this case, with these rights, at this moment. The only way into a case.

`enter_case` finds the person's own windows; what they do not open is not there. Everything inside a case is selected
through the ticket, which adds the case and the open compartments to every query: it is not possible to check one id and
load another. (The database holds the same line a second time, by row-level security.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, Uuid, any_, bindparam, func, select

from portal import audit, clock, locks
from portal.access import facts_cache, queries
from portal.access.denial import Shut, why_shut
from portal.access.policy import acquaintance
from portal.access.policy.acquaintance import People
from portal.access.policy.actions import Action, OfficeAction
from portal.access.policy.decide import BlockerNote, Contact, Reason, Refusal, decide, standing_of
from portal.access.policy.explain import ever
from portal.access.policy.facts import Facts
from portal.access.policy.roles import Capacity, Level, Standing
from portal.access.queries import OpenWindow
from portal.access.scoped_types import Content, Inner
from portal.access.window_store import load_key_row, load_members, load_profile
from portal.db import PortalSession
from portal.errors import NotFound, Refused
from portal.events import Event
from portal.locks import Lock
from portal.models import (
    AccessWindow,
    AuditHead,
    Case,
    CaseKey,
    Compartment,
    Membership,
    Organisation,
    Staff,
    Unit,
)
from portal.storage.keys import CaseKeys, Keyring
from portal.tools.profile import Profile, profile
from portal.tools.vocabulary import sayer


@dataclass
class Actor:
    """Somebody who has signed in, and the session that speaks for them."""

    session: PortalSession
    person_id: UUID
    is_staff: bool
    office: frozenset[OfficeAction]
    known_as: str | None
    """Their name where it is known already. A citizen's lies in their cases and is looked up when it is asked for."""
    unit_id: UUID | None = None
    login_id: UUID | None = None
    signed_in_at: datetime | None = None
    eid_link_id: UUID | None = None
    """By which of their eIDs a citizen came."""
    has_news_of_eids: bool = False
    """Whether there is another eID that signs in as them, which they have not said they have seen."""

    is_authenticated = True
    """What Flask-Login asks of a user: this one always has signed in."""

    def get_id(self) -> str:
        return str(self.person_id)

    @property
    def name(self) -> str:
        if self.known_as is None:
            self.known_as = self.session.scalars(_OWN_NAME, {"person": self.person_id}).first() or ""
        return self.known_as

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
    confidant_id: UUID | None = None
    """Of what the young person and one guide share alone: that guide's membership."""


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
    _guide: Contact | None = None
    _members: Sequence[Membership] | None = None
    _units: dict[UUID, tuple[str, str]] | None = None
    _windows: Sequence[OpenWindow] | None = None
    _facts_stamp: UUID | None = None
    _profile: Profile | None = None
    unread: int | None = None
    """Unread messages of the case, once they have been counted."""
    language: str = "da"
    """In which whoever this person may not know of is spoken of."""

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
            raise Refused(Reason(decision.refusal, self._notices, self.guide))

    def require_write(self, compartment_id: UUID) -> Hatch:
        """The open hatch to write through. Raises NotFound for a compartment the person cannot see, Refused for one
        they may only read."""
        hatch = self.hatches.get(compartment_id)
        if hatch is None:
            raise NotFound
        if not hatch.can_write:
            raise Refused(Reason(Refusal.READ_ONLY, guide=self.guide))
        return hatch

    def lock_case(self) -> None:
        """The first line of every verb that decides something in the case (who is in it, what they may, what waits for
        an answer): until the transaction ends nobody else decides anything in it.

        What was decided while this one waited counts from here on: rows are read anew, and so is the ticket. Raises
        NotFound like `enter_case`; a right that ended meanwhile is refused by the verb's own `require`.
        """
        locks.hold(self.session, Lock.CASE, self.case_id)
        self.session.flush()
        self.session.expire_all()
        of_this_request = {"unread": self.unread, "language": self.language}
        now = enter_case(self.actor, self.case_id)
        self.__dict__.clear()
        self.__dict__.update(vars(now), **of_this_request)
        if not self.hatches:
            # Rows that only the keeper of facts may read cannot be read anew one by one.
            _ = self.members

    # What can be reached

    def select(self, noun: type[Content]) -> Select[Content]:
        """Rows of `noun` in this case and in the compartments that are open to this person."""
        return select(noun).where(*self.within(noun))

    def within(self, noun: type[Content | Inner]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        """The two conditions that keep a query of any columns inside the case and the open compartments."""
        return noun.case_id == self.case_id, noun.compartment_id.in_(scope(self))

    @property
    def bounds(self) -> dict[str, Any]:
        """The values for a statement that was put together beforehand with `bounded`."""
        return {"case": self.case_id, "open": scope(self), "me": self.membership.id, "person": self.actor.person_id}

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
        return facts_cache.facts(self.session, self.case_id, self._facts_stamp)

    @cached_property
    def everybody(self) -> dict[UUID, Membership]:
        """Everybody who was ever added, by membership id: for computing, and for telling somebody about whom they are
        asked for consent. Whatever else is shown goes by `members`."""
        found = self._members
        if found is None and self._case is None:
            found = load_members(self.session, self.case_id)
        if found is None:
            found = self.session.scalars(select(Membership).where(Membership.case_id == self.case_id)).all()
        return {membership.id: membership for membership in found}

    @cached_property
    def members(self) -> People[Membership]:
        """Everybody who was ever added, by membership id, as this person may know them (acquaintance): of the others
        there is a stand-in without name, job and place. Choose from `members.known`."""
        everybody = self.everybody
        if self.membership.capacity in (Capacity.OWNER, Capacity.YOUNG_PERSON):
            return People(everybody, everybody, tuple, _unnamed)
        mine = {hatch.key for hatch in self.hatches.values()}
        now = {window.membership_id for window in self.open_windows if window.key in mine} if mine else set()
        known = {self.membership.id, self.owner.id, self.young_person.id} | now
        return People(everybody, known, lambda: acquaintance.met(self.facts, mine, clock.now()), self._stand_in)

    def _stand_in(self, member: Membership) -> Membership:
        gettext = sayer(self.language, self.profile.key)
        return _unnamed(member, gettext("Somebody else in the case"))

    @cached_property
    def units(self) -> dict[UUID, tuple[str, str]]:
        """Where the case's professionals work: unit id -> names of unit and organisation."""
        if self._units is not None:
            return self._units
        wanted = {membership.unit_id for membership in self.everybody.values() if membership.unit_id}
        rows = self.session.execute(
            select(Unit.id, Unit.name, Organisation.name)
            .join(Organisation, Organisation.id == Unit.organisation_id)
            .where(Unit.id.in_(wanted))
        )
        return {unit_id: (unit, organisation) for unit_id, unit, organisation in rows}

    @cached_property
    def open_windows(self) -> Sequence[OpenWindow]:
        """Everybody's windows on the case that are open now, each with the key of its compartment."""
        return _open_windows(self.actor, self.case_id) if self._windows is None else self._windows

    @cached_property
    def young_person(self) -> Membership:
        return next(m for m in self.everybody.values() if m.capacity == Capacity.YOUNG_PERSON)

    @cached_property
    def owner(self) -> Membership:
        return next(m for m in self.everybody.values() if m.capacity == Capacity.OWNER)

    @cached_property
    def guide(self) -> Contact | None:
        """Whom to ask. None where nothing of the case is known to this person."""
        if self._guide is not None or self._case is None:
            return self._guide
        unit, phone = self.session.execute(_GUIDE, {"person": self._case.owner_id}).one()
        return Contact(self.owner.display_name, unit, phone)

    @cached_property
    def profile(self) -> Profile:
        """The one the case was opened with, as it is in a case with these compartments; known also to a custody holder
        to whom the case is shut."""
        return self._profile or load_profile(self.session, self.case.id)

    @cached_property
    def could_write_once(self) -> bool:
        """Whether the case was ever open to this person to write in, until now."""
        return ever(self.facts, self.facts.member(self.membership.id), clock.now()) is Level.WRITE

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
    rows = actor.session.execute(_ROOM, {"case": case_id}).all()
    row = next((row for row in rows if row[0].person_id == actor.person_id), None)
    if row is None:
        raise NotFound
    membership, case, master_id, wrapped = row[:4]
    if row.seq is not None:
        audit.ends_at(actor.session, case_id, row.seq, row.mac)
    if actor.known_as is None:
        actor.known_as = membership.display_name
    # Where the two walls disagree (clocks apart, a window just ending), the stricter one counts.
    windows = _open_windows(actor, case_id) if case else ()
    hatches = admission(actor, windows)
    shut = Shut() if hatches else why_shut(actor.session, actor.person_id, case_id)
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
        _profile=_profile(case, row.compartments) if hatches else load_profile(actor.session, case_id),
        _members=[row[0] for row in rows] if hatches else None,
        _units={row[0].unit_id: (row[4], row[5]) for row in rows if row[0].unit_id} if hatches else None,
        _windows=windows if hatches else None,
        _facts_stamp=row[6],
    )


def _profile(case: Case, compartments: Sequence[str] | None) -> Profile:
    return profile(case.profile).of_case(compartments or ())


def _unnamed(member: Membership, name: str = "") -> Membership:
    """Somebody of whom no more may be known than that they are there. It belongs to no session and is never stored."""
    return Membership(
        id=member.id,
        case_id=member.case_id,
        person_id=member.person_id,
        capacity=member.capacity,
        display_name=name,
        job_title="",
        added_at=member.added_at,
    )


def admission(actor: Actor, windows: Sequence[OpenWindow]) -> dict[UUID, Hatch]:
    """Wall one, first half: of the open windows of a case, the person's own."""
    own = (row for row in windows if row.person_id == actor.person_id)
    return {
        row.compartment_id: Hatch(row.compartment_id, row.key, row.can_write, row.valid_from, row.confidant_id)
        for row in own
    }


def _open_windows(actor: Actor, case_id: UUID) -> Sequence[OpenWindow]:
    """The windows of the case that are open now: everybody's, as far as this person may know of them."""
    return queries.OPEN.ask(actor.session, case=case_id, now=clock.now())


# What every page of a case asks is put together once, not on each request.
_OWN_NAME = (
    select(Membership.display_name)
    .where(Membership.person_id == bindparam("person"))
    .order_by(Membership.added_at, Membership.id)
    .limit(1)
)
"""What somebody was called first: a case that is opened about them later, by whoever, does not rename them."""
_GUIDE = (
    select(Unit.name, Staff.phone).join(Unit, Unit.id == Staff.unit_id).where(Staff.person_id == bindparam("person"))
)
_ROOM = (
    select(
        Membership,
        Case,
        CaseKey.master_id,
        CaseKey.wrapped,
        Unit.name,
        Organisation.name,
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


def open_compartments(actor: Actor) -> dict[UUID, UUID]:
    """Wall one for lists across cases: every compartment that is open to the person now, with its case."""
    now = clock.now()
    found = actor.session.execute(
        select(AccessWindow.compartment_id, AccessWindow.case_id)
        .where(AccessWindow.person_id == actor.person_id, AccessWindow.valid_from <= now)
        .where((AccessWindow.valid_until.is_(None)) | (AccessWindow.valid_until > now))
    )
    return {row.compartment_id: row.case_id for row in found}


def bounded(noun: type[Content | Inner]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """`CaseTicket.within` for a statement that is put together once and gets its case from `bounds` every time."""
    return noun.case_id == bindparam("case"), noun.compartment_id == any_(bindparam("open", type_=ARRAY(Uuid)))


def scope(ticket: CaseTicket) -> Any:
    """Wall one, second half: the compartments that every query of a ticket is held to."""
    return list(ticket.hatches)


def _level(hatches: Mapping[UUID, Hatch]) -> Level:
    if not hatches:
        return Level.NONE
    return Level.WRITE if any(hatch.can_write for hatch in hatches.values()) else Level.READ


def _asked_until(membership: Membership, case: Case) -> datetime | None:
    """When a custody holder's consent stops being asked for; None for everybody else."""
    rules = profile(case.profile)
    if membership.custody_from is None or not rules.custody_holders_are_asked:
        return None
    grown_up = clock.start_of(clock.birthday(case.birth_date, rules.majority_age), rules.zone)
    return min(grown_up, membership.custody_until or grown_up)
