"""Citizens and professionals are told that there is something new: by their own choice, once, and only of what they may
still see when it goes out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest
from flask import Flask

from portal import clock
from portal.access.policy.roles import Level
from portal.errors import DependencyUnavailable, Undeliverable
from portal.neighbours import sms_gateway
from portal.runtime import Runtime, runtime_for
from portal.services.consents import overrides
from portal.services.meetings import schedule
from portal.services.messages import threads
from portal.services.notices import choices, delivering
from portal.services.notices import mail as notices_mail
from portal.services.notices.kinds import CHOSEN, Channel, Kind, NoticeRhythm
from tests.meetings.test_meetings import ahead
from tests.support.browser import Browser
from tests.support.mails import every_sms, give_contact, hurry, mails, run_jobs
from tests.support.statements import noted
from tests.support.story import HERE, Room, Someone, Story

NUMBER = "20 00 00 17"
NEWS = "Der er nyt til dig. Log på. http://localhost"


@pytest.fixture
def phone(story: Story, room: Room, runtime: Runtime) -> Callable[[], list[str]]:
    """The young person has given their number; what has come to it since, the code not among it."""
    give_contact(story, room.young, Channel.SMS, NUMBER)
    return lambda: [sms["text"] for sms in every_sms(runtime)[1:]]


def compartment(owner: psycopg.Connection, room: Room, key: str = "shared") -> UUID:
    found = owner.execute("select id from compartment where case_id = %s and key = %s", [room.case_id, key]).fetchone()
    return found[0]  # type: ignore[index]


def write(story: Story, room: Room, owner: psycopg.Connection, key: str = "shared") -> None:
    where = compartment(owner, room, key)
    story.play(room, room.guide, lambda t: threads.start(t, uuid4(), where, "Om skolen", "Kommer du i morgen?"))


def all_told(runtime: Runtime, owner: psycopg.Connection) -> None:
    hurry(owner)
    run_jobs(runtime)


def chose(story: Story, someone: Someone, off_kinds: set[Kind] = frozenset(), off_cases: set[UUID] = frozenset(),  # type: ignore[assignment]
          rhythm: NoticeRhythm | None = None, quiet: tuple[int, int] = (0, 0)) -> None:  # fmt: skip
    with story.acting(someone) as actor:
        kinds = set(CHOSEN) - off_kinds
        choices.choose(actor, rhythm, quiet, kinds, (), off_cases, "da")


def test_a_message_reaches_the_young_person_by_sms_and_says_nothing(
    story: Story, room: Room, runtime: Runtime, owner: psycopg.Connection, phone: Callable[[], list[str]]
) -> None:
    write(story, room, owner)
    write(story, room, owner)
    all_told(runtime, owner)
    assert phone() == [NEWS], "two messages are one notice"
    states = owner.execute("select state, ended_at is not null from notice_delivery").fetchall()
    assert ("sent", True) in states
    assert owner.execute("select count(*) from notice_item where person_id = %s", [room.young.id]).fetchone() == (0,)


def test_somebody_without_an_address_is_told_by_their_front_page_alone(
    story: Story, room: Room, runtime: Runtime, owner: psycopg.Connection
) -> None:
    write(story, room, owner)
    all_told(runtime, owner)
    assert every_sms(runtime) == []
    assert owner.execute("select count(*) from notice_item").fetchone() == (0,)


def frozen(story: Story, room: Room, owner: psycopg.Connection, someone: Someone) -> None:
    who = {room.member(someone)}
    review = clock.today(HERE) + timedelta(days=7)
    story.play(room, room.guide, lambda t: overrides.freeze(t, uuid4(), who, review, "Fare"))


def closed(story: Story, room: Room, owner: psycopg.Connection, someone: Someone) -> None:
    owner.execute("update person set closed_at = now() where id = %s", [someone.id])


@pytest.mark.parametrize("what", [frozen, closed])
@pytest.mark.parametrize("when", ["while it is gathered", "while the gateway is away"])
def test_what_somebody_may_not_know_any_more_is_not_told(
    what: Callable[..., None], when: str, story: Story, room: Room, runtime: Runtime, owner: psycopg.Connection,
    calendar: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    whoever = room.young
    give_contact(story, whoever, Channel.SMS, NUMBER)
    all_told(runtime, owner)
    before = len(every_sms(runtime))
    write(story, room, owner)
    if when == "while the gateway is away":
        with monkeypatch.context() as away:
            fail_with(away, DependencyUnavailable("sms", "503"))
            all_told(runtime, owner)
        assert owner.execute("select count(*) from notice_delivery where state = 'waiting'").fetchone() == (1,)
    what(story, room, owner, whoever)
    calendar.move(minutes=20)
    all_told(runtime, owner)
    _send_due(runtime)
    assert len(every_sms(runtime)) == before
    assert owner.execute("select count(*) from notice_item where person_id = %s", [whoever.id]).fetchone() == (0,)


def test_a_teacher_whose_consent_is_taken_back_meanwhile_is_not_told(
    story: Story, room: Room, runtime: Runtime, owner: psycopg.Connection
) -> None:
    teacher = story.staff("Lars Lærer", unit="Skolen")
    story.add(room, teacher, Level.READ)
    story.everybody_agrees(room)
    all_told(runtime, owner)
    address = owner.execute("select email from staff where person_id = %s", [teacher.id]).fetchone()[0]  # type: ignore[index]
    told = [mail["To"] for mail in mails(runtime)]
    assert told.count(address) == 1, "they have been let in"
    write(story, room, owner)
    for giver in (room.young, *room.parents):
        story.withdraw(room, giver)
    all_told(runtime, owner)
    assert [mail["To"] for mail in mails(runtime)].count(address) == 1


def test_what_is_switched_off_is_not_told_and_meetings_are_told_all_the_same(
    story: Story, room: Room, runtime: Runtime, owner: psycopg.Connection, phone: Callable[[], list[str]]
) -> None:
    chose(story, room.young, off_kinds={Kind.MESSAGE})
    write(story, room, owner)
    all_told(runtime, owner)
    assert phone() == []
    chose(story, room.young, off_cases={room.case_id})
    write(story, room, owner)
    all_told(runtime, owner)
    assert phone() == []
    invited = {room.member(room.young)}
    story.play(room, room.guide, lambda t: schedule.arrange(t, uuid4(), ahead(t), invited))
    all_told(runtime, owner)
    assert phone() == [NEWS]


def test_quiet_hours_put_off_until_the_morning_and_one_an_hour_is_enough(
    story: Story, room: Room, runtime: Runtime, owner: psycopg.Connection, calendar: Any, phone: Callable[[], list[str]]
) -> None:
    chose(story, room.young, quiet=(21, 7))
    night = clock.at(clock.today(HERE) + timedelta(days=1), time(23), ZoneInfo("Europe/Copenhagen"))
    calendar.move(seconds=(night - clock.now()).total_seconds())
    write(story, room, owner)
    all_told(runtime, owner)
    assert phone() == []
    wait = owner.execute(
        "select extract(epoch from max(scheduled_at) - now()) from procrastinate_jobs where status = 'todo'"
    ).fetchone()[0]  # type: ignore[index]
    assert 7.9 < wait / 3600 < 8.1, "until seven in the morning"
    with runtime_for(runtime.settings.model_copy(update={"notice_pause_minutes": 60})) as strict:
        calendar.move(hours=8, minutes=1)
        all_told(strict, owner)
        assert phone() == [NEWS]
        write(story, room, owner)
        all_told(strict, owner)
        assert phone() == [NEWS], "not twice within the hour"
        calendar.move(hours=1)
        all_told(strict, owner)
        assert phone() == [NEWS, NEWS]


def test_a_digest_of_the_day_is_one_mail_for_all_of_it(
    story: Story, room: Room, runtime: Runtime, owner: psycopg.Connection, calendar: Any
) -> None:
    chose(story, room.guide, rhythm=NoticeRhythm.DAILY)
    where = compartment(owner, room)
    for _ in range(3):
        story.play(room, room.young, lambda t: threads.start(t, uuid4(), where, "Hej", "Hej igen"))
        all_told(runtime, owner)
    assert mails(runtime) == []
    calendar.move(days=1)
    all_told(runtime, owner)
    assert len(mails(runtime)) == 1
    calendar.move(days=1)
    all_told(runtime, owner)
    assert len(mails(runtime)) == 1


# When something goes wrong


def fail_with(monkeypatch: pytest.MonkeyPatch, problem: Exception, after: bool = False) -> None:
    """The gateway answers with `problem`; after it has taken the SMS, where said."""
    real = sms_gateway.send

    def send(*args: Any) -> None:
        if after:
            real(*args)
        raise problem

    monkeypatch.setattr(sms_gateway, "send", send)


def test_when_the_gateway_was_away_for_a_day_everybody_is_told_once(
    story: Story, room: Room, runtime: Runtime, owner: psycopg.Connection, calendar: Any,
    phone: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    with monkeypatch.context() as away:
        asked: list[str] = []

        def refuse(*_args: Any) -> None:
            asked.append("asked")
            raise DependencyUnavailable("sms", "503")

        away.setattr(sms_gateway, "send", refuse)
        for _ in range(12):
            write(story, room, owner)
            all_told(runtime, owner)
            calendar.move(hours=2)
        assert len(asked) <= 12
    calendar.move(minutes=20)
    _send_due(runtime)
    assert phone() == [NEWS]
    assert owner.execute("select count(*) from neighbour_state").fetchone() == (0,)


def _send_due(runtime: Runtime) -> None:
    """What the worker does every minute."""
    from portal.outbox import later

    with runtime.unit_of_work() as session:
        later(session, "send_notices")
    run_jobs(runtime)


def test_a_breaker_keeps_a_gateway_that_is_down_from_being_asked_for_everybody(
    story: Story, runtime: Runtime, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = [story.case(parents=0) for _ in range(6)]
    for number, one in enumerate(rooms):
        give_contact(story, one.young, Channel.SMS, f"20 00 00 2{number}")
    asked: list[str] = []

    def refuse(_settings: Any, to: str, *_rest: Any) -> None:
        asked.append(to)
        raise DependencyUnavailable("sms", "503")

    monkeypatch.setattr(sms_gateway, "send", refuse)
    for one in rooms:
        write(story, one, owner)
    all_told(runtime, owner)
    assert len(asked) == 3
    _send_due(runtime)
    assert len(asked) == 3, "the breaker is open"


def test_a_worker_that_dies_on_the_way_sends_once(
    story: Story, room: Room, runtime: Runtime, owner: psycopg.Connection, calendar: Any,
    phone: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """It had handed the SMS over, and not noted it: the gateway knows the key."""
    write(story, room, owner)
    with monkeypatch.context() as dying:
        fail_with(dying, RuntimeError("killed"), after=True)
        all_told(runtime, owner)
    assert owner.execute("select distinct state from notice_delivery").fetchall() == [("sending",)]
    _send_due(runtime)
    assert owner.execute("select distinct state from notice_delivery").fetchall() == [("sending",)], "may be at work"
    calendar.move(minutes=11)
    _send_due(runtime)
    assert phone() == [NEWS]
    assert owner.execute("select distinct state from notice_delivery").fetchall() == [("sent",)]


def test_a_number_that_does_not_take_it_is_seen_by_its_owner_and_the_guide_without_the_number(
    app: Flask, story: Story, room: Room, runtime: Runtime, owner: psycopg.Connection,
    phone: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    with monkeypatch.context() as wrong:
        fail_with(wrong, Undeliverable("422"))
        write(story, room, owner)
        all_told(runtime, owner)
    page = Browser(app, story.token(room.guide)).get(f"/cases/{room.case_id}/people").text
    assert "Vi har ikke kunnet få fat i Ulla Ung på SMS siden" in page
    assert "20000017" not in page
    assert "ikke kunnet få fat i" not in Browser(app, story.token(room.parents[0])).get("/cases").text
    assert "Vi har ikke kunnet få fat i dig her" in Browser(app, story.token(room.young)).get("/me/notices").text
    stranger = story.case()
    assert story.play(stranger, stranger.guide, delivering.unreached) == []
    write(story, room, owner)
    all_told(runtime, owner)
    assert phone() == [NEWS]
    assert "ikke kunnet få fat i" not in Browser(app, story.token(room.guide)).get(f"/cases/{room.case_id}/people").text


def test_planning_for_many_asks_the_database_as_often_for_each(
    story: Story, room: Room, runtime: Runtime, owner: psycopg.Connection
) -> None:
    """A thousand items of one person are no more questions than one."""
    from portal.services.notices import planning

    give_contact(story, room.young, Channel.SMS, NUMBER)
    asked = []
    for number in (1, 40):
        for _ in range(number):
            write(story, room, owner)
        with runtime.unit_of_work(room.young.id) as session, noted() as statements:
            assert planning.plan(session, room.young.id) == 1
        asked.append(len(statements))
        _send_due(runtime)
    assert asked[0] == asked[1]
    assert len(every_sms(runtime)) == 3


def test_one_press_stops_a_kind_without_signing_in_and_looking_stops_nothing(
    app: Flask, story: Story, room: Room, runtime: Runtime, owner: psycopg.Connection
) -> None:
    give_contact(story, room.young, Channel.MAIL, "ulla@hjemme.example")
    write(story, room, owner)
    all_told(runtime, owner)
    mail = mails(runtime)[-1]
    assert mail["To"] == "ulla@hjemme.example"
    link = str(mail["List-Unsubscribe"]).replace("\n", "").replace(" ", "").strip("<>")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = link.removeprefix("http://localhost")
    assert str(room.young.id) not in path
    client = app.test_client()
    assert "Vil du stoppe mails" in client.get(path).get_data(as_text=True)
    assert owner.execute("select count(*) from notice_off").fetchone() == (0,)
    # As a mail program does it: no cookie, no token of a form (RFC 8058).
    pressed = client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert pressed.status_code == 200
    assert "en ny besked" in pressed.get_data(as_text=True)
    assert client.post(path).status_code == 200, "twice is the same"
    rows = owner.execute("select person_id, kind from notice_off").fetchall()
    assert rows == [(room.young.id, "message")]
    lines = owner.execute("select actor_id, fields from audit_event where event = 'notices.stopped'").fetchall()
    assert {str(line) for line in lines} == {str((room.young.id, {}))}
    assert client.post(path[:-3] + "AAA").status_code == 404


def test_a_professional_at_once_gets_the_link_too_and_nobody_for_a_meeting(
    story: Story, room: Room, runtime: Runtime, owner: psycopg.Connection
) -> None:
    kim = story.staff("Kim Kollega")
    story.add(room, kim, Level.WRITE)
    all_told(runtime, owner)
    before = len(mails(runtime))
    with runtime.unit_of_work() as session:
        where = compartment(owner, room)
        notices_mail.queue_notice(session, [kim.id], kind=Kind.MEETING, case_id=room.case_id, compartment_id=where)
    all_told(runtime, owner)
    (mail,) = mails(runtime)[before:]
    assert mail["List-Unsubscribe"] is None
    assert "/stop/" not in mail.get_content()
