"""A fresh proof is asked for and looked at: what a browser takes out of the way out does not count for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from flask import Flask

from portal import clock
from portal.access.signin.oidc import OidcClient
from portal.runtime import Runtime
from portal.settings import Settings
from tests.signin import test_eid_liar as lying
from tests.signin.test_eid_liar import BORN, CPR, there_and_back
from tests.support.application import app_for
from tests.support.browser import Browser, Page
from tests.support.providers import Liar
from tests.support.story import Room, Story

liars, liar, portal_settings = lying.liars, lying.liar, lying.portal_settings


@pytest.fixture
def app(runtime: Runtime, liar: Liar) -> Iterator[Flask]:
    with app_for(runtime) as made:
        yield made


@pytest.fixture
def room(story: Story) -> Room:
    return story.case(born=BORN, parents=0, name="Alma Prøve", national_id=CPR)


@pytest.fixture
def alma(app: Flask, room: Room, owner: psycopg.Connection) -> Browser:
    """Signed in with her eID eleven minutes ago."""
    browser = Browser(app)
    browser.follow(browser.get(there_and_back(lying.begin(browser))))
    owner.execute("update login set fresh_at = fresh_at - interval '11 minutes'")
    return browser


def step_up(browser: Browser, key: str = "one") -> Page:
    return browser.submit(browser.get("/step-up"), f"/step-up/eid/{key}")


def is_fresh(browser: Browser, room: Room) -> bool:
    return browser.get(f"/cases/{room.case_id}/consents/give").status == 200


def stepped_up(owner: psycopg.Connection) -> int:
    row = owner.execute("select count(*) from audit_event where event = 'stepped.up'").fetchone()
    assert row is not None
    return int(row[0])


def seconds_ago(seconds: int) -> int:
    return int(clock.now().timestamp()) - seconds


def test_an_honest_proof_counts_from_when_it_was_given(
    alma: Browser, liar: Liar, room: Room, owner: psycopg.Connection
) -> None:
    way = step_up(alma)
    liar.bend(claims={"auth_time": seconds_ago(40)})
    assert alma.get(there_and_back(way)).status == 303
    assert is_fresh(alma, room)
    row = owner.execute("select now() - max(fresh_at) from login").fetchone()
    assert row is not None
    assert timedelta(seconds=39) < row[0] < timedelta(seconds=80), "and not from when it was heard of"


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (172_800, "not_anew"),
        (90, "not_anew"),
        (None, "not_anew"),
        (-600, "times"),
        ("yes", "times"),
    ],
    ids=["two days ago", "just before it was asked", "does not say", "ahead", "words"],
)
def test_a_proof_that_is_none_leaves_everything_as_it_was(
    told: int | str | None, why: str, alma: Browser, liar: Liar, room: Room, owner: psycopg.Connection
) -> None:
    way = step_up(alma)
    liar.bend(claims={"auth_time": seconds_ago(told) if isinstance(told, int) else told})
    page = alma.get(there_and_back(way))
    assert page.status == 403
    assert "Det blev ikke bekræftet" in page.text
    assert not is_fresh(alma, room)
    assert stepped_up(owner) == 0
    assert alma.get(f"/cases/{room.case_id}").status == 200, "still signed in, no fresher"
    refused = owner.execute("select fields from audit_event where event = 'sign_in.refused'").fetchall()
    assert refused == [({"method": "eid:one", "reason": why},)]
    liar.bend()
    again = alma.submit(page, "/step-up/eid/one")
    assert alma.get(there_and_back(again)).status == 303, "the button of that page asks the same once more"
    assert is_fresh(alma, room)


def test_an_ordinary_sign_in_begun_before_is_no_answer_to_the_question(
    alma: Browser, app: Flask, liar: Liar, room: Room, owner: psycopg.Connection
) -> None:
    """It signs in anew, as whoever it was, as far as it shows to be fresh; it confirms nothing of the session there."""
    out = alma.post("/eid/one")
    before = there_and_back(out)
    step_up(alma)
    old = alma.client.get_cookie("login-80", domain="localhost")
    assert old is not None
    assert alma.get(before).status == 303
    assert stepped_up(owner) == 0
    assert Browser(app, old.value).get("/me").status == 303, "the session that was asked has ended"


def test_a_proof_is_for_the_session_that_asked_for_it(
    alma: Browser, story: Story, liar: Liar, room: Room, owner: psycopg.Connection
) -> None:
    callback = there_and_back(step_up(alma))
    story.token(room.young)  # another session of hers
    owner.execute("update eid_attempt set login_id = (select id from login order by started_at desc limit 1)")
    assert alma.get(callback).status == 403
    assert not is_fresh(alma, room)
    callback = there_and_back(step_up(alma))
    alma.post("/sign-out")
    assert alma.get(callback).status == 403, "signed out meanwhile: and it signs nobody in"
    assert alma.get("/me").status == 303


def test_signing_in_with_an_eid_that_does_not_tell_when_is_no_fresh_proof(
    app: Flask, liar: Liar, room: Room, portal_settings: Settings, owner: psycopg.Connection
) -> None:
    """And it is not among those that can confirm something."""
    clients = {}
    for provider in portal_settings.eid_providers:
        told = {} if provider.key == "two" else {"auth_time_claim": ""}
        clients[provider.key] = OidcClient(
            provider.model_copy(update=told), f"http://localhost/eid/{provider.key}/callback"
        )
    app.extensions["eid_clients"] = clients
    liar.bend(claims={"auth_time": None})
    browser = Browser(app)
    way = lying.begin(browser)
    assert "max_age" not in way.headers["Location"]
    assert browser.follow(browser.get(there_and_back(way))).path == f"/cases/{room.case_id}"
    assert not is_fresh(browser, room)
    page = browser.get("/step-up")
    assert "/step-up/eid/two" in page.everything
    assert "/step-up/eid/one" not in page.everything
    refused = browser.post("/step-up/eid/one")
    assert refused.status == 403
    assert "kan ikke vise, at det er brugt lige nu" in refused.text


def test_an_eid_may_tell_the_instant_by_another_name_and_as_iso_8601(
    app: Flask, liar: Liar, room: Room, portal_settings: Settings
) -> None:
    one = portal_settings.eid_providers[0].model_copy(update={"auth_time_claim": "authenticationinstant"})
    app.extensions["eid_clients"] = {"one": OidcClient(one, "http://localhost/eid/one/callback")}
    browser = Browser(app)
    for told, status in ((clock.now().isoformat(), 303), ((clock.now() - timedelta(hours=2)).isoformat(), 403)):
        liar.bend(claims={"auth_time": None, "authenticationinstant": told})
        assert browser.get(there_and_back(lying.begin(browser))).status == status
        browser.post("/sign-out")
