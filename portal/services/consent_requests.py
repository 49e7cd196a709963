"""What is asked of whom: the parties of a case as one giver meets them, and the declarations in force."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select

from portal import clock
from portal.access.actions import Action
from portal.access.facts import ConsentFact, Facts, Member, Party
from portal.access.roles import Capacity, Level
from portal.access.ticket import CaseTicket
from portal.access.windows import majority
from portal.errors import NotFound
from portal.events import Event
from portal.models import Consent, ConsentException, Membership
from portal.services import people
from portal.services.people import Workplace
from portal.storage.scanning import ScanState
from portal.tools.profile import Profile


class ConsentState(StrEnum):
    IN_FORCE = "in force"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"
    EXPIRED = "expired"


CONSENT_CHANGES: dict[ConsentState, dict[str, ConsentState]] = {
    ConsentState.IN_FORCE: {
        "is taken back for one party": ConsentState.IN_FORCE,
        "is taken back": ConsentState.WITHDRAWN,
        "the giver gives a new one": ConsentState.REPLACED,
        "its end date passes, or a custody holder's young person comes of age": ConsentState.EXPIRED,
    },
    ConsentState.WITHDRAWN: {},
    ConsentState.REPLACED: {},
    ConsentState.EXPIRED: {},
}
"""What can become of a declaration. Nothing leads back: a yes that has ended is given anew."""


@dataclass(frozen=True)
class Group:
    """Information that is asked for together, because a compartment takes all of it."""

    key: str
    categories: tuple[str, ...]


@dataclass(frozen=True)
class PartyLine:
    """Somebody who wants in: a unit with the people added from it, or a person named."""

    key: str
    party: Party
    members: tuple[Membership, ...]
    workplace: Workplace | None
    capacity: Capacity
    purposes: tuple[str, ...]
    groups: tuple[Group, ...]
    granted: frozenset[str]
    """Groups the giver's declaration in force says yes to, whole or with exceptions."""
    excepted: frozenset[str] = frozenset()
    """Categories of those groups that it keeps back."""


@dataclass(frozen=True)
class ConsentLine:
    id: UUID
    giver: Membership
    method: str
    given_at: datetime
    valid_until: datetime
    in_force: bool
    withdrawn_at: datetime | None
    has_scan: bool
    scan: ScanState
    """What the virus scanner says of the scan."""
    parties: tuple[PartyLine, ...]
    """The parties it says yes to now, with what of it."""


@dataclass(frozen=True)
class Request:
    """What one giver is asked."""

    giver: Membership
    young_person: Membership
    parties: tuple[PartyLine, ...]
    current: ConsentLine | None
    until: date


def givers(ticket: CaseTicket) -> list[Membership]:
    """Those whose consent counts today: the young person, and the custody holders of a minor."""
    facts, now = ticket.facts, clock.now()
    found = [ticket.young_person]
    if now < majority(facts) and facts.rules.custody_holders_are_asked:
        found += [ticket.members[holder.id] for holder in facts.custody_holders_at(now)]
    return found


def request(ticket: CaseTicket, giver_id: UUID) -> Request:
    """What the giver is asked. They see it themselves; the owner sees it to register an answer on paper."""
    giver = giver_for(ticket, giver_id)
    current = in_force(ticket, giver.id)
    granted = current.grants if current else frozenset()
    lines = tuple(party_lines(ticket, giver, granted, current))
    ticket.record(Event.CONSENT_VIEWED, item_id=giver.id)
    return Request(
        giver=giver,
        young_person=ticket.young_person,
        parties=lines,
        current=_consent_line(ticket, current, lines) if current else None,
        until=latest_end(ticket, giver),
    )


def standing_consents(ticket: CaseTicket) -> list[ConsentLine]:
    """The declarations in force, one per giver, as far as this person may know them."""
    ticket.require(Action.CONSENT_VIEW)
    lines = []
    for giver in givers(ticket):
        current = in_force(ticket, giver.id)
        if current and (people.leads(ticket) or giver.id == ticket.membership.id):
            parties = tuple(party_lines(ticket, giver, current.grants, current))
            lines.append(_consent_line(ticket, current, parties))
    return lines


def asks_me(ticket: CaseTicket) -> int:
    """How many parties wait for this person's own yes."""
    if not ticket.allows(Action.CONSENT_GIVE):
        return 0
    current = in_force(ticket, ticket.membership.id)
    every = _parties(ticket, ticket.membership, current.parties if current else frozenset())
    # Of a unit that everybody has moved away from nobody wants in.
    parties = {party: members for party, members in every.items() if party.unit_id in (None, members[0].unit_id)}
    # Whoever was there when the last answer was given has been answered; a no is not asked about again. But a new adult
    # is asked about everybody once more, and about a guide who has become a professional like others.
    if current is None:
        return len(parties)
    grown_up = majority(ticket.facts)
    if current.given_at < grown_up <= clock.now():
        return len(parties)
    return sum(1 for members in parties.values() if _came_after(ticket, members, current.given_at))


def _came_after(ticket: CaseTicket, members: list[Member], answered_at: datetime) -> bool:
    turned = (ticket.facts.handed_over_at(member.id) for member in members)
    came = [ticket.members[member.id].added_at for member in members]
    came += [at for member in members for at in (*member.unconfirmed, *member.renewed)]
    return any(at > answered_at for at in came) or any(at and at > answered_at for at in turned)


def giver_for(ticket: CaseTicket, giver_id: UUID) -> Membership:
    """Whoever is asked for consent; and oneself, where one was asked once and may still read what one said. Raises
    NotFound for everybody else."""
    if giver_id == ticket.membership.id and ticket.membership.unit_id is None and ticket.allows(Action.CONSENT_VIEW):
        return ticket.membership
    if not ticket.allows(Action.CONSENT_REGISTER):
        raise NotFound
    giver = next((giver for giver in givers(ticket) if giver.id == giver_id), None)
    if giver is None:
        raise NotFound
    return giver


def in_force(ticket: CaseTicket, giver_id: UUID) -> ConsentFact | None:
    """The declaration of that giver that counts today."""
    given = ticket.facts.consents_of(giver_id)
    newest = given[-1] if given else None
    return newest if newest and state_of(ticket.facts, newest) is ConsentState.IN_FORCE else None


def state_of(facts: Facts, consent: ConsentFact) -> ConsentState:
    """What has become of a declaration."""
    now = clock.now()
    if any(back.party is None for back in consent.withdrawals):
        return ConsentState.WITHDRAWN
    if facts.consents_of(consent.giver_id)[-1] is not consent:
        return ConsentState.REPLACED
    by_custody = facts.member(consent.giver_id).capacity is Capacity.PARENT
    if consent.valid_until <= now or (by_custody and majority(facts) <= now):
        return ConsentState.EXPIRED
    return ConsentState.IN_FORCE


def party_lines(
    ticket: CaseTicket, giver: Membership, granted: frozenset[tuple[Party, str]], consent: ConsentFact | None
) -> Iterator[PartyLine]:
    """Whom this giver is asked about: other units and network persons; the young person also about parents."""
    now, facts = clock.now(), ticket.facts
    kept_back = exceptions_of(ticket, consent)
    for party, members in _parties(ticket, giver, {party for party, _category in granted}).items():
        groups = tuple(_groups(ticket.profile, members[0].capacity))
        said_yes = {category for named, category in granted if named == party}
        excepted = kept_back.get(party, frozenset())
        back = consent.withdrawn_at(party) if consent else None
        if members[0].capacity is Capacity.PARENT and consent and consent.given_at < majority(facts) <= now:
            back = majority(facts)  # said as a minor: a parent is let in anew by the adult, or not at all
        if consent and facts.speaks_of_somebody_else(consent, party, now):
            back = now  # whoever it named may have been another person
        memberships = tuple(ticket.members[member.id] for member in members)
        yield PartyLine(
            key=party_key(party),
            party=party,
            members=memberships,
            workplace=people.workplace_of(ticket, party.unit_id) if party.unit_id else None,
            capacity=members[0].capacity,
            purposes=tuple(_purpose(ticket, m) for m in memberships if m.purpose_sealed),
            groups=groups,
            granted=frozenset(g.key for g in groups if not back and _says_yes(g, said_yes, excepted)),
            excepted=frozenset() if back else excepted,
        )


def _parties(ticket: CaseTicket, giver: Membership, named: Set[Party]) -> dict[Party, list[Member]]:
    """Who is asked about, by party: whoever the owner lets in now, and whoever is named already."""
    now, own = clock.now(), giver.id == ticket.membership.id
    if own and not ticket.allows(Action.CONSENT_GIVE):
        return _named_members(ticket, giver, named)
    # Somebody who is shut out at once is asked about those who were there then: who came since may be there to protect
    # somebody from them.
    at = (ticket.facts.frozen_since(giver.id, now) if own else None) or now
    found: dict[Party, list[Member]] = {}
    for member in ticket.facts.members:
        party = None if ticket.facts.needs_no_consent(member, now) else _party_of(member, giver)
        was_there = ticket.members[member.id].added_at <= at
        if party is not None and was_there and (member.level_at(at) is not Level.NONE or party in named):
            found.setdefault(party, []).append(member)
    return found


def _named_members(ticket: CaseTicket, giver: Membership, named: Set[Party]) -> dict[Party, list[Member]]:
    """Of somebody who is asked no more: those whom the declaration names."""
    found: dict[Party, list[Member]] = {}
    for member in ticket.facts.members:
        party = _party_of(member, giver)
        if party is not None and party in named:
            found.setdefault(party, []).append(member)
    # A unit everybody has moved away from is named by those who were there: what was said yes to can be taken back.
    for member in ticket.facts.members:
        for party in {Party(unit_id=unit) for _until, unit in member.units_before} & (named - set(found)):
            found[party] = [member]
    return found


def exceptions_of(ticket: CaseTicket, consent: ConsentFact | None) -> dict[Party, frozenset[str]]:
    """What a declaration keeps back, by party."""
    found: dict[Party, frozenset[str]] = {}
    if consent is not None:
        rows = ticket.session.scalars(select(ConsentException).where(ConsentException.consent_id == consent.id))
        for row in rows:
            party = Party(row.unit_id, row.membership_id)
            found[party] = found.get(party, frozenset()) | {row.category}
    return found


def _says_yes(group: Group, said_yes: set[str], excepted: frozenset[str]) -> bool:
    wanted = set(group.categories)
    return bool(wanted & said_yes) and wanted <= said_yes | excepted


def _party_of(member: Member, giver: Membership) -> Party | None:
    match member.capacity:
        case Capacity.PROFESSIONAL:
            return Party(unit_id=member.unit_id)
        case Capacity.NETWORK_PERSON:
            return Party(membership_id=member.id)
        case Capacity.PARENT if giver.capacity == Capacity.YOUNG_PERSON:
            return Party(membership_id=member.id)
    return None


def _groups(rules: Profile, capacity: Capacity) -> Iterator[Group]:
    """The compartments meant for that capacity, by what they take: equal sets of categories are one question."""
    asked: set[frozenset[str]] = set()
    for compartment in rules.compartment:
        if capacity in compartment.audience and compartment.categories not in asked:
            asked.add(compartment.categories)
            ordered = tuple(c.key for c in rules.category if c.key in compartment.categories)
            yield Group(compartment.key, ordered)


def party_key(party: Party) -> str:
    return f"unit-{party.unit_id}" if party.unit_id else f"person-{party.membership_id}"


def _purpose(ticket: CaseTicket, membership: Membership) -> str:
    sealed = membership.purpose_sealed
    return ticket.keys.unseal_text(sealed, f"membership.purpose {membership.id}") if sealed else ""


def latest_end(ticket: CaseTicket, giver: Membership, given_on: date | None = None) -> date:
    """The last day a declaration of that giver may be valid: the profile's months from the day it was given, and a
    custody holder's not longer than the young person is a minor."""
    facts = ticket.facts
    ends = clock.months_on(given_on or clock.today(facts.rules.zone), ticket.profile.consent_months)
    if giver.capacity != Capacity.PARENT:
        return ends
    return min(ends, clock.birthday(facts.birth_date, facts.rules.majority_age) - timedelta(days=1))


def _consent_line(ticket: CaseTicket, consent: ConsentFact, lines: tuple[PartyLine, ...]) -> ConsentLine:
    row = ticket.session.get_one(Consent, consent.id)
    return ConsentLine(
        id=consent.id,
        giver=ticket.members[consent.giver_id],
        method=row.method,
        given_at=consent.given_at,
        valid_until=consent.valid_until,
        in_force=True,
        withdrawn_at=None,
        has_scan=row.scan_blob is not None,
        scan=ScanState(row.scan_state),
        parties=tuple(line for line in lines if line.granted),
    )
