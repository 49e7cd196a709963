"""Passkeys with Chromium's own virtual authenticator: honest, replayed, from another origin, and copied."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

import psycopg
import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page as ChromiumPage
from playwright.sync_api import expect
from pydantic import AnyHttpUrl
from werkzeug.serving import make_server

from portal import create_app
from portal.runtime import Runtime
from tests.support.browser import Browser, Page
from tests.support.screen_fixtures import EMAIL, PASSWORD
from tests.support.story import Someone

pytestmark = pytest.mark.xdist_group("chromium")

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def serve(runtime: Runtime) -> tuple[Flask, str, Any]:
    """The portal on a real port of localhost: a passkey is bound to the address it is used at."""
    holder: list[Flask] = []
    server = make_server("127.0.0.1", 0, lambda env, start: holder[0](env, start), threaded=True)
    address = f"http://localhost:{server.server_port}"
    holder.append(
        create_app(replace(runtime, settings=runtime.settings.model_copy(update={"base_url": AnyHttpUrl(address)})))
    )
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    return holder[0], address, server


class Place:
    """Pia's Chromium with its authenticator, at the portal."""

    def __init__(self, app: Flask, address: str, page: ChromiumPage) -> None:
        self.app, self.address, self.page = app, address, page
        self.devtools = page.context.new_cdp_session(page)
        self.devtools.send("WebAuthn.enable")
        made = self.devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        self.authenticator = made["authenticatorId"]

    def make_passkey(self) -> None:
        """By hand: password, banner, passkey, recovery codes, signing out."""
        page = self.page
        page.goto(f"{self.address}/sign-in")
        page.get_by_label("E-mail").fill(EMAIL)
        page.get_by_label("Adgangskode").fill(PASSWORD)
        self.press("button", "Log på med adgangskode")
        self.press("link", "Vælg det nu")
        self.press("link", "Lav en adgangsnøgle")
        page.get_by_label("Hvad skal adgangsnøglen hedde?").fill("Arbejdstelefon")
        self.press("button", "Lav adgangsnøglen")
        page.get_by_role("heading", name="Dine nødkoder").wait_for()
        self.press("link", "Jeg har gemt dem")
        self.press("button", "Log ud")
        expect(page.get_by_role("button", name="Log på med adgangsnøgle")).to_be_visible()

    def press(self, role: Literal["button", "link"], name: str) -> None:
        """By keyboard: what a font that comes late moves under the mouse is still what has the focus."""
        self.page.get_by_role(role, name=name).press("Enter")

    def asked(self, browser: Browser, path: str = "/sign-in/passkey/options") -> dict[str, Any]:
        options: dict[str, Any] = browser.post(path).response.get_json()
        return options

    def signed(self, options: dict[str, Any], address: str = "") -> str:
        """What the authenticator answers to these options on a page of that origin."""
        self.page.goto(f"{address or self.address}/sign-in")
        answer: str = self.page.evaluate(
            """async (options) => {
                const module = document.querySelector("script[src$='/signin/passkeys.js']").src;
                const { ask, told } = await import(module);
                return told(await ask(options));
            }""",
            options,
        )
        return answer


@pytest.fixture
def place(runtime: Runtime, person: Someone, chromium: Chromium) -> Iterator[Place]:
    app, address, server = serve(runtime)
    context = chromium.new_context(locale="da-DK")
    yield Place(app, address, context.new_page())
    context.close()
    server.shutdown()
    server.server_close()


def answer(browser: Browser, credential: str) -> Page:
    return browser.post("/sign-in/passkey", {"credential": credential})


def test_a_passkey_registers_and_then_signs_in_alone(place: Place, owner: psycopg.Connection) -> None:
    place.make_passkey()
    place.press("button", "Log på med adgangsnøgle")
    place.page.wait_for_url(f"{place.address}/cases")
    assert "Fra næste gang du logger på" not in place.page.content()
    rows = owner.execute("select fields from audit_event where event = 'signed.in' order by seq").fetchall()
    assert [row[0]["method"] for row in rows] == ["password", "passkey"]
    place.page.goto(f"{place.address}/me")
    assert "Arbejdstelefon" in place.page.content()


def test_an_answer_counts_once_for_its_own_question_origin_and_count(
    place: Place, runtime: Runtime, owner: psycopg.Connection
) -> None:
    place.make_passkey()
    browser = Browser(place.app)
    credential = place.signed(place.asked(browser))
    assert answer(browser, credential).status == 303
    browser.post("/sign-out")

    replayed = answer(browser, credential)
    assert replayed.status == 422
    assert "Adgangsnøglen kunne ikke bruges her" in replayed.text
    place.asked(browser)
    assert answer(browser, credential).status == 422, "to a new question the old answer is none"

    other_app, other_address, other_server = serve(runtime)
    try:
        phished = place.signed(place.asked(browser), other_address)
    finally:
        other_server.shutdown()
        other_server.server_close()
    assert other_app is not place.app
    assert answer(browser, phished).status == 422, "signed for another origin"

    honest = place.signed(place.asked(browser))
    owner.execute("update passkey set sign_count = 1000")
    assert answer(browser, honest).status == 422, "a copy of the key counts from further back"
    owner.execute("update passkey set sign_count = 0")
    assert answer(browser, honest).status == 422, "a refused answer has used its question up"

    mine = place.asked(browser)
    credential = place.signed(mine)
    thief = Browser(place.app)
    place.asked(thief)
    assert answer(thief, credential).status == 422, "an answer to somebody else's question"
    assert answer(browser, credential).status == 303, "and it is still good for who asked"
    row = owner.execute("select count(*) from audit_event where event = 'sign_in.refused'").fetchone()
    assert row == (6,)


def test_a_passkey_whose_user_was_not_verified_is_refused(place: Place) -> None:
    place.make_passkey()
    place.devtools.send("WebAuthn.setUserVerified", {"authenticatorId": place.authenticator, "isUserVerified": False})
    browser = Browser(place.app)
    options = {**place.asked(browser), "userVerification": "discouraged"}
    assert answer(browser, place.signed(options)).status == 422


@pytest.mark.parametrize(
    "sent", ["", "null", "[]", "{}", '{"id": 1}', "x" * 70000, '{"id": "æ", "response": {}}', "[" * 5000]
)
def test_nonsense_instead_of_a_passkey_is_refused(sent: str, browser: Browser) -> None:
    browser.post("/sign-in/passkey/options")
    page = answer(browser, sent)
    assert page.status == 422
    assert answer(Browser(browser.app), sent).status == 422, "nor without having asked"


def test_a_closed_account_has_no_passkeys(place: Place, owner: psycopg.Connection) -> None:
    place.make_passkey()
    browser = Browser(place.app)
    credential = place.signed(place.asked(browser))
    owner.execute("update person set closed_at = now()")
    assert answer(browser, credential).status == 422
