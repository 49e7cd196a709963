"""Whoever may only read is told so where they would answer, with whom to ask and a number to press."""

from __future__ import annotations

import psycopg
import pytest
from flask import Flask

from portal.access.policy.roles import Level
from tests.support.browser import Browser
from tests.support.story import Room, Someone, Story

NUMBER = "+45 12 34 56 78"
LINK = "tel:+4512345678"


@pytest.fixture
def room(story: Story) -> Room:
    made = story.case()
    reader = story.staff("Lars Lærer", "Skolen")
    story.add(made, reader, Level.READ)
    story.everybody_agrees(made)
    return made


def _save(app: Flask, story: Story, who: Someone, number: str) -> object:
    browser = Browser(app, story.token(who))
    return browser.submit(browser.get("/me"), "phone", phone=number)


def _answered_places(story: Story, room: Room) -> list[str]:
    thread, file = story.thread(room, room.guide), story.file(room, room.guide)
    story.plan(room, room.guide, "Et mål")
    found = ["messages", f"messages/{thread}", "files", f"files/{file}", "plan", "plan/goals_and_agreements"]
    return [f"/cases/{room.case_id}/{path}" for path in found]


@pytest.mark.parametrize("number", ["", NUMBER])
def test_readers_are_told_whom_to_ask_where_they_would_answer(
    app: Flask, story: Story, room: Room, number: str
) -> None:
    paths = _answered_places(story, room)
    _save(app, story, room.guide, number)
    for who in (room.parents[0], Someone(_teacher(room), "Lars Lærer")):
        browser = Browser(app, story.token(who))
        for path in paths:
            page = browser.get(path)
            assert page.status == 200
            assert "Du kan læse her. Vil du" in page.text, path
            assert "så spørg Grete Guide (guide)" in page.text, path
            assert (LINK in page.links()) == bool(number), path
        refused = browser.get(f"/cases/{room.case_id}/messages/new")
        assert refused.status == 403
        assert (LINK in refused.links()) == bool(number)


def test_whoever_may_write_is_told_nothing_of_the_kind(app: Flask, story: Story, room: Room) -> None:
    for who in (room.young, room.guide):
        browser = Browser(app, story.token(who))
        for path in _answered_places(story, room) if who is room.young else ():
            assert "Du kan læse her" not in browser.get(path).text, path


def test_whoever_is_shut_out_gets_the_number_too(app: Flask, story: Story, room: Room) -> None:
    _save(app, story, room.guide, NUMBER)
    story.set_level(room, room.young, Level.NONE)
    browser = Browser(app, story.token(room.young))
    assert LINK in browser.get(f"/cases/{room.case_id}").links()
    assert LINK in browser.get("/cases").links()


@pytest.mark.parametrize("wrong", ["ring til mig", "12", "²²²²", "12 34 56 78 eller hjem", "1" * 40, "<b>12345678</b>"])
def test_what_cannot_be_called_is_no_number_and_nothing_typed_is_lost(
    app: Flask, story: Story, room: Room, wrong: str
) -> None:
    _save(app, story, room.guide, NUMBER)
    page = _save(app, story, room.guide, wrong)
    assert page.status == 422  # type: ignore[attr-defined]
    assert "Det er ikke et telefonnummer" in page.text  # type: ignore[attr-defined]
    assert page.soup.find(id="phone")["value"] == wrong  # type: ignore[attr-defined]
    assert Browser(app, story.token(room.guide)).get("/me").soup.find(id="phone")["value"] == NUMBER


def test_the_number_is_ones_own_and_no_trace_holds_it(
    app: Flask, story: Story, room: Room, owner: psycopg.Connection
) -> None:
    assert _save(app, story, room.guide, NUMBER).status == 303  # type: ignore[attr-defined]
    lines = owner.execute(
        "select actor_id, item_id, fields::text from audit_event where event = 'phone.set'"
    ).fetchall()
    assert lines == [(room.guide.id, room.guide.id, "{}")]
    citizen = Browser(app, story.token(room.young))
    assert citizen.post("/me/phone", {"phone": NUMBER}, citizen.csrf()).status == 404
    assert not citizen.get("/me").soup.find(id="phone")


def _teacher(room: Room):  # type: ignore[no-untyped-def]
    known = {room.guide.id, room.young.id, *(parent.id for parent in room.parents)}
    return next(person for person in room.members if person not in known)
