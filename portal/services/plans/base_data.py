"""Base data (stamoplysninger): what every tool shows and none asks for, from where it was typed once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from portal.access.case_rows import Workplace
from portal.access.ticket import CaseTicket
from portal.models import Membership
from portal.services.shared import audience as shared_audience
from portal.services.shared.audience import MemberLine
from portal.tools.definition import BaseField, Definition


@dataclass(frozen=True)
class BasePerson:
    membership: Membership
    workplace: Workplace | None


@dataclass(frozen=True)
class BaseLine:
    """One thing that is known: a date, or people in order."""

    what: BaseField
    day: date | None = None
    people: tuple[BasePerson, ...] = ()


def base_lines(ticket: CaseTicket, definition: Definition) -> list[BaseLine]:
    """What the case knows of `known.base` today, as far as this person may know of it."""
    audience = shared_audience.audience(ticket)
    professionals = [line for line in audience if line.membership.unit_id]
    family = [line for line in audience if not line.membership.unit_id and line.membership.id != ticket.young_person.id]
    told = {
        BaseField.NAME: BaseLine(BaseField.NAME, people=(BasePerson(ticket.young_person, None),)),
        BaseField.BIRTH_DATE: BaseLine(BaseField.BIRTH_DATE, day=ticket.case.birth_date),
        BaseField.GUIDE: BaseLine(BaseField.GUIDE, people=_people([p for p in professionals if _leads(p, ticket)])),
        BaseField.TEAM: BaseLine(BaseField.TEAM, people=_people([p for p in professionals if not _leads(p, ticket)])),
        BaseField.FAMILY: BaseLine(BaseField.FAMILY, people=_people(family)),
    }
    return [told[what] for what in definition.base if told[what].day or told[what].people]


def _leads(line: MemberLine, ticket: CaseTicket) -> bool:
    return line.membership.id == ticket.owner.id


def _people(found: list[MemberLine]) -> tuple[BasePerson, ...]:
    return tuple(BasePerson(line.membership, line.workplace) for line in found)
