"""Answers that cannot be, or that meet something unforeseen: each tried, each clear, nothing typed lost."""

from __future__ import annotations

import json
import re
from io import BytesIO
from uuid import uuid4

import pytest
from flask import Flask
from pypdf import PdfReader

from portal.access.policy.roles import Level
from portal.access.ticket import CaseTicket
from portal.models import PlanVersion
from portal.services.plans import editing, plans, saving
from portal.services.plans.open_plan import open_plan
from tests.support.browser import held
from tests.support.story import Room, Story
from tests.support.word_trip import Trip, add, typed

TOOL = "goals_and_agreements"
FULL = ("Jeg vil have et job. " * 5000)[:100_000].strip().ljust(100_000, "x")


@pytest.fixture
def room(story: Story) -> Room:
    room = story.case()
    for tool in (TOOL, "intervention_overview"):
        story.play(room, room.guide, lambda t, tool=tool: editing.begin_plan(t, uuid4(), tool))
    return room


@pytest.fixture
def trip(app: Flask, story: Story, room: Room) -> Trip:
    return Trip(app, story, room, room.guide)


def test_dates_out_of_order_are_told_at_their_field_whichever_of_the_two_was_changed(trip: Trip, story: Story) -> None:
    at, room = f"/cases/{trip.room.case_id}/plan/intervention_overview/write", trip.room
    given = {"title": "Mentor", "from": "2026-01-01", "until": "2026-06-30"}
    row = story.play(
        room, room.guide, lambda t: editing.add_row(open_plan(t, "intervention_overview"), 1, "support", **given)
    )
    for changed in ({f"support.{row}.until": "2025-12-31"}, {f"support.{row}.from": "2026-07-01"}):
        page = trip.browser.get(at)
        refused = trip.browser.submit(page, "plan-form", **changed, **{f"support.{row}.title": "Ny mentor"})
        assert refused.status == 422
        fault = refused.soup.find(id="faults").find("a")  # type: ignore[union-attr]
        assert fault["href"] == f"#support.{row}.until"  # type: ignore[index]
        assert "ligger før den dato" in refused.soup.find(id=f"support.{row}.until-error").get_text()  # type: ignore
        saved = held(refused.form("plan-form"))
        assert saved[f"support.{row}.title"] == "Ny mentor"
        ((address, typed),) = changed.items()
        year, month, day = typed.split("-")
        assert saved[address] == ["date", day.lstrip("0"), month.lstrip("0"), year]
    done = trip.browser.submit(refused, "plan-form", **{f"support.{row}.until": "2026-08-01"})
    assert done.status == 303
    assert "Ny mentor" in trip.browser.get(at.removesuffix("/write")).text


def test_as_much_as_one_answer_may_hold_goes_everywhere_and_comes_back(trip: Trip, story: Story, room: Room) -> None:
    page = trip.browser.get(f"{trip.at}/write")
    assert trip.browser.submit(page, "plan-form", **{"now.goal": FULL}).status == 303
    assert trip.answers()["now.goal"] == FULL
    assert FULL[-200:] in trip.browser.get(trip.at).text
    assert FULL[-200:] in trip.browser.get(f"{trip.at}/versions/1/changes").text
    pdf = PdfReader(BytesIO(trip.browser.get(f"{trip.at}/versions/1/paper/pdf").response.data))
    told = re.sub(r"\s", "", "".join(leaf.extract_text() for leaf in pdf.pages))
    assert told.count("job.") == FULL.count("job."), "a page may end in the middle of a sentence"
    same = trip.put_in(trip.taken_out())
    assert "Der er ikke noget at tage stilling til" in same.text
    more = trip.edited(typed("now.goal", f"{FULL} og et mere"))
    refused = trip.choose(more)
    assert refused.status == 422
    assert "højst have 100000 tegn" in refused.text
    assert trip.answers()["now.goal"] == FULL


def test_a_row_more_than_there_is_room_for_is_told_and_the_rest_can_still_come_in(
    trip: Trip, story: Story, room: Room
) -> None:
    def fill(ticket: CaseTicket) -> None:
        page = plans.show_plan(ticket, TOOL)
        assert page is not None
        row = ticket.load(PlanVersion, page.newest.id)
        ids = " ".join(f"{number:08x}" for number in range(200))
        ticket.seal(row, "answers", json.dumps({"goals": ids, "goals.000000c7.words": "Sidst"}))
        saving.save(open_plan(ticket, TOOL), 1, 0, {"now.goal": "Et mål"})

    story.play(room, room.guide, fill)

    def edit(document) -> None:  # type: ignore[no-untyped-def]
        typed("goals.new.words", "Det næste")(document)
        typed("goals.000000c7.words", "Det sidste")(document)

    page = trip.edited(edit)
    refused = trip.choose(page)
    assert refused.status == 422
    assert "Der er allerede 200" in refused.text
    trip.choose(refused, **{"goals.new0": "no"})
    assert trip.answers()["goals.000000c7.words"] == "Det sidste"


def test_a_responsible_who_left_stays_named_in_word_and_cannot_be_named_anew(
    trip: Trip, story: Story, room: Room
) -> None:
    left = story.staff("Vera Væk")
    story.add(room, left)
    row = add(story, room, "agreements", what="Finder en bolig", who=str(room.member(left)))
    other = add(story, room, "agreements", what="Ringer til skolen")
    story.set_level(room, left, Level.NONE)

    def edit(document) -> None:  # type: ignore[no-untyped-def]
        typed(f"agreements.{row}.what", "Finder en lejlighed")(document)
        typed(f"agreements.{other}.who", "Vera Væk")(document)

    page = trip.edited(edit)
    assert page.text.count("Det kan ikke læses som et svar her") == 1
    trip.choose(page)
    assert trip.answers()[f"agreements.{row}.who"] == str(room.member(left))
    assert not trip.answers().get(f"agreements.{other}.who")


def test_words_written_in_a_row_that_another_tab_took_out_are_shown_and_kept(
    trip: Trip, story: Story, room: Room
) -> None:
    row = add(story, room, "goals", words="Jeg skal i skole")
    first, second = trip.browser.get(f"{trip.at}/write"), trip.browser.get(f"{trip.at}/write")
    trip.browser.submit(first, "plan-form", move=f"goals.{row}.out")
    told = trip.browser.submit(second, "plan-form", **{f"goals.{row}.words": "Jeg skal i skole hver dag"})
    assert told.status == 422
    assert "er taget ud imens" in told.soup.find(id="faults").get_text()  # type: ignore[union-attr]
    assert "Jeg skal i skole hver dag" in told.text
    assert "Jeg skal i skole hver dag" in trip.browser.get(f"{trip.at}/versions/1/changes").text
    quiet = trip.browser.submit(second, "plan-form", **{"now.goal": "Et mål"})
    assert quiet.status == 303, "who wrote nothing there is told nothing"
    assert trip.answers()["now.goal"] == "Et mål"
