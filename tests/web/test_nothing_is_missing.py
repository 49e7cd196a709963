"""No page asks for something that is not there, whatever is written on it: every answer a browser gets is looked at."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Request, Response

from tests.support.live import cookie, served
from tests.support.story import Story

STATIC = Path(__file__).parents[2] / "static"
SIGNS = "👍 🇩🇰 漢字 தமிழ் አማርኛ ภาษา ☐ ≥ 𐎀 \u0378 *kursiv*"


def test_a_sign_that_no_font_here_has_is_asked_for_nowhere(app: Flask, story: Story, chromium: Chromium) -> None:
    room = story.case(name=f"Ming {SIGNS}", parents=1)
    story.thread(room, room.guide, subject=f"Hej {SIGNS}", body=f"Godt gået {SIGNS}")
    amiss: list[str] = []

    def answered(response: Response) -> None:
        if response.status >= 400:
            amiss.append(f"{response.status} {response.url}")

    def failed(request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":
            amiss.append(f"{request.failure} {request.url}")

    with served(app) as at:
        context = chromium.new_context(locale="da-DK")
        context.add_cookies([cookie(app, story.token(room.guide))])  # type: ignore[list-item]
        page = context.new_page()
        page.on("response", answered)
        page.on("requestfailed", failed)
        case = f"/cases/{room.case_id}"
        for path in ("/", case, f"{case}/messages", f"{case}/people", f"{case}/plan", f"{case}/files", f"{case}/log"):
            page.goto(f"{at}{path}")
            # Words in every weight and slant that the design knows.
            page.evaluate(
                """signs => [400, 500, 600, 700].forEach(weight => ['normal', 'italic'].forEach(slant => {
                    const line = document.body.appendChild(document.createElement('p'));
                    line.textContent = signs; line.style.fontWeight = weight; line.style.fontStyle = slant;
                }))""",
                SIGNS,
            )
            page.evaluate("document.fonts.ready")
            page.wait_for_load_state("networkidle")
        context.close()
    assert not amiss


@pytest.mark.parametrize("style", sorted(STATIC.rglob("*.css")), ids=lambda path: path.name)
def test_every_face_of_a_font_is_a_file_that_is_here(style: Path) -> None:
    for face in re.findall(r"@font-face\s*{[^}]*}", style.read_text("utf-8")):
        for named in re.findall(r"url\(['\"]?([^)'\"]+)", face):
            assert (style.parent / named).resolve().is_file(), named
