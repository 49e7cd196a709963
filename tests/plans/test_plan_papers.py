"""The tools on paper: PDF that screen readers read, Word files that open clean, the plan under a law's headings."""

from __future__ import annotations

import re
import subprocess
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from docx import Document
from flask import Flask
from pypdf import PdfReader

from portal.access.ticket import CaseTicket
from portal.runtime import Runtime
from portal.services.plans import editing, plans, saving
from portal.services.plans.open_plan import open_plan
from portal.settings import Settings
from portal.tools.library import every_definition
from tests.consents.test_consent_papers import kinds_of
from tests.support.browser import Browser
from tests.support.story import Room, Someone, Story

TRICKY = 'Jeg skal = *stærk* #let x = 1 $1 "citat" <b>\nog en linje til'


@pytest.fixture
def room(story: Story) -> Room:
    """A case in which every form has been begun; the goal and agreement schema has been written in."""
    room = story.case()
    for tool in [each.key for each in every_definition()]:
        story.play(room, room.guide, lambda t, tool=tool: editing.begin_plan(t, uuid4(), tool))
    goal = add(story, room, "goals_and_agreements", "goals", words="Jeg skal møde op i skole 3 dage om ugen")
    add(story, room, "goals_and_agreements", "agreements", goal=goal, what="Ringer til skolen", due="2027-03-02")
    add(story, room, "intervention_overview", "support", title="Mentor", **{"from": "2026-01-01"})
    save(story, room, room.young, "goals_and_agreements", **{"now.goal": TRICKY})
    return room


def add(story: Story, room: Room, tool: str, section: str, **given: str) -> str:
    return story.play(room, room.guide, lambda t: editing.add_row(open_plan(t, tool), 1, section, **given))


def save(story: Story, room: Room, who: Someone, tool: str, **given: str) -> None:
    def write(ticket: CaseTicket) -> None:
        page = plans.show_plan(ticket, tool)
        assert page is not None
        saving.save(open_plan(ticket, tool), 1, page.newest.revision, given)

    story.play(room, who, write)


def words_of(pdf: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in pdf.pages).split())


@pytest.mark.parametrize("tool", [each.key for each in every_definition()])
def test_any_tool_is_a_tagged_pdf_with_title_and_language(tool: str, app: Flask, story: Story, room: Room) -> None:
    browser = Browser(app, story.token(room.young))
    page = browser.get(f"/cases/{room.case_id}/plan/{tool}")
    link = next(a for a in page.links() if a.endswith("/paper/pdf"))
    answered = browser.get(link)
    assert answered.response.mimetype == "application/pdf"
    assert "attachment" in answered.headers["Content-Disposition"]
    pdf = PdfReader(BytesIO(answered.response.data))
    assert pdf.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert pdf.trailer["/Root"]["/Lang"] == "da"
    assert pdf.trailer["/Root"]["/ViewerPreferences"]["/DisplayDocTitle"]
    assert pdf.metadata is not None
    assert pdf.metadata.title == page.soup.h1.get_text()
    assert b"<pdfuaid:part>1</pdfuaid:part>" in answered.response.data
    assert {"/H1", "/H2", "/P"} <= kinds_of(pdf.trailer["/Root"]["/StructTreeRoot"])
    said = words_of(pdf)
    assert "Ulla Ung" in said, "base data stands in it"
    assert "Grete Guide" in said
    for heading in page.soup.select(".plan-section h2"):
        assert heading.get_text() in said


def test_words_never_become_markup_and_a_row_says_what_it_belongs_to(app: Flask, story: Story, room: Room) -> None:
    browser = Browser(app, story.token(room.guide))
    at = f"/cases/{room.case_id}/plan/goals_and_agreements/versions/1/paper"
    said = words_of(PdfReader(BytesIO(browser.get(f"{at}/pdf").response.data)))
    for line in TRICKY.split("\n"):
        assert line in said
    assert "Hører til målet Jeg skal møde op i skole 3 dage om ugen" in said
    assert "Ringer til skolen Hører til målet" in said, "a row is called by its words, and they stand there once"
    assert said.count("Ringer til skolen") == 1
    assert "Målet Jeg skal" not in said
    assert "2. marts 2027" in said
    assert "Version: 1, Kladde" in said


def test_the_word_file_opens_clean_in_libreoffice_and_holds_every_question(
    app: Flask, story: Story, room: Room, tmp_path: Path
) -> None:
    browser = Browser(app, story.token(room.guide))
    answered = browser.get(f"/cases/{room.case_id}/plan/goals_and_agreements/versions/1/paper/docx")
    content = answered.response.data
    document = Document(BytesIO(content))
    assert document.core_properties.title == "Mål- og aftaleskema"
    assert document.core_properties.language == "da-DK"
    tags = re.findall(r'<w:tag w:val="([^"]+)"', document.element.xml)
    page = story.play(room, room.guide, lambda t: plans.show_plan(t, "goals_and_agreements"))
    assert page is not None
    asked = [place.address for place in page.newest.definition.places(page.newest.answers)]
    assert [tag for tag in tags if ".new." not in tag and not tag.startswith("form1.")] == asked
    assert {tag.split(".")[0] for tag in tags if ".new." in tag} == {"goals", "agreements"}, "a row more can be written"
    assert max(map(len, tags)) <= 64, "Word keeps no longer ones"
    path = tmp_path / "skema.docx"
    path.write_bytes(content)
    done = subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "pdf",
         "--outdir", str(tmp_path), str(path)],
        capture_output=True, timeout=300, check=True,
    )  # fmt: skip
    assert b"rror" not in done.stderr + done.stdout
    said = words_of(PdfReader(tmp_path / "skema.pdf"))
    for words in ("Mål- og aftaleskema", "Ulla Ung", "Ringer til skolen", "og en linje til", "Hvordan følger vi op?"):
        assert words in said


def test_taking_a_plan_out_leaves_its_trace(app: Flask, story: Story, room: Room, owner: psycopg.Connection) -> None:
    Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/plan/goals_and_agreements/versions/1/paper/docx")
    rows = owner.execute(
        "select fields from audit_event where event = 'schema.exported' and actor_id = %s", [room.young.id]
    ).fetchall()
    assert rows == [({"number": 1, "format": "docx"},)]


def test_what_is_not_there_is_not_made(app: Flask, story: Story, room: Room) -> None:
    browser = Browser(app, story.token(room.guide))
    for path in ("goals_and_agreements/versions/2/paper/pdf", "goals_and_agreements/versions/1/paper/odt",
                 "consent_declaration/versions/1/paper/pdf", "laws/paragraph_1/pdf", "laws/job_plan/odt"):  # fmt: skip
        assert browser.get(f"/cases/{room.case_id}/plan/{path}").status == 404, path


def test_the_colour_of_the_municipality_is_a_colour(portal_settings: Settings, runtime: Runtime) -> None:
    assert runtime.settings.paper_colour == "#0b5d57"
    with pytest.raises(ValueError, match="paper_colour"):
        Settings.model_validate({**portal_settings.model_dump(), "paper_colour": "green"})
