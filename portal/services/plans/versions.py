"""A version of a plan as people meet it, and what can become of it.

Its state follows from what people did and is stored nowhere: it is a draft until it is proposed, agreed when everybody
asked has said yes to exactly these words, and replaced when a later version is agreed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from uuid import UUID

from portal.errors import NotFound
from portal.models import Membership
from portal.tools.definition import Definition, OfMeeting, rows


class PlanState(StrEnum):
    DRAFT = "draft"
    PROPOSED = "proposed"
    AGREED = "agreed"
    REPLACED = "replaced"


class PlanStep(Enum):
    """What can happen to a version. The words name the step in the diagram; nothing is decided by them."""

    CHANGE = "is changed"
    PROPOSE = "is proposed"
    ACCEPT = "is accepted by one"
    ACCEPT_LAST = "is accepted by the last"
    AGREE_LATER = "a later version is agreed"


PLAN_CHANGES: dict[PlanState, dict[PlanStep, PlanState]] = {
    PlanState.DRAFT: {PlanStep.CHANGE: PlanState.DRAFT, PlanStep.PROPOSE: PlanState.PROPOSED},
    PlanState.PROPOSED: {
        PlanStep.CHANGE: PlanState.DRAFT,
        PlanStep.PROPOSE: PlanState.PROPOSED,
        PlanStep.ACCEPT: PlanState.PROPOSED,
        PlanStep.ACCEPT_LAST: PlanState.AGREED,
    },
    PlanState.AGREED: {PlanStep.AGREE_LATER: PlanState.REPLACED},
    PlanState.REPLACED: {},
}
"""What can become of a version. Words that were agreed are never changed; a new version is begun instead."""


@dataclass(frozen=True)
class Yes:
    """Somebody who is asked to accept a proposal, and their answer."""

    member: Membership
    at: datetime | None
    """When they said yes; None while they are waited for."""
    noted_by: Membership | None
    """The guide, where the yes was given on paper or aloud."""
    before: bool
    """Whether it was given to the same words before they were proposed, in a meeting."""
    how: str
    is_me: bool


@dataclass(frozen=True)
class VersionPage:
    id: UUID
    plan_id: UUID
    number: int
    state: PlanState
    meeting_id: UUID | None
    """The meeting it is written about."""
    told: frozenset[OfMeeting]
    """What a draft shows as the meeting says it; that is not asked."""
    definition: Definition
    revision: int
    answers: Mapping[str, str]
    created_at: datetime
    author: Membership
    asked: tuple[Yes, ...]
    agreed_at: datetime | None
    proposal_id: UUID | None
    was_proposed: bool
    """Whether a draft was proposed before, in other words."""

    @property
    def waits_for_me(self) -> bool:
        return self.state is PlanState.PROPOSED and any(yes.is_me and yes.at is None for yes in self.asked)

    @property
    def is_open(self) -> bool:
        """Whether it can be written in."""
        return PlanStep.CHANGE in PLAN_CHANGES[self.state]

    @property
    def is_written(self) -> bool:
        """Whether anything stands in it."""
        return any(words for address, words in self.answers.items() if "." in address)

    def rows(self, section: str) -> list[str]:
        return rows(self.answers, section)

    def rows_of(self, section: str, question: str, row: str) -> list[str]:
        """The rows of a section that belong to a row of another one."""
        return [r for r in self.rows(section) if self.answers.get(f"{section}.{r}.{question}") == row]


@dataclass(frozen=True)
class PlanPage:
    tool: str
    compartment_id: UUID
    compartment: str
    can_write: bool
    versions: tuple[VersionPage, ...]
    """The newest first."""

    @property
    def newest(self) -> VersionPage:
        return self.versions[0]

    @property
    def agreed(self) -> VersionPage | None:
        """The version in force."""
        return next((version for version in self.versions if version.state is PlanState.AGREED), None)

    def version(self, number: int) -> VersionPage:
        """Raises NotFound."""
        for version in self.versions:
            if version.number == number:
                return version
        raise NotFound
