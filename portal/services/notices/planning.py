"""Turns what there is to tell somebody into notices on their way, when it is time. The session speaks for that person,
so that row-level security answers what they may know of."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, delete, func, select, update

from portal import clock
from portal.db import PortalSession
from portal.models import NoticeDelivery, NoticeDue, NoticeItem, Person, Staff
from portal.outbox import later
from portal.services.notices import choices, contact, queries
from portal.services.notices.choices import Chosen
from portal.services.notices.kinds import ALWAYS, Channel, Kind
from portal.services.notices.timing import due_at

OPEN = ("waiting", "sending")


def plan(session: PortalSession, person_id: UUID) -> int:
    """Puts on their way, or puts off, what waits for this person. Returns how many notices wait to be sent."""
    mine = (NoticeDue.person_id == person_id, NoticeDue.kind == "news")
    # Taken before the items are read: whoever queues one meanwhile waits for this, and then takes a turn of its own.
    due = session.scalars(select(NoticeDue).where(*mine).with_for_update()).one_or_none()
    if due is None:
        return 0
    how = choices.chosen(session, person_id, choices.is_staff(session, person_id))
    if (at := _when(session, person_id, due.since, how)) > clock.now():
        later(session, "mail_news", at - clock.now() + _share(session, person_id), person_id=str(person_id))
        return 0
    session.execute(delete(NoticeDue).where(*mine))
    return _put_on_their_way(session, person_id, how)


def _put_on_their_way(session: PortalSession, person_id: UUID, how: Chosen) -> int:
    waiting = (NoticeItem.person_id == person_id, NoticeItem.round_id.is_(None))
    channels = reached(session, person_id)
    if not channels or not kinds_to_tell(session, person_id, how, NoticeItem.round_id.is_(None)):
        session.execute(delete(NoticeItem).where(*waiting))
        return 0
    round_id, now = uuid4(), clock.now()
    is_open = (NoticeDelivery.person_id == person_id, NoticeDelivery.state.in_(OPEN))
    rows = session.scalars(select(NoticeDelivery).where(*is_open).with_for_update()).all()
    # What could not be sent yet says the new with the old: one notice, however long its neighbour was away.
    stale = [row.round_id for row in rows]
    session.execute(update(NoticeItem).where(NoticeItem.round_id.in_(stale)).values(round_id=round_id))
    session.execute(update(NoticeItem).where(*waiting).values(round_id=round_id))
    for row in rows:
        row.round_id = round_id
    for channel in sorted(set(channels) - {Channel(row.channel) for row in rows}):
        session.add(
            NoticeDelivery(
                id=uuid4(),
                person_id=person_id,
                channel=channel.value,
                round_id=round_id,
                state="waiting",
                made_at=now,
                next_at=now,
                tries=0,
            )
        )
    session.flush()
    return len(channels)


def kinds_to_tell(session: PortalSession, person_id: UUID, how: Chosen, *which: ColumnElement[bool]) -> set[Kind]:
    """The kinds among the items that may be told now: what its person may still see, and has not switched off."""
    items = select(NoticeItem.kind, NoticeItem.case_id).where(
        NoticeItem.person_id == person_id, *which, queries.MAY_SEE
    )
    return {
        Kind(kind)
        for kind, case_id in session.execute(items)
        if Kind(kind) in ALWAYS or (Kind(kind) not in how.off_kinds and case_id not in how.off_cases)
    }


def reached(session: PortalSession, person_id: UUID) -> dict[Channel, str]:
    """Where this person is told today. A professional at their mail at work."""
    row = session.execute(
        select(Person.closed_at, Staff.email)
        .join(Staff, Staff.person_id == Person.id, isouter=True)
        .where(Person.id == person_id)
    ).one_or_none()
    if row is None or row.closed_at is not None:
        return {}
    if row.email:
        return {Channel.MAIL: str(row.email)}
    found = contact.confirmed(session, person_id)
    return {channel: found[channel] for channel in contact.offered(session) if channel in found}


def _when(session: PortalSession, person_id: UUID, since: datetime, how: Chosen) -> datetime:
    last = select(func.max(NoticeDelivery.made_at)).where(NoticeDelivery.person_id == person_id)
    return due_at(since, session.scalar(last), choices.timing(session, how))


def _share(session: PortalSession, person_id: UUID) -> timedelta:
    """Everybody's notices of one full hour would be due in the same second: each person has their own moment."""
    spread: int = session.info["settings"].notice_spread_minutes * 60
    return timedelta(seconds=person_id.int % spread if spread else 0)
