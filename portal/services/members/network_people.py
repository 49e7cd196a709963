"""People of the network as people of the case: who of them is part of it, what they may see, and inviting them from
where they were written down. Base data is typed once: a name stands in the tool and is carried over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on

from portal import clock
from portal.access.compartments import OpenCompartment
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.models import Membership, Plan, PlanPerson
from portal.services.members import team
from portal.services.members.citizens import NewCitizen
from portal.services.members.joining import Joining
from portal.services.plans import definitions, plans
from portal.services.plans.versions import VersionPage
from portal.services.shared import audience, idempotency
from portal.services.shared.audience import MemberLine
from portal.text import in_order
from portal.tools.answer_format import row_title
from portal.tools.definition import Section


@dataclass(frozen=True)
class NetworkPart:
    """Somebody of the network, and their part in the case."""

    row: str
    name: str
    line: MemberLine | None
    """Who of the case they are and what they may see; None for somebody who is not part of it, as far as the asker
    may know."""


@dataclass(frozen=True)
class NetworkInvitation:
    """Before somebody is invited: who they are in the tool, and who of the case they could be already."""

    part: NetworkPart
    candidates: tuple[Membership, ...]


def parts(ticket: CaseTicket, this: VersionPage) -> dict[str, NetworkPart]:
    """Row -> its part in the case today, for every row of people who can be part of it."""
    sections = [section for section in this.definition.section if section.joins]
    if not sections:
        return {}
    lines = {line.membership.id: line for line in audience.member_standing(ticket)}
    found: dict[str, NetworkPart] = {}
    for section in sections:
        source = _source(ticket, this, section)
        known = _known(ticket, source) if source else {}
        for row in this.rows(section.key):
            member = known.get(row)
            found[row] = NetworkPart(row, row_title(section, row, this.answers), lines.get(member) if member else None)
    return found


def invitation(ticket: CaseTicket, tool: str, row: str) -> NetworkInvitation:
    """Raises NotFound for a row that is not one of people, or not for this person."""
    ticket.require(Action.TEAM_CHANGE)
    this, _section, compartment = _row(ticket, tool, row)
    every = parts(ticket, this)
    ticket.record(Event.PLAN_OPENED, compartment.id, this.plan_id)
    taken = {part.line.membership.id for part in every.values() if part.line}
    free = [m for m in ticket.members.values() if m.id not in taken | {ticket.young_person.id}]
    return NetworkInvitation(every[row], tuple(sorted(free, key=lambda member: in_order(member.display_name))))


def invite_to_network(
    ticket: CaseTicket, submission: UUID, tool: str, row: str, new: NewCitizen, terms: Joining
) -> UUID:
    """Adds somebody of the network to the case and notes that it is them. Raises InvalidInput as `team.add_citizen`,
    and when they are part of it already."""
    ticket.lock_case()
    ticket.require(Action.TEAM_CHANGE)
    this, section, _compartment = _row(ticket, tool, row)
    if earlier := idempotency.made_before(ticket.session, submission):
        return earlier
    if parts(ticket, this)[row].line is not None:
        raise InvalidInput("", "already_member")
    added = team.add_citizen(ticket, submission, new, terms)
    _note(ticket, _owned(ticket, this, section), row, added)
    return added


def recognise_person(ticket: CaseTicket, submission: UUID, tool: str, row: str, member_id: UUID | None) -> None:
    """Notes which member of the case somebody of the network is; None when they are nobody of it after all. Raises
    InvalidInput for a member who is the young person, is somebody else of the network, or is not there."""
    ticket.lock_case()
    ticket.require(Action.TEAM_CHANGE)
    this, section, _compartment = _row(ticket, tool, row)
    if idempotency.claim(ticket.session, submission, uuid4()):
        return
    plan = _owned(ticket, this, section)
    known = _known(ticket, plan)
    others = {member for other, member in known.items() if other != row}
    if member_id is not None and (member_id not in ticket.members or member_id in others | {ticket.young_person.id}):
        raise InvalidInput("member", "choice")
    if known.get(row) != member_id:
        _note(ticket, plan, row, member_id)


def _row(ticket: CaseTicket, tool: str, row: str) -> tuple[VersionPage, Section, OpenCompartment]:
    compartment = definitions.compartment_of(ticket, tool)
    page = plans.load(ticket, tool, compartment)
    if page is None:
        raise NotFound
    for section in page.newest.definition.section:
        if section.joins and row in page.newest.rows(section.key):
            return page.newest, section, compartment
    raise NotFound


def _source(ticket: CaseTicket, this: VersionPage, section: Section) -> Plan | None:
    """The plan whose own rows they are; None where nobody has begun it, or not for this person."""
    tool = section.rows_of.partition(".")[0]
    wanted = ticket.select(Plan).where(Plan.tool == tool if tool else Plan.id == this.plan_id)
    return ticket.session.scalars(wanted).one_or_none()


def _owned(ticket: CaseTicket, this: VersionPage, section: Section) -> Plan:
    found = _source(ticket, this, section)
    if found is None:
        raise NotFound
    return found


def _known(ticket: CaseTicket, plan: Plan) -> Mapping[str, UUID]:
    """Row -> the member they are."""
    newest = (
        ticket.select(PlanPerson)
        .where(PlanPerson.plan_id == plan.id)
        .ext(distinct_on(PlanPerson.row_key))
        .order_by(PlanPerson.row_key, PlanPerson.number.desc())
    )
    return {row.row_key: row.membership_id for row in ticket.session.scalars(newest) if row.membership_id}


def _note(ticket: CaseTicket, plan: Plan, row: str, member_id: UUID | None) -> None:
    before = select(func.coalesce(func.max(PlanPerson.number), 0)).where(
        *ticket.within(PlanPerson), PlanPerson.plan_id == plan.id, PlanPerson.row_key == row
    )
    ticket.session.add(
        PlanPerson(
            plan_id=plan.id,
            case_id=ticket.case_id,
            compartment_id=plan.compartment_id,
            row_key=row,
            number=ticket.session.scalars(before).one() + 1,
            membership_id=member_id,
            created_at=clock.now(),
            created_by_id=ticket.membership.id,
        )
    )
    ticket.session.flush()
    ticket.record(Event.PLAN_PERSON, plan.compartment_id, plan.id)
