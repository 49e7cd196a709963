"""What meets somebody who comes into a case: what is new, what waits for them, and the plan's tools."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from portal import clock
from portal.access.policy import who_may
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.documents import blank_form
from portal.documents.blank_form import BaseData
from portal.errors import NotFound
from portal.events import Event
from portal.services import registry
from portal.services.cases import changes, queries
from portal.services.cases import welcome as case_welcome
from portal.services.cases.changes import Changes
from portal.services.cases.welcome import Steps, Welcome
from portal.services.consents import requests
from portal.services.files import files
from portal.services.files.files import VersionLine
from portal.services.oversight import last_look
from portal.services.oversight.last_look import LastLook
from portal.services.plans import definitions, plans
from portal.services.plans.plans import PlanProgress
from portal.services.shared import audience as shared_audience
from portal.services.shared import letterhead
from portal.services.shared.audience import MemberLine
from portal.services.shared.front import RECENT, Front
from portal.tools.profile import ProfileMeeting, Rhythm, Tool


@dataclass(frozen=True)
class ToolLine:
    tool: Tool
    form: bool
    """Whether it can be written together here, in a compartment this person sees."""
    compartment: str
    standing: PlanProgress | None
    """How far it has come, if somebody has begun it."""
    files: tuple[VersionLine, ...]


class Overview(SimpleNamespace):
    """What meets somebody who comes into a case: what each capability has to tell there, each thing by its own name
    (`ConsentNews`, `PlanNews` and so on), and what the case itself says."""

    me: UUID
    """Whose overview it is."""
    last_visit: datetime | None
    welcome: Welcome | None
    """At the first visit."""
    steps: Steps | None
    """For the guide of a new case."""
    changes: Changes
    """What others changed since the last visit."""
    last_look: LastLook | None
    """By a professional, for the family."""


def overview(ticket: CaseTicket) -> Overview:
    ticket.require(Action.CASE_VIEW)
    ticket.record(Event.CASE_VIEWED)
    front = _front(ticket, who_may.is_guide(ticket.capacity))
    there = front.there
    found: dict[str, Any] = {}
    for news in registry.NEWS:
        found |= vars(news(ticket, front))
    return Overview(
        me=ticket.membership.id,
        last_visit=there.last_visit,
        welcome=case_welcome.welcome(ticket, there.last_visit, there.put_away),
        steps=case_welcome.steps(ticket, there.plan or there.meeting, there.put_away),
        changes=changes.changes(ticket, there.last_visit),
        last_look=last_look.look(ticket, there.last_look),
        **found,
    )


def _front(ticket: CaseTicket, is_guide: bool) -> Front:
    """Which of the things that a front may show are there at all, and the newest files: one statement for the front of
    most cases instead of six. What is there is loaded by those who know it."""
    wanted: dict[str, Any] = {"limit": RECENT}
    for questions in registry.FRONT:
        wanted |= questions.values(ticket)
    rows = queries.FRONT[is_guide].ask(ticket.session, **ticket.bounds, **wanted)
    newest = tuple(row for row in rows if row.id is not None)
    return Front(rows[0], newest, is_guide, shared_audience.leads(ticket))


def tools(ticket: CaseTicket) -> list[ToolLine]:
    """The model's tools, each with the files that lie in its place."""
    ticket.require(Action.PLAN_VIEW)
    ticket.record(Event.PLAN_VIEWED)
    every = files.newest_version(ticket)
    begun = plans.standings(ticket)
    lines = []
    for tool in ticket.profile.tool:
        try:
            compartment = definitions.compartment_of(ticket, tool.key).key
        except NotFound:
            compartment = ""
        mine = tuple(f for f in every if f.tool == tool.key)
        lines.append(ToolLine(tool, bool(compartment), compartment, begun.get(tool.key), mine))
    return lines


@dataclass(frozen=True)
class OwnConsent:
    """Whether the young person's own declaration is in force, for those who may know."""

    until: datetime | None


def consent(ticket: CaseTicket) -> OwnConsent | None:
    if not (ticket.allows(Action.CONSENT_REGISTER) or ticket.allows(Action.CONSENT_GIVE)):
        return None
    current = requests.in_force(ticket, ticket.young_person.id)
    return OwnConsent(current.valid_until if current else None)


def model_meetings(ticket: CaseTicket) -> list[tuple[ProfileMeeting | Rhythm, date]]:
    """The meetings of the model, each with the day on which the young person reaches its age; and the next four of
    those that come again and again."""
    ticket.require(Action.PLAN_VIEW)
    model, case = ticket.profile, ticket.case
    found: list[tuple[ProfileMeeting | Rhythm, date]] = [(one, one.day(case.birth_date)) for one in model.meeting]
    if model.rhythm is not None:
        begun, today = case.opened_at.astimezone(model.zone).date(), clock.today(model.zone)
        days = model.rhythm.days(begun, clock.birthday(case.birth_date, model.majority_age), today)
        found += [(model.rhythm, day) for day in islice(days, 4)]
    return sorted(found, key=lambda one: one[1])


def blank(ticket: CaseTicket, tool_key: str, words: dict[str, str], language: str) -> tuple[Tool, bytes]:
    """An empty form of a tool as a Word file, base data filled in. Raises NotFound for a tool that has none."""
    ticket.require(Action.PLAN_VIEW)
    tool = ticket.profile.tool_of(tool_key)
    if tool is None or not tool.blank:
        raise NotFound
    ticket.record(Event.BLANK_DOWNLOADED, tool=tool_key)
    team = shared_audience.audience(ticket)
    base = BaseData(
        young_person=ticket.young_person.display_name,
        birth_date=ticket.case.birth_date.strftime("%d.%m.%Y"),
        guide=ticket.owner.display_name,
        team=[_with_role(line) for line in team if line.membership.unit_id],
        words={**words, "title": tool.title.in_language(language)},
        language=language,
        head=letterhead.head_of(ticket.session.info["settings"], language),
        colour=letterhead.colour_of(ticket.session.info["settings"]),
    )
    return tool, blank_form.write(base)


def _with_role(line: MemberLine) -> str:
    place = f", {line.workplace.unit}" if line.workplace else ""
    return f"{line.membership.display_name}, {line.membership.job_title}{place}"
