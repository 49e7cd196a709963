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
from typing import Any, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, ColumnElement, Select, Uuid, any_, bindparam, select

from portal import audit, clock, locks
from portal.access import case_rows, facts_cache, queries
from portal.access.actor import Actor
from portal.access.case_rows import GUIDE, CaseRow, Workplace
from portal.access.compartments import OpenCompartment, admission, level_of, without_eid
from portal.access.denial import load_denial
from portal.access.policy import acquaintance, ages
from portal.access.policy.acquaintance import People
from portal.access.policy.actions import Action
from portal.access.policy.decide import BlockerNote, Contact, Reason, Refusal, decide, standing_of
from portal.access.policy.explain import ever
from portal.access.policy.facts import Facts
from portal.access.policy.roles import Capacity, Level, Standing
from portal.access.queries import OpenWindow
from portal.access.scoped_types import Loadable, Scoped
from portal.access.window_store import KeyRow, load_key_row, load_members, load_profile
from portal.db import Base, PortalSession
from portal.errors import EidNeeded, NotFound, Refused
from portal.events import Event
from portal.locks import Lock
from portal.models import (
    Case,
    Membership,
    Organisation,
    Unit,
)
from portal.storage.keys import CaseKeys
from portal.tools.profile import Profile, ProfileCompartment, profile
from portal.tools.vocabulary import sayer

Made = TypeVar("Made", bound=Base)


@dataclass
class CaseTicket:
    actor: Actor
    case_id: UUID
    membership: Membership
    standing: Standing
    level: Level
    compartments: Mapping[UUID, OpenCompartment]
    _case: Case | None
    _key_row: KeyRow | None
    _notices: tuple[BlockerNote, ...] = ()
    _guide: Contact | None = None
    _members: Sequence[Membership] | None = None
    _units: dict[UUID, Workplace] | None = None
    _windows: Sequence[OpenWindow] | None = None
    _facts_stamp: UUID | None = None
    _profile: Profile | None = None
    asks_for_eid: tuple[ProfileCompartment, ...] = ()
    """Compartments that are closed until this person shows their eID: they came by their own phone."""
    unread: int | None = None
    """Unread messages of the case, once they have been counted."""
    language: str = "da"
    """In which whoever this person may not know of is spoken of."""

    @property
    def session(self) -> PortalSession:
        return self.actor.session

    # What may be done

    @property
    def capacity(self) -> Capacity:
        """As what this person is in the case."""
        return Capacity(self.membership.capacity)

    def allows(self, action: Action) -> bool:
        return decide(self.standing, self.level, action).allowed

    def require(self, action: Action) -> None:
        """Raises Refused with the reason that the person will read."""
        decision = decide(self.standing, self.level, action)
        if decision.refusal is not None:
            raise Refused(Reason(decision.refusal, self._notices, self.guide))

    def require_write(self, compartment_id: UUID) -> OpenCompartment:
        """The open compartment, to write in. Raises NotFound for a compartment the person cannot see, Refused for one
        they may only read."""
        compartment = self.compartments.get(compartment_id)
        if compartment is None:
            raise NotFound
        if not compartment.can_write:
            raise Refused(Reason(Refusal.READ_ONLY, guide=self.guide))
        return compartment

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
        if not self.compartments:
            # Rows that only the keeper of facts may read cannot be read anew one by one.
            _ = self.members

    # What can be reached

    def select(self, model: type[Loadable]) -> Select[Loadable]:
        """Rows of `noun` in this case and in the compartments that are open to this person."""
        return select(model).where(*self.within(model))

    def within(self, model: type[Loadable | Scoped]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        """The two conditions that keep a query of any columns inside the case and the open compartments."""
        return model.case_id == self.case_id, model.compartment_id.in_(scope(self))

    @property
    def bounds(self) -> dict[str, Any]:
        """The values for a statement that was put together beforehand with `bounded`."""
        return {"case": self.case_id, "open": scope(self), "me": self.membership.id, "person": self.actor.person_id}

    def load(self, model: type[Loadable], item_id: UUID) -> Loadable:
        """One row. Raises NotFound when it does not exist, or not for this person."""
        found = self.session.scalars(self.select(model).where(model.id == item_id)).one_or_none()
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
        row = self._key_row or load_key_row(self.session, self.case_id)
        return self.actor.keyring.open_case(self.case_id, row.master_id, row.wrapped)

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
        mine = {compartment.key for compartment in self.compartments.values()}
        now = {window.membership_id for window in self.open_windows if window.key in mine} if mine else set()
        known = {self.membership.id, self.owner.id, self.young_person.id} | now
        return People(everybody, known, lambda: acquaintance.met(self.facts, mine, clock.now()), self._stand_in)

    def _stand_in(self, member: Membership) -> Membership:
        gettext = sayer(self.language, self.profile.key)
        return _unnamed(member, gettext("Somebody else in the case"))

    @cached_property
    def units(self) -> dict[UUID, Workplace]:
        """Where the case's professionals work: unit id -> names of unit and organisation."""
        if self._units is not None:
            return self._units
        wanted = {membership.unit_id for membership in self.everybody.values() if membership.unit_id}
        rows = self.session.execute(
            select(Unit.id, Unit.name, Organisation.name)
            .join(Organisation, Organisation.id == Unit.organisation_id)
            .where(Unit.id.in_(wanted))
        )
        return {unit_id: Workplace(unit, organisation) for unit_id, unit, organisation in rows}

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
        unit, phone = self.session.execute(GUIDE, {"person": self._case.owner_id}).one()
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

    # What is written and read

    def new(self, model: type[Made], compartment_id: UUID, **columns: Any) -> Made:
        """A row for that compartment: of this case, by this person, of now, with an id of its own. It is not added to
        the session, so that what is sealed can be put in first."""
        filled = {
            "id": uuid4(),
            "case_id": self.case_id,
            "compartment_id": compartment_id,
            "created_at": clock.now(),
            "created_by_id": self.membership.id,
        }
        known = model.__table__.columns
        return model(**{name: value for name, value in filled.items() if name in known} | columns)

    def seal(self, row: Base, column: str, text: str) -> None:
        """Puts `text` into the row's `column`, sealed with the key of the case. No text is no value where there may be
        none."""
        self.keys.seal(row, column, text)

    def unseal(self, row: Any, column: str, model: type[Base] | None = None) -> str:
        """The text in the row's `column`; '' where there is none. `model` is named for a row of a few columns that is
        no object of it. Raises CorruptData when the value was changed, or moved there from elsewhere."""
        return self.keys.unseal(row, column, model)

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

    Raises NotFound unless they were added to it, EidNeeded when all that is open to them asks for an eID they have not
    shown in this session. A member whose windows are shut gets a ticket that allows nothing but
    what their standing grants without any (a custody holder's say about consent), and that knows why.
    """
    rows = case_rows.read(actor.session, case_id)
    for own in rows:
        if own.member.person_id == actor.person_id:
            break
    else:
        raise NotFound
    membership, case = own.member, own.case
    if own.last_seq is not None and own.last_mac is not None:
        audit.ends_at(actor.session, case_id, own.last_seq, own.last_mac)
    if actor.known_as is None:
        actor.known_as = membership.display_name
    # Where the two walls disagree (clocks apart, a window just ending), the stricter one counts.
    windows = _open_windows(actor, case_id) if case else ()
    compartments = admission(actor, windows)
    asks_for_eid: tuple[ProfileCompartment, ...] = ()
    if not actor.has_shown_eid and case is not None:
        compartments, asks_for_eid = without_eid(compartments, profile(case.profile))
        if asks_for_eid and not compartments:
            raise EidNeeded
    if case is None or not compartments:
        return _denied_ticket(actor, own)
    return CaseTicket(
        actor=actor,
        case_id=case_id,
        membership=membership,
        standing=_standing(membership, _asked_until(membership, case)),
        level=level_of(compartments),
        compartments=compartments,
        _case=case,
        _key_row=own.key,
        _profile=profile(case.profile).of_case(own.compartments or ()),
        _members=[row.member for row in rows],
        _units=case_rows.workplaces(rows),
        _windows=windows,
        _facts_stamp=own.facts_stamp,
        asks_for_eid=asks_for_eid,
    )


def _denied_ticket(actor: Actor, own: CaseRow) -> CaseTicket:
    case_id = own.member.case_id
    denial = load_denial(actor.session, actor.person_id, case_id)
    return CaseTicket(
        actor=actor,
        case_id=case_id,
        membership=own.member,
        standing=_standing(own.member, denial.asked_until),
        level=Level.NONE,
        compartments={},
        _case=None,
        _key_row=None,
        _notices=denial.notes,
        _guide=denial.guide,
        _profile=load_profile(actor.session, case_id),
        _facts_stamp=own.facts_stamp,
    )


def _standing(membership: Membership, asked_until: datetime | None) -> Standing:
    is_asked = asked_until is not None and clock.now() < asked_until
    return standing_of(Capacity(membership.capacity), is_asked)


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


def _open_windows(actor: Actor, case_id: UUID) -> Sequence[OpenWindow]:
    """The windows of the case that are open now: everybody's, as far as this person may know of them."""
    return queries.OPEN.ask(actor.session, case=case_id, now=clock.now())


# What every page of a case asks is put together once, not on each request.


def bounded(model: type[Loadable | Scoped]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """`CaseTicket.within` for a statement that is put together once and gets its case from `bounds` every time."""
    return model.case_id == bindparam("case"), model.compartment_id == any_(bindparam("open", type_=ARRAY(Uuid)))


def scope(ticket: CaseTicket) -> Any:
    """Wall one, second half: the compartments that every query of a ticket is held to."""
    return list(ticket.compartments)


def _asked_until(membership: Membership, case: Case) -> datetime | None:
    """When a custody holder's consent stops being asked for; None for everybody else."""
    rules = profile(case.profile)
    majority = ages.turns(case.birth_date, rules.majority_age, rules.zone)
    asked = rules.custody_holders_are_asked
    return ages.consent_asked_until(membership.custody_from, membership.custody_until, majority, asked)
