"""Consent on paper: the receipt a giver keeps, and the page to sign."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader

from portal.access.policy.roles import Level
from portal.services.consents import receipts
from tests.consents.test_giving_consent import chosen
from tests.support.browser import Browser, held
from tests.support.story import PDF, Room, Someone, Story
from tests.web.test_bad_input import TODAY


@pytest.fixture
def room(story: Story) -> Room:
    return story.case()


@pytest.fixture
def school(story: Story, room: Room) -> Someone:
    teacher = story.staff("Lars Lærer", "Skole")
    story.add(room, teacher, Level.READ, "Så skolen kender planen")
    return teacher


def kinds_of(node: Any) -> set[str]:
    """The kinds of elements in a PDF's structure tree."""
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        return {kind for one in node for kind in kinds_of(one)}
    if not hasattr(node, "get"):
        return set()
    return {str(node.get("/S"))} | kinds_of(node.get("/K", []))


def test_the_receipt_is_a_tagged_pdf_with_the_exact_words_in_the_givers_language(
    app: Flask, story: Story, room: Room, school: Someone
) -> None:
    consent_id = story.consent(room, room.young, {"Skole": ("shared",)})
    browser = Browser(app, story.token(room.young))
    mine = browser.get(f"/cases/{room.case_id}/consents/mine")
    link = next(a for a in mine.links() if a.endswith("/receipt"))
    assert str(consent_id) in link
    answered = browser.get(link)
    assert answered.response.mimetype == "application/pdf"
    assert "attachment" in answered.headers["Content-Disposition"]
    pdf = PdfReader(BytesIO(answered.response.data))
    assert pdf.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert pdf.trailer["/Root"]["/Lang"] == "da"
    assert pdf.trailer["/Root"]["/ViewerPreferences"]["/DisplayDocTitle"]
    assert pdf.metadata is not None
    assert pdf.metadata.title == "Kvittering for dit samtykke"
    assert b"<pdfuaid:part>1</pdfuaid:part>" in answered.response.data
    said = " ".join(" ".join(page.extract_text() for page in pdf.pages).split())
    saved = story.play(room, room.young, lambda t: receipts.stored_declaration(t, consent_id))
    for line in filter(None, saved.words.split("\n")):
        assert " ".join(line.removeprefix("- ").split()) in said
    assert saved.digest in said.replace(" ", "")
    assert "med eID i portalen" in said
    assert {"/H1", "/H2", "/P", "/L", "/LI"} <= kinds_of(pdf.trailer["/Root"]["/StructTreeRoot"])


def test_what_somebody_is_called_cannot_change_the_page(app: Flask, story: Story) -> None:
    room = story.case(name='Ulla #panic("x") $x$ *Ung* <a>')
    story.add(room, story.staff("Lars Lærer", "Skole"), Level.READ)
    consent_id = story.consent(room, room.young)
    pdf = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}/consents/{consent_id}/receipt")
    said = " ".join(PdfReader(BytesIO(pdf.response.data)).pages[0].extract_text().split())
    assert '#panic("x") $x$ *Ung* <a>' in said.replace("“", '"').replace("”", '"')


def test_a_receipt_is_the_givers_and_theirs_who_answer_for_the_case(
    app: Flask, story: Story, room: Room, school: Someone
) -> None:
    story.everybody_agrees(room)
    theirs = story.consent(room, room.parents[0])
    path = f"/cases/{room.case_id}/consents/{theirs}/receipt"
    for who, status in ((room.parents[0], 200), (room.guide, 200), (room.young, 200), (room.parents[1], 404)):
        assert Browser(app, story.token(who)).get(path).status == status, who.name
    assert Browser(app, story.token(school)).get(path).status == 403


def test_an_old_declaration_keeps_its_receipt_and_says_that_a_newer_one_took_its_place(
    app: Flask, story: Story, room: Room, school: Someone
) -> None:
    first = story.consent(room, room.young, {"Skole": ("shared",)})
    story.consent(room, room.young, {"Skole": ("health",)})
    browser = Browser(app, story.token(room.young))
    assert "afløst af et nyere" in browser.get(f"/cases/{room.case_id}/consents/mine").text
    pdf = PdfReader(BytesIO(browser.get(f"/cases/{room.case_id}/consents/{first}/receipt").response.data))
    assert "afløst af et nyere" in " ".join(" ".join(page.extract_text() for page in pdf.pages).split())


def test_the_guide_makes_a_page_to_sign_with_the_very_words_that_are_kept(
    app: Flask, story: Story, room: Room, school: Someone
) -> None:
    browser = Browser(app, story.token(room.guide))
    giver = room.member(room.young)
    page = browser.get(f"/cases/{room.case_id}/consents/register/{giver}")
    yes = chosen(page, "Skole", ["shared"])
    fields = held(page.form("given_on"))
    asked = {k: v for k, v in fields.items() if k.startswith("valid_until") or k == "submission"} | yes
    made = browser.post(f"/cases/{room.case_id}/consents/register/{giver}/page", asked, fields["csrf_token"])
    said = " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(made.response.data)).pages).split())
    assert "Underskrift" in said
    typed = {f"given_on-{part}": str(getattr(TODAY, part)) for part in ("day", "month", "year")}
    read = browser.submit(page, "given_on", **typed, **yes, scan=("s.pdf", PDF), told="y")
    browser.submit(read, "read")
    saved = story.play(room, room.guide, lambda t: receipts.history(t, giver))[0]
    for line in filter(None, saved.words.split("\n")[1:]):
        assert " ".join(line.removeprefix("- ").split()) in said
    nobody = browser.post(
        f"/cases/{room.case_id}/consents/register/{giver}/page",
        {k: v for k, v in asked.items() if not k.startswith("answer-")},
        fields["csrf_token"],
    )
    assert nobody.status == 422
