"""A copy of the case holds its meetings, and of a form made elsewhere its day and people: what its person may see."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
from babel.dates import format_date

from portal import clock
from portal.services import meetings, moving, old_forms, order
from portal.services.old_forms import About
from tests.meeting import TOOL, ended, planned, present
from tests.services.test_exports import opened, packed
from tests.story import PDF, Someone, Story, shelf_id


def test_a_copy_holds_meetings_and_forms_made_elsewhere_with_day_and_people(
    story: Story, colleague: Someone, owner: psycopg.Connection
) -> None:
    room = planned(story, colleague)
    made_on = clock.now().date() - timedelta(days=300)
    about = About(made_on, [room.member(room.young)], "Karl Forrige, Nordskolen")

    def put_in(name: str) -> UUID:
        upload = story.upload(name, PDF)
        return story.play(room, room.guide, lambda t: old_forms.add(t, uuid4(), TOOL, upload, about))

    put_in("Handleplan.pdf")
    hidden, gone = put_in("Fortroligt.pdf"), put_in("Forkert.pdf")
    story.play(room, room.guide, lambda t: moving.move_file(t, hidden, shelf_id(t, "professionals")))
    story.play(room, room.guide, lambda t: order.withdraw(t, gone, "Forkert fil"))
    meeting = story.play(room, room.guide, lambda t: meetings.begin_now(t, uuid4()))
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
    thread = story.play(room, room.guide, lambda t: meetings.load(t, meeting)).thread_id
    assert thread is not None
    story.play(room, room.guide, lambda t: moving.move_thread(t, thread, shelf_id(t, "professionals")))
    later = opened(story, room, room.young, packed(story, room, room.young, owner)).read("Møder.html").decode()
    assert "Ulla Ung Jo Job" not in later
    assert "Holdt, Fælles" in later
