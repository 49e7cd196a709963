"""Reminders before a consent ends: who, when, how often, and in which words."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import psycopg
import pytest
from flask import Flask

from portal import clock
from portal.access.policy.roles import Level
from portal.runtime import Runtime
from portal.services.consents import reminders
from portal.services.notices import mail as notices_mail
from tests.support.browser import Browser
from tests.support.mails import hurry, mails, run_jobs
from tests.support.story import HERE, Room, Someone, Story


@pytest.fixture
def room(story: Story) -> Room:
    return story.case()


@pytest.fixture
def school(story: Story, room: Room) -> Someone:
    teacher = story.staff("Lars Lærer", "Skole")
    story.add(room, teacher, Level.READ)
    return teacher


def waiting(owner: psycopg.Connection) -> list[str]:
    queued = "select args->>'person_id' from procrastinate_jobs where task_name = 'mail_news' and status = 'todo'"
    return sorted(row[0] for row in owner.execute(queued).fetchall())


def told_already(owner: psycopg.Connection) -> None:
    """That somebody was let in, and that consents were given, has gone out."""
    owner.execute("delete from procrastinate_jobs; delete from notice_due; delete from notice_item")


def remind(runtime: Runtime) -> int:
    with runtime.unit_of_work() as session:
        return reminders.send_due(session)


def test_those_concerned_are_reminded_once_30_and_once_7_days_before_however_often_the_job_runs(
    story: Story, room: Room, school: Someone, runtime: Runtime, calendar, owner: psycopg.Connection
) -> None:  # type: ignore[no-untyped-def]
    story.consent(room, room.young, until=clock.today(HERE) + timedelta(days=60))
    told_already(owner)
    whom = sorted([str(room.guide.id), str(room.young.id)])
    assert remind(runtime) == 0
    calendar.move(days=29)
    assert remind(runtime) == 0
    calendar.move(days=3)
    assert remind(runtime) == 2
    assert waiting(owner) == whom
    hurry(owner)
    run_jobs(runtime)
    assert remind(runtime) == 0
    calendar.move(days=20)
    assert remind(runtime) == 0
    calendar.move(days=4)
    assert remind(runtime) == 2
    assert waiting(owner) == whom
    assert remind(runtime) == 0


def test_two_workers_at_once_remind_once(
    story: Story, room: Room, school: Someone, runtime: Runtime, calendar, owner: psycopg.Connection
) -> None:  # type: ignore[no-untyped-def]
    story.consent(room, room.young, until=clock.today(HERE) + timedelta(days=60))
    told_already(owner)
    calendar.move(days=40)
    workers = [threading.Thread(target=remind, args=(runtime,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert waiting(owner) == sorted([str(room.guide.id), str(room.young.id)])


def test_nobody_is_reminded_of_what_was_withdrawn_or_replaced(
    story: Story, room: Room, school: Someone, runtime: Runtime, calendar, owner: psycopg.Connection
) -> None:  # type: ignore[no-untyped-def]
    story.consent(room, room.parents[0], until=clock.today(HERE) + timedelta(days=60))
    story.withdraw(room, room.parents[0])
    story.consent(room, room.young, until=clock.today(HERE) + timedelta(days=60))
    story.consent(room, room.young)
    told_already(owner)
    calendar.move(days=40)
    assert remind(runtime) == 0
    assert waiting(owner) == []


def test_the_mail_says_that_there_is_something_new_and_nothing_else(
    story: Story, room: Room, school: Someone, runtime: Runtime, owner: psycopg.Connection
) -> None:
    told_already(owner)
    with runtime.unit_of_work() as session:
        notices_mail.queue_notice(session, [room.guide.id, room.young.id])
    hurry(owner)
    run_jobs(runtime)
    (mail,) = mails(runtime)
    assert mail["Subject"] == runtime.settings.product_name
    assert mail.get_content().split("\n")[0] == "Der er nyt til dig. Log på."
    for mailing in ("samtykke", "consent", "Ulla", "Grete", "sag"):
        assert mailing not in mail.get_content(), mailing
    assert re.findall(r"http\S*", mail.get_content()) == [runtime.settings.origin], "the front, and no other link"


def test_the_portal_tells_the_giver_and_the_guide_that_a_consent_ends_soon(
    app: Flask, story: Story, room: Room, school: Someone
) -> None:
    story.consent(room, room.young, until=clock.today(HERE) + timedelta(days=20))
    story.consent(room, room.parents[0], until=clock.today(HERE) + timedelta(days=20))
    for path in ("", "/people", "/consents/mine"):
        said = Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}{path}").text
        assert "Dit samtykke slutter" in said, path
    said = Browser(app, story.token(room.guide)).get(f"/cases/{room.case_id}").text
    assert "Samtykket fra Ulla Ung slutter" in said
    assert "Samtykket fra Mona Mor slutter" in said
    assert "Mona" not in Browser(app, story.token(room.parents[1])).get(f"/cases/{room.case_id}/consents/mine").text
    other = Browser(app, story.token(room.parents[0])).get(f"/cases/{room.case_id}").text
    assert "Ulla Ung slutter" not in other


def test_an_end_that_is_far_away_is_not_told(app: Flask, story: Story, room: Room, school: Someone) -> None:
    story.consent(room, room.young)
    assert "slutter" not in Browser(app, story.token(room.young)).get(f"/cases/{room.case_id}").text


def test_the_timed_job_sees_of_reminders_only_what_is_due_and_nobody_else_sees_any(
    story: Story, room: Room, school: Someone, runtime: Runtime, postgres, calendar
) -> None:  # type: ignore[no-untyped-def]
    story.consent(room, room.young, until=clock.today(HERE) + timedelta(days=60))
    url = postgres.url("portal_app", str(runtime.engine.url.database))

    def seen(as_whom: str) -> int:
        with psycopg.connect(url) as connection:
            connection.execute("select set_config('app.person_id', %s, true)", [as_whom])
            row = connection.execute("select count(*) from consent_reminder").fetchone()
            assert row is not None
            return int(row[0])

    assert seen("") == 0
    calendar.move(days=40)
    assert seen("") == 1
    for who in (room.guide, room.young, school):
        assert seen(str(who.id)) == 0
