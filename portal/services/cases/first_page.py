"""What somebody meets when they come in: what all their cases need of them, ordered by the day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from portal import clock
from portal.access.actor import Actor
from portal.services import registry
from portal.services.cases.register import CaseList
from portal.services.shared.needs import NeedLine
from portal.text import in_order
from portal.tools.profile import profile

SOON = 7
"""Days that count as soon."""


@dataclass(frozen=True)
class NamedNeed:
    """A line as it is read: with the young person's name, where the reader may know it."""

    line: NeedLine
    young_person: str
    days: int
    """Until the day; negative once it has passed."""


@dataclass(frozen=True)
class FirstPage:
    now: tuple[NamedNeed, ...]
    """What is late, waits already or is about today; the longest waiting first."""
    soon: tuple[NamedNeed, ...]
    later: tuple[NamedNeed, ...]

    @property
    def every(self) -> tuple[NamedNeed, ...]:
        return self.now + self.soon + self.later

    def of(self, case_id: UUID) -> tuple[NamedNeed, ...]:
        """What one case needs."""
        return tuple(need for need in self.every if need.line.case_id == case_id)


def first_page(actor: Actor, cases: CaseList) -> FirstPage:
    """As many statements as there are capabilities that need something, whatever the number of cases."""
    names = {line.case_id: line.young_person for line in cases.open}
    here = clock.today(profile(actor.session.info["settings"].profile).zone)

    def today(line: NeedLine) -> date:
        case = cases.own.by_id.get(line.case_id)
        return case.today if case else here

    lines: Iterable[NeedLine] = (line for needs_me in registry.NEEDS for line in needs_me(actor, cases.own))
    found = [NamedNeed(line, names.get(line.case_id, ""), (line.day - today(line)).days) for line in lines]
    found.sort(key=lambda need: (need.line.day, need.line.at is None, need.line.at, in_order(need.young_person)))
    soon = timedelta(days=SOON).days
    return FirstPage(
        now=tuple(need for need in found if need.days <= 0),
        soon=tuple(need for need in found if 0 < need.days <= soon),
        later=tuple(need for need in found if need.days > soon),
    )
