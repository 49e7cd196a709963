"""Four people (or four windows of one) decide the same thing at once: one of them does, the others are told so, and the
case goes on as if only one had been there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from portal import clock
from portal.runtime import Runtime
from portal.services.consents import overrides
from portal.services.members import handover, team_wishes
from tests.rules.at_once import FOUR, at_once, gated
from tests.rules.decisions import DECISIONS, EXCUSED, Decision, Press, Scene, as_sent
from tests.rules.routes import ROUTES
from tests.support.browser import Browser
from tests.support.story import HERE, Story

PAGES = ("", "/people", "/log")
WRITES = {"POST", "PUT", "PATCH", "DELETE", "COPY", "MOVE", "MKCOL", "PROPPATCH", "LOCK", "UNLOCK"}


def test_every_form_that_changes_something_is_pressed_four_times_or_has_a_reason_not_to_be() -> None:
    there = {str(route) for route in ROUTES if route.method in WRITES}
    pressed = {decision.route for decisions in DECISIONS.values() for decision in decisions}
    assert pressed | set(EXCUSED) == there
    assert not pressed & set(EXCUSED)


@pytest.mark.parametrize("group", DECISIONS)
def test_of_four_that_decide_the_same_at_once_one_does(
    group: str, app: Flask, runtime: Runtime, story: Story, owner: psycopg.Connection
) -> None:
    scene = Scene(app, runtime, story, owner)
    with gated():
        for decision in DECISIONS[group]:
            _pressed(scene, decision)


def test_of_four_different_answers_to_one_offer_one_counts(
    app: Flask, runtime: Runtime, story: Story, owner: psycopg.Connection
) -> None:
    """Accepted, declined, taken back and offered to somebody else in the same moment."""
    scene = Scene(app, runtime, story, owner)
    scene.people["taker"], other = story.guide("Gerda Guide", "Voksne"), story.guide("Otto Guide", "Unge")
    scene.press("guide", f"{scene.case}/hand-over/to/{scene.people['taker'].id}")
    ways: list[tuple[str, str, dict[str, str]]] = [
        ("taker", "answer", {"answer": "accept"}),
        ("taker", "answer", {"answer": "decline"}),
        ("guide", "withdraw", {}),
        ("guide", f"to/{other.id}", {}),
    ]

    def sender(window: int, who: str, path: str, fields: dict[str, str]) -> Callable[[], TestResponse]:
        browser, token = scene.browsers(who)[window]
        data = {"csrf_token": token, "submission": str(uuid4()), **fields}
        return lambda: browser.client.post(f"{scene.case}/hand-over/{path}", data=data)

    with gated():
        answers = at_once(owner, [sender(number, *way) for number, way in enumerate(ways)])
    assert {status for status, _ in answers} <= {303, 403, 409, 422}, answers
    assert _number(scene, "select count(*) from hand_over_answer") == 1
    waiting = "select count(*) from hand_over where id not in (select hand_over_id from hand_over_answer)"
    assert _number(scene, waiting) <= 1
    for someone in (scene.people["guide"], scene.people["taker"]):
        inside = owner.execute("select 1 from access_window where person_id = %s limit 1", [someone.id]).fetchone()
        browser = Browser(app, story.token(someone))
        assert browser.get(scene.case + "/people").status == (200 if inside else 403)


def test_the_database_takes_no_second_offer_freeze_or_override_whoever_brings_it(
    runtime: Runtime, story: Story, owner: psycopg.Connection
) -> None:
    """Also from a verb that forgot to wait its turn."""
    room = story.case(parents=1)
    teacher, taker = story.staff("Lars Lærer", "Skolen"), story.guide("Gerda Guide", "Voksne")
    story.add(room, teacher)
    today = clock.today(HERE)
    mother, soon = room.member(room.parents[0]), today + timedelta(days=5)
    by_law = ("Barnets lov § 32", "Haster")
    story.play(room, room.guide, lambda t: handover.offer(t, uuid4(), taker.id))
    story.play(room, room.guide, lambda t: overrides.freeze(t, uuid4(), [mother], soon, "Underretning"))
    member = room.member(teacher)
    story.play(room, room.guide, lambda t: overrides.override(t, uuid4(), member, ["shared"], soon, *by_law))
    for table in ("hand_over", "access_freeze", "legal_override"):
        named = "select string_agg(column_name, ', ') from information_schema.columns where table_name = %s"
        row = owner.execute(f"{named} and column_name <> 'id'", [table]).fetchone()  # type: ignore[arg-type]
        assert row is not None
        again = f"insert into {table} (id, {row[0]}) select gen_random_uuid(), {row[0]} from {table}"
        with pytest.raises(psycopg.errors.UniqueViolation):
            owner.execute(again)  # type: ignore[arg-type]
    # What is over is in nobody's way, nor is another compartment.
    story.play(room, room.guide, lambda t: handover.withdraw_handover(t, uuid4()))
    story.play(room, room.guide, lambda t: handover.offer(t, uuid4(), taker.id))
    freeze = story.play(room, room.guide, lambda t: overrides.freezes(t)[0].id)
    story.play(room, room.guide, lambda t: overrides.keep_frozen(t, uuid4(), freeze, soon, "Stadig"))
    story.play(room, room.guide, lambda t: overrides.override(t, uuid4(), member, ["professionals"], soon, *by_law))


def test_who_is_overtaken_is_told_so_and_finds_what_they_wrote(app: Flask, story: Story) -> None:
    room = story.case(parents=0)
    wish = story.play(room, room.young, lambda t: team_wishes.propose_wishes(t, uuid4(), "Bent Bold", ""))
    browser = Browser(app, story.token(room.guide))
    path = f"/cases/{room.case_id}/choose/wishes/{wish}"
    page = browser.get(path)
    story.play(room, room.guide, lambda t: team_wishes.answer_wish(t, uuid4(), wish, "yes", ""))
    late = browser.submit(page, "answer", answer="talk", reason="Lad os tale om det på torsdag")
    assert late.status == 409
    assert "En anden kom dig i forkøbet" in late.text
    assert "Lad os tale om det på torsdag" in late.text
    assert browser.get(path).status == 404


def _pressed(scene: Scene, decision: Decision) -> None:
    press = decision.prepared(scene)
    counts = press.counts.format(case=scene.room.case_id)
    before = _number(scene, counts)
    answers = at_once(scene.owner, _senders(scene, decision, press))
    told = f"{decision}: {answers}"
    assert all(status < 500 for status, _ in answers), told
    assert {status for status, _ in answers} <= press.allowed, told
    assert not any("/sign-in" in where for _, where in answers) or decision.who == "anonymous", (
        f"sent to sign in: {told}"
    )
    assert min(status for status, _ in answers) < 400, f"nobody was let do it: {told}"
    assert _number(scene, counts) - before == press.makes, told
    if press.then is not None:
        press.then()
    for who, page in (*(("guide", page) for page in PAGES), ("young", "")):
        assert scene.get(who, scene.case + page) == 200, f"{decision}: {page} of the {who}"


def _senders(scene: Scene, decision: Decision, press: Press) -> list[Callable[[], TestResponse]]:
    same = str(uuid4())
    if decision.who == "anonymous":
        strangers = [Browser(scene.app, thorough=False) for _ in range(FOUR)]
        windows = [(stranger, stranger.csrf()) for stranger in strangers]
    else:
        windows = scene.browsers(decision.who)

    def sender(browser: Browser, token: str) -> Callable[[], TestResponse]:
        if press.method != "POST":
            more = {**press.more, "headers": {**press.more["headers"], "X-CSRFToken": token}}
            return lambda: browser.client.open(press.path, method=press.method, **more)
        number = same if press.same else str(uuid4())
        fields = {**as_sent(press.fields), "csrf_token": token, "submission": number}
        return lambda: browser.client.post(press.path, data=fields)

    return [sender(*window) for window in windows]


def _number(scene: Scene, counts: str) -> int:
    row = scene.owner.execute(counts).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return int(row[0])
