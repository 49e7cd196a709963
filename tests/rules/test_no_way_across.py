"""Somebody who belongs to two cases: the address of one never reaches a thing of the other.

Row-level security cannot help here, for both cases are theirs: every verb itself must look inside its own case.
"""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest
from flask import Flask

from portal.services.consents import overrides, requests
from portal.services.files import conflicts
from portal.services.members import team_wishes
from portal.services.messages import threads
from portal.services.plans import editing
from tests.consents.test_overrides import today
from tests.rules.routes import CASE_ROUTES, Route, Target
from tests.support.browser import Browser
from tests.support.story import PDF, Room, Story, compartment_id


@pytest.fixture
def two(story: Story) -> tuple[Room, Target, Room, Target]:
    """Two cases of one guide, each with one of everything that has an address."""
    guide = story.guide()
    (first, things), (second, others) = (_furnished(story, story.case(guide, name=n)) for n in ("Asta", "Bertil"))
    return first, things, second, others


def _furnished(story: Story, room: Room) -> tuple[Room, Target]:
    guide = room.guide
    teacher = story.staff("Lars Lærer", "Skolen")
    story.add(room, teacher)
    consent_id = story.consent(room, room.young, {"Skolen": ("shared",)})
    file_id = story.file(room, guide)
    upload = story.upload("plan.pdf", PDF + b"% mine")
    seen = story.upload("plan.pdf", PDF + b"% theirs")
    story.play(room, guide, lambda t: conflicts.bring(t, uuid4(), file_id, seen, 1))
    held = story.play(room, guide, lambda t: conflicts.bring(t, uuid4(), file_id, upload, 1)).held_id
    assert held is not None
    member = room.member(teacher)
    override_id = story.play(
        room,
        guide,
        lambda t: overrides.override(t, uuid4(), member, ("shared",), today(t, 20), "Barnets lov § 32", "Haster"),
    )
    mother = room.member(room.parents[0])
    story.play(room, guide, lambda t: overrides.freeze(t, uuid4(), [mother], today(t, 7), "Underretning"))
    freeze_id = story.play(room, guide, lambda t: overrides.freezes(t)[-1].id)
    wish_id = story.play(room, room.young, lambda t: team_wishes.propose_wishes(t, uuid4(), "Bent Bold", ""))
    story.plan(room, guide)
    story.play(room, room.young, lambda t: editing.begin_plan(t, uuid4(), "network_overview"))
    asked = story.play(room, guide, lambda t: requests.request(t, room.member(room.young)))
    thread_id = story.thread(room, guide, "shared", "Emne", "Hej")
    message_id = story.play(room, guide, lambda t: threads.thread(t, thread_id).messages[0].id)
    return room, Target(
        case_id=room.case_id,
        file_id=file_id,
        thread_id=thread_id,
        message_id=message_id,
        compartment_id=story.play(room, guide, lambda t: compartment_id(t, "shared")),
        membership_id=member,
        giver_id=room.member(room.young),
        consent_id=consent_id,
        party=next(line.key for line in asked.parties if line.granted),
        colleague_id=story.guide("Gerda Guide", "Voksne").id,
        parent_id=room.member(room.parents[1]),
        override_id=override_id,
        freeze_id=freeze_id,
        wish_id=wish_id,
        held_id=held,
        row=story.confide(room, room.young, "Vi er uvenner"),
        meeting_id=story.meeting(room, guide),
    )


def _of_a_thing(route: Route, things: Target, others: Target) -> bool:
    """Whether the address names a thing of a case. Colleagues are of no case."""
    mixed = Target(**{**vars(things), "case_id": others.case_id, "colleague_id": others.colleague_id})
    return route.path(mixed) != route.path(others)


def test_the_guide_of_two_cases_reaches_nothing_of_one_from_the_other(
    app: Flask, story: Story, two: tuple[Room, Target, Room, Target], owner: psycopg.Connection
) -> None:
    first, things, second, others = two
    browser = Browser(app, story.token(first.guide), thorough=False)
    token = browser.csrf()
    mixed = Target(**{**vars(things), "case_id": second.case_id})
    routes = [route for route in CASE_ROUTES if _of_a_thing(route, things, others)]
    assert len(routes) > 40
    before = _rows(owner)
    for route in routes:
        for way in (mixed, Target(**{**vars(others), "case_id": first.case_id})):
            path = route.path(way)
            page = browser.get(path) if route.method == "GET" else browser.post(path, _form(), token)
            assert page.status in (403, 404), f"{route}: {page.status} {page.text[:300]}"
    assert _rows(owner) == before


def test_each_of_those_addresses_is_alive_in_its_own_case(
    app: Flask, story: Story, two: tuple[Room, Target, Room, Target]
) -> None:
    """Or the test above would pass for things that are nowhere."""
    first, things, _, others = two
    browser = Browser(app, story.token(first.guide), thorough=False)
    for route in CASE_ROUTES:
        if route.method == "GET" and _of_a_thing(route, things, others):
            page = browser.get(route.path(things))
            assert page.status in (200, 204, 403) or route.endpoint in MADE_BY_OTHERS, f"{route}: {page.status}"


MADE_BY_OTHERS = {"previews.picture", "previews.page", "consent_papers.scan", "versions.break_off", "word.compare",
                  "dav.links", "old_forms.correct", "hand_over.register"}  # fmt: skip
"""Pages that the file of this story has not got, nor the consent, an end of an editing that nobody began, and answers
in a file that is no tool's; nor is it one for a word processor, or a form made elsewhere; nor is the case offered."""


def _form() -> dict[str, str]:
    return {"submission": str(uuid4()), "confirm": "y", "words": "Nej", "body": "Hej", "folder": "", "reason": "Fordi"}


def _rows(owner: psycopg.Connection) -> dict[str, int]:
    """How many rows every table but the trace and what any page leaves behind has."""
    names = owner.execute("select tablename from pg_tables where schemaname = 'public' order by 1").fetchall()
    saved = {name for (name,) in names} - {"audit_event", "audit_head", "login", "submission", "alembic_version"}
    found = {}
    for name in sorted(saved):
        row = owner.execute(f'select count(*) from "{name}"').fetchone()  # type: ignore[arg-type]
        assert row is not None
        found[name] = row[0]
    return found
