"""What a change of facts would open or shut, before anybody makes it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from uuid import UUID

from portal.access.policy.answers import asked_about, party_of, standing
from portal.access.policy.facts import (
    CompartmentRule,
    ConsentFact,
    Facts,
    Grant,
    Member,
    OverrideFact,
    Ownership,
    Party,
    Withdrawal,
)
from portal.access.policy.roles import Capacity, Level
from portal.access.policy.windows import Blocker, Moment, Window, compute


@dataclass(frozen=True)
class AccessChange:
    member_id: UUID
    compartment: str
    was: Level
    becomes: Level


@dataclass(frozen=True)
class Prospect:
    """What one compartment will be to somebody: their level, or what is still in the way."""

    compartment: str
    level: Level
    blockers: tuple[Blocker, ...]

    @property
    def is_answered_no(self) -> bool:
        """Whether somebody who is asked has said no: then nothing of it is waited for."""
        return any(blocker.is_a_no for blocker in self.blockers)


def level_of(moment: Moment, member: Member, rule: CompartmentRule) -> Level:
    """What the compartment is to the member at that moment."""
    verdict = moment.judge(member, rule)
    if not verdict.can_read:
        return Level.NONE
    return Level.WRITE if verdict.can_write else Level.READ


def changes(before: Facts, after: Facts, at: datetime) -> list[AccessChange]:
    """Every person and compartment whose access differs between two states of the facts."""
    found = []
    now, then = Moment(before, at), Moment(after, at)
    rules = {rule.key: rule for rule in after.rules.compartments}
    for member in before.members:
        afterwards = after.member(member.id)
        for rule in before.rules.compartments:
            was, becomes = level_of(now, member, rule), level_of(then, afterwards, rules[rule.key])
            if was is not becomes:
                found.append(AccessChange(member.id, rule.key, was, becomes))
    return found


def prospects(facts: Facts, member: Member, at: datetime) -> list[Prospect]:
    """What every compartment meant for the member will be to them."""
    found, moment, capacity = [], Moment(facts, at), facts.capacity_at(member, at)
    for rule in facts.rules.compartments:
        if capacity not in rule.audience or not facts.shares(member, rule, at):
            continue
        verdict = moment.judge(member, rule)
        level = Level.WRITE if verdict.can_write else Level.READ if verdict.can_read else Level.NONE
        found.append(Prospect(rule.key, level, verdict.blockers))
    return found


@dataclass(frozen=True)
class UnbrokenAccess:
    """The unbroken time in which somebody sees a compartment, whatever it rests on meanwhile."""

    since: datetime
    until: datetime | None
    consents: tuple[UUID, ...]
    """The declarations it rests on at the instant that was asked about."""


def unbroken_access(windows: Iterable[Window], at: datetime) -> dict[tuple[UUID, str], UnbrokenAccess]:
    """By member and compartment, for what is open at that instant. Windows that touch are one access."""
    of_each: dict[tuple[UUID, str], list[Window]] = {}
    for window in sorted(windows, key=lambda w: w.valid_from):
        of_each.setdefault((window.member_id, window.compartment), []).append(window)
    found = {}
    for key, row in of_each.items():
        now = next(
            (n for n, w in enumerate(row) if w.valid_from <= at and (not w.valid_until or at < w.valid_until)), None
        )
        if now is None:
            continue
        first = last = now
        while first and row[first - 1].valid_until == row[first].valid_from:
            first -= 1
        while last + 1 < len(row) and row[last].valid_until == row[last + 1].valid_from:
            last += 1
        found[key] = UnbrokenAccess(row[first].valid_from, row[last].valid_until, row[now].consents)
    return found


def with_member(facts: Facts, member: Member) -> Facts:
    return replace(facts, members=(*facts.members, member))


def with_level(facts: Facts, member_id: UUID, level: Level, at: datetime) -> Facts:
    """As if the owner set that level now."""
    members = tuple(replace(m, levels=(*m.levels, (at, level))) if m.id == member_id else m for m in facts.members)
    return replace(facts, members=members)


def with_no(facts: Facts, giver_id: UUID, party: Party | None, at: datetime) -> Facts:
    """As if the giver now said no to `party`, or took everything back."""
    return replace(facts, withdrawals=(*facts.withdrawals, Withdrawal(giver_id, at, party)))


def with_override(facts: Facts, override: OverrideFact) -> Facts:
    """As if the owner let somebody in by law."""
    return replace(facts, overrides=(*facts.overrides, override))


def without_override(facts: Facts, override_id: UUID, at: datetime) -> Facts:
    """As if the owner ended an override now."""
    overrides = tuple(replace(o, ended_at=at) if o.id == override_id else o for o in facts.overrides)
    return replace(facts, overrides=overrides)


def lifted(facts: Facts, freeze_id: UUID, at: datetime) -> Facts:
    """As if a freeze were lifted now."""
    freezes = tuple(replace(f, lifted_at=at) if f.id == freeze_id else f for f in facts.freezes)
    return replace(facts, freezes=freezes)


def by_itself(facts: Facts, at: datetime) -> list[AccessChange]:
    """What opens and shuts at that instant though nobody does anything, as the facts stand."""
    before: dict[tuple[UUID, str], Level] = {}
    after: dict[tuple[UUID, str], Level] = {}
    for window in compute(facts).windows:
        level = Level.WRITE if window.can_write else Level.READ
        if window.valid_from < at and (window.valid_until is None or at <= window.valid_until):
            before[window.member_id, window.compartment] = level
        if window.valid_from <= at and (window.valid_until is None or at < window.valid_until):
            after[window.member_id, window.compartment] = level
    return [
        AccessChange(member.id, rule.key, was, becomes)
        for member in facts.members
        for rule in facts.rules.compartments
        if (was := before.get((member.id, rule.key), Level.NONE))
        is not (becomes := after.get((member.id, rule.key), Level.NONE))
    ]


def with_yes(facts: Facts, giver_id: UUID, party: Party, until: datetime, at: datetime) -> Facts:
    """As if the giver now said yes to everything they are asked about for one more party, and stood by the rest."""
    giver = facts.member(giver_id)
    asked = frozenset(
        Grant(party, rule.key, category)
        for member in facts.members
        if party_of(facts, member, at) == party
        for rule in facts.rules.compartments
        for category in asked_about(facts, giver, member, rule, at)
    )
    saved = frozenset(grant for grant in standing(facts, giver_id, at) if grant.party != party)
    return with_consent(facts, ConsentFact(UUID(int=0), giver_id, at, at, until, saved | asked))


def with_owner(facts: Facts, member_id: UUID, unit_id: UUID, at: datetime) -> Facts:
    """As if another guide owned the case from now on."""
    first = next(member for member in facts.members if member.capacity is Capacity.OWNER)
    before = facts.ownerships or (Ownership(datetime.min.replace(tzinfo=UTC), first.id, facts.owner_unit_id),)
    opened = with_level(facts, member_id, Level.WRITE, at)
    return replace(opened, ownerships=(*before, Ownership(at, member_id, unit_id)))


def with_consent(facts: Facts, consent: ConsentFact) -> Facts:
    """As if that declaration were given; it takes the place of the giver's earlier ones."""
    return replace(facts, consents=(*facts.consents, consent))


def with_custody(facts: Facts, member_id: UUID, holds: bool, at: datetime) -> Facts:
    """As if the member held custody from now on, or no longer did."""
    members = tuple(_custody(m, holds, at) if m.id == member_id else m for m in facts.members)
    return replace(facts, members=members)


def with_birth_date(facts: Facts, born: date) -> Facts:
    """As if the young person were born on that day."""
    return replace(facts, birth_date=born)


def with_renewal(facts: Facts, member_id: UUID, at: datetime) -> Facts:
    """As if the member were corrected into somebody else now: declarations that name them say nothing any more."""
    members = tuple(replace(m, renewed=(*m.renewed, at)) if m.id == member_id else m for m in facts.members)
    return replace(facts, members=members)


def _custody(member: Member, holds: bool, at: datetime) -> Member:
    if holds:
        return replace(member, custody_from=at, custody_until=None)
    return replace(member, custody_until=at)
