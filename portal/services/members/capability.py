"""What members offers to services/registry.py."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from portal import clock
from portal.access.actor import Actor
from portal.access.policy.actions import Action
from portal.access.policy.windows import Obstacle
from portal.access.ticket import CaseTicket
from portal.services.members import coming_of_age, confidences, handover_answers, needs, own_data, queries, team_wishes
from portal.services.members.coming_of_age import Countdown
from portal.services.members.confidences import ConfidenceQuestion
from portal.services.members.team_wishes import WishLine
from portal.services.shared import audience
from portal.services.shared.audience import MemberLine
from portal.services.shared.front import Front, FrontQuestions, is_there
from portal.services.shared.needs import NeedLine, OwnCases

FRONT = FrontQuestions(
    of_all={"wishes": is_there(queries.OPEN_WISHES), "offers": is_there(queries.LATELY)},
    values=lambda _ticket: {"heard": clock.now() - handover_answers.HEARD_FOR},
)


@dataclass(frozen=True)
class MemberNews:
    waiting: tuple[MemberLine, ...]
    """Members who see nothing yet and to whom nobody has said no, for those who answer for the case."""
    unconfirmed: tuple[MemberLine, ...]
    """Members who have changed unit or account, until the guide says that they are still meant."""
    gone: tuple[MemberLine, ...]
    """Members who have left by themselves, until the guide decides what then."""
    corrected_at: datetime | None
    """When something noted about this person was put right lately."""
    countdown: Countdown | None
    wishes: tuple[WishLine, ...]
    """What the young person asks of the team and has no answer to, for those who answer for the case."""
    guide_change: handover_answers.GuideChange | None
    """A change of guide that this person is asked about or, as a guide, waits for an answer to."""
    told_before: tuple[ConfidenceQuestion, ...]
    """For the young person: what was confided to a guide before."""


def news(ticket: CaseTicket, front: Front) -> MemberNews:
    """What the front of a case tells of the people in it."""
    outside = _those_outside(ticket) if front.leads and _some_wait(ticket) else _NOBODY
    return MemberNews(
        waiting=outside.waiting,
        unconfirmed=outside.unconfirmed,
        gone=outside.gone,
        corrected_at=own_data.corrected_lately(ticket),
        countdown=coming_of_age.countdown(ticket),
        wishes=_open_wishes(ticket) if front.leads and front.there.wishes else (),
        guide_change=_guide_change(ticket) if front.there.offers else None,
        told_before=tuple(confidences.questions(ticket)),
    )


def needs_me(actor: Actor, cases: OwnCases) -> Iterator[NeedLine]:
    """Wishes, birthdays, and cases that change their guide."""
    return needs.needs_me(actor, cases)


class _Outside(NamedTuple):
    """Members who see nothing, by what is told of them."""

    waiting: tuple[MemberLine, ...] = ()
    unconfirmed: tuple[MemberLine, ...] = ()
    gone: tuple[MemberLine, ...] = ()


_NOBODY = _Outside()


def _those_outside(ticket: CaseTicket) -> _Outside:
    closed = [line for line in audience.member_lines(ticket) if not line.open and line.prospects]
    return _Outside(
        waiting=tuple(line for line in closed if line.awaited and not _stopped(line) & _DECIDED),
        unconfirmed=tuple(line for line in closed if Obstacle.UNCONFIRMED in _stopped(line)),
        gone=tuple(line for line in closed if Obstacle.LEFT in _stopped(line)),
    )


def _guide_change(ticket: CaseTicket) -> handover_answers.GuideChange | None:
    if ticket.allows(Action.TEAM_CHANGE):
        return handover_answers.current(ticket)
    return handover_answers.asked_of_me(ticket)


def _open_wishes(ticket: CaseTicket) -> tuple[WishLine, ...]:
    """What the guide has to answer; for the young person what they wait for: their own no waits for nothing."""
    owns = ticket.allows(Action.TEAM_CHANGE)
    return tuple(wish for wish in team_wishes.wishes(ticket, only_open=True) if owns or not wish.has_worked)


_DECIDED = {Obstacle.LEFT, Obstacle.FROZEN, Obstacle.UNCONFIRMED}
"""What is told by itself, and not as waiting to get in."""


def _some_wait(ticket: CaseTicket) -> bool:
    inside = {window.membership_id for window in ticket.open_windows}
    return any(membership_id not in inside for membership_id in ticket.members)


def _stopped(line: MemberLine) -> set[Obstacle]:
    return {blocker.obstacle for prospect in line.prospects for blocker in prospect.blockers}
