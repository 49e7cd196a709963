"""Writing in a plan and agreeing on it, each verb in a unit of work of its own."""

from __future__ import annotations

from uuid import UUID, uuid4

from portal.access.ticket import CaseTicket
from portal.services.plans import agreement, editing, plans, saving
from portal.services.plans.open_plan import open_plan
from portal.services.plans.saving import Saved
from portal.services.plans.versions import PlanState, VersionPage
from tests.support.story import Room, Someone, Story

TOOL = "goals_and_agreements"


class Writing:
    """Somebody's verbs on the plan of a room, each in a unit of work of its own."""

    def __init__(self, story: Story, room: Room) -> None:
        self.story, self.room = story, room

    def begin(self, by: Someone) -> None:
        self.story.play(self.room, by, lambda t: editing.begin_plan(t, uuid4(), TOOL))

    def page(self, by: Someone, number: int | None = None) -> VersionPage:
        def read(ticket: CaseTicket) -> VersionPage:
            page = plans.show_plan(ticket, TOOL)
            assert page is not None
            return page.version(number) if number else page.newest

        return self.story.play(self.room, by, read)

    def write(self, by: Someone, base: int | None = None, **answers: str) -> Saved:
        page = self.page(by)
        given = {address.replace("__", "."): words for address, words in answers.items()}
        return self.story.play(
            self.room,
            by,
            lambda t: saving.save(open_plan(t, TOOL), page.number, page.revision if base is None else base, given),
        )

    def add(self, by: Someone, section: str, **given: str) -> str:
        page = self.page(by)
        return self.story.play(
            self.room, by, lambda t: editing.add_row(open_plan(t, TOOL), page.number, section, **given)
        )

    def move(self, by: Someone, section: str, row: str, step: int) -> None:
        page = self.page(by)
        self.story.play(self.room, by, lambda t: editing.move_row(open_plan(t, TOOL), page.number, section, row, step))

    def propose(self, by: Someone, revision: int | None = None) -> None:
        page = self.page(by)
        at = page.revision if revision is None else revision
        self.story.play(self.room, by, lambda t: agreement.propose_plan(t, uuid4(), TOOL, page.number, at))

    def accept(self, by: Someone, proposal: UUID | None = None) -> PlanState:
        page = self.page(by)
        which = proposal or page.proposal_id
        assert which is not None
        return self.story.play(self.room, by, lambda t: agreement.accept_proposal(t, uuid4(), TOOL, page.number, which))

    def renew(self, by: Someone) -> int:
        return self.story.play(self.room, by, lambda t: editing.renew(t, uuid4(), TOOL))


def agree(writing: Writing, room: Room, words: str) -> None:
    writing.write(room.guide, now__goal=words)
    writing.propose(room.guide)
    writing.accept(room.guide)
    assert writing.accept(room.young) is PlanState.AGREED
