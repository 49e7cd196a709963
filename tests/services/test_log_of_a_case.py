"""The log as the young person and the guide read it."""

from __future__ import annotations

import pytest

from portal.access.roles import Level
from portal.errors import Refused
from portal.services import downloads, files, insight
from tests.story import Room, Someone, Story


@pytest.fixture
def room(story: Story) -> Room:
    return story.case()


@pytest.fixture
def teacher(story: Story, room: Room) -> Someone:
    made = story.staff("Lars Lærer", "Skole")
    story.add(room, made, Level.READ)
    return made


def test_the_young_person_reads_who_has_looked_at_what_with_role_and_place_but_no_staff_name(
    story: Story, room: Room, teacher: Someone
) -> None:
    story.everybody_agrees(room)
    file_id = story.file(room, room.guide, name="Plan.pdf")
    story.play(room, teacher, lambda t: downloads.download(t, story.house.store, file_id, 1))
    with pytest.raises(Refused):
        story.play(room, teacher, lambda t: t.require(files.Action.FILE_ADD))
    page = story.play(room, room.young, lambda t: insight.log(t, None, "looks"))
    line = next(line for visit in page.visits for line in visit.lines if line.event == "version.downloaded")
    assert (line.about, line.fields["number"], line.name_shown) == ("Plan.pdf", 1, False)
    assert line.who is not None
    assert line.workplace is not None
    assert (line.who.job_title, line.workplace.unit) == ("Skole-medarbejder", "Skole")


def test_the_guide_sees_names_and_so_does_everybody_of_citizens(story: Story, room: Room, teacher: Someone) -> None:
    story.everybody_agrees(room)
    story.play(room, teacher, files.listing)
    story.play(room, room.young, files.listing)
    for reader, of_staff in ((room.guide, True), (room.parents[0], False)):
        page = story.play(room, reader, lambda t: insight.log(t, None, ""))
        shown = {line.who.display_name: line.name_shown for v in page.visits for line in v.lines if line.who}
        assert shown["Lars Lærer"] is of_staff
        assert shown["Ulla Ung"] is True


def test_the_log_turns_its_pages(story: Story, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(insight, "PAGE", 7)
    for _ in range(20):
        story.play(room, room.guide, files.listing)
    seen, before = [], None
    while True:
        page = story.play(room, room.young, lambda t, b=before: insight.log(t, b, ""))
        seen += [line.seq for visit in page.visits for line in visit.lines]
        before = page.older_than
        if before is None:
            break
    assert seen[-1] == 1
    assert len(seen) == len(set(seen))
