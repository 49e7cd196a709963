"""What of a Word file goes into the plan is chosen by whoever sent it: they alone, while others write on."""

from __future__ import annotations

import re
from uuid import uuid4

import psycopg
import pytest
from flask import Flask

from portal.access.policy.roles import Level
from portal.services.plans import agreement
from tests.support.browser import Browser
from tests.support.story import Room, Story
from tests.support.word_trip import TOOL, Trip, begun, typed, write


@pytest.fixture
def room(story: Story) -> Room:
    return begun(story)


# Meanwhile


def test_what_somebody_writes_while_another_chooses_is_shown_before_anything_is_put_in(
    trip: Trip, story: Story, room: Room
) -> None:
    page = trip.edited(typed("now.goal", "Mit nye mål"))
    write(story, room, room.guide, **{"now.goal": "Guidens mål"})
    refused = trip.choose(page)
    assert refused.status == 422
    assert "Nogen skrev her, mens du valgte" in refused.text
    assert "Grete Guide har skrevet noget andet her imens" in refused.text
    assert trip.answers()["now.goal"] == "Guidens mål"
    trip.choose(refused, **{"now.goal": "mine"})
    assert trip.answers()["now.goal"] == "Mit nye mål"


def test_an_agreed_version_stays_and_the_word_file_begins_the_next(trip: Trip, story: Story, room: Room) -> None:
    content = trip.taken_out()
    story.play(room, room.guide, lambda t: agreement.propose_plan(t, uuid4(), TOOL, 1, trip.newest().revision))
    for who in (room.guide, room.young):
        proposal = trip.newest().proposal_id
        assert proposal is not None
        story.play(room, who, lambda t, p=proposal: agreement.accept_proposal(t, uuid4(), TOOL, 1, p))
    page = trip.edited(typed("now.goal", "Et nyt mål"), content)
    assert "begynder en ny version" in page.text
    for _ in range(2):
        trip.choose(page)  # an impatient finger
    assert trip.newest().number == 2
    assert trip.answers()["now.goal"] == "Et nyt mål"
    assert "Jeg vil bo selv" in trip.browser.get(f"{trip.at}/versions/1").text


def test_nothing_changed_is_said_and_the_same_file_again_is_a_version_of_it(
    trip: Trip, owner: psycopg.Connection
) -> None:
    content = trip.taken_out()
    assert "Der er ikke noget at tage stilling til" in trip.put_in(content).text
    trip.put_in(content)
    assert owner.execute("select count(distinct file_id), max(number) from file_version").fetchone() == (1, 2)
    assert "ikke valgt endnu" in trip.browser.get(trip.at).text
    for _ in range(2):
        page = trip.browser.get(next(a for a in trip.browser.get(trip.at).links() if re.search(r"/word/.+/\d$", a)))
        trip.browser.submit(page, "/leave")
    assert "ikke valgt endnu" not in trip.browser.get(trip.at).text


# Who may


def test_a_trip_is_its_senders_own_and_needs_the_right_to_write(
    trip: Trip, story: Story, room: Room, app: Flask
) -> None:
    page = trip.edited(typed("now.goal", "Mit nye mål"))
    guide = Browser(app, story.token(room.guide))
    assert guide.get(page.path).status == 404
    assert guide.post(page.path, {"submission": str(uuid4()), "choose.now.goal": "mine"}).status == 404
    assert guide.post(f"{page.path}/leave", {"submission": str(uuid4())}).status == 404
    assert "ikke valgt endnu" not in guide.get(trip.at).text
    story.set_level(room, room.young, Level.READ)
    for path in (f"{trip.at}/word", page.path):
        assert trip.browser.get(path).status == 403
    assert trip.choose(page).status == 403
    assert "skrevet i Word" not in trip.browser.get(trip.at).text
    story.set_level(room, room.young, Level.WRITE)
    assert trip.answers()["now.goal"] == "Jeg vil bo selv"


def test_nothing_is_opened_before_the_scanner_has_let_it_through(trip: Trip, owner: psycopg.Connection) -> None:
    page = trip.edited(typed("now.goal", "Mit nye mål"))
    owner.execute("update file_version set scan = 'waiting'")
    waits = trip.browser.get(page.path)
    assert "bliver tjekket for virus" in waits.text
    assert "Mit nye mål" not in waits.text
    assert trip.choose(page).status == 422
    owner.execute("update file_version set scan = 'refused'")
    assert trip.browser.get(page.path).status == 403
    assert trip.choose(page).status == 403
    assert trip.answers()["now.goal"] == "Jeg vil bo selv"
    owner.execute("update file_version set scan = 'clean'")
    trip.choose(page)
    assert trip.answers()["now.goal"] == "Mit nye mål"


def test_a_trip_leaves_its_trace_without_a_word(trip: Trip, owner: psycopg.Connection) -> None:
    trip.choose(trip.edited(typed("now.goal", "Mit nye mål")))
    told = owner.execute(
        "select event, array(select json_object_keys(fields::json)) from audit_event where actor_id = %s and event like"
        " 'schema.%%' order by seq",
        [trip.who.id],
    ).fetchall()
    events = [event for event, _fields in told]
    for event in ("schema.brought", "schema.compared", "schema.changed", "schema.merged"):
        assert event in events
    assert {field for _event, fields in told for field in fields} <= {"version", "number", "format"}
    assert "lagde ord fra en Word-fil ind i version 1" in trip.browser.get(f"/cases/{trip.room.case_id}/log").text
