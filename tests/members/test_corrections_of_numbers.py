"""Birth dates and CPR numbers put right: what follows, and whose place in the case it is afterwards."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from portal import clock
from portal.access.policy.facts import Party
from portal.access.policy.roles import Capacity, Level
from portal.errors import InvalidInput
from portal.runtime import Runtime
from portal.services.consents import requests
from portal.services.members import citizens, team
from portal.services.members.corrections import WantedCorrection
from portal.services.shared import audience
from tests.members.test_corrections import NUMBER, OTHER, WHY, born, correct, parent, propose
from tests.support.browser import Browser
from tests.support.story import HERE, Room, Someone, Story, compartments, years_ago


def person_of(owner: psycopg.Connection, member: UUID) -> UUID:
    return owner.execute("select person_id from membership where id = %s", [member]).fetchone()[0]  # type: ignore[index]


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
    assert not compartments(story, room, teacher), "the custody holder's yes is missing"
    assert compartments(story, room, room.parents[0])
    right = years_ago(18, 30)
    proposal = propose(story, room, room.young, WantedCorrection("Ulla Ung", right))
    effects = {one.membership.display_name: (len(one.opens), len(one.closes)) for one in proposal.effects.people}
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
    assert compartments(story, room, teacher), "an adult's own yes is enough"
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
    assert compartments(story, room, teacher)
    correct(story, room, room.young, WantedCorrection("Ulla Ung", years_ago(17, 30)))
    assert compartments(story, room, teacher) == set()
    story.consent(room, room.parents[0])
    assert compartments(story, room, teacher)


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (clock.today(HERE) + timedelta(days=2), "birth_date_future"),
        (years_ago(4), "birth_date_range"),
        (years_ago(60), "birth_date_range"),
        (None, "required"),
    ],
)
def test_a_birth_date_that_cannot_be_is_refused(day: date | None, code: str, story: Story, room: Room) -> None:
    with pytest.raises(InvalidInput, match=f"birth_date: {code}"):
        propose(story, room, room.young, WantedCorrection("Ulla Ung", day))


def test_a_case_that_has_lasted_does_not_keep_a_date_wrong(story: Story, calendar) -> None:  # type: ignore[no-untyped-def]
    """Somebody who was 24 when the case was opened is 26 by now, and 25 is as old as a case is opened for."""
    room = story.case(parents=0, born=years_ago(24, 300))
    calendar.move(days=500)
    right = years_ago(26, 20)
    correct(story, room, room.young, WantedCorrection("Ulla Ung", right))
    assert story.play(room, room.guide, lambda t: t.case.birth_date) == right


def test_number_and_birth_date_say_the_same(story: Story, owner: psycopg.Connection) -> None:
    on = date(2009, 5, 1)
    room = story.case(parents=0, born=on, national_id="010509-4004")
    with pytest.raises(InvalidInput, match="birth_date_other_than_cpr"):
        propose(story, room, room.young, WantedCorrection("Ulla Ung", date(2009, 5, 2)))
    with pytest.raises(InvalidInput, match="cpr_other_birth_date"):
        propose(story, room, room.young, WantedCorrection("Ulla Ung", on, "020509-4002"))
    correct(story, room, room.young, WantedCorrection("Ulla Ung", date(2009, 5, 2), "020509-4002"))
    assert born(room, owner) == date(2009, 5, 2)
    shown = story.play(room, room.guide, lambda t: team.show_national_id(t, room.member(room.young)))
    assert shown == "0205094002"


# Numbers


def test_a_number_put_right_before_anybody_came_in_gives_the_place_to_whoever_has_it(
    story: Story, room: Room, mother: Someone, owner: psycopg.Connection
) -> None:
    correct(story, room, mother, WantedCorrection("Mona Mor", national_id=OTHER))
    now = person_of(owner, room.member(mother))
    assert now != mother.id
    assert compartments(story, room, mother) == set(), "the person before keeps nothing"
    windows = owner.execute("select count(*) from access_window where person_id = %s", [mother.id]).fetchone()
    assert windows == (0,)
    with story.acting(room.guide) as actor:
        cpr = citizens.checked_cpr(OTHER, "national_id")
        assert citizens.find_or_make(actor, cpr) == now


def test_a_place_that_may_be_somebody_elses_by_now_needs_the_yes_anew(
    app: Flask, story: Story, room: Room, mother: Someone, owner: psycopg.Connection
) -> None:
    """A guide who writes a friend's number at the mother's place does not get the friend in by the yes to her."""
    proposal = propose(story, room, mother, WantedCorrection("Mona Mor", national_id=OTHER))
    assert proposal.renews
    assert [giver.display_name for giver in proposal.named_by] == ["Ulla Ung"]
    assert [one.membership.display_name for one in proposal.effects.people] == ["Mona Mor"]
    correct(story, room, mother, WantedCorrection("Mona Mor", national_id=OTHER))
    friend = Someone(person_of(owner, room.member(mother)), "Mona Mor")
    assert compartments(story, room, friend) == set()
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
    assert compartments(story, room, friend), "with a new yes she is in"


def test_taking_the_number_away_leaves_a_place_for_a_code_and_nothing_to_the_person_before(
    story: Story, room: Room, mother: Someone, owner: psycopg.Connection
) -> None:
    correct(story, room, mother, WantedCorrection("Mona Mor", forget_number=True))
    assert owner.execute(
        "select national_id_sealed from membership where id = %s", [room.member(mother)]
    ).fetchone() == (None,)
    assert compartments(story, room, mother) == set()


def test_codes_made_for_the_person_before_stop_working(story: Story, room: Room, owner: psycopg.Connection) -> None:
    aunt = story.add_citizen(room, "Tove Tante", Capacity.NETWORK_PERSON)
    story.play(room, room.guide, lambda t: team.make_code(t, room.member(aunt)))
    correct(story, room, aunt, WantedCorrection("Tove Tante", national_id=OTHER))
    left = owner.execute("select count(*) from invitation_code where used_at is null and expires_at > now()").fetchone()
    assert left == (0,)


def test_whoever_used_a_code_is_not_moved_by_writing_a_number(
    story: Story, room: Room, runtime: Runtime, owner: psycopg.Connection
) -> None:
    """Nor before they have looked at anything: with a code alone, only they can have used it."""
    links(owner, "u", room.young)
    with pytest.raises(InvalidInput, match="number_in_use"):
        propose(
            story, room, room.young, WantedCorrection("Ulla Ung", years_ago(17, 100), number_of(years_ago(17, 100)))
        )


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
    story.play(elsewhere, known, lambda t: audience.audience_picture(t))
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
    assert compartments(story, elsewhere, known), "and whoever has the number keeps what is theirs"


def test_the_number_of_another_member_is_refused(story: Story, room: Room, mother: Someone) -> None:
    aunt = story.add_citizen(room, "Tove Tante", Capacity.NETWORK_PERSON)
    with pytest.raises(InvalidInput, match="already_member"):
        correct(story, room, aunt, WantedCorrection("Tove Tante", national_id=NUMBER))


@pytest.mark.parametrize("number", ["123", "3213991234", "²", "\x00", "0101991234x", "9" * 5000])
def test_a_number_that_cannot_be_is_refused_at_its_field(
    number: str, story: Story, room: Room, mother: Someone
) -> None:
    with pytest.raises(InvalidInput, match="national_id: cpr_impossible"):
        propose(story, room, mother, WantedCorrection("Mona Mor", national_id=number))


def test_no_number_is_kept_in_clear_nor_what_it_was(
    story: Story, room: Room, mother: Someone, owner: psycopg.Connection
) -> None:
    correct(story, room, mother, WantedCorrection("Mona Mor", national_id=OTHER))
    for table in ("correction", "membership", "audit_event", "national_id", "procrastinate_jobs"):
        for number in (NUMBER, OTHER):
            row = owner.execute(f"select count(*) from {table} t where t::text like %s", [f"%{number}%"]).fetchone()  # type: ignore[arg-type]
            assert row == (0,), (table, number)
    saved = owner.execute("select before_sealed, after_sealed from correction where field = 'national_id'").fetchall()
    assert saved == [(None, None)]
