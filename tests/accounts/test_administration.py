"""The administrator's office: many people from one list, closing with cases in somebody's hands, and who signed in."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from portal.services.accounts.bulk_import import MOST
from tests.support.browser import Browser, Page
from tests.support.story import Someone, Story

ORGANISATION = UUID(int=77)
WHERE = f"/office/organisations/{ORGANISATION}/import"
HEAD = "Navn;E-mail;Stilling;Enhed;Roller\n"
GOOD = (
    HEAD
    + "Åse Ørsted;aase@by.example;Rådgiver;Børn og Unge;sagsopretter\n"
    + "Bo Bæk;bo@by.example;Leder;Jobcenter;leder, revisor\n"
)


@pytest.fixture
def admin(story: Story) -> Someone:
    return story.admin()


@pytest.fixture
def office(app: Flask, story: Story, admin: Someone, owner: psycopg.Connection) -> Browser:
    owner.execute("insert into organisation values (%s, 'By Kommune', 'municipality', now())", [ORGANISATION])
    for number, name in enumerate(("Børn og Unge", "Jobcenter"), 100):
        owner.execute("insert into unit values (%s, %s, %s, 'other', now())", [UUID(int=number), ORGANISATION, name])
    return Browser(app, story.token(admin))


def choose(office: Browser, content: bytes) -> Page:
    return office.submit(office.get(WHERE), "file", file=("liste.csv", content))


def invited(owner: psycopg.Connection) -> list[tuple[str, str, str]]:
    return owner.execute(
        "select s.name, s.email, u.name from staff s join unit u on u.id = s.unit_id "
        "where u.organisation_id = %s order by s.email", [ORGANISATION],
    ).fetchall()  # fmt: skip


AS_SAVED: dict[str, Callable[[str], bytes]] = {
    "UTF-8": lambda text: text.encode(),
    "UTF-8 with a mark, as Excel writes it": lambda text: text.encode("utf-8-sig"),
    "the code page of Windows": lambda text: text.encode("cp1252"),
    "Unicode text with tabs": lambda text: text.replace(";", "\t").encode("utf-16"),
    "Windows line ends": lambda text: text.replace("\n", "\r\n").encode("utf-8-sig"),
    "old Mac line ends": lambda text: text.replace("\n", "\r").encode(),
    "sep= first": lambda text: ("sep=;\n" + text).encode("cp1252"),
    "commas and quotes": lambda text: text.replace("leder, revisor", '"leder, revisor"').replace(";", ",").encode(),
}


@pytest.mark.parametrize("way", AS_SAVED)
def test_a_list_is_read_however_a_spreadsheet_saved_it_and_everybody_is_invited(
    way: str, office: Browser, owner: psycopg.Connection
) -> None:
    page = choose(office, AS_SAVED[way](GOOD))
    assert page.status == 200
    assert "Åse Ørsted" in page.text
    assert invited(owner) == [], "looking through invites nobody"
    landed = office.follow(office.submit(page, "/import/all"))
    assert landed.path == "/office"
    assert invited(owner) == [
        ("Åse Ørsted", "aase@by.example", "Børn og Unge"),
        ("Bo Bæk", "bo@by.example", "Jobcenter"),
    ]
    assert owner.execute("select may_open_cases from staff where email = 'aase@by.example'").fetchone() == (True,)
    bo = owner.execute("select is_leader, is_auditor, is_admin from staff where email = 'bo@by.example'").fetchone()
    assert bo == (True, True, False)
    assert owner.execute("select count(*) from invitation").fetchone() == (2,)
    assert owner.execute("select count(*) from procrastinate_jobs where task_name = 'mail_invitation'").fetchone() == (
        2,
    )


ROWS = {
    "=1+1;a@by.example;R;Jobcenter;": "formel",
    "A;=cmd|'/c calc'!A0;R;Jobcenter;": "formel",
    "A;+a@by.example;R;Jobcenter;": "formel",
    "A;a@by.example;@SUM(1);Jobcenter;": "formel",
    "A;a@by.example;-R;Jobcenter;": "formel",
    ";a@by.example;R;Jobcenter;": "Udfyld",
    "A;;R;Jobcenter;": "Udfyld",
    "A;ikke en adresse;R;Jobcenter;": "e-mail",
    "A;a@by.example;R;Kantinen;": "ingen enhed",
    "A;a@by.example;R;Jobcenter;konge": "ikke en rolle",
    "A;AASE@by.example;R;Jobcenter;": "to gange",
    "A;optaget@by.example;R;Jobcenter;": "allerede en konto",
    f"{'x' * 200};a@by.example;R;Jobcenter;": "for langt",
    "A;a@by.example": "Udfyld",
}


@pytest.mark.parametrize("row", ROWS)
def test_one_faulty_row_is_shown_at_its_place_and_nobody_at_all_is_invited(
    row: str, office: Browser, owner: psycopg.Connection
) -> None:
    owner.execute("insert into person values (%s, 'staff', now())", [UUID(int=5)])
    owner.execute(
        "insert into staff (person_id, unit_id, name, email, job_title, is_admin, may_open_cases) "
        "values (%s, %s, 'Optaget', 'Optaget@by.example', 'R', false, false)", [UUID(int=5), UUID(int=101)],
    )  # fmt: skip
    page = choose(office, f"{GOOD}{row}\n".encode())
    assert page.status == 422
    faulty = page.soup.select("tbody tr")[2]
    assert "4" in faulty.get_text()
    assert ROWS[row] in faulty.get_text()
    assert not any("form-error-message" in str(line) for line in page.soup.select("tbody tr")[:2])
    assert "/import/all" not in str(page.soup.find("main"))
    assert row.split(";")[1] in page.soup.find("textarea", id="content").get_text(), "it can be put right here"
    forced = office.post(f"{WHERE}/all", {"content": f"{GOOD}{row}\n", "submission": str(UUID(int=1))})
    assert forced.status == 422
    assert [line[1] for line in invited(owner)] == ["Optaget@by.example"]
    assert owner.execute("select count(*) from invitation").fetchone() == (0,)


def test_a_row_put_right_on_the_page_goes_through(office: Browser, owner: psycopg.Connection) -> None:
    page = choose(office, GOOD.replace("Jobcenter", "Jobcentret").encode())
    assert page.status == 422
    again = office.submit(page, "file", content=GOOD)
    assert again.status == 200
    office.submit(again, "/import/all")
    assert len(invited(owner)) == 2


def test_pressing_twice_invites_once(office: Browser, owner: psycopg.Connection) -> None:
    page = choose(office, GOOD.encode())
    assert office.submit(page, "/import/all").status == 303
    second = office.submit(page, "/import/all")
    assert second.status in (303, 422)
    assert owner.execute("select count(*) from invitation").fetchone() == (2,)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Vælg en fil"),
        (b"\n\n", "Vælg en fil"),
        (HEAD.encode(), "tom"),
        (b"Navn;Telefon\nA;12345678\n", "mangler"),
        (b"PK\x03\x04\x00\x00\x00", "kan ikke læses"),
        (b"\xff\xfe\x00", "kan ikke læses"),
        ((HEAD + "A;a{0}@by.example;R;Jobcenter;\n" * (MOST + 1)).encode(), "for lang"),
    ],
)
def test_what_is_no_list_is_a_clear_error_at_its_field(content: bytes, said: str, office: Browser) -> None:
    page = choose(office, content)
    assert page.status == 422
    assert said in page.text


def test_a_list_for_an_organisation_that_is_not_there_is_nothing(office: Browser) -> None:
    office.get(WHERE)
    assert office.post(f"/office/organisations/{UUID(int=9)}/import/all", {"content": GOOD}).status == 404


def test_closing_a_guide_lists_the_cases_without_a_word_of_what_is_in_them(
    office: Browser, story: Story, owner: psycopg.Connection
) -> None:
    guide = story.guide()
    rooms = [story.case(guide, name=name) for name in ("Hemmelig Ung", "Skjult Ung")]
    page = office.get(f"/office/staff/{guide.id}/close")
    assert "2 sager" in page.text
    for room in rooms:
        assert str(room.case_id)[:8] in page.text
        assert str(room.case_id) not in page.everything
    for secret in ("Hemmelig", "Skjult", "Mona Mor"):
        assert secret not in page.everything
    refused = office.submit(page, "leaving_cases")
    assert refused.status == 422
    assert "overtage" in refused.text
    assert owner.execute("select closed_at from person where id = %s", [guide.id]).fetchone() == (None,)
    token = story.token(guide)
    assert office.submit(refused, "leaving_cases", leaving_cases="y").status == 303
    assert Browser(office.app, token).get("/cases").status == 303, "out everywhere, at once"


def test_closing_somebody_without_cases_asks_nothing_more_and_it_can_be_opened_again(
    office: Browser, story: Story, owner: psycopg.Connection
) -> None:
    colleague = story.staff("Kim Kollega")
    page = office.get(f"/office/staff/{colleague.id}/close")
    assert "leaving_cases" not in str(page.soup)
    assert office.submit(page, "submission").status == 303
    assert owner.execute("select closed_at is not null from person where id = %s", [colleague.id]).fetchone() == (True,)
    office.post(f"/office/staff/{colleague.id}/reopen")


def test_an_administrator_sees_when_somebody_signed_in_and_nothing_else(
    office: Browser, story: Story, owner: psycopg.Connection
) -> None:
    guide = story.guide()
    room = story.case(guide, name="Hemmelig Ung")
    page = office.get(f"/office/staff/{guide.id}")
    assert "Grete Guide" in page.text
    assert len(page.soup.select("tbody tr")) >= 1
    assert "Hemmelig" not in page.everything
    assert str(room.case_id)[:8] not in page.everything
    looked = owner.execute("select item_id from audit_event where event = 'sign_ins.viewed'").fetchall()
    assert looked == [(guide.id,)]
    assert office.get(f"/office/staff/{room.young.id}").status == 404, "citizens have no such page"
