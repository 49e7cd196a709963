"""Check-out: "I am editing this", with a name and an end, for everybody to see before they start themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from portal import clock, locks, text
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, Overtaken
from portal.events import Event
from portal.locks import Lock
from portal.models import Checkout, File, Membership

LASTS = timedelta(hours=8)
"""A working day: who forgets to end it is in nobody's way tomorrow."""


@dataclass(frozen=True)
class Editing:
    """Somebody edits a file, from when until when at the latest."""

    id: UUID
    file_id: UUID
    who: Membership
    since: datetime
    until: datetime
    is_me: bool
    ended_by: Membership | None = None
    note: str = ""


def running_checkouts(ticket: CaseTicket) -> dict[UUID, Editing]:
    """Who is editing what just now, by file."""
    now = clock.now()
    found = ticket.session.scalars(
        ticket.select(Checkout).where(Checkout.ended_at.is_(None), Checkout.ends_at > now).order_by(Checkout.started_at)
    )
    return {row.file_id: _editing(ticket, row) for row in found}


def checkout_of(ticket: CaseTicket, file_id: UUID) -> tuple[Editing | None, Editing | None]:
    """Who is editing a file just now, and the latest editing of it that somebody else ended, while it is news."""
    latest = ticket.session.scalars(
        ticket.select(Checkout)
        .where(Checkout.file_id == file_id, Checkout.ends_at > clock.now())
        .order_by(Checkout.started_at.desc())
        .limit(1)
    ).one_or_none()
    if latest is None:
        return None, None
    if latest.ended_at is None:
        return _editing(ticket, latest), None
    return None, _editing(ticket, latest) if latest.ended_by_id != latest.created_by_id else None


def begin_checkout(ticket: CaseTicket, file_id: UUID, lasts: timedelta = LASTS) -> Editing:
    """Says that this person edits the file now. Raises InvalidInput when somebody else already does."""
    ticket.require(Action.FILE_ADD_VERSION)
    file = ticket.load(File, file_id)
    ticket.require_write(file.compartment_id)
    locks.hold(ticket.session, Lock.CHECKOUT, file.id)
    found = _running(ticket, file.id)
    if found is not None:
        if found.created_by_id != ticket.membership.id:
            raise InvalidInput("", "being_edited", name=ticket.members[found.created_by_id].display_name)
        return _editing(ticket, found)
    now = clock.now()
    made = Checkout(
        id=uuid4(),
        file_id=file.id,
        case_id=file.case_id,
        compartment_id=file.compartment_id,
        started_at=now,
        ends_at=now + min(lasts, LASTS),
        created_by_id=ticket.membership.id,
    )
    ticket.session.add(made)
    ticket.session.flush()
    ticket.record(Event.EDITING_BEGUN, file.compartment_id, file.id)
    return _editing(ticket, made)


def end_checkout(ticket: CaseTicket, file_id: UUID) -> None:
    """This person is done, which they may say when they can only read by now. Nothing happens when they were not
    editing."""
    ticket.require(Action.FILE_DOWNLOAD)
    file = ticket.load(File, file_id)
    locks.hold(ticket.session, Lock.CHECKOUT, file.id)
    found = _running(ticket, file.id)
    if found is None or found.created_by_id != ticket.membership.id:
        return
    _close(ticket, found, "")
    ticket.record(Event.EDITING_ENDED, file.compartment_id, file.id)


def break_off(ticket: CaseTicket, file_id: UUID, note: str) -> None:
    """The guide ends somebody else's editing and says why. Raises InvalidInput('note') without a reason, Overtaken
    when nobody is editing any more."""
    ticket.require(Action.FILE_UNLOCK)
    file = ticket.load(File, file_id)
    ticket.require_write(file.compartment_id)
    reason = text.plain(note, 1000)
    if not reason:
        raise InvalidInput("note", "required")
    locks.hold(ticket.session, Lock.CHECKOUT, file.id)
    found = _running(ticket, file.id)
    if found is None:
        raise Overtaken
    _close(ticket, found, reason)
    ticket.record(Event.EDITING_BROKEN, file.compartment_id, file.id)


def _running(ticket: CaseTicket, file_id: UUID) -> Checkout | None:
    return ticket.session.scalars(
        ticket.select(Checkout)
        .where(Checkout.file_id == file_id, Checkout.ended_at.is_(None), Checkout.ends_at > clock.now())
        .order_by(Checkout.started_at.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    ).one_or_none()


def _close(ticket: CaseTicket, row: Checkout, note: str) -> None:
    row.ended_at = clock.now()
    row.ended_by_id = ticket.membership.id
    ticket.seal(row, "note", note)
    ticket.session.flush()


def _editing(ticket: CaseTicket, row: Checkout) -> Editing:
    return Editing(
        id=row.id,
        file_id=row.file_id,
        who=ticket.members[row.created_by_id],
        since=row.started_at,
        until=row.ends_at,
        is_me=row.created_by_id == ticket.membership.id,
        ended_by=ticket.members[row.ended_by_id] if row.ended_by_id else None,
        note=ticket.unseal(row, "note"),
    )
