"""What meets somebody who comes into a case."""

from __future__ import annotations

from functools import partial

from flask import Flask

from portal.access.policy.roles import Level
from portal.access.ticket import enter_case
from portal.demo import plan
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


def test_the_family_reads_who_of_the_professionals_looked_last_and_of_nothing_they_do_not_see(
    app: Flask, story: Story
) -> None:
    room = story.case(parents=1)
    teacher = story.staff("Lars Lærer", "Skolen")
    story.add(room, teacher, Level.READ)
    story.everybody_agrees(room)
    hidden = story.file(room, room.guide, "professionals")
    home = f"/cases/{room.case_id}"
    Browser(app, story.token(teacher)).get(f"{home}/plan")
    Browser(app, story.token(room.guide)).get(f"{home}/files/{hidden}")
    Browser(app, story.token(room.young)).get(home)
    for reader in (room.young, room.parents[0]):
        page = Browser(app, story.token(reader)).get(home)
        told = page.soup.select_one(".last-look")
        assert told is not None
        assert "Skolen" in told.get_text(), "the look at a place that is shut to them is not told here"
        assert f"{home}/log" in page.links()
    assert Browser(app, story.token(room.guide)).get(home).soup.select_one(".last-look") is None


def test_on_the_front_the_next_meeting_comes_first_then_promises_then_what_is_new(app: Flask, story: Story) -> None:
    room = story.case(parents=0)
    story.play(room, room.guide, partial(plan.promise, "Ringer", 3))
    for who in (room.young, room.guide):
        story.play(room, who, plan.accept)
    story.play(room, room.young, plan.meet)
    story.thread(room, room.young)
    page = Browser(app, story.token(room.guide)).get(f"/cases/{room.case_id}").soup
    order = [str(one["id"]) for one in page.select("main h2[id]") if one["id"] != "steps"]
    assert order[:3] == ["next-meeting", "mine", "new"], order
