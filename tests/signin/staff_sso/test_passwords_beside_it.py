"""Passwords are switched off where an organisation signs its staff in itself."""

from __future__ import annotations

import psycopg
import pytest
from flask import Flask

from portal.errors import UnsafeConfiguration
from portal.runtime import Runtime
from tests.signin.staff_sso.conftest import a_colleague, sign_in
from tests.support.browser import Browser
from tests.support.story import Story


def test_passwords_can_be_switched_off_for_an_organisation_and_on_again(
    browser: Browser, app: Flask, runtime: Runtime, story: Story, place: None, owner: psycopg.Connection
) -> None:
    colleague = a_colleague(runtime, 1, "karen@kommune.example")
    inside = Browser(app, story.token(colleague))
    office = Browser(app, story.token(story.admin()))
    where = "/office/organisations/00000000-0000-0000-0000-000000000001/sign-in"
    page = office.get(where)
    assert office.follow(office.submit(page, "allowed")).path == "/office"
    assert inside.get("/cases").status == 303, "signed out at once"
    typed = {"email": "karen@kommune.example", "password": "en hel lang sætning"}
    answer = browser.submit(browser.get("/sign-in"), "password", **typed)
    assert answer.status == 422
    assert "ikke adgangskoder" in answer.text
    wrong = browser.submit(browser.get("/sign-in"), "password", **{**typed, "password": "en anden sætning"})
    assert "ikke adgangskoder" not in wrong.text, "only whoever knows the password is told"
    assert sign_in(browser).status == 303
    browser.post("/sign-out")
    office.submit(office.get(where), "allowed")
    assert browser.submit(browser.get("/sign-in"), "password", **typed).status == 303
    switched = owner.execute("select fields from audit_event where event = 'passwords.switched' order by seq")
    assert switched.fetchall() == [({"allowed": False},), ({"allowed": True},)]


def test_passwords_stay_where_there_is_no_other_way_in(
    app: Flask, story: Story, place: None, owner: psycopg.Connection
) -> None:
    office = Browser(app, story.token(story.admin()))
    page = office.get("/office/organisations/00000000-0000-0000-0000-000000000002/sign-in")
    answer = office.submit(page, "allowed")
    assert answer.status == 422
    assert "ingen anden måde" in answer.text
    assert owner.execute("select bool_and(password_sign_in) from organisation").fetchone() == (True,)


def test_the_command_line_opens_a_door_that_was_locked_from_inside(
    runtime: Runtime, place: None, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal import cli

    owner.execute("update organisation set password_sign_in = false")
    monkeypatch.setattr(cli, "_settings", lambda: runtime.settings)
    cli.cli(["allow-passwords", "--organisation", "Prøveby Kommune"], standalone_mode=False)
    allowed = owner.execute("select password_sign_in from organisation where name = 'Prøveby Kommune'").fetchone()
    assert allowed == (True,)
    with pytest.raises(UnsafeConfiguration, match="Nowhere"):
        cli.cli(["allow-passwords", "--organisation", "Nowhere"], standalone_mode=False)
