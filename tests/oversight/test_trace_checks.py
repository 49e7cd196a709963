"""Every night the whole trace is read. What does not fit is told, and so is it when nobody has read it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
import structlog
from flask import Flask
from procrastinate import App
from sqlalchemy import event as happening
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from structlog.testing import capture_logs

from portal.audit import OFFICE, Fault, verify
from portal.db import Role, checker
from portal.demo.postgres import EmbeddedPostgres
from portal.errors import DependencyUnavailable, NotFound
from portal.jobs.worker import build
from portal.runtime import Runtime, runtime_for
from portal.services.accounts import directory
from portal.services.cases import overview
from portal.services.oversight import audit_checks
from tests.conftest import Calendar
from tests.support.browser import Browser
from tests.support.mails import mails, run_jobs
from tests.support.story import Room, Someone, Story


@pytest.fixture
def office(runtime: Runtime) -> Iterator[Runtime]:
    """Where the worker stands."""
    with runtime_for(runtime.settings, Role.WORKER) as made:
        yield made


@pytest.fixture
def worker(runtime: Runtime, office: Runtime) -> App:
    return build(runtime, office)


@pytest.fixture
def watchers(story: Story, room: Room) -> list[Someone]:
    """Those who are told; beside them are a guide, a leader and an administrator who has left."""
    admin, auditor = story.admin(), story.staff("Rie Revisor", is_auditor=True)
    story.staff("Lis Leder", is_leader=True)
    gone = story.admin("Fjern Admin")
    with story.acting(admin) as actor:
        directory.close_account(actor, gone.id)
    return [admin, auditor]


@contextmanager
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    before = structlog.get_config()["wrapper_class"]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    try:
        with capture_logs() as lines:
            yield lines
    finally:
        structlog.configure(wrapper_class=before)


def night(worker: App) -> MutableMapping[str, Any]:
    """The nightly check; returns what the log says of the trace."""
    with logged() as lines:
        worker.tasks["check_trace"](timestamp=0)
    return next(line for line in lines if line["event"] in ("trace checked", "trace broken"))


def hour(worker: App) -> list[str]:
    """The hourly look whether it is checked; returns what the log says."""
    with logged() as lines:
        worker.tasks["watch_trace"](timestamp=0)
    return [str(line["event"]) for line in lines if str(line["event"]).startswith("trace")]


def told_by_mail(runtime: Runtime) -> list[str]:
    run_jobs(runtime)
    return sorted(mail["To"] for mail in mails(runtime) if "sporet" in mail["Subject"])


def addresses(owner: psycopg.Connection, people: list[Someone]) -> list[str]:
    rows = owner.execute("select email from staff where person_id = any (%s)", [[one.id for one in people]])
    return sorted(email for (email,) in rows)


BREAKS = {
    "changed": "update audit_event set at = at - interval '1 hour' where chain_id = %s and seq = 3",
    "missing": "delete from audit_event where chain_id = %s and seq = 3",
    "cut or head changed": "delete from audit_event where chain_id = %s and seq > 3",
    "all lines missing": "delete from audit_event where chain_id = %s",
}


def test_a_trace_that_is_whole_is_said_to_have_been_checked(
    app: Flask,
    story: Story,
    room: Room,
    worker: App,
    watchers: list[Someone],
    owner: psycopg.Connection,
    runtime: Runtime,
) -> None:
    for watcher, path in zip(watchers, ("/office", "/trace"), strict=True):
        assert "ikke kontrolleret endnu" in Browser(app, story.token(watcher)).get(path).text
    before = owner.execute("select count(*), count(distinct chain_id) from audit_event").fetchone()
    said = night(worker)
    assert (said["event"], said["log_level"], said["faults"]) == ("trace checked", "info", 0)
    assert (said["lines"], said["chains"]) == before
    row = owner.execute("select lines, chains, faults, places, ended_at >= began_at from audit_check").fetchall()
    assert row == [(*before, 0, [], True)]
    left = owner.execute("select chain_id, actor_id, fields from audit_event where event = 'trace.checked'").fetchall()
    assert left == [(OFFICE, None, {"lines": before[0], "faults": 0})]
    for watcher, path in zip(watchers, ("/office", "/trace"), strict=True):
        page = Browser(app, story.token(watcher)).get(path).text
        assert "Sporet blev kontrolleret i dag" in page
        assert "passer ikke" not in page
    assert told_by_mail(runtime) == []


@pytest.mark.parametrize("what", BREAKS)
def test_a_broken_trace_is_told_on_the_pages_in_the_log_and_by_mail(
    what: str, app: Flask, story: Story, room: Room, worker: App, watchers: list[Someone], owner: psycopg.Connection,
    runtime: Runtime,
) -> None:  # fmt: skip
    assert owner.execute(BREAKS[what], [room.case_id]).rowcount  # type: ignore[arg-type]
    said = night(worker)
    assert (said["event"], said["log_level"]) == ("trace broken", "error")
    assert any(str(room.case_id) in place and place.endswith(what) for place in said["places"])
    saved = owner.execute("select faults, places from audit_check").fetchone()
    assert saved is not None
    assert saved[0] == said["faults"] > 0
    assert {tuple(sorted(place)) for place in saved[1]} == {("chain", "line", "what")}
    for watcher, path in zip(watchers, ("/office", "/trace"), strict=True):
        page = Browser(app, story.token(watcher)).get(path)
        assert "Sporet passer ikke" in page.text
        assert f"Sag {str(room.case_id)[:8]}" in page.text
        assert str(room.case_id) not in page.everything
        assert "Ulla" not in page.everything
    assert told_by_mail(runtime) == addresses(owner, watchers)
    for mail in mails(runtime):
        assert str(room.case_id)[:8] not in mail.get_content()


def test_what_stays_broken_is_logged_every_night_and_mailed_once_and_what_is_new_is_mailed_again(
    story: Story, room: Room, worker: App, watchers: list[Someone], owner: psycopg.Connection, runtime: Runtime,
    calendar: Calendar,
) -> None:  # fmt: skip
    owner.execute(BREAKS["missing"], [room.case_id])
    assert night(worker)["event"] == "trace broken"
    assert len(told_by_mail(runtime)) == 2
    for _ in range(2):
        calendar.move(days=1)
        assert night(worker)["event"] == "trace broken"
    assert len(told_by_mail(runtime)) == 2
    other = story.case()
    owner.execute(BREAKS["changed"], [other.case_id])
    calendar.move(days=1)
    night(worker)
    assert len(told_by_mail(runtime)) == 4


def test_lines_that_come_in_while_the_trace_is_read_do_not_look_like_a_fault(
    story: Story, room: Room, worker: App, office: Runtime, runtime: Runtime, owner: psycopg.Connection,
    portal_settings,  # type: ignore[no-untyped-def]
) -> None:  # fmt: skip
    """Somebody looks at a case after the ends of the chains are read and before their lines are."""
    looked: list[str] = []

    def look(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if "FROM audit_event" in statement and not looked:
            looked.append(statement)
            story.play(room, room.guide, overview.overview)

    happening.listen(office.engine, "before_cursor_execute", look)
    assert night(worker)["event"] == "trace checked"
    assert looked
    looked.clear()
    with runtime_for(runtime.settings, Role.WORKER) as other, other.new_session() as session:
        happening.listen(other.engine, "before_cursor_execute", look)
        with checker(session):
            found = list(verify(session.connection(), runtime.keyring))
        assert Fault(room.case_id, _ends(owner, room), "cut or head changed") in found, "read at two instants, it does"


def _ends(owner: psycopg.Connection, room: Room) -> int:
    row = owner.execute("select max(seq) from audit_event where chain_id = %s", [room.case_id]).fetchone()
    assert row is not None
    return int(row[0])


def test_a_night_in_which_nobody_worked_is_made_up_for(
    worker: App, room: Room, calendar: Calendar, owner: psycopg.Connection, runtime: Runtime, watchers: list[Someone]
) -> None:
    assert hour(worker) == ["trace checked"], "the first one does not wait for the night"
    assert hour(worker) == []
    calendar.move(hours=25)
    assert hour(worker) == []
    calendar.move(hours=2)
    assert hour(worker) == ["trace checked"]
    calendar.move(days=5)
    assert hour(worker) == ["trace checked"], "made up for at once, so there is nothing to tell"
    assert told_by_mail(runtime) == []
    assert owner.execute("select count(*) from audit_check").fetchone() == (3,)


def test_a_check_that_stays_away_for_36_hours_is_told_once_a_day(
    app: Flask, story: Story, room: Room, worker: App, watchers: list[Someone], owner: psycopg.Connection,
    runtime: Runtime,
    calendar: Calendar, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    night(worker)

    def away(_begin: object) -> None:
        raise DependencyUnavailable("database")

    monkeypatch.setattr(audit_checks, "check_audit", away)

    def later(**by: float) -> list[str]:
        calendar.move(**by)
        with logged() as lines, pytest.raises(DependencyUnavailable):
            worker.tasks["watch_trace"](timestamp=0)
        return [str(line["event"]) for line in lines if str(line["event"]).startswith("trace")]

    assert later(hours=35) == []
    assert later(hours=1.1) == ["trace not checked", "trace told"]
    assert told_by_mail(runtime) == addresses(owner, watchers)
    for watcher, path in zip(watchers, ("/office", "/trace"), strict=True):
        page = Browser(app, story.token(watcher)).get(path)
        assert "Sporet er ikke kontrolleret for nylig" in page.text
    assert later(hours=1) == ["trace not checked"]
    assert len(told_by_mail(runtime)) == 2
    assert later(hours=23) == ["trace not checked", "trace told"]
    assert len(told_by_mail(runtime)) == 4
    said = owner.execute("select actor_id from audit_event where event = 'trace.unchecked'").fetchall()
    assert said == [(None,), (None,)]


def test_a_portal_that_was_just_made_is_not_late(
    room: Room, worker: App, calendar: Calendar, monkeypatch: pytest.MonkeyPatch, office: Runtime
) -> None:
    with office.unit_of_work() as session:
        assert audit_checks.was_missed(session)
        assert audit_checks.overdue_since(session) is None
    calendar.move(hours=37)
    with office.unit_of_work() as session:
        assert audit_checks.overdue_since(session) is not None


def test_only_those_who_are_told_read_what_was_found(
    story: Story, room: Room, worker: App, watchers: list[Someone], runtime: Runtime
) -> None:
    """In both walls."""
    night(worker)
    leader = story.staff("Ole Leder", is_leader=True)
    for someone, sees in [(one, True) for one in watchers] + [(one, False) for one in (room.guide, room.young, leader)]:
        with story.acting(someone) as actor:
            if sees:
                status = audit_checks.audit_status(actor)
                assert status.last is not None
                assert status.last.is_whole
                assert not status.is_overdue
            else:
                with pytest.raises(NotFound):
                    audit_checks.audit_status(actor)
            rows = actor.session.execute(text("select count(*) from audit_check")).scalar_one()
            assert bool(rows) is sees, someone.name


ATTEMPTS: dict[str, Callable[[psycopg.Connection], object]] = {
    "the worker reads no line as itself": lambda c: c.execute("select 1 from audit_event"),
    "the worker reads no check as itself": lambda c: c.execute("select 1 from audit_check"),
    "the worker changes no check": lambda c: c.execute("update audit_check set faults = 0"),
    "the worker removes no check": lambda c: c.execute("delete from audit_check"),
    "the checker adds no line": lambda c: c.execute(
        "set role portal_checker; insert into audit_event values "
        "(gen_random_uuid(), 1, now(), 'case.viewed', null, null, null, null, '{}', '')"
    ),
    "the checker changes no end": lambda c: c.execute("set role portal_checker; update audit_head set seq = 1"),
    "the checker writes no check": lambda c: c.execute("set role portal_checker; delete from audit_check"),
    "the checker reads no case": lambda c: c.execute("set role portal_checker; select 1 from cases"),
    "the checker reads nobody's name": lambda c: c.execute("set role portal_checker; select 1 from membership"),
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_the_checkers_role_reads_the_trace_and_does_nothing_else(
    attempt: str, room: Room, worker: App, postgres: EmbeddedPostgres, database: str
) -> None:
    night(worker)
    with (
        psycopg.connect(postgres.url("portal_worker", database)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        ATTEMPTS[attempt](connection)


def test_the_application_does_not_become_the_checker(room: Room, runtime: Runtime) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        audit_checks.check_audit(runtime.unit_of_work)
