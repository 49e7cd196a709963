"""A plan that many have written in for long: what a saving reads does not grow with what was written before it."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from portal.access.ticket import CaseTicket
from portal.services.plans import editing, history, saving
from portal.services.plans.open_plan import open_plan
from portal.services.plans.saving import Saved
from tests.support.browser import Browser, Page
from tests.support.story import Room, Someone, Story
from tests.support.writing import TOOL, Writing


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The revisions of the lines of the history that were opened."""
    found: list[int] = []
    words = history._words

    def counted(ticket: CaseTicket, row: Any) -> dict[str, tuple[str, str]]:
        found.append(row.revision)
        return words(ticket, row)

    monkeypatch.setattr(history, "_words", counted)
    return found


def write_often(story: Story, room: Room, by: Someone, address: str, times: int) -> None:
    """As many savings of one answer, one after the other."""

    def act(ticket: CaseTicket) -> None:
        plan = open_plan(ticket, TOOL)
        page = plan.version(1)
        answers, before = dict(page.answers), page.answers.get(address, "")
        for turn in range(times):
            answers[address] = f"Udgave {turn}"
            editing.write_down(plan, page, answers, {address: (before, answers[address])})
            before = answers[address]

    story.play(room, by, act)


def save(story: Story, room: Room, by: Someone, seen: dict[str, str] | None, **given: str) -> Saved:
    answers = {address.replace("__", "."): words for address, words in given.items()}
    return story.play(room, by, lambda t: saving.save(open_plan(t, TOOL), 1, 0, answers, seen))


def lines_on(page: Page) -> int:
    return len(page.soup.select("section[aria-labelledby=when] li"))


def test_a_saving_whose_page_tells_what_it_knew_opens_nothing_that_was_written_before(
    writing: Writing, story: Story, room: Room, opened: list[int]
) -> None:
    write_often(story, room, room.guide, "now.situation", 60)
    saved = save(story, room, room.young, {"now.goal": ""}, now__goal="Mit mål")
    assert (saved.changed, saved.clashes) == (1, ())
    assert opened == []


def test_who_wrote_the_other_words_is_found_without_opening_the_whole_history(
    writing: Writing, story: Story, room: Room, opened: list[int]
) -> None:
    write_often(story, room, room.guide, "now.strengths", 120)
    writing.write(room.guide, now__goal="Guidens ord")
    opened.clear()
    (clash,) = save(story, room, room.young, {"now.goal": ""}, now__goal="Mine ord").clashes
    assert (clash.theirs, clash.by.display_name) == ("Guidens ord", "Grete Guide")
    assert len(opened) == 1


def test_who_wrote_the_other_words_long_ago_is_found_too(writing: Writing, story: Story, room: Room) -> None:
    writing.write(room.young, now__goal="Mine ord")
    write_often(story, room, room.guide, "now.situation", 120)
    (clash,) = save(story, room, room.guide, {"now.goal": ""}, now__goal="Guidens ord").clashes
    assert (clash.theirs, clash.by.id) == ("Mine ord", story.play(room, room.young, lambda t: t.membership.id))


def test_an_old_page_that_tells_nothing_of_what_it_knew_still_takes_nothing_back(
    writing: Writing, story: Story, room: Room
) -> None:
    write_often(story, room, room.guide, "now.situation", 120)
    (clash,) = save(story, room, room.young, None, now__situation="Mine ord").clashes
    assert clash.theirs == "Udgave 119"


def test_a_long_history_is_shown_some_lines_at_a_time(app: Flask, writing: Writing, story: Story, room: Room) -> None:
    write_often(story, room, room.guide, "now.situation", 130)
    browser = Browser(app, story.token(room.young))
    path = f"/cases/{room.case_id}/plan/{TOOL}/versions/1/changes"
    newest = browser.get(path)
    assert lines_on(newest) == 100
    older = newest.soup.find("a", string="Tidligere")
    assert older is not None
    rest = browser.get(str(older["href"]))
    assert lines_on(rest) == 30
    assert "Tidligere" not in rest.text
