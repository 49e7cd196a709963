"""Organisations, their units, and the accounts of professionals. Nothing here touches a case."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.exc import IntegrityError

from portal import addresses, audit, clock, locks, text
from portal.access.actor import Actor
from portal.access.policy.actions import OfficeAction
from portal.access.policy.roles import SystemRole
from portal.access.signin import pending_login, sessions
from portal.db import PortalSession
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.locks import Lock
from portal.models import Organisation, Person, Staff, StaffLink, Unit
from portal.models.accounts import PersonKind
from portal.services.accounts import invitations, my_account, sign_in_overview
from portal.services.notices.mail import Notice
from portal.services.shared import idempotency
from portal.text import in_order


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


class AccountStep(Enum):
    """What can happen to an account. The words name the step in the diagram; nothing is decided by them."""

    CHOOSE_PASSWORD = "chooses a password"  # noqa: S105
    CLOSE = "is closed"
    REOPEN = "is reopened"


ACCOUNT_CHANGES: dict[AccountState, dict[AccountStep, AccountState]] = {
    AccountState.INVITED: {AccountStep.CHOOSE_PASSWORD: AccountState.IN_USE, AccountStep.CLOSE: AccountState.CLOSED},
    AccountState.IN_USE: {AccountStep.CLOSE: AccountState.CLOSED, AccountStep.CHOOSE_PASSWORD: AccountState.IN_USE},
    AccountState.CLOSED: {AccountStep.REOPEN: AccountState.IN_USE},
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
class UnitLine:
    id: UUID
    name: str
    kind: UnitKind


@dataclass(frozen=True)
class OrganisationLine:
    id: UUID
    name: str
    kind: OrganisationKind
    units: tuple[UnitLine, ...]
    password_sign_in: bool


def directory(actor: Actor) -> list[OrganisationLine]:
    """Every organisation and its units, in Danish order."""
    actor.require(OfficeAction.ACCOUNTS_MANAGE)
    session = actor.session
    units: dict[UUID, list[UnitLine]] = {}
    for unit in sorted(session.scalars(select(Unit)), key=lambda one: in_order(one.name)):
        units.setdefault(unit.organisation_id, []).append(UnitLine(unit.id, unit.name, UnitKind(unit.kind)))
    return [
        OrganisationLine(o.id, o.name, OrganisationKind(o.kind), tuple(units.get(o.id, ())), o.password_sign_in)
        for o in sorted(session.scalars(select(Organisation)), key=lambda one: in_order(one.name))
    ]


def add_organisation(actor: Actor, submission: UUID, name: str, kind: OrganisationKind) -> UUID:
    """Raises InvalidInput when the name is taken."""
    actor.require(OfficeAction.ACCOUNTS_MANAGE)
    made = uuid4()
    if earlier := idempotency.claim(actor.session, submission, made):
        return earlier
    row = Organisation(id=made, name=required(name, "name"), kind=kind.value, created_at=clock.now())
    _add(actor.session, row, "uq_organisation_name", "name", "name_taken")
    audit.record(actor.session, Event.ORGANISATION_ADDED, item_id=made)
    return made


def add_unit(actor: Actor, submission: UUID, organisation_id: UUID, name: str, kind: UnitKind) -> UUID:
    """Raises NotFound for an unknown organisation, InvalidInput when it has a unit of that name."""
    actor.require(OfficeAction.ACCOUNTS_MANAGE)
    if actor.session.get(Organisation, organisation_id) is None:
        raise NotFound
    made = uuid4()
    if earlier := idempotency.claim(actor.session, submission, made):
        return earlier
    row = Unit(
        id=made,
        organisation_id=organisation_id,
        name=required(name, "name"),
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
    if earlier := idempotency.claim(actor.session, submission, made):
        return earlier
    create_staff(actor.session, made, new)
    invitations.send_invitation(actor.session, made, actor.person_id)
    return made


def create_staff(session: PortalSession, person_id: UUID, new: NewStaff) -> None:
    """The account alone, without an invitation: for the first administrator, made on the command line."""
    email = checked_address(new.email)
    session.add(Person(id=person_id, kind=PersonKind.STAFF.value, created_at=clock.now()))
    row = Staff(
        person_id=person_id,
        unit_id=new.unit_id,
        name=required(new.name, "name"),
        email=email,
        job_title=required(new.job_title, "job_title"),
        is_admin=new.is_admin,
        may_open_cases=new.may_open_cases,
        is_leader=new.is_leader,
        is_auditor=new.is_auditor,
    )
    _add(session, row, "uq_staff_email", "email", "email_taken")
    audit.record(session, Event.STAFF_ADDED, item_id=person_id)


def checked_address(typed: str) -> str:
    """An address that mail can reach, in its one form. Raises InvalidInput('email')."""
    try:
        return addresses.checked(typed)
    except addresses.NotMailable as problem:
        raise InvalidInput("email", problem.code) from problem


def set_roles(session: PortalSession, staff: Staff, roles: frozenset[SystemRole]) -> bool:
    """Gives an account these roles and no other; whether that changed anything."""
    columns = {
        "is_admin": SystemRole.ADMINISTRATOR,
        "may_open_cases": SystemRole.CASE_OPENER,
        "is_leader": SystemRole.LEADER,
        "is_auditor": SystemRole.AUDITOR,
    }
    changed = [column for column, role in columns.items() if getattr(staff, column) != (role in roles)]
    if not changed:
        return False
    for column in changed:
        setattr(staff, column, columns[column] in roles)
    audit.record(session, Event.ROLES_SET, item_id=staff.person_id, roles=sorted(roles))
    return True


def found(session: PortalSession, organisation: str, unit: str, name: str, email: str) -> bool:
    """The first organisation, unit and administrator of an empty portal, and their invitation: False.

    Asked for once more before anybody has come in, the administrator is invited again, under the name and address given
    now; later, an administrator who has not come in yet is: True. Raises InvalidInput when somebody else came in.
    """
    address = checked_address(email)
    if not is_empty(session):
        invitations.send_invitation(session, _never_came_in(session, name, address), None)
        return True
    now = clock.now()
    place = Organisation(
        id=uuid4(), name=required(organisation, "organisation"), kind=OrganisationKind.MUNICIPALITY, created_at=now
    )
    session.add(place)
    session.flush()
    home = Unit(id=uuid4(), organisation_id=place.id, name=required(unit, "unit"), kind=UnitKind.OTHER, created_at=now)
    session.add(home)
    session.flush()
    made = uuid4()
    create_staff(session, made, NewStaff(home.id, name, address, "Administrator", is_admin=True))
    invitations.send_invitation(session, made, None)
    return False


def _never_came_in(session: PortalSession, name: str, address: str) -> UUID:
    """The administrator to invite once more: the one of that address, or, where nobody at all has come in, the first.
    The address may have been mistyped, and then nobody else could ever put it right."""
    came_in = has_been_used()
    waiting = select(Staff).join(Person, Person.id == Staff.person_id).where(Staff.is_admin, ~came_in)
    waiting = waiting.order_by(func.lower(Staff.email) != address, Person.created_at).limit(1)
    staff = session.scalars(waiting.where(Person.closed_at.is_(None))).one_or_none()
    same = staff is not None and staff.email.lower() == address
    if staff is None or not (same or session.scalars(select(~exists().where(came_in))).one()):
        raise InvalidInput("email", "not_empty")
    if not same:
        staff.name, staff.email = required(name, "name"), address
        audit.record(session, Event.STAFF_CHANGED, item_id=staff.person_id, what=["name", "email"])
    return staff.person_id


def has_been_used() -> ColumnElement[bool]:
    """Whether the owner of an account has ever come in: chosen a password, or been led here by their organisation."""
    linked = exists().where(StaffLink.person_id == Staff.person_id)
    return Staff.password_hash.is_not(None) | Staff.first_signed_in_at.is_not(None) | linked


def close_account(actor: Actor, person_id: UUID, leaving_cases: bool = False) -> None:
    """Ends the account and every session of it, now.

    Raises InvalidInput for one's own, and for a guide's whose cases nobody has taken over, unless `leaving_cases` says
    that this cannot wait.
    """
    actor.require(OfficeAction.ACCOUNTS_MANAGE)
    if person_id == actor.person_id:
        raise InvalidInput("", "own_account")
    locks.hold(actor.session, Lock.ACCOUNT, person_id)
    if not leaving_cases and sign_in_overview.led_cases(actor, person_id):
        raise InvalidInput("leaving_cases", "leads_cases")
    person = invitations.staff_person(actor.session, person_id)
    if _can(actor.session, person, AccountStep.CLOSE):
        person.closed_at = clock.now()
        sessions.end_all_sessions(actor.session, person_id)
        pending_login.end_all_pending(actor.session, person_id)
        audit.record(actor.session, Event.ACCOUNT_CLOSED, item_id=person_id)
        my_account.tell_account(actor.session, person_id, Notice.CLOSED)


def reopen_account(actor: Actor, person_id: UUID) -> None:
    actor.require(OfficeAction.ACCOUNTS_MANAGE)
    locks.hold(actor.session, Lock.ACCOUNT, person_id)
    person = invitations.staff_person(actor.session, person_id)
    if _can(actor.session, person, AccountStep.REOPEN):
        person.closed_at = None
        audit.record(actor.session, Event.ACCOUNT_REOPENED, item_id=person_id)
        my_account.tell_account(actor.session, person_id, Notice.REOPENED)


def state_of(session: PortalSession, person: Person) -> AccountState:
    """What state a professional's account is in."""
    if person.closed_at is not None:
        return AccountState.CLOSED
    came_in = session.scalars(select(has_been_used()).where(Staff.person_id == person.id)).one()
    return AccountState.IN_USE if came_in else AccountState.INVITED


def _can(session: PortalSession, person: Person, step: AccountStep) -> bool:
    """Whether that change is open to the account as it is now; asking for it twice does it once."""
    return step in ACCOUNT_CHANGES[state_of(session, person)]


def required(value: str, field: str) -> str:
    """The value on one line. Raises InvalidInput at its field when there is none."""
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
