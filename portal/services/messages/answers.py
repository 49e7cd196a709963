"""Answers that are asked for by a day: of whom, by whom, and whether they came.

Whoever writes a message may ask some of those who can answer it; nobody is asked by itself. Answering is writing in the
thread after that. A request ends when it is answered, and when it or its message is taken back. It does not stand while
the person who is asked cannot write in the thread: nobody waits for somebody who has left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from portal import clock, locks
from portal.access.actor import Actor
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.locks import Lock
from portal.models import AnswerRequest, Membership, Message
from portal.services.messages import absence, queries
from portal.services.messages.absence import Away
from portal.services.messages.queries import RequestRow
from portal.tools.profile import profile

LONGEST = timedelta(days=366)
"""The last day that can be asked for lies no further ahead."""


@dataclass(frozen=True)
class AskedAnswer:
    """That somebody is asked for an answer."""

    id: UUID
    thread_id: UUID
    message_id: UUID
    who: Membership
    by: Membership
    due: date
    answered_at: datetime | None
    days_left: int
    is_for_me: bool
    is_mine: bool
    """Whether this person asks."""
    in_stead: bool = False
    """Whether the guide is asked, for whom this person stands in just now."""

    @property
    def is_open(self) -> bool:
        return self.answered_at is None

    @property
    def is_late(self) -> bool:
        return self.is_open and self.days_left < 0


@dataclass(frozen=True)
class WaitedAnswer:
    """An answer that a person is asked for in one of their cases, for a page over all of them."""

    case_id: UUID
    thread_id: UUID
    by: str
    due: date
    asked_at: datetime
    is_late: bool


def waiting_for_me(actor: Actor, compartments: Collection[UUID]) -> list[WaitedAnswer]:
    """The answers this person is asked for in those compartments of theirs, what is due first first: one query.
    What it is about is sealed with the key of each case, so it is not told here."""
    if not compartments:
        return []
    asked = {"person": actor.person_id, "compartments": list(compartments), "now": clock.now()}
    rows = queries.WAITING.ask(actor.session, **asked)
    return [
        WaitedAnswer(row.case_id, row.thread_id, row.asked_by, row.due_on, row.asked_at, _is_past(row)) for row in rows
    ]


def _is_past(row: queries.AskedAnswerRow) -> bool:
    return row.due_on < clock.today(profile(row.profile).zone)


def open_answers(ticket: CaseTicket, away: Away | None) -> list[AskedAnswer]:
    """Of this case, what is due first first: the answers this person is asked for, themselves or in the stead of the
    guide who is `away`, and those they ask others for."""
    stands_for = _stands_for(ticket, away)
    rows = queries.REQUESTS_OPEN.ask(ticket.session, **ticket.bounds, stands_for=stands_for)
    return _lines(ticket, rows, stands_for)


def _stands_for(ticket: CaseTicket, away: Away | None) -> UUID:
    """The guide, while this person stands in for them; else nobody but themselves."""
    return away.guide.id if away is not None and away.is_me else ticket.membership.id


def asked_of_me(ticket: CaseTicket) -> list[AskedAnswer]:
    """The answers this person is asked for in this case, what is due first first."""
    return [line for line in open_answers(ticket, absence.current(ticket)) if line.is_for_me]


def of_thread(ticket: CaseTicket, thread_id: UUID, away: Away | None) -> list[AskedAnswer]:
    """All that is asked for in a thread, answered or not."""
    rows = queries.REQUESTS_OF_THREAD.ask(ticket.session, **ticket.bounds, thread=thread_id)
    return _lines(ticket, rows, _stands_for(ticket, away))


def readers(ticket: CaseTicket, compartment_id: UUID) -> set[UUID]:
    """Who can read there now, by membership."""
    return {window.membership_id for window in ticket.open_windows if window.compartment_id == compartment_id}


def writers(ticket: CaseTicket, compartment_id: UUID) -> set[UUID]:
    """Who can write there now, by membership."""
    return {
        window.membership_id
        for window in ticket.open_windows
        if window.compartment_id == compartment_id and window.can_write
    }


def check(ticket: CaseTicket, compartment_id: UUID, whom: Collection[UUID], due: date | None) -> None:
    """Raises InvalidInput for people who cannot answer there, or a day that cannot be."""
    if not whom:
        if due is not None:
            raise InvalidInput("asked", "nobody_asked")
        return
    able = writers(ticket, compartment_id) - {ticket.membership.id}
    for one in whom:
        if one not in able:
            member = ticket.members.get(one)
            raise InvalidInput("asked", "cannot_answer", name=member.display_name if member else "")
    today = clock.today(ticket.profile.zone)
    if due is None:
        raise InvalidInput("due", "required")
    if due < today:
        raise InvalidInput("due", "date_past")
    if due > today + LONGEST:
        raise InvalidInput("due", "date_far")


def ask(ticket: CaseTicket, message: Message, whom: Collection[UUID], due: date | None) -> None:
    """Asks with a message that was just written. `check` has looked at it."""
    if not whom or due is None:
        return
    for one in sorted(whom):
        row = ticket.new(
            AnswerRequest,
            message.compartment_id,
            message_id=message.id,
            thread_id=message.thread_id,
            membership_id=one,
            due_on=due,
        )
        ticket.session.add(row)
    ticket.session.flush()
    ticket.record(Event.ANSWER_ASKED, message.compartment_id, message.thread_id)


def withdraw_request(ticket: CaseTicket, request_id: UUID) -> UUID:
    """Takes one's own wish for an answer back; returns the thread. A second time does nothing. Raises NotFound for one
    that is not one's own."""
    ticket.require(Action.MESSAGE_WRITE)
    row = ticket.load(AnswerRequest, request_id)
    if row.created_by_id != ticket.membership.id:
        raise NotFound
    locks.hold(ticket.session, Lock.THREAD, row.thread_id)
    ticket.session.refresh(row)
    if row.withdrawn_at is None:
        row.withdrawn_at = clock.now()
        ticket.session.flush()
        ticket.record(Event.ANSWER_UNASKED, row.compartment_id, row.thread_id)
    return row.thread_id


def _lines(ticket: CaseTicket, rows: Iterable[RequestRow], stands_for: UUID) -> list[AskedAnswer]:
    today = clock.today(ticket.profile.zone)
    able: dict[UUID, set[UUID]] = {}
    found = []
    for row in rows:
        if row.compartment_id not in able:
            able[row.compartment_id] = writers(ticket, row.compartment_id)
        if row.answered_at is None and row.membership_id not in able[row.compartment_id]:
            continue
        found.append(
            AskedAnswer(
                id=row.id,
                thread_id=row.thread_id,
                message_id=row.message_id,
                who=ticket.members[row.membership_id],
                by=ticket.members[row.created_by_id],
                due=row.due_on,
                answered_at=row.answered_at,
                days_left=(row.due_on - today).days,
                is_for_me=row.membership_id in (ticket.membership.id, stands_for),
                in_stead=row.membership_id == stands_for != ticket.membership.id,
                is_mine=row.created_by_id == ticket.membership.id,
            )
        )
    return found
