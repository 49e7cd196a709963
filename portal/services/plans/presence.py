"""Writing at the same time: what others have written since, and in which answer each of them is just now.

Where somebody is is said by their page every few seconds, is forgotten by itself, and leaves no trace: it tells of no
look at anything. Words that come in this way are a look, noted once every ten minutes while the page stays open.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from portal import clock
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import NotFound
from portal.events import Event
from portal.models import AuditEvent, Membership, Plan, PlanAcceptance, PlanPresence, PlanProposal, PlanVersion
from portal.services.plans import confidential, definitions, plans
from portal.services.plans.versions import VersionPage

HERE = timedelta(seconds=12)
"""How long somebody counts as being in an answer after their page last said so."""
NOTED = timedelta(minutes=10)


@dataclass(frozen=True)
class Live:
    """What a page must know to be like the server again; `mark` names this state."""

    mark: str
    version: VersionPage
    here: Mapping[str, tuple[Membership, ...]]
    """Address -> who else is there."""
    confided: Mapping[str, str]
    """What the young person and the guide have told each other; empty for everybody else."""

    @property
    def is_open(self) -> bool:
        return self.version.is_open

    @property
    def row_ids(self) -> str:
        """Changes when a row is added, moved or taken out."""
        return row_ids(self.version)


def row_ids(version: VersionPage) -> str:
    return "|".join(" ".join(version.rows(section.key)) for section in version.definition.section if section.row)


def be_here(ticket: CaseTicket, tool: str, number: int, address: str) -> None:
    """Says that this person is in the answer at `address`, or in none ('')."""
    ticket.require(Action.PLAN_WRITE)
    compartment = ticket.require_write(definitions.compartment_of(ticket, tool).id)
    version_id, _plan, _revision = _version(ticket, tool, number)
    definition = definitions.today(ticket, tool)
    # That somebody is confiding something is theirs alone: then they are nowhere.
    here = address[:200] if definition and definition.asks_openly(address) else ""
    values = {"address": here, "seen_at": clock.now()}
    line = insert(PlanPresence).values(
        plan_version_id=version_id,
        membership_id=ticket.membership.id,
        case_id=ticket.case_id,
        compartment_id=compartment.id,
        **values,
    )
    ticket.session.execute(line.on_conflict_do_update(index_elements=["plan_version_id", "membership_id"], set_=values))


def note_presence(ticket: CaseTicket, tool: str, number: int, known: str) -> Live | None:
    """What is new since the state called `known`; None when nothing is. Raises NotFound."""
    ticket.require(Action.PLAN_WRITE)
    compartment = definitions.compartment_of(ticket, tool)
    version_id, plan_id, _revision = _version(ticket, tool, number)
    here = _here(ticket, version_id)
    mark = _mark(ticket, tool, version_id, here, confidential.count(ticket, tool, plan_id))
    if mark == known:
        return None
    page = plans.load(ticket, tool, compartment)
    if page is None:
        raise NotFound
    if not noted(ticket, Event.PLAN_OPENED, plan_id):
        ticket.record(Event.PLAN_OPENED, compartment.id, plan_id)
    version = page.version(number)
    return Live(mark, version, here, confidential.read_confidential(ticket, version))


def _version(ticket: CaseTicket, tool: str, number: int) -> tuple[UUID, UUID, int]:
    found = ticket.session.execute(
        select(PlanVersion.id, PlanVersion.plan_id, PlanVersion.revision)
        .join(Plan, Plan.id == PlanVersion.plan_id)
        .where(*ticket.within(PlanVersion), Plan.tool == tool, PlanVersion.number == number)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found[0], found[1], found[2]


def _here(ticket: CaseTicket, version_id: UUID) -> dict[str, tuple[Membership, ...]]:
    rows = ticket.session.execute(
        select(PlanPresence.address, PlanPresence.membership_id)
        .where(*ticket.within(PlanPresence), PlanPresence.plan_version_id == version_id)
        .where(PlanPresence.seen_at > clock.now() - HERE, PlanPresence.address != "")
        .where(PlanPresence.membership_id != ticket.membership.id)
        .order_by(PlanPresence.address, PlanPresence.membership_id)
    )
    found: dict[str, tuple[Membership, ...]] = {}
    for address, membership_id in rows:
        found[address] = (*found.get(address, ()), ticket.members[membership_id])
    return found


def _mark(
    ticket: CaseTicket, tool: str, version_id: UUID, here: Mapping[str, tuple[Membership, ...]], confided: int
) -> str:
    """The same for the same words, states and people: made of counts, without opening anything."""
    definition = definitions.today(ticket, tool)
    tools = {tool} | {s.rows_of.partition(".")[0] for s in (definition.section if definition else ()) if s.rows_of}
    counts = ticket.session.execute(
        select(
            select(func.sum(PlanVersion.revision))
            .join(Plan, Plan.id == PlanVersion.plan_id)
            .where(*ticket.within(PlanVersion), Plan.tool.in_(tools))
            .scalar_subquery(),
            select(func.count())
            .select_from(PlanAcceptance)
            .join(PlanProposal, PlanProposal.id == PlanAcceptance.plan_proposal_id)
            .where(*ticket.within(PlanProposal), PlanProposal.plan_version_id == version_id)
            .scalar_subquery(),
        )
    ).one()
    people = [(address, *(str(member.id) for member in members)) for address, members in here.items()]
    return hashlib.sha256(repr((version_id, *counts, people, confided)).encode()).hexdigest()[:24]


def noted(ticket: CaseTicket, event: Event, item_id: UUID) -> bool:
    """Whether this person's look at something stands in the trace already, from just now."""
    found = select(AuditEvent.seq).where(
        AuditEvent.chain_id == ticket.case_id,
        AuditEvent.actor_id == ticket.actor.person_id,
        AuditEvent.at > clock.now() - NOTED,
        AuditEvent.event == event,
        AuditEvent.item_id == item_id,
    )
    return ticket.session.execute(found.limit(1)).first() is not None
