"""What reading costs where much was written: "my cases" and one thread, against a case page of the same person.

The professional is in 60 cases, the messages and the openings of threads lie in them as after a year of use. Each page
is opened in turn with the case page, so that a busy machine slows both; the median of the ratios counts.
"""

from __future__ import annotations

import argparse
import logging
import time
from dataclasses import dataclass
from statistics import median
from uuid import UUID

import psycopg
import structlog
from flask.testing import FlaskClient

from bench import stage
from portal import create_app
from portal.access.policy.roles import Level
from portal.runtime import runtime_for
from portal.services.messages import threads as message_threads
from portal.web.guard import cookie_name
from tests.support.story import Room, Someone, Story

MOST = {"my cases": 2.0, "a thread": 1.5, "an unread thread": 1.5}
"""How many times a case page each may cost."""


@dataclass(frozen=True)
class Result:
    cases: int
    messages: int
    openings: int
    milliseconds: dict[str, float]
    ratios: dict[str, float]

    @property
    def saved(self) -> bool:
        return all(self.ratios[page] <= most for page, most in MOST.items())


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench reading", description=__doc__)
    parser.add_argument("--cases", type=int, default=60)
    parser.add_argument("--messages", type=int, default=1600)
    parser.add_argument("--openings", type=int, default=3000)
    parser.add_argument("--thread", type=int, default=100, help="messages of the one long thread")
    parser.add_argument("--rounds", type=int, default=41)
    asked = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    result = run(asked.cases, asked.messages, asked.openings, asked.thread, asked.rounds)
    print(f"{result.cases} cases, {result.messages} messages, {result.openings} openings; {stage.machine()}")
    print(f"a case: {result.milliseconds['a case']:.1f} ms")
    for page, ratio in result.ratios.items():
        print(f"{page}: {result.milliseconds[page]:.1f} ms, {ratio:.2f} times a case, at most {MOST[page]}")
    print("kept" if result.saved else "NOT KEPT")
    return 0 if result.saved else 1


def run(cases: int, written: int, openings: int, long: int, rounds: int) -> Result:
    """Tells the story and opens the pages by turns."""
    with stage.database(sync=False) as (postgres, folder):
        settings = stage.settings(stage.environment(postgres, folder, "https://localhost:1"))
        with runtime_for(settings) as runtime, psycopg.connect(postgres.url("postgres"), autocommit=True) as owner:
            story = Story(runtime)
            guide, reader = story.guide(), story.staff("Lars Lærer")
            rooms = _tell(story, guide, reader, cases, written, openings)
            first = rooms[0]
            thread = _long_thread(story, first, long)
            story.play(first, reader, lambda t: message_threads.thread(t, thread, 1))
            unread = _long_thread(story, first, long)
            owner.execute("vacuum analyze")
            within = f"/cases/{first.case_id}"
            pages = {"my cases": "/cases", "a thread": f"{within}/messages/{thread}", "a case": within}
            pages["an unread thread"] = f"{within}/messages/{unread}"
            browser = create_app(runtime).test_client()
            browser.set_cookie(cookie_name(runtime.settings), story.token(reader), domain="localhost")
            times: dict[str, list[float]] = {page: [] for page in pages}
            for turn in range(rounds + 1):
                for page, path in pages.items():
                    if page == "an unread thread":  # being looked at makes it read
                        owner.execute("delete from thread_look where thread_id = %s", [unread])
                    took = _opened(browser, path)
                    if turn:
                        times[page].append(took)
            count = owner.execute("select count(*) from message").fetchone()
    return Result(
        cases=len(rooms),
        messages=count[0] if count else 0,
        openings=openings,
        milliseconds={page: median(took) for page, took in times.items()},
        ratios={
            page: median(one / case for one, case in zip(times[page], times["a case"], strict=True)) for page in MOST
        },
    )


def _tell(story: Story, guide: Someone, reader: Someone, cases: int, written: int, openings: int) -> list[Room]:
    rooms = [story.case(guide, parents=0, name=f"Ung {number}") for number in range(cases)]
    for room in rooms:
        story.add(room, reader, Level.WRITE)
    threads = [(room, story.thread(room, guide, subject=f"Emne {n}")) for room in rooms for n in range(2)]
    for number in range(written - len(threads)):
        room, thread = threads[number % len(threads)]
        story.reply(room, guide, thread, "Vi ses på torsdag, og så taler vi om praktikken.")
    for number in range(openings):
        room, thread = threads[number % len(threads)]
        story.play(room, reader, lambda t, thread=thread: message_threads.thread(t, thread))
    for room, thread in threads[::3]:
        story.reply(room, guide, thread, "Endnu en ting")
    return rooms


def _long_thread(story: Story, room: Room, long: int) -> UUID:
    thread = story.thread(room, room.guide, subject="Det lange")
    for number in range(long - 1):
        story.reply(room, room.guide, thread, f"Det her er den besked, der har nummer {number}. " * 4)
    return thread


def _opened(browser: FlaskClient, path: str) -> float:
    """Milliseconds until the page is there."""
    began = time.perf_counter()
    answer = browser.get(path, base_url="https://localhost:1")
    took = (time.perf_counter() - began) * 1000
    if answer.status_code != 200:
        raise SystemExit(f"{path}: {answer.status}")
    return took
