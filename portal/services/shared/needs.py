"""What all of somebody's cases need of them: what each capability is given to look through, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any
from uuid import UUID

from portal import clock
from portal.access.policy import who_may
from portal.access.policy.roles import Capacity
from portal.tools.profile import Profile, profile

COMING = 30
"""Days that somebody is told of ahead."""


class Need(StrEnum):
    """Why somebody is needed."""

    ANSWER = "answer"
    UNREAD = "unread"
    PROMISE = "promise"
    PLAN_YES = "plan_yes"
    MEETING = "meeting"
    MEETING_NOW = "meeting_now"
    CONSENT_ENDS = "consent_ends"
    OWN_CONSENT_ENDS = "own_consent_ends"
    ADULT_CONSENT = "adult_consent"
    WISH = "wish"
    COMES_OF_AGE = "comes_of_age"
    HAND_OVER_WAITS = "hand_over_waits"
    HAND_OVER = "hand_over"
    HAND_OVER_NOT_YET = "hand_over_not_yet"


@dataclass(frozen=True)
class NeedLine:
    """One thing that waits for somebody, or comes up."""

    case_id: UUID
    why: Need
    day: date
    """The day it is about: when it is due, or since when it waits."""
    at: datetime | None = None
    """The instant, where it has a time of the day."""
    item: str = ""
    """What leads to its place: an id, or the key of a tool."""
    count: int = 1
    name: str = ""
    """Of the person it is about, where the list of cases does not say it."""


@dataclass(frozen=True)
class Unread:
    """What somebody has not read in a case."""

    messages: int
    since: datetime
    """When the oldest of them was written."""


@dataclass(frozen=True)
class OwnCase:
    """An open case, as the person is in it."""

    id: UUID
    membership_id: UUID
    capacity: Capacity
    young_person_id: UUID
    birth_date: date
    profile_key: str

    @property
    def profile(self) -> Profile:
        return profile(self.profile_key)

    @property
    def is_guide(self) -> bool:
        return who_may.is_guide(self.capacity)

    @property
    def today(self) -> date:
        return clock.today(self.profile.zone)

    @property
    def majority_day(self) -> date:
        return clock.birthday(self.birth_date, self.profile.majority_age)

    def day(self, instant: datetime) -> date:
        """The day of an instant as people in the case say it."""
        return instant.astimezone(self.profile.zone).date()


@dataclass(frozen=True)
class OwnCases:
    """All cases that are open to somebody, for statements that go over all of them at once. A capability asks one
    statement, however many there are."""

    by_id: Mapping[UUID, OwnCase]
    compartments: Mapping[UUID, UUID]
    """Open compartment -> its case: wall one of such a statement."""
    unread: Mapping[UUID, Unread]

    @cached_property
    def guided(self) -> list[UUID]:
        """Those the person is the guide of."""
        return [one.id for one in self.by_id.values() if one.is_guide]

    @property
    def bounds(self) -> dict[str, Any]:
        """The values for a statement that was put together beforehand."""
        return {
            "mine": [one.membership_id for one in self.by_id.values()],
            "open": list(self.compartments),
            "cases": list(self.by_id),
            "guided": self.guided,
        }
