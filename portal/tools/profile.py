"""The programme profile: a file of data that says what a case is like here."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator
from datetime import date
from functools import cache, cached_property
from itertools import count
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from portal import clock
from portal.access.policy.facts import BETWEEN_TWO, AccessRules, CompartmentRule, base_key, number_of
from portal.access.policy.roles import Capacity
from portal.errors import Unsafe
from portal.tools.lines import Place, line_of

PROFILES = Path(__file__).parent / "profiles"


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Data):
    """One text in every language of the portal."""

    da: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def in_language(self, language: str) -> str:
        return self.en if language == "en" else self.da


class Category(_Data):
    key: str
    title: Words


_Switch = Annotated[bool, Field(strict=True)]


class Compartment(_Data):
    key: str
    title: Words
    about: Words
    icon: str
    audience: frozenset[Capacity] = Field(min_length=1)
    categories: frozenset[str] = frozenset()
    """What lies in it, in the words of the law: a consent to the compartment names them all. What the young person and
    the guide share alone has none: nobody is asked for a consent to it."""
    offered: _Switch = True
    """Whether cases are opened with it."""
    out_of: tuple[str, ...] = ()
    """Compartments that its categories leave in a case that has it: what lies apart lies in one place only."""


class RoleWord(_Data):
    title: Words


class ConsentWording(_Data):
    version: str
    purpose: Words
    informed: tuple[Words, ...] = Field(min_length=1)


class Vocabulary(_Data):
    """How the portal's own sentences are said here: a word as the catalogue has it -> the word to use instead. Whole
    words, in every form that occurs; a capital at the beginning stays one."""

    da: dict[str, str] = {}
    en: dict[str, str] = {}

    def in_language(self, language: str) -> dict[str, str]:
        return self.en if language == "en" else self.da


class Emergency(_Data):
    text: Words


class Tool(_Data):
    key: str
    title: Words
    about: Words
    compartment: str = ""
    """Where it lies, if not where its definition says."""
    blank: bool = False
    """Whether the portal makes an empty form of it to fill in."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as problem:
        raise ValueError("no such time zone") from problem
    return name


_Age = Annotated[int, Field(ge=0, le=30, strict=True)]


class Meeting(_Data):
    """A meeting of the model, at an age of the young person."""

    title: Words
    years: _Age
    months: int = Field(0, ge=0, le=11, strict=True)

    def day(self, born: date) -> date:
        """When somebody born on `born` reaches that age."""
        return clock.months_on(clock.birthday(born, self.years), self.months)


class Rhythm(_Data):
    """Meetings that come again and again until the young person comes of age: quarterly, half-yearly."""

    title: Words
    every_months: int = Field(ge=1, le=12, strict=True)

    def days(self, begun: date, until: date, since: date) -> Iterator[date]:
        """When they lie, counted from the day the case began: those from `since` on and before `until`."""
        times = count(1)
        while (day := clock.months_on(begun, self.every_months * next(times))) < until:
            if day >= since:
                yield day


class Profile(_Data):
    """A programme profile. Ages are years, periods months."""

    key: str = Field(pattern=r"^[a-z0-9_]{1,60}$")
    title: Words
    time_zone: Annotated[str, AfterValidator(_zone)]
    override_months: int = Field(default=3, ge=1, le=3)
    """How long access without consent may last at most; the rules allow three months and no more."""
    countdown_months: int = Field(default=6, ge=0, le=36)
    """How long before the day of majority what changes on it is counted down to."""
    freeze_review_days: int = Field(default=28, ge=1, le=92)
    """When a freeze must be looked at again at the latest."""
    majority_age: _Age = Field(ge=15, le=25)
    youngest_age: _Age
    oldest_age: _Age
    consent_months: int = Field(ge=1, le=60, strict=True)
    own_unit_needs_consent: _Switch
    custody_holders_are_asked: _Switch
    parent_needs_young_persons_yes: _Switch
    consent_age: dict[str, _Age]
    vocabulary: Vocabulary = Vocabulary()
    category: tuple[Category, ...] = Field(min_length=1)
    compartment: tuple[Compartment, ...] = Field(min_length=1)
    words: dict[Capacity, RoleWord]
    consent: ConsentWording
    emergency: Emergency
    meeting: tuple[Meeting, ...] = ()
    """Those of the model, each at an age; none where one meets as needed."""
    rhythm: Rhythm | None = None
    tool: tuple[Tool, ...]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def offered(self) -> frozenset[str]:
        """Keys of the compartments that a case is opened with; in the profile of a case, of those it has."""
        return frozenset(compartment.key for compartment in self.compartment if compartment.offered)

    def of_case(self, keys: Collection[str]) -> Profile:
        """The profile as it is in a case that has the compartments `keys`: those alone, each without the categories
        that lie apart in another one of them."""
        wanted = frozenset(map(base_key, keys))
        if wanted not in self._of_cases:
            had = [compartment for compartment in self.compartment if compartment.key in wanted]
            kept = tuple(_without(compartment, had).model_copy(update={"offered": True}) for compartment in had)
            found = self if kept == self.compartment else self.model_copy(update={"compartment": kept})
            if found is not self:
                for name in ("_compartments", "_of_cases"):
                    found.__dict__.pop(name, None)
            self._of_cases[wanted] = found
        return self._of_cases[wanted]

    @cached_property
    def _of_cases(self) -> dict[frozenset[str], Profile]:
        return {}

    def rules(self) -> AccessRules:
        """The part that decides access, in a case that has what is offered."""
        return AccessRules(
            zone=self.zone,
            majority_age=self.majority_age,
            compartments=tuple(
                CompartmentRule(c.key, c.audience, c.categories) for c in self.of_case(self.offered).compartment
            ),
            own_unit_needs_consent=self.own_unit_needs_consent,
            custody_holders_are_asked=self.custody_holders_are_asked,
            parent_needs_young_persons_yes=self.parent_needs_young_persons_yes,
            consent_age=self.consent_age,
        )

    @cached_property
    def _compartments(self) -> dict[str, Compartment]:
        return {compartment.key: compartment for compartment in self.compartment}

    def compartment_of(self, key: str) -> Compartment:
        """What the profile says of a compartment of a case."""
        return self._compartments[base_key(key)]

    def rank(self, key: str) -> tuple[int, int]:
        """Sorts the compartments of a case in the order of the profile."""
        return list(self._compartments).index(base_key(key)), number_of(key)

    @cached_property
    def confidence(self) -> str:
        """The key of what the young person and the guide share alone."""
        return next(rule.key for rule in self.rules().compartments if rule.is_confidence)

    def tool_of(self, key: str) -> Tool | None:
        return next((tool for tool in self.tool if tool.key == key), None)


def _without(compartment: Compartment, others: Collection[Compartment]) -> Compartment:
    apart = {category for one in others if compartment.key in one.out_of for category in one.categories}
    if not apart:
        return compartment
    return compartment.model_copy(update={"categories": compartment.categories - apart})


@cache
def profile(key: str) -> Profile:
    """The profile named `key`. Raises Unsafe with the file, the line and the reason when it is missing or faulty."""
    return read_profile(PROFILES / f"{key}.toml")


def every_profile() -> list[Profile]:
    """All there are: a case keeps the one it was opened with, so each must be sound. Raises Unsafe as `profile`."""
    return [profile(path.stem) for path in sorted(PROFILES.glob("*.toml"))]


def read_profile(path: Path) -> Profile:
    """Raises Unsafe that names every mistake of the file with its line."""
    try:
        text = path.read_text("utf-8")
        content: Any = tomllib.loads(text)
        found = Profile.model_validate(content)
        faults = [(place, reason) for place, reason in _contradictions(found, path.stem)]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise Unsafe(f"the programme profile {path.name} cannot be read: {problem}") from problem
    except ValidationError as problem:
        faults = [(error["loc"], error["msg"]) for error in problem.errors(include_url=False)]
    if faults:
        told = "".join(f"\n  line {line_of(text, place)}: {_named(place)}: {reason}" for place, reason in faults)
        raise Unsafe(f"the programme profile {path.name} cannot be used:{told}")
    return found


def _contradictions(found: Profile, name: str) -> Iterator[_Fault]:
    """What is wrong between parts that are each right."""
    if found.key != name:
        yield ("key",), f"the file is called {name}"
    if not found.youngest_age <= found.majority_age <= found.oldest_age:
        yield ("majority_age",), "must lie between youngest_age and oldest_age"
    yield from _twice(found)
    yield from _consent_ages_amiss(found)
    for number, compartment in enumerate(found.compartment):
        yield from _compartment_amiss(found, number, compartment)
    if [compartment.categories for compartment in found.compartment].count(frozenset()) != 1:
        yield ("compartment",), "one compartment of the young person and the owner alone is needed, without categories"
    yield from _unused_or_unknown(found)
    if missing := set(Capacity) - set(found.words):
        yield ("words",), f"no word for {', '.join(sorted(missing))}"
    ages = [(meeting.years, meeting.months) for meeting in found.meeting]
    for number, age_then in enumerate(ages):
        if number and age_then <= ages[number - 1]:
            yield ("meeting", number), "meetings are listed in the order of age"


_Fault = tuple[Place, str]


def _twice(found: Profile) -> Iterator[_Fault]:
    for nouns in ("category", "compartment", "tool"):
        keys = [noun.key for noun in getattr(found, nouns)]
        for number, key in enumerate(keys):
            if key in keys[:number]:
                yield (nouns, number, "key"), f"{key} is there already"


def _consent_ages_amiss(found: Profile) -> Iterator[_Fault]:
    known = {category.key for category in found.category}
    for key, age in found.consent_age.items():
        if key not in known:
            yield ("consent_age", key), "no such category"
        if not 10 <= age <= found.majority_age:
            yield ("consent_age", key), f"an age from 10 to {found.majority_age} is needed"


def _compartment_amiss(found: Profile, number: int, compartment: Compartment) -> Iterator[_Fault]:
    if unknown := compartment.categories - {category.key for category in found.category}:
        yield ("compartment", number, "categories"), f"no such category: {', '.join(sorted(unknown))}"
    if Capacity.OWNER not in compartment.audience:
        yield ("compartment", number, "audience"), "the owner sees every compartment"
    if not compartment.categories and compartment.audience != BETWEEN_TWO:
        yield ("compartment", number, "categories"), "only what the young person and the owner share takes none"
    if not re.fullmatch("[a-z_]+", compartment.key):
        yield ("compartment", number, "key"), "small letters and _ only"
    for key in compartment.out_of:
        if reason := _cannot_leave(found, compartment, key):
            yield ("compartment", number, "out_of"), f"{reason}: {key}"
    if compartment.categories and not _without(compartment, found.compartment).categories:
        yield ("compartment", number, "categories"), "nothing is left of them beside what lies apart from it"


def _unused_or_unknown(found: Profile) -> Iterator[_Fault]:
    """Tools that lie in no compartment there is, and categories that no compartment opens."""
    shelves = {compartment.key for compartment in found.compartment}
    for number, tool in enumerate(found.tool):
        if tool.compartment and tool.compartment not in shelves:
            yield ("tool", number, "compartment"), f"no such compartment; there are {', '.join(sorted(shelves))}"
    used = {key for compartment in found.compartment for key in compartment.categories}
    for number, category in enumerate(found.category):
        if category.key not in used:
            yield ("category", number), f"no compartment uses {category.key}: consent to it would open nothing"


_NEVER_ASKED_ABOUT = frozenset({Capacity.OWNER, Capacity.YOUNG_PERSON})
"""Whose access rests on nobody's consent, whatever the profile says."""


def _cannot_leave(found: Profile, compartment: Compartment, key: str) -> str:
    """Why the categories of a compartment cannot be taken out of the one called `key`; '' when they can."""
    other = next((one for one in found.compartment if one.key == key and one.key != compartment.key), None)
    if other is None:
        return "no such other compartment"
    if not compartment.categories < other.categories:
        return "it must hold them, and something besides"
    return "" if compartment.audience >= other.audience else "somebody it is for would see them no more"


def _named(place: Place) -> str:
    return " ".join(str(part + 1) if isinstance(part, int) else part for part in place)
