"""The programme profile: a file of data that says what a case is like here."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from functools import cache, cached_property
from itertools import count
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from portal import clock
from portal.access.policy.ages import PLAUSIBLE_MAJORITY, YOUNGEST_OWN_CONSENT
from portal.access.policy.facts import BETWEEN_TWO, AccessRules, CompartmentRule, base_key, number_of
from portal.access.policy.roles import Capacity
from portal.errors import UnsafeConfiguration
from portal.tools.lines import Place, line_of

PROFILES = Path(__file__).parent / "profiles"


class _ProfilePart(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_ProfilePart):
    """One text in every language of the portal."""

    da: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def in_language(self, language: str) -> str:
        return self.en if language == "en" else self.da


class Category(_ProfilePart):
    key: str
    title: Words


_Switch = Annotated[bool, Field(strict=True)]


class ProfileCompartment(_ProfilePart):
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
    asks_for_eid: _Switch = False
    """Whether a citizen who came by their own phone shows their eID before it opens."""


class RoleWord(_ProfilePart):
    title: Words


class ConsentWording(_ProfilePart):
    version: str
    purpose: Words
    informed: tuple[Words, ...] = Field(min_length=1)


class Vocabulary(_ProfilePart):
    """How the portal's own sentences are said here: a word as the catalogue has it -> the word to use instead. Whole
    words, in every form that occurs; a capital at the beginning stays one."""

    da: dict[str, str] = {}
    en: dict[str, str] = {}

    def in_language(self, language: str) -> dict[str, str]:
        return self.en if language == "en" else self.da


class Emergency(_ProfilePart):
    text: Words


class Tool(_ProfilePart):
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


class ProfileMeeting(_ProfilePart):
    """A meeting of the model, at an age of the young person."""

    title: Words
    years: _Age
    months: int = Field(0, ge=0, le=11, strict=True)

    def day(self, born: date) -> date:
        """When somebody born on `born` reaches that age."""
        return clock.months_on(clock.birthday(born, self.years), self.months)


class Rhythm(_ProfilePart):
    """Meetings that come again and again until the young person comes of age: quarterly, half-yearly."""

    title: Words
    every_months: int = Field(ge=1, le=12, strict=True)

    def days(self, begun: date, until: date, since: date) -> Iterator[date]:
        """When they lie, counted from the day the case began: those from `since` on and before `until`."""
        times = count(1)
        while (day := clock.months_on(begun, self.every_months * next(times))) < until:
            if day >= since:
                yield day


class Profile(_ProfilePart):
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
    phone_days: int = Field(default=90, ge=0, le=365)
    """How long a citizen's own phone signs in after their eID was shown on it; 0 where only the eID signs in."""
    majority_age: _Age = Field(ge=PLAUSIBLE_MAJORITY[0], le=PLAUSIBLE_MAJORITY[-1])
    youngest_age: _Age
    oldest_age: _Age
    consent_months: int = Field(ge=1, le=60, strict=True)
    own_unit_needs_consent: _Switch
    custody_holders_are_asked: _Switch
    parent_needs_young_persons_yes: _Switch
    consent_age: dict[str, _Age]
    vocabulary: Vocabulary = Vocabulary()
    category: tuple[Category, ...] = Field(min_length=1)
    compartment: tuple[ProfileCompartment, ...] = Field(min_length=1)
    words: dict[Capacity, RoleWord]
    consent: ConsentWording
    emergency: Emergency
    meeting: tuple[ProfileMeeting, ...] = ()
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
            saved = tuple(_without(compartment, had).model_copy(update={"offered": True}) for compartment in had)
            found = self if saved == self.compartment else self.model_copy(update={"compartment": saved})
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
    def _compartments(self) -> dict[str, ProfileCompartment]:
        return {compartment.key: compartment for compartment in self.compartment}

    def compartment_of(self, key: str) -> ProfileCompartment:
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
        return self._tools.get(key)

    @cached_property
    def _tools(self) -> Mapping[str, Tool]:
        return {tool.key: tool for tool in reversed(self.tool)}


def _without(compartment: ProfileCompartment, others: Collection[ProfileCompartment]) -> ProfileCompartment:
    apart = {category for one in others if compartment.key in one.out_of for category in one.categories}
    if not apart:
        return compartment
    return compartment.model_copy(update={"categories": compartment.categories - apart})


@cache
def profile(key: str) -> Profile:
    """The profile named `key`. Raises UnsafeConfiguration with the file, the line and the reason when it is missing or
    faulty."""
    return read_profile(PROFILES / f"{key}.toml")


def every_profile() -> list[Profile]:
    """All there are: a case keeps the one it was opened with, so each must be sound. Raises UnsafeConfiguration as
    `profile`."""
    return [profile(path.stem) for path in sorted(PROFILES.glob("*.toml"))]


def read_profile(path: Path) -> Profile:
    """Raises UnsafeConfiguration that names every mistake of the file with its line."""
    try:
        text = path.read_text("utf-8")
        content: Any = tomllib.loads(text)
        found = Profile.model_validate(content)
        faults = [(place, reason) for place, reason in _contradictions(found, path.stem)]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise UnsafeConfiguration(f"the programme profile {path.name} cannot be read: {problem}") from problem
    except ValidationError as problem:
        faults = [(error["loc"], error["msg"]) for error in problem.errors(include_url=False)]
    if faults:
        told = "".join(f"\n  line {line_of(text, place)}: {_named(place)}: {reason}" for place, reason in faults)
        raise UnsafeConfiguration(f"the programme profile {path.name} cannot be used:{told}")
    return found


def _contradictions(found: Profile, name: str) -> Iterator[tuple[Place, str]]:
    """What is wrong between parts that are each right."""
    if found.key != name:
        yield ("key",), f"the file is called {name}"
    if not found.youngest_age <= found.majority_age <= found.oldest_age:
        yield ("majority_age",), "must lie between youngest_age and oldest_age"
    for field in ("category", "compartment", "tool"):
        keys = [item.key for item in getattr(found, field)]
        for number, key in enumerate(keys):
            if key in keys[:number]:
                yield (field, number, "key"), f"{key} is there already"
    yield from _ages_amiss(found)
    yield from _compartments_amiss(found)
    yield from _connections_amiss(found)


def _ages_amiss(found: Profile) -> Iterator[tuple[Place, str]]:
    known = {category.key for category in found.category}
    for key, age in found.consent_age.items():
        if key not in known:
            yield ("consent_age", key), "no such category"
        if not YOUNGEST_OWN_CONSENT <= age <= found.majority_age:
            needed = f"{YOUNGEST_OWN_CONSENT} to {found.majority_age}"
            yield ("consent_age", key), f"an age from {needed} is needed"
    ages = [(meeting.years, meeting.months) for meeting in found.meeting]
    for number, age_then in enumerate(ages):
        if number and age_then <= ages[number - 1]:
            yield ("meeting", number), "meetings are listed in the order of age"


def _compartments_amiss(found: Profile) -> Iterator[tuple[Place, str]]:
    known = {category.key for category in found.category}
    for number, compartment in enumerate(found.compartment):
        if unknown := compartment.categories - known:
            yield ("compartment", number, "categories"), f"no such category: {', '.join(sorted(unknown))}"
        if Capacity.OWNER not in compartment.audience:
            yield ("compartment", number, "audience"), "the owner sees every compartment"
        if not compartment.categories and compartment.audience != BETWEEN_TWO:
            yield ("compartment", number, "categories"), "only what the young person and the owner share takes none"
        if not re.fullmatch("[a-z_]+", compartment.key):
            yield ("compartment", number, "key"), "small letters and _ only"
        yield from (
            (("compartment", number, "out_of"), f"{reason}: {key}")
            for key in compartment.out_of
            if (reason := _cannot_leave(found, compartment, key))
        )
        if compartment.categories and not _without(compartment, found.compartment).categories:
            yield ("compartment", number, "categories"), "nothing is left of them beside what lies apart from it"
    if [compartment.categories for compartment in found.compartment].count(frozenset()) != 1:
        yield ("compartment",), "one compartment of the young person and the owner alone is needed, without categories"


def _connections_amiss(found: Profile) -> Iterator[tuple[Place, str]]:
    """Tools, categories and words that have nothing to belong to."""
    compartments = {compartment.key for compartment in found.compartment}
    for number, tool in enumerate(found.tool):
        if tool.compartment and tool.compartment not in compartments:
            yield ("tool", number, "compartment"), f"no such compartment; there are {', '.join(sorted(compartments))}"
    used = {key for compartment in found.compartment for key in compartment.categories}
    for number, category in enumerate(found.category):
        if category.key not in used:
            yield ("category", number), f"no compartment uses {category.key}: consent to it would open nothing"
    if missing := set(Capacity) - set(found.words):
        yield ("words",), f"no word for {', '.join(sorted(missing))}"


def _cannot_leave(found: Profile, compartment: ProfileCompartment, key: str) -> str:
    """Why the categories of a compartment cannot be taken out of the one called `key`; '' when they can."""
    other = next((one for one in found.compartment if one.key == key and one.key != compartment.key), None)
    if other is None:
        return "no such other compartment"
    if not compartment.categories < other.categories:
        return "it must hold them, and something besides"
    return "" if compartment.audience >= other.audience else "somebody it is for would see them no more"


def _named(place: Place) -> str:
    return " ".join(str(part + 1) if isinstance(part, int) else part for part in place)
