"""Answers as people read them, on every page and in every document that shows a tool."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from flask_babel import gettext as _

from portal.access.ticket import CaseTicket
from portal.services.plans import base_data
from portal.services.plans.base_data import BaseLine, BasePerson
from portal.services.plans.diff import TextPiece
from portal.text import in_order
from portal.tools import answer_format
from portal.tools.answer_format import AnswerFormatter
from portal.tools.definition import WRITTEN, Definition, Place, Question, Section
from portal.web import labels
from portal.web.case_words import role
from portal.web.i18n import day, language, said


class Reader:
    """Tells answers to one definition, in one case, in the language of this request."""

    def __init__(self, ticket: CaseTicket, definition: Definition) -> None:
        self.ticket, self.definition = ticket, definition
        names = {str(member.id): member.display_name for member in ticket.members.values()}
        self._formatter = AnswerFormatter(definition, names, language(), _)

    def told(self, place: Place, answers: Mapping[str, str]) -> str:
        """One answer in words; '' where there is none."""
        return self._formatter.format(place, answers)

    def told_of(self, section: Section, row: str, question: Question, answers: Mapping[str, str]) -> str:
        """What is answered to one question about one row."""
        return self.told(Place(section, row, question), answers)

    def at(self, address: str, value: str, answers: Mapping[str, str]) -> str:
        """A value as it would be told at that address, among those answers."""
        section_key, _dot, rest = address.partition(".")
        section = self.definition.section_of(section_key)
        key = rest.rpartition(".")[2]
        asked = (*section.question, *section.confided) if section else ()
        question = next((each for each in asked if each.key == key), None)
        return (
            self.told(Place(section, "", question), {**answers, f"{section_key}.{question.key}": value})
            if section and question
            else value
        )

    def piece(self, place: Place, piece: TextPiece, answers: Mapping[str, str]) -> str:
        """A piece of a difference: words as they are, keys and ids by their names; a row by what it is called in the
        answers it stood among."""
        if place.question.kind in WRITTEN:
            return piece.words
        key = piece.words.strip()
        return self.told(place, {**answers, place.address: key}) if key else piece.words

    def name(self, membership_id: str) -> str:
        return self._formatter.names.get(membership_id, "")

    def knows(self, membership_id: str) -> bool:
        """Whether the reader may know who that is."""
        return self.ticket.members.knows(UUID(membership_id))

    def people(self) -> list[tuple[str, str]]:
        """Who can be named: everybody who sees anything of the case now, as far as the reader may know of them, the
        young person first."""
        open_now = {window.membership_id for window in self.ticket.open_windows}
        found = sorted(
            (m for m in self.ticket.members.known.values() if m.id in open_now),
            key=lambda m: (m.id != self.ticket.young_person.id, in_order(m.display_name)),
        )
        return [(str(m.id), m.display_name) for m in found]

    def base(self) -> list[tuple[str, list[str]]]:
        """Base data: what each is called, and its lines."""
        return [
            (str(labels.BASE[line.what]), _lines(line)) for line in base_data.base_lines(self.ticket, self.definition)
        ]


def options(question: Question) -> list[tuple[str, str]]:
    """What can be chosen without looking at the case: key and words."""
    return answer_format.options(question, language(), _)


def who_fills(ticket: CaseTicket, question: Question) -> str:
    """Who answers a question that is not for everybody."""
    names = [said(ticket.profile.words[capacity].title) for capacity in sorted(question.fill)]
    return str(_(" and ")).join(names)


def _lines(line: BaseLine) -> list[str]:
    if line.day:
        return [day(line.day)]
    return [_person(each) for each in line.people]


def _person(person: BasePerson) -> str:
    member = person.membership
    if member.unit_id is None and not person.workplace:
        return member.display_name
    place = f", {person.workplace.unit}" if person.workplace else ""
    return f"{member.display_name}, {role(member)}{place}"
