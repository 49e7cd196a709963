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

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from uuid import UUID

from portal.access.policy.ages import majority, parent_reads_at_18, reaches
from portal.access.policy.answers import Answer, Position, for_custody_holders, party_as, position
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
    """Told in place of another one, to somebody who is not to learn which it is (policy/notices.py)."""


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
class ExclusionPeriod:
    """A stretch of time in which a member sees nothing at all, and what keeps them out."""

    member_id: UUID
    person_id: UUID
    valid_from: datetime
    valid_until: datetime | None
    blockers: tuple[Blocker, ...]


@dataclass(frozen=True)
class AccessPicture:
    windows: tuple[Window, ...]
    notices: tuple[ExclusionPeriod, ...]


def compute(facts: Facts) -> AccessPicture:
    """Every window there was, is and will be as the facts stand, and the notices for the stretches between."""
    windows: list[Window] = []
    notices: list[ExclusionPeriod] = []
    moments: dict[datetime, Moment] = {}
    for member in facts.members:
        rules = _meant_for(facts, member)
        if not rules:
            continue
        turns = turning_points(facts, member)
        for turn in turns:
            if turn not in moments:
                moments[turn] = Moment(facts, turn)
        stretches = list(zip(turns, [*turns[1:], None], strict=True))
        verdicts = [moments[turn].judge_all(member, rules) for turn in turns]
        for number, rule in enumerate(rules):
            windows += _windows(member, rule, stretches, [each[number] for each in verdicts])
        notices += _notices(member, stretches, verdicts)
    return AccessPicture(tuple(windows), tuple(notices))


def judge(facts: Facts, member: Member, rule: CompartmentRule, at: datetime) -> Verdict:
    """What `member` may do with the compartment of `rule` at the instant `at`, and why."""
    return Moment(facts, at).judge(member, rule)


@dataclass(frozen=True)
class _Inside:
    """As what a member is in the case at an instant, and what shuts every compartment to them, if anything does."""

    capacity: Capacity
    party: Party | None
    level: Level
    closed: Verdict | None


_Grounds = tuple[Basis, tuple[UUID, ...], tuple[Blocker, ...]]


class Moment:
    """A case at one instant: what every compartment asks of a member, or of a giver, is worked out once."""

    def __init__(self, facts: Facts, at: datetime) -> None:
        self.facts, self.at, self.majority = facts, at, majority(facts)
        self._members: dict[UUID, _Inside] = {}
        self._positions: dict[tuple[UUID, Party], Position] = {}
        self._asked: dict[str, frozenset[str]] = {}

    def judge_all(self, member: Member, rules: Sequence[CompartmentRule]) -> list[Verdict]:
        return [self.judge(member, rule) for rule in rules]

    def judge(self, member: Member, rule: CompartmentRule) -> Verdict:
        """What the member may do with the compartment, and why."""
        inside = self._members.get(member.id) or self._look_at(member)
        if inside.capacity not in rule.audience:
            return _NOT_MEANT
        if rule.confidant_id is not None and not self.facts.shares(member, rule, self.at):
            return _NOT_MEANT
        if inside.closed is not None:
            return inside.closed
        basis, consents, blockers = self._grounds(inside, rule)
        if blockers and self.facts.override_at(member.id, rule.key, self.at):
            basis, consents, blockers = Basis.LEGAL_OVERRIDE, (), ()
        if blockers:
            return _denied(*blockers)
        is_written_in = rule.confidant_id is None or self.facts.is_written_in(rule, self.at)
        return Verdict(True, inside.level is Level.WRITE and is_written_in, basis, consents, ())

    @cached_property
    def young(self) -> Member:
        return self.facts.young_person()

    @cached_property
    def holders(self) -> tuple[Member, ...]:
        return self.facts.custody_holders_at(self.at)

    def _look_at(self, member: Member) -> _Inside:
        facts, at = self.facts, self.at
        capacity, level = facts.capacity_at(member, at), member.level_at(at)
        closed = None
        if facts.is_frozen_at(member.id, at):
            closed = _denied(Blocker(Obstacle.FROZEN))
        elif level is Level.NONE:
            closed = _denied(Blocker(_why_closed(member, at)))
        party = None if closed else party_as(facts, member, capacity, at)
        self._members[member.id] = _Inside(capacity, party, level, closed)
        return self._members[member.id]

    def _grounds(self, inside: _Inside, rule: CompartmentRule) -> _Grounds:
        """The rule that applies to this member, what it rests on, and what it still lacks."""
        if inside.party is None:
            return _WITHOUT_CONSENT[inside.capacity], (), ()
        if inside.capacity is Capacity.PARENT:
            return self._parent(inside.party, rule)
        return Basis.CONSENT, *self._covered(inside.party, rule)

    def _parent(self, party: Party, rule: CompartmentRule) -> _Grounds:
        """Rule 4: the young person's own yes to that parent; from majority on one that was given as an adult."""
        used, blockers = self._consent(self.young, party, rule, rule.categories)
        if self.at < self.majority:
            return Basis.PARENT_OF_MINOR, used, blockers
        declared = self.facts.declared_at(self.young.id, self.at)
        may_read = parent_reads_at_18(self.at, self.majority, declared.given_at if declared else None)
        if not may_read or any(blocker.obstacle is Obstacle.CONSENT_MISSING for blocker in blockers):
            noes = tuple(blocker for blocker in blockers if blocker.is_a_no)
            blockers = noes or (Blocker(Obstacle.GROWN_UP, self.young.id),)
        return Basis.ADULT_CONSENT, used, blockers

    def _covered(self, party: Party, rule: CompartmentRule) -> tuple[tuple[UUID, ...], tuple[Blocker, ...]]:
        """Rule 3: the young person's consent, and every custody holder's for the categories that still need it."""
        used, blockers = self._consent(self.young, party, rule, rule.categories)
        if rule.key not in self._asked:
            self._asked[rule.key] = for_custody_holders(self.facts, rule, self.at)
        if asked := self._asked[rule.key]:
            if not self.holders:
                blockers += (Blocker(Obstacle.CUSTODY_UNKNOWN),)
            for holder in self.holders:
                theirs, lacking = self._consent(holder, party, rule, asked)
                used, blockers = used + theirs, blockers + lacking
        return used, blockers

    def _consent(
        self, giver: Member, party: Party, rule: CompartmentRule, categories: frozenset[str]
    ) -> tuple[tuple[UUID, ...], tuple[Blocker, ...]]:
        """Whether `giver` has said yes to the compartment for `party`: the declaration used, or what is in the way."""
        whose = giver.id, party
        if whose not in self._positions:
            self._positions[whose] = position(self.facts, giver.id, party, self.at)
        answer = self._positions[whose].on(rule.key, categories)
        match answer.answer:
            case Answer.YES if answer.consent_id is not None:
                return (answer.consent_id,), ()
            case Answer.NO:
                obstacle = Obstacle.CONSENT_WITHDRAWN if answer.is_taken_back else Obstacle.CONSENT_REFUSED
                return (), (Blocker(obstacle, giver.id, answer.at),)
            case Answer.ENDED:
                return (), (Blocker(Obstacle.CONSENT_EXPIRED, giver.id, answer.at),)
        return (), (Blocker(Obstacle.CONSENT_MISSING, giver.id),)


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


def _denied(*blockers: Blocker) -> Verdict:
    return Verdict(False, False, None, (), blockers)


_NOT_MEANT = _denied()
"""The compartment is not for somebody like them, or not for this very member."""


def _why_closed(member: Member, at: datetime) -> Obstacle:
    if member.has_left_at(at):
        return Obstacle.LEFT
    if member.is_unconfirmed_at(at):
        return Obstacle.UNCONFIRMED
    return Obstacle.CLOSED if member.opened_before(at) else Obstacle.NOT_OPENED


def _meant_for(facts: Facts, member: Member) -> tuple[CompartmentRule, ...]:
    return tuple(rule for rule in facts.rules.compartments if facts.capacities_of(member) & rule.audience)


_WITHOUT_CONSENT = {
    Capacity.OWNER: Basis.OWNER,
    Capacity.YOUNG_PERSON: Basis.YOUNG_PERSON,
    Capacity.PROFESSIONAL: Basis.OWN_UNIT,
    Capacity.PARENT: Basis.PARENT_OF_MINOR,
}


_Stretches = Sequence[tuple[datetime, datetime | None]]


def _windows(member: Member, rule: CompartmentRule, stretches: _Stretches, verdicts: Sequence[Verdict]) -> list[Window]:
    """Neighbouring stretches with the same answer become one window."""
    found: list[Window] = []
    for (begin, end), verdict in zip(stretches, verdicts, strict=True):
        if not verdict.can_read or verdict.basis is None:
            continue
        before = found[-1] if found and found[-1].valid_until == begin else None
        same = before and (before.can_write, before.basis, before.consents)
        since = begin
        if before and same == (verdict.can_write, verdict.basis, verdict.consents):
            found.pop()
            since = before.valid_from
        found.append(
            Window(
                rule.key, member.id, member.person_id, verdict.can_write, since, end, verdict.basis, verdict.consents
            )
        )
    return found


def _notices(member: Member, stretches: _Stretches, verdicts: Sequence[Sequence[Verdict]]) -> list[ExclusionPeriod]:
    """Stretches without any open window, explained by the first compartment that is meant for the member."""
    found: list[ExclusionPeriod] = []
    for (begin, end), of_each in zip(stretches, verdicts, strict=True):
        if any(verdict.can_read for verdict in of_each):
            continue
        since, blockers = begin, of_each[0].blockers
        if found and found[-1].valid_until == begin and found[-1].blockers == blockers:
            since = found.pop().valid_from
        found.append(ExclusionPeriod(member.id, member.person_id, since, end, blockers))
    return found
