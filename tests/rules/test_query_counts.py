"""The number of queries of a page does not depend on how much there is: of cases, people, messages or files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from flask import Flask
from psycopg import _queries
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import psycopg

from portal.access.policy.roles import Level
from portal.runtime import House
from portal.services.cases import overview
from portal.services.plans import editing
from portal.services.plans.open_plan import open_plan
from tests.support.browser import Browser
from tests.support.story import Room, Someone, Story

MOST = 29
"""Queries a page may take; each is there for a reason, and one more needs one too."""

CASE_PAGES = ("", "/plan", "/plan/promises", "/files", "/messages", "/people", "/audience", "/log", "/files/new",
              "/messages/new", "/team/find?q=skole", "/consents/give", "/consents/mine")  # fmt: skip


@contextmanager
def counted(house: House) -> Iterator[list[str]]:
    asked: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:  # type: ignore[no-untyped-def]
        asked.append(statement)

    event.listen(house.engine, "before_cursor_execute", note)
    yield asked
    event.remove(house.engine, "before_cursor_execute", note)


def counts(app: Flask, house: House, story: Story, room: Room, who: Someone, things: dict[str, str]) -> dict[str, int]:
    browser = Browser(app, story.token(who))
    browser.get(f"/cases/{room.case_id}")
    found = {}
    for page in (*CASE_PAGES, *things.values()):
        with counted(house) as asked:
            browser.get(f"/cases/{room.case_id}{page}")
        name = next((name for name, path in things.items() if path == page), page)
        found[name] = len(asked)
    with counted(house) as asked:
        browser.get("/cases")
    return {**found, "my cases": len(asked)}


@pytest.mark.parametrize("who", ["guide", "young"])
def test_pages_ask_as_much_of_a_small_case_as_of_a_large_one(who: str, app: Flask, house: House, story: Story) -> None:
    room = story.case(parents=1)
    teacher = story.staff("Lars Lærer", "Skole")
    story.add(room, teacher, Level.READ)
    story.everybody_agrees(room)
    file_id = story.file(room, room.guide)
    thread_id = story.thread(room, room.guide)
    things: dict[str, str] = {}
    for tool in ("goals_and_agreements", "network_map", "network_overview"):
        story.play(room, room.young, lambda t, tool=tool: editing.begin(t, uuid4(), tool))
        things |= {tool: f"/plan/{tool}", f"writing in {tool}": f"/plan/{tool}/write"}
        things |= {f"changes of {tool}": f"/plan/{tool}/versions/1/changes"}
    story.play(room, room.young, lambda t: editing.add_row(open_plan(t, "goals_and_agreements"), 1, "goals"))
    things |= {"a file": f"/files/{file_id}", "a thread": f"/messages/{thread_id}"}
    small = counts(app, house, story, room, getattr(room, who), things)
    for number in range(4):
        story.add(room, story.staff(f"Fagperson {number}", f"Enhed {number}"), Level.WRITE)
        story.case(room.guide, name=f"Ung {number}")
        story.file(room, room.guide, name=f"fil {number}.pdf")
        story.version(room, room.guide, file_id)
        story.thread(room, room.guide, subject=f"Emne {number}")
        story.reply(room, room.young, thread_id)
        for tool, section in (("goals_and_agreements", "goals"), ("network_map", "people")):
            story.play(room, room.young, lambda t, x=(tool, section): editing.add_row(open_plan(t, x[0]), 1, x[1]))
    story.everybody_agrees(room)
    large = counts(app, house, story, room, getattr(room, who), things)
    assert large == small
    assert max(large.values()) <= MOST, {page: n for page, n in large.items() if n > MOST}


def test_what_the_driver_takes_to_pieces_for_the_front_of_a_case_it_takes_to_pieces_once() -> None:
    """A statement longer than it remembers would be read anew for every page of everybody but the guide."""
    statement = str(overview._FRONT[False].compile(dialect=psycopg.dialect()))
    assert len(statement) <= _queries.MAX_CACHED_STATEMENT_LENGTH
