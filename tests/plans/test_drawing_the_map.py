"""The network map is drawn: by mouse, by finger, by keyboard and, without a script, in the table beside it."""

from __future__ import annotations

import json
import math
from io import BytesIO
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from docx import Document
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page as ChromiumPage
from playwright.sync_api import expect
from pypdf import PdfReader

from portal.access.ticket import CaseTicket
from portal.services.plans import saving
from portal.services.plans.open_plan import open_plan
from tests.plans.test_tools import add, begin, newest
from tests.support.browser import Browser
from tests.support.live import cookie, served
from tests.support.story import Room, Someone, Story

TOOL = "network_map"
SECTORS = ["family", "friends", "school_work", "leisure", "professionals"]
RINGS = ["closest", "near", "further"]


@pytest.fixture
def room(story: Story) -> Room:
    room = story.case(parents=1)
    begin(story, room, room.young, TOOL)
    return room


def person(story: Story, room: Room, name: str, sector: str = "", ring: str = "") -> str:
    return add(story, room, room.young, TOOL, "people", name=name, sector=sector, ring=ring)


def place(story: Story, room: Room, row: str) -> tuple[str, str]:
    answers = newest(story, room, room.guide, TOOL).answers
    return answers.get(f"people.{row}.sector", ""), answers.get(f"people.{row}.ring", "")


def opened(chromium: Chromium, app: Flask, story: Story, room: Room, who: Someone, at: str) -> ChromiumPage:
    context = chromium.new_context(locale="da-DK", has_touch=True, viewport={"width": 1280, "height": 1100})
    context.add_cookies([cookie(app, story.token(who))])  # type: ignore[list-item]
    page = context.new_page()
    page.goto(f"{at}/cases/{room.case_id}/plan/{TOOL}/write")
    return page


def spot(page: ChromiumPage, sector: str, ring: str) -> tuple[float, float]:
    """The middle of a cell in the window."""
    left, top, width, told = page.evaluate(
        "() => { const map = document.querySelector('.ring-map svg'), box = map.getBoundingClientRect();"
        " return [box.left, box.top, box.width, map.dataset.edges] }"
    )
    edges = [float(edge) for edge in told.split()]
    radius = ([56.0, *edges][RINGS.index(ring)] + edges[RINGS.index(ring)]) / 2
    angle = 2 * math.pi * SECTORS.index(sector) / 5 - math.pi / 2
    scale = width / 800
    return left + scale * (400 + radius * math.cos(angle)), top + scale * (408 + radius * math.sin(angle))


def centre(page: ChromiumPage, row: str) -> tuple[float, float]:
    """Measured in one step: the server may draw the map anew at any time."""
    x, y = page.evaluate(
        "(row) => { const box = document.querySelector(`.figure[data-row='${row}'] > circle`).getBoundingClientRect();"
        " return [box.left + box.width / 2, box.top + box.height / 2] }",
        row,
    )
    return x, y


def test_the_map_is_drawn_with_mouse_finger_and_keyboard_and_by_two_at_once(
    app: Flask, story: Story, room: Room, chromium: Chromium
) -> None:
    mother, friend = person(story, room, "Mor", "family", "near"), person(story, room, "Emil Ven")
    coach = person(story, room, "Træner Tim", "leisure", "further")
    with served(app) as at:
        page = opened(chromium, app, story, room, room.young, at)
        saved, tells = page.locator(".saved"), page.locator(".tells")

        # By mouse: into the map from below it, and the table beside it says the same at once.
        page.mouse.move(*centre(page, friend))
        page.mouse.down()
        page.mouse.move(*spot(page, "school_work", "near"), steps=4)
        page.mouse.move(*spot(page, "friends", "closest"), steps=4)
        page.mouse.up()
        expect(tells).to_have_text("Emil Ven: Venner, Helt tæt på")
        expect(page.locator(f"[name='people.{friend}.sector']")).to_have_value("friends")
        expect(saved).to_have_text("Alt er gemt.")
        assert place(story, room, friend) == ("friends", "closest")
        figure = page.locator(f".figure[data-row='{friend}']")
        expect(figure).to_have_attribute("data-ring", "closest")  # the server has drawn it anew
        expect(figure).to_be_focused()

        # Dropped far off the map nobody is moved, and a click moves nobody.
        page.mouse.move(*centre(page, mother))
        page.mouse.down()
        page.mouse.move(5, 5, steps=3)
        page.mouse.up()
        page.mouse.click(*centre(page, mother))
        assert place(story, room, mother) == ("family", "near")

        # By finger.
        finger = page.context.new_cdp_session(page)
        way = [centre(page, coach), spot(page, "leisure", "near"), spot(page, "friends", "further")]
        for kind, (x, y) in zip(("touchStart", "touchMove", "touchMove"), way, strict=True):
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        expect(tells).to_have_text("Træner Tim: Venner, Længere væk")
        expect(page.locator(f".figure[data-row='{coach}']")).to_have_attribute("data-sector", "friends")
        assert place(story, room, coach) == ("friends", "further")

        # By keyboard: between sectors and rings, round the map, not beyond its rings; Enter goes to the table.
        page.locator(f".figure[data-row='{mother}']").focus()
        for key in ("ArrowLeft", "ArrowUp", "ArrowUp"):
            page.keyboard.press(key)
        expect(tells).to_have_text("Mor: Fagpersoner, Helt tæt på")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowDown")
        expect(tells).to_have_text("Mor: Familie, Tæt på")
        page.keyboard.press("ArrowDown")
        expect(page.locator(f".figure[data-row='{mother}']")).to_have_attribute("data-ring", "further")
        assert place(story, room, mother) == ("family", "further")
        expect(page.locator(f".figure[data-row='{mother}']")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator(f"[name='people.{mother}.name']")).to_be_focused()

        # What somebody else draws comes by itself; two who moved the same person see both places and choose.
        guide = opened(chromium, app, story, room, room.guide, at)
        page.context.set_offline(True)
        guide.locator(f".figure[data-row='{coach}']").focus()
        guide.keyboard.press("ArrowLeft")
        expect(guide.locator(".saved")).to_have_text("Alt er gemt.")
        page.locator(f".figure[data-row='{coach}']").focus()
        page.keyboard.press("ArrowRight")
        page.context.set_offline(False)
        clash = page.locator(f".form-group:has([name='people.{coach}.sector']) .clash")
        expect(clash).to_contain_text("Familie")
        assert place(story, room, coach) == ("family", "further"), "whoever was first stands until one is chosen"
        clash.get_by_role("button", name="Behold mine").click()
        expect(guide.locator(f".figure[data-row='{coach}']")).to_have_attribute("data-sector", "school_work")
        for width in (390, 1280):
            guide.set_viewport_size({"width": width, "height": 900})
            found = Axe().run(guide).response["violations"]
            assert not [each["id"] for each in found], found
        guide.close()
        page.close()


def test_without_a_script_the_table_is_written_in_and_the_server_draws(app: Flask, story: Story, room: Room) -> None:
    row = person(story, room, "Moster Mia")
    browser = Browser(app, story.token(room.young))
    write = browser.get(f"/cases/{room.case_id}/plan/{TOOL}/write")
    assert "Ingen plads på kortet endnu" in write.soup.find("svg", attrs={"data-rings": True}).get_text()
    fields = {f"people.{row}.sector": "family", f"people.{row}.ring": "closest", "done": "yes"}
    page = browser.follow(browser.submit(write, "plan-form", **fields))
    figure = page.soup.find("g", attrs={"data-row": row})
    assert (figure["data-sector"], figure["data-ring"]) == ("family", "closest")
    line = page.soup.find("tr", id=f"row-{row}").find_all(["th", "td"])
    cells = [" ".join(cell.get_text(" ").split()) for cell in line]
    assert cells == ["Moster Mia", "Familie", "Helt tæt på"], "what nobody answered has no column"
    assert not page.soup.select(".figure[tabindex]"), "nothing to be focused that does nothing"


def test_the_map_is_on_paper_as_a_drawing_that_is_also_told_in_words(app: Flask, story: Story, room: Room) -> None:
    person(story, room, "Moster Mia", "family", "closest")
    person(story, room, "Træner <Tim>", "leisure", "further")
    browser, start = Browser(app, story.token(room.guide)), f"/cases/{room.case_id}/plan/{TOOL}/versions/1/paper"
    words = "Familie: Moster Mia (Helt tæt på). Fritid og naboer: Træner <Tim> (Længere væk)."
    pdf = PdfReader(BytesIO(browser.get(f"{start}/pdf").response.data))
    assert alternatives(pdf.trailer["/Root"]["/StructTreeRoot"]) == [words]
    said = " ".join(page.extract_text() for page in pdf.pages)
    for word in ("MM", "Længere væk", "Fagpersoner"):
        assert word in said, "the drawing's own letters are letters there too"
    document = Document(BytesIO(browser.get(f"{start}/docx").response.data))
    (shape,) = document.inline_shapes
    assert shape._inline.docPr.get("descr") == words
    assert shape._inline.graphic.graphicData.pic.blipFill.blip.embed


def alternatives(tree: Any) -> list[str]:
    """What stands in a PDF in place of its pictures."""
    found = [str(tree["/Alt"])] if "/Alt" in tree else []
    kids = tree.get("/K", [])
    for kid in kids if isinstance(kids, list) else [kids]:
        inner = kid.get_object() if hasattr(kid, "get_object") else kid
        found += alternatives(inner) if hasattr(inner, "get") else []
    return found


def test_every_saving_and_every_look_brings_the_drawing(app: Flask, story: Story, room: Room) -> None:
    row = person(story, room, "Mor", "family", "near")
    browser, start = Browser(app, story.token(room.guide)), f"/cases/{room.case_id}/plan/{TOOL}"
    fields = {"number": "1", "revision": "1", f"people.{row}.ring": "further", f"was.people.{row}.ring": "near"}
    sent = browser.post(f"{start}/write", fields, browser.csrf(), headers={"Accept": "application/json"})
    live = browser.get(f"{start}/live?number=1")
    for answer in (sent, live):
        drawn = json.loads(answer.response.data)["drawings"]["people"]
        assert f'data-row="{row}" data-sector="family" data-ring="further"' in drawn


def test_two_hundred_people_are_on_the_map(app: Flask, story: Story, room: Room) -> None:
    def fill(ticket: CaseTicket) -> None:
        from portal.models import PlanVersion

        version = ticket.load(PlanVersion, newest_id)
        rows = [f"{number:08x}" for number in range(200)]
        answers = {"people": " ".join(rows)}
        for number, row in enumerate(rows):
            answers |= {f"people.{row}.name": f"Person {number}", f"people.{row}.sector": SECTORS[number % 5]}
            answers |= {f"people.{row}.ring": RINGS[number % 3]}
        ticket.seal(version, "answers", json.dumps(dict(answers)))
        saving.save(open_plan(ticket, TOOL), 1, 0, {"about.notice": "Der er mange"})

    newest_id = newest(story, room, room.guide, TOOL).id
    story.play(room, room.guide, fill)
    page = Browser(app, story.token(room.guide)).get(f"/cases/{room.case_id}/plan/{TOOL}")
    assert len(page.soup.select("svg .figure")) == 200
    assert len(page.soup.select(".ring-table tbody tr")) == 200
