"""Papers carry the municipality's name, logo and colour; a broken letterhead stops the portal, with its place."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document
from PIL import Image
from pypdf import PdfReader

from portal.errors import UnsafeConfiguration
from portal.runtime import Runtime, open_runtime
from portal.services.shared import letterhead
from portal.settings import Settings
from tests.consents.test_consent_papers import kinds_of
from tests.plans.test_drawing_the_map import alternatives
from tests.support.application import app_for
from tests.support.browser import Browser
from tests.support.story import Story

HEAD = """
name = "Testby Kommune"
colour = "#7a1f5c"
[logo]
file = "logo.svg"
words = { da = "Testbys våben: et træ", en = "The arms of Testby: a tree" }
"""
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10"><rect width="20" height="10" fill="#7a1f5c"/></svg>'


def folder(at: Path, head: str = HEAD, logo: bytes = LOGO.encode(), name: str = "logo.svg") -> Path:
    (at / "letterhead.toml").write_text(head, "utf-8")
    (at / name).write_bytes(logo)
    return at


def png() -> bytes:
    out = BytesIO()
    Image.new("RGB", (40, 20), "#7a1f5c").save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def own(portal_settings: Settings, tmp_path: Path) -> Iterator[Runtime]:
    runtime = open_runtime(portal_settings.model_copy(update={"letterhead_dir": folder(tmp_path)}))
    yield runtime
    runtime.close()


def test_every_paper_carries_name_logo_and_colour(own: Runtime) -> None:
    story = Story(own)
    room = story.case()
    story.plan(room, room.guide)
    given = story.consent(room, room.young)
    with app_for(own) as app:
        browser = Browser(app, story.token(room.young))
        start = f"/cases/{room.case_id}"
        plan = f"{start}/plan/goals_and_agreements/versions/1/paper"
        for path in (f"{plan}/pdf", f"{start}/plan/laws/job_plan/pdf", f"{start}/consents/{given}/receipt"):
            pdf = PdfReader(BytesIO(browser.get(path).response.data))
            assert alternatives(pdf.trailer["/Root"]["/StructTreeRoot"]) == ["Testbys våben: et træ"], path
            assert "/Figure" in kinds_of(pdf.trailer["/Root"]["/StructTreeRoot"])
            assert "Testby Kommune" in pdf.pages[0].extract_text()
            drawn = pdf.pages[0].get_contents()
            assert drawn is not None
            assert b"0.47843137 0.12156863 0.36078432" in drawn.get_data(), "headings in its colour"
        for path in (f"{plan}/docx", f"{start}/plan/goals_and_agreements/blank"):
            word = Document(BytesIO(browser.get(path).response.data))
            assert word.paragraphs[0].text.strip() == "Testby Kommune", path
            (logo,) = word.inline_shapes
            assert logo._inline.docPr.get("descr") == "Testbys våben: et træ"


def test_a_photographed_logo_prints_too(portal_settings: Settings, tmp_path: Path) -> None:
    at = folder(tmp_path, HEAD.replace("logo.svg", "logo.png"), png(), "logo.png")
    settings = portal_settings.model_copy(update={"letterhead_dir": at})
    letterhead.refuse_broken(settings)
    head = letterhead.head_of(settings, "en")
    assert head is not None
    assert head.logo is not None
    assert head.logo.words == "The arms of Testby: a tree"
    (tmp_path / "plain").mkdir()
    plain = folder(tmp_path / "plain", 'name = "Testby"\n')
    settings = portal_settings.model_copy(update={"letterhead_dir": plain})
    letterhead.refuse_broken(settings)
    assert letterhead.colour_of(settings) == settings.paper_colour


MISTAKES: dict[str, tuple[str, bytes, str]] = {
    "no name": (HEAD.replace('name = "Testby Kommune"', ""), LOGO.encode(), r"\.toml.*\n.*name: Field required"),
    "a colour that is none": (HEAD.replace("#7a1f5c", "plum"), LOGO.encode(), r"line 3: colour"),
    "one language": (HEAD.replace(', en = "The arms of Testby: a tree"', ""), LOGO.encode(), r"line \d: logo words en"),
    "a file elsewhere": (HEAD.replace("logo.svg", "../logo.svg"), LOGO.encode(), r"line 5: logo file"),
    "no such file": (HEAD.replace("logo.svg", "crest.svg"), LOGO.encode(), r"crest\.svg cannot be read"),
    "no picture": (HEAD, b"<p>hej</p>", r"logo\.svg cannot be used: it is no SVG"),
    "half a picture": (HEAD, LOGO.encode()[:40], r"logo\.svg cannot be used: it is no SVG"),
    "something to fetch": (
        HEAD, LOGO.replace("<rect", '<image href="https://elsewhere.example/x.png"/><rect').encode(),
        r"fetches 'https://elsewhere\.example/x\.png' from elsewhere",
    ),
    "entities": (HEAD, b'<!DOCTYPE svg [<!ENTITY a "b">]>' + LOGO.encode(), "take out its DOCTYPE"),
    "too large": (HEAD, LOGO.encode() + b" " * 500_000, "at most 500000 are taken"),
    "no width": (HEAD, LOGO.replace("viewBox", 'width="0" viewBox').encode(), "its logo cannot be printed"),
    "half a PNG": (HEAD.replace("logo.svg", "logo.png"), png()[:60], r"logo\.png cannot be used: it is no PNG"),
    "no PNG": (HEAD.replace("logo.svg", "logo.png"), b"GIF89a", r"logo\.png"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", list(MISTAKES))
def test_a_broken_letterhead_is_refused_before_the_portal_starts_with_place_and_reason(
    mistake: str, portal_settings: Settings, tmp_path: Path
) -> None:
    head, logo, told = MISTAKES[mistake]
    at = folder(tmp_path, head, logo)
    if "logo.png" in head:
        (at / "logo.png").write_bytes(logo)
    with pytest.raises(UnsafeConfiguration, match=told):
        letterhead.refuse_broken(portal_settings.model_copy(update={"letterhead_dir": at}))


def test_a_folder_that_is_not_there_stops_the_portal(portal_settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(UnsafeConfiguration, match=r"nowhere/letterhead\.toml cannot be read"):
        open_runtime(portal_settings.model_copy(update={"letterhead_dir": tmp_path / "nowhere"}))
