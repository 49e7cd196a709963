"""Every page can be printed: what it says and nothing to press, on white, no wider than the paper."""

from __future__ import annotations

import os
from collections.abc import Iterator
from io import BytesIO

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page as ChromiumPage
from pypdf import PdfReader

from portal.runtime import Runtime
from tests.rules.routes import CASE_ROUTES, own
from tests.support.live import cookie, served
from tests.support.story import Story
from tests.support.world import World

FEW = {
    "case.overview", "plan.index", "plan_form.show", "plan_form.write", "files.index", "files.show",
    "previews.preview_page", "messages.show", "people.index", "log.index", "team.member",
    "safeguards.freeze", "consents.register",
}  # fmt: skip
"""Pages that differ most; `make test-long` prints every one of a case."""
_FILES = {
    "files.download", "plan.blank", "plan_papers.version", "plan_papers.statute", "together.live", "previews.picture",
    "previews.page", "consent_papers.receipt", "consent_papers.scan", "exports.fetch", "exports.fetch_case",
}  # fmt: skip
"""No pages but what is taken away."""
PAPER = 718
"""Pixels between the margins of A4."""
TOLD = """() => {
    const shown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
    const name = (element) => `${element.tagName} ${element.className} ${element.textContent.trim()}`.slice(0, 80);
    const added = (link, where) => !["none", "normal", '""'].includes(getComputedStyle(link, where).content);
    const ground = (element) => getComputedStyle(element).backgroundColor;
    const floats = (element) => ["fixed", "sticky"].includes(getComputedStyle(element).position);
    const folded = [...document.querySelectorAll("details:not(:has(form)):not(.no-print) > :not(summary)")];
    return {
        pressed: all("nav, button, .button, input[type=submit], input[type=file], .skip, .foot").map(name),
        addresses: all("a").filter((link) => added(link, "::before") || added(link, "::after")).map(name),
        headings: all("h1").map((heading) => heading.textContent.trim()),
        wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        grounds: [document.body, document.querySelector("main")].map(ground),
        folded: folded.filter((inner) => inner.textContent.trim() && !shown(inner)).map(name),
        floating: all("main *").filter(floats).map(name),
    };
}"""


@pytest.fixture
def printer(living_app: Flask, living: Runtime, world: World, chromium: Chromium) -> Iterator[tuple[ChromiumPage, str]]:
    """A browser of the guide that believes to print, and where the portal is."""
    with served(living_app) as at:
        context = chromium.new_context(locale="da-DK", viewport={"width": PAPER, "height": 1000})
        context.add_cookies([cookie(living_app, Story(living).token(world.people["guide"]))])  # type: ignore[list-item]
        page = context.new_page()
        page.emulate_media(media="print")
        yield page, at
        context.close()


def test_every_page_prints_what_it_says_and_nothing_to_press(printer: tuple[ChromiumPage, str], world: World) -> None:
    page, at = printer
    every = [route for route in CASE_ROUTES if route.method == "GET" and route.endpoint not in _FILES]
    nightly = os.environ.get("HYPOTHESIS_PROFILE") == "long"
    paths = {route.path(own(world)): None for route in every if nightly or route.endpoint in FEW}
    seen = 0
    for path in ["/cases", "/me", *paths]:
        answer = page.goto(f"{at}{path}", wait_until="load")
        if answer is None or answer.status != 200 or "text/html" not in answer.headers["content-type"]:
            continue
        told = page.evaluate(TOLD)
        assert len(told["headings"]) == 1, path
        assert told["headings"][0], path
        for what in ("pressed", "addresses", "folded", "floating"):
            assert told[what] == [], (what, path)
        assert told["wide"] <= 0, path
        assert set(told["grounds"]) <= {"rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"}, path
        seen += 1
    assert seen >= (40 if nightly else len(FEW))


def test_a_printed_tool_holds_its_answers_and_its_map(printer: tuple[ChromiumPage, str], world: World) -> None:
    page, at = printer
    page.goto(f"{at}/cases/{world.room.case_id}/plan/network_map", wait_until="load")
    said = " ".join(" ".join(sheet.extract_text() for sheet in PdfReader(BytesIO(page.pdf())).pages).split())
    for words in ("Netværkskort", "Menneskene omkring mig", "Moster Mia", "Helt tæt på", "Version 1"):
        assert words in said
    for noise in ("Skriv i den", "Log ud", "http", "Tag den med"):
        assert noise not in said
