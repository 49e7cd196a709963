"""Professionals: the invitation, the password, the session."""

from __future__ import annotations

import re
from email import policy
from email.parser import BytesParser
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from portal.access.signin import passwords
from portal.runtime import Runtime
from portal.services.accounts import directory, invitations
from tests.support.browser import Browser, Page
from tests.support.mails import run_jobs
from tests.support.story import Someone, Story

SENTENCE = "en god lang sætning"


def invited_token(runtime: Runtime, person: Someone) -> str:
    """The link's token from the mail that went out."""
    run_jobs(runtime)
    mails = sorted((runtime.settings.data_dir / "mail").glob("*.eml"))
    message = BytesParser(policy=policy.default).parsebytes(mails[-1].read_bytes())
    found = re.search(r"/invitation/(\S+)", message.get_content())
    assert found is not None
    return found.group(1)


@pytest.fixture
def newcomer(story: Story, runtime: Runtime) -> tuple[Someone, str]:
    """Somebody an administrator has just invited, and the token in their mail."""
    admin, unit = story.admin(), story.unit("Jobcenter")
    with story.acting(admin) as actor:
        new = directory.NewStaff(unit, "Ny Medarbejder", "ny@testby.example", "Jobkonsulent")
        person = directory.add_staff(actor, uuid4(), new)
    someone = Someone(person, "Ny Medarbejder")
    return someone, invited_token(runtime, someone)


def choose(browser: Browser, token: str, password: str = SENTENCE, again: str | None = None) -> Page:
    page = browser.get(f"/invitation/{token}")
    return browser.submit(page, "password", password=password, again=password if again is None else again)


def sign_in(browser: Browser, email: str, password: str) -> Page:
    return browser.submit(browser.get("/sign-in"), "password", email=email, password=password)


# Invitations


def test_an_invited_professional_chooses_a_password_and_signs_in(
    browser: Browser, newcomer: tuple[Someone, str]
) -> None:
    page = browser.get(f"/invitation/{newcomer[1]}")
    assert "Velkommen, Ny Medarbejder" in page.text
    landed = browser.follow(choose(browser, newcomer[1]))
    assert landed.path == "/sign-in"
    home = browser.follow(sign_in(browser, "NY@testby.example ", SENTENCE))
    assert home.path == "/cases"


def test_an_invitation_works_once(browser: Browser, newcomer: tuple[Someone, str]) -> None:
    assert choose(browser, newcomer[1]).status == 303
    page = browser.get(f"/invitation/{newcomer[1]}")
    assert page.status == 410
    assert "Invitationen er udløbet" in page.text
    assert browser.post(f"/invitation/{newcomer[1]}", {"password": SENTENCE, "again": SENTENCE}).status == 410


def test_an_invitation_runs_out(browser: Browser, newcomer: tuple[Someone, str], calendar) -> None:  # type: ignore[no-untyped-def]
    calendar.move(days=7, minutes=1)
    assert browser.get(f"/invitation/{newcomer[1]}").status == 410
    assert browser.post(f"/invitation/{newcomer[1]}", {"password": SENTENCE, "again": SENTENCE}).status == 410


def test_a_newer_invitation_ends_the_one_before(
    browser: Browser, newcomer: tuple[Someone, str], story: Story, runtime: Runtime
) -> None:
    person, first = newcomer
    with story.acting(story.admin()) as actor:
        invitations.invite_again(actor, person.id)
    second = invited_token(runtime, person)
    assert browser.get(f"/invitation/{first}").status == 410
    assert choose(browser, second).status == 303


def test_a_made_up_token_is_answered_like_one_that_ran_out(browser: Browser) -> None:
    assert browser.get(f"/invitation/{uuid4().hex}").status == 410


@pytest.mark.parametrize(
    ("password", "again", "says"),
    [
        ("syv bær", None, "for kort"),
        ("x" * 129, None, "for lang"),
        (SENTENCE, "noget andet helt", "ikke ens"),
        ("", None, "Udfyld"),
    ],
)
def test_a_password_that_will_not_do_is_said_so_and_the_invitation_stays_good(
    password: str, again: str | None, says: str, browser: Browser, newcomer: tuple[Someone, str]
) -> None:
    page = choose(browser, newcomer[1], password, again)
    assert page.status == 422
    assert says in page.text
    assert password not in page.everything or not password
    assert choose(browser, newcomer[1]).status == 303


def test_the_token_is_in_the_mail_and_nowhere_else(
    newcomer: tuple[Someone, str], owner: psycopg.Connection, portal_settings, postgres
) -> None:  # type: ignore[no-untyped-def]
    _, token = newcomer
    for table in ("invitation", "procrastinate_jobs", "procrastinate_events", "audit_event"):
        row = owner.execute(f"select count(*) from {table} t where t::text like %s", [f"%{token}%"]).fetchone()  # type: ignore[arg-type]
        assert row == (0,), table


def test_a_mail_that_cannot_be_sent_is_tried_again(
    story: Story, runtime: Runtime, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.errors import DependencyUnavailable

    def away(*_args: object) -> None:
        raise DependencyUnavailable("mail")

    admin, unit = story.admin(), story.unit("Jobcenter")
    with story.acting(admin) as actor:
        directory.add_staff(actor, uuid4(), directory.NewStaff(unit, "Ny", "ny2@testby.example", "Jobkonsulent"))
    monkeypatch.setattr("portal.neighbours.smtp.send", away)
    run_jobs(runtime)
    jobs = "select status, attempts, scheduled_at > now() from procrastinate_jobs where task_name = 'mail_invitation'"
    state = owner.execute(jobs).fetchone()
    assert state == ("todo", 1, True)


# Signing in


def test_wrong_password_and_unknown_account_are_answered_alike(browser: Browser, newcomer: tuple[Someone, str]) -> None:
    choose(browser, newcomer[1])
    wrong = sign_in(browser, "ny@testby.example", "helt forkert kode")
    unknown = sign_in(browser, "ingen@testby.example", "helt forkert kode")
    assert (wrong.status, unknown.status) == (422, 422)
    assert wrong.text == unknown.text


def test_an_unknown_account_costs_a_hash_like_a_known_one(
    browser: Browser, newcomer: tuple[Someone, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(browser, newcomer[1])
    hashed: list[str] = []
    real = passwords._verify
    monkeypatch.setattr(passwords, "_verify", lambda stored, given: hashed.append(stored) or real(stored, given))
    sign_in(browser, "ny@testby.example", "helt forkert kode")
    sign_in(browser, "ingen@testby.example", "helt forkert kode")
    sign_in(browser, "", "x")
    assert len(hashed) == 2
    assert hashed[0].split("$")[:4] == hashed[1].split("$")[:4], "the same work"


def test_somebody_without_a_password_yet_cannot_sign_in_with_any(
    browser: Browser, newcomer: tuple[Someone, str]
) -> None:
    for password in ("", " ", "None", "null"):
        assert sign_in(browser, "ny@testby.example", password).status == 422


def test_at_most_four_hashes_run_at_once() -> None:
    assert passwords._at_once._initial_value == 4  # type: ignore[attr-defined]


# Sessions


def test_signing_out_ends_the_session_for_every_copy_of_the_cookie(app: Flask, story: Story) -> None:
    token = story.token(story.guide())
    browser, copy = Browser(app, token), Browser(app, token)
    assert copy.get("/cases").status == 200
    page = browser.post("/sign-out")
    assert page.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert copy.get("/cases").status == 303
    assert browser.get("/cases").status == 303


@pytest.mark.parametrize(("who", "minutes"), [("professional", 20), ("citizen", 30)])
def test_an_idle_session_ends(who: str, minutes: int, app: Flask, story: Story, calendar) -> None:  # type: ignore[no-untyped-def]
    room = story.case()
    browser = Browser(app, story.token(room.guide if who == "professional" else room.young))
    calendar.move(minutes=minutes - 1)
    assert browser.get(f"/cases/{room.case_id}").status == 200
    calendar.move(minutes=minutes - 1)
    assert browser.get(f"/cases/{room.case_id}").status == 200, "looking keeps it alive"
    calendar.move(minutes=minutes, seconds=1)
    page = browser.get(f"/cases/{room.case_id}")
    assert page.status == 303
    assert "ended=1" in page.headers["Location"]
    assert "tiden var gået" in browser.follow(page).text


def test_no_session_lasts_longer_than_eight_hours(app: Flask, story: Story, calendar) -> None:  # type: ignore[no-untyped-def]
    browser = Browser(app, story.token(story.guide()))
    for _ in range(31):
        calendar.move(minutes=15)
        browser.get("/cases")
    calendar.move(minutes=14)
    assert browser.get("/cases").status == 200
    calendar.move(minutes=1, seconds=1)
    assert browser.get("/cases").status == 303


def test_a_clock_set_back_does_not_revive_a_session_from_before_it_began(app: Flask, story: Story, calendar) -> None:  # type: ignore[no-untyped-def]
    browser = Browser(app, story.token(story.guide()))
    calendar.move(hours=-1)
    assert browser.get("/cases").status == 303


def test_one_press_keeps_a_session_alive(app: Flask, story: Story, calendar) -> None:  # type: ignore[no-untyped-def]
    browser = Browser(app, story.token(story.guide()))
    calendar.move(minutes=19)
    answer = browser.post("/stay", headers={"Accept": "application/json"})
    assert set(answer.response.get_json()) == {"ends", "now"}
    calendar.move(minutes=19)
    assert browser.get("/cases").status == 200


def test_a_closed_account_is_signed_out_at_once(app: Flask, story: Story) -> None:
    guide = story.guide()
    browser = Browser(app, story.token(guide))
    assert browser.get("/cases").status == 200
    with story.acting(story.admin()) as actor:
        directory.close_account(actor, guide.id)
    assert browser.get("/cases").status == 303


def test_the_way_somebody_was_going_is_found_again_after_signing_in(
    browser: Browser, newcomer: tuple[Someone, str]
) -> None:
    choose(browser, newcomer[1])
    assert browser.get("/cases/new").status == 303
    assert sign_in(browser, "ny@testby.example", SENTENCE).headers["Location"] == "/cases/new"


def test_no_parameter_can_send_somebody_elsewhere_after_signing_in(
    browser: Browser, newcomer: tuple[Someone, str]
) -> None:
    choose(browser, newcomer[1])
    for path in ("/sign-in?next=//evil.example", "/cases?next=https://evil.example", "//evil.example/cases"):
        browser.client.get(path)
    page = browser.get("/sign-in")
    landed = browser.submit(page, "password", email="ny@testby.example", password=SENTENCE, next="//evil.example")
    assert landed.headers["Location"] in ("/", "/cases")


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "localhost:80@evil.example", ""])
def test_another_host_name_is_not_answered(browser: Browser, host: str) -> None:
    answer = browser.client.get("/sign-in", headers={"Host": host})
    assert answer.status_code == 400
    assert b"evil" not in answer.data


def test_a_form_without_its_token_changes_nothing(app: Flask, story: Story, owner: psycopg.Connection) -> None:
    room = story.case()
    browser = Browser(app, story.token(room.guide))
    answer = browser.client.post(f"/cases/{room.case_id}/messages/new", data={"subject": "x", "body": "y"})
    assert answer.status_code == 400
    assert owner.execute("select count(*) from message").fetchone() == (0,)


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(browser: Browser, newcomer: tuple[Someone, str]) -> None:
    choose(browser, newcomer[1])
    page = sign_in(browser, "ny@testby.example", SENTENCE)
    for cookie in page.headers.getlist("Set-Cookie"):
        if "=;" not in cookie:
            assert "HttpOnly" in cookie
            assert "SameSite=Lax" in cookie


def test_over_https_cookies_carry_the_host_prefix_and_are_secure(runtime: Runtime) -> None:
    from dataclasses import replace

    from portal import create_app

    secure = replace(runtime, settings=runtime.settings.model_copy(update={"base_url": _https()}))
    app = create_app(secure)
    answer = app.test_client().get("/sign-in", base_url="https://portal.example")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-form=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=63072000")


def _https():  # type: ignore[no-untyped-def]
    from pydantic import AnyHttpUrl

    return AnyHttpUrl("https://portal.example")


# The office


def test_an_administrator_builds_an_organisation_from_the_browser(app: Flask, story: Story, runtime: Runtime) -> None:
    browser = Browser(app, story.token(story.admin()))
    page = browser.submit(browser.get("/office/organisations/new"), "name", name="Region Prøve", kind="region")
    listed = browser.follow(page)
    assert "Region Prøve" in listed.text
    unit_path = next(link for link in listed.links() if "/units/new" in link and _near(listed, link, "Region Prøve"))
    listed = browser.follow(browser.submit(browser.get(unit_path), "name", name="Psykiatri", kind="child_psychiatry"))
    assert "Psykiatri" in listed.text
    staff_path = next(link for link in listed.links() if "/staff/new" in link and _near(listed, link, "Psykiatri"))
    page = browser.submit(
        browser.get(staff_path), "email", name="Pia Psyk", email="pia@region.example", job_title="Psykiater"
    )
    listed = browser.follow(page)
    assert "Pia Psyk" in listed.text
    assert "Inviteret" in listed.text
    run_jobs(runtime)
    assert list((runtime.settings.data_dir / "mail").glob("*.eml"))


def _near(page: Page, link: str, name: str) -> bool:
    tag = page.soup.find("a", href=link)
    assert tag is not None
    head = tag.find_parent(class_="panel-head")
    return head is not None and name in head.get_text()


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", "", "Navn: Udfyld feltet."),
        ("email", "ikke en adresse", "ikke en e-mailadresse"),
        ("email", "taget@testby.example", "allerede en konto"),
        ("job_title", " ", "Udfyld"),
    ],
)
def test_an_account_that_cannot_be_is_refused_at_its_field_and_keeps_what_was_typed(
    field: str, value: str, says: str, app: Flask, story: Story
) -> None:
    admin, unit = story.admin(), story.unit("Jobcenter")
    with story.acting(admin) as actor:
        directory.add_staff(actor, uuid4(), directory.NewStaff(unit, "Før", "taget@testby.example", "Ansat"))
    browser = Browser(app, story.token(admin))
    typed = {"name": "Ny Ansat", "email": "ny@testby.example", "job_title": "Konsulent", field: value}
    page = browser.submit(browser.get(f"/office/units/{unit}/staff/new"), "email", **typed)
    assert page.status == 422
    assert says in page.text
    saved = {
        str(tag["name"]): str(tag.get("value", ""))
        for tag in page.form("email").find_all("input", type=["text", "email"])
    }
    assert saved["job_title"] == typed["job_title"] or field == "job_title"
    assert saved["name"] == typed["name"]


def test_the_same_invitation_form_sent_twice_invites_once(app: Flask, story: Story, owner: psycopg.Connection) -> None:
    browser = Browser(app, story.token(story.admin()))
    page = browser.get(f"/office/units/{story.unit('Jobcenter')}/staff/new")
    typed = {"name": "Ny Ansat", "email": "ny@testby.example", "job_title": "Konsulent"}
    assert browser.submit(page, "email", **typed).status == 303
    assert browser.submit(page, "email", **typed).status == 303
    assert owner.execute("select count(*) from invitation").fetchone() == (1,)


def test_nobody_closes_their_own_account(app: Flask, story: Story) -> None:
    admin = story.admin()
    browser = Browser(app, story.token(admin))
    page = browser.post(f"/office/staff/{admin.id}/close")
    assert page.status == 422
    assert browser.get("/office").status == 200


def test_closing_and_reopening_twice_does_it_once(app: Flask, story: Story, owner: psycopg.Connection) -> None:
    guide = story.guide()
    browser = Browser(app, story.token(story.admin()))
    assert "Luk kontoen" in browser.get(f"/office/staff/{guide.id}/close").text
    for action, event in (("close", "account.closed"), ("reopen", "account.reopened")):
        for _ in range(2):
            assert browser.post(f"/office/staff/{guide.id}/{action}").status == 303
        assert owner.execute("select count(*) from audit_event where event = %s", [event]).fetchone() == (1,)
    assert UUID(str(guide.id))
