"""What is pressed, by whom, in which case, and what must have come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import psycopg
from flask import Flask

from portal import clock
from portal.access.policy.roles import Level
from portal.access.ticket import CaseTicket
from portal.runtime import Runtime
from tests.plans.test_tools import add, begin, write
from tests.support.browser import Browser, held
from tests.support.story import HERE, Someone, Story

FINE = {303, 409, 422}
PLAN = "goals_and_agreements"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@dataclass
class Press:
    """What is sent, and what must have come of it when four have sent it."""

    path: str
    counts: str
    """Asks for a number; `{case}` in it is the case."""
    fields: dict[str, Any] = field(default_factory=dict)
    makes: int = 1
    """By how much the number may have grown."""
    same: bool = False
    """Whether it is one form, sent four times: where each form that is sent adds something of its own."""
    allowed: set[int] = field(default_factory=lambda: FINE)
    then: Callable[[], object] | None = None
    """Goes on from there: what was decided can be ended, or used."""
    method: str = "POST"
    more: dict[str, Any] = field(default_factory=dict)
    """What the request carries besides a form."""


class Scene:
    """A case with everybody in it who decides something, and their browsers, four of each."""

    def __init__(self, app: Flask, runtime: Runtime, story: Story, owner: psycopg.Connection) -> None:
        self.app, self.runtime, self.story, self.owner = app, runtime, story, owner
        self.room = story.case(parents=1)
        self.people: dict[str, Someone] = {
            "guide": self.room.guide,
            "young": self.room.young,
            "mother": self.room.parents[0],
            "teacher": story.staff("Lars Lærer", "Skolen"),
        }
        story.add(self.room, self.people["teacher"], Level.WRITE)
        story.everybody_agrees(self.room)
        self._browsers: dict[str, list[tuple[Browser, str]]] = {}

    def browsers(self, who: str) -> list[tuple[Browser, str]]:
        """Four windows of one person, each with a form's token."""
        if who not in self._browsers:
            self.open(who, self.story.token(self.people[who]))
        return self._browsers[who]

    def open(self, who: str, token: str) -> None:
        """Opens their windows on a session."""
        four = [Browser(self.app, token, thorough=False) for _ in range(4)]
        self._browsers[who] = [(one, one.csrf()) for one in four]

    def as_new(self, who: str) -> None:
        """Their windows are opened anew: they were signed out."""
        self._browsers.pop(who, None)

    @property
    def case(self) -> str:
        return f"/cases/{self.room.case_id}"

    def member(self, who: str) -> UUID:
        return self.room.member(self.people[who])

    def play(self, who: str, act: Callable[[CaseTicket], Any]) -> Any:
        return self.story.play(self.room, self.people[who], act)

    def get(self, who: str, path: str) -> int:
        return self.browsers(who)[0][0].get(path).status

    def form(self, who: str, path: str, marker: str) -> dict[str, Any]:
        """What a form of a page would send as it stands."""
        page = self.browsers(who)[0][0].get(path)
        assert page.status == 200, (path, page.status, page.text[:200])
        return held(page.form(marker))

    def ticked(self, who: str, path: str, value: str) -> dict[str, str]:
        """The buttons of a page that stand for one answer, each pressed."""
        page = self.browsers(who)[0][0].get(path)
        return {str(tag["name"]): value for tag in page.soup.find_all("input", type="radio", value=value)}

    def shown(self, who: str, path: str, fields: dict[str, Any], name: str) -> str:
        """What stands in a field of the page on which a form is read through before it counts."""
        browser, token = self.browsers(who)[0]
        page = browser.post(path, {"submission": str(uuid4()), **fields}, token)
        assert page.status == 200, (path, page.status, page.text[:200])
        return str(held(page.form(f'name="{name}"'))[name])

    def press(self, who: str, path: str, fields: dict[str, Any] | None = None) -> None:
        """Presses a button once, and it works."""
        browser, token = self.browsers(who)[0]
        page = browser.post(path, {"submission": str(uuid4()), **(fields or {})}, token)
        assert page.status == 303, (path, page.status, page.text[:300])

    def newcomer(self, name: str = "Nanna Ny", level: Level = Level.WRITE) -> Someone:
        """Somebody of a unit nobody has said yes to."""
        made = self.story.staff(f"{name} {uuid4().hex[:6]}", f"Enhed {uuid4().hex[:6]}")
        self.story.add(self.room, made, level)
        return made

    @cached_property
    def file_id(self) -> UUID:
        return self.story.file(self.room, self.people["guide"], name="plan.docx.pdf")

    @cached_property
    def row(self) -> str:
        """Something the teacher takes on in the plan."""
        begin(self.story, self.room, self.people["guide"], PLAN)
        write(self.story, self.room, self.people["guide"], PLAN, now__goal="Jeg vil bo selv")
        due = (clock.today(HERE) + timedelta(days=30)).isoformat()
        more = {"what": "Jeg finder en praktikplads", "who": str(self.member("teacher")), "due": due}
        return add(self.story, self.room, self.people["guide"], PLAN, "agreements", **more)

    @cached_property
    def admin(self) -> Someone:
        self.people["admin"] = self.story.admin()
        return self.people["admin"]

    def staff(self, **more: Any) -> Someone:
        return self.story.staff(f"Konto {uuid4().hex[:6]}", **more)

    def days(self, name: str, ahead: int) -> dict[str, str]:
        return day(name, clock.today(HERE) + timedelta(days=ahead))


def day(name: str, on: date) -> dict[str, str]:
    return {f"{name}-day": str(on.day), f"{name}-month": str(on.month), f"{name}-year": str(on.year)}


Prepared = Callable[[Scene], Press]


@dataclass(frozen=True)
class Decision:
    route: str
    who: str
    prepared: Prepared

    def __str__(self) -> str:
        return f"{self.route} {self.prepared.__name__}"


DECISIONS: dict[str, list[Decision]] = {}
"""By what they are about: those of one group happen in one case, one after the other."""


def decision(group: str, route: str, who: str = "guide") -> Callable[[Prepared], Prepared]:
    def listed(prepared: Prepared) -> Prepared:
        DECISIONS.setdefault(group, []).append(Decision(route, who, prepared))
        return prepared

    return listed


def rows(table: str, where: str = "true") -> str:
    return f"select count(*) from {table} where case_id = '{{case}}' and {where}"


def logged(event: str) -> str:
    return f"select count(*) from audit_event where chain_id = '{{case}}' and event = '{event}'"


def as_sent(fields: dict[str, Any]) -> dict[str, Any]:
    """Files with a stream of their own for each sending."""
    return {
        name: (BytesIO(value[0]), value[1]) if isinstance(value, tuple) else value for name, value in fields.items()
    }
