"""The tools of this installation: the shipped definitions in a municipality's own words.

`lists.toml` holds choices that several tools offer. A folder named by the setting WORDING_DIR may hold a file for each
tool with other words for what it asks; the questions stay as they are. Every mistake is told with file, line and reason
before the portal starts.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from portal.access.roles import Capacity
from portal.errors import Unsafe
from portal.tools.definition import Choice, Definition, Kind, Question, Section
from portal.tools.lines import Place, line_of
from portal.tools.profile import Words, every_profile

DEFINITIONS = Path(__file__).parent / "definitions"
LISTS = Path(__file__).parent / "lists.toml"

Fault = tuple[Place, str]


class _Wording(BaseModel):
    """A municipality's own words: where they stand -> the words. `version` is kept with every answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str = Field(pattern=r"^[\w.-]{1,40}$")
    words: dict[str, Words] = Field(min_length=1)


class _Lists(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    list: dict[str, tuple[Choice, ...]]


@cache
def definition(key: str, wording: Path | None = None) -> Definition | None:
    """The definition of a tool in the words of the folder `wording`, or None for a tool that is not a form here.
    Raises Unsafe with file, line and reason."""
    path = DEFINITIONS / f"{key}.toml"
    if not key.isidentifier() or not path.exists():
        return None
    shipped = read_definition(path)
    own = wording / path.name if wording else None
    return read_wording(own, shipped) if own and own.exists() else shipped


def every_definition(wording: Path | None = None) -> list[Definition]:
    """All there are, checked against each other. Raises Unsafe when one is faulty, or when the folder holds a file for
    a tool that is not there."""
    keys = sorted(path.stem for path in DEFINITIONS.glob("*.toml"))
    if wording is not None:
        if not wording.is_dir():
            raise Unsafe(f"the folder WORDING_DIR names, {wording}, is not there")
        if strange := sorted(path.name for path in wording.glob("*.toml") if path.stem not in keys):
            raise Unsafe(f"{wording / strange[0]} is for no tool; there are {', '.join(keys)}")
    found = {key: each for key in keys if (each := definition(key, wording)) is not None}
    for each in found.values():
        refuse(DEFINITIONS / f"{each.key}.toml", list(_strange_neighbours(each, found)))
    return list(found.values())


def as_answered(content: str) -> Definition:
    """A definition as it was kept with the answers to it."""
    return Definition.model_validate(json.loads(content))


def read_definition(path: Path) -> Definition:
    """Raises Unsafe that names every mistake of the file with its line."""
    content = read_toml(path)
    refuse(path, list(_fill_lists(content, _read_lists())))
    try:
        found = Definition.model_validate(content)
    except ValidationError as problem:
        refuse(path, [(error["loc"], error["msg"]) for error in problem.errors(include_url=False)])
        raise
    refuse(path, list(_contradictions(found, path.stem)))
    return found


def read_wording(path: Path, shipped: Definition) -> Definition:
    """The tool in a municipality's words. Raises Unsafe as `read_definition`."""
    try:
        own = _Wording.model_validate(read_toml(path))
    except ValidationError as problem:
        refuse(path, [(error["loc"], error["msg"]) for error in problem.errors(include_url=False)])
        raise
    content = json.loads(shipped.as_data())
    places = {"": content, **_texts(content)}
    faults: list[Fault] = []
    for address, words in own.words.items():
        where, _dot, name = address.rpartition(".")
        if not where or where not in places or not isinstance(places[where].get(name), dict):
            faults.append((("words", address), "nothing is said there; take the place from the shipped definition"))
        else:
            places[where][name] = words.model_dump()
    refuse(path, faults)
    content["version"] = f"{shipped.version}+{own.version}"
    return Definition.model_validate(content)


# Reading


def read_toml(path: Path) -> dict[str, Any]:
    """Raises Unsafe when there is no such file or it is no TOML."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise Unsafe(f"{path} cannot be read: {problem}") from problem


def refuse(path: Path, faults: list[Fault]) -> None:
    """Raises Unsafe that names every fault with its line; nothing when there is none."""
    if faults:
        text = path.read_text("utf-8")
        told = "".join(f"\n  line {line_of(text, place)}: {_named(place)}: {reason}" for place, reason in faults)
        raise Unsafe(f"{path} cannot be used:{told}")


def _named(place: Place) -> str:
    return " ".join(str(part + 1) if isinstance(part, int) else part for part in place)


@cache
def _read_lists() -> _Lists:
    try:
        return _Lists.model_validate(read_toml(LISTS))
    except ValidationError as problem:
        refuse(LISTS, [(error["loc"], error["msg"]) for error in problem.errors(include_url=False)])
        raise


def _fill_lists(content: dict[str, Any], lists: _Lists) -> Iterator[Fault]:
    """Puts the choices of a named list where a question asks for them."""
    for place, question in _raw_questions(content):
        name = question.pop("choice_of", None)
        if name is None:
            continue
        if name not in lists.list:
            yield (*place, "choice_of"), f"no such list; there are {', '.join(sorted(lists.list))}"
        else:
            question["choice"] = [choice.model_dump() for choice in lists.list[name]]


def _raw_questions(content: dict[str, Any]) -> Iterator[tuple[Place, dict[str, Any]]]:
    sections = content.get("section")
    for number, section in enumerate(sections if isinstance(sections, list) else ()):
        for name in ("question", "confided"):
            questions = section.get(name) if isinstance(section, dict) else None
            for inner, question in enumerate(questions if isinstance(questions, list) else ()):
                if isinstance(question, dict):
                    yield ("section", number, name, inner), question


def _texts(content: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What can be said otherwise: `section`, `section.question`, `section.question.choice`, each with its texts."""
    places: dict[str, dict[str, Any]] = {}
    for section in content["section"]:
        places[section["key"]] = section
        for question in (*section["question"], *section["confided"]):
            here = f"{section['key']}.{question['key']}"
            places[here] = question
            for choice in question["choice"]:
                places[f"{here}.{choice['key']}"] = choice
    return places


# What is wrong between parts that are each right


def _contradictions(found: Definition, name: str) -> Iterator[Fault]:
    if found.key != name:
        yield ("key",), f"the file is called {name}"
    yield from _twice([section.key for section in found.section], ("section",))
    for number, section in enumerate(found.section):
        place: Place = ("section", number)
        if (section.row is None) != (section.add is None) and not section.rows_of:
            yield place, "`row` and `add` belong together"
        if section.rows_of and section.row is None:
            yield (*place, "rows_of"), "say in `row` what one of them is called"
        if section.joins and section.row is None:
            yield (*place, "joins"), "only rows can be people"
        if section.drawn and not _can_be_drawn(section):
            yield (*place, "drawn"), _NEEDED[section.drawn][1]
        yield from _twice([question.key for question in section.question], (*place, "question"))
        yield from _confided_amiss(section, place)
        for name, questions in (("question", section.question), ("confided", section.confided)):
            for inner, question in enumerate(questions):
                for needed, holds, reason in _rules(found, section, question):
                    if not holds():
                        yield (*place, name, inner, needed), reason


def _confided_amiss(section: Section, place: Place) -> Iterator[Fault]:
    """What is confided has one audience and stands alone: nothing is carried, taken on or filled in by others."""
    yield from _twice([question.key for question in section.confided], (*place, "confided"))
    for inner, question in enumerate(section.confided):
        here = (*place, "confided", inner)
        if section.question_of(question.key):
            yield (*here, "key"), f"{question.key} is there already"
        if question.kind in (Kind.PERSON, Kind.PEOPLE, Kind.ROW) or question.fill or question.carried or question.fresh:
            yield here, "what is confided is words, a date, a choice or a scale, with no `fill`, `carried` or `fresh`"


_NEEDED: dict[str, tuple[dict[str, Kind], str]] = {
    "timeline": (
        {"from": Kind.DATE, "until": Kind.DATE, "area": Kind.CHOICE},
        "a timeline takes rows with the dates `from` and `until` and the choice `area`",
    ),
    "rings": ({"sector": Kind.CHOICE, "ring": Kind.CHOICE}, "rings take rows with the choices `sector` and `ring`"),
}
"""What a drawing needs to be asked, and how that is said."""


def _can_be_drawn(section: Section) -> bool:
    kinds = {question.key: question.kind for question in section.question}
    wanted = _NEEDED[section.drawn][0]
    return section.row is not None and all(kinds.get(key) is kind for key, kind in wanted.items())


def _twice(keys: list[str], place: Place) -> Iterator[Fault]:
    for number, key in enumerate(keys):
        if key in keys[:number]:
            yield (*place, number, "key"), f"{key} is there already"


def _rules(found: Definition, section: Section, asked: Question) -> Iterator[tuple[str, Callable[[], bool], str]]:
    """What must hold of a question: the part of it that is named when it does not, the check, and the reason."""
    chosen, scale = asked.kind in (Kind.CHOICE, Kind.CHOICES), asked.kind is Kind.SCALE
    other = section.question_of(asked.not_before)
    points = asked.highest - asked.lowest + 1
    yield "choice", lambda: bool(asked.choice) or not chosen, "this kind needs choices (`choice` or `choice_of`)"
    yield "choice", lambda: not asked.choice or chosen or scale, "only `choice`, `choices` and `scale` have choices"
    yield "choice", lambda: not (scale and asked.choice) or len(asked.choice) == points, "one name for each point"
    yield "choice", lambda: len({c.key for c in asked.choice}) == len(asked.choice), "two choices have the same key"
    yield "highest", lambda: not scale or asked.lowest < asked.highest, "must be more than `lowest`"
    rows_there = [each.key for each in found.section if each.row]
    yield "of", lambda: asked.kind is not Kind.ROW or asked.of in rows_there, "must name a section with rows"
    yield (
        "not_before",
        lambda: not asked.not_before or (other is not None and other.kind is asked.kind is Kind.DATE),
        "must name a date of the same section",
    )
    yield "takes_on", lambda: not asked.takes_on or asked.kind is Kind.PERSON, "only a person takes something on"
    yield "carried", lambda: not asked.carried or bool(section.rows_of), "only in a section with `rows_of`"
    yield "first_person", lambda: not asked.first_person or asked.kind is Kind.LONG, "only for the kind `long`"


def _strange_neighbours(found: Definition, every: dict[str, Definition]) -> Iterator[Fault]:
    """Rows carried from a tool, section or question that is not there; a compartment that no profile has."""
    shelves = {shelf.key for profile in every_profile() for shelf in profile.compartment}
    if found.compartment not in shelves:
        yield ("compartment",), f"no programme profile has it; there are {', '.join(sorted(shelves))}"
    if found.agreed_by - {Capacity.YOUNG_PERSON, Capacity.OWNER}:
        yield ("agreed_by",), "every case has one `young_person` and one `owner`; others cannot be asked for"
    for number, section in enumerate(found.section):
        if not section.rows_of:
            continue
        tool, _dot, key = section.rows_of.partition(".")
        source = every[tool].section_of(key) if tool in every and tool != found.key else None
        if source is None or source.row is None or source.rows_of:
            yield ("section", number, "rows_of"), "must be `tool.section` of another tool's own rows"
            continue
        for inner, question in enumerate(section.question):
            carried = source.question_of(question.carried) if question.carried else question
            if carried is None or (question.carried and carried.kind is not question.kind):
                yield ("section", number, "question", inner, "carried"), f"no such question in {section.rows_of}"
