"""Where people want to be told: given by themselves, confirmed by a code, sealed, and seen by nobody else."""

from __future__ import annotations

import re

import psycopg
import pytest
from flask import Flask

from portal.access.signin.throttle import TooMany
from portal.db import Role
from portal.errors import InvalidInput
from portal.models import ContactPoint, NoticeChoice, NoticeOff
from portal.runtime import Runtime, runtime_for
from portal.services.notices import contact, delivering
from portal.services.notices.kinds import Channel
from tests.support.browser import Browser
from tests.support.mails import every_sms, give_contact, mails, run_jobs
from tests.support.story import Room, Story

NUMBER = "20 00 00 17"


def code_in(text: str) -> str:
    found = re.search(r"\b(\d{6})\b", text)
    assert found is not None, text
    return found.group(1)


def test_a_young_person_gives_a_number_types_the_code_and_removes_it_again(
    app: Flask, story: Story, room: Room, runtime: Runtime
) -> None:
    browser = Browser(app, story.token(room.young))
    page = browser.get("/me/notices")
    assert "Sådan får du besked" in page.text
    page = browser.follow(browser.post("/me/notices/sms", {"address": NUMBER}))
    run_jobs(runtime)
    (sms,) = every_sms(runtime)
    assert sms["to"] == "4520000017"
    assert browser.submit(page, "code", code="000000" if code_in(sms["text"]) != "000000" else "1").status == 422
    page = browser.follow(browser.submit(browser.get("/me/notices"), "code", code=code_in(sms["text"])))
    assert "Du får besked på +4520000017" in page.text
    page = browser.follow(browser.post("/me/notices/sms/remove"))
    assert "4520000017" not in page.text


def test_a_code_dies_after_ten_minutes_and_after_five_tries(
    story: Story, room: Room, runtime: Runtime, calendar
) -> None:  # type: ignore[no-untyped-def]
    with story.acting(room.young) as actor:
        contact.give(actor, Channel.SMS, contact.checked(Channel.SMS, NUMBER), "da")
    run_jobs(runtime)
    code = code_in(every_sms(runtime)[-1]["text"])
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for _ in range(5):
        with story.acting(room.young) as actor:
            tried = contact.count_try(actor, Channel.SMS)
            with pytest.raises(InvalidInput, match="contact_code_wrong"):
                contact.confirm(actor, Channel.SMS, tried, wrong)
    with story.acting(room.young) as actor:
        assert contact.count_try(actor, Channel.SMS) is None, "the right code comes too late"
    with story.acting(room.young) as actor:
        contact.give(actor, Channel.SMS, contact.checked(Channel.SMS, NUMBER), "da")
    run_jobs(runtime)
    calendar.move(minutes=11)
    with story.acting(room.young) as actor:
        assert contact.count_try(actor, Channel.SMS) is None


def test_a_new_number_counts_once_it_is_confirmed_and_until_then_the_old_one_does(
    story: Story, room: Room, runtime: Runtime
) -> None:
    give_contact(story, room.young, Channel.SMS, NUMBER)
    with story.acting(room.young) as actor:
        contact.give(actor, Channel.SMS, "4520000018", "da")
    with runtime.unit_of_work(room.young.id) as session:
        assert contact.confirmed(session, room.young.id) == {Channel.SMS: "4520000017"}
    give_contact(story, room.young, Channel.SMS, "20 00 00 18")
    with runtime.unit_of_work(room.young.id) as session:
        assert contact.confirmed(session, room.young.id) == {Channel.SMS: "4520000018"}


@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        ("12345678", ""), ("02 34 56 78", ""), ("+4512345678", ""), ("2345678", ""), ("+1234567890123456", ""),
        ("+46 70 123 45 67", "46701234567"), ("0046701234567", "46701234567"), ("+45 20.00-00(17)", "4520000017"),
        ("٢٠٠٠٠٠١٧", ""), ("20000017; drop", ""),
    ],
)  # fmt: skip
def test_a_number_is_one_that_a_gateway_takes_or_it_is_refused(typed: str, taken: str) -> None:
    if not taken:
        with pytest.raises(InvalidInput, match="number_wrong"):
            contact.checked(Channel.SMS, typed)
    else:
        assert contact.checked(Channel.SMS, typed) == taken


def test_codes_cannot_be_sent_again_and_again_to_a_number(story: Story, room: Room) -> None:
    other = story.case(parents=1)
    for someone in (room.young, room.young, room.young, other.young, other.young):
        with story.acting(someone) as actor:
            contact.count_code(actor, "4520000017")
    with story.acting(room.parents[0]) as actor, pytest.raises(TooMany):
        contact.count_code(actor, "4520000017")
    with story.acting(room.parents[0]) as actor:
        contact.count_code(actor, "4520000018")


def test_nobody_else_sees_an_address_nor_that_there_is_one(
    story: Story, room: Room, runtime: Runtime, owner: psycopg.Connection
) -> None:
    give_contact(story, room.young, Channel.MAIL, "ulla@hjemme.example")
    (sealed,) = owner.execute("select address_sealed from contact_point").fetchone()
    assert b"ulla" not in bytes(sealed)
    for someone in (None, room.guide, room.parents[0]):
        with runtime.new_session(someone.id if someone else None) as session:
            for table in (ContactPoint, NoticeChoice, NoticeOff):
                assert session.query(table).count() == 0
    with runtime.new_session(room.young.id) as session:
        assert session.query(ContactPoint).count() == 1
    trail = str(owner.execute("select event, fields from audit_event where event like 'contact.%'").fetchall())
    assert "contact.confirmed" in trail
    assert "@" not in trail


def test_nobody_can_sign_in_or_ask_for_a_password_by_such_an_address(
    app: Flask, story: Story, room: Room, runtime: Runtime
) -> None:
    give_contact(story, room.young, Channel.MAIL, "ulla@hjemme.example")
    before = len(mails(runtime))
    browser = Browser(app)
    browser.submit(browser.get("/forgotten"), "email", email="ulla@hjemme.example")
    run_jobs(runtime)
    assert len(mails(runtime)) == before


def test_the_first_visit_asks_once_how_one_wants_to_be_told(app: Flask, story: Story, room: Room) -> None:
    browser, case = Browser(app, story.token(room.young)), f"/cases/{room.case_id}"
    assert "Vil du have en mail eller en SMS" in browser.get(case).text
    browser.post("/me/notices/later")
    assert "Vil du have en mail eller en SMS" not in browser.get(case).text


def test_an_address_that_nobody_confirmed_is_forgotten_after_a_day(
    story: Story, room: Room, runtime: Runtime, owner: psycopg.Connection, calendar
) -> None:  # type: ignore[no-untyped-def]
    give_contact(story, room.young, Channel.MAIL, "ulla@hjemme.example")
    with story.acting(room.young) as actor:
        contact.give(actor, Channel.SMS, "4520000017", "da")
    for days, left in ((0, ["mail", "sms"]), (2, ["mail"])):
        calendar.move(days=days)
        with runtime_for(runtime.settings, Role.WORKER) as office, office.unit_of_work() as session:
            delivering.sweep_told(session)
        assert owner.execute("select channel from contact_point order by 1").fetchall() == [(one,) for one in left]
