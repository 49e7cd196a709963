"""What the young person and one guide share alone: for those two, by no consent and by no law for anybody else, and for
the next guide only when the young person says so. Both walls hold it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from portal import clock
from portal.access.policy.roles import Capacity, Level
from portal.access.window_store import differences
from portal.demo.postgres import EmbeddedPostgres
from portal.errors import InvalidInput, NotFound, Refused, UnsafeConfiguration
from portal.runtime import Runtime
from portal.services.cases import move as case_move
from portal.services.cases import search
from portal.services.consents import overrides, requests
from portal.services.files import files
from portal.services.members import confidences, handover
from portal.services.messages import threads as message_threads
from portal.services.oversight import case_log
from portal.services.plans import confidential
from portal.tools.profile import PROFILES, every_profile, read_profile
from tests.exports.test_exports import opened, packed
from tests.plans.test_tools import newest
from tests.rules.walls import second_wall_down
from tests.support.browser import Browser
from tests.support.story import HERE, Room, Someone, Story, compartment_id, compartments
from tests.support.word_processor import Program, program

KEY = "guide_only"


SECRET = "fortroligtmærkeord"


HELD = ("file", "file_version", "thread", "message", "search_entry", "plan_confided")


"""Tables with rows of what is confided."""


@dataclass
class Told:
    """A case in which the young person has told the first guide something, in every way there is."""

    room: Room
    file_id: UUID
    thread_id: UUID
    row: str
    compartment_id: UUID


@pytest.fixture
def told(story: Story) -> Told:
    room = story.case()
    file_id = story.file(room, room.young, KEY, f"{SECRET}.pdf")
    thread_id = story.thread(room, room.young, KEY, SECRET, SECRET)
    row = story.confide(room, room.young, SECRET)
    return Told(room, file_id, thread_id, row, story.play(room, room.young, lambda t: compartment_id(t, KEY)))


@pytest.fixture(params=["both walls", "the ticket alone"])
def walls(request: pytest.FixtureRequest, runtime: Runtime, postgres: EmbeddedPostgres):  # type: ignore[no-untyped-def]
    if request.param == "both walls":
        yield runtime
    else:
        with second_wall_down(runtime, postgres) as blind:
            yield blind


def handed_over(story: Story, room: Room, unit: str = "Familie og unge", name: str = "Rasmus Vang") -> Someone:
    """To another guide, who says yes."""
    taker, before = story.guide(name, unit), room.guide
    story.play(room, before, lambda t: handover.offer(t, uuid4(), taker.id))
    story.play(room, taker, lambda t: handover.accept_handover(t, uuid4()))
    room.guide = taker
    story.refresh(room)
    return before


def opens(story: Story, told: Told, said: str = "yes") -> None:
    room = told.room
    guide = room.member(room.guide)
    story.play(room, room.young, lambda t: confidences.answer_confidence(t, uuid4(), told.compartment_id, guide, said))


def reached(story: Story, told: Told, who: Someone) -> set[str]:
    """The ways in which somebody gets at what was told."""

    def answers(ticket):  # type: ignore[no-untyped-def]
        found = confidential.read_confidential(ticket, page)
        return [words for words in found.values() if SECRET in words]

    ways: dict[str, Callable] = {  # type: ignore[type-arg]
        "file": lambda t: files.file_page(t, told.file_id),
        "thread": lambda t: message_threads.thread(t, told.thread_id),
        "list of files": lambda t: [f for f in files.newest_version(t) if SECRET in f.name],
        "list of threads": lambda t: [f for f in message_threads.threads(t) if SECRET in f.subject],
        "search": lambda t: search.find_in_case(t, SECRET),
        "log": lambda t: [
            line
            for visit in case_log.log(t, None, "").visits
            for line in visit.lines
            if SECRET in line.about or line.event in ("schema.confided", "thread.started", "confidence.answered")
        ],
    }
    found = set()
    for way, act in ways.items():
        try:
            if story.play(told.room, who, act):
                found.add(way)
        except (NotFound, Refused):
            continue
    page = newest(story, told.room, who, "network_map") if compartments(story, told.room, who) else None
    if page and story.play(told.room, who, answers):
        found.add("answers")
    return found


EVERY_WAY = {"file", "thread", "list of files", "list of threads", "search", "log", "answers"}


def rows_seen(runtime: Runtime, postgres: EmbeddedPostgres, told: Told, who: Someone) -> set[str]:
    """Tables in which the application's role, without the application, sees rows of it in somebody's name."""
    with psycopg.connect(postgres.url("portal_app", str(runtime.engine.url.database))) as connection:
        connection.execute("select set_config('app.person_id', %s, true)", [str(who.id)])
        found = set()
        for table in HELD:
            column = "confided_compartment_id" if table == "plan_confided" else "compartment_id"
            if connection.execute(f"select 1 from {table} where {column} = %s", [told.compartment_id]).fetchall():  # type: ignore[arg-type]
                found.add(table)
        if connection.execute("select 1 from audit_event where compartment_id = %s", [told.compartment_id]).fetchall():
            found.add("audit_event")
        return found


def test_every_profile_has_it_and_it_is_for_the_two_alone() -> None:
    for one in every_profile():
        rule = one.compartment_of(one.confidence)
        assert rule.audience == {Capacity.OWNER, Capacity.YOUNG_PERSON}
        assert not rule.categories


@pytest.mark.parametrize(
    ("was", "instead", "fault"),
    [
        ('audience = ["owner", "young_person"]', 'audience = ["owner", "young_person", "parent"]', "takes none"),
        ('audience = ["owner", "young_person"]', 'audience = ["owner", "professional"]', "takes none"),
        ('audience = ["owner", "professional"]\ncategories =', 'audience = ["owner", "young_person"]\n#', "needed"),
        (
            'audience = ["owner", "young_person"]',
            'audience = ["owner", "young_person"]\ncategories = ["work"]',
            "needed",
        ),
        ('key = "guide_only"', 'key = "guide-only"', "small letters"),
    ],
)
def test_a_profile_in_which_somebody_else_could_read_it_is_refused(
    tmp_path, was: str, instead: str, fault: str
) -> None:  # type: ignore[no-untyped-def]
    text = (PROFILES / "samarbejdsmodellen_dk.toml").read_text("utf-8")
    assert was in text
    (tmp_path / "samarbejdsmodellen_dk.toml").write_text(text.replace(was, instead), "utf-8")
    with pytest.raises(UnsafeConfiguration, match=fault):
        read_profile(tmp_path / "samarbejdsmodellen_dk.toml")


def test_the_two_read_and_write_it_and_nobody_else_reaches_it(
    story: Story, told: Told, walls: Runtime, postgres: EmbeddedPostgres
) -> None:
    room, behind = told.room, Story(walls)
    others = {
        "colleague": story.staff("Kim Kollega"),
        "teacher": story.staff("Lars Lærer", "Skolen"),
        "by law": story.staff("Lone Lov", "Jobcenter"),
    }
    for one in others.values():
        story.add(room, one, Level.WRITE)
    others["mother"] = room.parents[0]
    others["aunt"] = story.add_citizen(room, "Tove Tante", Capacity.NETWORK_PERSON, Level.WRITE)
    for giver in (room.young, *room.parents[:2]):
        story.consent(room, giver)
    for who in (room.young, room.guide):
        assert reached(behind, told, who) == EVERY_WAY
    for name, who in others.items():
        assert compartments(behind, room, who) != set(), name
        assert reached(behind, told, who) <= {"log"}, name
        assert rows_seen(walls if walls is story.runtime else story.runtime, postgres, told, who) == set(), name
    for who in others.values():
        log = behind.play(room, who, lambda t: case_log.log(t, None, ""))
        about = [line for visit in log.visits for line in visit.lines if line.event == "thread.started"]
        assert about == []


def test_no_law_and_no_consent_opens_it(story: Story, told: Told, app: Flask) -> None:
    room = told.room
    teacher = story.staff("Lars Lærer", "Skolen")
    story.add(room, teacher, Level.WRITE)
    lacking = story.play(room, room.guide, lambda t: overrides.may_be_overridden(t, room.member(teacher)))
    assert KEY not in {prospect.compartment for prospect in lacking}
    day = clock.today(HERE) + timedelta(days=10)
    with pytest.raises(InvalidInput, match="choice"):
        story.play(
            room,
            room.guide,
            lambda t: overrides.override(t, uuid4(), room.member(teacher), [KEY], day, "§ 1", "Det haster"),
        )
    asked = story.play(room, room.young, lambda t: requests.request(t, t.membership.id))
    assert KEY not in {one.key for party in asked.parties for one in party.asked}
    page = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/consents/give")
    assert "Kun dig og" not in page.text


@pytest.mark.parametrize("unit", ["Familie og unge", "Voksenenheden"])
def test_the_next_guide_reads_it_only_when_the_young_person_says_so_and_the_one_before_no_more(
    story: Story, told: Told, walls: Runtime, postgres: EmbeddedPostgres, unit: str
) -> None:
    room, behind = told.room, Story(walls)
    before = handed_over(story, room, unit)
    for who in (before, room.guide):
        assert reached(behind, told, who) == set(), who.name
        assert rows_seen(story.runtime, postgres, told, who) == set(), who.name
    assert reached(behind, told, room.young) == EVERY_WAY
    opens(behind, told)
    assert reached(behind, told, room.guide) == EVERY_WAY
    assert rows_seen(story.runtime, postgres, told, room.guide) == {*HELD, "audit_event"}
    assert reached(behind, told, before) == set()
    opens(behind, told, "no")
    assert reached(behind, told, room.guide) == set()
    opens(behind, told)
    handed_over(story, room, name="Tina Tredje")
    assert reached(behind, told, room.guide) == set(), "what was opened to one is not opened to the next"
    assert rows_seen(story.runtime, postgres, told, room.guide) == set()
    with story.runtime.unit_of_work() as session:
        assert differences(session, room.case_id) == []


def test_a_guide_who_gets_the_case_back_finds_what_was_told_to_them(story: Story, told: Told) -> None:
    room, first = told.room, told.room.guide
    handed_over(story, room)
    rasmus = room.guide
    later = story.thread(room, room.young, f"{KEY}-2", "Til Rasmus", "Kun dig")
    story.play(room, rasmus, lambda t: handover.offer(t, uuid4(), first.id))
    story.play(room, first, lambda t: handover.accept_handover(t, uuid4()))
    room.guide = first
    assert reached(story, told, first) == EVERY_WAY
    with pytest.raises(NotFound):
        story.play(room, first, lambda t: message_threads.thread(t, later))
    assert compartments(story, room, first) & {KEY, f"{KEY}-2"} == {KEY}
    story.thread(room, first, KEY, "Igen", "Hej igen")


def test_what_was_told_before_is_read_and_no_more(story: Story, told: Told, app: Flask) -> None:
    room = told.room
    handed_over(story, room)
    opens(story, told)
    for who in (room.young, room.guide):
        page = Browser(app, story.token(who)).get(f"/cases/{room.case_id}/messages/{told.thread_id}")
        assert "er skrevet til en guide, der ikke er guide mere" in page.text
        assert "Du kan læse her" not in page.text
        with pytest.raises(Refused):
            story.play(room, who, lambda t: message_threads.reply(t, uuid4(), told.thread_id, "Svar"))
        assert KEY in compartments(story, room, who)
        story.thread(room, who, f"{KEY}-2", "Nyt", "Nyt")


def test_nobody_moves_it_to_where_others_see_it(
    story: Story, told: Told, runtime: Runtime, postgres: EmbeddedPostgres, app: Flask
) -> None:
    """Not the guide either, who may move everything else."""
    room = told.room
    shared = story.play(room, room.guide, lambda t: compartment_id(t, "shared"))
    for act in (
        lambda t: case_move.move_file(t, told.file_id, shared),
        lambda t: case_move.move_thread(t, told.thread_id, shared),
        lambda t: case_move.of_file(t, told.file_id),
    ):
        with pytest.raises(InvalidInput, match="confided_stays"):
            story.play(room, room.guide, act)
    browser = Browser(app, story.token(room.guide))
    assert not [x for x in browser.get(f"/cases/{room.case_id}/files/{told.file_id}").links() if x.endswith("/move")]
    assert browser.get(f"/cases/{room.case_id}/files/{told.file_id}/move").status == 422
    with psycopg.connect(postgres.url("portal_app", str(runtime.engine.url.database))) as connection:
        connection.execute("select set_config('app.person_id', %s, true)", [str(room.guide.id)])
        for table, id_ in (("file", told.file_id), ("thread", told.thread_id)):
            done = connection.execute(f"update {table} set compartment_id = %s where id = %s", [shared, id_])  # type: ignore[arg-type]
            assert done.rowcount == 0, table
        entries = "update search_entry set compartment_id = %s where compartment_id = %s"
        assert connection.execute(entries, [shared, told.compartment_id]).rowcount == 0


def test_something_is_moved_there_after_it_is_said_that_it_stays(story: Story, told: Told, app: Flask) -> None:
    room = told.room
    thread = story.thread(room, room.young, "shared", "Hjemme", "Det var ikke til alle")
    browser = Browser(app, story.token(room.guide))
    page = browser.get(f"/cases/{room.case_id}/messages/{thread}/move")
    assert "Kun Ulla og dig" in page.text
    assert "Det kan ikke flyttes ud igen" in page.text
    assert browser.submit(page, "compartment", compartment=str(told.compartment_id)).status == 303
    with pytest.raises(InvalidInput, match="confided_stays"):
        story.play(room, room.guide, lambda t: case_move.of_thread(t, thread))


def test_links_and_copies_of_the_guide_before_end_at_once(
    story: Story, told: Told, app: Flask, owner: psycopg.Connection
) -> None:
    room = told.room
    word: Program = program(app, story, room, room.guide, told.file_id)
    word.name = f"{SECRET}.pdf"
    copy = packed(story, room, room.guide, owner)
    assert opened(story, room, room.guide, copy).namelist()
    assert word.ask("GET").status_code == 200
    browser = Browser(app, story.token(room.guide))
    file = f"/cases/{room.case_id}/files/{told.file_id}"
    assert browser.get(f"{file}/versions/1").status == 200
    before = handed_over(story, room)
    assert word.ask("GET").status_code == 404
    assert browser.get(f"{file}/versions/1").status == 404
    with pytest.raises((NotFound, Refused)):
        opened(story, room, before, copy)
