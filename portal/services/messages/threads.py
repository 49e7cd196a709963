"""Messages: threads with a subject, each in one compartment, so that who can read it is known before it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select

from portal import locks, text
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.locks import Lock
from portal.models import Membership, Message, Thread
from portal.services.messages import absence, answers, attachments, queries, take_back, unread
from portal.services.messages.absence import Away
from portal.services.messages.answers import AskedAnswer
from portal.services.messages.attachments import NOTHING_CHOSEN, Enclosed, ToEnclose
from portal.services.messages.reading import Looks, ReadBy
from portal.services.notices import announce
from portal.services.notices.kinds import Kind
from portal.services.shared import idempotency, search_index
from portal.storage.places import place


@dataclass(frozen=True)
class ThreadLine:
    id: UUID
    subject: str
    compartment: str
    messages: int
    unread: int
    last_at: datetime
    last_author: Membership
    asked: tuple[AskedAnswer, ...] = ()
    """What this person is asked to answer in it, or asks others to."""

    @property
    def waits_for_me(self) -> bool:
        return any(one.is_for_me for one in self.asked)


@dataclass(frozen=True)
class Quote:
    """The beginning of the message that another one answers."""

    message_id: UUID
    author: Membership
    words: str
    """'' for one that was taken back."""


@dataclass(frozen=True)
class MessageLine:
    id: UUID
    number: int
    body: str
    author: Membership
    created_at: datetime
    is_mine: bool
    is_new: bool
    taken_back_at: datetime | None
    can_take_back: bool
    quote: Quote | None
    asked: tuple[AskedAnswer, ...] = ()
    beside: tuple[Enclosed, ...] = ()
    read_by: ReadBy | None = None


@dataclass(frozen=True)
class Besides:
    """What goes with a message besides its words."""

    quotes: UUID | None = None
    """The message it answers."""
    asked: frozenset[UUID] = frozenset()
    """Who is asked for an answer, by membership."""
    due: date | None = None
    choice: ToEnclose = NOTHING_CHOSEN
    """What is put beside it."""


NOTHING_BESIDES = Besides()


@dataclass(frozen=True)
class ThreadPage:
    id: UUID
    subject: str
    compartment_id: UUID
    compartment: str
    can_write: bool
    messages: tuple[MessageLine, ...]
    older: int
    """The number to read from to see what lies just before this page; 0 at the beginning of the thread."""
    newer: int
    """The number that comes after this page; 0 at the end of the thread."""
    asked: tuple[AskedAnswer, ...] = field(default=())
    """All that is asked for in the thread, what is due first first."""
    away: Away | None = None
    """Set while the guide is away."""

    @property
    def asked_of_me(self) -> tuple[AskedAnswer, ...]:
        """What this person has not answered yet."""
        return tuple(one for one in self.asked if one.is_for_me and one.is_open)

    @property
    def first_new(self) -> UUID | None:
        return next((message.id for message in self.messages if message.is_new), None)


OLDER = 20
"""Messages that a page shows at once, beside those that are new: longer threads open at their end."""
MOST = 200
"""Messages of a page at most."""


def list_threads(
    ticket: CaseTicket, away: Away | None = None, place: str = "", only_unread: bool = False
) -> list[ThreadLine]:
    """The threads the person may see: first those in which somebody waits for their answer, then the one written in
    last first. Of one compartment, by its key, and only those with something unread, where that is asked for. A key
    that is none of theirs asks for all."""
    ticket.require(Action.MESSAGE_VIEW)
    ticket.record(Event.THREADS_LISTED)
    asked: dict[UUID, tuple[AskedAnswer, ...]] = {}
    for one in answers.open_answers(ticket, away):
        asked[one.thread_id] = (*asked.get(one.thread_id, ()), one)
    keys = {compartment.key for compartment in ticket.compartments.values()}
    lines = [
        replace(line, asked=asked.get(line.id, ()))
        for line in threads(ticket)
        if (place not in keys or line.compartment == place) and (line.unread or not only_unread)
    ]
    waiting = sorted((line for line in lines if line.waits_for_me), key=_first_due)
    return [*waiting, *(line for line in lines if not line.waits_for_me)]


def _first_due(line: ThreadLine) -> date:
    return min(one.due for one in line.asked if one.is_for_me)


def threads(ticket: CaseTicket, limit: int | None = None) -> list[ThreadLine]:
    """The threads the person may see, the one written in last first, at most `limit`."""
    rows = queries.THREADS.ask(ticket.session, **ticket.bounds, limit=limit)
    ticket.unread = int(rows[0].unread_in_all) if rows else 0
    return [
        ThreadLine(
            id=row.id,
            subject=ticket.keys.unseal(row, "subject", Thread),
            compartment=ticket.compartments[row.compartment_id].key,
            messages=row.messages,
            unread=row.unread,
            last_at=row.last_at,
            last_author=ticket.members[row.last_author_id],
        )
        for row in rows
    ]


def thread(ticket: CaseTicket, thread_id: UUID, begin: int | None = None) -> ThreadPage:
    """A page of a thread, oldest message first: from message number `begin` on, else the newest and every unread one.
    Being on the page is what makes a message read."""
    ticket.require(Action.MESSAGE_VIEW)
    row = ticket.load(Thread, thread_id)
    whose = ticket.bounds | {"thread": row.id}
    [read] = queries.INSIDE.ask(ticket.session, **whose)
    last, first_new = read.last, read.first_new or read.last + 1
    begin = max(min(first_new, last - OLDER + 1) if begin is None else min(begin, last), 1)
    messages = queries.PAGE.ask(ticket.session, **whose, begin=begin, end=begin + MOST)
    shown = messages[-1].number
    away = absence.current(ticket)
    asked = tuple(answers.of_thread(ticket, row.id, away))
    looked = Looks(ticket, row.id, row.compartment_id)
    beside = attachments.of_thread(ticket, row.id)
    lines = tuple(
        _with_readers(_line(ticket, message, read.seen, asked, beside), looked, is_last=message.number == last)
        for message in messages
    )
    ticket.unread = int(read.unread_in_all)
    if begin <= first_new:  # a page further on shows nothing of what lies between
        unread.set_reading_mark(ticket, row.id, shown)
        ticket.unread -= sum(line.is_new for line in lines)
    ticket.record(Event.THREAD_VIEWED, row.compartment_id, row.id)
    compartment = ticket.compartments[row.compartment_id]
    return ThreadPage(
        id=row.id,
        subject=_subject(ticket, row),
        compartment_id=row.compartment_id,
        compartment=compartment.key,
        can_write=compartment.can_write and ticket.allows(Action.MESSAGE_WRITE),
        messages=lines,
        older=max(begin - OLDER, 1) if begin > 1 else 0,
        newer=shown + 1 if shown < last else 0,
        asked=asked,
        away=away,
    )


def quoted(ticket: CaseTicket, thread_id: UUID, message_id: UUID) -> Quote | None:
    """The message that an answer is begun to; None where it is not in this thread, or was taken back. Whoever calls
    shows the thread."""
    found = ticket.select(Message).where(Message.id == message_id, Message.thread_id == thread_id)
    row = ticket.session.scalars(found).one_or_none()
    if row is None or row.taken_back_at is not None:
        return None
    return Quote(row.id, ticket.members[row.created_by_id], _beginning(ticket.unseal(row, "body")))


def own_message(ticket: CaseTicket, thread_id: UUID, message_id: UUID) -> MessageLine:
    """One message of one's own, to be taken back. Raises NotFound for one that cannot be, any more."""
    ticket.require(Action.MESSAGE_WRITE)
    row = ticket.load(Message, message_id)
    if row.thread_id != thread_id or not take_back.may_take_back(
        ticket, row.created_by_id, row.created_at, row.taken_back_at
    ):
        raise NotFound
    ticket.record(Event.THREAD_VIEWED, row.compartment_id, row.thread_id)
    return MessageLine(
        id=row.id,
        number=row.number,
        body=ticket.unseal(row, "body"),
        author=ticket.membership,
        created_at=row.created_at,
        is_mine=True,
        is_new=False,
        taken_back_at=None,
        can_take_back=True,
        quote=None,
    )


def first_words(ticket: CaseTicket, thread_id: UUID) -> str:
    """What a thread began with; '' where this person does not see it. Leaves no trace of its own."""
    found = ticket.select(Message).where(Message.thread_id == thread_id).order_by(Message.number)
    row = ticket.session.scalars(found.limit(1)).first()
    return ticket.unseal(row, "body") if row else ""


def start(
    ticket: CaseTicket,
    submission: UUID,
    compartment_id: UUID,
    subject: str,
    body: str,
    besides: Besides = NOTHING_BESIDES,
) -> UUID:
    """A new thread with its first message; returns the thread's id. Raises InvalidInput for an empty one."""
    ticket.require(Action.MESSAGE_WRITE)
    ticket.require_write(compartment_id)
    line, words = text.line(subject), text.plain(body)
    if not line:
        raise InvalidInput("subject", "required")
    if not words:
        raise InvalidInput("body", "required")
    if earlier := idempotency.made_before(ticket.session, submission):
        return earlier
    answers.check(ticket, compartment_id, besides.asked, besides.due)
    things = attachments.check(ticket, compartment_id, besides.choice)
    made = uuid4()
    if earlier := idempotency.claim(ticket.session, submission, made):
        return earlier
    row = ticket.new(Thread, compartment_id, id=made)
    ticket.seal(row, "subject", line)
    ticket.session.add(row)
    ticket.session.flush()
    message = _write(ticket, row, uuid4(), words, subject=line)
    ticket.record(Event.THREAD_STARTED, compartment_id, made)
    answers.ask(ticket, message, besides.asked, besides.due)
    attachments.put_beside(ticket, message, things, besides.choice.upload)
    return made


def reply(ticket: CaseTicket, submission: UUID, thread_id: UUID, body: str, besides: Besides = NOTHING_BESIDES) -> UUID:
    """A message in a thread; returns its id. Raises InvalidInput when it is empty."""
    ticket.require(Action.MESSAGE_WRITE)
    row = ticket.load(Thread, thread_id)
    ticket.require_write(row.compartment_id)
    words = text.plain(body)
    if not words:
        raise InvalidInput("body", "required")
    if earlier := idempotency.made_before(ticket.session, submission):
        return earlier
    answers.check(ticket, row.compartment_id, besides.asked, besides.due)
    if besides.quotes is not None and quoted(ticket, row.id, besides.quotes) is None:
        raise InvalidInput("body", "quote_gone")
    things = attachments.check(ticket, row.compartment_id, besides.choice)
    made = uuid4()
    if earlier := idempotency.claim(ticket.session, submission, made):
        return earlier
    message = _write(ticket, row, made, words, quotes=besides.quotes)
    ticket.record(Event.MESSAGE_SENT, row.compartment_id, row.id)
    answers.ask(ticket, message, besides.asked, besides.due)
    attachments.put_beside(ticket, message, things, besides.choice.upload)
    return made


def _write(
    ticket: CaseTicket, thread: Thread, message_id: UUID, words: str, subject: str = "", quotes: UUID | None = None
) -> Message:
    # Until the transaction ends nobody else can add a message: a lower number is never seen after a higher one.
    locks.hold(ticket.session, Lock.THREAD, thread.id)
    last = select(func.max(Message.number)).where(Message.thread_id == thread.id)
    number = (ticket.session.scalars(last).one() or 0) + 1
    message = ticket.new(
        Message, thread.compartment_id, id=message_id, thread_id=thread.id, number=number, quotes_id=quotes
    )
    ticket.seal(message, "body", words)
    ticket.session.add(message)
    search_index.index(ticket, "message", message_id, thread.compartment_id, subject, words)
    ticket.session.flush()
    announce.tell_readers(ticket, Kind.MESSAGE, thread.compartment_id)
    return message


def _subject(ticket: CaseTicket, thread: Thread) -> str:
    return ticket.unseal(thread, "subject")


def _line(
    ticket: CaseTicket,
    message: Any,
    seen: int,
    asked: tuple[AskedAnswer, ...],
    beside: Mapping[UUID, tuple[Enclosed, ...]],
) -> MessageLine:
    is_mine = message.created_by_id == ticket.membership.id
    return MessageLine(
        id=message.id,
        number=message.number,
        body=ticket.unseal(message, "body", Message),
        author=ticket.members[message.created_by_id],
        created_at=message.created_at,
        is_mine=is_mine,
        is_new=not is_mine and message.number > seen and message.taken_back_at is None,
        taken_back_at=message.taken_back_at,
        can_take_back=take_back.may_take_back(ticket, message.created_by_id, message.created_at, message.taken_back_at),
        quote=_quote(ticket, message),
        asked=tuple(one for one in asked if one.message_id == message.id),
        beside=() if message.taken_back_at is not None else beside.get(message.id, ()),
    )


def _quote(ticket: CaseTicket, message: Any) -> Quote | None:
    if message.quotes_id is None or message.quoted_author_id is None or message.taken_back_at is not None:
        return None
    sealed = message.quoted_sealed
    words = ticket.keys.unseal_text(sealed, place("message", "body", message.quotes_id)) if sealed else ""
    return Quote(message.quotes_id, ticket.members[message.quoted_author_id], _beginning(words))


BEGINNING = 160
"""Characters of a message that are shown where another one answers it."""


def _beginning(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= BEGINNING else line[:BEGINNING].rpartition(" ")[0] + " …"


def _with_readers(line: MessageLine, looked: Looks, is_last: bool) -> MessageLine:
    """Of one's own messages and of the newest: that is what somebody waits to be read."""
    if line.taken_back_at is not None or not (line.is_mine or is_last):
        return line
    return replace(line, read_by=looked.of(line.number, line.author.id))


def count_unread(ticket: CaseTicket) -> int:
    """Unread messages of the case, for the door to *Beskeder*."""
    if ticket.unread is not None:
        return ticket.unread
    found = unread.by_case(ticket.actor, dict.fromkeys(ticket.compartments, ticket.case_id)).get(ticket.case_id)
    return found.messages if found else 0
