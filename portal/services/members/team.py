"""The owner's say over who is in the case and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import Select, func, or_, select

from portal import clock
from portal.access.case_rows import Workplace
from portal.access.policy import whatif, who_may
from portal.access.policy.actions import Action
from portal.access.policy.facts import Member
from portal.access.policy.roles import Capacity, Level
from portal.access.policy.whatif import Prospect
from portal.access.ticket import CaseTicket
from portal.access.window_store import rewrite_windows
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.models import Membership, Organisation, Person, Staff, Unit
from portal.services.consents import effects, requests
from portal.services.consents.effects import Effects
from portal.services.members import codes, joining
from portal.services.members.citizens import NewCitizen
from portal.services.members.joining import Host, Joining
from portal.services.notices import announce, mail
from portal.services.notices.kinds import Kind
from portal.services.shared import audience, idempotency
from portal.services.shared.audience import MemberLine
from portal.text import in_order, is_blank


@dataclass(frozen=True)
class Colleague:
    """A professional somebody could add, from the staff directory."""

    person_id: UUID
    name: str
    job_title: str
    unit_id: UUID
    workplace: Workplace


def search_staff(ticket: CaseTicket, words: str, limit: int = 30, guides: bool = False) -> list[Colleague]:
    """Professionals whose name, title, unit or organisation holds every word: those not in the case yet, or everybody
    who may own cases."""
    ticket.require(Action.TEAM_CHANGE)
    inside = [m.person_id for m in ticket.members.values()]
    found = _open_accounts().where(Staff.may_open_cases if guides else Staff.person_id.not_in(inside))
    for word in words.split()[:6]:
        places = (Staff.name, Staff.job_title, Unit.name, Organisation.name)
        found = found.where(or_(*(func.lower(place).contains(word.lower(), autoescape=True) for place in places)))
    rows = ticket.session.execute(found.order_by(Staff.name).limit(limit))
    colleagues = [_colleague(staff, unit, organisation) for staff, unit, organisation in rows]
    return sorted(colleagues, key=lambda colleague: in_order(colleague.name))


def colleague(ticket: CaseTicket, person_id: UUID) -> Colleague:
    """One professional from the directory. Raises NotFound."""
    ticket.require(Action.TEAM_CHANGE)
    row = ticket.session.execute(_open_accounts().where(Staff.person_id == person_id)).one_or_none()
    if row is None:
        raise NotFound
    staff, unit, organisation = row
    return _colleague(staff, unit, organisation)


def preview(ticket: CaseTicket, capacity: Capacity, unit_id: UUID | None, level: Level) -> list[Prospect]:
    """What somebody would see if they were added so, and what would still be missing."""
    ticket.require(Action.TEAM_CHANGE)
    now = clock.now()
    newcomer = Member(uuid4(), uuid4(), capacity, unit_id, ((now, level),))
    return whatif.prospects(whatif.with_member(ticket.facts, newcomer), newcomer, now)


def add_professional(ticket: CaseTicket, submission: UUID, person_id: UUID, level: Level, purpose: str) -> UUID:
    """Raises InvalidInput when they are in the case already or no purpose is given, NotFound for an unknown person."""
    colleague(ticket, person_id)
    staff = joining.hold_account(ticket.session, person_id)
    ticket.lock_case()
    colleague(ticket, person_id)
    if is_blank(purpose):
        raise InvalidInput("purpose", "required")
    if earlier := idempotency.claim(ticket.session, submission, person_id):
        return earlier
    added = joining.add_staff(_host(ticket), staff, Joining(Capacity.PROFESSIONAL, level, purpose))
    rewrite_windows(ticket.session, ticket.case_id)
    mail.queue_notice(ticket.session, [person_id], kind=Kind.ACCESS, case_id=ticket.case_id)
    announce.tell_members(ticket, Kind.CONSENT, [giver.id for giver in requests.givers(ticket)])
    return added.id


def add_citizen(ticket: CaseTicket, submission: UUID, new: NewCitizen, terms: Joining) -> UUID:
    """A parent or network person. Raises InvalidInput for a name or number that cannot be used."""
    ticket.lock_case()
    ticket.require(Action.TEAM_CHANGE)
    if not who_may.may_be_added_as_citizen(terms.capacity):
        raise InvalidInput("capacity", "choice")
    if earlier := idempotency.claim(ticket.session, submission, uuid4()):
        return earlier
    added = joining.add_citizen(_host(ticket), new, terms)
    rewrite_windows(ticket.session, ticket.case_id)
    return added.id


def member(ticket: CaseTicket, membership_id: UUID) -> MemberLine:
    """One member, as the owner looks after them. Raises NotFound."""
    ticket.require(Action.TEAM_CHANGE)
    line = next((line for line in audience.audience_picture(ticket) if line.membership.id == membership_id), None)
    if line is None:
        raise NotFound
    return line


def change_level(ticket: CaseTicket, membership_id: UUID, level: Level) -> None:
    """Lets a member read, write, or shuts them out. Raises InvalidInput for the owner's own access."""
    ticket.lock_case()
    ticket.require(Action.TEAM_CHANGE)
    membership = ticket.members.get(membership_id)
    if membership is None:
        raise NotFound
    if not who_may.may_have_level_changed(Capacity(membership.capacity)):
        raise InvalidInput("level", "own_access")
    if ticket.facts.member(membership_id).level_at(clock.now()) is level:
        return
    joining.set_level(_host(ticket), membership_id, level)
    rewrite_windows(ticket.session, ticket.case_id)


def level_effects(ticket: CaseTicket, membership_id: UUID) -> dict[Level, Effects]:
    """What setting each level would do, as names and things."""
    ticket.require(Action.TEAM_CHANGE)
    now = clock.now()
    return {
        level: effects.effects_of(ticket, whatif.with_level(ticket.facts, membership_id, level, now)) for level in Level
    }


def adding_effects(ticket: CaseTicket, capacity: Capacity, custody: bool) -> Effects:
    """What adding a citizen would do: to them, and to the others."""
    ticket.require(Action.TEAM_CHANGE)
    now = clock.now()
    newcomer = Member(uuid4(), uuid4(), capacity, None, ((now, Level.READ),), custody_from=now if custody else None)
    return effects.effects_of(ticket, whatif.with_member(ticket.facts, newcomer), newcomer)


def custody_effects(ticket: CaseTicket, membership_id: UUID) -> Effects:
    """What noting the opposite of what is noted now about a parent's custody would do. Raises NotFound for others."""
    membership = _parent(ticket, membership_id)
    now = clock.now()
    holds = ticket.facts.member(membership.id).holds_custody_at(now)
    return effects.effects_of(ticket, whatif.with_custody(ticket.facts, membership.id, not holds, now))


def set_custody(ticket: CaseTicket, membership_id: UUID, holds: bool) -> None:
    """Notes from now on whether a parent holds custody; what was before is in the log. Raises NotFound for others."""
    ticket.lock_case()
    membership = _parent(ticket, membership_id)
    now = clock.now()
    if ticket.facts.member(membership.id).holds_custody_at(now) is holds:
        return
    if holds:
        membership.custody_from, membership.custody_until = now, None
    else:
        membership.custody_until = now
    ticket.session.flush()
    ticket.record(Event.CUSTODY_SET, item_id=membership.id, holds=holds)
    rewrite_windows(ticket.session, ticket.case_id)


def _parent(ticket: CaseTicket, membership_id: UUID) -> Membership:
    ticket.require(Action.TEAM_CHANGE)
    membership = ticket.members.get(membership_id)
    if membership is None or not who_may.may_hold_custody(Capacity(membership.capacity)):
        raise NotFound
    return membership


def make_code(ticket: CaseTicket, membership_id: UUID) -> str:
    """An invitation code for a citizen of the case, to be shown once and handed over. Raises NotFound for staff,
    InvalidInput for somebody who needs none (see services/codes)."""
    ticket.lock_case()
    ticket.require(Action.TEAM_CHANGE)
    membership = ticket.members.get(membership_id)
    if membership is None or not who_may.is_citizen(membership.unit_id):
        raise NotFound
    return codes.make_code(ticket, membership)


def show_national_id(ticket: CaseTicket, membership_id: UUID) -> str | None:
    """The CPR number of a citizen of the case, digits only; None where none was given. An act of its own in the log."""
    ticket.require(Action.NATIONAL_ID_SHOW)
    membership = ticket.members.get(membership_id)
    if membership is None:
        raise NotFound
    ticket.record(Event.NATIONAL_ID_SHOWN, item_id=membership_id)
    return ticket.unseal(membership, "national_id") or None


def _host(ticket: CaseTicket) -> Host:
    return Host(ticket.actor, ticket.case_id, ticket.keys, ticket.membership.id)


def _open_accounts() -> Select[Staff, str, str]:
    return (
        select(Staff, Unit.name, Organisation.name)
        .join(Person, Person.id == Staff.person_id)
        .join(Unit, Unit.id == Staff.unit_id)
        .join(Organisation, Organisation.id == Unit.organisation_id)
        .where(Person.closed_at.is_(None))
    )


def _colleague(staff: Staff, unit: str, organisation: str) -> Colleague:
    return Colleague(staff.person_id, staff.name, staff.job_title, staff.unit_id, Workplace(unit, organisation))
