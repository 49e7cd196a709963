"""What the young person tells the guide alone reaches nobody else: on no page or paper, in no copy, by no search, in no
answer to a page's script, and by no question to the database."""

from __future__ import annotations

import json
from uuid import uuid4

import psycopg
import pytest
from flask import Flask

from portal.access.policy.roles import Level
from portal.demo.postgres import EmbeddedPostgres
from portal.errors import InvalidInput
from portal.runtime import Runtime
from portal.services.members import confidences, handover
from portal.services.plans import confidential, editing, saving
from portal.services.plans.open_plan import open_plan
from tests.exports.test_exports import opened, packed
from tests.plans.test_tools import agree, newest
from tests.rules.test_leak_channels import _opened
from tests.support.browser import Browser, Page
from tests.support.story import Room, Someone, Story
from tests.support.world import BETWEEN_TWO, CONFIDED, MEMBERS, STRANGERS, World

TOOL = "network_map"
SCRIPT = {"Accept": "application/json"}
SECRETS = (CONFIDED, "Svært", "Hvordan har I det sammen", "between_us", "quality")
"""The words, the choice, the question and its key: somebody else is not even told that they are asked for."""


@pytest.fixture
def room(story: Story) -> Room:
    return story.case(parents=1, parent_level=Level.WRITE)


@pytest.fixture
def row(story: Story, room: Room) -> str:
    return story.confide(room, room.young, CONFIDED)


def case(room: Room) -> str:
    return f"/cases/{room.case_id}"


def everywhere(browser: Browser, room: Room, row: str) -> dict[str, Page]:
    """The map, asked for in every way there is."""
    start, token = f"{case(room)}/plan/{TOOL}", browser.csrf()
    wrote = {"number": "1", "revision": "0", "about.notice": "Noget andet"}
    pages = {
        place: browser.get(f"{start}{place}")
        for place in ("", "/write", "/versions/1", "/versions/1/changes", "/live?number=1")
    }
    pages |= {kind: browser.get(f"{start}/versions/1/paper/{kind}") for kind in ("pdf", "docx")}
    pages["saved"] = browser.post(f"{start}/write", wrote, token, headers=SCRIPT)
    pages["search"] = browser.post(f"{case(room)}/search", {"words": CONFIDED[:8]}, token)
    pages["log"] = browser.get(f"{case(room)}/log")
    pages["overview"] = browser.get(f"{case(room)}/plan/network_overview")
    pages["law"] = browser.get(f"{case(room)}/plan/laws/job_plan/pdf")
    pages["front"] = browser.get(case(room))
    return pages


def test_only_the_young_person_and_the_guide_read_it(
    app: Flask, story: Story, room: Room, row: str, owner: psycopg.Connection
) -> None:
    colleague, mother = story.staff("Kim Kollega"), room.parents[0]
    story.add(room, colleague)
    for who in (room.young, room.guide):
        page = Browser(app, story.token(who)).get(f"{case(room)}/plan/{TOOL}")
        assert CONFIDED in page.text
        assert "Kun Ulla Ung og Grete Guide ser det her" in page.text
    story.consent(room, room.young)
    for who in (colleague, mother):
        for place, page in everywhere(Browser(app, story.token(who)), room, row).items():
            told = _opened(page)
            # What somebody typed into the search is repeated to them.
            told = told.replace(f"”{CONFIDED[:8]}”", "")
            assert not [secret for secret in SECRETS if secret in told], (who.name, place)
            assert page.status == (404 if place == "law" else 200), (place, page.status)
        copy = opened(story, room, who, packed(story, room, who, owner))
        everything = b"".join(copy.read(name) for name in copy.namelist()).decode("utf-8", "replace")
        assert "Moster Mia" in everything
        assert not [secret for secret in SECRETS if secret in everything]


def test_it_is_on_no_paper_for_the_two_either(
    app: Flask, story: Story, room: Room, row: str, owner: psycopg.Connection
) -> None:
    """What is printed or taken out is handed round."""
    for who in (room.young, room.guide):
        browser = Browser(app, story.token(who))
        for kind in ("pdf", "docx"):
            told = _opened(browser.get(f"{case(room)}/plan/{TOOL}/versions/1/paper/{kind}"))
            assert "Moster Mia" in told or kind == "pdf"
            assert CONFIDED not in told
        assert CONFIDED not in browser.get(f"{case(room)}/plan/{TOOL}/versions/1/changes").everything
        shown = browser.get(f"{case(room)}/plan/{TOOL}").soup.find(string=CONFIDED)
        assert shown is not None
        assert shown.find_parent(class_="no-print")


def test_nobody_else_can_write_it(app: Flask, story: Story, room: Room, row: str, owner: psycopg.Connection) -> None:
    colleague = story.staff("Kim Kollega")
    story.add(room, colleague)
    told = {f"people.{row}.between_us": "ikke mine ord"}
    with pytest.raises(InvalidInput, match="not_yours_to_fill"):
        story.play(room, colleague, lambda t: saving.save(open_plan(t, TOOL), 1, 0, told, {}))
    browser = Browser(app, story.token(colleague))
    fields = {"number": "1", "revision": "0", **told}
    sent = browser.post(
        f"{case(room)}/plan/{TOOL}/write", fields, browser.csrf(), headers={"Accept": "application/json"}
    )
    assert list(json.loads(sent.response.data)["faults"]) == [f"people.{row}.between_us"]
    assert confided(story, room, room.young)[f"people.{row}.between_us"] == CONFIDED


def confided(story: Story, room: Room, who: Someone) -> dict[str, str]:
    page = newest(story, room, who, TOOL)
    return story.play(room, who, lambda t: confidential.read_confidential(t, page))


def test_the_database_shows_it_to_the_two_alone(living: Runtime, world: World, postgres: EmbeddedPostgres) -> None:
    url = postgres.url("portal_app", str(living.engine.url.database))
    told = "select count(*) from audit_event where chain_id = %s and event = 'schema.confided'"
    plant = """insert into plan_confided (id, plan_id, case_id, compartment_id, confided_compartment_id, address,
               number, kind, words_sealed, created_at, created_by_id)
               values (%s, %s, %s, %s, %s, 'a.b.c', 9, 'made', 'x', now(), %s)"""
    with psycopg.connect(postgres.url("postgres", str(living.engine.url.database))) as everything:
        plan = everything.execute("select id from plan where tool = 'network_map'").fetchone()
        assert plan is not None
    for kind in (*MEMBERS, *STRANGERS):
        with psycopg.connect(url) as connection:
            connection.execute("select set_config('app.person_id', %s, true)", [str(world.people[kind].id)])
            rows = connection.execute("select address, words_sealed from plan_confided").fetchall()
            assert bool(rows) == (kind in BETWEEN_TWO), kind
            assert not [address for address, words in rows if CONFIDED.encode() in bytes(words)], "it is sealed too"
            lines = connection.execute(told, [world.room.case_id]).fetchone()
            assert lines == (1 if kind in BETWEEN_TWO else 0,), kind
            if kind in MEMBERS:
                by = world.room.member(world.people[kind])
                lies_in = [world.compartments["shared"], world.compartments["guide_only"]]
                row = [uuid4(), plan[0], world.room.case_id, *lies_in, by]
                if kind in BETWEEN_TWO:
                    connection.execute(plant, row)
                    connection.rollback()
                else:
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        connection.execute(plant, row)


def test_a_guide_who_handed_the_case_over_reads_it_no_more_and_the_next_only_if_the_young_person_says_so(
    story: Story, room: Room, row: str
) -> None:
    """Everything else that was confided: tests/rules/test_confidences.py."""
    assert confided(story, room, room.guide)[f"people.{row}.between_us"] == CONFIDED
    taker = story.guide("Nikolaj Ny")
    story.play(room, room.guide, lambda t: handover.offer(t, uuid4(), taker.id))
    story.play(room, taker, lambda t: handover.accept_handover(t, uuid4()))
    assert confided(story, room, taker) == confided(story, room, room.guide) == {}
    assert confided(story, room, room.young)[f"people.{row}.between_us"] == CONFIDED
    (asked,) = story.play(room, room.young, confidences.questions)
    assert asked.answers > 0
    to = room.member(taker) if taker.id in room.members else asked.guide.id
    story.play(room, room.young, lambda t: confidences.answer_confidence(t, uuid4(), asked.compartment_id, to, "yes"))
    assert confided(story, room, taker)[f"people.{row}.between_us"] == CONFIDED
    assert confided(story, room, room.guide) == {}


def test_it_is_kept_apart_from_versions_and_their_agreement(story: Story, room: Room, row: str) -> None:
    """Agreeing on the map and beginning the next version, by whoever, neither takes it along nor loses it."""
    agree(story, room, TOOL)
    colleague = story.staff("Kim Kollega")
    story.add(room, colleague)
    story.play(room, colleague, lambda t: editing.renew(t, uuid4(), TOOL))
    page = newest(story, room, room.young, TOOL)
    assert page.number == 2
    assert not [words for words in page.answers.values() if CONFIDED in words]
    assert confided(story, room, room.guide)[f"people.{row}.between_us"] == CONFIDED


def test_the_two_at_the_same_answer_keep_both_their_words(app: Flask, story: Story, room: Room, row: str) -> None:
    young, guide = (Browser(app, story.token(who)) for who in (room.young, room.guide))
    at, write = f"people.{row}.between_us", f"{case(room)}/plan/{TOOL}/write"
    first, second = young.get(write), guide.get(write)
    assert young.submit(first, "plan-form", **{at: "Mine ord", "done": "yes"}).status == 303
    met = guide.submit(second, "plan-form", **{at: "Guidens ord", "done": "yes"})
    assert met.status == 422
    assert "Mine ord" in met.text
    assert "Guidens ord" in met.text
    assert confided(story, room, room.young)[at] == "Mine ord"
    assert guide.submit(met, "plan-form", **{at: "Guidens ord", "done": "yes"}).status == 303
    assert confided(story, room, room.young)[at] == "Guidens ord"


def test_that_somebody_is_confiding_is_said_to_nobody(app: Flask, story: Story, room: Room, row: str) -> None:
    young, guide = (Browser(app, story.token(who)) for who in (room.young, room.guide))
    start = f"{case(room)}/plan/{TOOL}"
    colleague = story.staff("Kim Kollega")
    story.add(room, colleague)
    other = Browser(app, story.token(colleague))
    before = other.get(f"{start}/live?number=1")
    live = guide.get(f"{start}/live?number=1")
    assert json.loads(live.response.data)["answers"][f"people.{row}.between_us"] == CONFIDED
    young.post(f"{start}/here", {"number": "1", "address": f"people.{row}.between_us"}, young.csrf())
    fields = {
        "number": "1",
        "revision": "0",
        f"people.{row}.between_us": "Nye ord",
        f"was.people.{row}.between_us": CONFIDED,
    }
    assert young.post(f"{start}/write", fields, young.csrf(), headers={"Accept": "application/json"}).status == 200
    after = other.get(f"{start}/live?number=1", headers={"If-None-Match": before.headers["ETag"]})
    assert after.status == 304, "nothing that others can see has changed"
    news = guide.get(f"{start}/live?number=1", headers={"If-None-Match": live.headers["ETag"]})
    assert json.loads(news.response.data)["answers"][f"people.{row}.between_us"] == "Nye ord"
    assert json.loads(news.response.data)["here"] == {}
