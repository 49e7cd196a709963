"""What was confided is opened to the next guide by the young person alone; cases from before get the place for it
too."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from portal import clock
from portal.access.policy.roles import Level
from portal.access.window_store import differences
from portal.demo.postgres import EmbeddedPostgres
from portal.errors import InvalidInput, NotFound, Refused
from portal.migrate import migrate
from portal.runtime import Runtime
from portal.services.consents import overrides
from portal.services.members import confidences, handover
from portal.services.plans import confidential, saving
from portal.services.plans.open_plan import open_plan
from tests.plans.test_tools import newest
from tests.rules.test_confidences import KEY, SECRET, Told, handed_over, reached
from tests.rules.test_migrations import migrate_to
from tests.support.browser import Browser
from tests.support.story import HERE, Story, compartment_id, compartments


@pytest.fixture
def told(story: Story) -> Told:
    room = story.case()
    file_id = story.file(room, room.young, KEY, f"{SECRET}.pdf")
    thread_id = story.thread(room, room.young, KEY, SECRET, SECRET)
    row = story.confide(room, room.young, SECRET)
    return Told(room, file_id, thread_id, row, story.play(room, room.young, lambda t: compartment_id(t, KEY)))


# Who says so


def test_nobody_but_the_young_person_opens_it(
    story: Story, told: Told, runtime: Runtime, postgres: EmbeddedPostgres, app: Flask
) -> None:
    room = told.room
    before = handed_over(story, room)
    story.consent(room, room.young)
    guide = room.member(room.guide)
    path = f"/cases/{room.case_id}/confidences/{told.compartment_id}"
    answer = """insert into confidence_answer (id, case_id, compartment_id, to_id, answer, answered_at, answered_by_id)
                values (%s, %s, %s, %s, 'yes', now(), %s)"""
    for who in (room.guide, before, room.parents[0]):
        with pytest.raises(Refused):
            story.play(
                room, who, lambda t: confidences.answer_confidence(t, uuid4(), told.compartment_id, guide, "yes")
            )
        browser = Browser(app, story.token(who))
        sent = browser.post(path, {"answer": "yes", "guide": str(guide), "submission": str(uuid4())}, browser.csrf())
        assert sent.status == 403
        with psycopg.connect(postgres.url("portal_app", str(runtime.engine.url.database))) as connection:
            connection.execute("select set_config('app.person_id', %s, true)", [str(who.id)])
            for by in (room.member(who), room.member(room.young)):
                with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                    connection.execute(answer, [uuid4(), room.case_id, told.compartment_id, guide, by])
    assert reached(story, told, room.guide) == set()


def test_a_young_person_elsewhere_opens_nothing_here(
    story: Story, told: Told, runtime: Runtime, postgres: EmbeddedPostgres
) -> None:
    handed_over(story, told.room)
    elsewhere = story.case(name="Unni Uvedkommende")
    guide = told.room.member(told.room.guide)
    with pytest.raises(NotFound):
        story.play(
            elsewhere,
            elsewhere.young,
            lambda t: confidences.answer_confidence(t, uuid4(), told.compartment_id, guide, "yes"),
        )
    with psycopg.connect(postgres.url("portal_app", str(runtime.engine.url.database))) as connection:
        connection.execute("select set_config('app.person_id', %s, true)", [str(elsewhere.young.id)])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(
                "insert into confidence_answer values (%s, %s, %s, %s, 'yes', now(), %s)",
                [uuid4(), told.room.case_id, told.compartment_id, guide, elsewhere.member(elsewhere.young)],
            )


def test_a_yes_to_one_guide_is_not_given_to_another_who_came_while_it_was_read(story: Story, told: Told) -> None:
    room = told.room
    handed_over(story, room)
    rasmus = room.member(room.guide)
    handed_over(story, room, name="Tina Tredje")
    with pytest.raises(InvalidInput, match="form_stale"):
        story.play(
            room, room.young, lambda t: confidences.answer_confidence(t, uuid4(), told.compartment_id, rasmus, "yes")
        )
    assert reached(story, told, room.guide) == set()


def test_what_is_not_told_before_is_not_asked_about(story: Story) -> None:
    room = story.case()
    assert story.play(room, room.young, confidences.questions) == []
    handed_over(story, room)
    assert story.play(room, room.young, confidences.questions) == [], "nothing was told"
    current = story.play(room, room.young, lambda t: compartment_id(t, f"{KEY}-2"))
    with pytest.raises(NotFound):
        story.play(room, room.young, lambda t: confidences.question(t, current))


def test_the_screens_ask_the_young_person_and_let_her_change_her_mind(story: Story, told: Told, app: Flask) -> None:
    room = told.room
    young = Browser(app, story.token(room.young))
    case = f"/cases/{room.case_id}"
    assert "Kun dig og Grete" in young.get(f"{case}/messages/new").text
    assert "Må " not in young.get(case).text
    handed_over(story, room)
    front = young.get(case)
    assert "Må Rasmus læse det, du skrev til Grete?" in front.text
    page = young.get(next(link for link in front.links() if "/confidences/" in link))
    assert "1 samtale" in page.text
    assert "1 fil" in page.text
    assert "svar på netværkskortet" in page.text
    assert young.submit(page, "answer").status == 422
    done = young.follow(young.submit(page, "answer", answer="no"))
    assert "Rasmus Vang kan ikke læse det." in done.text
    assert "Må Rasmus" not in done.text, "a given answer is an answer"
    people = young.get(f"{case}/people")
    assert "Rasmus Vang må ikke læse det. Det sagde du" in people.text
    page = young.get(next(link for link in people.links() if "/confidences/" in link))
    young.follow(young.submit(page, "answer", answer="yes"))
    assert "Kun dig og Rasmus, skrevet til Grete" in young.get(f"{case}/messages").text
    guide = Browser(app, story.token(room.guide))
    assert "Kun Ulla og dig, skrevet til Grete" in guide.get(f"{case}/messages").text
    new = guide.get(f"{case}/messages/new").text
    assert "Kun Ulla og dig" in new
    assert "skrevet til Grete" not in new, "only what is written in is offered"


def test_the_plan_tells_the_young_person_who_was_told(story: Story, told: Told, app: Flask) -> None:
    room = told.room
    handed_over(story, room)
    young = Browser(app, story.token(room.young))
    page = young.get(f"/cases/{room.case_id}/plan/network_map")
    assert SECRET in page.text
    assert "Kun Ulla Ung og Rasmus Vang ser det her" not in page.text
    assert "skrevet til Grete Guide" in page.text
    at = f"people.{told.row}.between_us"

    def write(words: str, was: str):  # type: ignore[no-untyped-def]
        return lambda t: saving.save(open_plan(t, "network_map"), 1, 0, {at: words}, {at: was})

    saved = story.play(room, room.guide, write("Rasmus' ord", ""))
    assert saved.clashes == (), "nothing tells that something stands there"
    story.play(room, room.young, write("Mine nye ord", "Rasmus' ord"))
    shown = newest(story, room, room.guide, "network_map")
    assert story.play(room, room.guide, lambda t: confidential.read_confidential(t, shown)) == {at: "Mine nye ord"}


# Cases from before


def test_cases_that_are_there_get_it_with_the_windows_that_follow(
    story: Story, runtime: Runtime, postgres: EmbeddedPostgres, owner: psycopg.Connection, calendar
) -> None:  # type: ignore[no-untyped-def]
    """Of every kind: just opened, shut to the young person, frozen, read only, handed over once, twice and back."""
    rooms = [story.case(young_level=level) for level in (Level.WRITE, Level.READ, Level.NONE)]
    frozen = story.case()
    day = clock.today(HERE) + timedelta(days=3)
    story.play(
        frozen, frozen.guide, lambda t: overrides.freeze(t, uuid4(), [frozen.member(frozen.young)], day, "Konto")
    )
    rooms.append(frozen)
    words: dict[UUID, list[tuple[str, UUID]]] = {}
    for level, turns in ((Level.WRITE, 1), (Level.WRITE, 2), (Level.READ, 2), (Level.WRITE, 3)):
        room, guides = story.case(young_level=level), []
        first = room.guide
        story.confide(room, room.guide, "til den første")
        guides.append(first)
        for turn in range(turns):
            calendar.move(days=1)
            if turn == 2:
                story.play(room, room.guide, lambda t, f=first: handover.offer(t, uuid4(), f.id))
                story.play(room, first, lambda t: handover.accept_handover(t, uuid4()))
                room.guide = first
            else:
                handed_over(story, room, name=f"Guide {turn}")
            guides.append(room.guide)
        rooms.append(room)
        words[room.case_id] = [("til den første", room.member(first))]
    url = postgres.url("portal_owner", str(runtime.engine.url.database))
    migrate(url, "041")
    # As it was: no such compartment.
    owner.execute(
        "delete from compartment where key like 'guide_only%' and id not in (select compartment_id from file)"
    )
    migrate_to(url, "042")
    migrate(url)
    with runtime.unit_of_work() as session:
        for room in rooms:
            assert differences(session, room.case_id) == [], (room.case_id, room.guide.name)
    for room in rooms[:3]:
        wanted = {KEY} if room is not rooms[2] else set()
        assert compartments(story, room, room.young) & {KEY} == wanted
        assert KEY in compartments(story, room, room.guide)
        story.thread(room, room.guide, KEY, "Hej", "Hej")
    for case_id, (_words, first_member) in ((c, w[0]) for c, w in words.items()):
        rows = owner.execute(
            "select distinct k.confidant_id from plan_confided p join compartment k on k.id = p.confided_compartment_id"
            " where p.case_id = %s",
            [case_id],
        ).fetchall()
        assert rows == [(first_member,)], "what was confided to the first guide stays with the first guide"
