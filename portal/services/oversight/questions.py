"""Asking the guide why somebody has looked: a question with the lines of the log it is about, before it is sent."""

from __future__ import annotations

from portal.access.compartments import OpenCompartment
from portal.access.policy import who_may
from portal.access.ticket import CaseTicket
from portal.errors import NotFound
from portal.services.oversight import case_log
from portal.services.oversight.log_lines import LogLine, Visit


def may_ask(ticket: CaseTicket, visit: Visit) -> bool:
    """Whether a citizen can ask about that visit here: it was a professional's, and there is a place to write in."""
    who = visit.who.who
    by_staff = who is not None and who.is_known and not who_may.is_citizen(who.member.unit_id)
    may = who_may.may_ask_about_visit(ticket.actor.is_staff, by_staff, visit.who.is_me)
    return may and question_compartment(ticket) is not None


def question_compartment(ticket: CaseTicket) -> OpenCompartment | None:
    """Where to ask: of the compartments this person may write in and the guide reads, the one that the fewest people
    see. None where there is none."""
    readers: dict[str, int] = {}
    of_the_guide = set()
    for window in ticket.open_windows:
        readers[window.key] = readers.get(window.key, 0) + 1
        if window.membership_id == ticket.owner.id:
            of_the_guide.add(window.key)
    shared = [
        compartment
        for compartment in ticket.compartments.values()
        if compartment.can_write and compartment.key in of_the_guide
    ]
    return min(shared, key=lambda compartment: (readers[compartment.key], compartment.key), default=None)


def question_lines(ticket: CaseTicket, first: str, last: str) -> list[LogLine]:
    """What is asked about: the lines of one professional between two marks. Raises NotFound where there are none."""
    found = case_log.between(ticket, first, last)
    if not found or not may_ask(ticket, Visit(tuple(reversed(found)))):
        raise NotFound
    return found
