"""What is asked of whom: the parties of a case as one giver meets them, with what they have answered, and the
declarations in force.

Whoever is asked for consent is told about whom, by name and place of work: here everybody is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, StrEnum
from typing import NamedTuple
from uuid import UUID

from portal import clock
from portal.access.case_rows import Workplace
from portal.access.policy import answers, who_may
from portal.access.policy.actions import Action
from portal.access.policy.ages import custody_consent_ends_at_18, is_asked_anew_at_18, last_day_of_consent, majority
from portal.access.policy.answers import Answer, GivenAnswer, decided_by, party_of, position, said_of_parent
from portal.access.policy.facts import CompartmentRule, ConsentFact, Facts, Member, Party
from portal.access.policy.roles import Capacity, Level
from portal.access.ticket import CaseTicket
from portal.errors import NotFound
from portal.events import Event
from portal.models import Consent, Membership
from portal.services.shared import audience
from portal.storage.scanning import ScanState


class ConsentState(StrEnum):
    IN_FORCE = "in force"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"
    EXPIRED = "expired"


class ConsentStep(Enum):
    """What can happen to a declaration. The words name the step in the diagram; nothing is decided by them."""

    TAKE_BACK_ONE = "is taken back for one party"
    TAKE_BACK = "is taken back"
    REPLACE = "the giver gives a new one"
    EXPIRE = "its end date passes, or a custody holder's young person comes of age"


CONSENT_CHANGES: dict[ConsentState, dict[ConsentStep, ConsentState]] = {
    ConsentState.IN_FORCE: {
        ConsentStep.TAKE_BACK_ONE: ConsentState.IN_FORCE,
        ConsentStep.TAKE_BACK: ConsentState.WITHDRAWN,
        ConsentStep.REPLACE: ConsentState.REPLACED,
        ConsentStep.EXPIRE: ConsentState.EXPIRED,
    },
    ConsentState.WITHDRAWN: {},
    ConsentState.REPLACED: {},
    ConsentState.EXPIRED: {},
}
"""What can become of a declaration. Nothing leads back: a yes that has ended is given anew."""


@dataclass(frozen=True)
class AskedCompartment:
    """A compartment somebody could see, as one giver is asked about it for them."""

    key: str
    categories: tuple[str, ...]
    """What lies in it and the giver decides about, in the order of the profile."""
    said: GivenAnswer


@dataclass(frozen=True)
class PartyLine:
    """Somebody who wants in: a unit with the people added from it, or a person named."""

    key: str
    party: Party
    members: tuple[Membership, ...]
    workplace: Workplace | None
    capacity: Capacity
    purposes: tuple[str, ...]
    asked: tuple[AskedCompartment, ...]

    @property
    def granted(self) -> tuple[AskedCompartment, ...]:
        """What the giver's yes counts for now."""
        return tuple(one for one in self.asked if one.said.answer is Answer.YES)

    @property
    def refused(self) -> tuple[AskedCompartment, ...]:
        return tuple(one for one in self.asked if one.said.answer is Answer.NO)

    @property
    def waits(self) -> tuple[AskedCompartment, ...]:
        """What has not been answered, or was answered for a time that is over."""
        return tuple(one for one in self.asked if one.said.waits)

    @property
    def is_answered(self) -> bool:
        return bool(self.granted or self.refused)

    @property
    def refused_at(self) -> datetime | None:
        """When the giver said no to all of it; None while there is something else."""
        if len(self.refused) < len(self.asked):
            return None
        return max((one.said.at for one in self.refused if one.said.at), default=None)


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
    """The parties that have an answer, with what it is."""

    @property
    def lets_in(self) -> bool:
        """Whether anything rests on it."""
        return any(party.granted for party in self.parties)


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
    return [ticket.everybody[giver.id] for giver in answers.givers(ticket.facts, clock.now())]


def request(ticket: CaseTicket, giver_id: UUID) -> Request:
    """What the giver is asked. They see it themselves; the owner sees it to register an answer on paper."""
    giver = giver_for(ticket, giver_id)
    current = in_force(ticket, giver.id)
    lines = tuple(party_lines(ticket, giver))
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
        if current and who_may.may_read_declaration(audience.leads(ticket), giver.id == ticket.membership.id):
            lines.append(_consent_line(ticket, current, tuple(party_lines(ticket, giver))))
    return lines


def asks_me(ticket: CaseTicket) -> int:
    """How many parties wait for this person's own answer."""
    return len(who_asks_me(ticket))


def who_asks_me(ticket: CaseTicket) -> list[tuple[Membership, ...]]:
    """Those who wait for this person's own answer, by party. A no is an answer and is not asked about again; but a new
    adult is asked about everybody once more."""
    if not ticket.allows(Action.CONSENT_GIVE):
        return []
    facts, now = ticket.facts, clock.now()
    questions = _Questions(facts, facts.member(ticket.membership.id), now)
    declared = facts.declared_at(questions.giver.id, now)
    anew = is_asked_anew_at_18(declared.given_at if declared else None, now, questions.of_age)
    return [
        tuple(ticket.everybody[member.id] for member in whom.members)
        for whom in _parties(ticket, questions)
        if (anew and not whom.is_left) or any(what.waits for _, _, what in _answers(questions, whom))
    ]


def said_about(ticket: CaseTicket, giver_id: UUID, membership_id: UUID) -> tuple[GivenAnswer, ...]:
    """What a giver has answered about somebody, compartment by compartment; empty when their yes is not asked."""
    facts, now = ticket.facts, clock.now()
    member = facts.member(membership_id)
    party = party_of(facts, member, now)
    if party is None:
        return ()
    whom = _Whom(party, [member], is_left=False)
    return tuple(what for _, _, what in _answers(_Questions(facts, facts.member(giver_id), now), whom))


def giver_for(ticket: CaseTicket, giver_id: UUID) -> Membership:
    """Whoever is asked for consent; and oneself, where one was asked once and may still read what one said. Raises
    NotFound for everybody else."""
    is_self, citizen = giver_id == ticket.membership.id, who_may.is_citizen(ticket.membership.unit_id)
    if who_may.may_read_own_answers(is_self, citizen, ticket.allows(Action.CONSENT_VIEW)):
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
    back = [no for no in facts.withdrawals if no.giver_id == consent.giver_id and no.party is None]
    if any(no.at >= consent.given_at for no in back):
        return ConsentState.WITHDRAWN
    if facts.consents_of(consent.giver_id)[-1] is not consent:
        return ConsentState.REPLACED
    ended = custody_consent_ends_at_18(facts.member(consent.giver_id).capacity, now, majority(facts))
    # What only says no has no period.
    if ended or (consent.grants and consent.valid_until <= now):
        return ConsentState.EXPIRED
    return ConsentState.IN_FORCE


def party_lines(ticket: CaseTicket, giver: Membership) -> Iterator[PartyLine]:
    """Whom this giver is asked about: other units and network persons; the young person also about parents."""
    now, facts = clock.now(), ticket.facts
    questions, order = (
        _Questions(facts, facts.member(giver.id), now),
        [category.key for category in ticket.profile.category],
    )
    for whom in _parties(ticket, questions):
        party, members = whom.party, whom.members
        asked = tuple(
            AskedCompartment(rule.key, tuple(sorted(categories, key=order.index)), what)
            for rule, categories, what in _answers(questions, whom)
        )
        if not asked:
            continue
        memberships = tuple(ticket.everybody[member.id] for member in members)
        yield PartyLine(
            key=party_key(party),
            party=party,
            members=memberships,
            workplace=audience.workplace_of(ticket, party.unit_id) if party.unit_id else None,
            capacity=members[0].capacity,
            purposes=tuple(_purpose(ticket, m) for m in memberships if m.purpose_sealed),
            asked=asked,
        )


class _Questions:
    """What one giver is asked at an instant; what everybody of a capacity has in common is found once."""

    def __init__(self, facts: Facts, giver: Member, now: datetime) -> None:
        self.facts, self.giver, self.now, self.of_age = facts, giver, now, majority(facts)
        self._decided: dict[Capacity, list[tuple[CompartmentRule, frozenset[str]]]] = {}

    def decided(self, capacity: Capacity) -> list[tuple[CompartmentRule, frozenset[str]]]:
        """The compartments that are this giver's to open to somebody of that capacity, with what lies in them."""
        if capacity not in self._decided:
            found = (
                (r, decided_by(self.facts, self.giver, capacity, r, self.now)) for r in self.facts.rules.compartments
            )
            self._decided[capacity] = [(rule, categories) for rule, categories in found if categories]
        return self._decided[capacity]


class _Whom(NamedTuple):
    party: Party
    members: list[Member]
    is_left: bool
    """Whether it is the unit where these were before, and nobody of the case is now."""


def _parties(ticket: CaseTicket, questions: _Questions) -> list[_Whom]:
    """Who is asked about, by party: whoever the owner lets in now, and whoever has been answered already. Of somebody
    who is asked no more: those whom their declaration names."""
    facts, giver, now = questions.facts, questions.giver, questions.now
    own, declared = giver.id == ticket.membership.id, facts.declared_at(giver.id, now)
    named = {
        party
        for party in (declared.parties if declared else ())
        if declared and not facts.speaks_of_somebody_else(declared, party, now)
    }
    is_asked = not own or ticket.allows(Action.CONSENT_GIVE)
    # Somebody who is shut out at once is asked about those who were there then: who came since may be there to protect
    # somebody from them.
    at = (facts.frozen_since(giver.id, now) if own else None) or now
    found: dict[Party, list[Member]] = {}
    for member in facts.members:
        party = party_of(facts, member, now)
        is_let_in = is_asked and member.level_at(at) is not Level.NONE
        if party is None or not (is_let_in or party in named) or ticket.everybody[member.id].added_at > at:
            continue
        if questions.decided(facts.capacity_at(member, now)):
            found.setdefault(party, []).append(member)
    # A unit everybody has moved away from is named by those who were there: what was said yes to can be taken back.
    left: dict[Party, Member] = {}
    for member in facts.members:
        for party in {Party(unit_id=unit) for _until, unit in member.units_before} & named:
            left.setdefault(party, member)
    gone = [_Whom(p, [m], party_of(facts, m, now) != p) for p, m in left.items() if p not in found]
    return [_Whom(party, members, is_left=False) for party, members in found.items()] + gone


def _answers(questions: _Questions, whom: _Whom) -> Iterator[tuple[CompartmentRule, frozenset[str], GivenAnswer]]:
    """Every compartment the giver is asked about for somebody of that party, what lies in it, and what they said. Of a
    unit that everybody has left nobody wants in: what was said stands there to be taken back."""
    facts, now, member = questions.facts, questions.now, whom.members[0]
    stands = position(facts, questions.giver.id, whom.party, now)
    capacity = Capacity.PROFESSIONAL if whom.is_left else facts.capacity_at(member, now)
    for rule, categories in questions.decided(capacity):
        answer = said_of_parent(facts, member, stands.on(rule.key, categories), now)
        if not (whom.is_left and answer.waits):
            yield rule, categories, answer


def party_key(party: Party) -> str:
    return f"unit-{party.unit_id}" if party.unit_id else f"person-{party.membership_id}"


def _purpose(ticket: CaseTicket, membership: Membership) -> str:
    return ticket.unseal(membership, "purpose")


def latest_end(ticket: CaseTicket, giver: Membership, given_on: date | None = None) -> date:
    """The last day a declaration of that giver may be valid: the profile's months from the day it was given, and a
    custody holder's not longer than the young person is a minor."""
    facts = ticket.facts
    ends = clock.months_on(given_on or clock.today(facts.rules.zone), ticket.profile.consent_months)
    return last_day_of_consent(Capacity(giver.capacity), ends, facts.birth_date, facts.rules.majority_age)


def _consent_line(ticket: CaseTicket, consent: ConsentFact, lines: tuple[PartyLine, ...]) -> ConsentLine:
    row = ticket.session.get_one(Consent, consent.id)
    return ConsentLine(
        id=consent.id,
        giver=ticket.everybody[consent.giver_id],
        method=row.method,
        given_at=consent.given_at,
        valid_until=consent.valid_until,
        in_force=True,
        withdrawn_at=None,
        has_scan=row.scan_blob is not None,
        scan=ScanState(row.scan_state),
        parties=tuple(line for line in lines if line.is_answered),
    )
