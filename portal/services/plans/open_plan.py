"""The plan that a request writes in: locked, loaded once, and handed down to whatever the request does with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from portal.access.compartments import OpenCompartment
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.audit import savepoint
from portal.errors import InvalidInput, NotFound
from portal.models import Plan, PlanVersion
from portal.services.plans import definitions, plans
from portal.services.plans.plans import LoadedPlan
from portal.services.plans.versions import PlanPage, VersionPage


class OpenPlan:
    """`page` is the plan as it stands after everything that this request has written in it."""

    def __init__(self, ticket: CaseTicket, tool: str, compartment: OpenCompartment) -> None:
        self.ticket, self.tool, self.compartment = ticket, tool, compartment
        self._loaded: LoadedPlan | None = None
        _ = self.page

    @property
    def page(self) -> PlanPage:
        return self._read().page

    @property
    def row(self) -> Plan:
        return self._read().plan

    def row_of(self, version: VersionPage) -> PlanVersion:
        return self._read().versions[version.id]

    def version(self, number: int) -> VersionPage:
        """The version to change. Raises NotFound, or InvalidInput when its words are agreed."""
        found = self.page.version(number)
        if not found.is_open:
            raise InvalidInput("", "plan_frozen")
        return found

    def changed(self, before: VersionPage, answers: Mapping[str, str]) -> None:
        """The row of a version holds these answers from now on."""
        loaded = self._read()
        after = plans.as_draft(self.ticket, loaded, before, answers)
        versions = tuple(after if version.id == after.id else version for version in loaded.page.versions)
        self._loaded = replace(loaded, page=replace(loaded.page, versions=versions))

    def forget(self) -> None:
        """There is another version now: the plan is read anew when it is asked for."""
        self._loaded = None

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of the request that, when it fails, leaves the plan as it was, here and in the database."""
        before = self._loaded
        try:
            with savepoint(self.ticket.session):
                yield
        except BaseException:
            self._loaded = before
            raise

    def _read(self) -> LoadedPlan:
        if self._loaded is None:
            self._loaded = plans.load_with_rows(self.ticket, self.tool, self.compartment)
        if self._loaded is None:
            raise NotFound
        return self._loaded


def writable(ticket: CaseTicket, tool: str) -> OpenCompartment:
    """The compartment of a tool, to write in. Raises NotFound, or Refused for a reader."""
    ticket.require(Action.PLAN_WRITE)
    return ticket.require_write(definitions.compartment_of(ticket, tool).id)


def open_plan(ticket: CaseTicket, tool: str) -> OpenPlan:
    """The tool to write in, after whoever is writing in it just now. Raises NotFound where nobody has begun it, Refused
    for a reader."""
    compartment = writable(ticket, tool)
    plans.one_at_a_time(ticket, tool)
    return OpenPlan(ticket, tool, compartment)
