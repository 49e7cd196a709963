"""Organisations, their units, and the accounts of professionals. Nothing here touches a case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from portal import audit, clock, locks, text
from portal.access.actions import OfficeAction
from portal.access.signin import halfway, sessions
from portal.access.ticket import Actor
from portal.db import PortalSession
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.locks import Lock
from portal.models import Organisation, Person, Staff, Unit
from portal.models.people import PersonKind
from portal.services import account_facts, invitations, once


class OrganisationKind(StrEnum):
    MUNICIPALITY = "municipality"
    REGION = "region"
    SCHOOL = "school"
    SUPPLIER = "supplier"


class UnitKind(StrEnum):
    CHILDREN_AND_YOUTH = "children_and_youth"
    JOB_CENTRE = "job_centre"
    YOUTH_GUIDANCE = "youth_guidance"
    SOCIAL_PSYCHIATRY = "social_psychiatry"
    ADULTS = "adults"
    CHILD_PSYCHIATRY = "child_psychiatry"
    ADULT_PSYCHIATRY = "adult_psychiatry"
    SUBSTANCES = "substances"
    SCHOOL = "school"
    RESIDENTIAL = "residential"
    OTHER = "other"


class AccountState(StrEnum):
    INVITED = "invited"
    IN_USE = "in use"
    CLOSED = "closed"


ACCOUNT_CHANGES: dict[AccountState, dict[str, AccountState]] = {
    AccountState.INVITED: {"chooses a password": AccountState.IN_USE, "is closed": AccountState.CLOSED},
    AccountState.IN_USE: {"is closed": AccountState.CLOSED, "chooses a password": AccountState.IN_USE},
    AccountState.CLOSED: {"is reopened": AccountState.IN_USE},
}
"""What can become of a professional's account. A closed one that never had a password is invited again first."""


@dataclass(frozen=True)
class NewStaff:
    unit_id: UUID
    name: str
    email: str
    job_title: str
    is_admin: bool = False
    may_open_cases: bool = False
    is_leader: bool = False
    is_auditor: bool = False


@dataclass(frozen=True)
class StaffLine:
    person_id: UUID
    name: str
    email: str
    job_title: str
    is_admin: bool
    may_open_cases: bool
    is_leader: bool
    is_auditor: bool
    state: AccountState


@dataclass(frozen=True)
class UnitLine:
    id: UUID
    name: str
    kind: UnitKind
    staff: tuple[StaffLine, ...]


@dataclass(frozen=True)
class OrganisationLine:
    id: UUID
    name: str
    kind: OrganisationKind
    units: tuple[UnitLine, ...]
    password_sign_in: bool


def directory(actor: Actor) -> list[OrganisationLine]:
    """Everything an administrator looks after, sorted by name."""
    actor.require(OfficeAction.ACCOUNTS_MANAGE)
    session = actor.session
    staff: dict[UUID, list[StaffLine]] = {}
    for member, closed_at in session.execute(
        select(Staff, Person.closed_at).join(Person, Person.id == Staff.person_id).order_by(Staff.name)
    ):
        line = StaffLine(
            member.person_id,
            member.name,
            member.email,
            member.job_title,
            member.is_admin,
            member.may_open_cases,
            member.is_leader,
            member.is_auditor,
            _state(member, closed_at),
        )
        staff.setdefault(member.unit_id, []).append(line)
    units: dict[UUID, list[UnitLine]] = {}
    for unit in session.scalars(select(Unit).order_by(Unit.name)):
        line_of_unit = UnitLine(unit.id, unit.name, UnitKind(unit.kind), tuple(staff.get(unit.id, ())))
        units.setdefault(unit.organisation_id, []).append(line_of_unit)
    return [
        OrganisationLine(o.id, o.name, OrganisationKind(o.kind), tuple(units.get(o.id, ())), o.password_sign_in)
        for o in session.scalars(select(Organisation).order_by(Organisation.name))
    ]


def add_organisation(actor: Actor, submission: UUID, name: str, kind: OrganisationKind) -> UUID:
    """Raises InvalidInput when the name is taken."""
    actor.require(OfficeAction.ACCOUNTS_MANAGE)
    made = uuid4()
    if earlier := once.claim(actor.session, submission, made):
        return earlier
    row = Organisation(id=made, name=_required(name, "name"), kind=kind.value, created_at=clock.now())
    _add(actor.session, row, "uq_organisation_name", "name", "name_taken")
    audit.record(actor.session, Event.ORGANISATION_ADDED, item_id=made)
    return made


def add_unit(actor: Actor, submission: UUID, organisation_id: UUID, name: str, kind: UnitKind) -> UUID:
    """Raises NotFound for an unknown organisation, InvalidInput when it has a unit of that name."""
    actor.require(OfficeAction.ACCOUNTS_MANAGE)
    if actor.session.get(Organisation, organisation_id) is None:
        raise NotFound
    made = uuid4()
    if earlier := once.claim(actor.session, submission, made):
        return earlier
    row = Unit(
        id=made,
        organisation_id=organisation_id,
        name=_required(name, "name"),
        kind=kind.value,
        created_at=clock.now(),
    )
    _add(actor.session, row, "uq_unit_organisation_id_name", "name", "name_taken")
    audit.record(actor.session, Event.UNIT_ADDED, item_id=made)
    return made


def add_staff(actor: Actor, submission: UUID, new: NewStaff) -> UUID:
    """Makes an account and invites its owner by mail. Raises InvalidInput for an address that is wrong or taken."""
    actor.require(OfficeAction.ACCOUNTS_MANAGE)
    if actor.session.get(Unit, new.unit_id) is None:
        raise NotFound
    made = uuid4()
    if earlier := once.claim(actor.session, submission, made):
        return earlier
    create_staff(actor.session, made, new)
    invitations.invite(actor.session, made, actor.person_id)
    return made


def create_staff(session: PortalSession, person_id: UUID, new: NewStaff) -> None:
    """The account alone, without an invitation: for the first administrator, made on the command line."""
    email = text.line(new.email).lower()
    if not text.is_address(email):
        raise InvalidInput("email", "email_wrong")
    session.add(Person(id=person_id, kind=PersonKind.STAFF.value, created_at=clock.now()))
    row = Staff(
        person_id=person_id,
        unit_id=new.unit_id,
        name=_required(new.name, "name"),
        email=email,
        job_title=_required(new.job_title, "job_title"),
        is_admin=new.is_admin,
        may_open_cases=new.may_open_cases,
        is_leader=new.is_leader,
        is_auditor=new.is_auditor,
    )
    _add(session, row, "uq_staff_email", "email", "email_taken")
    audit.record(session, Event.STAFF_ADDED, item_id=person_id)


def found(session: PortalSession, organisation: str, unit: str, name: str, email: str) -> UUID:
    """The first organisation, unit and administrator of an empty portal, and their invitation.

    Raises InvalidInput when somebody already has an account.
    """
    if not is_empty(session):
        raise InvalidInput("email", "not_empty")
    now = clock.now()
    place = Organisation(
        id=uuid4(), name=_required(organisation, "organisation"), kind=OrganisationKind.MUNICIPALITY, created_at=now
    )
    session.add(place)
    session.flush()
    home = Unit(id=uuid4(), organisation_id=place.id, name=_required(unit, "unit"), kind=UnitKind.OTHER, created_at=now)
    session.add(home)
    session.flush()
    made = uuid4()
    create_staff(session, made, NewStaff(home.id, name, email, "Administrator", is_admin=True))
    invitations.invite(session, made, None)
    return made


def close_account(actor: Actor, person_id: UUID, leaving_cases: bool = False) -> None:
    """Ends the account and every session of it, now.

    Raises InvalidInput for one's own, and for a guide's whose cases nobody has taken over, unless `leaving_cases` says
    that this cannot wait.
    """
    actor.require(OfficeAction.ACCOUNTS_MANAGE)
    if person_id == actor.person_id:
        raise InvalidInput("", "own_account")
    locks.hold(actor.session, Lock.ACCOUNT, person_id)
    if not leaving_cases and account_facts.led_cases(actor, person_id):
        raise InvalidInput("leaving_cases", "leads_cases")
    person = invitations.staff_person(actor.session, person_id)
    if _can(actor.session, person, "is closed"):
        person.closed_at = clock.now()
        sessions.end_all(actor.session, person_id)
        halfway.end_all(actor.session, person_id)
        audit.record(actor.session, Event.ACCOUNT_CLOSED, item_id=person_id)


def reopen_account(actor: Actor, person_id: UUID) -> None:
    actor.require(OfficeAction.ACCOUNTS_MANAGE)
    locks.hold(actor.session, Lock.ACCOUNT, person_id)
    person = invitations.staff_person(actor.session, person_id)
    if _can(actor.session, person, "is reopened"):
        person.closed_at = None
        audit.record(actor.session, Event.ACCOUNT_REOPENED, item_id=person_id)


def _state(staff: Staff, closed_at: datetime | None) -> AccountState:
    if closed_at is not None:
        return AccountState.CLOSED
    return AccountState.IN_USE if staff.password_hash else AccountState.INVITED


def _can(session: PortalSession, person: Person, change: str) -> bool:
    """Whether that change is open to the account as it is now; asking for it twice does it once."""
    return change in ACCOUNT_CHANGES[_state(session.get_one(Staff, person.id), person.closed_at)]


def _required(value: str, field: str) -> str:
    if not (line := text.line(value)):
        raise InvalidInput(field, "required")
    return line


def _add(session: PortalSession, row: object, constraint: str, field: str, code: str) -> None:
    """Adds a row; a violated constraint of that name becomes the error at that field."""
    try:
        with audit.savepoint(session):
            session.add(row)
    except IntegrityError as problem:
        if constraint in str(problem.orig):
            raise InvalidInput(field, code) from problem
        raise


def is_empty(session: PortalSession) -> bool:
    """Whether nobody has an account yet."""
    return session.scalars(select(func.count()).select_from(Staff)).one() == 0
