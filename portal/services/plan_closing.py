"""Closing a row in one tap, in a plan that is still being written. The words of an agreed one stand: what became of a
promise is noted beside them (promises.py), and the next version begins with that row closed."""

from __future__ import annotations

from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound
from portal.services import plan_writing, plans
from portal.tools.definition import Place, rows


def close_row(ticket: CaseTicket, tool: str, number: int, section_key: str, row: str, closed: bool = True) -> None:
    """Answers in one tap that a row is done, or (`closed` false) that it is open again. Raises NotFound in a section
    whose rows are not closed."""
    plan_writing.writable(ticket, tool)
    version, page = plan_writing.locked(ticket, tool, number)
    section = page.definition.section_of(section_key)
    question = section.closing if section else None
    if section is None or question is None:
        raise NotFound
    place = Place(section, row, question)
    if row not in rows(page.answers, section_key) or plans.is_closed(page, section, row) == closed:
        return
    if not plans.may_fill(ticket, question):
        raise InvalidInput(place.address, "not_yours_to_fill")
    now, value = page.answers.get(place.address, ""), question.closers[0] if closed else ""
    answers = {**page.answers, place.address: value}
    plan_writing.write_down(ticket, version, page.definition, answers, {place.address: (now, value)})
