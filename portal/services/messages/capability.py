"""What messages offers to services/registry.py."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from portal.access.actor import Actor
from portal.access.ticket import CaseTicket
from portal.services.messages import queries
from portal.services.messages import threads as message_threads
from portal.services.messages.threads import ThreadLine
from portal.services.shared.front import RECENT, Front, FrontQuestions
from portal.services.shared.needs import Need, NeedLine, OwnCases

FRONT = FrontQuestions(
    of_all={"last_visit": queries.LAST_VISIT.scalar_subquery()},
    values=lambda ticket: {"before": ticket.actor.signed_in_at},
)


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


def needs_me(_actor: Actor, cases: OwnCases) -> Iterator[NeedLine]:
    """What nobody has read, case by case: the list of cases has counted it already."""
    for case_id, unread in cases.unread.items():
        yield NeedLine(case_id, Need.UNREAD, cases.by_id[case_id].day(unread.since), count=unread.messages)
