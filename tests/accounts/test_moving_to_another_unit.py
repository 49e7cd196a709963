"""An account moves to another unit: its cases are shut at once, and open again only where the guide says so."""

from __future__ import annotations

import threading
from collections.abc import Callable
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from portal.access.policy.roles import Capacity, Level
from portal.demo.postgres import EmbeddedPostgres
from portal.errors import InvalidInput, NotFound
from portal.runtime import Runtime
from portal.services.accounts import moves
from portal.services.consents import declare, requests
from portal.services.members import handover, joining, team
from portal.services.shared import audience
from tests.support.browser import Browser
from tests.support.story import Room, Someone, Story, compartments


@pytest.fixture
def admin(story: Story) -> Someone:
    return story.admin("Aksel Admin")


# Another unit


def move(story: Story, admin: Someone, person: Someone, unit: str) -> None:
    with story.acting(admin) as actor:
        moves.move(actor, person.id, story.unit(unit))


def raw(postgres: EmbeddedPostgres, runtime: Runtime, room: Room, person: Someone) -> int:
    """What the database alone gives that person of the case, whatever the application believes."""
    with psycopg.connect(postgres.url("portal_app", str(runtime.engine.url.database))) as connection:
        connection.execute("select set_config('app.person_id', %s, true)", [str(person.id)])
        found = connection.execute("select count(*) from compartment where case_id = %s", [room.case_id]).fetchone()
        assert found is not None
        return int(found[0])


@pytest.mark.parametrize(
    ("unit", "why"),
    [
        ("Jobcenter", "a unit nobody has said yes to"),
        ("Psykiatrien", "a unit everybody has said yes to"),
        ("Familie og unge", "the guide's own unit, which needs no yes"),
    ],
)
def test_whoever_moves_is_out_at_once_and_has_what_the_new_unit_has_once_the_guide_says_so(
    unit: str, why: str, story: Story, room: Room, admin: Someone, runtime: Runtime, postgres: EmbeddedPostgres
) -> None:
    teacher, doctor = story.staff("Lars Lærer", "Skolen"), story.staff("Petra Psyk", "Psykiatrien")
    for someone in (teacher, doctor):
        story.add(room, someone, Level.WRITE)
    story.everybody_agrees(room)
    before = compartments(story, room, teacher)
    assert before
    assert raw(postgres, runtime, room, teacher) > 0
    move(story, admin, teacher, unit)
    assert compartments(story, room, teacher) == set(), why
    assert raw(postgres, runtime, room, teacher) == 0, "the second wall knows it too"
    assert compartments(story, room, doctor) != set(), "nobody else loses anything"
    assert story.play(room, teacher, lambda t: [note.obstacle for note in t._notices]) == ["unconfirmed"]
    story.set_level(room, teacher, Level.WRITE)
    expected = {"Jobcenter": set(), "Psykiatrien": before}.get(unit)
    seen = compartments(story, room, teacher)
    assert seen == expected if expected is not None else "professionals" in seen
    assert bool(raw(postgres, runtime, room, teacher)) == bool(seen)


def test_moving_back_opens_nothing_by_itself_either(story: Story, room: Room, teacher: Someone, admin: Someone) -> None:
    assert compartments(story, room, teacher)
    move(story, admin, teacher, "Jobcenter")
    move(story, admin, teacher, "Skolen")
    assert compartments(story, room, teacher) == set()
    story.set_level(room, teacher, Level.WRITE)
    assert compartments(story, room, teacher), "the yes to the school still stands"


def test_the_guide_is_told_and_the_givers_are_asked_about_the_new_unit(
    app: Flask, story: Story, room: Room, teacher: Someone, admin: Someone, owner: psycopg.Connection
) -> None:
    assert story.play(room, room.young, requests.asks_me) == 0
    owner.execute("delete from procrastinate_jobs; delete from notice_due; delete from notice_item")  # they were told
    move(story, admin, teacher, "Jobcenter")
    told = owner.execute("select args ->> 'person_id' from procrastinate_jobs where task_name = 'mail_news'")
    assert told.fetchall() == [(str(room.guide.id),)]
    guide = Browser(app, story.token(room.guide))
    front = guide.get(f"/cases/{room.case_id}")
    assert "Skal de stadig være med i sagen?" in front.text
    assert "Lars Lærer , Skolen-medarbejder, Jobcenter" in front.text
    assert "har skiftet enhed eller konto" in guide.get(f"/cases/{room.case_id}/people").text
    assert "ændrede arbejdsstedet for Lars Lærer (før: Skolen)" in guide.get(f"/cases/{room.case_id}/log").text
    mine = Browser(app, story.token(teacher)).get("/cases")
    assert "Du har skiftet enhed" in mine.text
    assert "Ulla" not in mine.text
    story.set_level(room, teacher, Level.WRITE)
    assert story.play(room, room.young, requests.asks_me) == 1
    asked = story.play(room, room.young, lambda t: requests.request(t, t.membership.id))
    places = {line.workplace.unit: line for line in asked.parties if line.workplace}
    assert set(places) == {"Jobcenter", "Skolen"}
    assert places["Skolen"].granted
    assert not places["Jobcenter"].granted


def test_a_yes_to_a_unit_nobody_is_in_any_more_can_still_be_taken_back(
    app: Flask, story: Story, room: Room, teacher: Someone, admin: Someone
) -> None:
    move(story, admin, teacher, "Jobcenter")
    page = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/consents/mine")
    assert "Skolen" in page.text

    def take_back(ticket) -> None:  # type: ignore[no-untyped-def]
        asked = requests.request(ticket, ticket.membership.id)
        line = next(line for line in asked.parties if line.workplace and line.workplace.unit == "Skolen")
        assert asked.current is not None
        declare.withdraw_consent(ticket, uuid4(), asked.current.id, line.key)

    story.play(room, room.young, take_back)
    move(story, admin, teacher, "Skolen")
    story.set_level(room, teacher, Level.WRITE)
    assert compartments(story, room, teacher) == set()


def test_a_guide_is_not_moved_away_from_their_cases(
    app: Flask, story: Story, room: Room, admin: Someone, owner: psycopg.Connection
) -> None:
    with pytest.raises(InvalidInput, match="leads_cases"):
        move(story, admin, room.guide, "Jobcenter")
    office = Browser(app, story.token(admin))
    story.unit("Jobcenter")
    page = office.get(f"/office/staff/{room.guide.id}/unit")
    assert "1 sag skal først have en ny guide" in page.text
    assert str(room.case_id)[:8] in page.text
    assert str(room.case_id) not in page.everything
    assert "Ulla" not in page.everything
    unit = owner.execute("select u.name from staff s join unit u on u.id = s.unit_id where person_id = %s",
                         [room.guide.id]).fetchone()  # fmt: skip
    assert unit == ("Familie og unge",)


def test_whoever_becomes_the_guide_in_the_moment_of_a_move_is_not_moved_either(
    story: Story, room: Room, admin: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the cases were counted they led none; each is looked at once more, while nobody else changes its facts."""
    story.unit("Jobcenter")
    monkeypatch.setattr(moves.sign_in_overview, "led_cases", lambda *_: [])
    with pytest.raises(InvalidInput, match="leads_cases"):
        move(story, admin, room.guide, "Jobcenter")
    assert "professionals" in compartments(story, room, room.guide)


def test_the_page_says_first_how_many_cases_are_shut(
    app: Flask, story: Story, room: Room, teacher: Someone, admin: Someone
) -> None:
    unit = story.unit("Jobcenter")
    office = Browser(app, story.token(admin))
    page = office.get(f"/office/staff/{teacher.id}/unit")
    assert "1 sag lukkes straks for Lars Lærer" in page.text
    assert "Ulla" not in page.everything
    assert str(room.case_id)[:8] not in page.everything
    assert office.submit(page, "unit", unit="").status == 422
    assert office.submit(page, "unit", unit=str(unit)).status == 303
    assert compartments(story, room, teacher) == set()


def test_a_unit_of_another_organisation_is_no_place_to_move_to(
    story: Story, room: Room, teacher: Someone, admin: Someone, runtime: Runtime
) -> None:
    elsewhere = Story(runtime).unit("Skolen")
    for unit in (elsewhere, uuid4(), None, story.unit("Skolen")):
        with story.acting(admin) as actor, pytest.raises(InvalidInput, match="unit: choice"):
            moves.move(actor, teacher.id, unit)
    with story.acting(admin) as actor, pytest.raises(NotFound):
        moves.move(actor, room.young.id, story.unit("Jobcenter"))


def test_a_case_offered_to_a_guide_of_one_unit_is_not_taken_over_from_another(
    story: Story, room: Room, admin: Someone
) -> None:
    taker = story.guide("Else Efterfølger", "Jobcenter")
    story.play(room, room.guide, lambda t: handover.offer(t, uuid4(), taker.id))
    story.refresh(room)
    move(story, admin, taker, "Skolen")
    with pytest.raises(InvalidInput, match="offer_moved"):
        story.play(room, taker, lambda t: handover.accept_handover(t, uuid4()))
    story.play(room, room.guide, lambda t: handover.withdraw_handover(t, uuid4()))
    story.play(room, room.guide, lambda t: handover.offer(t, uuid4(), taker.id))
    story.play(room, taker, lambda t: handover.accept_handover(t, uuid4()))
    assert "professionals" in compartments(story, room, taker)


def test_whoever_joins_a_case_in_the_moment_of_a_move_joins_before_or_after_it(
    story: Story, room: Room, admin: Someone, runtime: Runtime, owner: psycopg.Connection
) -> None:
    """Never as one of the unit they have just left: that membership no move would carry along."""
    teacher = story.staff("Lars Lærer", "Skolen")
    story.unit("Jobcenter")
    inside, moved = threading.Event(), threading.Event()
    hold = joining.hold_account

    def slowly(session, person_id: UUID):  # type: ignore[no-untyped-def]
        staff = hold(session, person_id)
        inside.set()
        moved.wait(0.5)
        return staff

    def moving() -> None:
        inside.wait(5)
        move(story, admin, teacher, "Jobcenter")
        moved.set()

    mover = threading.Thread(target=moving)
    mover.start()
    joining.hold_account = slowly
    try:
        story.play(room, room.guide, lambda t: team.add_professional(t, uuid4(), teacher.id, Level.READ, "Hjælp"))
    finally:
        joining.hold_account = hold
    mover.join()
    rows = owner.execute(
        "select m.unit_id = s.unit_id from membership m join staff s using (person_id) where s.person_id = %s",
        [teacher.id],
    ).fetchall()
    assert rows == [(True,)]
    assert compartments(story, room, teacher) == set()


@pytest.mark.recalls  # facts read twice while others change them are two different ones
def test_two_moves_and_a_level_at_once_leave_what_one_after_the_other_would(
    story: Story, room: Room, teacher: Someone, admin: Someone, runtime: Runtime
) -> None:
    from portal.services.oversight import operators

    for unit in ("Jobcenter", "Bosted"):
        story.unit(unit)
    faults: list[Exception] = []

    def do(act: Callable[[], None]) -> None:
        try:
            act()
        except (InvalidInput, NotFound):
            pass
        except Exception as problem:  # noqa: BLE001  the test must see it
            faults.append(problem)

    acts = [
        lambda: move(story, admin, teacher, "Jobcenter"),
        lambda: move(story, admin, teacher, "Bosted"),
        lambda: story.set_level(room, teacher, Level.READ),
    ]
    at_once = [threading.Thread(target=do, args=(act,)) for act in acts]
    for one in at_once:
        one.start()
    for one in at_once:
        one.join()
    assert faults == []
    with runtime.unit_of_work() as session:
        assert list(operators.check_explanation(session)) == []


def test_a_member_who_was_never_let_in_stays_out_and_a_citizen_has_no_unit(
    story: Story, room: Room, admin: Someone
) -> None:
    waiting = story.staff("Vibe Venter", "Skolen")
    story.add(room, waiting, Level.NONE)
    move(story, admin, waiting, "Jobcenter")
    line = next(
        line for line in story.play(room, room.guide, audience.member_lines) if line.membership.person_id == waiting.id
    )
    assert line.level is Level.NONE
    assert line.workplace is not None
    assert line.workplace.unit == "Jobcenter"
    assert Capacity(line.membership.capacity) is Capacity.PROFESSIONAL
