"""Signing a consent loads what it stands on once in a request and hands it down, however much there is.

Counted are calls of functions of the portal and statements, never time.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
from flask import Flask

from portal.access.policy.roles import Level
from portal.runtime import Runtime
from portal.settings import PROJECT
from tests.support.browser import Browser, Page
from tests.support.statements import noted
from tests.support.story import Room, Story

pytestmark = pytest.mark.recalls
"""The watch over recalled facts, which every other test has, reads them a second time."""

CALLS_BEFORE = 16_889
"""Calls of one signature in the story below, when the declaration was drawn up twice and each window judged twice."""
STATEMENTS_BEFORE = 46
ONCE = {
    "services/consents/requests.py party_lines",
    "services/consents/declaration.py draw_up",
    "services/consents/drafts.py saved_answers",
    "access/fact_rows.py facts_of",
    "access/policy/windows.py compute",
    "access/ticket.py CaseTicket.lock_case",
    "tools/profile.py read_profile",
}
"""What one request loads or works out at most once: the questions, the declaration, its draft, the facts of the case,
their windows, the profile."""


class Calls:
    """Calls of functions that stand in portal/, by file and name. A generator counts once, when it is begun."""

    def __init__(self) -> None:
        self.of: Counter[str] = Counter()
        self._root = f"{PROJECT / 'portal'}/"
        self._begun: set[int] = set()
        self._frames: list[FrameType] = []

    def note(self, frame: FrameType, event: str, _argument: Any) -> None:
        code = frame.f_code
        if event != "call" or not code.co_filename.startswith(self._root):
            return
        self.all += 1
        if id(frame) not in self._begun:
            self._begun.add(id(frame))
            self._frames.append(frame)  # kept, so that no other one gets its number
            self.of[f"{code.co_filename.removeprefix(self._root)} {code.co_qualname}"] += 1

    all = 0
    """As the interpreter counts: each time one is entered, a generator whenever it goes on."""


@contextmanager
def calls() -> Iterator[Calls]:
    found, before = Calls(), sys.getprofile()
    sys.setprofile(found.note)
    try:
        yield found
    finally:
        sys.setprofile(before)


@pytest.fixture
def room(story: Story) -> Room:
    """A minor with two custody holders, three schools that ask, a file and a thread."""
    room = story.case(parents=2)
    for number in range(3):
        story.add(room, story.staff(f"Lars {number}", f"Skole {number}"), Level.READ)
    story.file(room, room.guide)
    story.thread(room, room.guide)
    return room


@pytest.fixture
def browser(app: Flask, story: Story, room: Room) -> Browser:
    found = Browser(app, story.token(room.young))
    found.get(f"/cases/{room.case_id}/consents/give")
    return found


def steps(browser: Browser, room: Room) -> Iterator[tuple[str, int, Callable[[], Page]]]:
    """The four requests of it, each with the status it has."""
    give, sign = f"/cases/{room.case_id}/consents/give", f"/cases/{room.case_id}/consents/sign"
    form = browser.get(give)
    yes = {str(tag["name"]): "yes" for tag in form.soup.find_all("input", type="radio")}
    assert len(yes) >= 6, "the form asks nothing"
    yield "the form", 200, lambda: browser.get(give)
    yield "the answer", 303, lambda: browser.submit(form, "valid_until", **yes)
    words = browser.get(sign)
    yield "the words", 200, lambda: browser.get(sign)
    yield "the signature", 303, lambda: browser.submit(words, "read")


def test_no_request_loads_the_declaration_the_case_or_the_profile_twice(browser: Browser, room: Room) -> None:
    seen: Counter[str] = Counter()
    for name, status, step in steps(browser, room):
        with calls() as found:
            assert step().status == status
        # The draft is read before the case is locked, to see whether there is any, and again when nobody else decides.
        allowed = {"services/consents/drafts.py saved_answers": 2} if name == "the signature" else {}
        twice = {what: found.of[what] for what in ONCE if found.of[what] > allowed.get(what, 1)}
        assert twice == {}, name
        seen += found.of
    unseen = {what for what in ONCE if not seen[what]} - {"tools/profile.py read_profile"}
    assert unseen == set(), "these are called otherwise now: the test would not see them twice"


def test_a_signature_takes_less_than_a_third_of_the_calls_it_took(
    browser: Browser, room: Room, runtime: Runtime
) -> None:
    for name, _status, step in steps(browser, room):
        with calls() as found, noted() as statements:
            step()
        if name == "the signature":
            assert 1000 < found.all < CALLS_BEFORE / 3
            beside = ("notice_", "procrastinate", "message_draft")
            own = [words for words, _values in statements if not any(one in words for one in beside)]
            assert 20 < len(own) <= 35 < STATEMENTS_BEFORE
            assert len(statements) - len(own) <= 6, "queues notices, ends drafts of whom it shuts out"
        elif name == "the words":
            assert found.all < 4_440 * 0.6
            assert len(statements) <= 7
        elif name == "the answer":
            assert found.all < 1_505 * 0.75
            assert len(statements) <= 8
        else:
            assert len(statements) <= 6
