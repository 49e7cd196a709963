"""What messages offers to services/registry.py."""

from __future__ import annotations

from dataclasses import dataclass

from portal.access.ticket import CaseTicket
from portal.db import PortalSession
from portal.services.messages import drafts
from portal.services.messages import threads as message_threads
from portal.services.messages.threads import ThreadLine
from portal.services.shared.front import RECENT, Front


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
