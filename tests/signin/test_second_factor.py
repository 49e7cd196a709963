"""The second factor of professionals: codes of an app (made by oathtool), recovery codes, and half a sign-in."""

from __future__ import annotations

import re
import subprocess
import threading
from datetime import timedelta

import psycopg
import pytest
from argon2 import PasswordHasher
from flask import Flask

from portal import clock
from portal.access.signin import passwords, second_factor
from portal.models import Staff
from portal.runtime import Runtime
from portal.services.accounts import directory
from tests.signin.test_professionals_sign_in import invited_token, run_jobs, sign_in
from tests.support.browser import Browser, Page, cookie_of
from tests.support.screen_fixtures import EMAIL, PASSWORD
from tests.support.story import Someone, Story


def oathtool(secret: str, ahead: int = 0) -> str:
    """The code of an app with this key, `ahead` seconds from the portal's now."""
    at = clock.now() + timedelta(seconds=ahead)
    command = ["oathtool", "--totp", "--base32", "--now", f"{at:%Y-%m-%d %H:%M:%S UTC}", secret.replace(" ", "")]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def key_on(page: Page) -> str:
    code = page.soup.find("code", id="key")
    assert code is not None
    return code.get_text().replace(" ", "")


def set_up(browser: Browser) -> tuple[str, list[str]]:
    """Sets a code app up by hand; returns its key and the recovery codes."""
    page = browser.get("/me/totp")
    secret = key_on(page)
    # The code of the next half minute, so that the one of this is still good for signing in afterwards.
    done = browser.submit(page, "sealed", code=oathtool(secret, -30))
    if done.status == 422:  # a new half minute began in between
        done = browser.submit(page, "sealed", code=oathtool(secret, -30))
    assert done.status == 200, done.text
    return secret, [code.get_text() for code in done.soup.find_all("code")]


@pytest.fixture
def with_app(browser: Browser, person: Someone) -> tuple[str, list[str]]:
    """Pia has signed in once, set up her app, and signed out."""
    assert sign_in(browser, EMAIL, PASSWORD).status == 303
    made = set_up(browser)
    browser.post("/sign-out")
    return made


def test_the_first_sign_in_takes_the_password_and_says_what_comes(browser: Browser, person: Someone) -> None:
    home = browser.follow(sign_in(browser, EMAIL, PASSWORD))
    assert home.path == "/cases"
    assert "Fra næste gang du logger på" in home.text


def test_from_the_second_sign_in_on_a_second_factor_must_be_set_up(browser: Browser, person: Someone) -> None:
    sign_in(browser, EMAIL, PASSWORD)
    browser.post("/sign-out")
    page = browser.follow(sign_in(browser, EMAIL, PASSWORD))
    assert page.path == "/me/second-step"
    assert "Du har logget på før" in page.text
    assert browser.get("/cases").status == 303
    set_up(browser)
    assert browser.get("/cases").status == 200


def test_a_password_whose_hash_is_weaker_than_it_should_be_is_hashed_anew_on_the_way_to_the_second_step(
    browser: Browser,
    runtime: Runtime,
    person: Someone,
    with_app: tuple[str, list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with runtime.unit_of_work() as session:
        before = session.get_one(Staff, person.id).password_hash
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    page = browser.follow(sign_in(browser, EMAIL, PASSWORD))
    assert browser.follow(browser.submit(page, "code", code=oathtool(with_app[0]))).path == "/cases"
    with runtime.unit_of_work() as session:
        after = session.get_one(Staff, person.id).password_hash
    assert after != before
    assert passwords.same(after or "", PASSWORD)


def test_password_and_a_code_of_the_app_sign_in(browser: Browser, with_app: tuple[str, list[str]]) -> None:
    page = browser.follow(sign_in(browser, EMAIL, PASSWORD))
    assert page.path == "/sign-in/second"
    home = browser.follow(browser.submit(page, "code", code=oathtool(with_app[0])))
    assert home.path == "/cases"
    assert "Fra næste gang" not in home.text


def test_the_picture_holds_the_same_key_as_the_text(browser: Browser, person: Someone) -> None:
    sign_in(browser, EMAIL, PASSWORD)
    page = browser.get("/me/totp")
    assert page.soup.find("svg", class_="qr") is not None
    offer = second_factor.FactorOffer(key_on(page), "")
    drawn = re.search(r' d="([^"]+)"', offer.picture("Følgeskab", EMAIL))
    assert drawn is not None
    assert drawn.group(1) in page.everything, "drawn from this key, name and address"


@pytest.mark.parametrize(("ahead", "good"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_code_counts_one_step_to_either_side(
    ahead: int, good: bool, app: Flask, person: Someone, runtime: Runtime
) -> None:
    keyring = runtime.keyring
    offer = second_factor.offer(keyring, person.id)
    with runtime.unit_of_work() as session:
        second_factor.set_up(session, keyring, person.id, offer, oathtool(offer.secret))
    at = clock.now()
    with runtime.unit_of_work() as session:
        session.get_one(second_factor.Totp, person.id).last_step = 0
        found = second_factor.use(session, keyring, person.id, oathtool(offer.secret, ahead))
        directory.audit.record(session, directory.Event.STEPPED_UP, method="test")
    if int(at.timestamp()) // 30 == int(clock.now().timestamp()) // 30:  # no new half minute began in between
        assert (found == "totp") is good


def test_a_code_works_once_even_twenty_times_in_parallel(
    app: Flask, browser: Browser, with_app: tuple[str, list[str]], runtime: Runtime, person: Someone
) -> None:
    code, taken = oathtool(with_app[0]), []
    gate = threading.Barrier(20)

    def one() -> None:
        gate.wait()
        with runtime.unit_of_work() as session:
            method = second_factor.use(session, runtime.keyring, person.id, code)
            directory.audit.record(session, directory.Event.STEPPED_UP, method="test")
            taken.append(method)

    threads = [threading.Thread(target=one) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, taken)) == ["None"] * 19 + ["totp"]


def test_a_used_code_is_refused_in_words(app: Flask, browser: Browser, with_app: tuple[str, list[str]]) -> None:
    code = oathtool(with_app[0])
    assert browser.submit(browser.follow(sign_in(browser, EMAIL, PASSWORD)), "code", code=code).status == 303
    other = Browser(app)
    page = other.submit(other.follow(sign_in(other, EMAIL, PASSWORD)), "code", code=code)
    assert page.status == 422
    assert "den er brugt" in page.text
    assert code not in page.everything.replace(f'value="{code}"', "")


def test_a_recovery_code_works_once_and_is_kept_as_a_hash(
    browser: Browser, with_app: tuple[str, list[str]], owner: psycopg.Connection
) -> None:
    codes = with_app[1]
    assert len(codes) == 10
    page = browser.follow(sign_in(browser, EMAIL, PASSWORD))
    assert browser.submit(page, "code", code=codes[3].lower().replace("-", " ")).status == 303
    assert "9 nødkoder tilbage" in browser.get("/me").text
    browser.post("/sign-out")
    page = browser.follow(sign_in(browser, EMAIL, PASSWORD))
    assert browser.submit(page, "code", code=codes[3]).status == 422
    for table in ("recovery_code", "totp", "audit_event", "procrastinate_jobs"):
        for secret in (*codes, *(code.replace("-", "") for code in codes), with_app[0]):
            row = owner.execute(f"select count(*) from {table} t where t::text ilike %s", [f"%{secret}%"]).fetchone()  # type: ignore[arg-type]
            assert row == (0,), table


def test_half_a_sign_in_opens_nothing(app: Flask, browser: Browser, with_app: tuple[str, list[str]]) -> None:
    sign_in(browser, EMAIL, PASSWORD)
    assert browser.client.get_cookie(cookie_of(app)) is None
    for path in ("/cases", "/cases/new", "/me", "/me/password", "/step-up", "/go-on"):
        assert browser.get(path).headers["Location"].startswith("/sign-in"), path
    for path in ("/me/second-step", "/me/totp", "/me/passkeys/new"):
        assert browser.get(path).headers["Location"] == "/sign-in/second", path
    assert browser.post("/me/passkeys/options").headers["Location"] == "/sign-in/second"
    assert browser.post("/me/codes").headers["Location"].startswith("/sign-in")


def test_half_a_sign_in_lasts_ten_minutes_and_ends_with_another_password(
    app: Flask, browser: Browser, with_app: tuple[str, list[str]], person: Someone, runtime: Runtime, calendar
) -> None:  # type: ignore[no-untyped-def]
    page = browser.follow(sign_in(browser, EMAIL, PASSWORD))
    calendar.move(minutes=10, seconds=1)
    assert browser.submit(page, "code", code=oathtool(with_app[0])).headers["Location"] == "/sign-in"
    page = browser.follow(sign_in(browser, EMAIL, PASSWORD))
    with runtime.unit_of_work() as session:
        from portal.services.accounts import my_account

        my_account.choose_password(session, session.get_one(Staff, person.id), "en helt anden sætning")
    assert browser.submit(page, "code", code=oathtool(with_app[0])).headers["Location"] == "/sign-in"


def test_a_copied_half_sign_in_is_worth_nothing_after_the_second_step(
    app: Flask, browser: Browser, with_app: tuple[str, list[str]]
) -> None:
    page = browser.follow(sign_in(browser, EMAIL, PASSWORD))
    copy = Browser(app)
    form = browser.client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert form is not None
    browser.submit(page, "code", code=oathtool(with_app[0]))
    copy.client.set_cookie(form.key, form.value, domain="localhost")
    assert copy.get("/sign-in/second").headers["Location"] == "/sign-in"


def test_codes_are_guessed_five_times_a_minute_at_most(browser: Browser, with_app: tuple[str, list[str]]) -> None:
    page = browser.follow(sign_in(browser, EMAIL, PASSWORD))
    answers = [browser.submit(page, "code", code="000000").status for _ in range(6)]
    assert answers == [422] * 5 + [429]


def test_a_second_factor_is_not_set_up_by_who_finds_a_screen_open(
    browser: Browser, person: Someone, owner: psycopg.Connection
) -> None:
    sign_in(browser, EMAIL, PASSWORD)
    owner.execute("update login set started_at = started_at - interval '11 minutes'")
    page = browser.get("/me/totp")
    secret = key_on(page)
    page = browser.submit(page, "sealed", code=oathtool(secret), password="ikke den rigtige")
    assert page.status == 422
    assert "ikke din adgangskode" in page.text
    assert key_on(page) == secret, "the picture that was scanned stays"
    assert browser.submit(page, "sealed", code=oathtool(secret), password=PASSWORD).status == 200


def test_adding_and_removing_factors_asks_for_the_one_there_is(
    browser: Browser, with_app: tuple[str, list[str]], owner: psycopg.Connection
) -> None:
    page = browser.follow(sign_in(browser, EMAIL, PASSWORD))
    browser.submit(page, "code", code=oathtool(with_app[0]))
    owner.execute("update login set fresh_at = fresh_at - interval '10 minutes'")
    assert browser.get("/me/totp").headers["Location"] == "/step-up"
    for path in ("/me/totp/remove", "/me/codes"):
        assert browser.post(path).headers["Location"] == "/step-up"
    page = browser.submit(browser.get("/step-up"), "code", code=with_app[1][0])
    assert page.status == 303
    assert browser.get("/me/totp").status == 200
    refused = browser.post("/me/totp/remove")
    assert refused.status == 422
    assert "eneste ekstra trin" in refused.text


def test_an_offered_key_is_good_for_its_person_for_half_an_hour(
    runtime: Runtime, person: Someone, story: Story, calendar
) -> None:  # type: ignore[no-untyped-def]
    offer = second_factor.offer(runtime.keyring, person.id)
    assert second_factor.offered(runtime.keyring, person.id, offer.sealed) == offer
    assert second_factor.offered(runtime.keyring, story.guide().id, offer.sealed) is None
    assert second_factor.offered(runtime.keyring, person.id, "nonsense") is None
    calendar.move(minutes=31)
    assert second_factor.offered(runtime.keyring, person.id, offer.sealed) is None


# Lost


def test_a_lost_factor_is_renewed_by_an_administrator_and_finished_by_its_owner(
    app: Flask, browser: Browser, with_app: tuple[str, list[str]], person: Someone, story: Story, runtime: Runtime,
    owner: psycopg.Connection,
) -> None:  # fmt: skip
    run_jobs(runtime)
    admin = Browser(app, story.token(story.admin()))
    page = admin.get(f"/office/staff/{person.id}/renewal")
    assert "Ring for eksempel" in page.text
    assert admin.submit(page, "submission").status == 303
    # Nothing has changed yet: the old ways still work.
    page = browser.follow(sign_in(browser, EMAIL, PASSWORD))
    assert browser.submit(page, "code", code=oathtool(with_app[0])).status == 303
    token = invited_token(runtime, person)
    mails = [path.read_text() for path in (runtime.settings.data_dir / "mail").glob("*.eml")]
    assert len(mails) == 3, "a notice that an app was set up, a notice of the renewal, the invitation"
    newcomer = Browser(app)
    new = "en ny lang sætning"
    page = newcomer.submit(newcomer.get(f"/invitation/{token}"), "password", password=new, again=new)
    assert page.status == 303
    assert browser.get("/cases").status == 303, "signed out everywhere"
    page = newcomer.follow(sign_in(newcomer, EMAIL, new))
    assert page.path == "/me/second-step"
    set_up(newcomer)
    assert newcomer.get("/cases").status == 200
    run_jobs(runtime)
    events = {row[0] for row in owner.execute("select event from audit_event where item_id = %s", [person.id])}
    assert {"renewal.started", "staff.invited", "invitation.mailed", "notice.mailed", "password.chosen",
            "factor.removed", "factor.added", "recovery_codes.made"} <= events  # fmt: skip


def test_only_an_administrator_of_the_same_organisation_starts_a_renewal(
    app: Flask,
    with_app: tuple[str, list[str]],
    person: Someone,
    story: Story,
    runtime: Runtime,
    owner: psycopg.Connection,
) -> None:
    elsewhere = Story(runtime)
    stranger = Browser(app, elsewhere.token(elsewhere.admin()))
    page = stranger.post(f"/office/staff/{person.id}/renewal")
    assert page.status == 422
    assert "egen organisation" in page.text
    admin = story.admin()
    assert Browser(app, story.token(admin)).post(f"/office/staff/{admin.id}/renewal").status == 422
    assert owner.execute("select count(*) from invitation").fetchone() == (0,)


def test_the_phone_of_the_demo_shows_the_codes_of_any_key_and_knows_no_other(portal_settings, tmp_path) -> None:  # type: ignore[no-untyped-def]
    from portal.demo.eid import create_eid, prepare

    prepare(tmp_path / "eid", [])
    client = create_eid(portal_settings, tmp_path / "eid", "http://localhost:1").test_client()
    assert "Ingen endnu" in client.get("/phone").text
    secret = second_factor.pyotp.random_base32()
    typed = " ".join(secret[at : at + 4] for at in range(0, 32, 4)).lower()
    assert client.post("/phone", data={"name": "Mette", "key": typed}).status_code == 303
    page = client.get("/phone").text
    assert "Mette" in page
    assert {oathtool(secret), oathtool(secret, -30)} & set(re.findall(r"\d{6}", page))
    assert "ikke en nøgle" in client.post("/phone", data={"name": "x", "key": "0189!"}).text
