"""Each part of the portal starts as the database role that is its own, and as no other."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from portal import clock
from portal.db import Role, connect, refuse_powerful_role, refuse_wrong_role
from portal.demo.postgres import EmbeddedPostgres
from portal.errors import DependencyUnavailable, UnsafeConfiguration
from portal.jobs.worker import work
from portal.runtime import Runtime, open_runtime
from portal.settings import Settings


@pytest.mark.parametrize("wanted", list(Role))
def test_each_part_starts_as_its_own_role_and_as_no_other(
    wanted: Role, postgres: EmbeddedPostgres, portal_settings: Settings, database: str
) -> None:
    for given in ("portal_app", "portal_worker", "portal_reports", "portal_owner", "postgres"):
        url = postgres.url(given, database)
        every = {"database_url": url, "worker_database_url": url, "reports_database_url": url}
        settings = portal_settings.model_copy(update=every)
        if given == wanted:
            open_runtime(settings, wanted).close()
            continue
        with pytest.raises(UnsafeConfiguration, match=f"use {wanted}"):
            open_runtime(settings, wanted)


def test_a_role_that_is_two_parts_at_once_is_refused(
    postgres: EmbeddedPostgres, database: str, owner: psycopg.Connection
) -> None:
    owner.execute("create role twofold login password 'twofold' in role portal_worker, portal_app")
    engine = connect(f"postgresql://twofold:twofold@/{database}?host={postgres.sockets}")
    try:
        with pytest.raises(UnsafeConfiguration, match="another part's too"):
            refuse_wrong_role(engine, Role.WORKER)
    finally:
        engine.dispose()
        owner.execute("drop role twofold")


def test_the_worker_does_not_start_in_the_house_of_the_application(runtime: Runtime) -> None:
    with pytest.raises(UnsafeConfiguration, match="must not work as portal_app"):
        work(runtime, runtime)


@pytest.mark.parametrize("name", ["worker_database_url", "reports_database_url"])
def test_a_part_that_was_not_told_where_its_database_is_says_so(name: str, portal_settings: Settings) -> None:
    role = Role.WORKER if name.startswith("worker") else Role.REPORTS
    with pytest.raises(UnsafeConfiguration, match=f"{name.upper()} is not set"):
        open_runtime(portal_settings.model_copy(update={name: ""}), role)


@pytest.mark.parametrize("role", ["postgres", "portal_owner"])
def test_the_program_refuses_to_stand_on_a_role_that_could_step_over_the_wall(
    role: str, postgres: EmbeddedPostgres, database: str
) -> None:
    engine = connect(postgres.url(role, database))
    with pytest.raises(UnsafeConfiguration, match="portal_app"):
        refuse_powerful_role(engine)
    engine.dispose()


def test_a_role_that_bypasses_row_level_security_is_refused_too(
    postgres: EmbeddedPostgres, database: str, owner: psycopg.Connection
) -> None:
    owner.execute("create role sly login bypassrls password 'sly'")
    engine = connect(f"postgresql://sly:sly@/{database}?host={postgres.sockets}")
    try:
        with pytest.raises(UnsafeConfiguration, match="bypasses"):
            refuse_powerful_role(engine)
    finally:
        engine.dispose()
        owner.execute("drop role sly")


def test_a_member_of_the_owner_is_refused_too(
    postgres: EmbeddedPostgres, database: str, owner: psycopg.Connection
) -> None:
    owner.execute("create role cousin login password 'cousin' in role portal_owner")
    engine = connect(f"postgresql://cousin:cousin@/{database}?host={postgres.sockets}")
    try:
        with pytest.raises(UnsafeConfiguration, match="owns"):
            refuse_powerful_role(engine)
    finally:
        engine.dispose()
        owner.execute("drop role cousin")


def test_a_database_that_does_not_answer_is_a_neighbour_that_is_down() -> None:
    engine = connect("postgresql://portal_app:x@127.0.0.1:1/portal")
    with pytest.raises(DependencyUnavailable):
        refuse_powerful_role(engine)


def test_a_database_whose_machine_is_gone_is_given_up_within_half_a_minute(
    postgres: EmbeddedPostgres, database: str
) -> None:
    """That libpq then does so was tried by hand, with the line cut: see docs/security.md."""
    engine = connect(postgres.url("portal_app", database))
    try:
        with engine.connect() as connection:
            told = connection.connection.driver_connection.info.get_parameters()  # type: ignore[union-attr]
    finally:
        engine.dispose()
    assert int(told["tcp_user_timeout"]) <= 10_000
    awaited = int(told["keepalives_idle"]) + int(told["keepalives_interval"]) * int(told["keepalives_count"])
    assert awaited <= 30


@pytest.mark.parametrize(("seconds", "refused"), [(-60, True), (-2, False), (2, False), (60, True)])
def test_the_portal_does_not_start_where_its_clock_and_the_databases_disagree(
    seconds: int, refused: bool, portal_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = clock.of_this_machine
    monkeypatch.setattr(clock, "of_this_machine", lambda: real() + timedelta(seconds=seconds))
    if refused:
        with pytest.raises(UnsafeConfiguration, match=r"(59|60|61) seconds apart"):
            open_runtime(portal_settings)
    else:
        open_runtime(portal_settings).close()
