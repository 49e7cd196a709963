"""The programme profile: a file of data that says what a case is like here."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from portal.access.facts import AccessRules, CompartmentRule
from portal.access.roles import Capacity
from portal.errors import Unsafe

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


class Compartment(_Data):
    key: str
    title: Words
    about: Words
    icon: str
    audience: frozenset[Capacity] = Field(min_length=1)
    categories: frozenset[str] = Field(min_length=1)


class RoleWord(_Data):
    title: Words


class ConsentWording(_Data):
    version: str
    purpose: Words
    informed: tuple[Words, ...] = Field(min_length=1)


class Emergency(_Data):
    text: Words


class Tool(_Data):
    key: str
    title: Words
    about: Words
    blank: bool = False
    """Whether the portal makes an empty form of it to fill in."""


def _zone(name: str) -> str:
    ZoneInfo(name)
    return name


class Profile(_Data):
    """A programme profile. Ages are years, periods months."""

    key: str
    title: Words
    time_zone: Annotated[str, AfterValidator(_zone)]
    majority_age: int = Field(ge=1)
    youngest_age: int
    oldest_age: int
    consent_months: int = Field(ge=1, le=60)
    override_months: int = Field(default=3, ge=1, le=3)
    """How long access without consent may last at most; the rules allow three months and no more."""
    countdown_months: int = Field(default=6, ge=0, le=36)
    """How long before the day of majority what changes on it is counted down to."""
    freeze_review_days: int = Field(default=28, ge=1, le=92)
    """When a freeze must be looked at again at the latest."""
    parent_needs_young_persons_yes: bool
    consent_age: dict[str, int]
    category: tuple[Category, ...]
    compartment: tuple[Compartment, ...] = Field(min_length=1)
    words: dict[Capacity, RoleWord]
    consent: ConsentWording
    emergency: Emergency
    tool: tuple[Tool, ...]

    @model_validator(mode="after")
    def _names_are_known(self) -> Profile:
        known = {category.key for category in self.category}
        used = {key for compartment in self.compartment for key in compartment.categories} | set(self.consent_age)
        if unknown := used - known:
            raise ValueError(f"unknown consent categories: {', '.join(sorted(unknown))}")
        if lost := known - used:
            raise ValueError(f"categories that open nothing: {', '.join(sorted(lost))}")
        if missing := set(Capacity) - set(self.words):
            raise ValueError(f"no word for: {', '.join(sorted(missing))}")
        return self

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def rules(self) -> AccessRules:
        """The part that decides access."""
        return AccessRules(
            zone=self.zone,
            majority_age=self.majority_age,
            compartments=tuple(CompartmentRule(c.key, c.audience, c.categories) for c in self.compartment),
            parent_needs_young_persons_yes=self.parent_needs_young_persons_yes,
            consent_age=self.consent_age,
        )

    def compartment_of(self, key: str) -> Compartment:
        return next(compartment for compartment in self.compartment if compartment.key == key)

    def tool_of(self, key: str) -> Tool | None:
        return next((tool for tool in self.tool if tool.key == key), None)


@cache
def profile(key: str) -> Profile:
    """The profile named `key`. Raises Unsafe with the file and the reason when it is missing or faulty."""
    return read_profile(PROFILES / f"{key}.toml")


def read_profile(path: Path) -> Profile:
    try:
        content: Any = tomllib.loads(path.read_text("utf-8"))
        return Profile.model_validate(content)
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as problem:
        raise Unsafe(f"the programme profile {path.name} cannot be used: {problem}") from problem
