"""A consent declaration as it would be given: checked against what was asked, in its exact words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import uuid4

from portal import clock
from portal.access.policy.answers import Answer
from portal.access.policy.facts import ConsentFact, Grant, Party
from portal.access.ticket import CaseTicket
from portal.documents import consent_text
from portal.documents.consent_text import ConsentCompartment
from portal.errors import InvalidInput
from portal.models import Membership
from portal.services.consents import requests
from portal.services.consents.requests import AskedCompartment, PartyLine

Choices = Mapping[str, Mapping[str, bool]]
"""Party key -> key of a compartment -> yes or no. What is not in it was not answered now."""


@dataclass(frozen=True)
class Answers:
    """What a giver says: yes and no to whom for what, and until which day the yes counts."""

    choices: Choices
    valid_until: date | None = None
    """None: for as long as it may."""


@dataclass(frozen=True)
class DraftLine:
    line: PartyLine
    granted: tuple[AskedCompartment, ...]
    refused: tuple[AskedCompartment, ...]


@dataclass(frozen=True)
class Draft:
    giver: Membership
    lines: tuple[DraftLine, ...]
    """The parties it says something about."""
    valid_until: date
    given_on: date | None
    """The day of a paper or of what was said; None for what is given in the portal, now."""
    words: str
    """The text in full, as it is shown before it is given and as it is kept."""

    @property
    def digest(self) -> str:
        return consent_text.digest(self.words)

    @property
    def says_yes(self) -> bool:
        return any(one.granted for one in self.lines)

    @property
    def grants(self) -> frozenset[Grant]:
        return frozenset(
            Grant(one.line.party, asked.key, category)
            for one in self.lines
            for asked in one.granted
            for category in asked.categories
        )

    @property
    def refusals(self) -> frozenset[tuple[Party, str]]:
        return frozenset((one.line.party, asked.key) for one in self.lines for asked in one.refused)

    def as_fact(self, ticket: CaseTicket) -> ConsentFact:
        """What the facts of the case would gain if it were given now."""
        until = clock.end_of(self.valid_until, ticket.facts.rules.zone)
        return ConsentFact(
            uuid4(), self.giver.id, self.given_at(ticket), clock.now(), until, self.grants, self.refusals
        )

    def given_at(self, ticket: CaseTicket) -> datetime:
        """The instant it counts as given. A paper has a day and no hour, so what its giver did in the portal on that
        day counts as later: nothing that was shut is opened by a page that may be older."""
        if self.given_on is None:
            return clock.now()
        return clock.start_of(self.given_on, ticket.facts.rules.zone)


def draw_up(
    ticket: CaseTicket,
    giver: Membership,
    asked_about: Iterable[PartyLine],
    answers: Answers,
    language: str,
    given_on: date | None = None,
) -> Draft:
    """What `giver` would declare with these answers to what they are asked (requests.party_lines).

    Raises InvalidInput for a period that cannot be, for a choice that was not on offer, or no answer at all.

    In the portal, what the giver does not answer anew is taken over as it stands. A paper says what it says, and no
    more; where it says longer than the profile's months from its day, it counts for as long as it may. A declaration
    that only says no has no period.
    """
    asked = {line.key: line for line in asked_about}
    if set(answers.choices) - set(asked):
        raise InvalidInput("", "form_stale")
    lines = [_line(line, answers.choices.get(line.key, {}), stands=given_on is None) for line in asked.values()]
    answered = tuple(line for line in lines if line.granted or line.refused)
    if not any(answers.choices.get(line.key) for line in asked.values()) or not answered:
        raise InvalidInput("parties", "consent_unanswered")
    says_yes = any(line.granted for line in answered)
    until = _until(ticket, giver, answers.valid_until, given_on) if says_yes else clock.today(ticket.facts.rules.zone)
    return Draft(giver, answered, until, given_on, _words(ticket, giver, answered, until, language))


def _until(ticket: CaseTicket, giver: Membership, until: date | None, given_on: date | None) -> date:
    today, rules = clock.today(ticket.facts.rules.zone), ticket.profile
    latest = requests.latest_end(ticket, giver, given_on)
    if given_on is not None:
        if latest < today:
            raise InvalidInput("given_on", "paper_over", months=rules.consent_months)
        until = min(until or latest, latest)
    if until is None:
        return latest
    if until < today:
        raise InvalidInput("valid_until", "date_past")
    if until > clock.months_on(given_on or today, rules.consent_months):
        raise InvalidInput("valid_until", "consent_too_long", months=rules.consent_months)
    if until > latest:
        raise InvalidInput("valid_until", "consent_past_majority", age=rules.majority_age)
    return until


def _line(line: PartyLine, chosen: Mapping[str, bool], stands: bool) -> DraftLine:
    if set(chosen) - {asked.key for asked in line.asked}:
        raise InvalidInput("", "form_stale")
    said = {asked.key: _standing(asked) for asked in line.asked} if stands else {}
    said |= dict(chosen)
    return DraftLine(
        line,
        granted=tuple(asked for asked in line.asked if said.get(asked.key) is True),
        refused=tuple(asked for asked in line.asked if said.get(asked.key) is False),
    )


def _standing(asked: AskedCompartment) -> bool | None:
    """What was answered before and still counts."""
    return {Answer.YES: True, Answer.NO: False}.get(asked.said.answer)


def _words(ticket: CaseTicket, giver: Membership, lines: tuple[DraftLine, ...], until: date, language: str) -> str:
    parties = [
        consent_text.PartyWords(
            called(ticket, one.line, language),
            one.line.workplace is not None,
            [ConsentCompartment(asked.key, asked.categories) for asked in one.granted],
            [ConsentCompartment(asked.key, asked.categories) for asked in one.refused],
        )
        for one in lines
    ]
    declaration = consent_text.Declaration(
        giver.display_name, ticket.young_person.display_name, giver.capacity, parties, until
    )
    return consent_text.write(ticket.profile, declaration, language)


def called(ticket: CaseTicket, line: PartyLine, language: str) -> str:
    """What the declaration calls a party: a unit with its organisation, or somebody by name and as what they come."""
    if line.workplace:
        return f"{line.workplace.unit}, {line.workplace.organisation}"
    word = ticket.profile.words[line.capacity].title.in_language(language).lower()
    return f"{line.members[0].display_name} ({word})"
