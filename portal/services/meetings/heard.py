"""Was I heard? The young person's own answers about a meeting.

Nobody else is told them, or that there are any. The young person can show them to the guide, and can hide them again;
a guide who comes after does not see what was shown to another one. They lie in a table of their own, so that what
shows, compares, exports or agrees on a tool's answers knows nothing of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select

from portal import clock
from portal.access.policy import who_may
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.models import Heard, Membership
from portal.services.meetings import queries, schedule
from portal.services.meetings.schedule import MeetingState
from portal.services.plans import definitions, plans
from portal.services.shared import idempotency
from portal.tools.definition import Definition, Place, clean_answer

TOOL = "meeting_checklist"
"""The tool whose questions these are."""
ASKED_FOR = timedelta(days=14)
"""How long after a meeting the front of the case asks."""


@dataclass(frozen=True)
class HeardAbout:
    """What the answers are about: a meeting, or a version of the checklist of one that was not held here."""

    compartment_id: UUID
    at: datetime
    meeting_id: UUID | None = None
    version_id: UUID | None = None
    number: int = 0
    """Of the version."""


@dataclass(frozen=True)
class Answered:
    """What was answered to the questions of a definition that are the young person's own."""

    about: HeardAbout
    definition: Definition
    answers: Mapping[str, str]
    answered_at: datetime | None
    """None while nothing is answered."""
    shown_to: Membership | None
    """The guide of today, while the answers are shown to them."""

    @property
    def places(self) -> tuple[Place, ...]:
        """In the order they are asked."""
        return tuple(self.definition.own_places)


def of_meeting(ticket: CaseTicket, meeting_id: UUID) -> HeardAbout:
    """Raises NotFound for a meeting that has not begun."""
    page = schedule.load(ticket, meeting_id)
    if page.state not in (MeetingState.RUNNING, MeetingState.ENDED):
        raise NotFound
    return HeardAbout(page.compartment_id, page.at, meeting_id=page.id)


def of_version(ticket: CaseTicket, number: int) -> HeardAbout:
    """Of the checklist's version. Raises NotFound."""
    page = plans.load(ticket, TOOL, definitions.compartment_of(ticket, TOOL))
    if page is None:
        raise NotFound
    this = page.version(number)
    if this.meeting_id is not None:
        return of_meeting(ticket, this.meeting_id)
    return HeardAbout(page.compartment_id, this.created_at, version_id=this.id, number=number)


def my_answers(ticket: CaseTicket, about: HeardAbout) -> Answered:
    """The young person's page."""
    ticket.require(Action.HEARD_ANSWER)
    if about.meeting_id:
        ticket.record(Event.MEETING_VIEWED, about.compartment_id, about.meeting_id)
    else:
        ticket.record(Event.PLAN_VIEWED)
    return _answered(ticket, about, _own(ticket, about))


def before(ticket: CaseTicket, about: HeardAbout) -> list[Answered]:
    """What the young person answered about other meetings, the newest first. One query."""
    ticket.require(Action.HEARD_ANSWER)
    rows = ticket.session.scalars(
        ticket.select(Heard)
        .where(Heard.created_by_id == ticket.membership.id)
        .order_by(Heard.answered_at.desc())
        .limit(_MOST_BEFORE)
    )
    found = []
    for row in rows:
        if (row.meeting_id, row.plan_version_id) != (about.meeting_id, about.version_id):
            other = HeardAbout(row.compartment_id, row.answered_at, row.meeting_id, row.plan_version_id)
            found.append(_answered(ticket, other, row))
    return found


_MOST_BEFORE = 20


def answer_heard(ticket: CaseTicket, submission: UUID, about: HeardAbout, given: Mapping[str, str], show: bool) -> None:
    """Keeps what the young person answers; `show` lets the guide of today see it, and without it nobody does. Raises
    InvalidInput at an answer that cannot be one, or when nothing is answered."""
    ticket.require(Action.HEARD_ANSWER)
    made = uuid4()
    if idempotency.claim(ticket.session, submission, made):
        return
    plans.one_at_a_time(ticket, f"heard {about.meeting_id or about.version_id}")
    definition, row = _definition(ticket), _own(ticket, about)
    answers = {}
    for place in definition.own_places:
        if value := clean_answer(place, given.get(place.address, ""), (), {}):
            answers[place.address] = value
    if not answers:
        raise InvalidInput("", "heard_nothing")
    was_shown = row is not None and row.shown_to_id == ticket.owner.id
    identity = definitions.store_definition(ticket, definition)
    if row is None:
        row = ticket.new(
            Heard, about.compartment_id, id=made, meeting_id=about.meeting_id, plan_version_id=about.version_id
        )
        ticket.session.add(row)
    row.definition = identity
    ticket.seal(row, "answers", json.dumps(answers))
    row.shown_to_id = ticket.owner.id if show else None
    row.answered_at = clock.now()
    ticket.session.flush()
    ticket.record(Event.HEARD_ANSWERED, about.compartment_id, row.id)
    if show != was_shown:
        ticket.record(Event.HEARD_SHOWN if show else Event.HEARD_HIDDEN, about.compartment_id, row.id)


def shown(ticket: CaseTicket, meeting_id: UUID | None = None, version_id: UUID | None = None) -> Answered | None:
    """What the young person shows to the guide who asks; None for everybody else, and where nothing is shown."""
    if not who_may.may_read_heard(ticket.capacity):
        return None
    wanted = ticket.select(Heard).where(Heard.shown_to_id == ticket.membership.id)
    column, value = (Heard.meeting_id, meeting_id) if meeting_id else (Heard.plan_version_id, version_id)
    row = ticket.session.scalars(wanted.where(column == value)).one_or_none()
    if row is None:
        return None
    ticket.record(Event.HEARD_VIEWED, row.compartment_id, row.id)
    about = HeardAbout(row.compartment_id, row.answered_at, row.meeting_id, row.plan_version_id)
    return _answered(ticket, about, row)


def answered_at(ticket: CaseTicket, meeting_id: UUID | None = None, version_id: UUID | None = None) -> datetime | None:
    """When the young person who asks answered; None for everybody else."""
    if not ticket.allows(Action.HEARD_ANSWER):
        return None
    column, value = (Heard.meeting_id, meeting_id) if meeting_id else (Heard.plan_version_id, version_id)
    own = select(Heard.answered_at).where(*ticket.within(Heard), Heard.created_by_id == ticket.membership.id)
    return ticket.session.scalars(own.where(column == value)).one_or_none()


def unanswered(ticket: CaseTicket) -> UUID | None:
    """The newest meeting that the young person has said nothing about yet, while the front of the case asks."""
    if not ticket.allows(Action.HEARD_ANSWER):
        return None
    return ticket.session.scalars(queries.UNANSWERED, {**ticket.bounds, "recently": clock.now() - ASKED_FOR}).first()


# Steps


def _own(ticket: CaseTicket, about: HeardAbout) -> Heard | None:
    column, value = (
        (Heard.meeting_id, about.meeting_id) if about.meeting_id else (Heard.plan_version_id, about.version_id)
    )
    own = ticket.select(Heard).where(Heard.created_by_id == ticket.membership.id, column == value)
    return ticket.session.scalars(own).one_or_none()


def _answered(ticket: CaseTicket, about: HeardAbout, row: Heard | None) -> Answered:
    if row is None:
        return Answered(about, _definition(ticket), {}, None, None)
    definition = definitions.answered(ticket, {row.definition}).get(row.definition) or _definition(ticket)
    answers = json.loads(ticket.unseal(row, "answers"))
    shown_to = ticket.owner if row.shown_to_id == ticket.owner.id else None
    return Answered(about, definition, answers, row.answered_at, shown_to)


def _definition(ticket: CaseTicket) -> Definition:
    definition = definitions.today(ticket, TOOL)
    if definition is None:
        raise NotFound
    return definition
