"""Answers as people read them, in a language: on pages, on paper and in packages alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from babel.dates import format_date

from portal.tools.definition import DECLINED, WRITTEN, AnswerKind, Definition, Place, Question, Section
from portal.tools.vocabulary import Say


def row_title(section: Section, row: str, answers: Mapping[str, str]) -> str:
    """What a row is called by its own words; '' while it has none."""
    return answers.get(f"{section.key}.{row}.{section.headline.key}", "")


def day(on: date, language: str) -> str:
    """A date in full, as it is said everywhere: "24. marts 2010"."""
    return format_date(on, "d. MMMM y" if language == "da" else "d MMMM y", locale=language)


def options(question: Question, language: str, gettext: Say) -> list[tuple[str, str]]:
    """What can be chosen without looking at the case: key and words."""
    names = [choice.title.in_language(language) for choice in question.choice]
    if question.kind is not AnswerKind.SCALE:
        return [(choice.key, name) for choice, name in zip(question.choice, names, strict=True)]
    points = range(question.lowest, question.highest + 1)
    found = [(str(point), f"{point} {names[number]}" if names else str(point)) for number, point in enumerate(points)]
    return found + ([(DECLINED, gettext("I would rather not say"))] if question.may_decline else [])


@dataclass(frozen=True)
class AnswerFormatter:
    """Tells the answers to one definition."""

    definition: Definition
    names: Mapping[str, str]
    """Membership id -> the name of everybody who can be named."""
    language: str
    gettext: Say

    def format(self, place: Place, answers: Mapping[str, str]) -> str:
        """One answer in words; '' where there is none."""
        value, question = answers.get(place.address, ""), place.question
        if not value or question.kind in WRITTEN:
            return value
        if question.kind is AnswerKind.DATE:
            return day(date.fromisoformat(value), self.language)
        if question.kind is AnswerKind.ROW:
            section = self.definition.section_of(question.of)
            return (row_title(section, value, answers) if section else "") or self.gettext("(nothing written yet)")
        if question.kind in (AnswerKind.PERSON, AnswerKind.PEOPLE):
            return ", ".join(filter(None, (self.names.get(each, "") for each in value.split())))
        titles = dict(options(question, self.language, self.gettext))
        return ", ".join(titles.get(each, each) for each in value.split())
