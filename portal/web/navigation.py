"""What a capability shows in the layout of every page. Each package of views offers its own, as `LAYOUT` in its
`__init__.py`; the layout goes through what it is offered and names nobody."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import Blueprint, request, url_for
from flask_babel import gettext as _
from jinja2 import Environment

from portal.access.policy.actions import Action, OfficeAction
from portal.access.ticket import CaseTicket


def N_(text: str) -> str:  # noqa: N802  the name the extractor knows
    """Marks a text for the catalogue; it is translated where it is shown."""
    return text


@dataclass(frozen=True)
class MenuEntry:
    """In the bar at the top of every page; of an office only for whoever holds it."""

    rank: int
    endpoint: str
    name: str
    action: OfficeAction | None = None


@dataclass(frozen=True)
class CaseDoor:
    """One of the doors at the head of a case."""

    rank: int
    key: str
    endpoint: str
    name: str
    icon: str
    count: Callable[[CaseTicket], int] | None = None
    """How much is new behind it."""


@dataclass(frozen=True)
class RemainingRight:
    """What somebody may do in a case that is closed to them: a right does not end with access."""

    rank: int
    action: Action
    endpoint: str
    name: str
    icon: str
    name_for: tuple[Action, str] | None = None
    """What it is called for whoever may do this as well."""
    when_asked_about_guide: bool = False


@dataclass(frozen=True)
class Right:
    """A remaining right of somebody, in one case."""

    name: str
    href: str
    icon: str


@dataclass(frozen=True)
class Layout:
    """What one capability offers."""

    door: str = ""
    """The door its pages lie behind. A module of it whose pages lie behind none says `DOOR = ""`."""
    doors: tuple[CaseDoor, ...] = ()
    menu: tuple[MenuEntry, ...] = ()
    foot: tuple[tuple[str, str], ...] = ()
    """Endpoint and name."""
    rights: tuple[RemainingRight, ...] = ()
    parts: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    """Rank and template for each place of the layout (`bar`, `case_head`, `notes`, `end`): its macro `shown`."""
    addresses: Mapping[str, str] = field(default_factory=dict)
    """Endpoints the layout leads to: `home`, `language`, `manifest`."""
    template_globals: Mapping[str, Any] = field(default_factory=dict)


class Navigation:
    """Everything that was offered, in its order."""

    def __init__(self, blueprints: Iterable[Blueprint]) -> None:
        modules = {blueprint.name: sys.modules[blueprint.import_name] for blueprint in blueprints}
        packages = {name: sys.modules[str(module.__package__)] for name, module in modules.items()}
        offers: dict[str, Layout] = {package.__name__: package.LAYOUT for package in packages.values()}
        self.door_of = {
            name: str(getattr(module, "DOOR", packages[name].LAYOUT.door)) for name, module in modules.items()
        }
        self.doors = sorted((one for offer in offers.values() for one in offer.doors), key=lambda one: one.rank)
        self.menu = sorted((one for offer in offers.values() for one in offer.menu), key=lambda one: one.rank)
        self._rights = sorted((one for offer in offers.values() for one in offer.rights), key=lambda one: one.rank)
        self.foot = [one for offer in offers.values() for one in offer.foot]
        self.parts: dict[str, list[Any]] = {
            place: [part for _rank, part in sorted(o.parts[place] for o in offers.values() if place in o.parts)]
            for place in ("bar", "case_head", "notes", "end")
        }
        self.addresses = {name: one for offer in offers.values() for name, one in offer.addresses.items()}
        self.template_globals = {name: one for offer in offers.values() for name, one in offer.template_globals.items()}

    def load_parts(self, environment: Environment) -> None:
        """Finds the macro `shown` of each part once: to include them by name costs a page of a case 150 calls more."""
        self.parts = {
            place: [getattr(environment.get_template(name).module, "shown") for name in names]  # noqa: B009  a macro
            for place, names in self.parts.items()
        }

    def current_door(self) -> str:
        """The door that the page of this request lies behind."""
        return self.door_of.get(request.blueprint or "", "")

    def rights(self, case_id: UUID, allows: Callable[[Action], bool], asked_about_guide: bool = False) -> list[Right]:
        """What somebody may still do in a case that is closed to them, and where."""
        found = []
        for right in self._rights:
            if allows(right.action) and (asked_about_guide or not right.when_asked_about_guide):
                other = right.name_for is not None and allows(right.name_for[0])
                name = right.name_for[1] if other and right.name_for else right.name
                found.append(Right(_(name), url_for(right.endpoint, case_id=case_id), right.icon))
        return found
