"""A forgotten password: a link by mail, the same answer for everybody, and nobody gets in by it who could not else."""

from __future__ import annotations

import re
import threading
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from portal.access.signin import passwords
from portal.runtime import Runtime
from portal.services.accounts import directory, forgotten_password, invitations
from tests.signin.test_professionals_sign_in import sign_in
from tests.signin.test_second_factor import oathtool, set_up
from tests.support.browser import Browser, Page
from tests.support.mails import hurry, mails, run_jobs, token_in
from tests.support.screen_fixtures import EMAIL, PASSWORD
from tests.support.statements import noted
from tests.support.story import Someone, Story

NEW = "en helt anden sætning"


def ask(browser: Browser, email: str) -> Page:
    return browser.submit(browser.get("/forgotten"), "email", email=email)


def link(runtime: Runtime) -> str:
    run_jobs(runtime)
    return f"/forgotten/{token_in(mails(runtime)[-1], 'forgotten')}"


def choose(browser: Browser, path: str, password: str = NEW) -> Page:
    return browser.submit(browser.get(path), "password", password=password, again=password)


@pytest.fixture
def app_key(app: Flask, person: Someone, runtime: Runtime) -> str:
    """Pia has signed in once and set up her code app; what was told about that has been mailed."""
    browser = Browser(app)
    sign_in(browser, EMAIL, PASSWORD)
    key, _codes = set_up(browser)
    browser.post("/sign-out")
    run_jobs(runtime)
    for path in (runtime.settings.data_dir / "mail").glob("*.eml"):
        path.unlink()
    return key


def test_whoever_has_forgotten_their_password_chooses_a_new_one_and_keeps_the_second_step(
    app: Flask, app_key: str, person: Someone, story: Story, runtime: Runtime, owner: psycopg.Connection
) -> None:
    elsewhere = Browser(app, story.token(person))
    browser = Browser(app)
    page = browser.get("/sign-in")
    assert "/forgotten" in page.links()
    told = ask(browser, f" {EMAIL.upper()} ")
    assert told.status == 200
    assert EMAIL not in told.text
    path = link(runtime)
    (mail,) = mails(runtime)
    assert mail["To"] == EMAIL
    assert "60 minutter" in mail.get_content()
    assert "sag" not in mail.get_content()
    assert choose(browser, path).status == 303
    assert elsewhere.get("/cases").status == 303, "signed out everywhere"
    assert sign_in(Browser(app), EMAIL, PASSWORD).status == 422
    awaiting_second_factor = browser.follow(sign_in(browser, EMAIL, NEW))
    assert awaiting_second_factor.path == "/sign-in/second", "the mailbox alone opens nothing"
    assert browser.submit(awaiting_second_factor, "code", code=oathtool(app_key)).status == 303
    run_jobs(runtime)
    assert "ændret i, hvordan du logger på" in mails(runtime)[-1].get_content(), "its owner is told"
    events = {row[0] for row in owner.execute("select event from audit_event where item_id = %s", [person.id])}
    assert {"reset.asked", "reset.mailed", "password.chosen", "notice.mailed"} <= events


def test_a_link_works_once_and_for_an_hour_and_a_newer_one_ends_it(
    app: Flask, app_key: str, runtime: Runtime, calendar
) -> None:  # type: ignore[no-untyped-def]
    ask(Browser(app), EMAIL)
    first = link(runtime)
    ask(Browser(app), EMAIL)
    second = link(runtime)
    assert Browser(app).get(first).status == 410
    assert choose(Browser(app), second).status == 303
    for path in (second, "/forgotten/none"):
        assert Browser(app).get(path).status == 410
        assert Browser(app).post(path, {"password": PASSWORD, "again": PASSWORD}).status == 410
    ask(Browser(app), EMAIL)
    third = link(runtime)
    calendar.move(minutes=59)
    assert Browser(app).get(third).status == 200
    calendar.move(minutes=2)
    assert Browser(app).get(third).status == 410


def test_a_link_used_by_two_at_once_sets_one_password(
    app: Flask, app_key: str, runtime: Runtime, owner: psycopg.Connection
) -> None:
    ask(Browser(app), EMAIL)
    token = link(runtime).rsplit("/", 1)[-1]
    done: list[str] = []

    def take(password: str) -> None:
        try:
            with runtime.unit_of_work() as session:
                invitations.accept_invitation(session, token, password, resets=True)
            done.append(password)
        except Exception as problem:  # noqa: BLE001  whoever was second
            done.append(type(problem).__name__)

    both = [threading.Thread(target=take, args=(f"sætning nummer {n} er min",)) for n in (1, 2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert "NotFound" in done
    stored = owner.execute("select password_hash from staff where email = %s", [EMAIL]).fetchone()
    assert passwords.same(stored[0], next(word for word in done if word != "NotFound"))


OTHERS = {
    "nobody": "",
    "closed": "update person set closed_at = now() where id = %(id)s",
    "never came in": "update staff set password_hash = null, first_signed_in_at = null where person_id = %(id)s",
    "of a workplace without passwords": "update organisation set password_sign_in = false",
}


@pytest.mark.parametrize("who", OTHERS)
def test_everybody_else_gets_the_same_page_and_no_mail(
    who: str, app: Flask, app_key: str, person: Someone, runtime: Runtime, owner: psycopg.Connection
) -> None:
    known = ask(Browser(app), EMAIL)
    run_jobs(runtime)
    if OTHERS[who]:
        owner.execute(OTHERS[who], {"id": person.id})
    other = ask(Browser(app), EMAIL if OTHERS[who] else "ingen@testby.example")
    run_jobs(runtime)
    assert (other.status, without_numbers(other)) == (known.status, without_numbers(known))
    assert len(mails(runtime)) == 1, "the one to whoever has a password"


def without_numbers(page: Page) -> str:
    """All that was sent but for what every answer has of its own."""
    return re.sub(r'value="[^"]*"', "", str(page.soup))


def test_a_link_of_somebody_whose_account_is_closed_meanwhile_is_over(
    app: Flask, app_key: str, person: Someone, story: Story, runtime: Runtime
) -> None:
    ask(Browser(app), EMAIL)
    path = link(runtime)
    with story.acting(story.admin()) as actor:
        directory.close_account(actor, person.id)
    assert Browser(app).get(path).status == 410
    assert Browser(app).post(path, {"password": NEW, "again": NEW}).status == 410


def test_a_known_and_an_unknown_address_take_the_same_work(
    app: Flask, app_key: str, runtime: Runtime, owner: psycopg.Connection
) -> None:
    """The same statements in the same order, and a job each; what depends on the answer is done by the worker."""

    def statements(email: str) -> list[str]:
        browser = Browser(app)
        page = browser.get("/forgotten")
        with noted() as asked:
            browser.submit(page, "email", email=email)
        return [statement for statement, _values in asked]

    known, unknown = statements(EMAIL), statements("ingen@testby.example")
    assert known == unknown
    assert len(known) > 5
    queued = owner.execute(
        "select length(args::text) from procrastinate_jobs where task_name = 'mail_reset'"
    ).fetchall()
    assert len(queued) == 2
    assert queued[0] == queued[1]


def test_asking_again_and_again_slows_down_known_or_not_and_fills_no_mailbox(
    app: Flask, app_key: str, runtime: Runtime, owner: psycopg.Connection, calendar
) -> None:  # type: ignore[no-untyped-def]
    for email in (EMAIL, "ingen@testby.example"):
        met = [ask(Browser(app), email).status for _ in range(6)]
        assert met == [200] * 5 + [429]
    run_jobs(runtime)
    assert len(mails(runtime)) == 3
    assert sign_in(Browser(app), EMAIL, PASSWORD).status == 303, "asking keeps nobody from signing in"
    calendar.move(minutes=61)
    ask(Browser(app), EMAIL)
    run_jobs(runtime)
    assert len(mails(runtime)) == 4


def test_while_the_mail_server_is_away_the_link_stays_one(
    app: Flask, app_key: str, runtime: Runtime, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.errors import DependencyUnavailable
    from portal.neighbours import smtp

    real = smtp.send

    def away(*_args: object) -> None:
        raise DependencyUnavailable("mail")

    ask(Browser(app), EMAIL)
    monkeypatch.setattr(smtp, "send", away)
    for _ in range(5):
        run_jobs(runtime)
        hurry(owner)
    monkeypatch.setattr(smtp, "send", real)
    assert choose(Browser(app), link(runtime)).status == 303
    assert owner.execute("select count(*) from invitation where resets").fetchone() == (1,)


def test_a_forgotten_password_ends_no_renewal_and_an_invitation_is_no_reset(
    app: Flask, app_key: str, person: Someone, story: Story, runtime: Runtime
) -> None:
    """A stranger who asks for passwords could otherwise end the link an administrator has sent; and a link that leaves
    the second step must not be taken for one that renews it."""
    with story.acting(story.admin()) as actor:
        invitations.start_renewal(actor, person.id)
    run_jobs(runtime)
    renewal = token_in(next(m for m in mails(runtime) if "/invitation/" in m.get_content()), "invitation")
    ask(Browser(app), EMAIL)
    reset = link(runtime).rsplit("/", 1)[-1]
    assert Browser(app).get(f"/invitation/{renewal}").status == 200
    assert Browser(app).get(f"/invitation/{reset}").status == 410
    assert Browser(app).get(f"/forgotten/{renewal}").status == 410


@pytest.mark.parametrize("password", ["kort", "x" * 129, EMAIL])
def test_a_password_that_will_not_do_is_said_so_and_the_link_stays_good(
    password: str, app: Flask, app_key: str, runtime: Runtime
) -> None:
    ask(Browser(app), EMAIL)
    path = link(runtime)
    assert choose(Browser(app), path, password).status == 422
    assert choose(Browser(app), path).status == 303


@pytest.mark.parametrize("typed", ["", "\x00", "²" * 200, "a@b" * 500, "søren@by.example", "\ud800@x.example"])
def test_nonsense_is_answered_as_nonsense(typed: str, app: Flask, app_key: str, runtime: Runtime) -> None:
    browser = Browser(app)
    fields = {"email": typed.encode("utf-8", "surrogatepass"), "submission": str(UUID(int=7))}
    assert browser.post("/forgotten", fields).status in (200, 422)
    run_jobs(runtime)
    assert mails(runtime) == []


def test_what_is_asked_leaves_no_address_in_the_queue_or_the_trace(
    app: Flask, app_key: str, runtime: Runtime, owner: psycopg.Connection
) -> None:
    ask(Browser(app), EMAIL)
    ask(Browser(app), "ingen@testby.example")
    path = link(runtime)
    for table in ("procrastinate_jobs", "procrastinate_events", "audit_event", "sign_in_try", "invitation"):
        for secret in (EMAIL, "ingen@testby.example", path.rsplit("/", 1)[-1]):
            row = owner.execute(f"select count(*) from {table} t where t::text like %s", [f"%{secret}%"]).fetchone()  # type: ignore[arg-type]
            assert row == (0,), (table, secret)
    assert forgotten_password.LASTS.total_seconds() == 3600
