"""The people of a case: who is in it, and what each may see, since when and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from portal import clock
from portal.access.case_rows import Workplace
from portal.access.compartments import OpenCompartment
from portal.access.policy import whatif, who_may
from portal.access.policy.actions import Action
from portal.access.policy.roles import Capacity, Level
from portal.access.policy.whatif import Prospect
from portal.access.policy.windows import Blocker, Obstacle, compute
from portal.access.ticket import CaseTicket
from portal.errors import NotFound
from portal.events import Event
from portal.models import Membership, Organisation, Unit
from portal.names import nearly_the_same
from portal.text import in_order


@dataclass(frozen=True)
class CompartmentAccess:
    """A compartment that is open to somebody, since when, until when, and on what basis."""

    key: str
    can_write: bool
    since: datetime
    until: datetime | None
    basis: str
    agreed: tuple[Membership, ...] = ()
    """Whose consents it rests on; only for those who answer for the case."""


@dataclass(frozen=True)
class Cell:
    """One person and one compartment, for the table of all of them."""

    compartment: str
    access: CompartmentAccess | None
    blockers: tuple[Blocker, ...]
    """What is in the way; empty for an open compartment, and for one that is not meant for them."""


@dataclass(frozen=True)
class MemberLine:
    membership: Membership
    workplace: Workplace | None
    open: tuple[CompartmentAccess, ...]
    prospects: tuple[Prospect, ...]
    """Every compartment meant for them and what is in the way; only for those who answer for the case."""
    level: Level
    purpose: str
    holds_custody: bool

    @property
    def may_be_changed(self) -> bool:
        """Whether the guide may set what they read and write."""
        return who_may.may_have_level_changed(Capacity(self.membership.capacity))

    @property
    def may_hold_custody(self) -> bool:
        return who_may.may_hold_custody(Capacity(self.membership.capacity))

    @property
    def lacking(self) -> tuple[Prospect, ...]:
        return tuple(p for p in self.prospects if p.level is Level.NONE)

    @property
    def awaited(self) -> tuple[Prospect, ...]:
        """What of it nobody has said no to."""
        return tuple(p for p in self.lacking if not p.is_answered_no)

    def cells(self, compartments: Iterable[str]) -> tuple[Cell, ...]:
        """One for each of the compartments, in their order."""
        open_ones = {access.key: access for access in self.open}
        closed = {prospect.compartment: prospect.blockers for prospect in self.lacking}
        return tuple(Cell(key, open_ones.get(key), closed.get(key, ())) for key in compartments)

    @property
    def spans(self) -> tuple[tuple[tuple[bool, datetime | None], tuple[CompartmentAccess, ...]], ...]:
        """What is open, together where it is open in the same way and for as long: each is one sentence."""
        alike: dict[tuple[bool, datetime | None], tuple[CompartmentAccess, ...]] = {}
        for access in self.open:
            key = (access.can_write, access.until)
            alike[key] = (*alike.get(key, ()), access)
        return tuple(alike.items())


@dataclass(frozen=True)
class Missing:
    """Somebody whose consent is missing, and for whom."""

    giver: Membership
    obstacles: frozenset[Obstacle]
    members: tuple[Membership, ...]


def leads(ticket: CaseTicket) -> bool:
    """Whether this person answers for the case: the owner or the young person, while it is open to them."""
    return who_may.leads(ticket.capacity, bool(ticket.compartments))


def confidence_of_today(ticket: CaseTicket) -> OpenCompartment | None:
    """The open compartment of the young person and the guide of today; None for everybody else."""
    return next((h for h in ticket.compartments.values() if h.confidant_id == ticket.owner.id), None)


def audience(ticket: CaseTicket, compartment_id: UUID | None = None) -> list[MemberLine]:
    """Who can see something now: in that compartment, or in any that this person sees too."""
    open_compartments = _open_compartments(ticket)
    if compartment_id is not None:
        if compartment_id not in ticket.compartments:
            raise NotFound
        wanted = {ticket.compartments[compartment_id].key}
    else:
        wanted = {compartment.key for compartment in ticket.compartments.values()}
    places = workplaces(ticket)
    lines = []
    for membership in ticket.members.values():
        shown = tuple(access for access in open_compartments.get(membership.id, ()) if access.key in wanted)
        if shown:
            level = Level.WRITE if any(access.can_write for access in shown) else Level.READ
            lines.append(_line(ticket, membership, places, shown, (), level))
    return sorted(lines, key=_rank)


def who_sees(ticket: CaseTicket, compartment_id: UUID | None) -> list[MemberLine]:
    """The audience, as a page of its own that leaves its trace."""
    ticket.require(Action.CASE_VIEW)
    found = _told_whole(ticket, audience(ticket, compartment_id))
    ticket.record(Event.AUDIENCE_VIEWED, compartment_id)
    return found


def audience_sizes(ticket: CaseTicket) -> dict[str, int]:
    """How many people can see each compartment that this person sees; under '' how many see any of them."""
    seers: dict[str, set[UUID]] = {compartment.key: set() for compartment in ticket.compartments.values()}
    for window in ticket.open_windows:
        if window.key in seers:
            seers[window.key].add(window.membership_id)
    return {**{key: len(found) for key, found in seers.items()}, "": len(set().union(*seers.values()))}


def audience_picture(ticket: CaseTicket) -> list[MemberLine]:
    """Everybody in the case. Who answers for it sees what is in each one's way; others see who is in the room with
    them, and nothing of compartments they do not see themselves."""
    ticket.require(Action.TEAM_VIEW)
    ticket.record(Event.TEAM_VIEWED)
    return member_standing(ticket)


def member_standing(ticket: CaseTicket) -> list[MemberLine]:
    """The picture, as a part of a page that leaves a trace of its own."""
    return _told_whole(ticket, member_lines(ticket) if leads(ticket) else audience(ticket))


def missing(found: list[MemberLine], ticket: CaseTicket) -> list[Missing]:
    """From whom a consent is missing, and who waits for it, over all the lines. A no is missing nothing: neither is who
    said it named here, nor whom they said it to."""
    lacking: dict[UUID, dict[UUID, Membership]] = {}
    obstacles: dict[UUID, set[Obstacle]] = {}
    for line in found:
        for blocker in (b for prospect in line.awaited for b in prospect.blockers):
            if blocker.giver_id is not None:
                lacking.setdefault(blocker.giver_id, {})[line.membership.id] = line.membership
                obstacles.setdefault(blocker.giver_id, set()).add(blocker.obstacle)
    return [
        Missing(ticket.members[giver], frozenset(obstacles[giver]), tuple(waiting.values()))
        for giver, waiting in lacking.items()
    ]


def member_lines(ticket: CaseTicket) -> list[MemberLine]:
    """Everybody with everything, for those who answer for the case."""
    now, open_compartments, places = clock.now(), _open_compartments(ticket), workplaces(ticket)
    found = []
    for member in ticket.facts.members:
        prospects = tuple(whatif.prospects(ticket.facts, member, now))
        membership, compartments = ticket.members[member.id], open_compartments.get(member.id, ())
        line = _line(
            ticket, membership, places, compartments, prospects, member.level_at(now), member.holds_custody_at(now)
        )
        found.append(line)
    return sorted(found, key=_rank)


def namesakes(ticket: CaseTicket, name: str) -> list[Membership]:
    """Who in the case has nearly the same name: shown before one more person of that name is added. In Danish order."""
    ticket.require(Action.TEAM_CHANGE)
    found = [member for member in ticket.members.values() if nearly_the_same(member.display_name, name)]
    return sorted(found, key=lambda member: in_order(member.display_name))


def workplaces(ticket: CaseTicket) -> dict[UUID, Workplace]:
    """The units of the case's professionals by unit id."""
    return ticket.units


def workplace_of(ticket: CaseTicket, unit_id: UUID) -> Workplace | None:
    """One unit, also one that nobody of the case works in any more."""
    if unit_id in ticket.units:
        return ticket.units[unit_id]
    named = select(Unit.name, Organisation.name).join(Organisation, Organisation.id == Unit.organisation_id)
    row = ticket.session.execute(named.where(Unit.id == unit_id)).one_or_none()
    return Workplace(row[0], row[1]) if row else None


def _told_whole(ticket: CaseTicket, found: list[MemberLine]) -> list[MemberLine]:
    """With since and until of the whole unbroken time, computed from the facts, and with whose yes it rests on.

    A stored window ends where anything about it changes, also when the next one goes on without a gap: when a consent
    is renewed, or when custody ends and the young person's own consent carries on.
    """
    whole = whatif.unbroken_access(compute(ticket.facts).windows, clock.now())
    givers = {consent.id: ticket.members[consent.giver_id] for consent in ticket.facts.consents}
    told = leads(ticket)

    def tell(member_id: UUID, access: CompartmentAccess) -> CompartmentAccess:
        unbroken = whole.get((member_id, access.key))
        if unbroken is None:
            return access
        agreed = tuple(givers[consent] for consent in unbroken.consents) if told else ()
        return replace(access, since=unbroken.since, until=unbroken.until, agreed=agreed)

    return [replace(line, open=tuple(tell(line.membership.id, access) for access in line.open)) for line in found]


def _open_compartments(ticket: CaseTicket) -> dict[UUID, tuple[CompartmentAccess, ...]]:
    found: dict[UUID, tuple[CompartmentAccess, ...]] = {}
    for window in ticket.open_windows:
        access = CompartmentAccess(window.key, window.can_write, window.valid_from, window.valid_until, window.basis)
        found[window.membership_id] = (*found.get(window.membership_id, ()), access)
    rank = ticket.profile.rank
    return {m: tuple(sorted(compartments, key=lambda access: rank(access.key))) for m, compartments in found.items()}


def _line(
    ticket: CaseTicket,
    membership: Membership,
    places: dict[UUID, Workplace],
    compartments: tuple[CompartmentAccess, ...],
    prospects: tuple[Prospect, ...],
    level: Level,
    holds_custody: bool = False,
) -> MemberLine:
    return MemberLine(
        membership=membership,
        workplace=places.get(membership.unit_id) if membership.unit_id else None,
        open=compartments,
        prospects=prospects,
        level=level,
        purpose=ticket.unseal(membership, "purpose") if leads(ticket) else "",
        holds_custody=holds_custody,
    )


_ORDER = [Capacity.YOUNG_PERSON, Capacity.OWNER, Capacity.PARENT, Capacity.NETWORK_PERSON, Capacity.PROFESSIONAL]


def _rank(line: MemberLine) -> tuple[int, tuple[object, ...]]:
    return _ORDER.index(Capacity(line.membership.capacity)), in_order(line.membership.display_name)
