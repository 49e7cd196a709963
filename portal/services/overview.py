"""What meets somebody who comes into a case: what is new, what waits for them, and the plan's tools."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.access.actions import Action
from portal.access.ticket import CaseTicket
from portal.audit import Event
from portal.documents import blank_schema
from portal.documents.blank_schema import BaseData
from portal.errors import NotFound
from portal.services import consent_requests, files, messages, people, unread
from portal.services.files import VersionLine
from portal.services.messages import ThreadLine
from portal.services.people import MemberLine
from portal.tools.definition import definition
from portal.tools.profile import Tool

RECENT = 6


@dataclass(frozen=True)
class Overview:
    threads: tuple[ThreadLine, ...]
    files: tuple[VersionLine, ...]
    last_visit: datetime | None
    asks_me: int
    """Parties that wait for this person's own consent."""
    waiting: tuple[MemberLine, ...]
    """Members who see nothing yet, for those who answer for the case."""


@dataclass(frozen=True)
class ToolLine:
    tool: Tool
    form: bool
    """Whether it can be written together here, in a compartment this person sees."""
    files: tuple[VersionLine, ...]


def overview(ticket: CaseTicket) -> Overview:
    ticket.require(Action.CASE_VIEW)
    ticket.record(Event.CASE_VIEWED)
    leads = people.leads(ticket)
    return Overview(
        threads=tuple(messages.threads(ticket, RECENT)),
        files=tuple(files.newest(ticket, RECENT)),
        last_visit=unread.last_visit(ticket),
        asks_me=consent_requests.asks_me(ticket),
        waiting=tuple(line for line in people.lines(ticket) if not line.open and line.prospects) if leads else (),
    )


def tools(ticket: CaseTicket) -> list[ToolLine]:
    """The model's tools, each with the files that lie in its place."""
    ticket.require(Action.PLAN_VIEW)
    ticket.record(Event.PLAN_VIEWED)
    every = files.newest(ticket)
    seen = {hatch.key for hatch in ticket.hatches.values()}
    return [
        ToolLine(tool, _is_form(tool, seen), tuple(f for f in every if f.tool == tool.key))
        for tool in ticket.profile.tool
    ]


def _is_form(tool: Tool, seen: set[str]) -> bool:
    known = definition(tool.key)
    return known is not None and known.compartment in seen


def blank(ticket: CaseTicket, tool_key: str, words: dict[str, str], language: str) -> tuple[Tool, bytes]:
    """An empty form of a tool as a Word file, base data filled in. Raises NotFound for a tool that has none."""
    ticket.require(Action.PLAN_VIEW)
    tool = ticket.profile.tool_of(tool_key)
    if tool is None or not tool.blank:
        raise NotFound
    ticket.record(Event.BLANK_DOWNLOADED, tool=tool_key)
    team = people.audience(ticket)
    base = BaseData(
        young_person=ticket.young_person.display_name,
        birth_date=ticket.case.birth_date.strftime("%d.%m.%Y"),
        guide=ticket.owner.display_name,
        team=[_with_role(line) for line in team if line.membership.unit_id],
        words={**words, "title": tool.title.in_language(language)},
        language=language,
    )
    return tool, blank_schema.write(base)


def _with_role(line: MemberLine) -> str:
    place = f", {line.workplace.unit}" if line.workplace else ""
    return f"{line.membership.display_name}, {line.membership.job_title}{place}"
