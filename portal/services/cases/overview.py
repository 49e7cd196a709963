"""What meets somebody who comes into a case: what is new, what waits for them, and the plan's tools."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from itertools import islice
from typing import Any
from uuid import UUID

from portal import clock
from portal.access.policy.actions import Action
from portal.access.policy.windows import Obstacle
from portal.access.ticket import CaseTicket
from portal.documents import blank_schema
from portal.documents.blank_schema import BaseData
from portal.errors import NotFound
from portal.events import Event
from portal.services.cases import queries
from portal.services.cases import welcome as case_welcome
from portal.services.cases.queries import FrontRow
from portal.services.cases.welcome import Steps, Welcome
from portal.services.consents import noted_by_others, overrides, reminders, requests
from portal.services.consents.overrides import FreezeLine
from portal.services.consents.reminders import Ending
from portal.services.files import files
from portal.services.files.files import VersionLine
from portal.services.meetings import heard, schedule
from portal.services.meetings.schedule import MeetingPage
from portal.services.members import coming_of_age, confidences, handover_answers, own_data, team_wishes
from portal.services.members.coming_of_age import Countdown
from portal.services.members.confidences import Question
from portal.services.members.team_wishes import WishLine
from portal.services.messages import threads as message_threads
from portal.services.messages.threads import ThreadLine
from portal.services.plans import commitments, definitions, plans
from portal.services.plans import news as plans_news
from portal.services.plans import objections as plans_objections
from portal.services.plans.commitments import Promise
from portal.services.plans.news import News
from portal.services.plans.objections import Objection
from portal.services.plans.plans import Standing
from portal.services.shared import audience as shared_audience
from portal.services.shared import letterhead
from portal.services.shared.audience import MemberLine
from portal.tools.profile import Meeting, Rhythm, Tool

RECENT = 6


@dataclass(frozen=True)
class Overview:
    promises: tuple[Promise, ...]
    """What this person has taken on and not kept yet."""
    threads: tuple[ThreadLine, ...]
    files: tuple[VersionLine, ...]
    last_visit: datetime | None
    welcome: Welcome | None
    """At the first visit."""
    steps: Steps | None
    """For the guide of a new case."""
    me: UUID
    """Whose overview it is."""
    plans_ask_me: tuple[str, ...]
    """Tools whose proposal waits for this person's own yes."""
    asks_me: int
    """Parties that wait for this person's own consent."""
    is_spoken_for: bool
    """Whether somebody has noted an answer in this person's name, which they have not looked at."""
    endings: tuple[Ending, ...]
    """Consents that end soon, as far as this person may know of them."""
    waiting: tuple[MemberLine, ...]
    """Members who see nothing yet and to whom nobody has said no, for those who answer for the case."""
    meeting: MeetingPage | None
    """The meeting that goes on, or the next one."""
    news: News | None
    """What the young person has written in the plan, for the guide."""
    objections: tuple[Objection, ...]
    """What people who are asked for a yes want changed, for the guide."""
    heard: UUID | None
    """The meeting that the young person has not said yet whether they were heard at."""
    gone: tuple[MemberLine, ...]
    """Members who have left by themselves, until the guide decides what then."""
    unconfirmed: tuple[MemberLine, ...]
    """Members who have changed unit or account, until the guide says that they are still meant."""
    corrected_at: datetime | None
    """When something noted about this person was put right lately."""
    countdown: Countdown | None
    wishes: tuple[WishLine, ...]
    """What the young person asks of the team and has no answer to, for those who answer for the case."""
    frozen: tuple[FreezeLine, ...]
    """Freezes that the owner must look at again."""
    guide_change: handover_answers.Change | None
    """A change of guide that this person is asked about or, as a guide, waits for an answer to."""
    told_before: tuple[Question, ...]
    """For the young person: what was confided to a guide before."""

    @cached_property
    def unread(self) -> tuple[ThreadLine, ...]:
        return tuple(thread for thread in self.threads if thread.unread)

    @cached_property
    def read(self) -> tuple[ThreadLine, ...]:
        return tuple(thread for thread in self.threads if not thread.unread)

    @cached_property
    def new_files(self) -> tuple[VersionLine, ...]:
        """What others have added since the last visit."""
        return tuple(f for f in self.files if self._is_new(f))

    @cached_property
    def known_files(self) -> tuple[VersionLine, ...]:
        return tuple(f for f in self.files if not self._is_new(f))

    def _is_new(self, file: VersionLine) -> bool:
        return bool(self.last_visit and file.created_at > self.last_visit and file.author.id != self.me)


@dataclass(frozen=True)
class ToolLine:
    tool: Tool
    form: bool
    """Whether it can be written together here, in a compartment this person sees."""
    compartment: str
    standing: Standing | None
    """How far it has come, if somebody has begun it."""
    files: tuple[VersionLine, ...]


def overview(ticket: CaseTicket) -> Overview:
    ticket.require(Action.CASE_VIEW)
    ticket.record(Event.CASE_VIEWED)
    leads = shared_audience.leads(ticket)
    is_guide = ticket.membership.id == ticket.owner.id
    waits = leads and _some_wait(ticket)
    shut = [line for line in shared_audience.lines(ticket) if not line.open and line.prospects] if waits else []
    there, newest = _front(ticket, is_guide)
    return Overview(
        promises=tuple(commitments.mine(ticket)) if there.plan else (),
        meeting=schedule.next_one(ticket) if there.meeting else None,
        news=plans_news.news(ticket) if is_guide and there.wrote else None,
        objections=tuple(plans_objections.objections(ticket)) if is_guide and there.objected else (),
        heard=heard.unanswered(ticket) if there.heard else None,
        plans_ask_me=tuple(plans.waiting_for_me(ticket)) if there.owed else (),
        threads=tuple(message_threads.threads(ticket, RECENT)),
        files=tuple(newest),
        last_visit=there.last_visit,
        welcome=case_welcome.welcome(ticket, there.last_visit, there.put_away),
        steps=case_welcome.steps(ticket, there.plan or there.meeting, there.put_away),
        me=ticket.membership.id,
        asks_me=requests.asks_me(ticket),
        is_spoken_for=ticket.allows(Action.CONSENT_GIVE) and noted_by_others.is_news(ticket, there.spoken_for),
        waiting=tuple(line for line in shut if line.awaited and not _stopped(line) & _DECIDED),
        unconfirmed=tuple(line for line in shut if Obstacle.UNCONFIRMED in _stopped(line)),
        corrected_at=own_data.corrected_lately(ticket),
        gone=tuple(line for line in shut if Obstacle.LEFT in _stopped(line)),
        countdown=coming_of_age.countdown(ticket),
        wishes=_open_wishes(ticket) if leads and there.wishes else (),
        frozen=tuple(f for f in overrides.freezes(ticket) if f.is_due) if leads else (),
        endings=tuple(reminders.endings(ticket)),
        guide_change=_guide_change(ticket) if there.offers else None,
        told_before=tuple(confidences.questions(ticket)),
    )


def _guide_change(ticket: CaseTicket) -> handover_answers.Change | None:
    if ticket.allows(Action.TEAM_CHANGE):
        return handover_answers.current(ticket)
    return handover_answers.asked_of_me(ticket)


def _front(ticket: CaseTicket, is_guide: bool) -> tuple[FrontRow, list[VersionLine]]:
    """Which of the things that a front may show are there at all, and the newest files: one statement for the front of
    most cases instead of six. What is there is loaded by those who know it."""
    since = clock.start_of_today(ticket.profile.zone)
    wanted: dict[str, Any] = {
        "today": since,
        "before": ticket.actor.signed_in_at,
        "tool": commitments.TOOL,
        "limit": RECENT,
    }
    wanted |= {"recently": clock.now() - heard.ASKED_FOR, "young": ticket.young_person.id}
    wanted["heard"] = clock.now() - handover_answers.HEARD_FOR
    rows = queries.FRONT[is_guide].ask(ticket.session, **ticket.bounds, **wanted)
    return rows[0], files.lines(ticket, [row for row in rows if row.id is not None])


def _open_wishes(ticket: CaseTicket) -> tuple[WishLine, ...]:
    """What the guide has to answer; for the young person what they wait for: their own no waits for nothing."""
    owns = ticket.allows(Action.TEAM_CHANGE)
    return tuple(wish for wish in team_wishes.wishes(ticket, only_open=True) if owns or not wish.has_worked)


_DECIDED = {Obstacle.LEFT, Obstacle.FROZEN, Obstacle.UNCONFIRMED}
"""What is told by itself, and not as waiting to get in."""


def _some_wait(ticket: CaseTicket) -> bool:
    inside = {window.membership_id for window in ticket.open_windows}
    return any(membership_id not in inside for membership_id in ticket.members)


def _stopped(line: MemberLine) -> set[Obstacle]:
    return {blocker.obstacle for prospect in line.prospects for blocker in prospect.blockers}


def tools(ticket: CaseTicket) -> list[ToolLine]:
    """The model's tools, each with the files that lie in its place."""
    ticket.require(Action.PLAN_VIEW)
    ticket.record(Event.PLAN_VIEWED)
    every = files.newest(ticket)
    begun = plans.standings(ticket)
    lines = []
    for tool in ticket.profile.tool:
        try:
            shelf = definitions.hatch_of(ticket, tool.key).key
        except NotFound:
            shelf = ""
        mine = tuple(f for f in every if f.tool == tool.key)
        lines.append(ToolLine(tool, bool(shelf), shelf, begun.get(tool.key), mine))
    return lines


@dataclass(frozen=True)
class ConsentLine:
    """Whether the young person's own declaration is in force, for those who may know."""

    until: datetime | None


def consent(ticket: CaseTicket) -> ConsentLine | None:
    if not (ticket.allows(Action.CONSENT_REGISTER) or ticket.allows(Action.CONSENT_GIVE)):
        return None
    current = requests.in_force(ticket, ticket.young_person.id)
    return ConsentLine(current.valid_until if current else None)


def model_meetings(ticket: CaseTicket) -> list[tuple[Meeting | Rhythm, date]]:
    """The meetings of the model, each with the day on which the young person reaches its age; and the next four of
    those that come again and again."""
    ticket.require(Action.PLAN_VIEW)
    model, case = ticket.profile, ticket.case
    found: list[tuple[Meeting | Rhythm, date]] = [(one, one.day(case.birth_date)) for one in model.meeting]
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
    return tool, blank_schema.write(base)


def _with_role(line: MemberLine) -> str:
    place = f", {line.workplace.unit}" if line.workplace else ""
    return f"{line.membership.display_name}, {line.membership.job_title}{place}"
