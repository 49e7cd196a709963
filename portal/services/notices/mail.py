"""What is to be told: that there is something new, and no more than that.

News are gathered (`planning`) and go out by the channels each person has chosen (`delivering`). What concerns a
professional's account goes out at once by mail: that it is to be told is a row, which the job takes just before, so
what happens while that is under way is told by one more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, null, select, update
from sqlalchemy.dialects.postgresql import insert

from portal import audit, clock
from portal.db import PortalSession
from portal.events import Event
from portal.models import EmailChange, Invitation, NoticeDue, NoticeItem, Staff, UndeliveredMail
from portal.outbox import later
from portal.services.notices.kinds import Kind


class Notice(StrEnum):
    NEWS = "news"
    """There is something new in one of their cases."""
    SIGN_IN = "sign_in"
    """The way they sign in was changed."""
    ACCOUNT = "account"
    """An administrator has changed something about their account."""
    INVITED = "invited"
    """An administrator has sent a link to choose a password to somebody who has one."""
    LINKED = "linked"
    """Their workplace's own sign-in leads to their account from now on."""
    CLOSED = "closed"
    REOPENED = "reopened"
    TRACE = "trace"
    """The trace is broken somewhere, or has not been checked."""


@dataclass(frozen=True)
class Due:
    """A notice that is about to be mailed."""

    address: str
    taken_at: datetime


def queue_notice(
    session: PortalSession,
    people: Iterable[UUID],
    notice: Notice = Notice.NEWS,
    kind: Kind = Kind.OFFICE,
    case_id: UUID | None = None,
    compartment_id: UUID | None = None,
) -> None:
    """Queues a notice to each of them, once this transaction is committed, unless one waits to go out already. News are
    gathered for `notice_minutes`; what concerns an account goes out at once.

    News say of what `kind` they are and of which case and compartment: it is not told to whoever cannot see that any
    more when it goes out, or does not want to know. Whoever queues need not ask who has an address or wants to
    be told.
    """
    now = clock.now()
    whom = sorted(set(people))
    if not whom:
        return
    waiting = insert(NoticeDue).values([{"person_id": one, "kind": notice.value, "since": now} for one in whom])
    anew = waiting.on_conflict_do_update(
        index_elements=[NoticeDue.person_id, NoticeDue.kind],
        set_={"since": now, "sending_at": None},
        where=NoticeDue.sending_at.is_not(None),
    ).returning(NoticeDue.person_id)
    first = sorted(session.scalars(anew))
    if notice is Notice.NEWS:
        # After the rows above: whoever puts news on their way holds those while reading these.
        about = {"kind": kind.value, "case_id": case_id, "compartment_id": compartment_id, "since": now}
        items = insert(NoticeItem).values([{"id": uuid4(), "person_id": one, **about} for one in whom])
        session.execute(items.on_conflict_do_nothing())
    minutes: int = session.info["settings"].notice_minutes if notice is Notice.NEWS else 0
    for person_id in first:
        who = {"person_id": str(person_id)}
        if notice is Notice.NEWS:
            later(session, "mail_news", timedelta(minutes=minutes), **who)
        else:
            later(session, "mail_notice", **who, about=notice.value)


def take(session: PortalSession, person_id: UUID, notice: Notice) -> Due | None:
    """Just before a mail about an account goes out: where to. None when nothing waits any more, or nobody has an
    address."""
    now = clock.now()
    mine = (NoticeDue.person_id == person_id, NoticeDue.kind == notice.value)
    taken = update(NoticeDue).where(*mine).values(sending_at=now).returning(NoticeDue.person_id)
    if session.execute(taken).scalar_one_or_none() is None:
        return None
    reached = select(Staff.email).where(Staff.person_id == person_id)
    address = session.scalars(reached).one_or_none()
    if address is None:
        session.execute(delete(NoticeDue).where(*mine))
        return None
    audit.record(session, Event.NOTICE_MAILED, item_id=person_id)
    return Due(address, now)


def done(session: PortalSession, person_id: UUID, notice: Notice, due: Due) -> None:
    """The mail has gone out; what happened meanwhile waits for the next one."""
    gone = delete(NoticeDue).where(NoticeDue.person_id == person_id, NoticeDue.kind == notice.value)
    session.execute(gone.where(NoticeDue.sending_at == due.taken_at))


@dataclass(frozen=True)
class Addressee:
    """Whom a mail was for, and who waits for it to arrive."""

    person_id: UUID
    asked_by: UUID | None


def addressee(session: PortalSession, arguments: Mapping[str, Any]) -> Addressee | None:
    """Whom a mail job with these arguments is for. None for what is no professional's."""
    if invitation_id := arguments.get("invitation_id"):
        asked = select(Invitation.person_id, Invitation.invited_by_id).where(Invitation.id == UUID(invitation_id))
    elif change_id := arguments.get("change_id"):
        asked = select(EmailChange.person_id, EmailChange.asked_by_id).where(EmailChange.id == UUID(change_id))
    else:
        person_id = UUID(arguments["person_id"])
        asked = select(Staff.person_id, null()).where(Staff.person_id == person_id)
    row = session.execute(asked).one_or_none()
    return Addressee(*row) if row else None


def did_not_arrive(session: PortalSession, person_id: UUID, task: str, refused: bool) -> None:
    """Notes, for those who look after accounts, a mail that will not be tried again."""
    reason = "refused" if refused else "gave_up"
    session.add(UndeliveredMail(id=uuid4(), person_id=person_id, task=task, reason=reason, failed_at=clock.now()))
    audit.record(session, Event.MAIL_UNDELIVERED, item_id=person_id)


def arrived(session: PortalSession, person_id: UUID) -> None:
    """A mail to that professional was taken: what did not arrive before is over."""
    session.execute(delete(UndeliveredMail).where(UndeliveredMail.person_id == person_id))
