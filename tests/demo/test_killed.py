"""What was acknowledged survives kill -9: of those who answer, of the database, of the worker, of all at once, while
several people write at the same time. The cluster keeps its promises to the disk, unlike that of other tests.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import urllib3
from bs4 import BeautifulSoup
from click.testing import CliRunner

from portal.cli import cli
from portal.demo.postgres import EmbeddedPostgres, running
from portal.migrate import migrate
from portal.runtime import runtime_for
from portal.services.consents import requests
from portal.services.messages import threads as message_threads
from portal.settings import Settings
from portal.storage.keys import make_keys
from tests.support.served import Served, Visitor, environment, served
from tests.support.story import Room, Someone, Story

PLAN = "/plan/goals_and_agreements"
ANSWER = "now.goal"
ROUNDS = ("who answers", "the database", "the worker", "all at once")


@dataclass
class Work:
    """What one person does again and again: `act` gets a number, and returns what was acknowledged or None."""

    act: Callable[[int], Any]
    tried: int = 0
    done: dict[int, Any] = field(default_factory=dict)

    def go_on(self, stop: threading.Event) -> None:
        for number in count(1):
            if stop.is_set():
                return
            self.tried = number
            # No answer, or one that says that something is down: nothing was promised.
            with suppress(urllib3.exceptions.HTTPError, AssertionError, StopIteration):
                if (told := self.act(number)) is not None:
                    self.done[number] = told


@pytest.fixture
def cluster() -> Iterator[EmbeddedPostgres]:
    folder = Path(tempfile.mkdtemp(prefix="folgeskab-killed-"))
    folder.chmod(0o711)
    with running(folder / "database") as server:
        migrate(server.url("portal_owner"))
        yield server
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def settings(cluster: EmbeddedPostgres, tmp_path: Path) -> Settings:
    make_keys(tmp_path / "keys.json")
    return Settings(
        environment="test",
        base_url="http://localhost",
        data_dir=tmp_path,
        database_url=cluster.url("portal_app"),
        worker_database_url=cluster.url("portal_worker"),
        owner_database_url=cluster.url("portal_owner"),
        keys_file=tmp_path / "keys.json",
        mail_url=f"folder://{tmp_path / 'mail'}",
    )


def test_what_was_acknowledged_is_there_after_every_kill(
    cluster: EmbeddedPostgres, settings: Settings, tmp_path: Path
) -> None:
    with runtime_for(settings) as runtime:
        story = Story(runtime)
        room = _a_case(story)
        tokens = {who.id: story.token(who) for who in (room.guide, room.young, room.parents[0])}
    with served(settings, tmp_path / "served") as portal:
        works = _works(portal, room, tokens)
        stop = threading.Event()
        threads = [threading.Thread(target=work.go_on, args=(stop,)) for work in works.values()]
        for thread in threads:
            thread.start()
        try:
            for round_ in ROUNDS:
                _wait_for_more(portal, works)
                _kill(round_, portal, cluster)
            _wait_for_more(portal, works)
        finally:
            stop.set()
            for thread in threads:
                thread.join(90)
        assert not any(thread.is_alive() for thread in threads)
        with runtime_for(settings) as runtime:
            _is_all_there(Story(runtime), portal, room, works, tokens)
    told = CliRunner().invoke(cli, ["verify-audit"], env=environment(settings), catch_exceptions=False)
    assert told.output == "every chain is whole\n"


def _a_case(story: Story) -> Room:
    room = story.case(parents=1)
    story.add(room, story.staff("Lars Lærer", "Skolen"))
    story.everybody_agrees(room)
    story.plan(room, room.young)
    return room


# What people do


def _works(portal: Served, room: Room, tokens: dict[Any, str]) -> dict[str, Work]:
    case = f"/cases/{room.case_id}"

    def as_(who: Someone) -> Visitor:
        visitor = Visitor(portal, tokens[who.id])
        visitor.http = urllib3.PoolManager(retries=False, timeout=10)
        return visitor

    guide, young, parent = as_(room.guide), as_(room.young), as_(room.parents[0])
    desk = as_(room.guide)  # the same person in a second window

    def write(number: int) -> str | None:
        fields = guide.fields(f"{case}/messages/new", "subject")
        sent = guide.send(f"{case}/messages/new", {**fields, "subject": f"Emne {number}.", "body": f"Ord {number}."})
        return sent.headers["Location"].partition("#")[0] if sent.status == 303 else None

    def answer(number: int) -> str | None:
        fields = young.fields(f"{case}{PLAN}/write", "plan-form")
        assert ANSWER in fields
        sent = young.send(f"{case}{PLAN}/write", {**fields, ANSWER: _goal(number)})
        return _goal(number) if sent.status == 303 else None

    def upload(number: int) -> str | None:
        fields = desk.fields(f"{case}/files/new", "compartment")
        sent = desk.send(f"{case}/files/new", {**fields, "file": (f"fil {number}.txt", _content(number))})
        return sent.headers["Location"] if sent.status == 303 else None

    def consent(number: int) -> str | None:
        """Yes to everything, then no to everything, in turn."""
        word = _word(number)
        page = BeautifulSoup(parent.get(f"{case}/consents/give"), "html.parser")
        asked = {str(radio["name"]) for radio in page.select("input[type=radio]")}
        assert asked
        fields = parent.fields(f"{case}/consents/give", 'name="answer-')
        parent.send(f"{case}/consents/give", {**fields, **dict.fromkeys(asked, word)})
        signed = parent.fields(f"{case}/consents/sign", 'name="read"')
        return word if parent.send(f"{case}/consents/sign", signed).status == 303 else None

    return {"message": Work(write), "answer": Work(answer), "file": Work(upload), "consent": Work(consent)}


def _goal(number: int) -> str:
    return f"Mit mål nummer {number} i rækken"


def _word(number: int) -> str:
    return "yes" if number % 2 else "no"


def _content(number: int) -> bytes:
    return f"Fil nummer {number}. ".encode() * 20_000


# What befalls them


def _wait_for_more(portal: Served, works: dict[str, Work]) -> None:
    """Until everybody has been told of one more thing, so that the kill falls into the middle of work."""
    before = {name: len(work.done) for name, work in works.items()}
    until = time.monotonic() + 240
    while any(len(work.done) < before[name] + 1 for name, work in works.items()):
        made = {name: f"{len(work.done)} of {work.tried}" for name, work in works.items()}
        portal.revive()
        assert time.monotonic() < until, (made, (portal.folder / "web.log").read_text()[-3000:])
        time.sleep(0.05)


def _kill(what: str, portal: Served, cluster: EmbeddedPostgres) -> None:
    if what in ("the worker", "all at once"):
        portal.parts["worker"].kill()
        portal.parts["worker"].wait()
    if what in ("the database", "all at once"):
        os.kill(cluster.pid, signal.SIGKILL)
    if what in ("who answers", "all at once"):
        for pid in portal.children("web"):
            os.kill(pid, signal.SIGKILL)
    if what in ("the database", "all at once"):
        while cluster.alive():
            time.sleep(0.02)
        cluster.start()


# What is there in the end


def _is_all_there(story: Story, portal: Served, room: Room, works: dict[str, Work], tokens: dict[Any, str]) -> None:
    case = f"/cases/{room.case_id}"
    guide, parent = Visitor(portal, tokens[room.guide.id]), Visitor(portal, tokens[room.parents[0].id])
    subjects = [line.subject for line in story.play(room, room.guide, message_threads.list_threads)]
    for number, thread in works["message"].done.items():
        assert subjects.count(f"Emne {number}.") == 1
        assert f"Ord {number}." in guide.get(thread).decode()
    for number, place in works["file"].done.items():
        assert guide.get(f"{place}/versions/1") == _content(number)
    shown = str(guide.fields(f"{case}{PLAN}/write", "plan-form")[ANSWER])
    newest = next(number for number in range(1, works["answer"].tried + 1) if shown == _goal(number))
    assert newest >= max(works["answer"].done), "nothing older than what was acknowledged last"
    mine = BeautifulSoup(parent.get(f"{case}/consents/mine"), "html.parser")
    consents = works["consent"]
    assert len(mine.select("details.declaration")) >= len(consents.done)
    asked = story.play(room, room.parents[0], lambda t: requests.request(t, t.membership.id))
    assert asked.current is not None
    may_be = {word for number, word in consents.done.items() if number == max(consents.done)}
    may_be |= {_word(number) for number in range(max(consents.done) + 1, consents.tried + 1)}
    assert ("yes" if asked.current.lets_in else "no") in may_be
