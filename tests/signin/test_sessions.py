"""Sessions: a new token whenever somebody proves who they are, an end everywhere at once, no way in from outside."""

from __future__ import annotations

import subprocess
import sys
from email import policy
from email.parser import BytesParser
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from portal.access.signin import devices, sessions
from portal.runtime import Runtime
from portal.services.accounts import directory
from portal.settings import PROJECT
from tests.signin.test_professionals_sign_in import run_jobs, sign_in
from tests.signin.test_second_factor import oathtool, set_up
from tests.support.browser import Browser, cookie_of
from tests.support.screen_fixtures import EMAIL, PASSWORD
from tests.support.story import Someone, Story


def token_of(browser: Browser) -> str:
    cookie = browser.client.get_cookie(cookie_of(browser.app))
    assert cookie is not None
    return cookie.value


def test_a_token_somebody_planted_is_not_the_one_they_get(app: Flask, person: Someone) -> None:
    planted = "A" * 43
    browser = Browser(app, planted)
    assert sign_in(browser, EMAIL, PASSWORD).status == 303
    assert token_of(browser) != planted
    assert Browser(app, planted).get("/cases").status == 303


def test_a_form_cookie_from_before_signing_in_opens_nothing(app: Flask, browser: Browser, person: Someone) -> None:
    browser.get("/sign-in")
    before = browser.client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert before is not None
    sign_in(browser, EMAIL, PASSWORD)
    other = Browser(app)
    other.client.set_cookie(before.key, before.value, domain="localhost")
    assert other.get("/cases").status == 303


def test_signing_in_over_somebody_elses_session_ends_that_one(app: Flask, story: Story, person: Someone) -> None:
    token = story.token(story.guide())
    browser = Browser(app)
    page = browser.get("/sign-in")
    browser.client.set_cookie(cookie_of(app), token, domain="localhost")
    assert browser.submit(page, "email", email=EMAIL, password=PASSWORD).status == 303
    assert Browser(app, token).get("/cases").status == 303


def test_setting_up_a_factor_gives_a_new_token(app: Flask, browser: Browser, person: Someone) -> None:
    sign_in(browser, EMAIL, PASSWORD)
    before = token_of(browser)
    set_up(browser)
    assert token_of(browser) != before
    assert Browser(app, before).get("/cases").status == 303
    assert browser.get("/cases").status == 200


def test_a_new_password_ends_every_session_and_every_copied_cookie(
    app: Flask, browser: Browser, person: Someone, story: Story
) -> None:
    sign_in(browser, EMAIL, PASSWORD)
    secret, _ = set_up(browser)
    elsewhere = Browser(app, story.token(person))
    copied = token_of(browser)
    wrong = browser.submit(
        browser.get("/me/password"), "new_password", password="forkert", new_password="en ny lang sætning",
        again="en ny lang sætning",
    )  # fmt: skip
    assert wrong.status == 422
    assert elsewhere.get("/cases").status == 200
    done = browser.submit(
        browser.get("/me/password"), "new_password", password=PASSWORD, new_password="en ny lang sætning",
        again="en ny lang sætning",
    )  # fmt: skip
    assert done.status == 303
    assert "Din adgangskode er skiftet" in browser.follow(done).text
    assert elsewhere.get("/cases").status == 303
    assert Browser(app, copied).get("/cases").status == 303
    assert sign_in(Browser(app), EMAIL, PASSWORD).status == 422
    page = (again := Browser(app)).follow(sign_in(Browser(app), EMAIL, "en ny lang sætning"))
    assert again.get("/cases").status == 303
    assert page.path == "/sign-in"
    assert oathtool(secret)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"new_password": "kort", "again": "kort"}, "for kort"),
        ({"new_password": "password1234", "again": "password1234"}, "let at gætte"),
        ({"new_password": PASSWORD, "again": PASSWORD}, "i forvejen"),
        ({"again": "noget andet end det"}, "ikke ens"),
        ({"password": ""}, "Udfyld"),
    ],
)
def test_a_new_password_that_will_not_do_is_said_so_at_its_field(
    typed: dict[str, str], says: str, app: Flask, person: Someone, story: Story
) -> None:
    token = story.token(person)
    browser = Browser(app, token)
    fields = {"password": PASSWORD, "new_password": "en ny lang sætning", "again": "en ny lang sætning", **typed}
    page = browser.submit(browser.get("/me/password"), "new_password", **fields)
    assert page.status == 422
    assert says in page.text
    assert token_of(browser) == token


def test_a_closed_account_is_out_everywhere_also_where_a_second_factor_is_pending(
    app: Flask, browser: Browser, person: Someone, story: Story
) -> None:
    sign_in(browser, EMAIL, PASSWORD)
    set_up(browser)
    copied = token_of(browser)
    half = Browser(app)
    page = half.follow(sign_in(half, EMAIL, PASSWORD))
    with story.acting(story.admin()) as actor:
        directory.close_account(actor, person.id)
    assert Browser(app, copied).get("/cases").status == 303
    assert half.submit(page, "code", code="123456").headers["Location"] == "/sign-in"


def test_the_list_of_my_devices_signs_out_there(app: Flask, story: Story, owner: psycopg.Connection) -> None:
    guide = story.guide()
    here, there, third = (Browser(app, story.token(guide)) for _ in range(3))
    owner.execute("update login set device = 'Firefox, Windows'")
    page = here.get("/me")
    assert page.text.count("Firefox, Windows") >= 3
    form = page.form("/end")
    assert here.post(str(form["action"])).status == 303
    assert sorted(browser.get("/cases").status for browser in (there, third)) == [200, 303]
    assert here.submit(here.get("/me"), "/me/devices/end").status == 303
    assert [browser.get("/cases").status for browser in (here, there, third)] == [200, 303, 303]


def test_nobody_signs_somebody_else_out(app: Flask, story: Story, owner: psycopg.Connection) -> None:
    victim = Browser(app, story.token(story.guide()))
    row = owner.execute("select id from login").fetchone()
    assert row is not None
    browser = Browser(app, story.token(story.guide()))
    assert browser.post(f"/me/devices/{row[0]}/end").status == 404
    assert browser.post(f"/me/devices/{uuid4()}/end").status == 404
    assert victim.get("/cases").status == 200


def test_a_citizen_sees_their_devices_and_no_password(app: Flask, story: Story) -> None:
    room = story.case()
    browser = Browser(app, story.token(room.young))
    page = browser.get("/me")
    assert "Her er du logget på" in page.text
    assert "Adgangskode" not in page.text
    for path in ("/me/password", "/me/totp", "/me/passkeys/new", "/me/second-step"):
        assert browser.get(path).status == 404, path


@pytest.mark.parametrize(
    ("agent", "called"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/130.0.0.0 Mobile Safari/537.36", "Chrome, Android"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/130.0 Safari/537.36 Edg/130.0", "Edge, Windows"),
        ("curl/8", ""),
        ("<script>", ""),
    ],
)
def test_a_browser_is_called_what_people_call_it(agent: str, called: str) -> None:
    assert devices.called(agent) == called


@pytest.mark.parametrize(
    "to",
    [
        "//evil.example", "/\\evil.example", "https://evil.example", "https:evil.example", "javascript:alert(1)",
        "/%2f%2fevil.example", "///evil.example", "\\\\evil.example", "/\t/evil.example", "http://localhost@evil.example",
    ],
)  # fmt: skip
def test_no_way_of_asking_leads_to_another_site_after_signing_in(to: str, app: Flask, person: Someone) -> None:
    browser = Browser(app)
    for name in ("next", "to", "return", "url"):
        browser.client.get("/cases", query_string={name: to})
        browser.client.get("/sign-in", query_string={name: to})
    page = browser.submit(browser.get("/sign-in"), "email", email=EMAIL, password=PASSWORD, next=to, to=to)
    leads = urlsplit(page.headers["Location"])
    assert (leads.scheme, leads.netloc) == ("", "")
    assert leads.path in ("/", "/cases")


@pytest.mark.parametrize(
    ("asked", "leads"),
    [
        ("/cases?sort=name&page=2", "/cases?sort=name&page=2"),
        ("/cases?sort=n%C3%A6rmest", "/cases?sort=n%C3%A6rmest"),
        (f"/cases?sort={'x' * 600}", "/cases"),
    ],
    ids=["two answers", "a Danish letter", "too long for a cookie"],
)
def test_signing_in_leads_back_to_the_very_part_of_a_list_that_was_asked_for(
    asked: str, leads: str, app: Flask, person: Someone
) -> None:
    browser = Browser(app)
    browser.get(asked)
    page = browser.submit(browser.get("/sign-in"), "email", email=EMAIL, password=PASSWORD)
    assert page.headers["Location"] == leads


def test_a_forged_host_is_not_in_any_link_that_is_mailed(app: Flask, story: Story, runtime: Runtime) -> None:
    browser = Browser(app, story.token(story.admin()))
    page = browser.get(f"/office/units/{story.unit('Jobcenter')}/staff/new")
    typed = {"name": "Ny", "email": "ny@testby.example", "job_title": "Ansat"}
    fields = {**typed, "csrf_token": page.form("email").find("input", {"name": "csrf_token"})["value"]}  # type: ignore[index]
    for headers in ({"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"}, {"Forwarded": "host=evil.example"}):
        browser.client.post(f"/office/units/{story.unit('Jobcenter')}/staff/new", data=fields, headers=headers)
    run_jobs(runtime)
    mails = list((runtime.settings.data_dir / "mail").glob("*.eml"))
    assert len(mails) == 1, "the forged Host is not answered at all"
    body = BytesParser(policy=policy.default).parsebytes(mails[0].read_bytes()).get_content()
    assert "http://localhost/invitation/" in body
    assert "evil" not in body


def test_what_is_typed_when_the_time_runs_out_is_put_aside_by_the_page(app: Flask, story: Story) -> None:
    """What the script does ten seconds before the end; tests/journeys would have to wait twenty minutes for it."""
    room = story.case()
    browser = Browser(app, story.token(room.guide))
    path = f"/cases/{room.case_id}/messages/new"
    writer = browser.get(path).form("body").find("input", {"name": "writer"})["value"]
    answer = browser.post("/keep", {"kept_for": path, "subject": "Halvt", "body": "færdigt", "writer": writer})
    assert answer.status == 204
    browser.client.set_cookie(cookie_of(app), story.token(room.guide), domain="localhost")
    assert "færdigt" in browser.get(path).everything
    assert browser.post("/keep", {"kept_for": "https://evil.example/x", "body": "x", "writer": writer}).status == 204


def test_a_shifted_clock_of_the_whole_process_ends_sessions_and_revives_none(
    runtime: Runtime, person: Someone, story: Story, owner: psycopg.Connection
) -> None:
    """The real clock of a real process, not ours: idle, absolute, and set back."""
    token = story.token(person)
    asks = (
        "import os, sys; from portal.runtime import open_runtime; from portal.settings import Settings;"
        "from portal.access.signin import sessions;"
        "h = open_runtime(Settings()); s = h.new_session();"
        # A portal does not even start beside a database with another time: its clock goes wrong while it runs.
        "os.environ['FAKETIME'] = sys.argv[2];"
        "print(sessions.resume(s, sys.argv[1], h.settings, False) is not None)"
    )
    environment = {
        "ENVIRONMENT": "test", "DATABASE_URL": runtime.settings.database_url, "PATH": "/usr/bin:/bin",
        "KEYS_FILE": str(runtime.settings.keys_file), "DATA_DIR": str(runtime.settings.data_dir),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_NO_CACHE": "1", "MAIL_URL": runtime.settings.mail_url,
    }  # fmt: skip

    def lives(*shifts: str) -> dict[str, str]:
        found = {}
        for shift in shifts:
            command = ["faketime", "-f", "+0", sys.executable, "-c", asks, token, shift]
            done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True)
            found[shift] = done.stdout.strip()
        return found

    assert lives("+0", "+19m", "+21m", "-1h") == {"+0": "True", "+19m": "True", "+21m": "False", "-1h": "False"}
    owner.execute("update login set started_at = started_at - interval '8 hours'")
    assert lives("+0", "-1h") == {"+0": "False", "-1h": "False"}, "too old, and no younger by a clock set back"
    ago = "interval '25 minutes'"
    owner.execute(f"update login set started_at = now() - interval '3 hours', seen_at = now() - {ago}")  # type: ignore[arg-type]
    assert lives("+0", "-1h") == {"+0": "False", "-1h": "False"}, "idle for too long, and not revived either"


def test_a_request_that_takes_long_keeps_no_other_page_of_its_person_waiting(
    runtime: Runtime, person: Someone, story: Story, owner: psycopg.Connection
) -> None:
    """Somebody who sends a large file in one tab goes on reading in another, and can sign out there."""
    token = story.token(person)
    owner.execute("update login set seen_at = now() - interval '5 minutes'")
    with runtime.new_session() as sending, runtime.new_session() as reading:
        sent_by = sessions.resume(sending, token, runtime.settings)
        assert sent_by is not None
        sending.execute(text("select 1"))  # its transaction goes on while the file comes in
        reading.execute(text("set local lock_timeout = '2s'"))
        read_by = sessions.resume(reading, token, runtime.settings)
        assert read_by is not None
        sessions.end_session(read_by[0])
        reading.commit()
        assert sending.execute(text("select current_setting('app.person_id')")).scalar_one() == str(person.id)
