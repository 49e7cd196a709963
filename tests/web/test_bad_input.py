"""Bad input of every kind: a clear answer, nothing lost, nothing half done."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from flask import Flask

from portal import clock
from portal.access.policy.roles import Level
from tests.support.browser import Browser, held
from tests.support.story import HERE, PDF, Room, Story, years_ago

TODAY = clock.today(HERE)
GOOD_CASE = {
    "name": "Birk Holm",
    "birth_date-day": str(years_ago(17, 100).day),
    "birth_date-month": str(years_ago(17, 100).month),
    "birth_date-year": str(years_ago(17, 100).year),
}


def counts(owner: psycopg.Connection) -> dict[str, int]:
    tables = ("cases", "membership", "file", "file_version", "thread", "message", "consent", "submission", "person")
    found = {}
    for table in tables:
        row = owner.execute(f"select count(*) from {table}").fetchone()  # type: ignore[arg-type]
        assert row is not None
        found[table] = row[0]
    return found


@pytest.fixture
def room(story: Story) -> Room:
    return story.case()


@pytest.fixture
def guide(app: Flask, story: Story, room: Room) -> Browser:
    return Browser(app, story.token(room.guide))


# Opening a case


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"name": ""}, "Den unges navn: Udfyld feltet."),
        ({"name": " \u202e\u200b "}, "Den unges navn: Udfyld feltet."),
        ({"name": "x" * 121}, "for langt"),
        ({"birth_date-day": "31", "birth_date-month": "2"}, "Det er ikke en dato"),
        ({"birth_date-day": "", "birth_date-month": "", "birth_date-year": ""}, "Fødselsdato: Udfyld feltet."),
        ({"birth_date-day": "i går"}, "Det er ikke en dato"),
        ({"birth_date-year": "09"}, "Det er ikke en dato"),
        ({"birth_date-year": "99999999999"}, "Det er ikke en dato"),
        ({"birth_date-year": str(TODAY.year + 1)}, "i fremtiden"),
        ({"birth_date-year": "1950"}, "unge mellem 13 og 25 år"),
        ({"birth_date-year": str(TODAY.year - 5)}, "unge mellem 13 og 25 år"),
        ({"national_id": "123"}, "Det kan ikke være et CPR-nummer"),
        ({"national_id": "320199-1234"}, "Det kan ikke være et CPR-nummer"),
        ({"national_id": "abcdef-ghij"}, "Det kan ikke være et CPR-nummer"),
        ({"national_id": "0101014999"}, "passer ikke til fødselsdatoen"),
        ({"custody-0-national_id": "0101704000"}, "Navn: Udfyld feltet."),
        ({"custody-0-name": "Mor", "custody-0-national_id": "9999999999"}, "Det kan ikke være et CPR-nummer"),
    ],
)
def test_a_case_that_cannot_be_is_refused_and_keeps_what_was_typed(
    typed: dict[str, str], says: str, guide: Browser, owner: psycopg.Connection
) -> None:
    before = counts(owner)
    answers = {**GOOD_CASE, **typed}
    page = guide.submit(guide.get("/cases/new"), "birth_date", **answers)
    assert page.status == 422
    assert says in page.text, page.text[:400]
    assert counts(owner) == before
    saved = held(page.form("birth_date"))
    for name, value in answers.items():
        if len(value) < 100 and "\u202e" not in value:
            assert saved[name] == value, name


def test_errors_stand_above_the_heading_and_lead_to_their_fields(guide: Browser) -> None:
    page = guide.submit(guide.get("/cases/new"), "birth_date", name="", **{"custody-1-national_id": "1"})
    summary = page.soup.find(id="faults")
    assert summary is not None
    assert summary.get("tabindex") == "-1"
    heading = page.soup.find("h1")
    assert heading is not None
    assert str(page.soup).index(str(summary)[:40]) < str(page.soup).index(str(heading))
    for link in summary.find_all("a"):
        target = page.soup.find(id=str(link["href"]).lstrip("#"))
        assert target is not None
        message = link.get_text().split(": ", 1)[1]
        group = target.find_parent(class_="form-error") or target
        assert message in group.get_text(), "the same words at the field"


def test_a_case_opened_twice_by_an_impatient_finger_is_opened_once(guide: Browser, owner: psycopg.Connection) -> None:
    page = guide.get("/cases/new")
    first = guide.submit(page, "birth_date", **GOOD_CASE)
    second = guide.submit(page, "birth_date", **GOOD_CASE)
    assert first.headers["Location"] == second.headers["Location"]
    assert owner.execute("select count(*) from cases").fetchone() == (2,), "the fixture's and this one"


def test_somebody_elses_form_number_is_not_taken(
    app: Flask, story: Story, guide: Browser, owner: psycopg.Connection
) -> None:
    page = guide.get("/cases/new")
    guide.submit(page, "birth_date", **GOOD_CASE)
    number = held(page.form("birth_date"))["submission"]
    other = Browser(app, story.token(story.guide("En anden guide")))
    answer = other.submit(other.get("/cases/new"), "birth_date", **{**GOOD_CASE, "submission": number})
    assert answer.status == 422
    assert "Siden var forældet" in answer.text


@pytest.mark.parametrize("number", ["", "not a number", "1", "'; drop table cases; --"])
def test_a_form_with_a_broken_number_is_asked_again(number: str, guide: Browser, owner: psycopg.Connection) -> None:
    before = counts(owner)
    page = guide.submit(guide.get("/cases/new"), "birth_date", **{**GOOD_CASE, "submission": number})
    assert page.status == 422
    assert counts(owner) == before


# Messages


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"subject": "", "body": "Hej"}, "Hvad handler det om: Udfyld feltet."),
        ({"subject": "Emne", "body": ""}, "Din besked: Udfyld feltet."),
        ({"subject": "Emne", "body": " \n\t \u200b"}, "Din besked: Udfyld feltet."),
        ({"subject": "x" * 201, "body": "Hej"}, "for langt"),
        ({"subject": "Emne", "body": "x" * 20_001}, "højst have 20.000 tegn"),
        ({"subject": "Emne", "body": "Hej", "compartment": ""}, "Vælg en af mulighederne"),
        ({"subject": "Emne", "body": "Hej", "compartment": str(uuid4())}, "Vælg en af mulighederne"),
        ({"subject": "Emne", "body": "Hej", "compartment": "../shared"}, "Vælg en af mulighederne"),
    ],
)
def test_a_message_that_cannot_be_sent_is_kept_as_it_was_typed(
    typed: dict[str, str], says: str, guide: Browser, room: Room, owner: psycopg.Connection
) -> None:
    before = counts(owner)
    page = guide.submit(guide.get(f"/cases/{room.case_id}/messages/new"), "body", **typed)
    assert page.status == 422
    assert says in page.text
    saved = held(page.form("body"))
    assert saved["body"].strip() == typed["body"].strip()
    assert saved["subject"] == typed["subject"]
    assert counts(owner) == before


def test_what_looks_like_a_page_in_a_message_is_only_words(guide: Browser, room: Room) -> None:
    nasty = '<script>alert(1)</script> <img src=x onerror=alert(2)> "quoted" & javascript:alert(3) http://a.dk/?x=1&y=2'
    typed = {"subject": "<b>Emne</b>", "body": nasty}
    page = guide.follow(guide.submit(guide.get(f"/cases/{room.case_id}/messages/new"), "body", **typed))
    assert "<b>Emne</b>" in page.text
    assert nasty.replace("  ", " ") in page.text
    links = [link for link in page.links() if "a.dk" in link or "javascript" in link]
    assert links == ["http://a.dk/?x=1&y=2"]
    link = page.soup.find("a", href=links[0])
    assert link is not None
    assert "noreferrer" in str(link["rel"])


def test_a_message_sent_twice_is_sent_once(guide: Browser, room: Room, owner: psycopg.Connection) -> None:
    page = guide.get(f"/cases/{room.case_id}/messages/new")
    for _ in range(3):
        assert guide.submit(page, "body", subject="Emne", body="Hej").status == 303
    assert owner.execute("select count(*) from message").fetchone() == (1,)


# Addresses


@pytest.mark.parametrize(
    "path",
    [
        "/cases/not-a-number",
        "/cases/00000000-0000-0000-0000-000000000000",
        "/cases/{case}/files/not-a-number",
        "/cases/{case}/messages/' or 1=1 --",
        "/cases/{case}/plan/unknown_tool/blank",
        "/cases/{case}/audience/{other}",
        "/cases/{case}/consents/{other}/withdraw/all",
        "/cases/{case}/consents/{other}/scan",
        "/cases/{case}/team/{other}",
        "/cases/{case}/team/add/{other}",
        "/cases/{case}/nothing",
        "/%00",
        "/static/../portal/settings.py",
        "/static/%2e%2e/pyproject.toml",
    ],
)
def test_an_address_that_leads_nowhere_says_so(path: str, guide: Browser, room: Room) -> None:
    page = guide.get(path.format(case=room.case_id, other=uuid4()))
    assert page.status == 404
    assert "Her er ikke noget" in page.text


@pytest.mark.parametrize(
    "query", ["before=x", "before=-1", "before=99999999999999999999", "only=<b>", "only=looks&before=3"]
)
def test_odd_questions_to_the_log_are_answered_sanely(query: str, guide: Browser, room: Room) -> None:
    assert guide.get(f"/cases/{room.case_id}/log?{query}").status == 200


@pytest.mark.parametrize("wanted", ["", "'", "a & b | !c", "<->", "(((", "\\", "æøå", "x" * 190, "🫐", "% _"])
def test_any_words_can_be_searched_for(wanted: str, guide: Browser, room: Room) -> None:
    page = guide.submit(guide.get(f"/cases/{room.case_id}/search"), "words", words=wanted)
    assert page.status == 200


@pytest.mark.parametrize("wanted", ["%", "_", "\\", "' or ''='"])
def test_the_staff_directory_takes_signs_for_signs(wanted: str, guide: Browser, room: Room, story: Story) -> None:
    story.staff("Åse Ærlig")
    page = guide.get(f"/cases/{room.case_id}/team/find", query_string={"q": wanted})
    assert page.status == 200
    assert "Åse" not in page.text


def test_using_an_address_the_wrong_way_is_a_clear_page(guide: Browser, room: Room) -> None:
    page = guide.post(f"/cases/{room.case_id}/people")
    assert page.status == 405
    assert "Gå tilbage" in page.text


# Consent


def test_a_consent_must_say_yes_to_somebody_for_a_time_that_can_be(app: Flask, story: Story, room: Room) -> None:
    story.add(room, story.staff("Lars Lærer", "Skole"), Level.READ)
    browser = Browser(app, story.token(room.young))
    page = browser.get(f"/cases/{room.case_id}/consents/give")
    nobody = browser.submit(page, "valid_until")
    assert nobody.status == 422
    assert "Vælg ja eller nej til mindst én ting" in nobody.text
    box = next(tag for tag in page.form("valid_until").find_all("input", type="radio"))
    yes = {str(box["name"]): str(box["value"])}
    for days, says in ((-1, "Datoen er gået"), (400, "højst gælde i 12 måneder")):
        day = TODAY + timedelta(days=days)
        when = {"valid_until-day": day.day, "valid_until-month": day.month, "valid_until-year": day.year}
        answer = browser.submit(page, "valid_until", **yes, **{k: str(v) for k, v in when.items()})
        assert answer.status == 422
        assert says in answer.text
        checked = [str(t["name"]) for t in answer.form("valid_until").find_all("input", type="radio", checked=True)]
        assert checked == list(yes), "what was chosen stays chosen"
    invented = browser.submit(page, "valid_until", **{str(box["name"]): "perhaps"})
    assert invented.status == 422


def test_a_paper_consent_takes_its_scan_and_an_oral_one_its_note(app: Flask, story: Story, room: Room) -> None:
    story.add(room, story.staff("Lars Lærer", "Skole"), Level.READ)
    browser = Browser(app, story.token(room.guide))
    giver = room.member(room.parents[0])
    page = browser.get(f"/cases/{room.case_id}/consents/register/{giver}")
    box = next(tag for tag in page.form("given_on").find_all("input", type="radio"))
    typed = {
        str(box["name"]): str(box["value"]),
        "given_on-day": str(TODAY.day),
        "given_on-month": str(TODAY.month),
        "given_on-year": str(TODAY.year),
    }
    typed["told"] = "y"
    assert "Vedhæft" in browser.submit(page, "given_on", **typed).text
    oral = browser.submit(page, "given_on", **typed, method="oral")
    assert "Notat (hvem var der, hvad blev sagt): Udfyld feltet." in oral.text
    wrong = browser.submit(page, "given_on", **typed, scan=("side.exe", b"MZ"))
    assert "Programmer kan ikke" in wrong.text
    tomorrow = clock.today(HERE) + timedelta(days=2)
    ahead = {**typed, "given_on-day": tomorrow.day, "given_on-month": tomorrow.month, "given_on-year": tomorrow.year}
    late = browser.submit(page, "given_on", **{k: str(v) for k, v in ahead.items()}, scan=("s.pdf", PDF))
    assert "Vælg i dag eller en tidligere dag" in late.text
    read = browser.submit(page, "given_on", **typed, scan=("s.pdf", PDF))
    assert "Valgt: s.pdf" in read.text
    done = browser.follow(browser.submit(read, "read"))
    assert "Svaret er noteret" in done.text
    scan = next(link for link in done.links() if link.endswith("/scan"))
    assert browser.get(scan).response.data == PDF


# Team


def test_a_person_is_in_a_case_once(app: Flask, story: Story, room: Room, guide: Browser) -> None:
    teacher = story.staff("Lars Lærer", "Skole")
    page = guide.get(f"/cases/{room.case_id}/team/add/{teacher.id}")
    assert guide.submit(page, "purpose", purpose="").status == 422
    assert guide.submit(page, "purpose", purpose="For at hjælpe").status == 303
    again = guide.submit(guide.get(f"/cases/{room.case_id}/team/add/{teacher.id}"), "purpose", purpose="Igen")
    assert again.status == 422
    assert "allerede i sagen" in again.text


def test_the_guide_cannot_shut_themselves_out(guide: Browser, room: Room) -> None:
    me = room.member(room.guide)
    assert guide.post(f"/cases/{room.case_id}/team/{me}/close").status == 422
    page = guide.submit(guide.get(f"/cases/{room.case_id}/team/{me}"), "level", level="none")
    assert page.status == 422
    assert guide.get(f"/cases/{room.case_id}").status == 200
