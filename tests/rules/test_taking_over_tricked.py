"""A case is taken over: every way to trick it, and what its pages say."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest
from flask import Flask

from portal.access.policy.roles import Capacity, Level
from portal.demo.postgres import EmbeddedPostgres
from portal.errors import InvalidInput, NotFound, Refused
from portal.models import Staff
from portal.runtime import Runtime
from portal.services.accounts import directory
from portal.services.members import handover
from portal.services.members import handover_answers as says
from tests.rules.test_whose_case_it_is import offered, says_yes, takes, takes_in_sql
from tests.rules.walls import second_wall_down
from tests.support.browser import Browser
from tests.support.story import Room, Someone, Story


@pytest.fixture
def room(story: Story) -> Room:
    return story.case()


@pytest.fixture
def outside(runtime: Runtime) -> Someone:
    """A guide of another organisation."""
    return Story(runtime).guide("Rikke Region", "Børne- og ungdomspsykiatrien")


# Attacks


def test_nobody_says_it_for_another(
    story: Story, room: Room, outside: Someone, runtime: Runtime, postgres: EmbeddedPostgres
) -> None:
    offer_id = offered(story, room, outside)
    colleague = story.staff("Kim Kollega")
    story.add(room, colleague, Level.WRITE)
    step = story.add_citizen(room, "Bo Bonusfar", Capacity.PARENT)
    elsewhere = story.case(name="Unni Uvedkommende")
    for who in (outside, colleague, step, room.guide):
        with pytest.raises((Refused, NotFound)):
            story.play(room, who, lambda t: says.say(t, uuid4(), offer_id, "yes", ""))
    for who in (outside, colleague, room.young):
        with pytest.raises(Refused):
            story.play(room, who, lambda t: says.register(t, uuid4(), room.member(room.young), "yes", "oral", "Ja"))
    forge = "insert into hand_over_say values (%s, %s, %s, %s, 'yes', %s, null, now(), %s)"
    liars = [outside, colleague, step, room.guide, room.parents[0], elsewhere.young, elsewhere.guide]
    with psycopg.connect(postgres.url("portal_app", str(runtime.engine.url.database))) as connection:
        for who in liars:
            mine = room.members.get(who.id, uuid4())
            for giver in (room.young, room.parents[1]):
                for by in (mine, room.member(giver)):
                    for method in ("eid", "oral"):
                        connection.execute("select set_config('app.person_id', %s, true)", [str(who.id)])
                        row = [uuid4(), room.case_id, offer_id, room.member(giver), method, by]
                        honest = who is room.guide and by == mine and method == "oral"
                        try:
                            connection.execute(forge, row)
                            assert honest, (who.name, giver.name, method)
                        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ForeignKeyViolation):
                            assert not honest, (who.name, giver.name, method)
                        connection.rollback()


def test_only_whom_it_was_offered_to_takes_it_and_only_while_they_may_own_cases(
    story: Story, room: Room, runtime: Runtime, postgres: EmbeddedPostgres
) -> None:
    taker, other = story.guide("Rasmus Vang", "Voksenenheden"), story.guide("Olga Opener", "Voksenenheden")
    teacher = story.staff("Lars Lærer", "Skolen")
    story.add(room, teacher, Level.WRITE)
    story.add(room, other, Level.WRITE)
    with pytest.raises(NotFound):
        story.play(room, room.guide, lambda t: handover.offer(t, uuid4(), teacher.id))
    offer_id = offered(story, room, taker)
    for who in (teacher, other):
        assert not takes(story, room, who)
        assert not takes_in_sql(runtime, postgres, room, who, offer_id)

    def may_own(allowed: bool) -> None:
        with runtime.unit_of_work() as session:
            session.get_one(Staff, taker.id).may_open_cases = allowed
            session.flush()
            session.info.pop("changed", None)

    may_own(False)
    assert not takes(story, room, taker)
    assert not takes_in_sql(runtime, postgres, room, taker, offer_id)
    with second_wall_down(runtime, postgres) as blind:
        assert not takes(Story(blind), room, taker)
    may_own(True)
    assert takes_in_sql(runtime, postgres, room, taker, offer_id)
    admin = story.admin()
    with story.acting(admin) as actor:
        directory.close_account(actor, taker.id)
    assert not takes_in_sql(runtime, postgres, room, taker, offer_id)


def test_a_guide_cannot_pass_another_organisation_off_as_their_own(
    story: Story, room: Room, outside: Someone, runtime: Runtime, postgres: EmbeddedPostgres
) -> None:
    """In the database itself: whatever units an offer names, where the taker works and whose case it is count."""
    offer_id, unit = uuid4(), room.guide.unit_id
    story.add(room, outside, Level.NONE)
    row = """insert into hand_over (id, case_id, from_id, from_person_id, from_unit_id, to_id, to_person_id, to_unit_id,
             offered_at) values (%s, %s, %s, %s, %s, %s, %s, %s, now())"""
    with psycopg.connect(postgres.url("portal_app", str(runtime.engine.url.database))) as connection:
        for from_unit, person in ((unit, room.guide.id), (outside.unit_id, outside.id)):
            connection.execute("select set_config('app.person_id', %s, true)", [str(room.guide.id)])
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(
                    row,
                    [offer_id, room.case_id, room.member(room.guide), room.guide.id, from_unit, room.member(outside),
                     person, unit],
                )  # fmt: skip
            connection.rollback()
        connection.execute("select set_config('app.person_id', %s, true)", [str(room.guide.id)])
        connection.execute(
            row,
            [offer_id, room.case_id, room.member(room.guide), room.guide.id, unit, room.member(outside), outside.id,
             unit],
        )  # fmt: skip
        connection.commit()
    assert not takes_in_sql(runtime, postgres, room, outside, offer_id)
    assert not takes(story, room, outside)


def test_an_answer_to_one_offer_is_none_to_the_next(
    story: Story, room: Room, outside: Someone, runtime: Runtime
) -> None:
    first = offered(story, room, outside)
    for who in (room.young, *room.parents):
        says_yes(story, room, who)
    story.play(room, room.guide, lambda t: handover.withdraw_handover(t, uuid4()))
    another = Story(runtime).guide("Ulla Udefra", "Et tredje sted")
    offered(story, room, another)
    with pytest.raises(InvalidInput, match="form_stale"):
        story.play(room, room.young, lambda t: says.say(t, uuid4(), first, "yes", ""))
    assert not takes(story, room, another)
    assert not takes(story, room, outside)


# What the pages say


def test_the_pages_say_what_is_so(story: Story, room: Room, outside: Someone, app: Flask) -> None:
    """Computed from the windows: who reads already, who will still read, and whose yes it takes."""
    colleague = story.guide("Kim Kollega")
    story.add(room, colleague, Level.READ)
    guide = Browser(app, story.token(room.guide))
    start = f"/cases/{room.case_id}/hand-over/to"
    inside = guide.get(f"{start}/{colleague.id}").text
    assert "Kim Kollega ser intet" not in inside
    assert "Kim Kollega kan allerede læse: Fælles Helbred Uden forældre Kun fagpersoner" in inside
    assert "Som det er nu, kan du stadig se: Fælles Helbred" in inside
    assert "Ulla får det at vide og kan sige sin mening" in inside
    other = guide.get(f"{start}/{outside.id}").text
    assert "Rikke Region ser intet i sagen, før svaret er ja." in other
    assert "når der er ja fra Ulla Ung, Finn Far, Mona Mor" in other or "når der er ja fra Ulla Ung, Mona Mor" in other
    assert "Som det er nu, ser du ikke mere" in other
    offered(story, room, colleague)
    shown = Browser(app, story.token(colleague)).get(f"/cases/{room.case_id}/hand-over/answer").text
    assert "Du kan allerede læse: Fælles Helbred" in shown
    assert "Du ser, hvad det handler om, når du har sagt ja" not in shown


def test_what_was_typed_is_kept_when_an_offer_is_refused(
    story: Story, room: Room, outside: Someone, app: Flask
) -> None:
    guide = Browser(app, story.token(room.guide))
    page = guide.get(f"/cases/{room.case_id}/hand-over/to/{outside.id}")
    wrong = guide.submit(page, "how", how="law", legal_basis="", reason="Familien er flyttet")
    assert wrong.status == 422
    assert "Familien er flyttet" in str(wrong.soup)
    assert guide.submit(wrong, "how", legal_basis="Barnets lov § 154").status == 303
    assert takes(story, room, outside)


def test_whoever_has_never_been_in_is_not_told_that_their_words_stay(story: Story, room: Room, app: Flask) -> None:
    never, writer = story.staff("Nils Never", "Skolen"), story.staff("Vera Writer")
    story.add(room, never, Level.WRITE)
    story.add(room, writer, Level.WRITE)
    said = "Det, du har skrevet, bliver"
    shown = {
        who.name: Browser(app, story.token(who)).get(f"/cases/{room.case_id}/leave").text for who in (never, writer)
    }
    assert {name for name, text in shown.items() if said in text} == {"Vera Writer"}
    assert "Du ser intet i sagen nu" in shown["Nils Never"]
