"""The list of files in a real browser: a phone's camera, files dropped on it, narrowed while somebody types."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, expect

from portal.runtime import Runtime
from portal.services.files import files
from tests.files.test_list_of_files import PHOTO, at
from tests.support.browser import Browser
from tests.support.live import cookie, served
from tests.support.story import PDF, Room, Story


@pytest.fixture
def guide(app: Flask, story: Story, room: Room) -> Browser:
    return Browser(app, story.token(room.guide))


# In a browser


@pytest.fixture
def phone(app: Flask, story: Story, room: Room, chromium: Chromium) -> Iterator[BrowserContext]:
    with served(app) as address:
        context = chromium.new_context(
            base_url=address, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
        )
        context.add_cookies([cookie(app, story.token(room.young))])  # type: ignore[list-item]
        yield context


@pytest.fixture
def desk(app: Flask, story: Story, room: Room, chromium: Chromium) -> Iterator[BrowserContext]:
    with served(app) as address:
        context = chromium.new_context(base_url=address, viewport={"width": 1280, "height": 900})
        context.add_cookies([cookie(app, story.token(room.young))])  # type: ignore[list-item]
        yield context


def test_a_phone_offers_its_camera_for_pictures_and_speaks_of_no_mouse(phone: BrowserContext, room: Room) -> None:
    page = phone.new_page()
    page.goto(at(room, "/new"))
    taking = page.get_by_role("button", name="Tag et billede")
    expect(taking).to_be_visible()
    assert taking.locator("use").get_attribute("href").endswith("#camera")  # type: ignore[union-attr]
    expect(page.get_by_text("trække dem herhen")).to_be_hidden()
    camera = page.locator("input[capture]")
    assert camera.get_attribute("accept") == "image/*"
    assert page.locator("input[name=file]").get_attribute("capture") is None, "other files can be chosen"
    camera.set_input_files({"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": PHOTO})
    page.get_by_role("button", name="Tilføj", exact=True).click()
    picture = page.locator("figure.photo img")
    expect(picture).to_be_visible()
    expect(page.get_by_text("Filen er tilføjet")).to_be_visible()
    expect(picture).to_have_js_property("naturalWidth", 400)


def test_a_desk_offers_no_camera(desk: BrowserContext, room: Room) -> None:
    page = desk.new_page()
    page.goto(at(room, "/new"))
    expect(page.get_by_text("trække dem herhen")).to_be_visible()
    expect(page.get_by_role("button", name="Tag et billede")).to_be_hidden()


def test_files_are_dropped_on_the_list_and_counted(
    desk: BrowserContext, story: Story, room: Room, runtime: Runtime
) -> None:
    story.file(room, room.guide)
    page = desk.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda problem: said.append(str(problem)))
    page.goto(at(room))
    expect(page.locator("[data-drop]")).to_be_hidden()
    dropped = page.evaluate_handle(
        """() => { const held = new DataTransfer();
                   for (const name of ["et.txt", "to.txt", "tre.txt"]) held.items.add(new File([name], name));
                   return held; }"""
    )
    for event in ("dragover", "drop"):
        page.dispatch_event("#main", event, {"dataTransfer": dropped})
    expect(page.locator("[data-drop]")).to_be_visible()
    page.get_by_label(re.compile("Helbred")).check()
    page.locator("[data-drop]").get_by_role("button", name="Tilføj", exact=True).click()
    expect(page.get_by_text("3 filer er tilføjet")).to_be_visible(timeout=30_000)
    expect(page, "what was said once is not said again").to_have_url(re.compile("/files$"))
    page.reload()
    expect(page.get_by_text("3 filer er tilføjet")).to_have_count(0)
    lines = story.play(room, room.young, files.list_files)
    assert {line.name: line.compartment for line in lines if line.name.endswith(".txt")} == {
        "et.txt": "health", "to.txt": "health", "tre.txt": "health",
    }  # fmt: skip
    assert not said, said


def test_the_list_narrows_while_somebody_types_and_sends_nothing(
    desk: BrowserContext, story: Story, room: Room
) -> None:
    for name in ("Uddannelsesplan.pdf", "Cykel.jpg", "Ærlig snak.pdf"):
        story.file(room, room.guide, name=name, content=PHOTO if name.endswith("jpg") else PDF)
    page = desk.new_page()
    page.goto(at(room))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    field = page.get_by_label("En del af navnet")
    field.press_sequentially("æRL")
    expect(page.get_by_role("link", name="Ærlig snak.pdf", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Cykel.jpg", exact=True)).to_be_hidden()
    field.fill("findes ikke")
    expect(page.get_by_text("Ingen filer")).to_be_visible()
    field.press("Enter")
    field.fill("")
    expect(page.locator("#files > li:visible")).to_have_count(3)
    assert not [address for address in asked if "/cases/" in address], asked


def test_small_pictures_are_drawn_in_the_list(
    desk: BrowserContext, app: Flask, story: Story, room: Room, owner: psycopg.Connection
) -> None:
    guide = Browser(app, story.token(room.guide))
    for number in range(2):
        file_id = story.file(room, room.guide, name=f"{number}.jpg", content=PHOTO)
        guide.get(at(room, f"/{file_id}/versions/1/picture"))
    story.file(room, room.guide)
    page = desk.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(at(room))
    expect(page.locator("#files canvas")).to_have_count(2)
    colour = page.evaluate(
        "() => [...document.querySelector('#files canvas').getContext('2d').getImageData(48, 48, 1, 1).data]"
    )
    assert colour[:3] == pytest.approx([0, 128, 128], abs=6)
    assert not said, said
    told = owner.execute("select count(*) from audit_event where event = 'pictures.listed'")
    assert told.fetchone() == (1,)
