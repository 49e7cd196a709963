"""Closing a row in one tap, in a plan that is still being written. The words of an agreed one stand: what became of a
promise is noted beside them (promises.py), and the next version begins with that row closed; a row that is no promise
is closed by beginning the next version."""

from __future__ import annotations

from uuid import UUID

from portal.access.policy import who_may
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound
from portal.services.plans import editing, plans
from portal.services.plans.open_plan import OpenPlan, open_plan
from portal.services.plans.versions import PlanPage, PlanState
from portal.tools.definition import Place, Section, rows


def close_row(plan: OpenPlan, number: int, section_key: str, row: str, closed: bool = True) -> None:
    """Answers in one tap that a row is done, or (`closed` false) that it is open again. Raises NotFound in a section
    whose rows are not closed."""
    page = plan.version(number)
    section = page.definition.section_of(section_key)
    question = section.closing if section else None
    if section is None or question is None:
        raise NotFound
    place = Place(section, row, question)
    if row not in rows(page.answers, section_key) or plans.is_closed(page, section, row) == closed:
        return
    if not plans.may_fill(plan.ticket, page, question):
        raise InvalidInput(place.address, "not_yours_to_fill")
    now, value = page.answers.get(place.address, ""), question.closers[0] if closed else ""
    answers = {**page.answers, place.address: value}
    editing.write_down(plan, page, answers, {place.address: (now, value)})


def can_close(ticket: CaseTicket, page: PlanPage, section: Section) -> bool:
    """Whether rows of this section are closed by `close_in_next`: in the agreed version, by whoever may write in the
    tool; not promises, which are noted beside it."""
    is_promised = any(question.takes_on for question in section.question)
    is_agreed, closing = page.newest.state is PlanState.AGREED, section.closing
    may_answer = closing is not None and plans.may_fill(ticket, page.newest, closing)
    return who_may.may_close_row(page.can_write, is_agreed, is_promised, may_answer)


def close_in_next(ticket: CaseTicket, submission: UUID, tool: str, section_key: str, row: str) -> None:
    """Closes a row of the agreed version in one step: in the next one, which is begun where nobody has yet. It has to
    be agreed again. Raises InvalidInput('row_out') where somebody took the row out of the next one meanwhile."""
    editing.renew(ticket, submission, tool)
    plan = open_plan(ticket, tool)
    newest = plan.page.newest
    if row not in rows(newest.answers, section_key):
        raise InvalidInput("", "row_out")
    close_row(plan, newest.number, section_key, row)
