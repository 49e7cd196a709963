"""Putting right who somebody is: what follows, who reads it, and that nobody becomes somebody else by it."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import psycopg
import pytest
from flask import Flask

from portal.access.policy.roles import Capacity, Level
from portal.access.ticket import CaseTicket
from portal.demo.postgres import EmbeddedPostgres
from portal.errors import InvalidInput, NotFound, Refused
from portal.names import nearly_the_same
from portal.runtime import Runtime
from portal.services.members import corrections, team
from portal.services.members.citizens import NewCitizen
from portal.services.members.corrections import Proposal, WantedCorrection
from portal.services.members.joining import Joining
from portal.services.shared import audience
from tests.support.browser import Browser
from tests.support.story import Room, Someone, Story, compartments, years_ago

WHY = "Det var tastet forkert"


NUMBER, OTHER = "0101501232", "0202603455"


def propose(story: Story, room: Room, who: Someone, wanted: WantedCorrection) -> Proposal:
    return story.play(room, room.guide, lambda t: corrections.propose_correction(t, room.member(who), wanted))


def correct(story: Story, room: Room, who: Someone, wanted: WantedCorrection, why: str = WHY) -> None:
    """As the guide does it: what follows is looked at, then done."""

    def act(ticket: CaseTicket) -> None:
        mark = corrections.propose_correction(ticket, room.member(who), wanted).mark
        corrections.correct(ticket, uuid4(), room.member(who), wanted, why, mark)

    story.play(room, room.guide, act)


def born(room: Room, owner: psycopg.Connection) -> date:
    return owner.execute("select birth_date from cases where id = %s", [room.case_id]).fetchone()[0]  # type: ignore[index]


def parent(story: Story, room: Room, name: str = "Mona Mor", number: str = "") -> Someone:
    """A parent without custody, noted with that number."""
    terms = Joining(Capacity.PARENT, Level.READ)
    made = story.play(room, room.guide, lambda t: team.add_citizen(t, uuid4(), NewCitizen(name, number), terms))
    story.refresh(room)
    return next(Someone(person, name) for person, member in room.members.items() if member == made)


@pytest.fixture
def room(story: Story) -> Room:
    return story.case(parents=0, name="Ulla Ung")


@pytest.fixture
def mother(story: Story, room: Room) -> Someone:
    """Noted with a number nobody has come in with; the young person has said yes to her."""
    made = parent(story, room, number=NUMBER)
    story.consent(room, room.young)
    assert compartments(story, room, made)
    return Someone(made.id, made.name)


# Names


def test_a_name_is_put_right_told_in_the_log_and_read_by_the_person_with_the_reason(
    app: Flask, story: Story, room: Room, owner: psycopg.Connection
) -> None:
    guide, where = Browser(app, story.token(room.guide)), f"/cases/{room.case_id}/team/{room.member(room.young)}"
    page = guide.get(f"{where}/correct")
    shown = guide.submit(page, "reason", name="Ulla  Ungersen", reason=WHY)
    assert shown.status == 200
    assert "Er det rigtigt?" in shown.text
    assert owner.execute("select display_name from membership where id = %s", [room.member(room.young)]).fetchone() == (
        "Ulla Ung",
    )
    done = guide.submit(shown, "mark")
    assert guide.follow(done).path == where
    assert "Ulla Ungersen" in guide.get(f"/cases/{room.case_id}").soup.get_text()
    assert "rettede navnet for Ulla Ungersen (før: Ulla Ung)" in guide.get(f"/cases/{room.case_id}/log").text
    young = Browser(app, story.token(room.young))
    front = young.get(f"/cases/{room.case_id}")
    assert "Noget, der er noteret om dig, blev rettet" in front.text
    mine = young.get(next(link for link in front.links() if link.endswith("/about-me")))
    for said in ("Grete Guide rettede navnet", "Før: Ulla Ung. Nu: Ulla Ungersen.", WHY):
        assert said in mine.text, said
    assert WHY not in guide.get(f"/cases/{room.case_id}/log").text
    for table in ("correction", "audit_event"):
        for secret in (WHY, "Ungersen"):
            row = owner.execute(f"select count(*) from {table} t where t::text like %s", [f"%{secret}%"]).fetchone()  # type: ignore[arg-type]
            assert row == (0,), (table, secret)


def test_the_note_on_the_front_goes_away_and_the_page_keeps_it(app: Flask, story: Story, room: Room, calendar) -> None:  # type: ignore[no-untyped-def]
    correct(story, room, room.young, WantedCorrection("Ulla Ungersen", years_ago(17, 100)))
    calendar.move(days=31)
    young = Browser(app, story.token(room.young))
    assert "blev rettet" not in young.get(f"/cases/{room.case_id}").text
    assert "Før: Ulla Ung" in young.get(f"/cases/{room.case_id}/about-me").text


def test_others_read_that_it_was_done_and_neither_what_it_was_nor_why(
    app: Flask, story: Story, room: Room, mother: Someone, postgres: EmbeddedPostgres, runtime: Runtime
) -> None:
    correct(story, room, room.young, WantedCorrection("Ulla Ungersen", years_ago(17, 100)))
    log = Browser(app, story.token(mother)).get(f"/cases/{room.case_id}/log").text
    assert "rettede navnet for Ulla Ungersen" in log
    assert "(før:" not in log
    assert WHY not in Browser(app, story.token(mother)).get(f"/cases/{room.case_id}/about-me").text
    url = postgres.url("portal_app", str(runtime.engine.url.database))
    for who, rows in ((mother, 0), (room.young, 1), (room.guide, 1)):
        with psycopg.connect(url) as connection:
            connection.execute("select set_config('app.person_id', %s, true)", [str(who.id)])
            assert connection.execute("select count(*) from correction").fetchone() == (rows,), who.name


@pytest.mark.parametrize("name", ["", "  ", "\u200b"])
def test_a_name_nobody_can_read_is_none(name: str, story: Story, room: Room) -> None:
    with pytest.raises(InvalidInput, match="name: required"):
        propose(story, room, room.young, WantedCorrection(name, years_ago(17, 100)))


def test_a_reason_is_needed_and_something_that_differs(app: Flask, story: Story, room: Room) -> None:
    guide = Browser(app, story.token(room.guide))
    where = f"/cases/{room.case_id}/team/{room.member(room.young)}/correct"
    page = guide.submit(guide.get(where), "reason", name="Ulla Ungersen", reason=" ")
    assert page.status == 422
    assert page.soup.find("input", id="name")["value"] == "Ulla Ungersen", "nothing typed is lost"
    same = guide.submit(guide.get(where), "reason", reason=WHY)
    assert same.status == 422
    assert "Intet er anderledes" in same.text


# Becoming somebody else by name


def test_another_name_for_somebody_who_has_not_come_in_needs_the_yes_anew(
    story: Story, room: Room, mother: Someone
) -> None:
    """The young person said yes to her mother. A guide gives the place a friend's name, and the friend a code."""
    aunt = parent(story, room, "Tove Tante")
    story.consent(room, room.young)
    assert compartments(story, room, aunt)
    correct(story, room, aunt, WantedCorrection("Bent Bekendt"))
    assert compartments(story, room, aunt) == set()


def test_a_row_of_small_changes_leads_to_nobody_else_either(story: Story, room: Room) -> None:
    aunt = parent(story, room, "Tove Tante")
    story.consent(room, room.young)
    for name in ("Tove Tanten", "Tove Taneten"):
        correct(story, room, aunt, WantedCorrection(name))
        assert nearly_the_same(name, "Tove Tanten")
    assert compartments(story, room, aunt) == set(), "nearly the same as the one before, but not as the first"


def test_a_slip_of_the_pen_keeps_the_yes_and_so_does_a_new_name_of_somebody_who_has_come_in(
    story: Story, room: Room
) -> None:
    aunt = parent(story, room, "Tove Tannte")
    story.consent(room, room.young)
    correct(story, room, aunt, WantedCorrection("Tove Tante"))
    assert compartments(story, room, aunt), "letters put right"
    story.play(room, aunt, audience.audience_picture)
    correct(story, room, aunt, WantedCorrection("Tove Gift"))
    assert compartments(story, room, aunt), "she is who she was, under a new name"


# Who may, and when


def test_only_the_guide_corrects_and_nobody_a_professional(story: Story, room: Room, mother: Someone) -> None:
    colleague = story.staff("Kim Kollega")
    story.add(room, colleague, Level.WRITE)
    wanted = WantedCorrection("Andet Navn", years_ago(17, 100))
    for who in (room.young, mother, colleague):
        with pytest.raises(Refused):
            story.play(room, who, lambda t: corrections.propose_correction(t, room.member(room.young), wanted))
        with pytest.raises(Refused):
            story.play(room, who, lambda t: corrections.correct(t, uuid4(), room.member(room.young), wanted, WHY, ""))
    for target in (room.member(colleague), room.member(room.guide), uuid4()):
        with pytest.raises(NotFound):
            story.play(room, room.guide, lambda t, m=target: corrections.propose_correction(t, m, wanted))


def test_the_second_wall_lets_nobody_else_write_a_correction(
    living: Runtime, world, postgres: EmbeddedPostgres
) -> None:  # type: ignore[no-untyped-def]
    line = """insert into correction
                  (id, case_id, membership_id, field, reason_sealed, renews, shuts_out, made_at, made_by_id)
              values (gen_random_uuid(), %s, %s, 'name', 'x', true, %s, now(), %s)"""
    change = "update membership set display_name = 'x', person_id = %s where case_id = %s"
    with psycopg.connect(postgres.url("portal_app", str(living.engine.url.database)), autocommit=True) as connection:
        for kind in ("teacher", "colleague", "young person", "custody holder", "stranger", "administrator"):
            who = world.people[kind]
            connection.execute("select set_config('app.person_id', %s, false)", [str(who.id)])
            about, mine = world.room.member(world.people["teacher"]), world.room.members.get(who.id, uuid4())
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(line, [world.room.case_id, about, False, mine])
        guide = world.people["guide"]
        connection.execute("select set_config('app.person_id', %s, false)", [str(guide.id)])
        mine = world.room.member(guide)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(line, [world.room.case_id, mine, True, mine])  # who is shut out is not for the guide
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(change, [uuid4(), world.room.case_id])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("update cases set birth_date = '2000-01-01'")
        for kind in ("guide", "stranger", "leader", "auditor"):
            connection.execute("select set_config('app.person_id', %s, false)", [str(world.people[kind].id)])
            asked = connection.execute("select * from cases_of_professional(%s)", [guide.id]).fetchall()
            assert asked == [], kind


def test_what_was_read_is_what_happens_or_it_is_shown_anew(story: Story, room: Room, owner: psycopg.Connection) -> None:
    """Somebody else is let in between looking and pressing: the guide looks once more."""
    wanted = WantedCorrection("Ulla Ung", years_ago(18, 30))
    mark = propose(story, room, room.young, wanted).mark
    teacher = story.staff("Lars Lærer", "Skolen")
    story.add(room, teacher, Level.READ)
    story.consent(room, room.young)
    before = born(room, owner)

    def act(ticket: CaseTicket) -> None:
        corrections.correct(ticket, uuid4(), room.member(room.young), wanted, WHY, mark)

    with pytest.raises(InvalidInput, match="correction_moved_on"):
        story.play(room, room.guide, act)
    assert born(room, owner) == before


def test_sending_it_twice_corrects_once(story: Story, room: Room, owner: psycopg.Connection) -> None:
    wanted, form = WantedCorrection("Ulla Ungersen", years_ago(17, 100)), uuid4()
    mark = propose(story, room, room.young, wanted).mark
    for _ in range(2):
        story.play(room, room.guide, lambda t: corrections.correct(t, form, room.member(room.young), wanted, WHY, mark))
    assert owner.execute("select count(*) from correction").fetchone() == (1,)


def test_correcting_asks_for_a_fresh_proof(app: Flask, story: Story, room: Room, runtime: Runtime) -> None:
    from portal.access.signin import sessions

    with runtime.unit_of_work() as session:
        token = sessions.start(session, room.guide.id, "password", strong=False)
    answer = Browser(app, token).get(f"/cases/{room.case_id}/team/{room.member(room.young)}/correct")
    assert answer.headers["Location"] == "/step-up"


# What is noted about me


def test_everybody_reads_what_is_noted_about_themselves_and_a_custody_holder_also_while_shut_out(
    app: Flask, story: Story, owner: psycopg.Connection
) -> None:
    room = story.case(born=date(2009, 5, 1), national_id="010509-4004", parents=1)
    story.consent(room, room.young)
    young = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/about-me").text
    for said in ("Ulla Ung", "1. maj 2009", "010509-····"):
        assert said in young, said
    assert "4004" not in young
    story.set_level(room, room.parents[0], Level.NONE)
    closed = Browser(app, story.token(room.parents[0])).get(f"/cases/{room.case_id}/about-me")
    assert closed.status == 200
    assert "Mona Mor" in closed.text
    assert "forældremyndighed" in closed.text
    assert "Ulla" not in closed.text
    lines = owner.execute("select count(*) from audit_event where event = 'own_data.viewed'").fetchone()
    assert lines == (2,)
    guide = Browser(app, story.token(room.guide)).get(f"/cases/{room.case_id}/about-me").text
    assert "En administrator retter dem" in guide


def test_a_professional_is_told_where_names_come_from(app: Flask, story: Story, room: Room) -> None:
    colleague = story.staff("Kim Kollega")
    story.add(room, colleague)
    page = Browser(app, story.token(room.guide)).get(f"/cases/{room.case_id}/team/{room.member(colleague)}")
    assert "Navn, stilling og enhed kommer fra kontoen" in page.text
    assert not [link for link in page.links() if link.endswith("/correct")]
