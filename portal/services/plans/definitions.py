"""Which questions and words a version of a tool answers: those of today for a new one, its own for every other."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from portal import clock
from portal.access.compartments import OpenCompartment
from portal.access.ticket import CaseTicket
from portal.errors import NotFound
from portal.models import ToolDefinition
from portal.tools.definition import Definition
from portal.tools.library import as_answered, definition_in

_cache: dict[str, Definition] = {}
"""Identity -> definition. What an identity names never changes, so it is read from the database once."""


def today(ticket: CaseTicket, tool: str) -> Definition | None:
    """What the tool asks now, or None for one that is not a form here."""
    if ticket.profile.tool_of(tool) is None:
        return None
    return definition_in(ticket.profile.key, tool, ticket.session.info["settings"].wording_dir)


def compartment_of(ticket: CaseTicket, tool: str) -> OpenCompartment:
    """The open compartment that a tool lies in. Raises NotFound, also for a tool that is not a form here."""
    wanted = compartment_key_of(ticket, tool)
    for compartment in ticket.compartments.values():
        if compartment.key == wanted:
            return compartment
    raise NotFound


def compartment_key_of(ticket: CaseTicket, tool: str) -> str:
    """The key of the compartment that a tool lies in; '' for one that is not a form here."""
    definition, listed = today(ticket, tool), ticket.profile.tool_of(tool)
    return listed.compartment or definition.compartment if definition is not None and listed is not None else ""


def store_definition(ticket: CaseTicket, definition: Definition) -> str:
    """Puts the definition where the versions that answer it will find it for ever; returns its identity."""
    values = {"identity": definition.identity, "content": definition.as_data(), "kept_at": clock.now()}
    ticket.session.execute(insert(ToolDefinition).on_conflict_do_nothing(), values)
    _cache[definition.identity] = definition
    return definition.identity


def answered(ticket: CaseTicket, identities: Iterable[str]) -> dict[str, Definition]:
    """The definitions of these identities, in at most one query."""
    wanted = set(identities)
    if missing := wanted - set(_cache):
        found = select(ToolDefinition.identity, ToolDefinition.content).where(ToolDefinition.identity.in_(missing))
        for identity, content in ticket.session.execute(found):
            _cache[identity] = as_answered(content)
    return {identity: _cache[identity] for identity in wanted if identity in _cache}
