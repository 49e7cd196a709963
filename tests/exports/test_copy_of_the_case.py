"""A copy of the case holds its meetings, and of a form made elsewhere its day and people: what its person may see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from babel.dates import format_date

from portal import clock
from portal.errors import NotFound
from portal.services.cases import move as case_move
from portal.services.files import folders
from portal.services.meetings import schedule
from portal.services.plans import external_forms
from portal.services.plans.external_forms import FormFacts
from tests.exports.test_exports import opened, packed
from tests.support.meeting import TOOL, ended, planned, present
from tests.support.story import HERE, PDF, Room, Someone, Story, compartment_id


def test_a_copy_holds_meetings_and_forms_made_elsewhere_with_day_and_people(
    story: Story, colleague: Someone, owner: psycopg.Connection
) -> None:
    room = planned(story, colleague)
    made_on = clock.today(HERE) - timedelta(days=300)
    about = FormFacts(made_on, [room.member(room.young)], "Karl Forrige, Nordskolen")

    def put_in(name: str) -> UUID:
        upload = story.upload(name, PDF)
        return story.play(room, room.guide, lambda t: external_forms.add_external_form(t, uuid4(), TOOL, upload, about))

    put_in("Handleplan.pdf")
    hidden, gone = put_in("Fortroligt.pdf"), put_in("Forkert.pdf")
    story.play(room, room.guide, lambda t: case_move.move_file(t, hidden, compartment_id(t, "professionals")))
    story.play(room, room.guide, lambda t: folders.withdraw_file(t, gone, "Forkert fil"))
    meeting = story.play(room, room.guide, lambda t: schedule.begin_now(t, uuid4()))
    present(story, room, meeting, room.guide, room.young)
    ended(story, room, meeting)
    package = opened(story, room, room.young, packed(story, room, room.young, owner))
    contents, plan, told = (package.read(f"{name}.html").decode() for name in ("Indhold", "Plan", "Møder"))
    line = f"lavet et andet sted, fra {format_date(made_on, 'd. MMMM y', locale='da')}, "
    line += "med Ulla Ung, Karl Forrige, Nordskolen"
    assert contents.count(line) == 1
    assert plan.count(line) == 1
    assert "Handleplan.pdf" in plan
    for words in ("Holdt, Fælles", "Planlagt, Fælles", "Skolen, lokale 4", "Grete Guide", "Ulla Ung Jo Job"):
        assert words in told
    everything = b"".join(package.read(name) for name in package.namelist()).decode("utf-8", "replace")
    assert "Fortroligt" not in everything
    assert "Forkert" not in everything

    # What lies elsewhere by now is not in the next copy, and the meeting stays.
    thread = story.play(room, room.guide, lambda t: schedule.load(t, meeting)).thread_id
    assert thread is not None
    story.play(room, room.guide, lambda t: case_move.move_thread(t, thread, compartment_id(t, "professionals")))
    later = opened(story, room, room.young, packed(story, room, room.young, owner)).read("Møder.html").decode()
    assert "Ulla Ung Jo Job" not in later
    assert "Holdt, Fælles" in later


def _thread(story: Story, room: Room, _owner: psycopg.Connection) -> Callable[[], None]:
    thread = story.thread(room, room.guide, body="Noget der snart flyttes")
    return lambda: story.play(
        room, room.guide, lambda t: case_move.move_thread(t, thread, compartment_id(t, "professionals"))
    )


def _summary(story: Story, room: Room, _owner: psycopg.Connection) -> Callable[[], None]:
    """Its words stand under *Meetings*, and lie in a thread."""
    meeting = story.play(room, room.guide, lambda t: schedule.begin_now(t, uuid4()))
    ended(story, room, meeting)
    thread = story.play(room, room.guide, lambda t: schedule.load(t, meeting)).thread_id
    assert thread is not None
    return lambda: story.play(
        room, room.guide, lambda t: case_move.move_thread(t, thread, compartment_id(t, "professionals"))
    )


def _file(story: Story, room: Room, _owner: psycopg.Connection) -> Callable[[], None]:
    file = story.file(room, room.guide)
    return lambda: story.play(
        room, room.guide, lambda t: case_move.move_file(t, file, compartment_id(t, "professionals"))
    )


def _form(story: Story, room: Room, _owner: psycopg.Connection) -> Callable[[], None]:
    """Named under *Plan*, with its day and people."""
    about = FormFacts(clock.today(HERE), [], "Karl Forrige")
    upload = story.upload("Handleplan.pdf", PDF)
    form = story.play(room, room.guide, lambda t: external_forms.add_external_form(t, uuid4(), TOOL, upload, about))
    return lambda: story.play(
        room, room.guide, lambda t: case_move.move_file(t, form, compartment_id(t, "professionals"))
    )


def _file_that_is_only_named(story: Story, room: Room, owner: psycopg.Connection) -> Callable[[], None]:
    """It waits for the virus scanner, so the copy says that it is not in it."""
    file = story.file(room, room.guide, name="Endnu ikke set efter.pdf")
    owner.execute("update file_version set scan = 'waiting' where file_id = %s", [file])
    return lambda: story.play(
        room, room.guide, lambda t: case_move.move_file(t, file, compartment_id(t, "professionals"))
    )


def _withdrawn(story: Story, room: Room, _owner: psycopg.Connection) -> Callable[[], None]:
    file = story.file(room, room.guide)
    return lambda: story.play(room, room.guide, lambda t: folders.withdraw_file(t, file, "Forkert"))


def _plan_of_another_place(_story: Story, room: Room, owner: psycopg.Connection) -> Callable[[], None]:
    """No plan can be moved today; if one could, its copies would know."""
    return lambda: _put_elsewhere(owner, "plan", room)


def _meeting_of_another_place(story: Story, room: Room, owner: psycopg.Connection) -> Callable[[], None]:
    story.meeting(room, room.guide)
    return lambda: _put_elsewhere(owner, "meeting", room)


def _put_elsewhere(owner: psycopg.Connection, table: str, room: Room) -> None:
    owner.execute(
        f"update {table} set compartment_id = (select id from compartment where case_id = %s and key = %s)",  # type: ignore[arg-type]
        [room.case_id, "professionals"],
    )


@pytest.mark.parametrize(
    "something",
    [_thread, _summary, _file, _form, _file_that_is_only_named, _withdrawn, _plan_of_another_place,
     _meeting_of_another_place],
)  # fmt: skip
def test_a_copy_does_not_open_any_more_when_something_in_it_lies_where_its_reader_does_not_see_it(
    something: Callable[[Story, Room, psycopg.Connection], Callable[[], None]],
    story: Story,
    colleague: Someone,
    owner: psycopg.Connection,
) -> None:
    room = planned(story, colleague)
    move = something(story, room, owner)
    mine, theirs = packed(story, room, room.young, owner), packed(story, room, room.young, owner)
    assert opened(story, room, room.young, mine).testzip() is None
    move()
    for copy in (mine, theirs):
        with pytest.raises(NotFound):
            opened(story, room, room.young, copy)
    assert opened(story, room, room.young, packed(story, room, room.young, owner)).testzip() is None, "a new one"


def test_a_copy_opens_while_what_was_moved_is_still_where_its_reader_sees_it(
    story: Story, colleague: Someone, owner: psycopg.Connection
) -> None:
    room = planned(story, colleague)
    thread = story.thread(room, room.guide)
    made = packed(story, room, room.young, owner)
    story.play(room, room.guide, lambda t: case_move.move_thread(t, thread, compartment_id(t, "health")))
    assert opened(story, room, room.young, made).testzip() is None
