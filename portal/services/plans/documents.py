"""Taking a version of a tool, or the plan under the headings of a law, out of the portal; each leaves its trace."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import NotFound
from portal.events import Event
from portal.services.plans import definitions, plans
from portal.services.plans.versions import PlanPage, VersionPage
from portal.tools.statutes import View


def version(ticket: CaseTicket, tool: str, number: int, kind: str) -> VersionPage:
    """One version, to be made into a document of that kind. Raises NotFound."""
    ticket.require(Action.PLAN_VIEW)
    page = _load(ticket, tool)
    if page is None:
        raise NotFound
    found = page.version(number)
    ticket.record(Event.PLAN_EXPORTED, page.compartment_id, found.plan_id, number=number, format=kind)
    return found


@dataclass(frozen=True)
class Sources:
    """What the plan under a law's headings is made of. Only what everybody has agreed on stands in it."""

    agreed: dict[str, VersionPage]
    """Tool -> the version in force."""
    drafts: dict[str, VersionPage]
    """Tool -> its newest version, where none is agreed: nothing of it is told but that it is missing."""
    not_begun: tuple[str, ...]
    closed: tuple[str, ...]
    """Tools in a compartment that this person does not see."""


def for_statute(ticket: CaseTicket, view: View, kind: str) -> Sources:
    """Raises NotFound when nobody has begun any of the tools, as far as this person sees."""
    ticket.require(Action.PLAN_VIEW)
    found = Sources({}, {}, (), ())
    for tool in sorted(view.tools):
        try:
            page = _load(ticket, tool)
        except NotFound:
            found = replace(found, closed=(*found.closed, tool))
            continue
        if page is None:
            found = replace(found, not_begun=(*found.not_begun, tool))
        else:
            this = page.agreed or page.newest
            (found.agreed if page.agreed else found.drafts)[tool] = this
            ticket.record(Event.PLAN_EXPORTED, page.compartment_id, this.plan_id, number=this.number, format=kind)
    if not found.agreed and not found.drafts:
        raise NotFound
    return found


def mark(ticket: CaseTicket, version: VersionPage) -> str:
    """What a Word file carries, to be known again when it comes back: version and revision, signed with the case's key.
    At most 64 characters, as much as Word keeps."""
    said = f"form1.{urlsafe_b64encode(version.id.bytes).decode().rstrip('=')}.{version.revision}"
    return f"{said}.{ticket.keys.sign(said)}"


def marked(ticket: CaseTicket, marks: Iterable[str]) -> tuple[UUID, int] | None:
    """The version and revision that a file was made of; None for a file that was not taken out of this case."""
    for each in marks:
        said, _dot, signature = each.rpartition(".")
        if signature.isascii() and hmac.compare_digest(ticket.keys.sign(said), signature):
            _kind, version, revision = said.split(".")
            return UUID(bytes=urlsafe_b64decode(f"{version}==")), int(revision)
    return None


def _load(ticket: CaseTicket, tool: str) -> PlanPage | None:
    return plans.load(ticket, tool, definitions.compartment_of(ticket, tool))
