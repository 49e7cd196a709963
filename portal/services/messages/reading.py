"""By whom a message was read: of the professionals who can read it. How far a citizen has read is theirs alone
(docs/adr/0067-reading-of-messages.md)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from portal.access.policy import who_may
from portal.access.ticket import CaseTicket
from portal.models import Membership
from portal.services.messages import answers, queries
from portal.settings import Settings
from portal.text import in_order


@dataclass(frozen=True)
class ReadBy:
    """Professionals beside the author, in Danish order."""

    read: tuple[Membership, ...]
    not_yet: tuple[Membership, ...]
    names_shown: bool
    """Otherwise they are told by what they are and where they work, as in the log of the case."""


class Looks:
    """How far each professional who can read a thread has come in it, asked once for a page."""

    def __init__(self, ticket: CaseTicket, thread_id: UUID, compartment_id: UUID) -> None:
        settings: Settings = ticket.session.info["settings"]
        self._names = who_may.may_read_name_in_log(
            False, ticket.actor.is_staff, is_self=False, names_are_shown=settings.show_staff_names_in_log
        )
        able = [ticket.members[one] for one in answers.readers(ticket, compartment_id)]
        self._able = sorted(
            (m for m in able if who_may.may_know_who_has_read(who_may.is_citizen(m.unit_id), is_self=False)),
            key=lambda member: in_order(member.display_name),
        )
        rows = queries.READERS.ask(ticket.session, **ticket.bounds, thread=thread_id)
        self._seen = {row.membership_id: row.seen for row in rows}

    def of(self, number: int, author_id: UUID) -> ReadBy | None:
        """None where no professional but its author can read it."""
        others = [member for member in self._able if member.id != author_id]
        if not others:
            return None
        read = tuple(member for member in others if self._seen.get(member.id, 0) >= number)
        return ReadBy(read, tuple(member for member in others if member not in read), self._names)
