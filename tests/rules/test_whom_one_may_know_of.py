"""That somebody is in a case can be health information. People of a case know of each other only where they share
something; elsewhere no page, paper or copy names them, their job or where they work."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from flask import Flask

from portal import clock
from portal.access.policy.roles import Level
from portal.access.ticket import CaseTicket
from portal.demo.postgres import EmbeddedPostgres
from portal.errors import Refused
from portal.runtime import Runtime
from portal.services.cases import move, overview
from portal.services.files import files
from portal.services.meetings import schedule
from portal.services.plans import editing, external_forms, saving
from portal.services.plans.external_forms import FormFacts
from portal.services.plans.open_plan import open_plan
from portal.services.shared import audience
from tests.rules.leaks import browser_of, in_every_run
from tests.rules.routes import CASE_ROUTES, own
from tests.rules.test_leak_channels import _opened
from tests.support.story import HERE, PDF, Story, compartment_id
from tests.support.world import MEMBERS, World

TOOL = "goals_and_agreements"
CLOSED_IN = ("waiting", "neighbour without a yes")
"""In the case and never let in: only those who answer for it know of them."""
MET = ("closed", "custody holder shut out")
"""Were let in once, to what most see: they may be known."""
ASKED_FOR_CONSENT = ("consents.", "consent_papers.", "people.index")
"""Whoever is asked for consent is told about whom, and reads later what they said."""
READERS = [kind for kind in MEMBERS if kind not in ("guide", "young person")]


def unknown_to(reader: str, world: World) -> list[str]:
    """The kinds of people that a reader may not know of: nothing is open to both."""
    others = set(MEMBERS) - {reader, "guide", "young person", *MET}
    return sorted(kind for kind in others if not world.sees[kind] & world.sees[reader])


def words_about(kind: str, world: World) -> set[str]:
    """What would tell who that is: name, job and place of work."""
    someone = world.people[kind]
    words = {someone.name, *(part for part in someone.name.split() if len(part) > 3)}
    return words | ({PLACES[kind], f"{PLACES[kind]}-medarbejder"} if kind in PLACES else set())


PLACES = {"psychiatrist": "Psykiatrien", "specialist": "Klinikken", "teacher": "Skolen", "waiting": "Jobcenter"}
"""Where nobody else works."""


def test_waiting_for_the_case_changes_no_language(story: Story) -> None:
    """Of somebody they may not know of, whoever reads English is told in English also after a decision."""
    room = story.case(parents=0)

    def decide(ticket: CaseTicket) -> str:
        ticket.language = "en"
        ticket.lock_case()
        return ticket.language

    assert story.play(room, room.guide, decide) == "en"


@pytest.fixture
def busy(living: Runtime, world: World) -> World:
    """The world after everybody has done something, and the guide has named everybody wherever somebody is named."""
    story, room, guide = Story(living), world.room, world.people["guide"]
    everyone = [room.member(who) for who in world.people.values() if who.id in room.members]
    for kind in ("specialist", "teacher", "aunt", "psychiatrist", "custody holder", "colleague"):
        for look in (overview.overview, audience.audience_picture, files.list_files):
            story.play(room, world.people[kind], look)
        with pytest.raises(Refused):
            story.play(room, world.people[kind], lambda t: t.require(files.Action.TEAM_CHANGE))
    # A tool that names them, a form made with them, a meeting they were at, a new level.
    for kind in ("specialist", "teacher", "waiting", "aunt"):
        row = story.play(room, guide, lambda t: editing.add_row(open_plan(t, TOOL), 1, "agreements", what="Noget"))
        member = str(room.member(world.people[kind]))
        named = {f"agreements.{row}.who": member, f"agreements.{row}.helpers": member}
        revision = story.play(room, guide, lambda t: editing.begun(t, TOOL).newest.revision)
        story.play(room, guide, lambda t, n=named, r=revision: saving.save(open_plan(t, TOOL), 1, r, n))
        story.set_level(room, world.people[kind], Level.WRITE if kind == "specialist" else Level.READ)
    made_on = clock.today(HERE) - timedelta(days=30)
    upload = story.upload("gammel.pdf", PDF)
    about = FormFacts(made_on, everyone, "")
    story.play(room, guide, lambda t: external_forms.add_external_form(t, uuid4(), TOOL, upload, about))
    story.play(room, guide, lambda t: schedule.who_is_here(t, world.meeting_id, set(everyone), False))
    # Something of theirs that is moved to where others see it keeps being somebody else's.
    moved = story.file(room, world.people["specialist"], "health", "flyttet.pdf")
    story.play(room, guide, lambda t: move.move_file(t, moved, compartment_id(t, "shared")))
    world.files["moved"] = moved
    return world


@pytest.mark.parametrize(
    "reader", in_every_run("specialist", "teacher", "aunt", "custody holder", "waiting", at_night=READERS)
)
def test_nobody_is_named_to_somebody_they_share_nothing_with(
    reader: str, living_app: Flask, living: Runtime, busy: World
) -> None:
    hidden = unknown_to(reader, busy)
    words = {word for kind in hidden for word in words_about(kind, busy)}
    browser, token = browser_of(reader, living_app, living, busy)
    paths = {route.path(own(busy, compartment)): route for route in CASE_ROUTES for compartment in ("shared", "health")}
    asked_for_consent = reader.startswith("custody holder")
    for path, route in paths.items():
        if route.method != "GET" or (asked_for_consent and route.endpoint.startswith(ASKED_FOR_CONSENT)):
            continue
        told = _opened(browser.get(path))
        assert not [word for word in words if word in told], f"{reader} at {path}"
    case = f"/cases/{busy.room.case_id}"
    for path in (f"{case}/files/{busy.files['moved']}", f"{case}/plan/{TOOL}/elsewhere", f"{case}/log?only=machine"):
        told = browser.get(path).everything
        assert not [word for word in words if word in told], f"{reader} at {path}"
    found = browser.post(f"{case}/search", {"words": "flyttet"}, token).everything
    assert not [word for word in words if word in found], reader


def test_those_who_share_something_and_those_who_answer_for_the_case_are_told_all_of_it(
    living_app: Flask, living: Runtime, busy: World
) -> None:
    """Or the test above could not fail."""
    log, plan = f"/cases/{busy.room.case_id}/log", f"/cases/{busy.room.case_id}/plan/{TOOL}"
    assert set(unknown_to("teacher", busy)) == {"specialist", *CLOSED_IN}
    assert set(unknown_to("specialist", busy)) == {"teacher", "aunt", *CLOSED_IN}
    for reader, named in {
        "guide": ("Sonja Særlig", "Lars Lærer", "Vibe Venter"),
        "psychiatrist": ("Sonja Særlig", "Lars Lærer"),
        "specialist": ("Petra Psykiater",),
        "teacher": ("Lukas Lukket",),
    }.items():
        browser, _ = browser_of(reader, living_app, living, busy)
        told = browser.get(log).text
        assert [name for name in named if name not in told] == [], reader
    browser, _ = browser_of("psychiatrist", living_app, living, busy)
    assert "Sonja Særlig" in browser.get(plan).text
    browser, _ = browser_of("teacher", living_app, living, busy)
    told = browser.get(log).text
    assert "En anden i sagen" in told
    assert "for en anden i sagen til" in browser.get(f"{log}?only=changes").text, "whose access was set"
    assert "En anden i sagen" in browser.get(plan).text
    assert "En anden i sagen" in browser.get(f"/cases/{busy.room.case_id}/files/{busy.files['moved']}").text
    browser.post("/language/en", {})
    assert "somebody else in the case" in browser.get(f"{log}?only=changes").text
    young, _ = browser_of("young person", living_app, living, busy)
    told = young.get(log).text + young.get(f"{log}?only=changes").text
    assert "Klinikken-medarbejder" in told, "what they are"
    assert "Sonja Særlig" not in told, "but no names of staff, whether they acted or were acted on"
    assert "Lars Lærer" not in told


@pytest.mark.parametrize("reader", ["teacher", "aunt"])
def test_a_copy_of_the_case_names_nobody_else_either(
    reader: str, living: Runtime, busy: World, postgres: EmbeddedPostgres
) -> None:
    from tests.exports.test_exports import opened, packed

    story, someone = Story(living), busy.people[reader]
    with psycopg.connect(postgres.url("postgres", str(living.engine.url.database)), autocommit=True) as owner:
        package = opened(story, busy.room, someone, packed(story, busy.room, someone, owner))
    everything = b"".join(package.read(name) for name in package.namelist()).decode("utf-8", "replace")
    assert "En anden i sagen" in everything
    for kind in unknown_to(reader, busy):
        assert not [word for word in words_about(kind, busy) if word in everything], kind
