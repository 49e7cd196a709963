"""From the facts of a case to who may see what, from when until when, and why. Pure: no clock, no database.

The rules are those of the shipped profile "Samarbejdsmodellen DK" (docs/access.md, rules 1-8):

1. The young person sees what is meant for them when the owner has opened access. No consent is asked.
2. A professional of the owner's own unit sees what the owner added them to.
3. A professional of any other unit: added by the owner, and covered by consent of the young person and, while the young
   person is a minor, of every custody holder. Only compartments that the consent names, with everything in them.
4. A parent of a minor: added by the owner, and named by the young person's consent (a switch of the profile).
   From the day of majority: only by a consent given as an adult that names the parent.
5. A network person: as 3, named in person.
6. A consent ends at withdrawal, at its end date, when the giver gives a new one, and a custody holder's at majority. A
   withdrawal stands against everything its giver declared before it, whenever that is registered.
7. A legal override stands in for consent that is missing, for one member and the compartments it names, until its end
   date. A freeze shuts a citizen out of everything, whatever else is true, until it is lifted. Who leaves by themselves
   is out until the owner lets them in again.
8. What the young person and one guide share alone is for those two: no consent and no law opens it to another. The next
   guide reads it when the young person says so.
9. Who moves to another unit is out until the owner says that they are still meant, and then has what the new unit may
   see. A declaration says nothing about a member who was corrected into somebody else after it was given.

Between two neighbouring *turning points* (instants at which some fact changes) nothing can change, so it is enough to
judge each stretch once, at its beginning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portal.access.policy.ages import majority, parent_reads_at_18, reaches
from portal.access.policy.answers import Answer, for_custody_holders, party_of, said
from portal.access.policy.facts import CompartmentRule, Facts, Member, Party
from portal.access.policy.roles import Capacity, Level


class Basis(StrEnum):
    """What an open window rests on."""

    OWNER = "owner"
    YOUNG_PERSON = "young_person"
    OWN_UNIT = "own_unit"
    CONSENT = "consent"
    PARENT_OF_MINOR = "parent_of_minor"
    ADULT_CONSENT = "adult_consent"
    LEGAL_OVERRIDE = "legal_override"


class Obstacle(StrEnum):
    """What keeps a window shut."""

    NOT_OPENED = "not_opened"
    CLOSED = "closed"
    CONSENT_MISSING = "consent_missing"
    """Nobody has answered yet."""
    CONSENT_REFUSED = "consent_refused"
    """The answer was no."""
    CONSENT_WITHDRAWN = "consent_withdrawn"
    CONSENT_EXPIRED = "consent_expired"
    CUSTODY_UNKNOWN = "custody_unknown"
    GROWN_UP = "grown_up"
    LEFT = "left"
    UNCONFIRMED = "unconfirmed"
    FROZEN = "frozen"
    NOT_NOW = "not_now"
    """Told in place of another one, to somebody who is not to learn which it is (ledger.told)."""


@dataclass(frozen=True)
class Blocker:
    obstacle: Obstacle
    giver_id: UUID | None = None
    """The member whose consent it is about, where there is one."""
    at: datetime | None = None
    """Since when, where it follows from an answer."""

    @property
    def is_a_no(self) -> bool:
        """Whether it is an answer that was given, and nothing that is missing."""
        return self.obstacle in (Obstacle.CONSENT_REFUSED, Obstacle.CONSENT_WITHDRAWN)


@dataclass(frozen=True)
class Verdict:
    """One person, one compartment, one instant."""

    can_read: bool
    can_write: bool
    basis: Basis | None
    consents: tuple[UUID, ...]
    blockers: tuple[Blocker, ...]


@dataclass(frozen=True)
class Window:
    compartment: str
    member_id: UUID
    person_id: UUID
    can_write: bool
    valid_from: datetime
    valid_until: datetime | None
    basis: Basis
    consents: tuple[UUID, ...]


@dataclass(frozen=True)
class Notice:
    """A stretch of time in which a member sees nothing at all, and what keeps them out."""

    member_id: UUID
    person_id: UUID
    valid_from: datetime
    valid_until: datetime | None
    blockers: tuple[Blocker, ...]


@dataclass(frozen=True)
class Picture:
    windows: tuple[Window, ...]
    notices: tuple[Notice, ...]


def compute(facts: Facts) -> Picture:
    """Every window there was, is and will be as the facts stand, and the notices for the stretches between."""
    windows: list[Window] = []
    notices: list[Notice] = []
    for member in facts.members:
        turns = turning_points(facts, member)
        rules = _meant_for(facts, member)
        for rule in rules:
            windows += _windows(facts, member, rule, turns)
        if rules:
            notices += _notices(facts, member, rules, turns)
    return Picture(tuple(windows), tuple(notices))


def judge(facts: Facts, member: Member, rule: CompartmentRule, at: datetime) -> Verdict:
    """What `member` may do with the compartment of `rule` at the instant `at`, and why."""
    if facts.capacity_at(member, at) not in rule.audience or not facts.shares(member, rule, at):
        return _shut()
    if facts.is_frozen_at(member.id, at):
        return _shut(Blocker(Obstacle.FROZEN))
    level = member.level_at(at)
    if level is Level.NONE:
        return _shut(Blocker(_why_closed(member, at)))
    basis, consents, blockers = _grounds(facts, member, rule, at)
    if blockers and facts.override_at(member.id, rule.key, at):
        basis, consents, blockers = Basis.LEGAL_OVERRIDE, (), ()
    if blockers:
        return _shut(*blockers)
    return Verdict(True, level is Level.WRITE and facts.is_written_in(rule, at), basis, consents, ())


def turning_points(facts: Facts, member: Member) -> list[datetime]:
    """Every instant at which what `member` may see could change, in order."""
    points = {majority(facts)} | {since for since, _ in member.levels}
    points |= {reaches(facts, age) for age in facts.rules.consent_age.values()}
    for other in facts.members:
        points |= {instant for instant in (other.custody_from, other.custody_until) if instant}
    for consent in facts.consents:
        points |= {consent.given_at, consent.valid_from, consent.valid_until}
    points |= {withdrawal.at for withdrawal in facts.withdrawals}
    points |= {*member.left, *member.unconfirmed, *member.renewed, *(until for until, _unit in member.units_before)}
    points |= {ownership.since for ownership in facts.ownerships}
    points |= {opening.at for opening in facts.openings}
    for override in facts.overrides:
        if override.member_id == member.id:
            points |= {override.valid_from, override.until}
    for freeze in facts.freezes:
        if freeze.member_id == member.id:
            points |= {freeze.frozen_at, freeze.lifted_at or freeze.frozen_at}
    return sorted(points)


def _shut(*blockers: Blocker) -> Verdict:
    return Verdict(False, False, None, (), blockers)


def _why_closed(member: Member, at: datetime) -> Obstacle:
    if member.has_left_at(at):
        return Obstacle.LEFT
    if member.is_unconfirmed_at(at):
        return Obstacle.UNCONFIRMED
    return Obstacle.CLOSED if member.opened_before(at) else Obstacle.NOT_OPENED


def _meant_for(facts: Facts, member: Member) -> tuple[CompartmentRule, ...]:
    return tuple(rule for rule in facts.rules.compartments if facts.capacities_of(member) & rule.audience)


_Grounds = tuple[Basis, tuple[UUID, ...], tuple[Blocker, ...]]


def _grounds(facts: Facts, member: Member, rule: CompartmentRule, at: datetime) -> _Grounds:
    """The rule that applies to this member, what it rests on, and what it still lacks."""
    capacity, party = facts.capacity_at(member, at), party_of(facts, member, at)
    if party is None:
        return _WITHOUT_CONSENT[capacity], (), ()
    if capacity is Capacity.PARENT:
        return _parent(facts, party, rule, at)
    return Basis.CONSENT, *_covered(facts, party, rule, at)


_WITHOUT_CONSENT = {
    Capacity.OWNER: Basis.OWNER,
    Capacity.YOUNG_PERSON: Basis.YOUNG_PERSON,
    Capacity.PROFESSIONAL: Basis.OWN_UNIT,
    Capacity.PARENT: Basis.PARENT_OF_MINOR,
}


def _parent(facts: Facts, party: Party, rule: CompartmentRule, at: datetime) -> _Grounds:
    """Rule 4: the young person's own yes to that parent; from majority on one that was given as an adult."""
    young = facts.young_person()
    used, blockers = _consent(facts, young, party, rule, rule.categories, at)
    if at < majority(facts):
        return Basis.PARENT_OF_MINOR, used, blockers
    declared = facts.declared_at(young.id, at)
    may_read = parent_reads_at_18(at, majority(facts), declared.given_at if declared else None)
    if not may_read or any(blocker.obstacle is Obstacle.CONSENT_MISSING for blocker in blockers):
        noes = tuple(blocker for blocker in blockers if blocker.is_a_no)
        blockers = noes or (Blocker(Obstacle.GROWN_UP, young.id),)
    return Basis.ADULT_CONSENT, used, blockers


def _covered(
    facts: Facts, party: Party, rule: CompartmentRule, at: datetime
) -> tuple[tuple[UUID, ...], tuple[Blocker, ...]]:
    """Rule 3: the young person's consent, and every custody holder's for the categories that still need it."""
    used, blockers = _consent(facts, facts.young_person(), party, rule, rule.categories, at)
    asked = for_custody_holders(facts, rule, at)
    if asked:
        holders = facts.custody_holders_at(at)
        if not holders:
            blockers += (Blocker(Obstacle.CUSTODY_UNKNOWN),)
        for holder in holders:
            theirs, lacking = _consent(facts, holder, party, rule, asked, at)
            used, blockers = used + theirs, blockers + lacking
    return used, blockers


def _consent(
    facts: Facts, giver: Member, party: Party, rule: CompartmentRule, categories: frozenset[str], at: datetime
) -> tuple[tuple[UUID, ...], tuple[Blocker, ...]]:
    """Whether `giver` has said yes to the compartment for `party`: the declaration used, or what is in the way."""
    answer = said(facts, giver.id, party, rule.key, categories, at)
    match answer.answer:
        case Answer.YES if answer.consent_id is not None:
            return (answer.consent_id,), ()
        case Answer.NO:
            obstacle = Obstacle.CONSENT_WITHDRAWN if answer.is_taken_back else Obstacle.CONSENT_REFUSED
            return (), (Blocker(obstacle, giver.id, answer.at),)
        case Answer.ENDED:
            return (), (Blocker(Obstacle.CONSENT_EXPIRED, giver.id, answer.at),)
    return (), (Blocker(Obstacle.CONSENT_MISSING, giver.id),)


def _stretches(turns: list[datetime]) -> Iterator[tuple[datetime, datetime | None]]:
    yield from zip(turns, [*turns[1:], None], strict=True)


def _windows(facts: Facts, member: Member, rule: CompartmentRule, turns: list[datetime]) -> list[Window]:
    """Neighbouring stretches with the same answer become one window."""
    found: list[Window] = []
    for begin, end in _stretches(turns):
        verdict = judge(facts, member, rule, begin)
        if not verdict.can_read or verdict.basis is None:
            continue
        before = found[-1] if found and found[-1].valid_until == begin else None
        same = before and (before.can_write, before.basis, before.consents)
        if before and same == (verdict.can_write, verdict.basis, verdict.consents):
            found.pop()
            begin = before.valid_from
        found.append(
            Window(
                rule.key, member.id, member.person_id, verdict.can_write, begin, end, verdict.basis, verdict.consents
            )
        )
    return found


def _notices(facts: Facts, member: Member, rules: tuple[CompartmentRule, ...], turns: list[datetime]) -> list[Notice]:
    """Stretches without any open window, explained by the first compartment that is meant for the member."""
    found: list[Notice] = []
    for begin, end in _stretches(turns):
        verdicts = [judge(facts, member, rule, begin) for rule in rules]
        if any(verdict.can_read for verdict in verdicts):
            continue
        blockers = verdicts[0].blockers
        if found and found[-1].valid_until == begin and found[-1].blockers == blockers:
            begin = found.pop().valid_from
        found.append(Notice(member.id, member.person_id, begin, end, blockers))
    return found
