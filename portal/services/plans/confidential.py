"""Answers that stay between the young person and the guide, such as how somebody on the network map and they get on.

They lie in a table of their own, which the database shows to nobody else, and are never among a version's answers. So
what shows, compares, exports, agrees on or counts those knows nothing of them. They are on no paper, for nobody.

Each belongs to the compartment of the young person and the guide it was confided to, and is read by who reads that: the
next guide only when the young person says so (confidences).
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from portal.access.policy.actions import Action
from portal.access.policy.decide import Reason, Refusal
from portal.access.ticket import CaseTicket, scope
from portal.errors import InvalidInput, NotFound, Refused
from portal.events import Event
from portal.models import Membership, PlanConfided
from portal.services.members import confidences
from portal.services.plans import definitions, plans
from portal.services.plans.editing import Clash
from portal.services.plans.plans import VersionPage
from portal.services.shared import audience
from portal.tools import definition
from portal.tools.definition import Place


def read(ticket: CaseTicket, version: VersionPage) -> dict[str, str]:
    """Address -> what was confided, as it stands now; empty for everybody but the young person and the guide."""
    if not version.definition.confides or not audience.leads(ticket):
        return {}
    return {row.address: _words(ticket, row) for row in _newest(ticket, version.plan_id).values()}


def told_before(ticket: CaseTicket, version: VersionPage) -> dict[str, Membership]:
    """Of what `read` gives: address -> the guide it was told to, where that is not the guide of today."""
    earlier = any(h.confidant_id not in (None, ticket.owner.id) for h in ticket.hatches.values())
    if not earlier or not version.definition.confides or not audience.leads(ticket):
        return {}
    rows, found = _newest(ticket, version.plan_id), {}
    for address, row in rows.items():
        confidant_id = ticket.hatches[row.confided_compartment_id].confidant_id
        if confidant_id is not None and confidant_id != ticket.owner.id:
            found[address] = ticket.members[confidant_id]
    return found


def count(ticket: CaseTicket, tool: str, plan_id: UUID) -> int:
    """How often something was confided, so that a page notices; 0 for everybody else, whatever there is."""
    known = definitions.today(ticket, tool)
    if known is None or not known.confides or not audience.leads(ticket):
        return 0
    rows = select(func.count()).where(*_within(ticket), PlanConfided.plan_id == plan_id)
    return ticket.session.scalars(rows).one()


def save(
    ticket: CaseTicket, tool: str, number: int, given: Mapping[str, str], seen: Mapping[str, str]
) -> tuple[Clash, ...]:
    """Keeps those of the answers that are confided; `seen` says what the page had at those its writer may have changed.
    Where the other of the two wrote meanwhile, theirs stands and the writer's words are kept aside.

    Raises InvalidInput at an answer that cannot be one, or that is not this person's to give.
    """
    ticket.require(Action.PLAN_WRITE)
    hatch = ticket.require_write(definitions.hatch_of(ticket, tool).id)
    known = definitions.today(ticket, tool)
    if known is not None and all(known.asks_openly(address) for address in given):
        return ()
    plans.one_at_a_time(ticket, tool)
    page = plans.load(ticket, tool, hatch)
    if page is None:
        raise NotFound
    version = page.version(number)
    places = {place.address: place for place in version.definition.confided_places(version.answers)}
    asked = {address: words for address, words in given.items() if address in places}
    if not asked:
        return ()
    if not audience.leads(ticket):
        raise InvalidInput(next(iter(asked)), "not_yours_to_fill")
    between_us = confidences.of_today(ticket)
    if between_us is None or not between_us.can_write:
        raise Refused(Reason(Refusal.READ_ONLY, guide=ticket.guide))
    rows = _newest(ticket, version.plan_id)
    # What comes without what stood there before was not touched on the page.
    asked = {address: words for address, words in asked.items() if address in seen}
    clashes = []
    written = False
    for address, words in asked.items():
        row = rows.get(address)
        now = _words(ticket, row) if row else ""
        value = definition.clean(places[address], words, (), version.answers)
        was = _as_kept(places[address], seen[address])
        if value in (was, now):
            continue
        if now != was and row is not None:
            clashes.append(Clash(address, value, now, ticket.members[row.created_by_id]))
        _keep(ticket, version, (hatch.id, between_us.id), address, value, "aside" if now != was else "made")
        written = True
    if written:
        ticket.session.flush()
        ticket.record(Event.SCHEMA_CONFIDED, between_us.id, version.plan_id)
    return tuple(clashes)


def _as_kept(place: Place, words: str) -> str:
    """What a page had, tidied as it would have been when kept."""
    try:
        return definition.clean(place, words, (), {})
    except InvalidInput:
        return words


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
