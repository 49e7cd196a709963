"""The form of a tool is short: one row stands open at a time, and of it the few questions that matter first. What has
to be seen is never shut away, with a script or without one."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from bs4 import Tag
from flask import Flask

from portal.services.plans import agreement, editing
from tests.plans.test_tools import add, agree, begin, newest, write
from tests.support.browser import Browser, Page
from tests.support.story import Room, Story

TOOL = "goals_and_agreements"


@pytest.fixture
def room(story: Story) -> Room:
    return story.case(parents=1)


@pytest.fixture
def rows(story: Story, room: Room) -> list[str]:
    """One goal and three agreements."""
    begin(story, room, room.guide, TOOL)
    goal = add(story, room, room.guide, TOOL, "goals", words="Jeg vil prøve et værksted", why="Jeg lærer med hænderne")
    who = str(room.member(room.young))
    return [goal] + [
        add(story, room, room.guide, TOOL, "agreements", what=f"Jeg ringer til værksted {number}", who=who)
        for number in (1, 2, 3)
    ]


def writing(room: Room, tool: str = TOOL, rest: str = "") -> str:
    return f"/cases/{room.case_id}/plan/{tool}/write{rest}"


def details(page: Page, row: str) -> Tag:
    found = page.soup.find("details", id=f"row-{row}")
    assert isinstance(found, Tag)
    return found


def open_rows(page: Page) -> set[str]:
    return {str(each["id"]).removeprefix("row-") for each in page.soup.select("details.plan-row[open]")}


def boxes(page: Page, address: str) -> list[str]:
    return [str(box["value"]) for box in page.soup.find_all("input", attrs={"name": address, "type": None})]


# As it comes from the server


def test_rows_are_closed_and_named_by_what_they_say_and_the_one_that_is_asked_for_is_open(
    app: Flask, story: Story, room: Room, rows: list[str]
) -> None:
    browser = Browser(app, story.token(room.young))
    page = browser.get(writing(room))
    assert open_rows(page) == set()
    assert "Jeg vil prøve et værksted" in details(page, rows[0]).summary.get_text()  # type: ignore[union-attr]
    assert {each["name"] for each in page.soup.select("details.plan-row")} == {"plan-row"}, "opening one shuts the rest"
    assert open_rows(browser.get(writing(room, rest=f"?row={rows[2]}"))) == {rows[2]}
    assert open_rows(browser.get(writing(room, rest="?row=nobody"))) == set()


def test_the_goal_and_why_come_first_and_everything_else_is_behind_more(
    app: Flask, story: Story, room: Room, rows: list[str]
) -> None:
    goal = details(Browser(app, story.token(room.young)).get(writing(room)), rows[0])
    more = goal.find("details", class_="more-fields")
    assert isinstance(more, Tag)
    every = [str(f["name"]).rpartition(".")[2] for f in goal.find_all(["textarea", "select", "input"]) if f.get("name")]
    behind = {str(f["name"]).rpartition(".")[2] for f in more.find_all(["textarea", "select", "input"])}
    assert list(dict.fromkeys(every))[:2] == ["words", "why"]
    assert set(every) - behind == {"words", "why"}
    definition = newest(story, room, room.guide, TOOL).definition.section_of("goals")
    assert definition is not None
    assert behind | {"words", "why"} == {question.key for question in definition.question}, "nothing is lost"


def test_a_version_begun_before_the_form_was_short_is_written_in_the_short_one(
    app: Flask, story: Story, room: Room, rows: list[str], owner: Any
) -> None:
    """How a page is laid out is not part of the words that were begun."""
    from portal.services.plans import definitions

    owner.execute(
        'update tool_definition set content = replace(content, \'"first": ["words", "why"]\', \'"first": []\')'
    )
    definitions._cache.clear()
    goal = details(Browser(app, story.token(room.young)).get(writing(room)), rows[0])
    assert goal.find("details", class_="more-fields") is not None


def test_what_stands_in_closed_rows_is_sent_with_the_page(
    app: Flask, story: Story, room: Room, rows: list[str]
) -> None:
    browser = Browser(app, story.token(room.young))
    page = browser.get(writing(room, rest=f"?row={rows[0]}"))
    at = f"goals.{rows[0]}"
    done = browser.submit(page, "plan-form", **{f"{at}.was_hard": "At komme op", f"{at}.progress": "3", "done": "yes"})
    assert done.status == 303
    answers = newest(story, room, room.young, TOOL).answers
    assert (answers[f"{at}.was_hard"], answers[f"{at}.progress"]) == ("At komme op", "3")
    assert answers[f"{at}.why"] == "Jeg lærer med hænderne"
    assert answers[f"agreements.{rows[3]}.what"] == "Jeg ringer til værksted 3"


def test_what_has_to_be_put_right_stands_in_an_open_row_with_what_was_typed(
    app: Flask, story: Story, room: Room, rows: list[str]
) -> None:
    browser = Browser(app, story.token(room.young))
    page = browser.get(writing(room, rest=f"?row={rows[1]}"))
    at = f"goals.{rows[0]}.latest"
    refused = browser.submit(page, "plan-form", **{at: ["date", "31", "", "2026"], "now.strengths": "At tegne"})
    assert refused.status == 422
    assert open_rows(refused) == {rows[0]}, "and not the one that stood open before"
    more = details(refused, rows[0]).find("details", class_="more-fields")
    assert isinstance(more, Tag)
    assert more.has_attr("open")
    assert refused.soup.find(id=f"{at}-error") is not None
    assert boxes(refused, at) == ["31", "", "2026"], "each box keeps what was typed in it"
    assert "At tegne" in refused.text
    assert f"#{at}" in [str(a["href"]) for a in refused.soup.select("#faults a")]


def test_where_two_met_in_two_rows_both_stand_open(app: Flask, story: Story, room: Room, rows: list[str]) -> None:
    browser = Browser(app, story.token(room.young))
    page = browser.get(writing(room))
    theirs = {f"agreements.{rows[1]}.what": "Mit ene", f"agreements.{rows[2]}.what": "Mit andet"}
    given = {address: words.replace("Mit", "Dit") for address, words in theirs.items()}
    write(story, room, room.guide, TOOL, **given)
    met = browser.submit(page, "plan-form", **theirs)
    assert met.status == 422
    assert open_rows(met) == {rows[1], rows[2]}
    assert not met.soup.select("details[name]"), "rows that shut each other could not both be open"


@pytest.mark.parametrize("button", ["add", "down", "close"])
def test_a_button_of_a_row_leads_back_to_that_row_standing_open(
    button: str, app: Flask, story: Story, room: Room, rows: list[str]
) -> None:
    browser = Browser(app, story.token(room.young))
    page = browser.get(writing(room))
    pressed = {
        "add": {"add": "goals"},
        "down": {"move": f"agreements.{rows[1]}.down"},
        "close": {"close": f"goals.{rows[0]}"},
    }
    sent = browser.submit(page, "plan-form", **pressed[button])
    after = browser.follow(sent)
    row = {"down": rows[1], "close": rows[0]}.get(button) or newest(story, room, room.young, TOOL).rows("goals")[-1]
    assert open_rows(after) == {row}
    assert sent.headers["Location"].endswith(f"#row-{row}")


@pytest.mark.parametrize(
    ("typed", "saved"),
    [
        (["date", "2", "3", "2026"], "2026-03-02"),
        (["date", " 02", "03 ", "2026"], "2026-03-02"),
        (["date", "", "", ""], ""),
        ("2026-03-02", "2026-03-02"),
    ],
)
def test_a_date_is_three_boxes(typed: Any, saved: str, app: Flask, story: Story, room: Room, rows: list[str]) -> None:
    browser = Browser(app, story.token(room.young))
    page = browser.get(writing(room))
    assert not page.soup.select("input[type=date]"), "one way everywhere"
    assert browser.submit(page, "plan-form", **{"now.from": typed, "done": "yes"}).status == 303
    assert newest(story, room, room.young, TOOL).answers.get("now.from", "") == saved
    again = browser.get(writing(room))
    assert boxes(again, "now.from") == (["2", "3", "2026"] if saved else ["", "", ""])
    assert browser.submit(again, "plan-form", done="yes").status == 303
    assert newest(story, room, room.young, TOOL).answers.get("now.from", "") == saved, "and stays when sent again"


@pytest.mark.parametrize(
    "typed", [["31", "2", "2026"], ["2", "3", "26"], ["a", "b", "c"], ["", "3", "2026"], ["²", "3", "2026"]]
)
def test_three_boxes_that_are_no_date_are_told_and_kept(
    typed: list[str], app: Flask, story: Story, room: Room, rows: list[str]
) -> None:
    browser = Browser(app, story.token(room.young))
    refused = browser.submit(browser.get(writing(room)), "plan-form", **{"now.from": ["date", *typed]})
    assert refused.status == 422
    assert boxes(refused, "now.from") == typed
    assert newest(story, room, room.young, TOOL).answers.get("now.from", "") == ""


# From another page to an empty row


def test_one_press_on_plan_leads_to_an_empty_goal_whatever_there_was(app: Flask, story: Story, room: Room) -> None:
    browser = Browser(app, story.token(room.young))
    plan = f"/cases/{room.case_id}/plan"
    first = browser.follow(browser.submit(browser.get(plan), "rows/goals"))
    (row,) = newest(story, room, room.young, TOOL).rows("goals")
    assert open_rows(first) == {row}, "nobody had begun"
    browser.submit(browser.get(plan), "rows/goals")
    assert newest(story, room, room.young, TOOL).rows("goals") == [row], "an empty one is taken before another is made"
    write(story, room, room.young, TOOL, **{f"goals.{row}.words": "Jeg vil have et job"})
    agree(story, room, TOOL)
    browser.submit(browser.get(plan), "rows/goals")
    page = newest(story, room, room.young, TOOL)
    assert (page.number, len(page.rows("goals"))) == (2, 2), "the agreed one stands"


def test_pressing_twice_makes_one_row(story: Story, room: Room) -> None:
    form = uuid4()
    made = {story.play(room, room.young, lambda t: editing.row_to_write_in(t, form, TOOL, "goals")) for _ in range(2)}
    assert len(made) == 1


# What comes next


def test_writing_in_a_proposed_plan_leads_to_proposing_it_again(
    app: Flask, story: Story, room: Room, rows: list[str]
) -> None:
    page = newest(story, room, room.guide, TOOL)
    story.play(room, room.guide, lambda t: agreement.propose_plan(t, uuid4(), TOOL, 1, page.revision))
    young = Browser(app, story.token(room.young))
    saved = young.submit(young.get(writing(room)), "plan-form", **{"now.strengths": "At tegne", "done": "yes"})
    after = young.follow(saved)
    assert "Planen er en kladde igen. Foreslå den, når du er klar" in after.text
    first = after.soup.select_one("main section")
    assert first is not None
    assert "Den er ændret, efter at den blev foreslået" in first.get_text()
    assert (
        first.find("button", string=lambda s: s and "Foreslå den igen" in s) or "Foreslå den igen" in first.get_text()
    )
    done = young.follow(young.submit(after, "/propose"))
    assert "Foreslået" in done.text
