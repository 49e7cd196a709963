"""Taking something on, one agreement at a time: said by the person it names, of exactly the words that stand there.

A yes to a whole proposal is asked for besides (plan_agreeing). Who is asked only because of what they take on has given
it when they have taken on the last of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select

from portal import clock
from portal.access.actions import Action
from portal.access.policy import Reason, Refusal
from portal.access.roles import Capacity
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound, Refused
from portal.events import Event
from portal.models import Membership, PlanTaking
from portal.services import once, plan_agreeing, plans, wordings
from portal.services.plans import PlanState, VersionPage
from portal.tools.definition import Section


@dataclass(frozen=True)
class Asked:
    """Something that a version names somebody for."""

    section: Section
    row: str
    who: Membership
    taken_at: datetime | None
    """When they took it on, in the words that stand there now."""
    words: str
    """Names those words: sent back with the answer, so that nobody takes on what they have not read."""
    with_the_whole: bool
    """Whether they said yes to the whole version: then it is not taken back one by one."""

    def address(self, key: str) -> str:
        return f"{self.section.key}.{self.row}.{key}"


def asked(ticket: CaseTicket, page: VersionPage) -> list[Asked]:
    """Everything a version names somebody for, in its order, with who has taken it on. One query."""
    newest: dict[str, PlanTaking] = {}
    lines = select(PlanTaking).where(*ticket.within(PlanTaking), PlanTaking.plan_version_id == page.id)
    for line in ticket.session.scalars(lines.order_by(PlanTaking.created_at)):
        newest[line.row_key] = line
    said_yes = {yes.member.id: yes.at for yes in page.asked}
    found = []
    for section, row, who in plans.takers(page):
        member = ticket.members.get(who)
        if member is None:
            continue
        words, said = _words(page.answers, section.key, row), newest.get(row)
        counts = said is not None and said.taken and said.created_by_id == who and _kept(ticket, said) == words
        at = said_yes.get(who) or (said.created_at if said and counts else None)
        found.append(Asked(section, row, member, at, _digest(words), said_yes.get(who) is not None))
    return found


def take(
    ticket: CaseTicket, submission: UUID, tool: str, number: int, row: str, words: str, taken: bool = True
) -> PlanState:
    """Takes a row on that names this person, or (`taken` false) takes that back; returns what has become of the
    version. Raises NotFound for a row nobody is named in, Refused for somebody else's, InvalidInput when its words
    are others than `words` says, or when the version is agreed."""
    ticket.require(Action.PLAN_ACCEPT)
    hatch = wordings.hatch_of(ticket, tool)
    plans.one_at_a_time(ticket, tool)
    page = _version(ticket, tool, number)
    mine = next((each for each in asked(ticket, page) if each.row == row), None)
    if mine is None:
        raise NotFound
    if mine.who.id != ticket.membership.id:
        raise Refused(Reason(Refusal.NOT_YOURS))
    if page.state not in (PlanState.DRAFT, PlanState.PROPOSED) or mine.with_the_whole:
        raise InvalidInput("", "plan_frozen")
    if mine.words != words:
        raise InvalidInput("", "plan_moved_on")
    if (mine.taken_at is not None) == taken:
        return page.state
    made = uuid4()
    if once.claim(ticket.session, submission, made):
        return page.state
    ticket.session.add(
        PlanTaking(
            id=made,
            plan_version_id=page.id,
            case_id=ticket.case_id,
            compartment_id=hatch.id,
            row_key=row,
            taken=taken,
            words_sealed=ticket.keys.seal_text(
                _words(page.answers, mine.section.key, row), f"plan_taking.words {made}"
            ),
            created_at=clock.now(),
            created_by_id=ticket.membership.id,
        )
    )
    ticket.session.flush()
    ticket.record(Event.SCHEMA_TAKEN, hatch.id, page.plan_id, number=number)
    if taken and _says_yes(ticket, page):
        return plan_agreeing.accept(ticket, uuid4(), tool, number, page.proposal_id or made)
    return page.state


def _says_yes(ticket: CaseTicket, page: VersionPage) -> bool:
    """Whether this person's yes to the proposal is given by having taken on all that is theirs."""
    if not page.waits_for_me or Capacity(ticket.membership.capacity) in page.definition.agreed_by:
        return False
    return all(each.taken_at for each in asked(ticket, page) if each.who.id == ticket.membership.id)


def _version(ticket: CaseTicket, tool: str, number: int) -> VersionPage:
    page = plans.load(ticket, tool, wordings.hatch_of(ticket, tool))
    if page is None:
        raise NotFound
    return page.version(number)


def _words(answers: Mapping[str, str], section: str, row: str) -> str:
    place = f"{section}.{row}."
    said = {address: words for address, words in answers.items() if address.startswith(place) and words}
    return json.dumps(said, sort_keys=True)


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()[:32]


def _kept(ticket: CaseTicket, line: PlanTaking) -> str:
    return ticket.keys.unseal_text(line.words_sealed, f"plan_taking.words {line.id}")
