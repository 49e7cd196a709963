"""Putting right who somebody is: what follows, who reads it, and that nobody becomes somebody else by it."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from portal import clock
from portal.access.policy.facts import Party
from portal.access.policy.roles import Capacity, Level
from portal.access.ticket import CaseTicket
from portal.demo.postgres import EmbeddedPostgres
from portal.errors import InvalidInput, NotFound, Refused
from portal.names import nearly_the_same
from portal.runtime import House
from portal.services.consents import requests
from portal.services.members import citizens, corrections, team
from portal.services.members.citizens import NewCitizen
from portal.services.members.corrections import Proposal, Wanted
from portal.services.members.joining import Joining
from portal.services.shared import audience
from tests.support.browser import Browser
from tests.support.story import Room, Someone, Story, shelves, years_ago

WHY = "Det var tastet forkert"
NUMBER, OTHER = "0101501232", "0202603455"


def propose(story: Story, room: Room, who: Someone, wanted: Wanted) -> Proposal:
    return story.play(room, room.guide, lambda t: corrections.propose(t, room.member(who), wanted))


def correct(story: Story, room: Room, who: Someone, wanted: Wanted, why: str = WHY) -> None:
    """As the guide does it: what follows is looked at, then done."""

    def act(ticket: CaseTicket) -> None:
        mark = corrections.propose(ticket, room.member(who), wanted).mark
        corrections.correct(ticket, uuid4(), room.member(who), wanted, why, mark)

    story.play(room, room.guide, act)


def born(room: Room, owner: psycopg.Connection) -> date:
    return owner.execute("select birth_date from cases where id = %s", [room.case_id]).fetchone()[0]  # type: ignore[index]


def person_of(owner: psycopg.Connection, member: UUID) -> UUID:
    return owner.execute("select person_id from membership where id = %s", [member]).fetchone()[0]  # type: ignore[index]


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
    assert shelves(story, room, made)
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
    correct(story, room, room.young, Wanted("Ulla Ungersen", years_ago(17, 100)))
    calendar.move(days=31)
    young = Browser(app, story.token(room.young))
    assert "blev rettet" not in young.get(f"/cases/{room.case_id}").text
    assert "Før: Ulla Ung" in young.get(f"/cases/{room.case_id}/about-me").text


def test_others_read_that_it_was_done_and_neither_what_it_was_nor_why(
    app: Flask, story: Story, room: Room, mother: Someone, postgres: EmbeddedPostgres, house: House
) -> None:
    correct(story, room, room.young, Wanted("Ulla Ungersen", years_ago(17, 100)))
    log = Browser(app, story.token(mother)).get(f"/cases/{room.case_id}/log").text
    assert "rettede navnet for Ulla Ungersen" in log
    assert "(før:" not in log
    assert WHY not in Browser(app, story.token(mother)).get(f"/cases/{room.case_id}/about-me").text
    url = postgres.url("portal_app", str(house.engine.url.database))
    for who, rows in ((mother, 0), (room.young, 1), (room.guide, 1)):
        with psycopg.connect(url) as connection:
            connection.execute("select set_config('app.person_id', %s, true)", [str(who.id)])
            assert connection.execute("select count(*) from correction").fetchone() == (rows,), who.name


@pytest.mark.parametrize("name", ["", "  ", "\u200b"])
def test_a_name_nobody_can_read_is_none(name: str, story: Story, room: Room) -> None:
    with pytest.raises(InvalidInput, match="name: required"):
        propose(story, room, room.young, Wanted(name, years_ago(17, 100)))


def test_a_reason_is_needed_and_something_that_differs(app: Flask, story: Story, room: Room) -> None:
    guide = Browser(app, story.token(room.guide))
    where = f"/cases/{room.case_id}/team/{room.member(room.young)}/correct"
    page = guide.submit(guide.get(where), "reason", name="Ulla Ungersen", reason=" ")
    assert page.status == 422
    assert page.soup.find("input", id="name")["value"] == "Ulla Ungersen", "nothing typed is lost"
    same = guide.submit(guide.get(where), "reason", reason=WHY)
    assert same.status == 422
    assert "Intet er anderledes" in same.text


# Birth dates


def test_a_birth_date_moves_the_18th_birthday_and_everything_that_hangs_on_it(
    app: Flask, story: Story, owner: psycopg.Connection
) -> None:
    """Typed a year too late: the young person is an adult, the mother sees nothing without a new yes, and no custody
    holder is asked any more."""
    room = story.case(parents=1, born=years_ago(17, 30))
    teacher = story.staff("Lars Lærer", "Skolen")
    story.add(room, teacher, Level.READ)
    story.consent(room, room.young)
    assert not shelves(story, room, teacher), "the custody holder's yes is missing"
    assert shelves(story, room, room.parents[0])
    right = years_ago(18, 30)
    proposal = propose(story, room, room.young, Wanted("Ulla Ung", right))
    effects = {one.membership.display_name: (len(one.opens), len(one.shuts)) for one in proposal.effects.people}
    assert effects["Lars Lærer"][0] > 0
    assert (proposal.of_age_before - proposal.of_age) > timedelta(days=360)
    guide = Browser(app, story.token(room.guide))
    where = f"/cases/{room.case_id}/team/{room.member(room.young)}/correct"
    parts = {"birth_date-day": right.day, "birth_date-month": right.month, "birth_date-year": right.year}
    shown = guide.submit(guide.get(where), "reason", reason=WHY, **{k: str(v) for k, v in parts.items()})
    assert "Fylder 18 år den" in shown.text
    assert "Lars Lærer" in shown.text
    assert born(room, owner) == years_ago(17, 30)
    assert guide.submit(shown, "mark").status == 303
    assert born(room, owner) == right
    assert shelves(story, room, teacher), "an adult's own yes is enough"
    givers = story.play(room, room.guide, requests.givers)
    assert [one.display_name for one in givers] == ["Ulla Ung"]
    asked = owner.execute(
        "select 1 from access_notice where person_id = %s and consent_asked_until > now()", [room.parents[0].id]
    ).fetchall()
    assert asked == []
    log = guide.get(f"/cases/{room.case_id}/log").text
    assert "rettede fødselsdatoen for Ulla Ung (før:" in log
    assert "18 år" in guide.get(f"/cases/{room.case_id}").soup.select_one(".case-name").get_text(" ")


def test_a_birth_date_that_makes_an_adult_a_minor_shuts_what_needs_the_custody_holders(story: Story) -> None:
    room = story.case(parents=1, born=years_ago(18, 30))
    teacher = story.staff("Lars Lærer", "Skolen")
    story.add(room, teacher, Level.READ)
    story.consent(room, room.young)
    assert shelves(story, room, teacher)
    correct(story, room, room.young, Wanted("Ulla Ung", years_ago(17, 30)))
    assert shelves(story, room, teacher) == set()
    story.consent(room, room.parents[0])
    assert shelves(story, room, teacher)


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (clock.now().date() + timedelta(days=2), "birth_date_future"),
        (years_ago(4), "birth_date_range"),
        (years_ago(60), "birth_date_range"),
        (None, "required"),
    ],
)
def test_a_birth_date_that_cannot_be_is_refused(day: date | None, code: str, story: Story, room: Room) -> None:
    with pytest.raises(InvalidInput, match=f"birth_date: {code}"):
        propose(story, room, room.young, Wanted("Ulla Ung", day))


def test_a_case_that_has_lasted_does_not_keep_a_date_wrong(story: Story, calendar) -> None:  # type: ignore[no-untyped-def]
    """Somebody who was 24 when the case was opened is 26 by now, and 25 is as old as a case is opened for."""
    room = story.case(parents=0, born=years_ago(24, 300))
    calendar.move(days=500)
    right = years_ago(26, 20)
    correct(story, room, room.young, Wanted("Ulla Ung", right))
    assert story.play(room, room.guide, lambda t: t.case.birth_date) == right


def test_number_and_birth_date_say_the_same(story: Story, owner: psycopg.Connection) -> None:
    on = date(2009, 5, 1)
    room = story.case(parents=0, born=on, national_id="010509-4004")
    with pytest.raises(InvalidInput, match="birth_date_other_than_cpr"):
        propose(story, room, room.young, Wanted("Ulla Ung", date(2009, 5, 2)))
    with pytest.raises(InvalidInput, match="cpr_other_birth_date"):
        propose(story, room, room.young, Wanted("Ulla Ung", on, "020509-4002"))
    correct(story, room, room.young, Wanted("Ulla Ung", date(2009, 5, 2), "020509-4002"))
    assert born(room, owner) == date(2009, 5, 2)
    shown = story.play(room, room.guide, lambda t: team.show_national_id(t, room.member(room.young)))
    assert shown == "0205094002"


# Numbers


def test_a_number_put_right_before_anybody_came_in_gives_the_place_to_whoever_has_it(
    story: Story, room: Room, mother: Someone, owner: psycopg.Connection
) -> None:
    correct(story, room, mother, Wanted("Mona Mor", national_id=OTHER))
    now = person_of(owner, room.member(mother))
    assert now != mother.id
    assert shelves(story, room, mother) == set(), "the person before keeps nothing"
    windows = owner.execute("select count(*) from access_window where person_id = %s", [mother.id]).fetchone()
    assert windows == (0,)
    with story.acting(room.guide) as actor:
        cpr = citizens.checked_cpr(OTHER, "national_id")
        assert citizens.find_or_make(actor, cpr) == now


def test_a_place_that_may_be_somebody_elses_by_now_needs_the_yes_anew(
    app: Flask, story: Story, room: Room, mother: Someone, owner: psycopg.Connection
) -> None:
    """A guide who writes a friend's number at the mother's place does not get the friend in by the yes to her."""
    proposal = propose(story, room, mother, Wanted("Mona Mor", national_id=OTHER))
    assert proposal.renews
    assert [giver.display_name for giver in proposal.named_by] == ["Ulla Ung"]
    assert [one.membership.display_name for one in proposal.effects.people] == ["Mona Mor"]
    correct(story, room, mother, Wanted("Mona Mor", national_id=OTHER))
    friend = Someone(person_of(owner, room.member(mother)), "Mona Mor")
    assert shelves(story, room, friend) == set()
    assert story.play(room, room.young, requests.asks_me) == 1
    line = next(
        line
        for line in story.play(room, room.young, lambda t: requests.request(t, t.membership.id)).parties
        if line.party == Party(membership_id=room.member(mother))
    )
    assert not line.granted
    assert (
        "rettede CPR-nummeret for Mona Mor"
        in Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/log").text
    )
    story.refresh(room)
    story.consent(room, room.young)
    assert shelves(story, room, friend), "with a new yes she is in"


def test_taking_the_number_away_leaves_a_place_for_a_code_and_nothing_to_the_person_before(
    story: Story, room: Room, mother: Someone, owner: psycopg.Connection
) -> None:
    correct(story, room, mother, Wanted("Mona Mor", forget_number=True))
    assert owner.execute(
        "select national_id_sealed from membership where id = %s", [room.member(mother)]
    ).fetchone() == (None,)
    assert shelves(story, room, mother) == set()


def test_codes_made_for_the_person_before_stop_working(story: Story, room: Room, owner: psycopg.Connection) -> None:
    aunt = story.add_citizen(room, "Tove Tante", Capacity.NETWORK_PERSON)
    story.play(room, room.guide, lambda t: team.make_code(t, room.member(aunt)))
    correct(story, room, aunt, Wanted("Tove Tante", national_id=OTHER))
    left = owner.execute("select count(*) from invitation_code where used_at is null and expires_at > now()").fetchone()
    assert left == (0,)


def test_whoever_used_a_code_is_not_moved_by_writing_a_number(
    story: Story, room: Room, house: House, owner: psycopg.Connection
) -> None:
    """Nor before they have looked at anything: with a code alone, only they can have used it."""
    links(owner, "u", room.young)
    with pytest.raises(InvalidInput, match="number_in_use"):
        propose(story, room, room.young, Wanted("Ulla Ung", years_ago(17, 100), number_of(years_ago(17, 100))))


def links(owner: psycopg.Connection, subject: str, person: Someone) -> None:
    """As if they had come in with an eID of theirs."""
    owner.execute(
        "insert into eid_link (id, issuer, subject, person_id, linked_at, came_by) "
        "values (gen_random_uuid(), 'https://eid.example', %s, %s, now(), 'number')",
        [subject, person.id],
    )


def number_of(day: date) -> str:
    return f"{day:%d%m%y}-4{day.year % 1000:03d}"


def test_a_correction_does_not_tell_whether_a_number_is_known_elsewhere(
    app: Flask, story: Story, room: Room, owner: psycopg.Connection
) -> None:
    """Of two numbers one belongs to somebody who has come in in another case. Written and taken back, shown and done:
    what the guide meets is the same."""
    elsewhere = story.case(story.guide("Else Ekstern"), parents=0, name="Unni Uvedkommende")
    known = parent(story, elsewhere, "Kendt Person", NUMBER)
    story.consent(elsewhere, elsewhere.young)
    story.play(elsewhere, known, lambda t: audience.picture(t))
    links(owner, "known", known)
    met = []
    for name, number in (("Første Person", NUMBER), ("Anden Person", OTHER)):
        here = parent(story, room, name)
        guide = Browser(app, story.token(room.guide))
        where = f"/cases/{room.case_id}/team/{room.member(here)}"
        first = guide.submit(guide.get(f"{where}/correct"), "reason", national_id=number, reason=WHY)
        done = guide.follow(guide.submit(first, "mark"))
        again = guide.get(f"{where}/correct")
        back = guide.submit(again, "reason", forget_number="y", reason=WHY)
        gone = guide.follow(guide.submit(back, "mark"))
        told = [page.text.replace(name, "X").replace(number[:6], "DDMMYY") for page in (first, done, again, back, gone)]
        met.append([(page.status, text) for page, text in zip((first, done, again, back, gone), told, strict=True)])
    assert met[0] == met[1]
    assert shelves(story, elsewhere, known), "and whoever has the number keeps what is theirs"


def test_the_number_of_another_member_is_refused(story: Story, room: Room, mother: Someone) -> None:
    aunt = story.add_citizen(room, "Tove Tante", Capacity.NETWORK_PERSON)
    with pytest.raises(InvalidInput, match="already_member"):
        correct(story, room, aunt, Wanted("Tove Tante", national_id=NUMBER))


@pytest.mark.parametrize("number", ["123", "3213991234", "²", "\x00", "0101991234x", "9" * 5000])
def test_a_number_that_cannot_be_is_refused_at_its_field(
    number: str, story: Story, room: Room, mother: Someone
) -> None:
    with pytest.raises(InvalidInput, match="national_id: cpr_impossible"):
        propose(story, room, mother, Wanted("Mona Mor", national_id=number))


def test_no_number_is_kept_in_clear_nor_what_it_was(
    story: Story, room: Room, mother: Someone, owner: psycopg.Connection
) -> None:
    correct(story, room, mother, Wanted("Mona Mor", national_id=OTHER))
    for table in ("correction", "membership", "audit_event", "national_id", "procrastinate_jobs"):
        for number in (NUMBER, OTHER):
            row = owner.execute(f"select count(*) from {table} t where t::text like %s", [f"%{number}%"]).fetchone()  # type: ignore[arg-type]
            assert row == (0,), (table, number)
    kept = owner.execute("select before_sealed, after_sealed from correction where field = 'national_id'").fetchall()
    assert kept == [(None, None)]


# Becoming somebody else by name


def test_another_name_for_somebody_who_has_not_come_in_needs_the_yes_anew(
    story: Story, room: Room, mother: Someone
) -> None:
    """The young person said yes to her mother. A guide gives the place a friend's name, and the friend a code."""
    aunt = parent(story, room, "Tove Tante")
    story.consent(room, room.young)
    assert shelves(story, room, aunt)
    correct(story, room, aunt, Wanted("Bent Bekendt"))
    assert shelves(story, room, aunt) == set()


def test_a_row_of_small_changes_leads_to_nobody_else_either(story: Story, room: Room) -> None:
    aunt = parent(story, room, "Tove Tante")
    story.consent(room, room.young)
    for name in ("Tove Tanten", "Tove Taneten"):
        correct(story, room, aunt, Wanted(name))
        assert nearly_the_same(name, "Tove Tanten")
    assert shelves(story, room, aunt) == set(), "nearly the same as the one before, but not as the first"


def test_a_slip_of_the_pen_keeps_the_yes_and_so_does_a_new_name_of_somebody_who_has_come_in(
    story: Story, room: Room
) -> None:
    aunt = parent(story, room, "Tove Tannte")
    story.consent(room, room.young)
    correct(story, room, aunt, Wanted("Tove Tante"))
    assert shelves(story, room, aunt), "letters put right"
    story.play(room, aunt, audience.picture)
    correct(story, room, aunt, Wanted("Tove Gift"))
    assert shelves(story, room, aunt), "she is who she was, under a new name"


# Who may, and when


def test_only_the_guide_corrects_and_nobody_a_professional(story: Story, room: Room, mother: Someone) -> None:
    colleague = story.staff("Kim Kollega")
    story.add(room, colleague, Level.WRITE)
    wanted = Wanted("Andet Navn", years_ago(17, 100))
    for who in (room.young, mother, colleague):
        with pytest.raises(Refused):
            story.play(room, who, lambda t: corrections.propose(t, room.member(room.young), wanted))
        with pytest.raises(Refused):
            story.play(room, who, lambda t: corrections.correct(t, uuid4(), room.member(room.young), wanted, WHY, ""))
    for target in (room.member(colleague), room.member(room.guide), uuid4()):
        with pytest.raises(NotFound):
            story.play(room, room.guide, lambda t, m=target: corrections.propose(t, m, wanted))


def test_the_second_wall_lets_nobody_else_write_a_correction(living: House, world, postgres: EmbeddedPostgres) -> None:  # type: ignore[no-untyped-def]
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
    wanted = Wanted("Ulla Ung", years_ago(18, 30))
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
    wanted, form = Wanted("Ulla Ungersen", years_ago(17, 100)), uuid4()
    mark = propose(story, room, room.young, wanted).mark
    for _ in range(2):
        story.play(room, room.guide, lambda t: corrections.correct(t, form, room.member(room.young), wanted, WHY, mark))
    assert owner.execute("select count(*) from correction").fetchone() == (1,)


def test_correcting_asks_for_a_fresh_proof(app: Flask, story: Story, room: Room, house: House) -> None:
    from portal.access.signin import sessions

    with house.unit_of_work() as session:
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
    shut = Browser(app, story.token(room.parents[0])).get(f"/cases/{room.case_id}/about-me")
    assert shut.status == 200
    assert "Mona Mor" in shut.text
    assert "forældremyndighed" in shut.text
    assert "Ulla" not in shut.text
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
