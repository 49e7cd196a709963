"""The outbox of notices: taken one by one just before they go out, and noted when they have.

waiting -> sending -> sent, failed (nobody will try again) or dropped (there is nothing left that may be told). Whoever
finds one `sending` for ten minutes takes it for a dead worker's and sends it again under the same key.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from portal import clock
from portal.access.ticket import CaseTicket
from portal.db import PortalSession
from portal.models import ContactFailure, Membership, NoticeDelivery, NoticeItem
from portal.services.notices import breaker, choices, planning
from portal.services.notices.kinds import ALWAYS, Channel, Kind
from portal.services.notices.planning import OPEN

AT_ONCE = 100
"""Notices that one job sends, over one connection."""
_DEAD_AFTER = timedelta(minutes=10)


@dataclass(frozen=True)
class Waiting:
    id: UUID
    person_id: UUID


@dataclass(frozen=True)
class Outgoing:
    """A notice that is sent now."""

    id: UUID
    person_id: UUID
    channel: Channel
    address: str
    language: str | None
    stoppable: frozenset[Kind]
    """Kinds that whoever gets it may switch off by its link."""
    is_staff: bool


def due(session: PortalSession) -> list[Waiting]:
    """What is to be sent next, the oldest first. Needs the worker's role, which is told of whom and nothing else."""
    found = text("select id, person_id from due_notices(:many)")
    return [Waiting(*row) for row in session.execute(found, {"many": AT_ONCE})]


def take(session: PortalSession, waiting: Waiting) -> Outgoing | None:
    """Takes a notice to be sent: to be committed before it goes out. None when somebody else has it, when its neighbour
    is away, or when nothing of it may be told any more. The session speaks for its person."""
    row = _row(session, waiting.id)
    if row is None or row.state not in OPEN or row.next_at > clock.now():
        return None
    if later := breaker.open_until(session, row.channel):
        row.next_at = later
        return None
    is_staff = choices.is_staff(session, row.person_id)
    how = choices.chosen(session, row.person_id, is_staff)
    kinds = planning.kinds_to_tell(session, row.person_id, how, NoticeItem.round_id == row.round_id)
    address = planning.reached(session, row.person_id).get(Channel(row.channel))
    if not kinds or address is None:
        _end(session, row, "dropped")
        return None
    row.state, row.tries, row.next_at = "sending", row.tries + 1, clock.now() + _DEAD_AFTER
    stoppable = frozenset(kinds - ALWAYS)
    return Outgoing(row.id, row.person_id, Channel(row.channel), address, how.language, stoppable, is_staff)


def sent(session: PortalSession, outgoing: Outgoing) -> None:
    """It was taken at the other end."""
    breaker.answered(session, outgoing.channel)
    mine = (ContactFailure.person_id == outgoing.person_id, ContactFailure.channel == outgoing.channel.value)
    session.execute(delete(ContactFailure).where(*mine))
    if (row := _row(session, outgoing.id)) is not None and row.state == "sending":
        _end(session, row, "sent")


def refused(session: PortalSession, outgoing: Outgoing) -> None:
    """That address or number will never take it."""
    breaker.answered(session, outgoing.channel)
    if (row := _row(session, outgoing.id)) is not None and row.state == "sending":
        _fail(session, row, "refused")


def put_back(session: PortalSession, outgoing: Outgoing, is_away: bool) -> bool:
    """It could not be handed over now: it waits, and so do all others when the neighbour itself `is_away`. Returns
    whether it was given up instead, after days of trying."""
    row = _row(session, outgoing.id)
    later = clock.now() + breaker.pause(row.tries if row else 1)
    again = breaker.failed(session, outgoing.channel) if is_away else later
    if row is None or row.state != "sending":
        return False
    row.state, row.next_at = "waiting", again
    patience = timedelta(hours=session.info["settings"].notice_patience_hours)
    if clock.now() - row.made_at < patience:
        return False
    _fail(session, row, "gave_up")
    return True


@dataclass(frozen=True)
class Unreached:
    member: Membership
    channel: Channel
    since: datetime


def unreached(ticket: CaseTicket) -> list[Unreached]:
    """Who in the case cannot be reached, and how, for its guide: the database shows it to nobody else."""
    people = {member.person_id: member for member in ticket.members.values()}
    rows = ticket.session.scalars(
        select(ContactFailure)
        .where(ContactFailure.person_id.in_(people), ContactFailure.person_id != ticket.actor.person_id)
        .order_by(ContactFailure.since)
    )
    return [Unreached(people[row.person_id], Channel(row.channel), row.since) for row in rows]


def sweep_told(session: PortalSession) -> None:
    """Forgets what was told 30 days ago, and addresses that nobody confirmed within a day. Needs the worker's role."""
    session.execute(text("select forget_told_notices()"))


def _row(session: PortalSession, delivery_id: UUID) -> NoticeDelivery | None:
    found = select(NoticeDelivery).where(NoticeDelivery.id == delivery_id)
    return session.scalars(
        found.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    ).one_or_none()


def _fail(session: PortalSession, row: NoticeDelivery, reason: str) -> None:
    _end(session, row, "failed")
    noted = insert(ContactFailure).values(
        person_id=row.person_id, channel=row.channel, reason=reason, since=clock.now()
    )
    session.execute(noted.on_conflict_do_nothing())


def _end(session: PortalSession, row: NoticeDelivery, state: str) -> None:
    """Over; what it told of is forgotten once no other channel waits to tell it."""
    row.state, row.ended_at = state, clock.now()
    session.flush()
    others = select(func.count()).where(NoticeDelivery.round_id == row.round_id, NoticeDelivery.state.in_(OPEN))
    if not session.scalar(others):
        session.execute(delete(NoticeItem).where(NoticeItem.round_id == row.round_id))
