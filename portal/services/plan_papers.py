"""Taking a version of a tool, or the plan under the headings of a law, out of the portal; each leaves its trace."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from uuid import UUID

from portal.access.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import NotFound
from portal.events import Event
from portal.services import plans, wordings
from portal.services.plans import PlanPage, VersionPage
from portal.tools.statutes import View


def version(ticket: CaseTicket, tool: str, number: int, kind: str) -> VersionPage:
    """One version, to be made into a document of that kind. Raises NotFound."""
    ticket.require(Action.PLAN_VIEW)
    page = _load(ticket, tool)
    if page is None:
        raise NotFound
    found = page.version(number)
    ticket.record(Event.SCHEMA_EXPORTED, page.compartment_id, found.plan_id, number=number, format=kind)
    return found


def for_statute(ticket: CaseTicket, view: View, kind: str) -> dict[str, VersionPage]:
    """Tool -> the version that counts (the agreed one, else the newest), of those this person sees. Raises NotFound
    when nobody has written in any of them."""
    ticket.require(Action.PLAN_VIEW)
    found: dict[str, VersionPage] = {}
    for tool in sorted(view.tools):
        try:
            page = _load(ticket, tool)
        except NotFound:
            continue
        if page is not None:
            found[tool] = this = page.agreed or page.newest
            ticket.record(Event.SCHEMA_EXPORTED, page.compartment_id, this.plan_id, number=this.number, format=kind)
    if not found:
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
    return plans.load(ticket, tool, wordings.hatch_of(ticket, tool))
