"""What a giver has answered about one party and one compartment, and what they are asked at all. Pure.

One rule says it to the windows, which open by a yes alone, and to every page that asks or tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portal.access.policy.ages import majority, own_consent_is_enough, parent_reads_at_18, reaches
from portal.access.policy.facts import CompartmentRule, ConsentFact, Facts, Grant, Member, Party
from portal.access.policy.roles import Capacity


class Answer(StrEnum):
    YES = "yes"
    NO = "no"
    ENDED = "ended"
    """A yes whose time is over."""
    NONE = "none"
    """Not asked, or asked about something else: what is in the compartment was not named."""


@dataclass(frozen=True)
class GivenAnswer:
    answer: Answer
    at: datetime | None = None
    """When it was said; of a yes that has ended, when it ended; of one taken back, when that was done."""
    consent_id: UUID | None = None
    """The declaration that says yes, also where the yes does not count any more."""

    @property
    def is_taken_back(self) -> bool:
        return self.answer is Answer.NO and self.consent_id is not None

    @property
    def waits(self) -> bool:
        """Whether there is something to answer: a yes and a no are answers."""
        return self.answer in (Answer.NONE, Answer.ENDED)


@dataclass(frozen=True)
class Position:
    """Whatever a giver has said of one party that counts at an instant: looked up once for all compartments."""

    declared: ConsentFact | None
    """None also where it may have meant somebody else."""
    grants: Mapping[str, Set[str]]
    """Compartment of each yes to the party -> the categories it names there."""
    no_to_them: datetime | None
    no_to_all: datetime | None
    """Since when a no stands that came after the declaration."""
    party: Party
    at: datetime

    def on(self, compartment: str, categories: frozenset[str]) -> GivenAnswer:
        """The answer about a compartment in which `categories` lie."""
        declared = self.declared
        is_yes = bool(categories) and categories <= self.grants.get(compartment, frozenset())
        noes = [no for no in (self.no_to_them, self.no_to_all if is_yes else None) if no is not None]
        if noes:
            return GivenAnswer(Answer.NO, min(noes), declared.id if is_yes and declared else None)
        if declared is None:
            return _NOTHING
        if is_yes:
            ended = self.at >= declared.valid_until
            answer, since = (Answer.ENDED, declared.valid_until) if ended else (Answer.YES, declared.given_at)
            return GivenAnswer(answer, since, declared.id)
        if (self.party, compartment) in declared.refusals:
            return GivenAnswer(Answer.NO, declared.given_at)
        return _NOTHING


_NOTHING = GivenAnswer(Answer.NONE)


def position(facts: Facts, giver_id: UUID, party: Party, at: datetime) -> Position:
    """What `giver_id` has said of `party`, as it counts at `at`."""
    declared = facts.declared_at(giver_id, at)
    to_them, to_all = facts.taken_back_at(giver_id, party, at)
    if declared is not None and facts.speaks_of_somebody_else(declared, party, at):
        declared = None
    return Position(declared, declared.granted_to(party) if declared else {}, to_them, to_all, party, at)


def said(
    facts: Facts, giver_id: UUID, party: Party, compartment: str, categories: frozenset[str], at: datetime
) -> GivenAnswer:
    """What `giver_id` has answered, as it counts at `at`, about `party` and a compartment in which `categories` lie."""
    return position(facts, giver_id, party, at).on(compartment, categories)


def said_of_parent(facts: Facts, member: Member, answer: GivenAnswer, at: datetime) -> GivenAnswer:
    """The same answer, except for a parent: a yes that was given as a minor has ended at majority. The young adult lets
    a parent in anew, or not at all (ages.parent_reads_at_18)."""
    if member.capacity is not Capacity.PARENT or answer.answer is not Answer.YES:
        return answer
    of_age = majority(facts)
    return answer if parent_reads_at_18(at, of_age, answer.at) else GivenAnswer(Answer.ENDED, of_age)


def standing(facts: Facts, giver_id: UUID, at: datetime) -> frozenset[Grant]:
    """What of the giver's declaration still counts as a yes."""
    declared = facts.declared_at(giver_id, at)
    if declared is None or at >= declared.valid_until:
        return frozenset()
    parties = {
        party
        for party in {grant.party for grant in declared.grants}
        if facts.taken_back_at(giver_id, party, at) == (None, None)
        and not facts.speaks_of_somebody_else(declared, party, at)
    }
    return frozenset(grant for grant in declared.grants if grant.party in parties)


def party_of(facts: Facts, member: Member, at: datetime) -> Party | None:
    """By which name a consent lets the member in; None for somebody who needs none."""
    return party_as(facts, member, facts.capacity_at(member, at), at)


def party_as(facts: Facts, member: Member, capacity: Capacity, at: datetime) -> Party | None:
    """The same, of a member who is known to be in the case as `capacity`."""
    match capacity:
        case Capacity.PROFESSIONAL if not facts.needs_no_consent(member, at):
            return Party(unit_id=member.unit_at(at))
        case Capacity.NETWORK_PERSON:
            return Party(membership_id=member.id)
        case Capacity.PARENT if at >= majority(facts) or facts.rules.parent_needs_young_persons_yes:
            return Party(membership_id=member.id)
    return None


def asked_about(facts: Facts, giver: Member, member: Member, rule: CompartmentRule, at: datetime) -> frozenset[str]:
    """The categories of the compartment for which this giver's yes lets the member in; empty when they are not asked.

    The young person is asked about everybody and everything. Custody holders of a minor are asked about professionals
    and network persons, and about what the young person is too young to decide alone.
    """
    if party_of(facts, member, at) is None:
        return frozenset()
    return decided_by(facts, giver, facts.capacity_at(member, at), rule, at)


def decided_by(facts: Facts, giver: Member, capacity: Capacity, rule: CompartmentRule, at: datetime) -> frozenset[str]:
    """The categories of the compartment that are this giver's to open to somebody of that capacity who needs a yes."""
    if capacity not in rule.audience:
        return frozenset()
    if giver.capacity is Capacity.YOUNG_PERSON:
        return rule.categories
    return frozenset() if capacity is Capacity.PARENT else for_custody_holders(facts, rule, at)


def givers(facts: Facts, at: datetime) -> tuple[Member, ...]:
    """Whose consent counts at that instant: the young person's, and while they are a minor every custody holder's."""
    young = facts.young_person()
    if majority(facts) <= at or not facts.rules.custody_holders_are_asked:
        return (young,)
    return (young, *facts.custody_holders_at(at))


def for_custody_holders(facts: Facts, rule: CompartmentRule, at: datetime) -> frozenset[str]:
    """The categories of the compartment that every custody holder must say yes to at that instant."""
    if not facts.rules.custody_holders_are_asked:
        return frozenset()
    ages, of_age = facts.rules.consent_age, facts.rules.majority_age
    return frozenset(c for c in rule.categories if at < reaches(facts, own_consent_is_enough(ages.get(c), of_age)))
