"""What messages offers to services/registry.py."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from portal.access.actor import Actor
from portal.access.ticket import CaseTicket
from portal.db import PortalSession
from portal.services.messages import answers, drafts, queries
from portal.services.messages import threads as message_threads
from portal.services.messages.threads import ThreadLine
from portal.services.shared.front import RECENT, Front, FrontQuestions
from portal.services.shared.needs import Need, NeedLine, OwnCases

FRONT = FrontQuestions(
    of_all={"last_visit": queries.LAST_VISIT.scalar_subquery()},
    values=lambda ticket: {"before": ticket.actor.signed_in_at},
)


def sweep(session: PortalSession) -> None:
    drafts.sweep_drafts(session)


@dataclass(frozen=True)
class MessageNews:
    threads: tuple[ThreadLine, ...]
    unread: tuple[ThreadLine, ...]
    read: tuple[ThreadLine, ...]


def news(ticket: CaseTicket, _front: Front) -> MessageNews:
    """What the front of a case tells of its messages."""
    threads = tuple(message_threads.threads(ticket, RECENT))
    unread = tuple(thread for thread in threads if thread.unread)
    return MessageNews(threads, unread, tuple(thread for thread in threads if not thread.unread))


def needs_me(actor: Actor, cases: OwnCases) -> Iterator[NeedLine]:
    """The answers that are waited for, and what nobody has read, case by case: that the list of cases has counted
    already."""
    for asked in answers.waiting_for_me(actor, cases.compartments):
        yield NeedLine(asked.case_id, Need.ANSWER, asked.due, item=str(asked.thread_id))
    for case_id, unread in cases.unread.items():
        yield NeedLine(case_id, Need.UNREAD, cases.by_id[case_id].day(unread.since), count=unread.messages)
