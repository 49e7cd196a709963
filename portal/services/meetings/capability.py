"""What meetings offers to services/registry.py."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from portal.access.actor import Actor
from portal.access.ticket import CaseTicket
from portal.services.meetings import heard, needs, schedule
from portal.services.meetings.schedule import MeetingPage
from portal.services.shared.front import Front
from portal.services.shared.needs import NeedLine, OwnCases


@dataclass(frozen=True)
class MeetingNews:
    meeting: MeetingPage | None
    """The meeting that goes on, or the next one."""
    heard: UUID | None
    """The meeting that the young person has not said yet whether they were heard at."""


def news(ticket: CaseTicket, front: Front) -> MeetingNews:
    """What the front of a case tells of its meetings."""
    return MeetingNews(
        meeting=schedule.next_one(ticket) if front.there.meeting else None,
        heard=heard.unanswered(ticket) if front.there.heard else None,
    )


def needs_me(actor: Actor, cases: OwnCases) -> Iterator[NeedLine]:
    """Meetings to come."""
    return needs.needs_me(actor, cases)
