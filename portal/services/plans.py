"""Tools written together: what stands in them, and what has become of each version.

A version's state follows from what people did and is stored nowhere: it is a draft until it is proposed, agreed when
everybody asked has said yes to exactly these words, and replaced when a later version is agreed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy import text as sql

from portal.access.actions import Action
from portal.access.roles import Capacity
from portal.access.ticket import CaseTicket, Hatch
from portal.audit import Event
from portal.errors import NotFound
from portal.models import Membership, Plan, PlanAcceptance, PlanAsked, PlanProposal, PlanVersion
from portal.tools.definition import Definition, Kind, definition, rows


class PlanState(StrEnum):
    DRAFT = "draft"
    PROPOSED = "proposed"
    AGREED = "agreed"
    REPLACED = "replaced"


PLAN_CHANGES: dict[PlanState, dict[str, PlanState]] = {
    PlanState.DRAFT: {"is changed": PlanState.DRAFT, "is proposed": PlanState.PROPOSED},
    PlanState.PROPOSED: {
        "is changed": PlanState.DRAFT,
        "is proposed": PlanState.PROPOSED,
        "is accepted by one": PlanState.PROPOSED,
        "is accepted by the last": PlanState.AGREED,
    },
    PlanState.AGREED: {"a later version is agreed": PlanState.REPLACED},
    PlanState.REPLACED: {},
}
"""What can become of a version. Words that were agreed are never changed; a new version is begun instead."""


@dataclass(frozen=True)
class Yes:
    """Somebody who is asked to accept a proposal, and their answer."""

    member: Membership
    at: datetime | None
    """When they said yes; None while they are waited for."""
    noted_by: Membership | None
    """The guide, where the yes was given on paper or aloud."""
    how: str
    is_me: bool


@dataclass(frozen=True)
class VersionPage:
    id: UUID
    plan_id: UUID
    number: int
    state: PlanState
    definition: Definition
    revision: int
    answers: Mapping[str, str]
    created_at: datetime
    author: Membership
    asked: tuple[Yes, ...]
    agreed_at: datetime | None
    proposal_id: UUID | None

    @property
    def waits_for_me(self) -> bool:
        return self.state is PlanState.PROPOSED and any(yes.is_me and yes.at is None for yes in self.asked)

    def rows(self, section: str) -> list[str]:
        return rows(self.answers, section)

    def rows_of(self, section: str, question: str, row: str) -> list[str]:
        """The rows of a section that belong to a row of another one."""
        return [r for r in self.rows(section) if self.answers.get(f"{section}.{r}.{question}") == row]


@dataclass(frozen=True)
class PlanPage:
    tool: str
    compartment_id: UUID
    compartment: str
    can_write: bool
    versions: tuple[VersionPage, ...]
    """The newest first."""

    @property
    def newest(self) -> VersionPage:
        return self.versions[0]

    @property
    def agreed(self) -> VersionPage | None:
        """The version in force."""
        return next((version for version in self.versions if version.state is PlanState.AGREED), None)

    def version(self, number: int) -> VersionPage:
        """Raises NotFound."""
        for version in self.versions:
            if version.number == number:
                return version
        raise NotFound


def show(ticket: CaseTicket, tool: str) -> PlanPage | None:
    """The tool as it stands, or None where nobody has begun it. Raises NotFound for a tool that is not a form here, or
    whose compartment the person does not see."""
    ticket.require(Action.PLAN_VIEW)
    hatch = place_of(ticket, tool)
    page = load(ticket, tool, hatch)
    if page is not None:
        ticket.record(Event.SCHEMA_VIEWED, hatch.id, page.newest.plan_id)
    return page


def place_of(ticket: CaseTicket, tool: str) -> Hatch:
    """The open compartment that a tool lies in. Raises NotFound."""
    known = definition(tool)
    if known is None or ticket.profile.tool_of(tool) is None:
        raise NotFound
    for hatch in ticket.hatches.values():
        if hatch.key == known.compartment:
            return hatch
    raise NotFound


def load(ticket: CaseTicket, tool: str, hatch: Hatch) -> PlanPage | None:
    """Everything of a tool in four queries, whatever it holds."""
    session = ticket.session
    plan = session.scalars(ticket.select(Plan).where(Plan.tool == tool)).one_or_none()
    if plan is None:
        return None
    found = ticket.select(PlanVersion).where(PlanVersion.plan_id == plan.id).order_by(PlanVersion.number.desc())
    versions = list(session.scalars(found.execution_options(populate_existing=True)))
    ids = [version.id for version in versions]
    latest: dict[UUID, PlanProposal] = {}
    made = ticket.select(PlanProposal).where(PlanProposal.plan_version_id.in_(ids)).order_by(PlanProposal.created_at)
    for proposal in session.scalars(made):
        latest[proposal.plan_version_id] = proposal
    asked = _asked(ticket, [proposal.id for proposal in latest.values()])
    pages: list[VersionPage] = []
    later_agreed = False
    for version in versions:
        page = _page(ticket, version, latest.get(version.id), asked, later_agreed)
        later_agreed = later_agreed or page.agreed_at is not None
        pages.append(page)
    can_write = hatch.can_write and ticket.allows(Action.PLAN_WRITE)
    return PlanPage(tool, hatch.id, hatch.key, can_write, tuple(pages))


def one_at_a_time(ticket: CaseTicket, tool: str) -> None:
    """Two people who begin the same tool at once wait for each other, until the end of the transaction."""
    place = sql("select pg_advisory_xact_lock(hashtextextended(:place, 0))")
    ticket.session.execute(place, {"place": f"plan {ticket.case_id} {tool}"})


def _asked(ticket: CaseTicket, proposals: list[UUID]) -> dict[UUID, tuple[Yes, ...]]:
    found = ticket.session.execute(
        select(PlanAsked.plan_proposal_id, PlanAsked.membership_id, PlanAcceptance)
        .outerjoin(
            PlanAcceptance,
            (PlanAcceptance.plan_proposal_id == PlanAsked.plan_proposal_id)
            & (PlanAcceptance.membership_id == PlanAsked.membership_id),
        )
        .where(PlanAsked.plan_proposal_id.in_(proposals), *ticket.within(PlanAsked))
    )
    lines: dict[UUID, list[Yes]] = {}
    for proposal_id, membership_id, given in found:
        lines.setdefault(proposal_id, []).append(_yes(ticket, ticket.members[membership_id], given))
    order = [Capacity.YOUNG_PERSON, Capacity.OWNER]
    return {
        proposal: tuple(sorted(yes, key=lambda y: (Capacity(y.member.capacity) not in order, y.member.display_name)))
        for proposal, yes in lines.items()
    }


def _yes(ticket: CaseTicket, member: Membership, given: PlanAcceptance | None) -> Yes:
    noted = given is not None and given.created_by_id != member.id
    how = ""
    if given is not None and given.how_sealed is not None:
        how = ticket.keys.unseal_text(given.how_sealed, f"plan_acceptance.how {given.plan_proposal_id} {member.id}")
    return Yes(
        member=member,
        at=given.created_at if given else None,
        noted_by=ticket.members[given.created_by_id] if given and noted else None,
        how=how,
        is_me=member.id == ticket.membership.id,
    )


def _page(
    ticket: CaseTicket,
    version: PlanVersion,
    proposal: PlanProposal | None,
    asked: Mapping[UUID, tuple[Yes, ...]],
    later_agreed: bool,
) -> VersionPage:
    stands = proposal is not None and proposal.revision == version.revision
    answers = asked.get(proposal.id, ()) if proposal and stands else ()
    given = [yes.at for yes in answers if yes.at is not None]
    agreed_at = max(given) if answers and len(given) == len(answers) else None
    state = PlanState.DRAFT
    if stands:
        state = PlanState.PROPOSED
    if agreed_at is not None:
        state = PlanState.REPLACED if later_agreed else PlanState.AGREED
    known = definition(version.definition.split("@")[0])
    if known is None:
        raise NotFound
    return VersionPage(
        id=version.id,
        plan_id=version.plan_id,
        number=version.number,
        state=state,
        definition=known,
        revision=version.revision,
        answers=read_answers(ticket, version),
        created_at=version.created_at,
        author=ticket.members[version.created_by_id],
        asked=answers,
        agreed_at=agreed_at,
        proposal_id=proposal.id if proposal and stands else None,
    )


def read_answers(ticket: CaseTicket, version: PlanVersion) -> dict[str, str]:
    found: dict[str, str] = json.loads(
        ticket.keys.unseal_text(version.answers_sealed, f"plan_version.answers {version.id}")
    )
    return found


def who_takes_on(page: VersionPage) -> dict[str, list[str]]:
    """Membership id -> the addresses of what they take on."""
    found: dict[str, list[str]] = {}
    for place in page.definition.places(page.answers):
        who = page.answers.get(place.address, "")
        if place.question.kind is Kind.PERSON and place.question.takes_on and who:
            found.setdefault(who, []).append(place.address)
    return found
