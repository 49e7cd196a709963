"""The history of a version: every saving with its author, and what stood there before."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from sqlalchemy import Select

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.models import Membership, PlanChange, PlanVersion
from portal.services.plans.versions import VersionPage


@dataclass(frozen=True)
class ChangeLine:
    """One saving in the history, newest first."""

    at: datetime
    by: Membership
    kind: str
    words: Mapping[str, tuple[str, str]]
    source: str = "page"
    """'word' for what was put in from a Word file."""
    revision: int = 0


def history(
    ticket: CaseTicket, version: VersionPage, limit: int | None = None, older_than: int | None = None
) -> list[ChangeLine]:
    """The savings of a version, newest first: all of them, or at most `limit` from before the revision `older_than`."""
    ticket.require(Action.PLAN_VIEW)
    found = _lines(ticket, version.id).order_by(PlanChange.revision.desc(), PlanChange.kind).limit(limit)
    if older_than is not None:
        found = found.where(PlanChange.revision < older_than)
    return [
        ChangeLine(
            row.created_at, ticket.members[row.created_by_id], row.kind, _words(ticket, row), row.source, row.revision
        )
        for row in ticket.session.scalars(found)
    ]


class ChangesSince:
    """What was written in a version after revision `base`. Read only as far as somebody asks: ten people leave
    thousands of lines in an hour, and a page that tells what it knew of an answer asks for few of them."""

    def __init__(self, ticket: CaseTicket, version_id: UUID, base: int) -> None:
        self._ticket = ticket
        self._found = _lines(ticket, version_id).where(PlanChange.kind == "made", PlanChange.revision > base)

    @cached_property
    def before(self) -> dict[str, str]:
        """For every address changed since: what stood there then."""
        found: dict[str, str] = {}
        for row in self._ticket.session.scalars(self._found.order_by(PlanChange.revision)):
            for address, (was, _after) in _words(self._ticket, row).items():
                found.setdefault(address, was)
        return found

    @cached_property
    def authors(self) -> dict[str, Membership]:
        """For every address changed since: who changed it last."""
        found: dict[str, Membership] = {}
        for row in self._backwards():
            for address, who in self._in(row):
                found.setdefault(address, who)
        return found

    def author_of(self, address: str) -> Membership | None:
        """Who changed one address last, if anybody did."""
        return next((who for row in self._backwards() for at, who in self._in(row) if at == address), None)

    def _in(self, row: PlanChange) -> Iterator[tuple[str, Membership]]:
        for address in _words(self._ticket, row):
            yield address, self._ticket.members[row.created_by_id]

    def _backwards(self) -> Iterator[PlanChange]:
        """The newest first, some at a time: whoever is looked for has most often just written."""
        wanted, last = self._found.order_by(PlanChange.revision.desc()).limit(_AT_A_TIME), None
        while True:
            rows = self._ticket.session.scalars(
                wanted if last is None else wanted.where(PlanChange.revision < last)
            ).all()
            yield from rows
            if len(rows) < _AT_A_TIME:
                return
            last = rows[-1].revision


def begun_in(ticket: CaseTicket, line: PlanChange) -> set[str]:
    """The addresses at which one saving wrote the first words."""
    return {address for address, (was, after) in _words(ticket, line).items() if after and not was}


def says_the_same(ticket: CaseTicket, version: VersionPage, revision: int) -> bool:
    """Whether a version reads as it did at a revision: nothing was changed since, or everything was changed back."""
    if version.revision == revision:
        return True
    before = ChangesSince(ticket, version.id, revision).before
    return all(version.answers.get(address, "") == words for address, words in before.items())


_AT_A_TIME = 50


def _lines(ticket: CaseTicket, version_id: UUID) -> Select[PlanChange]:
    return ticket.select(PlanChange).where(PlanChange.plan_version_id == version_id)


def remember(
    ticket: CaseTicket,
    version: PlanVersion,
    revision: int,
    kind: str,
    words: Mapping[str, tuple[str, str]],
    source: str = "page",
) -> None:
    """One line of the history: for each address the words before and after. `kind` is made, or aside for words that met
    somebody else's."""
    row = ticket.new(
        PlanChange,
        version.compartment_id,
        plan_version_id=version.id,
        revision=revision,
        kind=kind,
        source=source,
    )
    ticket.seal(row, "change", json.dumps(dict(words)))
    ticket.session.add(row)


def _words(ticket: CaseTicket, row: PlanChange) -> dict[str, tuple[str, str]]:
    found = json.loads(ticket.unseal(row, "change"))
    return {address: (was, after) for address, (was, after) in found.items()}
