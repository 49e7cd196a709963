"""Step-up: what matters most asks for a proof of who somebody is that is at most ten minutes old."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from flask import Flask

from portal.access.signin import links
from portal.demo.eid import Pretended
from portal.runtime import Runtime
from tests.support.browser import Browser, cookie_of
from tests.support.eid_server import EidServer
from tests.support.eid_visitors import NOBODY, ULLA, at_the_eid
from tests.support.story import Room, Someone, Story

pytestmark = pytest.mark.usefixtures("eid")


@pytest.fixture
def room(story: Story) -> Room:
    made = story.case()
    story.add(made, story.staff("Jo Konsulent", "Jobcenter"))
    return made


def linked(runtime: Runtime, eid: EidServer, who: Pretended, person: Someone) -> None:
    """The eID's subject is known here as that person."""
    with runtime.unit_of_work() as session:
        made = links.make_link(session, eid.issuer, who.subject, person.id, links.NUMBER)
        assert made.person_id == person.id


def pass_minutes(owner: psycopg.Connection, minutes: int) -> None:
    """Lets every session be that much older; the eID's clock, like everybody's, stays where it is."""
    ago = timedelta(minutes=minutes)
    owner.execute("update login set fresh_at = fresh_at - %s, seen_at = seen_at - %s", [ago, ago])


def test_consent_asks_for_a_fresh_eid_and_leads_back_to_it(
    app: Flask, story: Story, runtime: Runtime, room: Room, eid: EidServer, owner: psycopg.Connection
) -> None:
    linked(runtime, eid, ULLA, room.young)
    old = story.token(room.young)
    pass_minutes(owner, 10)
    browser = Browser(app, old)
    give = f"/cases/{room.case_id}/consents/give"
    page = browser.get(give)
    assert page.headers["Location"] == "/step-up"
    page = browser.follow(page)
    assert "Vis, at det er dig" in page.text
    out = browser.submit(page, "/step-up/eid/demo")
    assert "prompt=login" in out.headers["Location"]
    landed = browser.get(at_the_eid(browser, out, ULLA))
    assert landed.headers["Location"] == give
    assert browser.follow(landed).status == 200
    assert Browser(app, old).get(give).status == 303, "the token from before is worth nothing"
    row = owner.execute("select fields from audit_event where event = 'stepped.up'").fetchone()
    assert row == ({"method": "eid:demo"},)


def test_a_fresh_proof_lasts_ten_minutes_and_no_longer(app: Flask, story: Story, room: Room, calendar) -> None:  # type: ignore[no-untyped-def]
    browser = Browser(app, story.token(room.young))
    give = f"/cases/{room.case_id}/consents/give"
    calendar.move(minutes=9, seconds=50)
    assert browser.get(give).status == 200
    calendar.move(seconds=11)
    assert browser.get(give).headers["Location"] == "/step-up"
    assert browser.get(f"/cases/{room.case_id}").status == 200, "the rest of the case stays open"


def test_nobody_steps_up_with_somebody_elses_eid(
    app: Flask, story: Story, runtime: Runtime, room: Room, eid: EidServer, owner: psycopg.Connection
) -> None:
    linked(runtime, eid, ULLA, room.young)
    linked(runtime, eid, NOBODY, room.parents[0])
    token = story.token(room.young)
    pass_minutes(owner, 10)
    browser = Browser(app, token)
    out = browser.submit(browser.get("/step-up"), "/step-up/eid/demo")
    page = browser.get(at_the_eid(browser, out, NOBODY))
    assert page.status == 403
    assert "ikke samme person" in page.text
    assert browser.client.get_cookie(cookie_of(app)).value == token, "still who they were, no fresher"  # type: ignore[union-attr]
    assert browser.get(f"/cases/{room.case_id}/consents/give").headers["Location"] == "/step-up"


def test_what_was_ticked_when_the_proof_grew_old_is_there_again_afterwards(
    app: Flask, story: Story, runtime: Runtime, room: Room, eid: EidServer, owner: psycopg.Connection
) -> None:
    linked(runtime, eid, ULLA, room.young)
    browser = Browser(app, story.token(room.young))
    page = browser.get(f"/cases/{room.case_id}/consents/give")
    pass_minutes(owner, 11)
    sent = browser.submit(page, "valid_until", **{"valid_until-day": "3"})
    assert sent.headers["Location"] == "/step-up"
    out = browser.submit(browser.follow(sent), "/step-up/eid/demo")
    page = browser.follow(browser.get(at_the_eid(browser, out, ULLA)))
    assert "Det, du havde skrevet, er her igen" in page.text
    day = page.soup.find("input", {"name": "valid_until-day"})
    assert day is not None
    assert day["value"] == "3"


# An ended session


def test_what_was_typed_when_the_session_ended_is_there_again_after_signing_in(
    app: Flask, story: Story, runtime: Runtime, room: Room, eid: EidServer, owner: psycopg.Connection
) -> None:
    linked(runtime, eid, ULLA, room.young)
    thread = story.thread(room, room.guide)
    browser = Browser(app, story.token(room.young))
    page = browser.get(f"/cases/{room.case_id}/messages/{thread}")
    pass_minutes(owner, 31)
    sent = browser.submit(page, "body", body="Det her har jeg skrevet længe på")
    assert sent.headers["Location"] == "/sign-in?ended=1"
    saved = owner.execute("select sealed from kept_form").fetchall()
    assert len(saved) == 1
    assert "længe".encode() not in saved[0][0]
    out = browser.submit(browser.follow(sent), "/eid/demo")
    page = browser.follow(browser.get(at_the_eid(browser, out, ULLA)))
    assert page.path == f"/cases/{room.case_id}/messages/{thread}"
    assert page.form("body").textarea.get_text().strip() == "Det her har jeg skrevet længe på"  # type: ignore[union-attr]
    assert owner.execute("select count(*) from message").fetchone() == (1,), "it is sent by the person, not by us"
    assert browser.submit(page, "body").status == 303
    assert "Det, du havde skrevet" not in browser.get(page.path).text


def test_somebody_else_at_the_same_browser_does_not_get_what_was_typed(
    app: Flask, story: Story, runtime: Runtime, room: Room, eid: EidServer, owner: psycopg.Connection
) -> None:
    parent = room.parents[0]
    linked(runtime, eid, NOBODY, parent)
    browser = Browser(app, story.token(room.young))
    page = browser.get(f"/cases/{room.case_id}/messages/new")
    pass_minutes(owner, 31)
    sent = browser.submit(page, "body", subject="Hemmelig overskrift", body="Kun for mig")
    out = browser.submit(browser.follow(sent), "/eid/demo")
    landed = browser.follow(browser.get(at_the_eid(browser, out, NOBODY)))
    assert "Kun for mig" not in landed.everything
    assert "Kun for mig" not in browser.get(f"/cases/{room.case_id}/messages/new").everything


def test_another_sites_form_is_never_kept(app: Flask, story: Story, room: Room, owner: psycopg.Connection) -> None:
    browser = Browser(app, story.token(room.young))
    browser.get(f"/cases/{room.case_id}")
    pass_minutes(owner, 31)
    answer = browser.client.post(f"/cases/{room.case_id}/messages/new", data={"subject": "x", "body": "fremmed"})
    assert answer.status_code == 303
    assert owner.execute("select count(*) from kept_form").fetchone() == (0,)


def test_a_button_that_met_an_ended_session_is_offered_once_more(
    app: Flask, story: Story, room: Room, runtime: Runtime, owner: psycopg.Connection
) -> None:
    """A button has no page of its own to come back to: it is pressed once more, and nothing happened before that."""
    browser = Browser(app, story.token(room.guide))
    page = browser.get(f"/cases/{room.case_id}/team/{room.member(room.young)}")
    pass_minutes(owner, 21)
    sent = browser.submit(page, "/code")
    assert sent.status == 303
    browser.client.set_cookie(cookie_of(app), story.token(room.guide), domain="localhost")
    again = browser.get("/go-on")
    assert "Der er ikke sket noget endnu" in again.text
    assert browser.submit(again, "/code").status == 200
