"""Ten people in one plan: each saves a growing answer of their own and, between, one they all share, while their pages
look for news, as the script in the page does it. Through the portal's own gunicorn settings.

With `--pause 0` each sends the next as soon as the one before is taken. Every saving that was taken must be in the
history.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from statistics import median, quantiles
from urllib.parse import urlencode
from uuid import UUID, uuid4

from bench import stage
from portal.access.ticket import CaseTicket
from portal.runtime import Runtime, runtime_for
from portal.services.plans import editing, plans
from portal.services.plans import history as plans_history
from portal.services.plans.open_plan import open_plan
from portal.web.guard import cookie_name
from tests.support.story import Room, Someone, Story

TOOL = "goals_and_agreements"
QUARTERS = 4
"""Of the whole time: whether the page stays quick while the plan and its history grow."""


@dataclass(frozen=True)
class Result:
    taken: int
    lost: int
    seconds: float
    changes: int
    """In the plan's history at the end."""
    saving_ms: list[list[float]]
    """Of each person, in the order they came."""
    looking_ms: list[list[float]]
    opening_ms: list[float]
    """The page to write on, opened by each person once all is written."""


def _quarter(found: list[float], which: int) -> list[float]:
    return found[len(found) * which // QUARTERS : len(found) * (which + 1) // QUARTERS]


def _told(found: list[float]) -> str:
    return f"median {median(found):7.1f} ms, 95 % {quantiles(found, n=20)[-1]:7.1f} ms"


def main(arguments: list[str]) -> int:
    asked = _asked(arguments)
    result = run(asked.people, asked.savings, asked.pause, asked.earlier)
    how = f"{asked.savings} savings each, {asked.pause:g} s apart, after {asked.earlier} earlier ones"
    print(f"{asked.people} people in one plan, {how}; {stage.machine()}")
    print(f"{result.taken} savings taken in {result.seconds:.1f} s, {result.lost} not in the history")
    for quarter in range(QUARTERS):
        for what, people in (("saving", result.saving_ms), ("looking for news", result.looking_ms)):
            found = [ms for person in people for ms in _quarter(person, quarter)]
            print(f"{quarter + 1}. quarter: {what:18} {_told(found)}")
    print(f"{result.changes} changes in the history; afterwards: opening the plan to write {_told(result.opening_ms)}")
    print(f"none lost promised: {'NOT KEPT' if result.lost else 'kept'}")
    return 1 if result.lost else 0


def run(people: int, savings: int, pause: float, earlier: int = 0) -> Result:
    """Builds a case with a plan, in which `earlier` savings lie already, lets everybody write at once, and looks for
    every saving in the history."""
    with stage.database() as (postgres, folder), stage.door() as door:
        port = door.getsockname()[1]
        variables = stage.environment(postgres, folder, f"https://localhost:{port}")
        settings = stage.settings(variables)
        with runtime_for(settings) as runtime, stage.served("portal.wsgi:app", door, variables, folder / "portal.log"):
            story = Story(runtime)
            room = story.case()
            writers = [room.guide, room.young, *(story.staff(f"Fagperson {n}") for n in range(people - 2))]
            rows = _prepare(story, room, writers)
            _write_before(story, room, rows, earlier)
            stands = _standing(story, room)
            start = threading.Barrier(len(writers))

            def write(number: int) -> _Person:
                cookie = f"{cookie_name(settings)}={story.token(writers[number])}"
                person = _Person(port, room.case_id, cookie, number, rows[number], stands)
                start.wait()
                person.write(savings, pause)
                return person

            begun = time.perf_counter()
            with ThreadPoolExecutor(len(writers)) as pool:
                found = list(pool.map(write, range(len(writers))))
            seconds = time.perf_counter() - begun
            for person in found:
                person.open()
            saved = _held(runtime, room)
        taken = [each for person in found for each in person.taken]
        return Result(
            taken=len(taken),
            lost=sum(1 for each in taken if each not in saved),
            seconds=seconds,
            changes=len(saved),
            saving_ms=[person.saving_ms for person in found],
            looking_ms=[person.looking_ms for person in found],
            opening_ms=[ms for person in found for ms in person.opening_ms],
        )


def _prepare(story: Story, room: Room, writers: list[Someone]) -> list[str]:
    for someone in writers[2:]:
        story.add(room, someone)
    story.play(room, room.guide, lambda t: editing.begin_plan(t, uuid4(), TOOL))
    return [story.play(room, room.guide, lambda t: editing.add_row(open_plan(t, TOOL), 1, "goals")) for _ in writers]


def _write_before(story: Story, room: Room, rows: list[str], savings: int) -> None:
    """What an hour leaves: by turns in the answer of each row, and every second time in the one all share."""

    def some(ticket: CaseTicket, turns: range) -> None:
        plan = open_plan(ticket, TOOL)
        page = plan.version(1)
        answers = dict(page.answers)
        for turn in turns:
            address = "now.situation" if turn % 2 else f"goals.{rows[turn // 2 % len(rows)]}.words"
            was, answers[address] = answers.get(address, ""), f"Det, der blev skrevet som nummer {turn}."
            editing.write_down(plan, page, answers, {address: (was, answers[address])})

    for first in range(0, savings, 500):
        turns = range(first, min(first + 500, savings))
        story.play(room, room.guide, lambda ticket, turns=turns: some(ticket, turns))  # type: ignore[misc]


def _standing(story: Story, room: Room) -> dict[str, str]:
    def read(ticket: CaseTicket) -> dict[str, str]:
        page = plans.show_plan(ticket, TOOL)
        return dict(page.newest.answers) if page else {}

    return story.play(room, room.guide, read)


def _held(runtime: Runtime, room: Room) -> set[tuple[str, str]]:
    def read(ticket) -> set[tuple[str, str]]:  # type: ignore[no-untyped-def]
        page = plans.show_plan(ticket, TOOL)
        if page is None:
            return set()
        lines = plans_history.history(ticket, page.newest)
        return {(address, after) for line in lines for address, (_before, after) in line.words.items()}

    return Story(runtime).play(room, room.guide, read)


class _Person:
    """Somebody's page, as its script speaks with the portal."""

    def __init__(self, port: int, case_id: UUID, cookie: str, number: int, row: str, stands: dict[str, str]) -> None:
        self.port = port
        self.path = f"/cases/{case_id}/plan/{TOOL}"
        self.cookie, self.number, self.row = cookie, number, row
        self.mine, self.shared = stands.get(f"goals.{row}.words", ""), stands.get("now.situation", "")
        self.mark = ""
        self.taken: list[tuple[str, str]] = []
        self.saving_ms: list[float] = []
        self.looking_ms: list[float] = []
        self.opening_ms: list[float] = []
        page = self.open()
        found = re.search(r'name="csrf_token" value="([^"]+)"', page.decode())
        if found is None:
            raise SystemExit(f"no page to write on: {page[:300]!r}")
        self.token = found[1]

    def open(self) -> bytes:
        begun = time.perf_counter()
        page = self._ask("GET", "/write")
        self.opening_ms = [(time.perf_counter() - begun) * 1000]
        return page

    def write(self, savings: int, pause: float) -> None:
        mine, shared = self.mine, self.shared
        for turn in range(savings):
            if turn % 2:
                ours = f"fælles-{self.number}-{turn}"
                told = self._save("now.situation", ours, shared)
                shared = told["clashes"][0]["theirs"] if told["clashes"] else ours
            else:
                words = f"{mine} ord-{self.number}-{turn}".strip()
                self._save(f"goals.{self.row}.words", words, mine)
                mine = words
            begun = time.perf_counter()
            self._ask("GET", "/live?number=1", known=self.mark)
            self.looking_ms.append((time.perf_counter() - begun) * 1000)
            time.sleep(pause)

    def _save(self, address: str, words: str, was: str) -> dict[str, list[dict[str, str]]]:
        fields = {"csrf_token": self.token, "number": "1", "revision": "0", address: words, f"was.{address}": was}
        begun = time.perf_counter()
        told: dict[str, list[dict[str, str]]] = json.loads(self._ask("POST", "/write", urlencode(fields)))
        self.saving_ms.append((time.perf_counter() - begun) * 1000)
        if told["faults"]:
            raise SystemExit(f"a saving was refused: {told['faults']}")
        self.taken.append((address, words))
        return told

    def _ask(self, method: str, path: str, body: str | None = None, known: str = "") -> bytes:
        headers = {"Cookie": self.cookie, "Accept": "application/json" if body or known else "*/*"}
        headers |= {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        headers |= {"If-None-Match": known} if known else {}
        # A line of its own for each: a server may hang up on one that was still for a moment.
        line = http.client.HTTPConnection("localhost", self.port, timeout=60)
        with closing(line):
            line.request(method, self.path + path, body, headers)
            answer = line.getresponse()
            content = answer.read()
        if answer.status not in (200, 304):
            raise SystemExit(f"{method} {path}: {answer.status} {content[:300]!r}")
        given = [each.split(";")[0] for each in answer.headers.get_all("Set-Cookie", [])]
        self.cookie = "; ".join([self.cookie, *given])
        self.mark = answer.headers.get("ETag", self.mark)
        return content


def _asked(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench ten_writers", description=__doc__)
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--savings", type=int, default=60, help="of each person (default 60)")
    parser.add_argument("--earlier", type=int, default=0, help="savings that lie in the plan's history before")
    parser.add_argument("--pause", type=float, default=3, help="seconds between two of one person (default 3)")
    return parser.parse_args(arguments)
