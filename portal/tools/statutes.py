"""The plan under the headings of a law: which answers of which tools stand where. Data, read from statutes.toml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from portal.errors import UnsafeConfiguration
from portal.tools.contradictions import Fault
from portal.tools.definition import AnswerKind, Question, Section, rows
from portal.tools.library import definition, read_toml, refuse
from portal.tools.profile import Words

STATUTES = Path(__file__).parent / "statutes.toml"


class Only(StrEnum):
    """Which rows stand under a heading."""

    ALL = ""
    OPEN = "open"
    """Those that are not closed."""
    NEEDED = "needed"
    """Support that is not over: it runs, or is to begin."""
    RUNNING = "running"
    """Support that runs on the day the paper is made."""


_TIMED = {"from": AnswerKind.DATE, "until": AnswerKind.DATE, "status": AnswerKind.CHOICE}
"""What must be asked of rows that are told by whether they run."""


class StatuteRows(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    of: str
    """`tool:section`."""
    show: tuple[str, ...] = ()
    """Keys of the questions that are told of a row, beside what it is called."""
    only: Only = Only.ALL

    @property
    def tool(self) -> str:
        return self.of.partition(":")[0]

    @property
    def section(self) -> str:
        return self.of.partition(":")[2]

    def chosen(self, section: Section, answers: Mapping[str, str], today: date) -> list[str]:
        """The rows that stand under the heading on that day, in order."""
        return [row for row in rows(answers, section.key) if self._takes(section, row, answers, today)]

    def _takes(self, section: Section, row: str, answers: Mapping[str, str], today: date) -> bool:
        if self.only is Only.ALL:
            return True
        at = f"{section.key}.{row}"
        closing = section.closing
        if closing is not None and answers.get(f"{at}.{closing.key}", "") in closing.closers:
            return False
        if self.only is Only.OPEN:
            return True
        starts, until = answers.get(f"{at}.from", ""), answers.get(f"{at}.until", "")
        if until and date.fromisoformat(until) < today:
            return False
        if self.only is Only.NEEDED:
            return True
        # Where the first day is known it decides; else what people say of how it stands.
        return date.fromisoformat(starts) <= today if starts else answers.get(f"{at}.status", "") == "running"


class Heading(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Words
    of: tuple[str, ...] = ()
    """Answers on their own, `tool:section.question`, in the order they are told."""
    rows: tuple[StatuteRows, ...] = ()

    @property
    def tools(self) -> list[str]:
        """The tools that something comes from, each once, in order."""
        return list(dict.fromkeys([place.partition(":")[0] for place in self.of] + [each.tool for each in self.rows]))


class View(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = Field(pattern=r"^[a-z0-9_]+$")
    title: Words
    law: Words
    """The section it follows."""
    valid_from: date
    """Its first day."""
    valid_until: date | None = None
    """Its last day; None while it is in force."""
    heading: tuple[Heading, ...] = Field(min_length=1)

    @property
    def tools(self) -> set[str]:
        return {tool for heading in self.heading for tool in heading.tools}

    def is_valid(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_until is None or on <= self.valid_until)


class _Views(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    view: tuple[View, ...]


@cache
def views() -> tuple[View, ...]:
    """All there are, also those no longer or not yet in force. Raises UnsafeConfiguration with file, line and reason
    for a mistake."""
    return read_views(STATUTES)


def read_views(path: Path) -> tuple[View, ...]:
    try:
        found = _Views.model_validate(read_toml(path)).view
    except ValidationError as problem:
        refuse(path, [(error["loc"], error["msg"]) for error in problem.errors(include_url=False)])
        raise
    refuse(path, list(_faults(found)))
    return found


def _faults(found: tuple[View, ...]) -> Iterator[Fault]:
    for number, view in enumerate(found):
        if view.valid_until is not None and view.valid_until < view.valid_from:
            yield ("view", number, "valid_until"), "lies before valid_from"
        for inner, heading in enumerate(view.heading):
            place = ("view", number, "heading", inner)
            if not heading.of and not heading.rows:
                yield place, "says what stands under it by `of` or `rows`"
            for address in heading.of:
                if _asked(address) is None:
                    yield place, f"nobody asks {address}"
            for which, each in enumerate(heading.rows):
                yield from ((((*place, "rows", which)), reason) for reason in _amiss(each))


def _amiss(each: StatuteRows) -> Iterator[str]:
    section = section_of(each.of)
    if section is None or section.row is None:
        yield f"{each.of} has no rows"
        return
    yield from (f"nobody asks {each.of}.{key}" for key in each.show if section.question_of(key) is None)
    kinds = {question.key: question.kind for question in section.question}
    if each.only in (Only.NEEDED, Only.RUNNING) and any(kinds.get(key) is not kind for key, kind in _TIMED.items()):
        yield "only rows with `from`, `until` and `status` can be running"
    if each.only is Only.OPEN and section.closing is None:
        yield "nothing closes a row there"


def view_of(key: str) -> View | None:
    return next((view for view in views() if view.key == key), None)


def section_of(place: str) -> Section | None:
    """The section of `tool:section`, as it is asked today."""
    tool, _colon, key = place.partition(":")
    found = definition(tool)
    return found.section_of(key) if found else None


def asked(place: str) -> tuple[str, Section, Question]:
    """Tool, section and question of a place. Raises UnsafeConfiguration for one that nobody asks."""
    found = _asked(place)
    if found is None:
        raise UnsafeConfiguration(f"nobody asks {place}")
    return found


def _asked(place: str) -> tuple[str, Section, Question] | None:
    tool, _colon, address = place.partition(":")
    section_key, _dot, key = address.partition(".")
    section = section_of(f"{tool}:{section_key}")
    question = section.question_of(key) if section else None
    return (tool, section, question) if section and question else None
