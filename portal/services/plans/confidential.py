"""Answers that stay between the young person and the guide, such as how somebody on the network map and they get on.

They lie in a table of their own, which the database shows to nobody else, and are never among a version's answers. So
what shows, compares, exports, agrees on or counts those knows nothing of them. They are on no paper, for nobody.

Each belongs to the compartment of the young person and the guide it was confided to, and is read by who reads that: the
next guide only when the young person says so (services/members/confidences.py).
"""

from __future__ import annotations

from functools import cached_property
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from portal.access.policy.decide import Reason, Refusal
from portal.access.ticket import CaseTicket, scope
from portal.errors import InvalidInput, Refused
from portal.events import Event
from portal.models import Membership, PlanConfided
from portal.services.plans import definitions
from portal.services.plans.answer_store import SentAnswers
from portal.services.plans.open_plan import OpenPlan
from portal.services.plans.versions import VersionPage
from portal.services.shared import audience
from portal.tools.definition import Place
from portal.tools.merge import Merge


def read_confidential(ticket: CaseTicket, version: VersionPage) -> dict[str, str]:
    """Address -> what was confided, as it stands now; empty for everybody but the young person and the guide."""
    if not version.definition.confides or not audience.leads(ticket):
        return {}
    return {row.address: _words(ticket, row) for row in _newest(ticket, version.plan_id).values()}


def told_before(ticket: CaseTicket, version: VersionPage) -> dict[str, Membership]:
    """Of what `read` gives: address -> the guide it was told to, where that is not the guide of today."""
    earlier = any(h.confidant_id not in (None, ticket.owner.id) for h in ticket.compartments.values())
    if not earlier or not version.definition.confides or not audience.leads(ticket):
        return {}
    rows, found = _newest(ticket, version.plan_id), {}
    for address, row in rows.items():
        confidant_id = ticket.compartments[row.confided_compartment_id].confidant_id
        if confidant_id is not None and confidant_id != ticket.owner.id:
            found[address] = ticket.members[confidant_id]
    return found


def count(ticket: CaseTicket, tool: str, plan_id: UUID) -> int:
    """How often something was confided, so that a page notices; 0 for everybody else, whatever there is."""
    definition = definitions.today(ticket, tool)
    if definition is None or not definition.confides or not audience.leads(ticket):
        return 0
    rows = select(func.count()).where(*_within(ticket), PlanConfided.plan_id == plan_id)
    return ticket.session.scalars(rows).one()


class ConfidentialAnswers:
    """Where the other of the two wrote meanwhile, theirs stands and the writer's words are kept aside."""

    def __init__(self, plan: OpenPlan, version: VersionPage, sent: SentAnswers) -> None:
        self._plan, self._version, self._sent = plan, version, sent

    def places(self) -> dict[str, Place]:
        """Without what comes without what stood there before: it was not touched on the page."""
        definition, answers, ticket = self._version.definition, self._version.answers, self._plan.ticket
        places = {address: definition.confided_place_at(address, answers) for address in self._sent.given}
        found = {address: place for address, place in places.items() if place is not None}
        if not found:
            return {}
        if not audience.leads(ticket):
            raise InvalidInput(next(iter(found)), "not_yours_to_fill")
        between_us = audience.confidence_of_today(ticket)
        if between_us is None or not between_us.can_write:
            raise Refused(Reason(Refusal.READ_ONLY, guide=ticket.guide))
        return {address: place for address, place in found.items() if address in self._sent.seen}

    def now(self, address: str) -> str:
        row = self._rows.get(address)
        return _words(self._plan.ticket, row) if row else ""

    def before(self, address: str) -> str:
        return self.now(address)

    def author(self, address: str) -> Membership:
        row = self._rows.get(address)
        return self._plan.ticket.members[row.created_by_id] if row else self._plan.ticket.membership

    def keep(self, merge: Merge) -> None:
        ticket = self._plan.ticket
        between_us = audience.confidence_of_today(ticket)
        if between_us is None or not merge:
            return
        lies_in = (self._plan.compartment.id, between_us.id)
        for kind, answers in (("made", merge.made), ("aside", merge.aside)):
            for address, words in answers.items():
                _keep(ticket, self._version, lies_in, address, words, kind)
        ticket.session.flush()
        ticket.record(Event.PLAN_CONFIDED, between_us.id, self._version.plan_id)

    @cached_property
    def _rows(self) -> dict[str, PlanConfided]:
        return _newest(self._plan.ticket, self._version.plan_id)


def _newest(ticket: CaseTicket, plan_id: UUID) -> dict[str, PlanConfided]:
    """What stands at each address, of what was confided to whichever guide."""
    found = (
        select(PlanConfided)
        .where(*_within(ticket), PlanConfided.plan_id == plan_id, PlanConfided.kind == "made")
        .ext(distinct_on(PlanConfided.address))
        .order_by(PlanConfided.address, PlanConfided.created_at.desc(), PlanConfided.number.desc())
    )
    return {row.address: row for row in ticket.session.scalars(found)}


def _within(ticket: CaseTicket) -> tuple[ColumnElement[bool], ...]:
    """Inside the case, where the plan lies in an open compartment and it was confided in another open one."""
    return *ticket.within(PlanConfided), PlanConfided.confided_compartment_id.in_(scope(ticket))


def _keep(
    ticket: CaseTicket, version: VersionPage, lies_in: tuple[UUID, UUID], address: str, words: str, kind: str
) -> None:
    """`lies_in`: the compartments of the plan and of the two."""
    compartment_id, confided_id = lies_in
    before = select(func.coalesce(func.max(PlanConfided.number), 0)).where(
        *_within(ticket),
        PlanConfided.confided_compartment_id == confided_id,
        PlanConfided.plan_id == version.plan_id,
        PlanConfided.address == address,
    )
    row = ticket.new(
        PlanConfided,
        compartment_id,
        plan_id=version.plan_id,
        confided_compartment_id=confided_id,
        address=address,
        number=ticket.session.scalars(before).one() + 1,
        kind=kind,
    )
    ticket.seal(row, "words", words)
    ticket.session.add(row)


def _words(ticket: CaseTicket, row: PlanConfided) -> str:
    return ticket.unseal(row, "words")
