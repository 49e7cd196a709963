"""Why somebody may see what they see: windows and the gaps between them over all time, told from the facts. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from portal.access.policy.facts import CompartmentRule, Facts, Member
from portal.access.policy.roles import Level
from portal.access.policy.windows import Verdict, judge, turning_points


@dataclass(frozen=True)
class AccessPeriod:
    """One compartment for one member, from an instant (UTC) until another, in which the answer stays the same."""

    compartment: str
    begins: datetime
    ends: datetime | None
    """None: as the facts stand, for ever."""
    verdict: Verdict

    def holds_at(self, at: datetime) -> bool:
        return self.begins <= at and (self.ends is None or at < self.ends)


def ever(facts: Facts, member: Member, at: datetime) -> Level:
    """The most that was ever open to the member until that instant, of any compartment."""
    turns = [turn for turn in turning_points(facts, member) if turn <= at] + [at]
    verdicts = [judge(facts, member, rule, turn) for rule in facts.rules.compartments for turn in turns]
    if any(verdict.can_write for verdict in verdicts):
        return Level.WRITE
    return Level.READ if any(verdict.can_read for verdict in verdicts) else Level.NONE


def explain(facts: Facts, member: Member) -> Iterator[AccessPeriod]:
    """Every compartment meant for the member, from the first instant the owner decided anything about them."""
    since = member.levels[0][0] if member.levels else None
    turns = [at for at in turning_points(facts, member) if since is None or at >= since]
    for rule in facts.rules.compartments:
        if member.capacity in rule.audience:
            yield from _periods(facts, member, rule, turns)


def _periods(facts: Facts, member: Member, rule: CompartmentRule, turns: list[datetime]) -> Iterator[AccessPeriod]:
    begins, verdict = turns[0], judge(facts, member, rule, turns[0])
    for turn in turns[1:]:
        if (then := judge(facts, member, rule, turn)) != verdict:
            yield AccessPeriod(rule.key, begins, turn, verdict)
            begins, verdict = turn, then
    yield AccessPeriod(rule.key, begins, None, verdict)
