"""What meets somebody who comes into a case."""

from __future__ import annotations

from flask import Flask

from portal.access.ticket import enter_case
from portal.services import registry
from tests.support.browser import Browser
from tests.support.story import Story
from tests.support.writing import Writing

WAITS = "Mål- og aftaleskema venter på dit ja"


def test_a_plan_that_waits_for_ones_own_yes_says_so_until_it_is_given_or_the_words_are_changed(
    app: Flask, story: Story
) -> None:
    room = story.case()
    writing = Writing(story, room)
    young, guide = (Browser(app, story.token(one)) for one in (room.young, room.guide))
    home = f"/cases/{room.case_id}"
    writing.begin(room.guide)
    writing.write(room.guide, now__goal="Jeg vil bo for mig selv")
    assert WAITS not in young.get(home).text, "nobody has proposed anything"
    writing.propose(room.guide)
    page = young.get(home)
    assert WAITS in page.text
    assert f"{home}/plan/goals_and_agreements" in page.links()
    writing.accept(room.young)
    assert WAITS not in young.get(home).text
    assert WAITS in guide.get(home).text, "the guide has not said yes yet"
    writing.write(room.young, now__goal="Jeg vil bo sammen med en ven")
    assert WAITS not in guide.get(home).text, "words that are being changed wait for nobody"


def test_no_two_capabilities_ask_the_front_of_a_case_by_the_same_name(story: Story) -> None:
    room = story.case()
    with story.acting(room.guide) as actor:
        ticket = enter_case(actor, room.case_id)
        names = [name for asked in registry.FRONT for name in (*asked.of_all, *asked.of_guide)]
        gaps = [name for asked in registry.FRONT for name in asked.values(ticket)]
        actor.session.rollback()
    for each in (names, gaps):
        assert len(each) >= 6
        assert len(each) == len(set(each)), "the later one would be the answer to both"
