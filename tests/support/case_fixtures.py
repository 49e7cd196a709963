"""What several tests of the verbs need: somebody to work with, a meeting, a plan to write in."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from portal.services.meetings import schedule
from tests.support.meeting import present
from tests.support.story import Room, Someone, Story
from tests.support.writing import Writing


@pytest.fixture
def colleague(story: Story) -> Someone:
    """A professional of the guide's own unit, not yet in any case."""
    return story.staff("Jo Job", job="Jobkonsulent")


@pytest.fixture
def meeting(story: Story, room: Room) -> UUID:
    """One that goes on, begun by the guide, with the young person there."""
    made = story.play(room, room.guide, lambda t: schedule.begin_now(t, uuid4()))
    present(story, room, made, room.guide, room.young)
    return made


@pytest.fixture
def writing(story: Story, room: Room) -> Writing:
    made = Writing(story, room)
    made.begin(room.guide)
    return made
