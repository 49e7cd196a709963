"""What meetings offers to services/registry.py."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from portal import clock
from portal.access.actor import Actor
from portal.access.ticket import CaseTicket
from portal.services.meetings import heard, needs, queries, schedule
from portal.services.meetings.schedule import MeetingPage
from portal.services.shared.front import Front, FrontQuestions, is_there
from portal.services.shared.needs import NeedLine, OwnCases

FRONT = FrontQuestions(
    of_all={"meeting": is_there(queries.AHEAD), "heard": is_there(queries.UNANSWERED)},
    values=lambda ticket: {
        "today": clock.start_of_today(ticket.profile.zone),
        "recently": clock.now() - heard.ASKED_FOR,
    },
)


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
