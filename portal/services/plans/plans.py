"""Tools written together: what stands in them, and what has become of each version, read from the database."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select

from portal import locks
from portal.access.compartments import OpenCompartment
from portal.access.policy import who_may
from portal.access.policy.actions import Action
from portal.access.policy.roles import Capacity
from portal.access.ticket import CaseTicket
from portal.errors import NotFound
from portal.events import Event
from portal.locks import Lock
from portal.models import Membership, Plan, PlanAcceptance, PlanAsked, PlanProposal, PlanTaking, PlanVersion
from portal.services.plans import carried as plans_carried
from portal.services.plans import definitions, meeting_facts, queries
from portal.services.plans.meeting_facts import Told
from portal.services.plans.versions import PlanPage, PlanState, VersionPage, Yes
from portal.text import in_order
from portal.tools.definition import Definition, Place, Question, Section


@dataclass(frozen=True)
class PlanProgress:
    """How far a tool has come, without a word of what is in it."""

    number: int
    state: PlanState
    changed_by: Membership
    begun_at: datetime
    agreed_at: datetime | None
    """Of the version in force."""
    waits_for_me: bool


def show_plan(ticket: CaseTicket, tool: str) -> PlanPage | None:
    """The tool as it stands, or None where nobody has begun it. Raises NotFound for a tool that is not a form here, or
    whose compartment the person does not see."""
    ticket.require(Action.PLAN_VIEW)
    page = load(ticket, tool, definitions.compartment_of(ticket, tool))
    return page if page is None else viewed(ticket, page)


def viewed(ticket: CaseTicket, page: PlanPage) -> PlanPage:
    """Notes that somebody is shown a plan that is loaded already."""
    ticket.require(Action.PLAN_VIEW)
    ticket.record(Event.PLAN_OPENED, page.compartment_id, page.newest.plan_id)
    return page


def standings(ticket: CaseTicket) -> dict[str, PlanProgress]:
    """Every tool that somebody has begun, in four queries."""
    ticket.require(Action.PLAN_VIEW)
    plans = {plan.id: plan for plan in ticket.session.scalars(ticket.select(Plan))}
    open_plans = _OpenPlans(ticket, plans)
    found: dict[str, PlanProgress] = {}
    for plan in plans.values():
        stands = open_plans.stand(plan.id)
        newest, first = stands[0]
        in_force = next((each.agreed_at for _v, each in stands if each.state is PlanState.AGREED), None)
        waits = first.state is PlanState.PROPOSED and any(yes.is_me and yes.at is None for yes in first.asked)
        author = ticket.members[newest.created_by_id]
        found[plan.tool] = PlanProgress(newest.number, first.state, author, newest.created_at, in_force, waits)
    return found


def waiting_for_me(ticket: CaseTicket) -> list[str]:
    """The tools whose proposal waits for this person's own yes. One query while they owe none."""
    if not ticket.allows(Action.PLAN_ACCEPT):
        return []
    if ticket.session.execute(queries.OWED, ticket.bounds).first() is None:
        return []
    # An earlier proposal, changed since, may be all that was left unanswered: what stands says which.
    return sorted(tool for tool, standing in standings(ticket).items() if standing.waits_for_me)


@dataclass(frozen=True)
class LoadedPlan:
    """A plan as a request reads it, with the rows it was read from."""

    page: PlanPage
    plan: Plan
    versions: Mapping[UUID, PlanVersion]
    others: Mapping[str, Mapping[str, str]]
    """Tool -> its newest answers, of the tools whose rows this one shows."""


def load(ticket: CaseTicket, tool: str, compartment: OpenCompartment) -> PlanPage | None:
    """Everything of a tool in at most five queries, whatever it holds."""
    loaded = load_with_rows(ticket, tool, compartment)
    return loaded.page if loaded else None


def load_with_rows(ticket: CaseTicket, tool: str, compartment: OpenCompartment) -> LoadedPlan | None:
    """The same with its rows, for who changes them."""
    definition = definitions.today(ticket, tool)
    if definition is None:
        raise NotFound
    wanted = ticket.session.scalars(queries.OF_TOOLS, {**ticket.bounds, "tools": sorted({tool, *definition.sources})})
    plans = {plan.tool: plan for plan in wanted}
    plan = plans.get(tool)
    if plan is None:
        return None
    open_plans = _OpenPlans(ticket, [each.id for each in plans.values()])
    stands = open_plans.stand(plan.id)
    saved = definitions.answered(ticket, {version.definition for version, _stand in stands})
    others = {source: open_plans.newest_answers(plans[source].id) for source in definition.sources if source in plans}
    about = {v.meeting_id for v, stand in stands if v.meeting_id is not None and stand.state is PlanState.DRAFT}
    told = meeting_facts.told(ticket, about) if about else {}
    pages = tuple(
        _page(ticket, version, stand, saved.get(version.definition, definition), others, told)
        for version, stand in stands
    )
    can_write = compartment.can_write and ticket.allows(Action.PLAN_WRITE)
    page = PlanPage(tool, compartment.id, compartment.key, can_write, pages)
    return LoadedPlan(page, plan, {version.id: version for version, _stand in stands}, others)


def as_draft(ticket: CaseTicket, loaded: LoadedPlan, before: VersionPage, answers: Mapping[str, str]) -> VersionPage:
    """How a version reads after a change to `answers`, which its row holds already: what `load` would find."""
    row = loaded.versions[before.id]
    if before.state is PlanState.DRAFT:
        return replace(before, answers=answers, revision=row.revision)
    stand = _Stand(PlanState.DRAFT, was_proposed=True)
    told = meeting_facts.told(ticket, {row.meeting_id}) if row.meeting_id is not None else {}
    return _page(ticket, row, stand, before.definition, loaded.others, told)


def count_accepted(ticket: CaseTicket) -> Select[int]:
    """How many yeses have been given to proposals, to see whether there are new ones."""
    given = select(func.count()).select_from(PlanAcceptance)
    return given.join(PlanProposal, PlanProposal.id == PlanAcceptance.plan_proposal_id).where(
        *ticket.within(PlanProposal)
    )


def one_at_a_time(ticket: CaseTicket, tool: str) -> None:
    """Two people who begin the same tool at once wait for each other, until the end of the transaction."""
    locks.hold(ticket.session, Lock.PLAN, ticket.case_id, tool)


@dataclass(frozen=True)
class _Stand:
    """What has become of one version."""

    state: PlanState
    asked: tuple[Yes, ...] = ()
    agreed_at: datetime | None = None
    proposal_id: UUID | None = None
    was_proposed: bool = False


class _OpenPlans:
    """The versions of some plans with their proposals and yeses, in three queries."""

    def __init__(self, ticket: CaseTicket, plans: Collection[UUID]) -> None:
        self.ticket = ticket
        session = ticket.session
        found = ticket.select(PlanVersion).where(PlanVersion.plan_id.in_(plans)).order_by(PlanVersion.number.desc())
        self.versions: dict[UUID, list[PlanVersion]] = {}
        for version in session.scalars(found.execution_options(populate_existing=True)):
            self.versions.setdefault(version.plan_id, []).append(version)
        ids = [version.id for versions in self.versions.values() for version in versions]
        self.latest: dict[UUID, PlanProposal] = {}
        made = ticket.select(PlanProposal).where(PlanProposal.plan_version_id.in_(ids))
        for proposal in session.scalars(made.order_by(PlanProposal.created_at)):
            self.latest[proposal.plan_version_id] = proposal
        self.asked = _asked(ticket, [proposal.id for proposal in self.latest.values()]) if self.latest else {}

    def stand(self, plan_id: UUID) -> list[tuple[PlanVersion, _Stand]]:
        """Each version of a plan, the newest first."""
        found: list[tuple[PlanVersion, _Stand]] = []
        later_agreed = False
        for version in self.versions[plan_id]:
            one = self._one(version, later_agreed)
            later_agreed = later_agreed or one.agreed_at is not None
            found.append((version, one))
        return found

    def newest_answers(self, plan_id: UUID) -> dict[str, str]:
        return read_answers(self.ticket, self.versions[plan_id][0])

    def _one(self, version: PlanVersion, later_agreed: bool) -> _Stand:
        proposal = self.latest.get(version.id)
        if proposal is None or proposal.revision != version.revision:
            return _Stand(PlanState.DRAFT, was_proposed=proposal is not None)
        asked = self.asked.get(proposal.id, ())
        given = [yes.at for yes in asked if yes.at is not None]
        if not asked or len(given) < len(asked):
            return _Stand(PlanState.PROPOSED, asked, None, proposal.id)
        state = PlanState.REPLACED if later_agreed else PlanState.AGREED
        return _Stand(state, asked, max(given), proposal.id)


def _asked(ticket: CaseTicket, proposals: list[UUID]) -> dict[UUID, tuple[Yes, ...]]:
    found = ticket.session.execute(
        select(PlanAsked.plan_proposal_id, PlanAsked.membership_id, PlanAcceptance, PlanTaking.created_at)
        .outerjoin(PlanTaking, PlanTaking.id == PlanAsked.said_id)
        .outerjoin(
            PlanAcceptance,
            PlanAcceptance.plan_proposal_id.in_((PlanAsked.plan_proposal_id, PlanAsked.again_of))
            & (PlanAcceptance.membership_id == PlanAsked.membership_id),
        )
        .where(PlanAsked.plan_proposal_id.in_(proposals), *ticket.within(PlanAsked))
    )
    lines: dict[UUID, list[Yes]] = {}
    for proposal_id, membership_id, given, said_at in found:
        lines.setdefault(proposal_id, []).append(_yes(ticket, ticket.members[membership_id], given, said_at))
    return {proposal: yeses_in_order(yes) for proposal, yes in lines.items()}


def yeses_in_order(yeses: Iterable[Yes]) -> tuple[Yes, ...]:
    """The young person and the guide first."""
    first = [Capacity.YOUNG_PERSON, Capacity.OWNER]
    return tuple(
        sorted(yeses, key=lambda yes: (Capacity(yes.member.capacity) not in first, in_order(yes.member.display_name)))
    )


def _yes(ticket: CaseTicket, member: Membership, given: PlanAcceptance | None, said_at: datetime | None) -> Yes:
    noted = given is not None and given.created_by_id != member.id
    how = ticket.unseal(given, "how") if given is not None else ""
    return Yes(
        member=member,
        at=given.created_at if given else said_at,
        noted_by=ticket.members[given.created_by_id] if given and noted else None,
        before=given is None and said_at is not None,
        how=how,
        is_me=member.id == ticket.membership.id,
    )


def _page(
    ticket: CaseTicket,
    version: PlanVersion,
    stand: _Stand,
    definition: Definition,
    others: Mapping[str, Mapping[str, str]],
    told: Mapping[UUID, Told],
) -> VersionPage:
    answers = read_answers(ticket, version)
    by_meeting = told.get(version.meeting_id, {}) if version.meeting_id else {}
    if stand.state is PlanState.DRAFT:
        answers.update(plans_carried.of_tools(definition, others))
        answers.update(plans_carried.of_meeting(definition, by_meeting))
    return VersionPage(
        id=version.id,
        plan_id=version.plan_id,
        number=version.number,
        state=stand.state,
        meeting_id=version.meeting_id,
        told=frozenset(by_meeting),
        definition=definition,
        revision=version.revision,
        answers=answers,
        created_at=version.created_at,
        author=ticket.members[version.created_by_id],
        asked=stand.asked,
        agreed_at=stand.agreed_at,
        proposal_id=stand.proposal_id,
        was_proposed=stand.was_proposed,
    )


def read_answers(ticket: CaseTicket, version: PlanVersion) -> dict[str, str]:
    found: dict[str, str] = json.loads(ticket.unseal(version, "answers"))
    return found


def is_closed(page: VersionPage, section: Section, row: str) -> bool:
    """Whether a row's own answer says that it is done, or given up."""
    closing = section.closing
    return closing is not None and page.answers.get(f"{section.key}.{row}.{closing.key}") in closing.closers


def takers(page: VersionPage) -> Iterator[tuple[Section, str, UUID]]:
    """Everything that names somebody who takes it on, by section and row ('' in a section without rows), and whom; of a
    closed row, nobody."""
    for place in page.definition.places(page.answers):
        value = page.answers.get(place.address, "") if place.question.takes_on else ""
        if value and not is_closed(page, place.section, place.row):
            yield place.section, place.row, UUID(value)


def who_takes_on(page: VersionPage) -> dict[str, list[str]]:
    """Membership id -> the addresses of what they take on."""
    found: dict[str, list[str]] = {}
    for section, row, who in takers(page):
        question = next(question for question in section.question if question.takes_on)
        found.setdefault(str(who), []).append(Place(section, row, question).address)
    return found


def is_carried(page: VersionPage, question: Question) -> bool:
    """Whether the answer to a question is known from elsewhere: from another tool, or from the meeting that the version
    is about."""
    return bool(question.carried) or question.of_meeting in page.told


def is_carried_into(page: VersionPage, section: Section) -> bool:
    """Whether a draft shows something in this section that is known from elsewhere."""
    return bool(section.rows_of) or any(is_carried(page, question) for question in section.question)


def may_fill(ticket: CaseTicket, page: VersionPage, question: Question) -> bool:
    """Whether a question is this person's to answer. What is carried is answered where it comes from."""
    return who_may.may_fill(ticket.capacity, question.fill, is_carried(page, question))
