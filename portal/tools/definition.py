"""What a tool asks, as data: sections, questions and kinds of answers. One file per tool, versioned.

An answer is text at an address: `section.question`, or `section.row.question` in a section of rows. The rows of a
section, in their order, stand at the address `section` as ids with a space between them. Dates are ISO; choices and
persons are keys and ids, several of them with a space between; a scale is a number, or `declined`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from portal import clock, text
from portal.access.policy.roles import Capacity
from portal.errors import InvalidInput
from portal.tools.profile import Words

LONGEST = {"text": 500, "long": 100_000}
"""Characters an answer may have."""
_UNCUT = 10**9
MOST_ROWS = 200
NEW_ROW = "new"
"""In place of a row's id, on paper: a row that is not there yet."""
DECLINED = "declined"
"""The answer of somebody who would rather not put themselves on a scale."""


class AnswerKind(StrEnum):
    TEXT = "text"
    LONG = "long"
    DATE = "date"
    CHOICE = "choice"
    CHOICES = "choices"
    PERSON = "person"
    PEOPLE = "people"
    ROW = "row"
    SCALE = "scale"


SEVERAL = (AnswerKind.CHOICES, AnswerKind.PEOPLE)
WRITTEN = (AnswerKind.TEXT, AnswerKind.LONG)
"""Kinds whose answers are words of their own, not keys."""


class BaseField(StrEnum):
    """Base data (stamoplysninger): kept in the case once, shown in every tool, asked for in none."""

    NAME = "name"
    BIRTH_DATE = "birth_date"
    GUIDE = "guide"
    TEAM = "team"
    FAMILY = "family"


class OfMeeting(StrEnum):
    """What a meeting that was planned or held here tells the tool that is written about it."""

    DAY = "day"
    PLACE = "place"
    CHAIR = "chair"
    PRESENT = "present"
    NEXT_DAY = "next_day"
    NEXT_PLACE = "next_place"


class _DefinitionPart(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


_Key = Field(pattern=r"^[a-z_]+$")


class Choice(_DefinitionPart):
    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: Words
    closes: bool = False
    """Whether a row with this answer is closed. The first of a question's is what one tap answers."""


class Question(_DefinitionPart):
    key: str = _Key
    kind: AnswerKind
    label: Words
    help: Words | None = None
    choice: tuple[Choice, ...] = ()
    of: str = ""
    """For a row: the section its rows are in."""
    not_before: str = ""
    """For a date: the question of the same section whose date it may not come before."""
    lowest: int = 1
    highest: int = Field(5, le=10)
    """For a scale: its ends; the points may have names (`choice`, lowest first)."""
    may_decline: bool = False
    """For a scale: whether "I would rather not say" is an answer."""
    fill: frozenset[Capacity] = frozenset()
    """Who may answer; empty for everybody who may write in the tool."""
    fresh: bool = False
    """Whether a new version begins without the answer of the one before."""
    carried: str = ""
    """In rows that belong to another tool: the question there that this one shows."""
    first_person: bool = False
    """Whether "den unge skal" is gently offered as "jeg skal"."""
    takes_on: bool = False
    """For a person: whoever is named must say that they take it on before the plan is agreed."""
    vouches_for: str = ""
    """For a person who takes on: the question of the same section whose words they stand for. Those words are not
    proposed while nobody is named."""
    of_meeting: OfMeeting | None = None
    """What the meeting a version belongs to says of itself. Asked only where a version belongs to none."""
    meeting_types: bool = False
    """For a choice: whether the meetings of the programme profile come before the choices named here."""

    @property
    def closers(self) -> tuple[str, ...]:
        """The answers that close a row."""
        return tuple(choice.key for choice in self.choice if choice.closes)


class Section(_DefinitionPart):
    key: str = _Key
    title: Words
    help: Words | None = None
    row: Words | None = None
    """What one row is called; None for a section without rows."""
    add: Words | None = None
    rows_of: str = ""
    """`tool.section`: the rows are those of another tool, and are added and taken out there."""
    joins: bool = False
    """Whether the rows are people who can be part of the case: each tells whether they are and what they may see, and
    the guide can invite them from there."""
    drawn: str = Field("", pattern=r"^(timeline|rings)?$")
    """How the rows are drawn besides: `timeline` takes the questions `from`, `until` and `area`, `rings` takes the
    choices `sector` and `ring`."""
    first: tuple[str, ...] = ()
    """In a section of rows: the questions a form opens with, in this order. The others stand behind "More"."""
    question: tuple[Question, ...] = ()
    confided: tuple[Question, ...] = ()
    """Asked of the young person and the guide alone. Nothing that shows, compares or exports `question` knows of these;
    their answers lie apart (services/plans/confidential.py)."""
    own: tuple[Question, ...] = ()
    """Asked of the young person alone, who also reads the answers alone unless they let the guide in. Nothing that
    deals with `question` or `confided` knows of these; their answers lie apart (services/meetings/heard.py)."""

    def question_of(self, key: str) -> Question | None:
        return self._by_key.get(key)

    @cached_property
    def _by_key(self) -> Mapping[str, Question]:
        return {question.key: question for question in reversed(self.question)}

    @cached_property
    def closing(self) -> Question | None:
        """The question by whose answer a row is closed."""
        return next((question for question in self.question if question.closers), None)

    @property
    def headline(self) -> Question:
        """The question by whose answer a row is called."""
        return next((question for question in self.question if question.kind in WRITTEN), self.question[0])


@dataclass(frozen=True)
class Place:
    """Where an answer stands: its section, its row where there is one, its question."""

    section: Section
    row: str
    question: Question

    @property
    def address(self) -> str:
        return self.beside(self.question.key)

    def beside(self, key: str) -> str:
        """The address of another question of the same section and row."""
        return f"{self.section.key}.{self.row}.{key}" if self.row else f"{self.section.key}.{key}"


class Definition(_DefinitionPart):
    key: str
    version: str = Field(min_length=1)
    compartment: str
    """Where it lies unless the programme profile says otherwise."""
    agreed_by: frozenset[Capacity] = Field(min_length=1)
    """Whose yes a version needs, besides that of everybody who takes something on."""
    base: tuple[BaseField, ...] = (BaseField.NAME, BaseField.BIRTH_DATE, BaseField.GUIDE, BaseField.TEAM)
    section: tuple[Section, ...] = Field(min_length=1)

    @cached_property
    def identity(self) -> str:
        """Names these exact questions and words: a changed definition is never mistaken for the one that was
        answered."""
        return f"{self.key}@{self.version}#{hashlib.sha256(self.as_data().encode()).hexdigest()[:12]}"

    def as_data(self) -> str:
        """JSON, always the same for the same definition."""
        return json.dumps(_in_order(self.model_dump(mode="python")), sort_keys=True, ensure_ascii=False)

    def section_of(self, key: str) -> Section | None:
        return self._by_key.get(key)

    @cached_property
    def _by_key(self) -> Mapping[str, Section]:
        return {section.key: section for section in reversed(self.section)}

    @cached_property
    def sources(self) -> frozenset[str]:
        """The other tools whose rows this one shows."""
        return frozenset(section.rows_of.partition(".")[0] for section in self.section if section.rows_of)

    @cached_property
    def of_meeting(self) -> Mapping[str, OfMeeting]:
        """What a meeting may answer, by address. No such question stands in a row."""
        asked = {place.address: place.question.of_meeting for place in self.places({})}
        return {address: what for address, what in asked.items() if what is not None}

    def place_at(self, address: str, answers: Mapping[str, str]) -> Place | None:
        """One of `places`, found without walking them all."""
        return self._place(address, answers, confided=False)

    def confided_place_at(self, address: str, answers: Mapping[str, str]) -> Place | None:
        """One of `confided_places`, found without walking them all."""
        return self._place(address, answers, confided=True)

    def _place(self, address: str, answers: Mapping[str, str], confided: bool) -> Place | None:
        section_key, _dot, rest = address.partition(".")
        row, dot, key = rest.rpartition(".")
        section = self.section_of(section_key)
        if section is None or bool(dot) != bool(section.row):
            return None
        if dot and row not in rows(answers, section_key):
            return None
        if confided:
            question = next((each for each in section.confided if each.key == key), None)
        else:
            question = section.question_of(key)
        return Place(section, row, question) if question else None

    def places(self, answers: Mapping[str, str]) -> Iterator[Place]:
        """Every place that stands open for an answer now, in the order of the page."""
        for section in self.section:
            for row in rows(answers, section.key) if section.row else [""]:
                for question in section.question:
                    yield Place(section, row, question)

    def confided_places(self, answers: Mapping[str, str]) -> Iterator[Place]:
        """Every place for an answer that stays between the young person and the guide."""
        for section in self.section:
            for row in rows(answers, section.key) if section.row else [""]:
                for question in section.confided:
                    yield Place(section, row, question)

    @property
    def own_places(self) -> Iterator[Place]:
        """Every place for an answer that is the young person's own."""
        return (Place(section, "", question) for section in self.section for question in section.own)

    @cached_property
    def confides(self) -> bool:
        return any(section.confided for section in self.section)

    def asks_openly(self, address: str) -> bool:
        """Whether an answer at this address may be spoken of to everybody who sees the tool."""
        section = self.section_of(address.partition(".")[0])
        return section is not None and section.question_of(address.rpartition(".")[2]) is not None


def _in_order(value: Any) -> Any:
    """Sets as sorted lists, so that the same definition is written the same way by every process."""
    if isinstance(value, dict):
        return {key: _in_order(inner) for key, inner in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    return [_in_order(inner) for inner in value] if isinstance(value, tuple) else value


def rows(answers: Mapping[str, str], section: str) -> list[str]:
    """The ids of a section's rows, in order."""
    return answers.get(section, "").split()


def clean_answer(place: Place, given: str, people: Iterable[str], answers: Mapping[str, str]) -> str:
    """The answer as it is kept. Raises InvalidInput at its address when it cannot be one."""
    question, kind = place.question, place.question.kind
    most = LONGEST["long"] if kind is AnswerKind.LONG or kind in SEVERAL else LONGEST["text"]
    # Nothing is cut before it is measured: what is one blank too long would else lose all that comes after.
    value = text.plain(given, _UNCUT) if kind is AnswerKind.LONG else text.line(given, _UNCUT)
    if len(value) > most:
        raise InvalidInput(place.address, "answer_long", most=most)
    if not value:
        return ""
    if kind is AnswerKind.DATE:
        return _day(place, value)
    known = _known(question, people, answers)
    if known is None:
        return value
    chosen = value.split() if kind in SEVERAL else [value]
    if set(chosen) - set(known):
        raise InvalidInput(place.address, "choice")
    return " ".join(key for key in known if key in chosen)


def _day(place: Place, value: str) -> str:
    """ISO, or day, month and year with a space between, as they come out of three boxes."""
    typed = _BOXES.fullmatch(value)
    try:
        day = date(*(int(part) for part in reversed(typed.groups()))) if typed else date.fromisoformat(value)
    except ValueError as problem:
        raise InvalidInput(place.address, "date_wrong") from problem
    if day.year not in clock.YEARS:
        raise InvalidInput(place.address, "date_wrong")
    return day.isoformat()


_BOXES = re.compile(r"([0-9]{1,2}) ([0-9]{1,2}) ([0-9]{4})")


def _known(question: Question, people: Iterable[str], answers: Mapping[str, str]) -> list[str] | None:
    """What can be chosen, in order; None for an answer in words."""
    if question.kind in (AnswerKind.CHOICE, AnswerKind.CHOICES):
        return [choice.key for choice in question.choice]
    if question.kind in (AnswerKind.PERSON, AnswerKind.PEOPLE):
        return list(people)
    if question.kind is AnswerKind.ROW:
        return rows(answers, question.of)
    if question.kind is AnswerKind.SCALE:
        points = [str(point) for point in range(question.lowest, question.highest + 1)]
        return points + ([DECLINED] if question.may_decline else [])
    return None
