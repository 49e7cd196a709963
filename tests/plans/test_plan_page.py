"""The page *Plan* begins with the young person's goals and what is promised; what they write is told to everybody whom
it concerns, with what comes next."""

from __future__ import annotations

from uuid import uuid4

import pytest
from flask import Flask

from portal.services.plans import agreement, editing, saving
from portal.services.plans import news as plans_news
from portal.services.plans.news import News
from portal.services.plans.open_plan import open_plan
from tests.plans.test_tools import add, agree, begin, newest, write
from tests.support.browser import Browser, Page
from tests.support.story import Room, Someone, Story

TOOL = "goals_and_agreements"


@pytest.fixture
def colleague(story: Story) -> Someone:
    return story.staff("Jo Job", job="Jobkonsulent")


@pytest.fixture
def room(story: Story, colleague: Someone) -> Room:
    room = story.case(parents=1)
    story.add(room, colleague)
    story.consent(room, room.young)
    return room


def plan(app: Flask, story: Story, room: Room, who: Someone) -> Page:
    return Browser(app, story.token(who)).get(f"/cases/{room.case_id}/plan")


def front(app: Flask, story: Story, room: Room, who: Someone) -> Page:
    return Browser(app, story.token(who)).get(f"/cases/{room.case_id}")


def headings(page: Page) -> list[str]:
    return [" ".join(h.get_text().split()) for h in page.soup.select("main h2")]


def goal(story: Story, room: Room, who: Someone, words: str) -> str:
    number, row = story.play(room, who, lambda t: editing.row_to_write_in(t, uuid4(), TOOL, "goals"))
    page = newest(story, room, who, TOOL)
    given = {f"goals.{row}.words": words}
    story.play(room, who, lambda t: saving.save(open_plan(t, TOOL), number, page.revision, given))
    return row


def news(story: Story, room: Room, who: Someone) -> News | None:
    return story.play(room, who, plans_news.news)


def propose(story: Story, room: Room) -> None:
    page = newest(story, room, room.guide, TOOL)
    story.play(room, room.guide, lambda t: agreement.propose_plan(t, uuid4(), TOOL, page.number, page.revision))


# What the page begins with


def test_it_begins_with_her_goals_and_what_is_promised(app: Flask, story: Story, room: Room) -> None:
    begin(story, room, room.guide, TOOL)
    add(story, room, room.guide, TOOL, "goals", words="Jeg vil have et fritidsjob")
    add(story, room, room.guide, TOOL, "goals", words="Jeg vil kunne cykle", status="reached")
    add(story, room, room.guide, TOOL, "agreements", what="Jeg skriver en ansøgning", who=str(room.member(room.young)))
    add(story, room, room.guide, TOOL, "agreements", what="Jeg ringer til skolen", who=str(room.member(room.guide)))
    agree(story, room, TOOL)
    page = plan(app, story, room, room.young)
    assert headings(page)[:3] == ["Mine mål", "Det har vi lovet", "Vores møder"]
    goals = page.soup.find(id="goals").find_parent("section")
    assert goals.get_text().index("fritidsjob") < goals.get_text().index("cykle"), "what is reached comes last"
    promised = page.soup.find(id="promised").find_parent("section").get_text()
    assert promised.index("ansøgning") < promised.index("ringer til skolen"), "one's own first"
    assert headings(plan(app, story, room, room.guide))[:3] == ["Mål for Ulla", "Det har vi lovet", "Vores møder"]


def test_citizens_find_the_tools_folded_and_neither_laws_nor_a_meeting_to_begin(
    app: Flask, story: Story, room: Room
) -> None:
    begin(story, room, room.guide, TOOL)
    for who in (room.young, room.parents[0]):
        page = plan(app, story, room, who)
        folded = page.soup.find("details", class_="folded")
        assert folded is not None
        assert not folded.has_attr("open")
        assert len(folded.select(".people > section")) == 7, "they are all there, one press away"
        assert not [link for link in page.links() if "/laws/" in link]
        assert not page.soup.find("form", action=lambda to: to and to.endswith("/meetings/now"))
    page = plan(app, story, room, room.guide)
    assert not page.soup.select("details .people"), "a professional works with the tools"
    assert page.soup.find("form", action=lambda to: to and to.endswith("/meetings/now")).find_parent("details")
    laws = [a for a in page.soup.find_all("a", href=True) if "/laws/" in a["href"]]
    assert laws
    assert all(a.find_parent("details") for a in laws)


def test_an_empty_plan_asks_the_young_person_for_a_goal_and_leads_to_it(app: Flask, story: Story, room: Room) -> None:
    page = plan(app, story, room, room.young)
    assert "Et mål er noget, du selv vil" in page.text
    assert page.form("rows/goals") is not None
    assert "Et mål er noget, du selv vil" not in plan(app, story, room, room.guide).text


def test_whoever_may_only_read_is_offered_nothing_to_write(app: Flask, story: Story, room: Room) -> None:
    goal(story, room, room.young, "Jeg vil have et fritidsjob")
    page = plan(app, story, room, room.parents[0])
    assert "fritidsjob" in page.text
    for offer in ("rows/goals", "/propose", "/meetings/new"):
        assert offer not in str(page.soup.main), offer


# What the young person wrote


def test_a_new_goal_is_on_the_guides_front_with_the_next_step_and_on_plan_for_everybody(
    app: Flask, story: Story, room: Room, colleague: Someone
) -> None:
    goal(story, room, room.young, "Jeg vil prøve at bo alene")
    seen = front(app, story, room, room.guide)
    note = " ".join(seen.soup.select_one("main .note").get_text(" ").split())
    assert note.startswith("Ulla har skrevet et nyt mål i dag kl.")
    assert "Jeg vil prøve at bo alene" in note
    assert "Læs det, og foreslå planen" in note
    first = (
        Browser(app, story.token(room.guide)).get(f"/cases/{room.case_id}/plan/{TOOL}").soup.select_one("main section")
    )
    assert "har skrevet et nyt mål i dag" in first.get_text()
    assert first.find("form", action=lambda to: to.endswith("/propose")) is not None
    for who in (room.guide, colleague, room.parents[0]):
        assert "Ulla har skrevet et nyt mål i dag" in plan(app, story, room, who).text
    assert "Du har skrevet et nyt mål i dag" in plan(app, story, room, room.young).text
    for who in (colleague, room.parents[0], room.young):
        assert "skrevet et nyt mål" not in front(app, story, room, who).text, "the next step is the guide's"


def test_the_news_is_over_when_the_plan_is_proposed_and_comes_again_with_what_is_written_then(
    story: Story, room: Room
) -> None:
    row = goal(story, room, room.young, "Jeg vil prøve at bo alene")
    found = news(story, room, room.guide)
    assert found is not None
    assert (found.goals, found.is_mine) == (("Jeg vil prøve at bo alene",), False)
    propose(story, room)
    assert news(story, room, room.guide) is None
    write(story, room, room.young, TOOL, **{f"goals.{row}.words": "Jeg vil bo i en lejlighed"})
    found = news(story, room, room.guide)
    assert found is not None
    assert found.goals == (), "no new goal: an old one in other words"
    goal(story, room, room.young, "Jeg vil have en kat")
    found = news(story, room, room.guide)
    assert found is not None
    assert found.goals == ("Jeg vil have en kat",)


def test_what_somebody_else_wrote_is_not_told_as_hers(story: Story, room: Room, colleague: Someone) -> None:
    goal(story, room, room.guide, "Guidens forslag")
    goal(story, room, colleague, "Jobcentrets forslag")
    assert news(story, room, room.guide) is None
    write(story, room, room.young, TOOL, now__strengths="At tegne")
    found = news(story, room, room.guide)
    assert found is not None
    assert found.goals == ()


def test_a_goal_she_took_out_again_is_not_told(story: Story, room: Room) -> None:
    row = goal(story, room, room.young, "Jeg vil alligevel ikke")
    story.play(room, room.young, lambda t: editing.move_row(open_plan(t, TOOL), 1, "goals", row, 0))
    found = news(story, room, room.guide)
    assert found is None or found.goals == ()


def test_the_front_of_a_case_in_which_she_wrote_nothing_asks_no_more_than_before(
    app: Flask, story: Story, room: Room
) -> None:
    goal(story, room, room.guide, "Guidens forslag")
    assert "Ulla har skrevet" not in front(app, story, room, room.guide).text


# Said once, and one way


def test_a_goal_is_not_said_twice_and_a_long_one_is_said_whole(app: Flask, story: Story, room: Room) -> None:
    begin(story, room, room.guide, TOOL)
    short = add(story, room, room.guide, TOOL, "goals", words="Jeg vil prøve et værksted")
    long = add(story, room, room.guide, TOOL, "goals", words=("Jeg vil meget. " * 30).strip())
    page = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/plan/{TOOL}")
    row = page.soup.find(id=f"row-{short}")
    assert row.get_text().count("Jeg vil prøve et værksted") == 1
    assert "Mål 1: Jeg vil prøve et værksted" in " ".join(row.h3.get_text().split())
    whole = page.soup.find(id=f"row-{long}")
    assert " ".join(whole.h3.get_text().split()) == "Mål 2"
    assert whole.get_text().count("Jeg vil meget.") == 30


def test_days_are_said_one_way_in_the_plan_the_minutes_and_the_promises(
    app: Flask, story: Story, room: Room, colleague: Someone
) -> None:
    begin(story, room, room.guide, TOOL)
    who = str(room.member(room.young))
    add(story, room, room.guide, TOOL, "agreements", what="Jeg ringer", who=who, due="2099-12-02")
    made = story.meeting(room, room.guide)
    guide = Browser(app, story.token(room.guide))
    ending = guide.get(f"/cases/{room.case_id}/meetings/{made}/end")
    agree(story, room, TOOL)
    for page in (
        guide.get(f"/cases/{room.case_id}/plan/{TOOL}"),
        guide.get(f"/cases/{room.case_id}/plan/promises"),
        guide.get(f"/cases/{room.case_id}/plan"),
        ending,
    ):
        assert "2. december 2099" in page.text, page.path
        assert "2.12.2099" not in page.text, page.path
