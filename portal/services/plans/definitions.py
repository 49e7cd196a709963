"""Which questions and words a version of a tool answers: those of today for a new one, its own for every other."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from portal import clock
from portal.access.compartments import Hatch
from portal.access.ticket import CaseTicket
from portal.errors import NotFound
from portal.models import ToolDefinition
from portal.tools.definition import Definition
from portal.tools.library import as_answered, definition_in

_kept: dict[str, Definition] = {}
"""Identity -> definition. What an identity names never changes, so it is read from the database once."""


def today(ticket: CaseTicket, tool: str) -> Definition | None:
    """What the tool asks now, or None for one that is not a form here."""
    if ticket.profile.tool_of(tool) is None:
        return None
    return definition_in(ticket.profile.key, tool, ticket.session.info["settings"].wording_dir)


def hatch_of(ticket: CaseTicket, tool: str) -> Hatch:
    """The open compartment that a tool lies in. Raises NotFound, also for a tool that is not a form here."""
    wanted = shelf_of(ticket, tool)
    for hatch in ticket.hatches.values():
        if hatch.key == wanted:
            return hatch
    raise NotFound


def shelf_of(ticket: CaseTicket, tool: str) -> str:
    """The key of the compartment that a tool lies in; '' for one that is not a form here."""
    known, listed = today(ticket, tool), ticket.profile.tool_of(tool)
    return listed.compartment or known.compartment if known is not None and listed is not None else ""


def keep(ticket: CaseTicket, known: Definition) -> str:
    """Puts the definition where the versions that answer it will find it for ever; returns its identity."""
    values = {"identity": known.identity, "content": known.as_data(), "kept_at": clock.now()}
    ticket.session.execute(insert(ToolDefinition).on_conflict_do_nothing(), values)
    _kept[known.identity] = known
    return known.identity


def answered(ticket: CaseTicket, identities: Iterable[str]) -> dict[str, Definition]:
    """The definitions of these identities, in at most one query."""
    wanted = set(identities)
    if missing := wanted - set(_kept):
        found = select(ToolDefinition.identity, ToolDefinition.content).where(ToolDefinition.identity.in_(missing))
        for identity, content in ticket.session.execute(found):
            _kept[identity] = as_answered(content)
    return {identity: _kept[identity] for identity in wanted if identity in _kept}
