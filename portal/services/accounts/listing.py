"""The accounts an administrator looks after: found by name, place, role or state, fifty at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select

from portal.access.actor import Actor
from portal.access.policy.actions import OfficeAction
from portal.access.policy.roles import SystemRole
from portal.errors import NotFound
from portal.models import Organisation, Person, Staff, UndeliveredMail, Unit
from portal.names import folded
from portal.services.accounts import invitations
from portal.services.accounts.directory import AccountState, has_been_used
from portal.services.accounts.invitations import InvitationStatus
from portal.text import in_order

PAGE = 50
"""Accounts on one page."""


@dataclass(frozen=True)
class AccountLine:
    person_id: UUID
    name: str
    email: str
    job_title: str
    phone: str
    unit_id: UUID
    unit: str
    organisation_id: UUID
    organisation: str
    is_admin: bool
    may_open_cases: bool
    is_leader: bool
    is_auditor: bool
    state: AccountState
    came_in: bool
    """Whether its owner has ever come in."""
    mail: InvitationStatus | None = None
    """What became of mails to it; known of those on a page."""


@dataclass(frozen=True)
class AccountFilter:
    """What to look for; '' and None look for everything."""

    words: str = ""
    unit_id: UUID | None = None
    role: SystemRole | None = None
    state: AccountState | None = None
    number: int = 1


@dataclass(frozen=True)
class AccountPage:
    lines: tuple[AccountLine, ...]
    found: int
    """On all pages together."""
    every: int
    """Accounts there are, looked for or not."""
    number: int
    pages: int
    undelivered: tuple[AccountLine, ...]
    """Accounts, of whatever was looked for, that a mail did not reach."""


def account_page(actor: Actor, wanted: AccountFilter) -> AccountPage:
    """In Danish order; every word must occur in name, address, title, unit or organisation. A page there is not is the
    nearest there is. The number of queries does not depend on how many accounts there are."""
    actor.require(OfficeAction.ACCOUNTS_MANAGE)
    every = _lines(actor, _every())
    words = folded(wanted.words[:200]).split()[:6]
    fitting = [line for line in every if _fits(line, wanted) and all(word in _looked_at(line) for word in words)]
    pages = max(1, -(-len(fitting) // PAGE))
    number = min(max(wanted.number, 1), pages)
    shown = fitting[(number - 1) * PAGE : number * PAGE]
    lost = set(actor.session.scalars(select(UndeliveredMail.person_id).distinct()))
    unreached = [line for line in every if line.person_id in lost]
    mails = invitations.invitation_status(actor.session, [line.person_id for line in (*shown, *unreached)])
    return AccountPage(
        lines=tuple(_with(line, mails) for line in shown),
        found=len(fitting),
        every=len(every),
        number=number,
        pages=pages,
        undelivered=tuple(_with(line, mails) for line in unreached),
    )


def account(actor: Actor, person_id: UUID) -> AccountLine:
    """One of them. Raises NotFound for anybody who is no professional."""
    actor.require(OfficeAction.ACCOUNTS_MANAGE)
    found = _lines(actor, _every().where(Staff.person_id == person_id))
    if not found:
        raise NotFound
    return _with(found[0], invitations.invitation_status(actor.session, [person_id]))


def _every() -> Select[Staff, Unit, Organisation, datetime | None, bool]:
    came_in: ColumnElement[bool] = and_(has_been_used())
    return (
        select(Staff, Unit, Organisation, Person.closed_at, came_in.label("came_in"))
        .join(Person, Person.id == Staff.person_id)
        .join(Unit, Unit.id == Staff.unit_id)
        .join(Organisation, Organisation.id == Unit.organisation_id)
    )


def _lines(actor: Actor, asked: Select[Staff, Unit, Organisation, datetime | None, bool]) -> list[AccountLine]:
    found = [
        AccountLine(
            person_id=staff.person_id,
            name=staff.name,
            email=staff.email,
            job_title=staff.job_title,
            phone=staff.phone,
            unit_id=unit.id,
            unit=unit.name,
            organisation_id=organisation.id,
            organisation=organisation.name,
            is_admin=staff.is_admin,
            may_open_cases=staff.may_open_cases,
            is_leader=staff.is_leader,
            is_auditor=staff.is_auditor,
            state=_state(closed_at, came_in),
            came_in=came_in,
        )
        for staff, unit, organisation, closed_at, came_in in actor.session.execute(asked)
    ]
    return sorted(found, key=lambda line: (in_order(line.name), str(line.person_id)))


def _state(closed_at: datetime | None, came_in: bool) -> AccountState:
    if closed_at is not None:
        return AccountState.CLOSED
    return AccountState.IN_USE if came_in else AccountState.INVITED


def _with(line: AccountLine, mails: dict[UUID, InvitationStatus]) -> AccountLine:
    return AccountLine(**{**vars(line), "mail": mails[line.person_id]})


_HOLDS = {
    SystemRole.ADMINISTRATOR: "is_admin",
    SystemRole.CASE_OPENER: "may_open_cases",
    SystemRole.LEADER: "is_leader",
    SystemRole.AUDITOR: "is_auditor",
}


def _fits(line: AccountLine, wanted: AccountFilter) -> bool:
    if wanted.unit_id is not None and line.unit_id != wanted.unit_id:
        return False
    if wanted.state is not None and line.state is not wanted.state:
        return False
    if wanted.role is SystemRole.PROFESSIONAL:  # no role besides
        return not any(getattr(line, holds) for holds in _HOLDS.values())
    return wanted.role is None or bool(getattr(line, _HOLDS[wanted.role]))


def _looked_at(line: AccountLine) -> str:
    return folded(f"{line.name} {line.email} {line.job_title} {line.unit} {line.organisation}")


def count_by_unit(actor: Actor) -> dict[UUID, int]:
    """How many open accounts each unit has."""
    actor.require(OfficeAction.ACCOUNTS_MANAGE)
    counted = (
        select(Staff.unit_id, func.count())
        .join(Person, Person.id == Staff.person_id)
        .where(Person.closed_at.is_(None))
        .group_by(Staff.unit_id)
    )
    return {row[0]: row[1] for row in actor.session.execute(counted)}
