"""The plan under the headings of a law: which answers of which tools stand where. Data, read from statutes.toml."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from portal.errors import Unsafe
from portal.tools.definition import Question, Section
from portal.tools.library import definition, read_toml, refuse
from portal.tools.profile import Words

STATUTES = Path(__file__).parent / "statutes.toml"


class Heading(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Words
    of: tuple[str, ...] = Field(min_length=1)
    """`tool:section.question`, in the order they are told."""


class View(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = Field(pattern=r"^[a-z0-9_]+$")
    title: Words
    heading: tuple[Heading, ...] = Field(min_length=1)

    @property
    def tools(self) -> set[str]:
        return {place.partition(":")[0] for heading in self.heading for place in heading.of}


class _Views(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    view: tuple[View, ...]


@cache
def views() -> tuple[View, ...]:
    """All there are. Raises Unsafe with file, line and reason for a mistake."""
    return read_views(STATUTES)


def read_views(path: Path) -> tuple[View, ...]:
    try:
        found = _Views.model_validate(read_toml(path)).view
    except ValidationError as problem:
        refuse(path, [(error["loc"], error["msg"]) for error in problem.errors(include_url=False)])
        raise
    refuse(
        path,
        [
            (("view", number, "heading", inner), f"nobody asks {place}")
            for number, view in enumerate(found)
            for inner, heading in enumerate(view.heading)
            for place in heading.of
            if not _asked(place)
        ],
    )
    return found


def view_of(key: str) -> View | None:
    return next((view for view in views() if view.key == key), None)


def asked(place: str) -> tuple[str, Section, Question]:
    """Tool, section and question of a place. Raises Unsafe for one that nobody asks."""
    found = _asked(place)
    if found is None:
        raise Unsafe(f"nobody asks {place}")
    return found


def _asked(place: str) -> tuple[str, Section, Question] | None:
    tool, _colon, address = place.partition(":")
    section_key, _dot, key = address.partition(".")
    known = definition(tool)
    section = known.section_of(section_key) if known else None
    question = section.question_of(key) if section else None
    return (tool, section, question) if section and question else None
