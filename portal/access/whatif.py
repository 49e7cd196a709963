"""What a change of facts would open or shut, before anybody makes it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from portal.access.facts import ConsentFact, Facts, Member, Party, Withdrawal
from portal.access.roles import Level
from portal.access.windows import Blocker, Window, judge


@dataclass(frozen=True)
class Change:
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


def level_of(facts: Facts, member: Member, compartment: str, at: datetime) -> Level:
    """What the compartment is to the member at that instant."""
    rule = next(rule for rule in facts.rules.compartments if rule.key == compartment)
    verdict = judge(facts, member, rule, at)
    if not verdict.can_read:
        return Level.NONE
    return Level.WRITE if verdict.can_write else Level.READ


def changes(before: Facts, after: Facts, at: datetime) -> list[Change]:
    """Every person and compartment whose access differs between two states of the facts."""
    found = []
    for member in before.members:
        then = after.member(member.id)
        for rule in before.rules.compartments:
            was, becomes = (level_of(f, m, rule.key, at) for f, m in ((before, member), (after, then)))
            if was is not becomes:
                found.append(Change(member.id, rule.key, was, becomes))
    return found


def prospects(facts: Facts, member: Member, at: datetime) -> list[Prospect]:
    """What every compartment meant for the member will be to them."""
    found = []
    for rule in facts.rules.compartments:
        if member.capacity not in rule.audience:
            continue
        verdict = judge(facts, member, rule, at)
        level = Level.WRITE if verdict.can_write else Level.READ if verdict.can_read else Level.NONE
        found.append(Prospect(rule.key, level, verdict.blockers))
    return found


@dataclass(frozen=True)
class Stretch:
    """The unbroken time in which somebody sees a compartment, whatever it rests on meanwhile."""

    since: datetime
    until: datetime | None
    consents: tuple[UUID, ...]
    """The declarations it rests on at the instant that was asked about."""


def stretches(windows: Iterable[Window], at: datetime) -> dict[tuple[UUID, str], Stretch]:
    """By member and compartment, for what is open at that instant. Windows that touch are one stretch."""
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
        found[key] = Stretch(row[first].valid_from, row[last].valid_until, row[now].consents)
    return found


def with_member(facts: Facts, member: Member) -> Facts:
    return replace(facts, members=(*facts.members, member))


def with_level(facts: Facts, member_id: UUID, level: Level, at: datetime) -> Facts:
    """As if the owner set that level now."""
    members = tuple(replace(m, levels=(*m.levels, (at, level))) if m.id == member_id else m for m in facts.members)
    return replace(facts, members=members)


def with_withdrawal(facts: Facts, consent_id: UUID, party: Party | None, at: datetime) -> Facts:
    """As if the consent, or its part about `party`, were taken back now."""
    consents = tuple(
        replace(c, withdrawals=(*c.withdrawals, Withdrawal(at, party))) if c.id == consent_id else c
        for c in facts.consents
    )
    return replace(facts, consents=consents)


def with_consent(facts: Facts, consent: ConsentFact) -> Facts:
    """As if that declaration were given; it takes the place of the giver's earlier ones."""
    return replace(facts, consents=(*facts.consents, consent))


def with_custody(facts: Facts, member_id: UUID, holds: bool, at: datetime) -> Facts:
    """As if the member held custody from now on, or no longer did."""
    members = tuple(_custody(m, holds, at) if m.id == member_id else m for m in facts.members)
    return replace(facts, members=members)


def _custody(member: Member, holds: bool, at: datetime) -> Member:
    if holds:
        return replace(member, custody_from=at, custody_until=None)
    return replace(member, custody_until=at)
