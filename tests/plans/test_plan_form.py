"""The form of a tool is short: one row stands open at a time, and of it the few questions that matter first. What has
to be seen is never shut away, with a script or without one."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from bs4 import Tag
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page as ChromiumPage
from playwright.sync_api import expect

from portal.services.plans import agreement, editing
from tests.plans.test_tools import add, agree, begin, newest, write
from tests.support.browser import Browser, Page
from tests.support.chromium import until
from tests.support.live import cookie, served
from tests.support.story import Room, Someone, Story

TOOL = "goals_and_agreements"
PHONE = {"width": 390, "height": 844}


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


def test_rows_are_shut_and_named_by_what_they_say_and_the_one_that_is_asked_for_is_open(
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
    definitions._kept.clear()
    goal = details(Browser(app, story.token(room.young)).get(writing(room)), rows[0])
    assert goal.find("details", class_="more-fields") is not None


def test_what_stands_in_shut_rows_is_sent_with_the_page(app: Flask, story: Story, room: Room, rows: list[str]) -> None:
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
    ("typed", "kept"),
    [
        (["date", "2", "3", "2026"], "2026-03-02"),
        (["date", " 02", "03 ", "2026"], "2026-03-02"),
        (["date", "", "", ""], ""),
        ("2026-03-02", "2026-03-02"),
    ],
)
def test_a_date_is_three_boxes(typed: Any, kept: str, app: Flask, story: Story, room: Room, rows: list[str]) -> None:
    browser = Browser(app, story.token(room.young))
    page = browser.get(writing(room))
    assert not page.soup.select("input[type=date]"), "one way everywhere"
    assert browser.submit(page, "plan-form", **{"now.from": typed, "done": "yes"}).status == 303
    assert newest(story, room, room.young, TOOL).answers.get("now.from", "") == kept
    again = browser.get(writing(room))
    assert boxes(again, "now.from") == (["2", "3", "2026"] if kept else ["", "", ""])
    assert browser.submit(again, "plan-form", done="yes").status == 303
    assert newest(story, room, room.young, TOOL).answers.get("now.from", "") == kept, "and stays when sent again"


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
    story.play(room, room.guide, lambda t: agreement.propose(t, uuid4(), TOOL, 1, page.revision))
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


# In a browser


def at_a_browser(
    chromium: Chromium, app: Flask, story: Story, who: Someone, at: str, path: str, **more: Any
) -> ChromiumPage:
    context = chromium.new_context(locale="da-DK", **{"viewport": PHONE, **more})
    context.add_cookies([cookie(app, story.token(who))])  # type: ignore[list-item]
    page = context.new_page()
    page.goto(at + path)
    return page


def is_at_most(page: ChromiumPage, screens: float) -> None:
    """How often one has to turn the page of a phone to see all of it."""
    most = screens * PHONE["height"]
    until(page, lambda: page.evaluate("document.documentElement.scrollHeight") <= most, f"more than {screens} screens")


def test_a_goal_with_three_agreements_is_three_screens_of_a_phone_and_opens_one_row_at_a_time(
    app: Flask, story: Story, room: Room, rows: list[str], chromium: Chromium
) -> None:
    with served(app) as at:
        page = at_a_browser(chromium, app, story, room.young, at, writing(room))
        is_at_most(page, 3)
        page.locator(f"#row-{rows[0]} > summary").click()
        expect(page.locator(f"[name='goals.{rows[0]}.words']")).to_be_visible()
        expect(page.locator(f"[name='goals.{rows[0]}.was_hard']")).not_to_be_visible()
        is_at_most(page, 3.7)
        page.locator(f"#row-{rows[2]} > summary").click()
        expect(page.locator(f"[name='goals.{rows[0]}.words']")).not_to_be_visible()
        expect(page.locator(f"[name='agreements.{rows[2]}.who']")).to_be_visible()
        is_at_most(page, 3.7)
        page.set_viewport_size({"width": 1280, "height": 900})
        left, right = (page.locator(f"[name='now.{key}']").bounding_box() for key in ("goal", "situation"))
        assert left
        assert right
        assert right["x"] > left["x"] + left["width"], "two columns at a desk"
        page.close()


def test_a_map_of_ten_people_is_five_screens_of_a_phone(
    app: Flask, story: Story, room: Room, chromium: Chromium
) -> None:
    tool = "network_map"
    begin(story, room, room.young, tool)
    for number in range(10):
        add(story, room, room.young, tool, "people", name=f"Person {number}", sector="family", ring="near")
    with served(app) as at:
        page = at_a_browser(chromium, app, story, room.young, at, writing(room, tool))
        is_at_most(page, 4)
        page.locator("details.plan-row > summary").nth(4).click()
        is_at_most(page, 5)
        # A figure of the map leads into the row of its person.
        figure = page.locator(".ring-map .figure").first
        figure.focus()
        page.keyboard.press("Enter")
        until(page, lambda: page.evaluate("document.activeElement.closest('details.plan-row')?.open === true"))
        expect(page.locator("*:focus")).to_be_visible()
        page.close()


@pytest.mark.parametrize("size", [PHONE, {"width": 320, "height": 640}, {"width": 1280, "height": 720}])
def test_nothing_that_has_the_focus_is_hidden(
    size: dict[str, int], app: Flask, story: Story, room: Room, rows: list[str], chromium: Chromium
) -> None:
    """By keyboard through the whole form, with one row and its "More" open: not under the bar that saves, not shut."""
    with served(app) as at:
        path = writing(room, rest=f"?row={rows[0]}")
        page = at_a_browser(chromium, app, story, room.young, at, path, viewport=size)
        page.locator(f"#row-{rows[0]} .more-fields > summary").click()
        page.locator("[name='now.goal']").focus()
        met, last = 0, ""
        for _ in range(90):
            page.keyboard.press("Tab")
            seen = page.evaluate(_IS_SEEN)
            if seen["outside"]:
                break
            met, last = met + 1, seen["name"]
            if seen["covered"]:
                until(page, lambda: not page.evaluate(_IS_SEEN)["covered"], str(seen))
        assert (met > 25, last) == (True, "done"), "all of it was walked through"
        page.close()


_IS_SEEN = """() => {
  const it = document.activeElement, box = it.getBoundingClientRect();
  const bars = [...document.querySelectorAll(".plan-save, .doors")].filter((bar) => !bar.contains(it)
    && ["fixed", "sticky"].includes(getComputedStyle(bar).position)).map((bar) => bar.getBoundingClientRect());
  const covered = bars.some((bar) => box.height && box.top >= bar.top - 1 && box.bottom <= bar.bottom + 1)
    || box.bottom <= 0 || box.top >= innerHeight || !it.checkVisibility();
  return { outside: !it.closest(".plan-form"), covered, name: it.name || it.textContent.trim().slice(0, 40),
           top: box.top, bottom: box.bottom, bars: bars.map((bar) => bar.top) };
}"""


def test_half_a_date_is_not_sent_and_a_whole_one_is_saved_by_itself(
    app: Flask, story: Story, room: Room, rows: list[str], chromium: Chromium
) -> None:
    with served(app) as at:
        page = at_a_browser(chromium, app, story, room.young, at, writing(room))
        saved = page.locator(".saved")
        for box, typed in (("day", "2"), ("month", "3")):
            page.locator(f"[id='now.from-{box}']").click()
            page.keyboard.type(typed)
        page.wait_for_timeout(1500)
        assert page.locator(".live-fault").count() == 0, "half of a date is no fault while it is being written"
        page.locator("[id='now.from-year']").click()
        page.keyboard.type("2026")
        expect(saved).to_have_text("Alt er gemt.")
        assert newest(story, room, room.young, TOOL).answers["now.from"] == "2026-03-02"
        # What somebody else writes comes into the boxes.
        write(story, room, room.guide, TOOL, **{"now.from": "2026-12-24"})
        expect(page.locator("[id='now.from-day']")).to_have_value("24")
        expect(page.locator("[id='now.from-year']")).to_have_value("2026")
        # Left half, it is told.
        page.locator("[id='now.from-month']").fill("")
        page.locator("[name='now.strengths']").focus()
        expect(page.locator("[id='now.from'] .live-fault")).to_be_visible(timeout=5000)
        page.close()


def test_a_meeting_of_two_in_a_shut_row_opens_it_and_leaves_the_one_that_is_written_in_open(
    app: Flask, story: Story, room: Room, rows: list[str], chromium: Chromium
) -> None:
    with served(app) as at:
        page = at_a_browser(chromium, app, story, room.young, at, writing(room, rest=f"?row={rows[1]}"))
        first, second = (f"agreements.{row}.what" for row in rows[1:3])
        page.context.set_offline(True)
        page.locator(f"[name='{first}']").fill("Mine ord")
        write(story, room, room.guide, TOOL, **{first: "Guidens ord"})
        page.locator(f"#row-{rows[2]} > summary").click()
        page.locator(f"[name='{second}']").fill("Jeg skriver her")
        page.context.set_offline(False)
        expect(page.locator(f"#row-{rows[1]} .clash")).to_be_visible(timeout=12000)
        expect(page.locator(f"[name='{second}']")).to_be_visible()
        expect(page.locator(f"[name='{second}']")).to_be_focused()
        expect(page.locator(f"#row-{rows[2]} .row-title")).to_have_text("Jeg skriver her")
        page.close()


def test_without_a_script_rows_open_and_the_page_is_saved_by_its_button(
    app: Flask, story: Story, room: Room, rows: list[str], chromium: Chromium
) -> None:
    with served(app) as at:
        page = at_a_browser(chromium, app, story, room.young, at, writing(room), java_script_enabled=False)
        page.locator(f"#row-{rows[0]} > summary").click()
        page.locator(f"#row-{rows[0]} .more-fields > summary").click()
        page.locator(f"[name='goals.{rows[0]}.went_well']").fill("Jeg kom afsted")
        page.locator(f"#row-{rows[1]} > summary").click()
        expect(page.locator(f"[name='goals.{rows[0]}.went_well']")).not_to_be_visible()
        page.get_by_role("button", name="Gem og læs den").click()
        expect(page.get_by_text("Jeg kom afsted")).to_be_visible()
        page.goto(at + writing(room, rest=f"?row={rows[0]}"))
        page.get_by_role("button", name="Tilføj en aftale").click()
        new = newest(story, room, room.young, TOOL).rows("agreements")[-1]
        expect(page.locator(f"[name='agreements.{new}.what']")).to_be_visible()
        page.close()
    assert newest(story, room, room.young, TOOL).answers[f"goals.{rows[0]}.went_well"] == "Jeg kom afsted"
