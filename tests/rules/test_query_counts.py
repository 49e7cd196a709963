"""The number of queries of a page does not depend on how much there is: of cases, people, messages or files."""

from __future__ import annotations

from uuid import uuid4

import pytest
from flask import Flask

from portal.access import facts_cache
from portal.access.policy.roles import Level
from portal.services.plans import editing
from portal.services.plans.open_plan import open_plan
from portal.web import guard
from tests.support.browser import Browser
from tests.support.statements import noted
from tests.support.story import Room, Someone, Story

MOST = 29
"""Queries a page may take; each is there for a reason, and one more needs one too."""

CASE_PAGES = ("", "/plan", "/plan/promises", "/files", "/messages", "/people", "/audience", "/log", "/files/new",
              "/messages/new", "/team/find?q=skole", "/consents/give", "/consents/mine")  # fmt: skip


def counts(app: Flask, story: Story, room: Room, who: Someone, things: dict[str, str]) -> dict[str, int]:
    browser = Browser(app, story.token(who))
    browser.get(f"/cases/{room.case_id}")
    found = {}
    for page in (*CASE_PAGES, *things.values()):
        with noted() as asked:
            browser.get(f"/cases/{room.case_id}{page}")
        name = next((name for name, path in things.items() if path == page), page)
        found[name] = len(asked)
    with noted() as asked:
        browser.get("/cases")
    return {**found, "my cases": len(asked)}


@pytest.mark.parametrize("who", ["guide", "young"])
def test_pages_ask_as_much_of_a_small_case_as_of_a_large_one(who: str, app: Flask, story: Story) -> None:
    room = story.case(parents=1)
    teacher = story.staff("Lars Lærer", "Skole")
    story.add(room, teacher, Level.READ)
    story.everybody_agrees(room)
    file_id = story.file(room, room.guide)
    thread_id = story.thread(room, room.guide)
    things: dict[str, str] = {}
    for tool in ("goals_and_agreements", "network_map", "network_overview"):
        story.play(room, room.young, lambda t, tool=tool: editing.begin_plan(t, uuid4(), tool))
        things |= {tool: f"/plan/{tool}", f"writing in {tool}": f"/plan/{tool}/write"}
        things |= {f"changes of {tool}": f"/plan/{tool}/versions/1/changes"}
    story.play(room, room.young, lambda t: editing.add_row(open_plan(t, "goals_and_agreements"), 1, "goals"))
    things |= {"a file": f"/files/{file_id}", "a thread": f"/messages/{thread_id}"}
    small = counts(app, story, room, getattr(room, who), things)
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
    large = counts(app, story, room, getattr(room, who), things)
    assert large == small
    assert max(large.values()) <= MOST, {page: n for page, n in large.items() if n > MOST}


@pytest.mark.parametrize("who", ["guide", "young"])
def test_the_front_of_a_case_loads_nothing_twice(
    who: str, app: Flask, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = story.case(parents=1)
    story.add(room, story.staff("Lars Lærer", "Skole"), Level.READ)
    story.everybody_agrees(room)
    story.file(room, room.guide)
    story.thread(room, room.guide)
    story.play(room, room.young, lambda t: editing.begin_plan(t, uuid4(), "goals_and_agreements"))
    browser = Browser(app, story.token(getattr(room, who)))
    browser.get(f"/cases/{room.case_id}")
    loaded: list[str] = []
    for module, name in ((guard, "enter_case"), (facts_cache, "facts")):
        load = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *how, n=name, load=load: (loaded.append(n), load(*how))[1])
    with noted() as asked:
        browser.get(f"/cases/{room.case_id}")
    # Stepping into the role of the keeper of facts and out of it again is one statement.
    statements = [statement for statement, _values in asked if "set_config('role'" not in statement]
    assert len(set(statements)) == len(statements), sorted(statements)
    assert sorted(loaded) == ["enter_case", "facts"], "the case and its declarations are read once and handed down"
