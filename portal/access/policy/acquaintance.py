"""Whom somebody in a case may know of. Pure: no clock, no database.

That a child psychiatrist is in a case is health information. So people of a case know of each other only where they
share something: whoever has, or ever had, a window on a compartment that is open to the reader now. What somebody wrote
there while they were in stays with their name, so those who have left are known to those who were there, and to those
who came later. The owner and the young person know everybody, and are known to everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from portal.access.policy.facts import Facts
from portal.access.policy.windows import compute

M = TypeVar("M")


def met(facts: Facts, open_now: Collection[str], at: datetime) -> frozenset[UUID]:
    """Membership ids of everybody who has, or had until `at`, a window on one of these compartments."""
    windows = compute(facts).windows
    return frozenset(w.member_id for w in windows if w.compartment in open_now and w.valid_from <= at)


class People(Mapping[UUID, M]):
    """Everybody of a case by id, as one reader meets them: of somebody they may not know of, a stand-in.

    `now` are those known at once; only where somebody else is asked for, `earlier` is called for those known from
    before.
    """

    def __init__(
        self,
        everybody: Mapping[UUID, M],
        now: Collection[UUID],
        earlier: Callable[[], Collection[UUID]],
        stand_in: Callable[[M], M],
    ) -> None:
        self._everybody, self._now, self._earlier, self._stand_in = everybody, now, earlier, stand_in
        self._before: Collection[UUID] | None = None
        self._hidden: dict[UUID, M] = {}

    def __getitem__(self, one: UUID) -> M:
        found = self._everybody[one]
        if one in self._now or self.knows(one):
            return found
        if one not in self._hidden:
            self._hidden[one] = self._stand_in(found)
        return self._hidden[one]

    def __iter__(self) -> Iterator[UUID]:
        return iter(self._everybody)

    def __len__(self) -> int:
        return len(self._everybody)

    def knows(self, one: UUID) -> bool:
        """Whether the reader may know who that is."""
        if one in self._now:
            return True
        if self._before is None:
            self._before = self._earlier()
        return one in self._before

    @property
    def known(self) -> dict[UUID, M]:
        """Those the reader may know of: for whatever somebody is chosen from."""
        return {one: found for one, found in self._everybody.items() if self.knows(one)}
