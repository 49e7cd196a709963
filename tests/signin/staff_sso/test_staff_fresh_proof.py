"""A fresh proof of staff is given where their organisation signs them in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg
import pytest

from portal import create_app
from portal.runtime import Runtime
from portal.settings import Settings
from tests.signin.staff_sso.conftest import claims, sign_in
from tests.signin.test_eid_liar import there_and_back
from tests.support.browser import Browser
from tests.support.providers import Liar


def test_a_fresh_proof_is_given_where_the_organisation_signs_its_staff_in(
    browser: Browser, idp: Liar, place: None, owner: psycopg.Connection
) -> None:
    """And by the same person: whoever else answers there leaves the door shut."""
    claims(idp, groups=["FS-Administrator"])
    sign_in(browser)
    door = "/office/organisations/new"
    assert browser.get(door).status == 200
    owner.execute("update login set fresh_at = now() - interval '11 minutes'")
    asked = browser.follow(browser.get(door))
    assert asked.path == "/step-up"
    assert "Kommunens login" in asked.text

    claims(idp, groups=["FS-Administrator"], sub="somebody-else", email="en.anden@kommune.example", name="En Anden")
    browser.follow(browser.get(there_and_back(browser.submit(asked, "/step-up/staff/kommune"))))
    assert browser.get(door).status == 303, "that was not Karen"
    assert owner.execute("select count(*) from staff").fetchone() == (1,), "and it made nobody an account"

    claims(idp, groups=["FS-Administrator"])
    asked = browser.follow(browser.get(door))
    back = browser.follow(browser.get(there_and_back(browser.submit(asked, "/step-up/staff/kommune"))))
    assert (back.status, back.path) == (200, door)


@pytest.mark.parametrize(
    "told", [{"auth_time": 1_600_000_000}, {"auth_time": None}, {"auth_time": "nu"}], ids=["long ago", "none", "words"]
)
def test_a_fresh_proof_of_staff_is_looked_at_and_not_only_asked_for(
    told: dict[str, Any], browser: Browser, idp: Liar, place: None, owner: psycopg.Connection
) -> None:
    admin = {"groups": ["FS-Administrator"]}
    claims(idp, **admin)
    sign_in(browser)
    owner.execute("update login set fresh_at = now() - interval '11 minutes'")
    door = "/office/organisations/new"
    asked = browser.follow(browser.get(door))
    out = browser.submit(asked, "/step-up/staff/kommune")
    assert "max_age=0" in out.headers["Location"]
    claims(idp, **admin, **told)
    page = browser.get(there_and_back(out))
    assert page.status == 403
    assert "Det blev ikke bekræftet" in page.text
    assert browser.get(door).status == 303
    browser.post("/sign-out")
    assert sign_in(browser).status == 403, "nor does it let anybody in as the one before"
    assert owner.execute("select count(*) from audit_event where event = 'stepped.up'").fetchone() == (0,)
    claims(idp, **admin)
    assert sign_in(browser).status == 303


def test_an_ordinary_sign_in_of_staff_confirms_nothing(
    browser: Browser, idp: Liar, place: None, owner: psycopg.Connection
) -> None:
    """Begun before somebody was asked to confirm, answered after."""
    claims(idp, groups=["FS-Administrator"])
    sign_in(browser)
    owner.execute("update login set fresh_at = now() - interval '11 minutes'")
    before = there_and_back(browser.post("/staff-sign-in/kommune"))
    browser.submit(browser.get("/step-up"), "/step-up/staff/kommune")
    browser.get(before)
    assert owner.execute("select count(*) from audit_event where event = 'stepped.up'").fetchone() == (0,)


def test_a_sign_in_that_does_not_tell_when_is_let_in_and_confirms_nothing(
    runtime: Runtime, idp: Liar, place: None, owner: psycopg.Connection
) -> None:
    """Where the settings say that it tells none: whoever comes that way confirms by a second step of their own."""
    assert runtime.settings.staff_sso_file is not None
    path = runtime.settings.data_dir / "silent.toml"
    entry = runtime.settings.staff_sso_file.read_text("utf-8")
    path.write_text(entry.replace('key = "kommune"', 'key = "kommune"\nauth_time_claim = ""'), "utf-8")
    settings = Settings.model_validate({**runtime.settings.model_dump(), "staff_sso_file": path})
    claims(idp, groups=["FS-Administrator"], auth_time=None)
    browser = Browser(create_app(replace(runtime, settings=settings)))
    page = browser.follow(sign_in(browser))
    assert page.path == "/office", "they have no case and look after accounts"
    assert "ekstra trin" not in page.text, "they came by more than a password"
    assert browser.get("/office/organisations/new").headers["Location"] == "/step-up"
    asked = browser.get("/step-up")
    assert "/step-up/staff/kommune" not in asked.everything
    assert "/me/second-step" in asked.everything
