"""A person drawn on the network map is the same person in the network overview, and is invited from there."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from portal.access.policy.roles import Level
from portal.demo.postgres import EmbeddedPostgres
from portal.errors import InvalidInput, NotFound, Refused
from portal.runtime import Runtime
from portal.services.members import network_people
from portal.services.members.network_people import NetworkPart
from portal.services.plans import editing
from tests.plans.test_tools import add, agree, begin, newest
from tests.support.browser import Browser
from tests.support.story import Room, Someone, Story, compartments
from tests.support.world import World

MAP, OVERVIEW = "network_map", "network_overview"


@pytest.fixture
def room(story: Story) -> Room:
    room = story.case(parents=1)
    begin(story, room, room.young, MAP)
    begin(story, room, room.guide, OVERVIEW)
    return room


def drawn(story: Story, room: Room, name: str) -> str:
    return add(story, room, room.young, MAP, "people", name=name)


def parts(story: Story, room: Room, who: Someone) -> dict[str, NetworkPart]:
    page = newest(story, room, who, OVERVIEW)
    return story.play(room, who, lambda t: network_people.parts(t, page))


def path(room: Room, row: str = "", step: str = "invite") -> str:
    return f"/cases/{room.case_id}/plan/{OVERVIEW}" + (f"/people/{row}/{step}" if row else "")


def recognise(story: Story, room: Room, row: str, member_id: UUID | None) -> None:
    story.play(room, room.guide, lambda t: network_people.recognise_person(t, uuid4(), OVERVIEW, row, member_id))


def test_somebody_drawn_is_invited_with_the_name_they_have_and_told_what_the_consents_cover(
    app: Flask, story: Story, room: Room
) -> None:
    row = drawn(story, room, "Moster Mia")
    guide = Browser(app, story.token(room.guide))
    page = guide.get(path(room))
    assert "Ikke med i sagen" in page.soup.find(id=f"row-{row}").get_text()
    link = next(a for a in page.links() if a.endswith(f"/people/{row}/invite"))
    assert "Mia" not in link
    form = guide.get(link)
    assert form.soup.find("input", attrs={"name": "name"})["value"] == "Moster Mia"
    assert form.soup.find("input", attrs={"name": "capacity", "checked": True})["value"] == "network_person"
    page = guide.follow(guide.submit(form, "national_id", level="read", purpose="Hun kender mig bedst"))
    told = " ".join(page.soup.find(id=f"row-{row}").get_text(" ").split())
    assert "Med i sagen, ser ikke noget endnu" in told
    assert "Ulla Ung har ikke svaret endnu" in told, told
    story.refresh(room)
    mia = next(Someone(person, "Moster Mia") for person, member in room.members.items()
               if member == parts(story, room, room.guide)[row].line.membership.id)  # fmt: skip
    story.everybody_agrees(room, otherwise=("shared",))
    assert compartments(story, room, mia) == {"shared"}
    told = " ".join(guide.get(path(room)).soup.find(id=f"row-{row}").get_text(" ").split())
    assert "Med i sagen Moster Mia" in told
    assert "Læser Fælles til" in told
    assert "Det, samtykkerne ikke dækker: Helbred" in told
    again = guide.get(path(room, row))
    assert "er med i sagen allerede" in again.text
    assert not again.soup.find("input", attrs={"name": "name"})


def test_somebody_who_is_in_the_case_already_is_recognised_and_not_added_twice(
    app: Flask, story: Story, room: Room
) -> None:
    row, other = drawn(story, room, "Mor"), drawn(story, room, "Læreren")
    mother = room.member(room.parents[0])
    guide = Browser(app, story.token(room.guide))
    form = guide.get(path(room, row))
    missing = guide.submit(form, "/is")
    assert missing.status == 422
    assert "Hvem i sagen er det" in missing.soup.find(id="faults").get_text()
    before = set(room.members)
    assert guide.submit(form, "/is", member=str(mother)).status == 303
    story.refresh(room)
    assert set(room.members) == before
    assert parts(story, room, room.guide)[row].line.membership.id == mother
    options = [str(o["value"]) for o in guide.get(path(room, other)).soup.select("select option")]
    assert str(mother) not in options, "nobody is two people"
    assert str(room.member(room.young)) not in options
    for wrong in (mother, room.member(room.young), uuid4()):
        with pytest.raises(InvalidInput, match="member: choice"):
            recognise(story, room, other, wrong)
    taken_back = guide.follow(guide.submit(guide.get(path(room, row)), "/nobody"))
    assert taken_back.soup.find("input", attrs={"name": "name"})
    assert parts(story, room, room.guide)[row].line is None
    assert set(room.members) == before


def test_sending_the_invitation_twice_adds_one_person(app: Flask, story: Story, room: Room) -> None:
    row = drawn(story, room, "Moster Mia")
    guide = Browser(app, story.token(room.guide))
    form = guide.get(path(room, row))
    before = len(room.members)
    assert [guide.submit(form, "national_id").status for _ in range(2)] == [303, 303]
    story.refresh(room)
    assert len(room.members) == before + 1
    empty = guide.get(path(room, drawn(story, room, "Onkel Ole")))
    refused = guide.submit(empty, "national_id", name="", purpose="Han er rar")
    assert refused.status == 422
    assert "Han er rar" in refused.text
    story.refresh(room)
    assert len(room.members) == before + 1


def test_who_is_part_of_the_case_is_told_as_far_as_each_may_know(app: Flask, story: Story, room: Room) -> None:
    """The young person sees what is missing; others see who is in the room with them; the guide alone invites."""
    row = drawn(story, room, "Mor")
    recognise(story, room, row, room.member(room.parents[0]))
    colleague = story.staff("Kim Kollega")
    story.add(room, colleague)
    assert parts(story, room, room.young)[row].line.lacking
    assert parts(story, room, colleague)[row].line is None, "nothing is open to her yet"
    story.consent(room, room.young, otherwise=("shared",))
    line = parts(story, room, colleague)[row].line
    assert [compartment.key for compartment in line.open] == ["shared"]
    assert line.lacking == ()
    for who in (room.young, colleague):
        browser = Browser(app, story.token(who))
        assert "/invite" not in browser.get(path(room)).everything
        assert browser.get(path(room, row)).status == 403
        with pytest.raises(Refused):
            story.play(room, who, lambda t: network_people.recognise_person(t, uuid4(), OVERVIEW, row, None))
    with pytest.raises(NotFound):
        story.play(room, room.guide, lambda t: network_people.invitation(t, OVERVIEW, "00000000"))
    with pytest.raises(NotFound):
        story.play(room, room.guide, lambda t: network_people.invitation(t, MAP, row))


def test_who_somebody_is_stays_known_through_versions_of_both_tools(story: Story, room: Room) -> None:
    row = drawn(story, room, "Mor")
    recognise(story, room, row, room.member(room.parents[0]))
    for tool in (MAP, OVERVIEW):
        agree(story, room, tool)
        story.play(room, room.young, lambda t, tool=tool: editing.renew(t, uuid4(), tool))
    assert newest(story, room, room.guide, OVERVIEW).number == 2
    assert parts(story, room, room.guide)[row].line.membership.id == room.member(room.parents[0])
    story.set_level(room, room.parents[0], Level.NONE)
    assert parts(story, room, room.guide)[row].line.open == ()


def test_the_database_lets_the_guide_alone_say_who_it_is(
    living: Runtime, world: World, postgres: EmbeddedPostgres
) -> None:
    plant = """insert into plan_person (id, plan_id, case_id, compartment_id, row_key, number, membership_id,
               created_at, created_by_id) values (gen_random_uuid(), %s, %s, %s, 'aaaaaaaa', 9, null, now(), %s)"""
    with psycopg.connect(postgres.url("postgres", str(living.engine.url.database))) as everything:
        plan = everything.execute("select id from plan where tool = 'network_map'").fetchone()
    assert plan is not None
    for kind in ("guide", "young person", "psychiatrist", "aunt"):
        row = [plan[0], world.room.case_id, world.compartments["shared"], world.room.member(world.people[kind])]
        with psycopg.connect(postgres.url("portal_app", str(living.engine.url.database))) as connection:
            connection.execute("select set_config('app.person_id', %s, true)", [str(world.people[kind].id)])
            if kind == "guide":
                connection.execute(plant, row)
                connection.rollback()
            else:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(plant, row)
