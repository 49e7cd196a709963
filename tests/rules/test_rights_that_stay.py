"""A right does not end with access: every kind of person who has it, in every way of being shut out, with both walls
and with either of them alone, reads, gives and takes back their own consents, and reads the log of their own data."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from portal import clock
from portal.access.policy.roles import Level
from portal.demo.postgres import EmbeddedPostgres
from portal.runtime import Runtime
from portal.services.consents import declare, overrides, requests
from portal.services.members import leaving, team
from portal.services.oversight import case_log
from portal.services.shared import audience
from tests.rules.leaks import NIGHT
from tests.rules.walls import second_wall_down
from tests.support.browser import Browser
from tests.support.story import Room, Someone, Story, compartments, years_ago

KINDS = ("young person", "young adult", "custody holder", "parent whose custody ended", "parent of an adult")


STATES = ("none", "frozen", "frozen and kept", "not opened", "left")


ASKED = {"young person", "young adult", "custody holder"}


"""Those who are asked for consent today, and so may give one."""


MEETINGS = [
    (kind, state)
    for kind in KINDS
    for state in STATES
    if not (state == "left" and kind in ("young person", "young adult"))
]


@dataclass
class Scene:
    story: Story
    room: Room
    who: Someone
    kind: str
    state: str
    teacher: Someone

    @property
    def member(self) -> UUID:
        return self.room.member(self.who)

    def says_yes(self) -> UUID:
        return self.story.consent(self.room, self.who)


@pytest.fixture
def scene(request: pytest.FixtureRequest, story: Story, calendar) -> Scene:  # type: ignore[no-untyped-def]
    """Somebody of a kind who said yes once, and is shut out now in one of the ways there are."""
    kind, state = request.param
    at_first = Level.NONE if state == "not opened" else Level.READ
    born = {"young adult": years_ago(18, 100), "parent of an adult": years_ago(18, -5)}.get(kind, years_ago(17, 100))
    room = story.case(born=born, parents=2, young_level=at_first, parent_level=at_first)
    who = room.young if kind.startswith("young") else room.parents[0]
    teacher = story.staff("Lars Lærer", "Skolen")
    story.add(room, teacher, Level.READ)
    made = Scene(story, room, who, kind, state, teacher)
    made.says_yes()
    if kind.endswith("ended"):
        story.play(room, room.guide, lambda t: team.set_custody(t, room.member(who), False))
    if kind == "parent of an adult":
        calendar.move(days=10)
    story.play(room, room.guide, audience.audience_picture)
    story.play(room, room.guide, lambda t: requests.standing_consents(t))
    _frozen_out(made, calendar)
    return made


def _frozen_out(scene: Scene, calendar) -> None:  # type: ignore[no-untyped-def]
    story, room, who = scene.story, scene.room, scene.who
    if scene.state == "none":
        story.set_level(room, who, Level.NONE)
    elif scene.state == "left":
        story.consent(room, room.young)
        story.play(room, who, lambda t: leaving.leave_case(t, uuid4(), "other"))
    elif scene.state.startswith("frozen"):
        calendar.move(days=2)

        def freeze(ticket):  # type: ignore[no-untyped-def]
            day = clock.today(ticket.profile.zone) + timedelta(days=7)
            overrides.freeze(ticket, uuid4(), [scene.member], day, "Underretning")

        def keep(ticket):  # type: ignore[no-untyped-def]
            day = clock.today(ticket.profile.zone) + timedelta(days=7)
            overrides.keep_frozen(ticket, uuid4(), overrides.freezes(ticket)[0].id, day, "Stadig")

        story.play(room, room.guide, freeze)
        if scene.state.endswith("kept"):
            calendar.move(days=3)
            story.play(room, room.guide, keep)
    story.play(room, room.guide, audience.audience_picture)
    assert compartments(story, room, who) == set()


@pytest.fixture(params=["both walls", "the ticket alone"])
def walls(request: pytest.FixtureRequest, runtime: Runtime, postgres: EmbeddedPostgres):  # type: ignore[no-untyped-def]
    """The portal as it is, and with row-level security gone. (The database alone: below, without the application.)"""
    with ExitStack() as stack:
        yield runtime if request.param == "both walls" else stack.enter_context(second_wall_down(runtime, postgres))


def _seqs(owner: psycopg.Connection, scene: Scene) -> set[int]:
    """The lines of the log that are this person's to read, found without the code that finds them."""
    rows = owner.execute(
        "select seq, at, event, membership_id, item_id from audit_event where chain_id = %s", [scene.room.case_id]
    ).fetchall()
    given = {row[0] for row in owner.execute("select id from consent where giver_id = %s", [scene.member])}
    hidden = owner.execute(
        "select min(log_hidden_from) from access_freeze where membership_id = %s", [scene.member]
    ).fetchone()
    until = hidden[0] if hidden else None
    untold = {
        "freeze.set",
        "freeze.kept",
        "freeze.lifted",
        "wish.made",
        "wish.answered",
        "schema.confided",
        "level.set",
    }
    citizens = {
        row[0]
        for row in owner.execute(
            "select id from membership where case_id = %s and unit_id is null", [scene.room.case_id]
        )
    }
    looking = {event.value for event in case_log.READING}
    found = set()
    for seq, at, event, member, item in rows:
        mine = scene.kind.startswith("young") or (
            event not in untold and (member == scene.member or item == scene.member or item in given)
        )
        if event in looking and member in citizens - {scene.member}:
            continue  # what a citizen looked at is for that citizen
        if mine and (until is None or at < until):
            found.add(seq)
    return found


IN_TURN = MEETINGS if NIGHT else MEETINGS[::2]


"""Behind each wall alone every second one in each run; the database alone and the pages meet all of them."""


@pytest.mark.parametrize("scene", IN_TURN, indirect=True, ids=str)
def test_own_consents_are_read_given_and_taken_back(
    scene: Scene, walls: Runtime, story: Story, owner: psycopg.Connection
) -> None:
    scene.story = Story(walls)
    room, who = scene.room, scene.who

    def current(ticket):  # type: ignore[no-untyped-def]
        return requests.request(ticket, ticket.membership.id).current

    if scene.kind == "parent of an adult":
        assert scene.story.play(room, who, current) is None, "over, and read under what was signed"
    else:
        assert scene.story.play(room, who, current) is not None
    if scene.kind in ASKED:
        made = scene.says_yes()
        assert owner.execute("select giver_id from consent where id = %s", [made]).fetchone() == (scene.member,)
    if scene.kind != "parent of an adult":
        consent_id = scene.story.play(room, who, current).id
        scene.story.play(room, who, lambda t: declare.withdraw_consent(t, uuid4(), consent_id, "all"))
        assert scene.story.play(room, who, current) is None
        assert compartments(story, room, scene.teacher) == set(), "it takes effect at once, whoever is shut out"


@pytest.mark.parametrize("scene", IN_TURN, indirect=True, ids=str)
def test_the_log_of_ones_own_data_is_read_as_far_as_it_goes(
    scene: Scene, walls: Runtime, owner: psycopg.Connection
) -> None:
    expected = _seqs(owner, scene)
    page = Story(walls).play(scene.room, scene.who, lambda t: case_log.log(t, None, ""))
    found = {line.seq for visit in page.visits for line in visit.lines}
    assert found == expected
    assert len(expected) > 2
    assert (page.hidden_from is not None) == scene.state.startswith("frozen")


@pytest.mark.parametrize("scene", MEETINGS, indirect=True, ids=str)
def test_the_database_alone_gives_the_same_and_nothing_else(
    scene: Scene, runtime: Runtime, postgres: EmbeddedPostgres, owner: psycopg.Connection
) -> None:
    expected, case_id = _seqs(owner, scene), scene.room.case_id
    with psycopg.connect(postgres.url("portal_app", str(runtime.engine.url.database))) as connection:
        connection.execute("select set_config('app.person_id', %s, true)", [str(scene.who.id)])
        seen = connection.execute("select seq from audit_event where chain_id = %s", [case_id]).fetchall()
        assert {row[0] for row in seen} == expected
        own = connection.execute("select giver_id from consent where case_id = %s", [case_id]).fetchall()
        assert {row[0] for row in own} == {scene.member}
        (consent_id,) = connection.execute("select id from consent where case_id = %s", [case_id]).fetchone()  # type: ignore[misc]
        back = """insert into consent_withdrawal (id, case_id, giver_id, consent_id, withdrawn_at, registered_by_id)
                  values (%s, %s, %s, %s, now(), %s)"""
        connection.execute(back, [uuid4(), case_id, scene.member, consent_id, scene.member])
        for table in ("cases", "case_key", "compartment", "team_level", "file", "message", "thread", "access_freeze"):
            column = "id" if table == "cases" else "case_id"
            rows = connection.execute(f"select 1 from {table} where {column} = %s", [case_id])  # type: ignore[arg-type]
            assert rows.fetchall() == [], table
        others = "select 1 from membership where case_id = %s and person_id <> %s"
        assert connection.execute(others, [case_id, scene.who.id]).fetchall() == []


@pytest.mark.parametrize("scene", MEETINGS, indirect=True, ids=str)
def test_the_pages_lead_there(scene: Scene, app: Flask, story: Story) -> None:
    """From the page they meet, and from the list of their cases, by what they can press."""
    case = f"/cases/{scene.room.case_id}"
    browser = Browser(app, story.token(scene.who))
    met = browser.get(case)
    assert met.status == 403
    assert "Grete Guide, Familie og unge" in met.text
    listed = browser.get("/cases")
    for page in (met, listed):
        assert f"{case}/consents/mine" in page.links()
        assert f"{case}/log" in page.links()
        assert " kl. " not in page.text, "a day, and not a minute"
    mine = browser.get(f"{case}/consents/mine")
    assert mine.status == 200
    receipts = [link for link in mine.links() if "/receipt" in link]
    assert receipts
    assert browser.get(receipts[0]).everything.startswith("%PDF")
    if scene.kind in ASKED:
        assert "Skolen" in browser.get(f"{case}/consents/give").text
    else:
        assert f"{case}/consents/give" not in mine.links()
    log = browser.get(f"{case}/log")
    assert log.status == 200
    assert ("vises ikke lige nu" in log.text) == scene.state.startswith("frozen")
    if scene.kind != "parent of an adult":
        page = browser.get(next(link for link in mine.links() if link.endswith("/withdraw/all")))
        done = browser.follow(browser.submit(page, "submission"))
        assert "Samtykket er trukket tilbage" in done.text
        assert compartments(story, scene.room, scene.teacher) == set()
