"""What a tool asks, as data: sections, questions and kinds of answers. One file per tool, versioned.

An answer is text at an address: `section.question`, or `section.row.question` in a section of rows. The rows of a
section, in their order, stand at the address `section` as ids with a space between them. Dates are ISO, choices and
persons are keys and ids.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from portal import text
from portal.errors import InvalidInput, Unsafe
from portal.tools.profile import Words

DEFINITIONS = Path(__file__).parent / "definitions"
LONGEST = {"text": 500, "long": 100_000}
"""Characters an answer may have."""
MOST_ROWS = 200


class Kind(StrEnum):
    TEXT = "text"
    LONG = "long"
    DATE = "date"
    CHOICE = "choice"
    PERSON = "person"
    ROW = "row"


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Choice(_Data):
    key: str = Field(pattern=r"^[a-z_]+$")
    title: Words


class Question(_Data):
    key: str = Field(pattern=r"^[a-z_]+$")
    kind: Kind
    label: Words
    help: Words | None = None
    choice: tuple[Choice, ...] = ()
    of: str = ""
    """For a row: the section its rows are in."""
    not_before: str = ""
    """For a date: the question of the same section whose date it may not come before."""
    first_person: bool = False
    """Whether "den unge skal" is gently offered as "jeg skal"."""
    takes_on: bool = False
    """For a person: whoever is named must say that they take it on before the plan is agreed."""


class Section(_Data):
    key: str = Field(pattern=r"^[a-z_]+$")
    title: Words
    row: Words | None = None
    """What one row is called; None for a section without rows."""
    add: Words | None = None
    question: tuple[Question, ...] = Field(min_length=1)

    def question_of(self, key: str) -> Question | None:
        return next((question for question in self.question if question.key == key), None)


@dataclass(frozen=True)
class Place:
    """Where an answer stands: its section, its row where there is one, its question."""

    section: Section
    row: str
    question: Question

    @property
    def address(self) -> str:
        return ".".join(part for part in (self.section.key, self.row, self.question.key) if part)


class Definition(_Data):
    key: str
    version: str
    compartment: str
    section: tuple[Section, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_are_known(self) -> Definition:
        sections = [section.key for section in self.section]
        if len(set(sections)) < len(sections):
            raise ValueError("two sections have the same key")
        for section in self.section:
            if (section.row is None) != (section.add is None):
                raise ValueError(f"{section.key}: `row` and `add` belong together")
            keys = [question.key for question in section.question]
            if len(set(keys)) < len(keys):
                raise ValueError(f"{section.key}: two questions have the same key")
            for question in section.question:
                self._check(section, question, keys)
        return self

    def _check(self, section: Section, question: Question, keys: list[str]) -> None:
        name = f"{section.key}.{question.key}"
        if (question.kind is Kind.CHOICE) != bool(question.choice):
            raise ValueError(f"{name}: choices belong to the kind `choice`, and it to them")
        if question.kind is Kind.ROW and not any(s.key == question.of and s.row for s in self.section):
            raise ValueError(f"{name}: `of` must name a section with rows")
        if question.not_before and question.not_before not in keys:
            raise ValueError(f"{name}: `not_before` must name a question of the same section")

    def section_of(self, key: str) -> Section | None:
        return next((section for section in self.section if section.key == key), None)

    def places(self, answers: Mapping[str, str]) -> Iterator[Place]:
        """Every place that stands open for an answer now, in the order of the page."""
        for section in self.section:
            for row in rows(answers, section.key) if section.row else [""]:
                for question in section.question:
                    yield Place(section, row, question)


def rows(answers: Mapping[str, str], section: str) -> list[str]:
    """The ids of a section's rows, in order."""
    return answers.get(section, "").split()


def clean(place: Place, given: str, people: Mapping[str, Any], answers: Mapping[str, str]) -> str:
    """The answer as it is kept. Raises InvalidInput at its address when it cannot be one."""
    question, kind = place.question, place.question.kind
    value = text.plain(given, LONGEST["long"] + 1) if kind is Kind.LONG else text.line(given, LONGEST["text"] + 1)
    if len(value) > LONGEST.get(kind, LONGEST["text"]):
        raise InvalidInput(place.address, "answer_long", most=LONGEST.get(kind, LONGEST["text"]))
    if not value:
        return ""
    if kind is Kind.DATE:
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError as problem:
            raise InvalidInput(place.address, "date_wrong") from problem
    known = {
        Kind.CHOICE: {choice.key for choice in question.choice},
        Kind.PERSON: set(people),
        Kind.ROW: set(rows(answers, question.of)),
    }
    if kind in known and value not in known[kind]:
        raise InvalidInput(place.address, "choice")
    return value


@cache
def definition(key: str) -> Definition | None:
    """The definition of a tool, or None for a tool that is not a form here. Raises Unsafe with file and reason."""
    path = DEFINITIONS / f"{key}.toml"
    return read_definition(path) if key.isidentifier() and path.exists() else None


def read_definition(path: Path) -> Definition:
    try:
        content: Any = tomllib.loads(path.read_text("utf-8"))
        return Definition.model_validate(content)
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as problem:
        raise Unsafe(f"the tool {path.name} cannot be used: {problem}") from problem
