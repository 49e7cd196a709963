"""A consent declaration as it would be given: checked against what was asked, in its exact words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import uuid4

from portal import clock
from portal.access.facts import ConsentFact
from portal.access.ticket import CaseTicket
from portal.documents import consent_text
from portal.errors import InvalidInput
from portal.models import Membership
from portal.services import consent_requests as requests
from portal.services.consent_requests import Group, PartyLine

Choices = Mapping[str, frozenset[str]]
"""Party key -> keys of the groups of information (or, for exceptions, of the categories) that are meant."""


@dataclass(frozen=True)
class Answers:
    """What a giver says: yes to whom for what, what of it is kept back, and until which day."""

    choices: Choices
    valid_until: date
    exceptions: Choices = field(default_factory=dict)


@dataclass(frozen=True)
class DraftLine:
    line: PartyLine
    groups: tuple[Group, ...]
    excepted: tuple[str, ...]

    @property
    def granted(self) -> tuple[str, ...]:
        """The categories said yes to, each once."""
        wanted = dict.fromkeys(category for group in self.groups for category in group.categories)
        return tuple(category for category in wanted if category not in self.excepted)


@dataclass(frozen=True)
class Draft:
    giver: Membership
    lines: tuple[DraftLine, ...]
    valid_until: date
    words: str
    """The text in full, as it is shown before it is given and as it is kept."""

    @property
    def digest(self) -> str:
        return consent_text.digest(self.words)

    def as_fact(self, ticket: CaseTicket) -> ConsentFact:
        """What the facts of the case would gain if it were given now."""
        now = clock.now()
        cells = frozenset((one.line.party, category) for one in self.lines for category in one.granted)
        until = clock.end_of(self.valid_until, ticket.facts.rules.zone)
        return ConsentFact(uuid4(), self.giver.id, now, now, until, cells)


def draw_up(
    ticket: CaseTicket, giver: Membership, answers: Answers, language: str, given_on: date | None = None
) -> Draft:
    """Raises InvalidInput for a period that cannot be, for a choice that was not on offer, or a yes to nobody."""
    _check_period(ticket, giver, answers.valid_until, given_on)
    current = requests.in_force(ticket, giver.id)
    granted = current.grants if current else frozenset()
    asked = {line.key: line for line in requests.party_lines(ticket, giver, granted, current)}
    if (set(answers.choices) | set(answers.exceptions)) - set(asked):
        raise InvalidInput("", "form_stale")
    lines = tuple(_line(line, answers) for line in asked.values())
    if not any(line.granted for line in lines):
        raise InvalidInput("parties", "consent_nobody")
    return Draft(giver, lines, answers.valid_until, _words(ticket, giver, lines, answers.valid_until, language))


def _check_period(ticket: CaseTicket, giver: Membership, until: date, given_on: date | None) -> None:
    today, rules = clock.today(ticket.facts.rules.zone), ticket.profile
    if until < today:
        raise InvalidInput("valid_until", "date_past")
    if until > clock.months_on(given_on or today, rules.consent_months):
        raise InvalidInput("valid_until", "consent_too_long", months=rules.consent_months)
    if until > requests.latest_end(ticket, giver, given_on):
        raise InvalidInput("valid_until", "consent_past_majority", age=rules.majority_age)


def _line(line: PartyLine, answers: Answers) -> DraftLine:
    chosen = answers.choices.get(line.key, frozenset())
    kept_back = answers.exceptions.get(line.key, frozenset())
    possible = {category for group in line.groups for category in group.categories}
    if chosen - {group.key for group in line.groups} or kept_back - possible:
        raise InvalidInput("", "form_stale")
    groups = tuple(group for group in line.groups if group.key in chosen)
    wanted = dict.fromkeys(category for group in groups for category in group.categories)
    return DraftLine(line, groups, tuple(category for category in wanted if category in kept_back))


def _words(ticket: CaseTicket, giver: Membership, lines: tuple[DraftLine, ...], until: date, language: str) -> str:
    parties = [consent_text.PartyWords(_called(one.line), one.granted, one.excepted) for one in lines]
    declaration = consent_text.Declaration(
        giver.display_name, ticket.young_person.display_name, giver.capacity, parties, until
    )
    return consent_text.write(ticket.profile, declaration, language)


def _called(line: PartyLine) -> str:
    if line.workplace:
        return f"{line.workplace.unit}, {line.workplace.organisation}"
    return line.members[0].display_name
