"""What somebody has begun to write, kept on the server until it is sent, thrown away or 30 days old.

One for each thread and one for a new thread, each its author's alone. It is sealed with the key of the case, lies in
the compartment it would be sent to, and goes when its author may not write there any more (access/window_store.py).
Nobody is told of it, so it leaves no trace.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, delete, select
from sqlalchemy import text as sql

from portal import clock, locks, text
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.db import PortalSession
from portal.locks import Lock
from portal.models import MessageDraft, Thread
from portal.services.shared import idempotency


@dataclass(frozen=True)
class DraftWords:
    """A message that was begun."""

    compartment_id: UUID
    subject: str
    body: str
    written_at: datetime


def save_draft(
    ticket: CaseTicket, submission: UUID, thread_id: UUID | None, compartment_id: UUID | None, subject: str, body: str
) -> bool:
    """Keeps what is written so far; nothing is kept of nothing. A form that was sent meanwhile keeps nothing either:
    the page may still be saving while it goes. Returns whether something is kept. Raises NotFound and Refused like
    sending it would."""
    ticket.require(Action.MESSAGE_WRITE)
    place = ticket.load(Thread, thread_id).compartment_id if thread_id else compartment_id
    if place is None:
        return False
    ticket.require_write(place)
    if idempotency.made_before(ticket.session, submission):
        return False
    locks.hold(ticket.session, Lock.THREAD, thread_id or ticket.case_id, ticket.membership.id)
    words = {"subject": text.line(subject), "body": text.plain(body)}
    row = ticket.session.scalars(_own(ticket, thread_id)).one_or_none()
    if not any(words.values()):
        if row is not None:
            ticket.session.delete(row)
        return False
    if row is None:
        row = ticket.new(MessageDraft, place, thread_id=thread_id)
        ticket.session.add(row)
    row.compartment_id, row.written_at = place, clock.now()
    ticket.seal(row, "words", json.dumps(words))
    ticket.session.flush()
    return True


def my_draft(ticket: CaseTicket, thread_id: UUID | None) -> DraftWords | None:
    """What this person has begun to write in a thread, or to begin one."""
    row = ticket.session.scalars(_own(ticket, thread_id)).one_or_none()
    if row is None:
        return None
    words = json.loads(ticket.unseal(row, "words"))
    return DraftWords(row.compartment_id, words["subject"], words["body"], row.written_at)


def begun(ticket: CaseTicket) -> dict[UUID | None, datetime]:
    """In which threads this person has begun to write, and when they last did; None stands for a new thread."""
    mine = ticket.session.execute(
        select(MessageDraft.thread_id, MessageDraft.written_at)
        .where(*ticket.within(MessageDraft))
        .where(MessageDraft.created_by_id == ticket.membership.id)
    )
    return {row.thread_id: row.written_at for row in mine}


def discard_draft(ticket: CaseTicket, thread_id: UUID | None) -> None:
    """Throws it away: on purpose, or because it was sent."""
    same = MessageDraft.thread_id.is_(None) if thread_id is None else MessageDraft.thread_id == thread_id
    mine = (*ticket.within(MessageDraft), MessageDraft.created_by_id == ticket.membership.id, same)
    ticket.session.execute(delete(MessageDraft).where(*mine))


def sweep_drafts(session: PortalSession) -> None:
    """Nobody goes on with one after 30 days."""
    session.execute(sql("select forget_old_drafts()"))


def _own(ticket: CaseTicket, thread_id: UUID | None) -> Select[MessageDraft]:
    same = MessageDraft.thread_id.is_(None) if thread_id is None else MessageDraft.thread_id == thread_id
    return ticket.select(MessageDraft).where(MessageDraft.created_by_id == ticket.membership.id, same)
