"""The plan under the headings of a law: rows as rows, what everybody agreed on, what runs today, the law in force."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from docx import Document
from flask import Flask
from pypdf import PdfReader

from portal import clock
from portal.access.ticket import CaseTicket
from portal.errors import UnsafeConfiguration
from portal.services.plans import agreement, editing, plans, saving
from portal.services.plans.open_plan import open_plan
from portal.services.plans.versions import VersionPage
from portal.tools import answer_format, statutes
from portal.tools.definition import rows
from portal.tools.library import definition
from portal.tools.statutes import STATUTES, Only, StatuteRows, read_views, views
from tests.plans.test_plan_papers import words_of
from tests.support.browser import Browser
from tests.support.story import Room, Someone, Story

GOALS, SUPPORT = "goals_and_agreements", "intervention_overview"
COPENHAGEN = ZoneInfo("Europe/Copenhagen")


@pytest.fixture
def room(story: Story) -> Room:
    return story.case()


def today() -> date:
    return clock.today(COPENHAGEN)


def day(days: int) -> str:
    return (today() + timedelta(days=days)).isoformat()


def begin(story: Story, room: Room, tool: str, *filled: tuple[str, dict[str, str]], **answers: str) -> None:
    story.play(room, room.guide, lambda t: editing.begin_plan(t, uuid4(), tool))
    for section, given in filled:
        story.play(room, room.guide, lambda t, s=section, g=given: editing.add_row(open_plan(t, tool), 1, s, **g))

    def save(ticket: CaseTicket) -> None:
        page = plans.show_plan(ticket, tool)
        assert page is not None
        given = {address.replace("__", "."): words for address, words in answers.items()}
        saving.save(open_plan(ticket, tool), 1, page.newest.revision, given)

    if answers:
        story.play(room, room.guide, save)


def agree(story: Story, room: Room, tool: str, *others: Someone) -> None:
    def newest(ticket: CaseTicket) -> VersionPage:
        page = plans.show_plan(ticket, tool)
        assert page is not None
        return page.newest

    this = story.play(room, room.guide, newest)
    story.play(room, room.guide, lambda t: agreement.propose_plan(t, uuid4(), tool, this.number, this.revision))
    proposal = story.play(room, room.guide, newest).proposal_id
    assert proposal is not None
    asked = [room.young, room.guide] if tool != "meeting_checklist" else [room.guide]
    for who in [*asked, *others]:
        story.play(room, who, lambda t: agreement.accept_proposal(t, uuid4(), tool, this.number, proposal))


def paper(app: Flask, story: Story, room: Room, view: str, kind: str = "pdf") -> bytes:
    browser = Browser(app, story.token(room.guide))
    return browser.get(f"/cases/{room.case_id}/plan/laws/{view}/{kind}").response.data


def said(app: Flask, story: Story, room: Room, view: str) -> str:
    return words_of(PdfReader(BytesIO(paper(app, story, room, view))))


def under(words: str, view: str, number: int) -> str:
    """What stands under one heading of a law."""
    headings = [heading.title.da for heading in next(v for v in views() if v.key == view).heading]
    end = headings[number + 1] if number + 1 < len(headings) else "Hentet fra"
    return words.split(headings[number], 1)[1].split(end, 1)[0]


@pytest.fixture
def agreed(story: Story, room: Room) -> Room:
    """A case in which the goals, the support and a meeting are agreed."""
    begin(
        story, room, GOALS, ("goals", {"words": "Jeg skal møde op i skole", "why": "Jeg vil have venner"}),
        ("goals", {"words": "Et mål, der er nået", "status": "reached"}),
        ("agreements", {"what": "Ringer til skolen", "due": "2027-03-02", "follow_up_on": "2027-04-01",
                        "follow_up": "På mødet"}),
        ("agreements", {"what": "Det, der er klaret", "status": "done"}),
        now__goal="Jeg vil bo selv", now__until="2027-12-31",
    )  # fmt: skip
    begin(
        story, room, SUPPORT, ("support", {"title": "Mentor", "from": day(-30), "until": day(30)}),
        ("support", {"title": "Familiebehandling", "from": "2023-01-01", "until": "2024-06-30"}),
        ("support", {"title": "Bostøtte", "from": day(40), "status": "planned"}),
        ("support", {"title": "Psykolog", "status": "running", "extent": "En time om ugen"}),
        ("support", {"title": "Afbrudt forløb", "from": day(-90), "status": "interrupted"}),
    )  # fmt: skip
    begin(story, room, "meeting_checklist", status__education="vocational")
    for tool in (GOALS, SUPPORT, "meeting_checklist"):
        agree(story, room, tool)
    return room


@pytest.mark.parametrize("view", [each.key for each in views()])
def test_every_law_is_a_paper_under_its_own_headings(view: str, app: Flask, story: Story, agreed: Room) -> None:
    browser = Browser(app, story.token(agreed.guide))
    links = browser.get(f"/cases/{agreed.case_id}/plan").links()
    assert any(a.endswith(f"/laws/{view}/pdf") for a in links)
    words = said(app, story, agreed, view)
    assert "Udkast - ikke en afgørelse" in words
    this = next(each for each in views() if each.key == view)
    at = [words.index(heading.title.da) for heading in this.heading]
    assert at == sorted(at)
    assert this.law.da in words
    assert f"gælder fra {answer_format.day(this.valid_from, 'da')}" in words
    assert "Mentor" in words
    assert "Jeg skal møde op i skole" in words
    assert "Mangler" not in words
    document = Document(BytesIO(paper(app, story, agreed, view, "docx")))
    assert document.paragraphs[0].text == "Udkast - ikke en afgørelse"
    assert "form1." not in document.element.xml, "it is no form that could be put in again"


def test_the_headings_of_the_act_on_social_services_are_its_own(app: Flask, story: Story, agreed: Room) -> None:
    (view,) = [each for each in views() if each.key == "paragraph_141"]
    assert [heading.title.da for heading in view.heading] == [
        "Formålet med indsatsen",
        "Hvilken indsats der er nødvendig for at opnå formålet",
        "Den forventede varighed af indsatsen",
        "Andre særlige forhold vedrørende boform, beskæftigelse, personlig hjælp, behandling, hjælpemidler m.v.",
    ]


def test_a_row_stays_a_row(app: Flask, story: Story, agreed: Room) -> None:
    """From when until when stands with the support it is about, and an agreement with who, by when and how."""
    words = said(app, story, agreed, "paragraph_141")
    duration = under(words, "paragraph_141", 2)
    starts, until = (date.fromisoformat(day(days)) for days in (-30, 30))
    whole = f"Mentor Fra {answer_format.day(starts, 'da')} Til {answer_format.day(until, 'da')}"
    assert whole in duration
    following = under(said(app, story, agreed, "paragraph_109"), "paragraph_109", 4)
    row = "Ringer til skolen Hvornår? 2. marts 2027 Hvornår følger vi op? 1. april 2027 Hvordan følger vi op? På mødet"
    assert row in following


def test_what_is_over_is_not_needed_and_what_runs_runs_today(app: Flask, story: Story, agreed: Room) -> None:
    needed = under(said(app, story, agreed, "paragraph_141"), "paragraph_141", 1)
    for title in ("Mentor", "Bostøtte", "Psykolog", "Ringer til skolen"):
        assert title in needed
    for title in ("Familiebehandling", "Afbrudt forløb", "Det, der er klaret"):
        assert title not in needed
    assert "Et mål, der er nået" not in said(app, story, agreed, "paragraph_141")
    running = under(said(app, story, agreed, "youth_effort"), "youth_effort", 2)
    assert "Mentor" in running
    assert "Psykolog" in running
    assert not any(title in running for title in ("Familiebehandling", "Afbrudt forløb", "Bostøtte"))
    status = under(said(app, story, agreed, "job_plan"), "job_plan", 3)
    assert "Familiebehandling" in status
    assert "Til 30. juni 2024" in status


def test_a_draft_is_said_to_be_missing_and_nothing_of_it_is_told(app: Flask, story: Story, room: Room) -> None:
    begin(story, room, GOALS, now__goal="Aftalt af alle")
    agree(story, room, GOALS)
    begin(story, room, SUPPORT, ("support", {"title": "Kun en kladde"}))
    words = said(app, story, room, "paragraph_141")
    assert "Aftalt af alle" in words
    assert "Kun en kladde" not in words
    assert "Mangler Indsatsoverblik: ingen version er aftalt endnu." in under(words, "paragraph_141", 1)
    assert "Mødetjekliste og drejebog: ingen er begyndt på det." in under(words, "paragraph_141", 3)


def test_a_change_that_is_not_agreed_does_not_come_onto_the_paper(app: Flask, story: Story, agreed: Room) -> None:
    story.play(agreed, agreed.guide, lambda t: editing.renew(t, uuid4(), GOALS))

    def change(ticket: CaseTicket) -> None:
        page = plans.show_plan(ticket, GOALS)
        assert page is not None
        saving.save(open_plan(ticket, GOALS), 2, page.newest.revision, {"now.goal": "Noget helt andet"})

    story.play(agreed, agreed.guide, change)
    words = said(app, story, agreed, "paragraph_109")
    assert "Jeg vil bo selv" in words
    assert "Noget helt andet" not in words
    assert "Mål- og aftaleskema: 1, Aftalt" in words


def test_nothing_begun_is_no_paper(app: Flask, story: Story, room: Room) -> None:
    browser = Browser(app, story.token(room.guide))
    assert browser.get(f"/cases/{room.case_id}/plan/laws/paragraph_141/pdf").status == 404
    begin(story, room, SUPPORT, ("support", {"title": "Kun en kladde"}))
    assert "Kun en kladde" not in said(app, story, room, "paragraph_141")


# What runs

section = definition(SUPPORT).section_of("support")  # type: ignore[union-attr]
assert section is not None


@pytest.mark.parametrize(
    ("answers", "running", "needed"),
    [
        ({"from": "2026-01-01"}, True, True),
        ({"from": "2026-06-01", "until": "2026-06-01"}, True, True),
        ({"from": "2026-06-02"}, False, True),
        ({"from": "2026-01-01", "until": "2026-05-31"}, False, False),
        ({"from": "2026-01-01", "until": "2026-05-31", "status": "running"}, False, False),
        ({"from": "2026-06-02", "status": "running"}, False, True),
        ({"from": "2026-01-01", "status": "planned"}, True, True),
        ({"from": "2026-01-01", "status": "ended"}, False, False),
        ({"from": "2026-01-01", "status": "interrupted"}, False, False),
        ({"status": "running"}, True, True),
        ({"status": "planned"}, False, True),
        ({"until": "2026-05-31", "status": "running"}, False, False),
        ({}, False, True),
    ],
)
def test_running_means_running_today(answers: dict[str, str], running: bool, needed: bool) -> None:
    given = {"support": "a1", **{f"support.a1.{key}": value for key, value in answers.items()}}
    for only, wanted in ((Only.RUNNING, running), (Only.NEEDED, needed), (Only.ALL, True)):
        chosen = StatuteRows(of=f"{SUPPORT}:support", only=only).chosen(section, given, date(2026, 6, 1))
        assert bool(chosen) is wanted, only
        assert set(chosen) <= set(rows(given, "support"))


def test_today_is_that_of_the_people_in_the_case(
    app: Flask, story: Story, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At half past midnight in Denmark what ended yesterday is over, though it is still yesterday in UTC."""
    begin(story, room, SUPPORT, ("support", {"title": "Slutter i går", "from": "2027-01-01", "until": "2027-06-09"}))
    agree(story, room, SUPPORT)
    night = datetime(2027, 6, 10, 0, 30, tzinfo=COPENHAGEN)
    given = {"support": "a1", "support.a1.from": "2027-01-01", "support.a1.until": "2027-06-09"}
    monkeypatch.setattr(clock, "source", lambda: night)
    running = StatuteRows(of=f"{SUPPORT}:support", only=Only.RUNNING)
    assert not running.chosen(section, given, clock.today(COPENHAGEN))
    assert running.chosen(section, given, clock.today(ZoneInfo("UTC")))


# The laws as data


def test_only_laws_in_force_are_offered(
    app: Flask, story: Story, agreed: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "statutes.toml"
    future, past = today() + timedelta(days=1), today() - timedelta(days=1)
    text = STATUTES.read_text("utf-8")
    text = text.replace("valid_from = 2007-01-01", f"valid_from = 2007-01-01\nvalid_until = {past}")
    text = text.replace("valid_from = 2019-08-01", f"valid_from = {future}")
    path.write_text(text, "utf-8")
    found = read_views(path)
    monkeypatch.setattr(statutes, "views", lambda: found)
    browser = Browser(app, story.token(agreed.guide))
    links = " ".join(browser.get(f"/cases/{agreed.case_id}/plan").links())
    for key, offered in (("paragraph_141", False), ("youth_effort", False), ("paragraph_109", True)):
        assert (f"/laws/{key}/pdf" in links) is offered
        answered = browser.get(f"/cases/{agreed.case_id}/plan/laws/{key}/pdf")
        assert answered.status == (200 if offered else 404)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("goals_and_agreements:now.until", "goals_and_agreements:now.never",
         r"line \d+: view 1 heading 3: nobody asks .*:now.never"),
        ('show = ["why", "reached"]', 'show = ["why", "never"]', "rows 1: nobody asks .*:goals.never"),
        ('of = "intervention_overview:support"', 'of = "basic_contract:period"', r"basic_contract:period has no rows"),
        ('of = "goals_and_agreements:goals"\nshow = ["why", "reached"]\nonly = "open"',
         'of = "goals_and_agreements:goals"\nonly = "running"', "can be running"),
        ("valid_from = 2007-01-01", "valid_from = 2007-01-01\nvalid_until = 2006-01-01", "lies before valid_from"),
        ("valid_from = 2007-01-01", "", "Field required"),
        ('only = "open"', 'only = "sometimes"', "only"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_law_is_told_with_its_place(old: str, new: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "statutes.toml"
    text = STATUTES.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(UnsafeConfiguration, match=reason):
        read_views(path)
