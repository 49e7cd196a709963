"""The tools of this installation: the shipped definitions in a municipality's own words.

`lists.toml` holds choices that several tools offer. A folder named by the setting WORDING_DIR may hold a file for each
tool with other words for what it asks; the questions stay as they are. Every mistake is told with file, line and reason
before the portal starts.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from portal.access.policy.roles import Capacity
from portal.errors import UnsafeConfiguration
from portal.tools.contradictions import Fault, contradictions, strange_neighbours
from portal.tools.definition import Choice, Definition
from portal.tools.lines import Place, line_of
from portal.tools.profile import ProfileMeeting, Words, profile

DEFINITIONS = Path(__file__).parent / "definitions"
LISTS = Path(__file__).parent / "lists.toml"


class _MunicipalWording(BaseModel):
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
    Raises UnsafeConfiguration with file, line and reason."""
    path = DEFINITIONS / f"{key}.toml"
    if not key.isidentifier() or not path.exists():
        return None
    shipped = read_definition(path)
    own = wording / path.name if wording else None
    return read_wording(own, shipped) if own and own.exists() else shipped


@cache
def definition_in(profile_key: str, key: str, wording: Path | None = None) -> Definition | None:
    """The same where a case follows that programme profile: which meetings there are is the profile's to say."""
    found = definition(key, wording)
    if found is None or not any(question.meeting_types for section in found.section for question in section.question):
        return found
    content = json.loads(found.as_data())
    model = profile(profile_key)
    meetings = [_as_choice(meeting) for meeting in model.meeting]
    if model.rhythm is not None:
        meetings.append({"key": "rhythm", "title": model.rhythm.title.model_dump()})
    for section in content["section"]:
        for question in section["question"]:
            if question["meeting_types"]:
                question["choice"] = [*meetings, *question["choice"]]
    return Definition.model_validate(content)


def _as_choice(meeting: ProfileMeeting) -> dict[str, Any]:
    months = f"_{meeting.months}" if meeting.months else ""
    return {"key": f"at_{meeting.years}{months}", "title": meeting.title.model_dump()}


def every_definition(wording: Path | None = None) -> list[Definition]:
    """All there are, checked against each other. Raises UnsafeConfiguration when one is faulty, or when the folder
    holds a file for a tool that is not there."""
    keys = sorted(path.stem for path in DEFINITIONS.glob("*.toml"))
    if wording is not None:
        if not wording.is_dir():
            raise UnsafeConfiguration(f"the folder WORDING_DIR names, {wording}, is not there")
        if strange := sorted(path.name for path in wording.glob("*.toml") if path.stem not in keys):
            raise UnsafeConfiguration(f"{wording / strange[0]} is for no tool; there are {', '.join(keys)}")
    found = {key: each for key in keys if (each := definition(key, wording)) is not None}
    for each in found.values():
        refuse(DEFINITIONS / f"{each.key}.toml", list(strange_neighbours(each, found)))
    return list(found.values())


def as_answered(content: str) -> Definition:
    """A definition as it was kept with the answers to it. Who may read and write an answer is a rule of today, also
    where its question is an old one: see `_by_todays_rules`."""
    return Definition.model_validate(_by_todays_rules(json.loads(content)))


def _by_todays_rules(content: dict[str, Any]) -> dict[str, Any]:
    """Definitions that were kept before there was `own` asked the young person "was I heard?" among everything else,
    and let everybody write what the young person wanted to talk about."""
    for section in content["section"]:
        if "own" in section:
            continue
        alone = [question for question in section["question"] if question["fill"] == [Capacity.YOUNG_PERSON]]
        section["own"] = [{**question, "fill": [], "fresh": False} for question in alone]
        section["question"] = [question for question in section["question"] if question not in alone]
        for question in section["question"]:
            if (content["key"], section["key"], question["key"]) == ("meeting_checklist", "before", "agenda"):
                question["fill"] = [Capacity.YOUNG_PERSON, Capacity.OWNER]
    return content


def read_definition(path: Path) -> Definition:
    """Raises UnsafeConfiguration that names every mistake of the file with its line."""
    content = read_toml(path)
    refuse(path, list(_fill_lists(content, _read_lists())))
    try:
        found = Definition.model_validate(content)
    except ValidationError as problem:
        refuse(path, [(error["loc"], error["msg"]) for error in problem.errors(include_url=False)])
        raise
    refuse(path, list(contradictions(found, path.stem)))
    return found


def read_wording(path: Path, shipped: Definition) -> Definition:
    """The tool in a municipality's words. Raises UnsafeConfiguration as `read_definition`."""
    try:
        own = _MunicipalWording.model_validate(read_toml(path))
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
    """Raises UnsafeConfiguration when there is no such file or it is no TOML."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise UnsafeConfiguration(f"{path} cannot be read: {problem}") from problem


def refuse(path: Path, faults: list[Fault]) -> None:
    """Raises UnsafeConfiguration that names every fault with its line; nothing when there is none."""
    if faults:
        text = path.read_text("utf-8")
        told = "".join(f"\n  line {line_of(text, place)}: {_named(place)}: {reason}" for place, reason in faults)
        raise UnsafeConfiguration(f"{path} cannot be used:{told}")


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
        for name in ("question", "confided", "own"):
            questions = section.get(name) if isinstance(section, dict) else None
            for inner, question in enumerate(questions if isinstance(questions, list) else ()):
                if isinstance(question, dict):
                    yield ("section", number, name, inner), question


def _texts(content: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What can be said otherwise: `section`, `section.question`, `section.question.choice`, each with its texts."""
    places: dict[str, dict[str, Any]] = {}
    for section in content["section"]:
        places[section["key"]] = section
        for question in (*section["question"], *section["confided"], *section["own"]):
            here = f"{section['key']}.{question['key']}"
            places[here] = question
            for choice in question["choice"]:
                places[f"{here}.{choice['key']}"] = choice
    return places
