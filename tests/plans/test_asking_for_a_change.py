"""Beside saying yes there is asking for a change: words to the guide, which nobody else reads."""

from __future__ import annotations

from uuid import uuid4

import pytest
from flask import Flask

from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.services.members import handover
from portal.services.oversight import case_log
from portal.services.plans import objections as plans_objections
from tests.support.browser import Browser
from tests.support.story import Room, Someone, Story
from tests.support.writing import TOOL, Writing

WORDS = "Jeg vil hellere begynde med to dage"


@pytest.fixture
def room(story: Story, colleague: Someone) -> Room:
    room = story.case(parents=1)
    story.add(room, colleague)
    story.consent(room, room.young)
    return room


def ask(story: Story, room: Room, who: Someone, words: str = WORDS, writing: Writing | None = None) -> None:
    page = (writing or Writing(story, room)).page(who)
    assert page.proposal_id
    story.play(
        room,
        who,
        lambda t: plans_objections.object_to(t, uuid4(), TOOL, page.number, page.proposal_id or uuid4(), words),
    )


def told(story: Story, room: Room, who: Someone) -> list[tuple[str, str]]:
    found = story.play(room, who, plans_objections.objections)
    return [(each.member.display_name, each.words) for each in found]


def test_the_guide_reads_what_the_young_person_wants_changed_and_nobody_else_does(
    app: Flask, story: Story, room: Room, writing: Writing, colleague: Someone
) -> None:
    writing.write(room.guide, now__goal="Jeg vil i skole fem dage")
    writing.propose(room.guide)
    young, guide = (Browser(app, story.token(who)) for who in (room.young, room.guide))
    where = f"/cases/{room.case_id}/plan/{TOOL}"
    page = young.get(where)
    assert "Jeg vil gerne have noget ændret" in page.text
    assert "Kun du og Grete Guide læser det her" in page.text
    empty = young.submit(page, "/change")
    assert empty.status == 422
    assert empty.soup.find("textarea", attrs={"name": "words"}).find_parent("details").has_attr("open")
    done = young.follow(young.submit(empty, "/change", words=WORDS))
    assert "Grete Guide får at vide, hvad du vil have ændret. Du kan stadig sige ja." in done.text
    assert WORDS in done.text
    front = guide.get(f"/cases/{room.case_id}")
    assert "Ulla Ung vil gerne have noget ændret" in front.text
    assert WORDS in front.text
    assert WORDS in guide.get(where).text
    for who in (colleague, room.parents[0]):
        other = Browser(app, story.token(who))
        for path in ("", "/plan", f"/plan/{TOOL}", "/log", f"/plan/{TOOL}/versions/1/changes"):
            shown = other.get(f"/cases/{room.case_id}{path}")
            assert WORDS not in shown.everything
            assert "noget ændret" not in shown.text


def test_it_is_asked_for_until_the_plan_is_changed_or_they_say_yes(story: Story, room: Room, writing: Writing) -> None:
    writing.write(room.guide, now__goal="Jeg vil i skole")
    writing.propose(room.guide)
    ask(story, room, room.young)
    ask(story, room, room.young, "Og helst fra mandag")
    assert told(story, room, room.guide) == [("Ulla Ung", "Og helst fra mandag")], "the newest of a person"
    writing.write(room.guide, now__goal="Jeg vil i skole to dage")
    assert told(story, room, room.guide) == []
    writing.propose(room.guide)
    assert told(story, room, room.guide) == [], "it was asked of other words"
    ask(story, room, room.young)
    writing.accept(room.young)
    assert told(story, room, room.guide) == []


def test_only_who_is_asked_asks_and_of_the_words_they_read(
    story: Story, room: Room, writing: Writing, colleague: Someone
) -> None:
    writing.write(room.guide, now__goal="Jeg vil i skole")
    writing.propose(room.guide)
    with pytest.raises(NotFound):
        ask(story, room, colleague)
    with pytest.raises(InvalidInput, match="words: required"):
        ask(story, room, room.young, " \n ")
    page = writing.page(room.young)
    writing.write(room.guide, now__goal="Jeg vil noget andet")
    with pytest.raises(InvalidInput, match="plan_moved_on"):
        story.play(
            room,
            room.young,
            lambda t: plans_objections.object_to(t, uuid4(), TOOL, 1, page.proposal_id or uuid4(), WORDS),
        )


def test_a_professional_who_is_asked_asks_the_guide_too_and_the_young_person_does_not_read_it(
    story: Story, room: Room, writing: Writing, colleague: Someone
) -> None:
    row = writing.add(room.guide, "agreements", what="Ringer til skolen", who=str(room.member(colleague)))
    assert row
    writing.propose(room.guide)
    ask(story, room, colleague, "Jeg er på ferie den uge")
    assert told(story, room, room.guide) == [("Jo Job", "Jeg er på ferie den uge")]
    assert told(story, room, room.young) == []
    lines = {
        who.name: [
            line.event
            for visit in story.play(room, who, lambda t: case_log.log(t, None, "")).visits
            for line in visit.lines
            if line.event is Event.PLAN_OBJECTED
        ]
        for who in (room.young, room.guide, room.parents[0])
    }
    assert lines == {"Ulla Ung": [Event.PLAN_OBJECTED], "Grete Guide": [Event.PLAN_OBJECTED], "Mona Mor": []}


def test_a_guide_who_comes_after_reads_it_as_the_guide(story: Story, room: Room, writing: Writing) -> None:
    """Unlike what is confided, it is said to whoever is the guide: they are the one who can change the plan."""
    writing.write(room.guide, now__goal="Jeg vil i skole")
    writing.propose(room.guide)
    ask(story, room, room.young)
    taker = story.guide("Nikolaj Ny")
    story.play(room, room.guide, lambda t: handover.offer(t, uuid4(), taker.id))
    story.play(room, taker, lambda t: handover.accept_handover(t, uuid4()))
    assert told(story, room, taker) == [("Ulla Ung", WORDS)]
    assert told(story, room, room.guide) == []
