"""What somebody who is kept out of a case may read of why. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from portal.access.policy.ages import majority
from portal.access.policy.facts import Facts
from portal.access.policy.roles import Capacity
from portal.access.policy.windows import Blocker, ExclusionPeriod, Obstacle

_NOT_TOLD = {
    Capacity.YOUNG_PERSON: frozenset({Obstacle.CLOSED, Obstacle.FROZEN}),
    Capacity.PARENT: frozenset(Obstacle) - {Obstacle.LEFT, Obstacle.GROWN_UP},
    Capacity.NETWORK_PERSON: frozenset(Obstacle) - {Obstacle.LEFT},
}
"""Obstacles that somebody of a capacity is not told apart."""


def told(facts: Facts, notices: Iterable[ExclusionPeriod]) -> list[ExclusionPeriod]:
    """The notices as those they are about may read them.

    To whom the young person is close, what keeps them out is not told: that the young person has taken a yes back, or
    that somebody is to be protected, may not be safe to know at home. They read the same whatever it is, and stretches
    that read the same are one, so that nothing in the day they are told changes with it.
    """
    found: list[ExclusionPeriod] = []
    for notice in notices:
        said = replace(notice, blockers=_as_told(facts, notice))
        before = found[-1] if found else None
        same = before and (before.member_id, before.blockers) == (said.member_id, said.blockers)
        if before and same and before.valid_until == said.valid_from:
            said = replace(said, valid_from=found.pop().valid_from)
        found.append(said)
    return found


def _as_told(facts: Facts, notice: ExclusionPeriod) -> tuple[Blocker, ...]:
    capacity, obstacles = facts.member(notice.member_id).capacity, {b.obstacle for b in notice.blockers}
    if capacity is Capacity.PARENT and Obstacle.LEFT not in obstacles and majority(facts) <= notice.valid_from:
        return (Blocker(Obstacle.GROWN_UP),)
    hidden = _NOT_TOLD.get(capacity, frozenset())
    return (Blocker(Obstacle.NOT_NOW),) if obstacles & hidden else notice.blockers
