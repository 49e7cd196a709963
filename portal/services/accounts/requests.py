"""A colleague whom somebody misses in the directory: asked for by them, invited by an administrator.

A request is of the colleague and of nothing in any case. It names no case, has no room for words about one, and is made
outside the cases.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import func, select

from portal import audit, clock, text
from portal.access.actor import Actor
from portal.access.policy.actions import OfficeAction
from portal.errors import InvalidInput, NotFound, Overtaken
from portal.events import Event
from portal.models import AccountRequest, Organisation, Person, Staff, Unit
from portal.services.accounts import directory, invitations
from portal.services.accounts.directory import NewStaff
from portal.services.accounts.invitations import Sender
from portal.services.notices import mail
from portal.services.shared import idempotency

MOST = 10
"""Requests of one person that may wait at a time."""


@dataclass(frozen=True)
class Missed:
    """A colleague as somebody describes them."""

    name: str
    workplace: str
    job_title: str = ""
    email: str = ""


@dataclass(frozen=True)
class RequestLine:
    id: UUID
    missed: Missed
    asked_at: datetime
    asked_by: Sender
    answered_at: datetime | None
    invited: bool
    """Whether it was answered by an invitation."""


def ask_for_change(actor: Actor, submission: UUID, missed: Missed) -> UUID:
    """Asks the administrators of one's own organisation (of all, where it has none) to invite a colleague; they are
    told by mail that there is something new. Raises NotFound for whoever is no professional; InvalidInput at `name`,
    `workplace` or `email`, or when many wait already."""
    if not actor.is_staff:
        raise NotFound
    name, workplace = directory.required(missed.name, "name"), directory.required(missed.workplace, "workplace")
    email = directory.checked_address(missed.email) if missed.email.strip() else ""
    session = actor.session
    made = uuid4()
    if earlier := idempotency.claim(session, submission, made):
        return earlier
    waiting = select(func.count()).select_from(AccountRequest).where(AccountRequest.answered_at.is_(None))
    if session.scalars(waiting.where(AccountRequest.asked_by_id == actor.person_id)).one() >= MOST:
        raise InvalidInput("", "requests_many", most=MOST)
    session.add(
        AccountRequest(
            id=made,
            asked_by_id=actor.person_id,
            name=name,
            email=email,
            job_title=text.line(missed.job_title, 120),
            workplace=workplace,
            asked_at=clock.now(),
        )
    )
    audit.record(session, Event.ACCOUNT_ASKED, item_id=made)
    mail.queue_notice(session, _administrators(actor))
    return made


def my_requests(actor: Actor) -> list[RequestLine]:
    """What this person has asked for, the newest first."""
    asked = select(AccountRequest).where(AccountRequest.asked_by_id == actor.person_id)
    rows = actor.session.scalars(asked.order_by(AccountRequest.asked_at.desc()).limit(20)).all()
    me = invitations.sender(actor.session, actor.person_id) if rows else None
    return [_line(row, me) for row in rows if me]


def waiting_requests(actor: Actor) -> list[RequestLine]:
    """What waits for an administrator, the oldest first."""
    actor.require(OfficeAction.ACCOUNTS_MANAGE)
    asked = (
        select(AccountRequest, Staff.name, Staff.job_title, Unit.name, Organisation.name)
        .join(Staff, Staff.person_id == AccountRequest.asked_by_id)
        .join(Unit, Unit.id == Staff.unit_id)
        .join(Organisation, Organisation.id == Unit.organisation_id)
        .where(AccountRequest.answered_at.is_(None))
        .order_by(AccountRequest.asked_at)
    )
    return [_line(row, Sender(*by)) for row, *by in actor.session.execute(asked)]


def one(actor: Actor, request_id: UUID) -> RequestLine:
    """One that waits. Raises NotFound."""
    found = next((line for line in waiting_requests(actor) if line.id == request_id), None)
    if found is None:
        raise NotFound
    return found


def invite_requested(actor: Actor, submission: UUID, request_id: UUID, new: NewStaff) -> None:
    """Makes the account, invites its owner, and tells whoever asked. Raises NotFound for no request, Overtaken
    for one that is answered, InvalidInput as `accounts.add_staff`."""
    request = _take(actor, request_id)
    made = directory.add_staff(actor, submission, new)
    _answer(actor, request, made)


def decline(actor: Actor, request_id: UUID) -> None:
    """Answers a request without an account: there is one already, or there is to be none."""
    _answer(actor, _take(actor, request_id), None)


def _take(actor: Actor, request_id: UUID) -> AccountRequest:
    actor.require(OfficeAction.ACCOUNTS_MANAGE)
    found = select(AccountRequest).where(AccountRequest.id == request_id).with_for_update()
    request = actor.session.scalars(found, execution_options={"populate_existing": True}).one_or_none()
    if request is None:
        raise NotFound
    if request.answered_at is not None:
        raise Overtaken
    return request


def _answer(actor: Actor, request: AccountRequest, made: UUID | None) -> None:
    request.answered_at, request.answered_by_id, request.made_id = clock.now(), actor.person_id, made
    audit.record(actor.session, Event.ACCOUNT_ANSWERED, item_id=request.id)
    mail.queue_notice(actor.session, [request.asked_by_id])


def _administrators(actor: Actor) -> list[UUID]:
    home = select(Unit.organisation_id).join(Staff, Staff.unit_id == Unit.id).where(Staff.person_id == actor.person_id)
    every = (
        select(Staff.person_id, Unit.organisation_id == home.scalar_subquery())
        .join(Unit, Unit.id == Staff.unit_id)
        .join(Person, Person.id == Staff.person_id)
        .where(Staff.is_admin, Person.closed_at.is_(None))
    )
    found = actor.session.execute(every).all()
    return [person_id for person_id, near in found if near] or [person_id for person_id, _near in found]


def _line(row: AccountRequest, by: Sender) -> RequestLine:
    missed = Missed(row.name, row.workplace, row.job_title, row.email)
    return RequestLine(row.id, missed, row.asked_at, by, row.answered_at, row.made_id is not None)
