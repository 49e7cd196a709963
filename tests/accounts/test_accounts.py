"""Accounts: found, edited, closed and opened again with what follows said first, and a colleague who is missed."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from portal.access.policy.roles import Level
from portal.errors import InvalidInput, NotFound, Refused
from portal.runtime import Runtime
from portal.services.accounts import editing, listing, requests
from portal.services.accounts.listing import PAGE, AccountFilter
from portal.services.accounts.requests import Missed
from tests.support.browser import Browser, Page
from tests.support.mails import hurry, mails, run_jobs
from tests.support.statements import noted
from tests.support.story import Room, Someone, Story


@pytest.fixture
def admin(story: Story) -> Someone:
    return story.admin("Aksel Admin")


@pytest.fixture
def office(app: Flask, story: Story, admin: Someone) -> Browser:
    return Browser(app, story.token(admin))


def names(page: Page) -> list[str]:
    return [row.strong.get_text() for row in page.soup.select("main table tbody tr")]


def many(owner: psycopg.Connection, unit: UUID, count: int) -> None:
    owner.execute(
        "with p as (insert into person select gen_random_uuid(), 'staff', now() from generate_series(1, %s) "
        "returning id), n as (select id, row_number() over () as number from p) "
        "insert into staff (person_id, unit_id, name, email, job_title, is_admin, may_open_cases) "
        "select id, %s, 'Ansat ' || number, 'a' || number || '@by.example', 'Rådgiver', false, false from n",
        [count, unit],
    )


# Finding


def test_accounts_stand_in_danish_order_and_fifty_on_a_page(
    office: Browser, story: Story, owner: psycopg.Connection
) -> None:
    for name in ("Åse Ørsted", "Zenia Bæk", "Ægir Holm", "Østen Lund", "Aage Vind"):
        story.staff(name, "Jobcenter")
    assert names(office.get("/office")) == [
        "Aksel Admin", "Zenia Bæk", "Ægir Holm", "Østen Lund", "Aage Vind", "Åse Ørsted",
    ]  # fmt: skip
    many(owner, story.unit("Jobcenter"), 120)
    first = office.get("/office")
    assert len(names(first)) == PAGE
    assert "126 konti" in first.text
    assert "Side 1 af 3" in first.text
    assert names(first)[1:4] == ["Ansat 1", "Ansat 2", "Ansat 3"], "numbers as numbers"
    last = next(link for link in office.get("/office?page=2").links() if "page=3" in link)
    assert len(names(office.get(last))) == 26


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("q=aase", ["Åse Ørsted"]),
        ("q=ORSTED+å", []),
        ("q=ørsted+jobcenter", ["Åse Ørsted"]),
        ("q=testby.example+bæk", ["Bo Bæk"]),
        ("role=leader", ["Bo Bæk"]),
        ("role=administrator", ["Aksel Admin"]),
        ("role=professional", ["Åse Ørsted"]),
        ("state=closed", []),
        ("q=findes+ikke", []),
        ("role=konge&state=x&unit=y&page=²", ["Aksel Admin", "Bo Bæk", "Åse Ørsted"]),
    ],
)
def test_accounts_are_found_by_words_role_and_state_and_nonsense_finds_all(
    asked: str, found: list[str], office: Browser, story: Story
) -> None:
    story.staff("Åse Ørsted", "Jobcenter")
    story.staff("Bo Bæk", "Skolen", is_leader=True)
    assert names(office.get(f"/office?{asked}")) == found


def test_accounts_are_found_by_unit(office: Browser, story: Story) -> None:
    story.staff("Åse Ørsted", "Jobcenter")
    story.staff("Bo Bæk", "Skolen")
    page = office.get("/office")
    link = next(link for link in page.links() if f"unit={story.unit('Skolen')}" in link)
    assert names(office.get(link)) == ["Bo Bæk"]


def test_the_list_asks_as_much_of_few_accounts_as_of_many(
    office: Browser, story: Story, runtime: Runtime, owner: psycopg.Connection
) -> None:
    def asked() -> int:
        with noted() as statements:
            office.get("/office")
        return len(statements)

    office.get("/office")
    few = asked()
    many(owner, story.unit("Jobcenter"), 300)
    assert asked() == few <= 16


# Editing


def edit(office: Browser, person: Someone, **typed: str | None) -> Page:
    return office.submit(office.get(f"/office/staff/{person.id}/edit"), "job_title", **typed)


def test_name_title_number_and_roles_are_put_right_and_the_cases_show_them(
    app: Flask, office: Browser, story: Story, room: Room, runtime: Runtime, owner: psycopg.Connection
) -> None:
    teacher, colleague = story.staff("Lars Laerer", "Skolen"), story.staff("Kim Kollega")
    for someone in (teacher, colleague):
        story.add(room, someone, Level.READ)
    story.everybody_agrees(room)
    page = edit(office, teacher, name="Lars Lærer Holm", job_title="Vejleder", phone="12 34 56 78", is_leader="y")
    assert office.follow(page).path == f"/office/staff/{teacher.id}"
    shown = owner.execute("select display_name, job_title from membership where person_id = %s", [teacher.id])
    assert shown.fetchone() == ("Lars Lærer Holm", "Vejleder")
    assert owner.execute(
        "select name, job_title, phone, is_leader, may_open_cases from staff where person_id = %s", [teacher.id]
    ).fetchone() == ("Lars Lærer Holm", "Vejleder", "12 34 56 78", True, False)
    browser = Browser(app, story.token(room.guide))
    assert "Lars Lærer Holm" in browser.get(f"/cases/{room.case_id}/people").text
    log = browser.get(f"/cases/{room.case_id}/log").text
    assert "Den, der passer konti" in log
    assert "ændrede navnet for Lars Lærer Holm (før: Lars Laerer)" in log
    assert "ændrede stillingen for Lars Lærer Holm (før: Skolen-medarbejder)" in log
    assert "Aksel Admin" not in log
    other = Browser(app, story.token(colleague)).get(f"/cases/{room.case_id}/log").text
    assert "ændrede navnet for Lars Lærer Holm" in other
    assert "Laerer" not in other, "what it was is for those who answer for the case, and for himself"
    run_jobs(runtime)
    assert "har rettet din konto" in mails(runtime)[0].get_content()


def test_what_was_is_kept_sealed_and_the_trace_holds_no_name(
    office: Browser, story: Story, room: Room, owner: psycopg.Connection
) -> None:
    teacher = story.staff("Lars Laerermærke", "Skolen")
    story.add(room, teacher)
    edit(office, teacher, name="Lars Lærer")
    for table in ("audit_event", "correction", "procrastinate_jobs"):
        row = owner.execute(f"select count(*) from {table} t where t::text like '%%Laerermærke%%'").fetchone()  # type: ignore[arg-type]
        assert row == (0,), table
    noted = owner.execute("select fields from audit_event where event = 'staff.changed'").fetchall()
    assert noted == [({"what": ["name"]},)]
    carried = owner.execute("select chain_id, membership_id, fields ->> 'what' from audit_event where event = %s",
                            ["member.changed"]).fetchall()  # fmt: skip
    assert carried == [(room.case_id, None, "name")]


def test_saving_without_a_change_changes_and_tells_nothing(
    office: Browser, story: Story, runtime: Runtime, owner: psycopg.Connection
) -> None:
    teacher = story.staff("Lars Lærer", "Skolen")
    assert edit(office, teacher).status == 303
    run_jobs(runtime)
    assert mails(runtime) == []
    assert owner.execute("select count(*) from audit_event where event = 'staff.changed'").fetchone() == (0,)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"name": " "}, "Udfyld"),
        ({"job_title": ""}, "Udfyld"),
        ({"phone": "ring bare"}, "telefonnummer"),
        ({"phone": "1" * 41}, "for lang"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field_and_keeps_what_was_typed(
    typed: dict[str, str], says: str, office: Browser, story: Story
) -> None:
    teacher = story.staff("Lars Lærer", "Skolen")
    page = edit(office, teacher, **{"name": "Nyt Navn", **typed})
    assert page.status == 422
    assert says in page.text
    if "name" not in typed:
        assert page.soup.find("input", id="name")["value"] == "Nyt Navn"


def test_an_administrator_keeps_the_role_that_could_give_it_back(
    office: Browser, admin: Someone, owner: psycopg.Connection
) -> None:
    page = edit(office, admin, is_admin=None)
    assert page.status == 422
    assert "Du kan ikke tage denne rolle fra dig selv" in page.text
    assert owner.execute("select is_admin from staff where person_id = %s", [admin.id]).fetchone() == (True,)


@pytest.mark.parametrize("who", ["guide", "leader", "auditor"])
def test_nobody_but_an_administrator_looks_after_accounts(who: str, story: Story, admin: Someone) -> None:
    made = {
        "guide": lambda: story.guide(),
        "leader": lambda: story.staff("Lis Leder", is_leader=True),
        "auditor": lambda: story.staff("Rie Revisor", is_auditor=True),
    }[who]()
    new = editing.Details("Ondt Navn", "Ond", "", frozenset())
    with story.acting(made) as actor:
        for verb in (
            lambda: editing.edit(actor, admin.id, new),
            lambda: listing.account_page(actor, AccountFilter()),
            lambda: listing.account(actor, admin.id),
            lambda: requests.waiting_requests(actor),
        ):
            with pytest.raises(Refused):
                verb()


# Closing, opening


def test_closing_and_opening_again_say_what_follows_and_what_can_be_done_stands_apart(
    office: Browser, story: Story, room: Room, owner: psycopg.Connection
) -> None:
    teacher = story.staff("Lars Lærer", "Skolen")
    owner.execute("update staff set password_hash = 'x' where person_id = %s", [teacher.id])
    story.add(room, teacher)
    page = office.get(f"/office/staff/{teacher.id}")
    buttons = [tag.get_text(" ", strip=True) for tag in page.soup.select("main .actions a.button")]
    assert buttons == ["Mistet ekstra trin", "Luk kontoen"]
    assert office.submit(office.get(f"/office/staff/{teacher.id}/close"), "submission").status == 303
    reopen = office.get(f"/office/staff/{teacher.id}/reopen")
    assert "er med i 1 sag" in reopen.text
    assert "samme adgangskode og ekstra trin" in reopen.text
    assert "Ulla" not in reopen.everything
    assert str(room.case_id) not in reopen.everything
    assert office.submit(reopen, "submission").status == 303
    assert owner.execute("select closed_at from person where id = %s", [teacher.id]).fetchone() == (None,)


# Where one lands


@pytest.mark.parametrize(
    ("roles", "lands"),
    [
        ({"is_admin": True}, "/office"),
        ({"is_leader": True}, "/figures"),
        ({"is_auditor": True}, "/trace"),
        ({"is_admin": True, "may_open_cases": True}, "/cases"),
        ({}, "/cases"),
    ],
)
def test_everybody_lands_where_their_work_is(
    roles: dict[str, bool], lands: str, app: Flask, story: Story, room: Room
) -> None:
    someone = story.staff("Eva Efterår", "Jobcenter", **roles)
    browser = Browser(app, story.token(someone))
    assert browser.follow(browser.get("/")).path == lands
    story.add(room, someone)
    assert browser.follow(browser.get("/")).path == "/cases", "with a case, in the cases"


# A colleague who is missed


def test_a_guide_who_misses_a_colleague_asks_and_an_administrator_invites(
    app: Flask, office: Browser, story: Story, room: Room, runtime: Runtime, owner: psycopg.Connection
) -> None:
    guide = Browser(app, story.token(room.guide))
    link = next(
        link for link in guide.get(f"/cases/{room.case_id}/team/find?q=findesikke").links() if "/colleagues" in link
    )
    page = guide.get(link)
    assert "Skriv intet om nogen sag" in page.text
    assert str(room.case_id) not in str(page.form("workplace"))
    typed = {"name": "Pia Psyk", "workplace": "Region Syd, børnepsykiatri", "email": "pia@region.example"}
    assert guide.submit(page, "workplace", **typed).status == 303
    assert "Venter på svar" in guide.get("/colleagues/missing").text
    hurry(owner)
    run_jobs(runtime)
    assert [mail.get_content().split("\n")[0] for mail in mails(runtime)] == ["Der er nyt til dig. Log på."]
    listed = office.get("/office")
    assert "En kollega mangler" in listed.text
    assert "Pia Psyk , Region Syd, børnepsykiatri" in listed.text
    form = office.get(next(link for link in listed.links() if "/office/requests/" in link))
    assert form.soup.find("input", id="email")["value"] == "pia@region.example"
    lacking = office.submit(form, "is_leader", job_title="Psykiater")
    assert lacking.status == 422, "a unit must be chosen"
    unit = story.unit("Børnepsykiatri")
    assert office.submit(office.get(form.path), "is_leader", unit=str(unit), job_title="Psykiater").status == 303
    assert "En kollega mangler" not in office.get("/office").text
    assert "Inviteret" in guide.get("/colleagues/missing").text
    assert owner.execute("select name from staff where email = 'pia@region.example'").fetchone() == ("Pia Psyk",)
    hurry(owner)
    run_jobs(runtime)
    told = [mail["Subject"] for mail in mails(runtime)]
    assert len([subject for subject in told if subject == "Følgeskab"]) == 2, "the guide is told too"


def test_a_request_can_be_answered_without_an_account_and_once(
    office: Browser, story: Story, room: Room, app: Flask, owner: psycopg.Connection
) -> None:
    with story.acting(room.guide) as actor:
        made = requests.ask_for_change(actor, uuid4(), Missed("Pia", "Region Syd"))
    page = office.get(f"/office/requests/{made}")
    assert office.submit(page, "/no").status == 303
    assert office.post(f"/office/requests/{made}/no").status == 409, "somebody was quicker"
    assert office.get(f"/office/requests/{made}").status == 404
    assert "Besvaret uden en ny konto" in Browser(app, story.token(room.guide)).get("/colleagues/missing").text


def test_requests_are_of_the_own_organisation_bounded_and_no_citizens(
    story: Story, room: Room, admin: Someone, runtime: Runtime, owner: psycopg.Connection, app: Flask
) -> None:
    elsewhere = Story(runtime).admin("Else Ekstern")
    with story.acting(room.guide) as actor:
        for number in range(requests.MOST):
            requests.ask_for_change(actor, uuid4(), Missed(f"Kollega {number}", "Skolen"))
        with pytest.raises(InvalidInput, match="requests_many"):
            requests.ask_for_change(actor, uuid4(), Missed("En for meget", "Skolen"))
        for missed in (Missed("", "Skolen"), Missed("Pia", " "), Missed("Pia", "Skolen", email="søren@x.example")):
            with pytest.raises(InvalidInput):
                requests.ask_for_change(actor, uuid4(), missed)
    queued = owner.execute("select args ->> 'person_id' from procrastinate_jobs where task_name = 'mail_news'")
    assert queued.fetchall() == [(str(admin.id),)]
    assert elsewhere.id != admin.id
    young = Browser(app, story.token(room.young))
    assert young.get("/colleagues/missing").status == 404
    with story.acting(room.young) as actor, pytest.raises(NotFound):
        requests.ask_for_change(actor, uuid4(), Missed("Pia", "Skolen"))


def test_a_list_of_people_is_still_invited_at_once(office: Browser, story: Story, owner: psycopg.Connection) -> None:
    organisation = owner.execute("select organisation_id from unit where id = %s", [story.unit("Jobcenter")])
    where = f"/office/organisations/{organisation.fetchone()[0]}/import"
    rows = "Navn;E-mail;Stilling;Enhed\nÅse Ørsted;aase@by.example;Rådgiver;Jobcenter\n"
    page = office.submit(office.get(where), "file", content=rows)
    assert office.submit(page, "/import/all").status == 303
    assert "Åse Ørsted" in office.get("/office?state=invited").text
