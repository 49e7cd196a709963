"""Pooled connections to the database: replaced when their server has gone away, and asked no more often than needed."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from portal import db
from portal.runtime import Runtime


@pytest.fixture
def runtime(runtime: Runtime) -> Runtime:
    """One that holds no connection of the test before."""
    runtime.engine.dispose()
    return runtime


def served_by(runtime: Runtime) -> int:
    with runtime.new_session() as session:
        return int(session.execute(text("select pg_backend_pid()")).scalar_one())


def test_a_connection_whose_server_hung_up_is_replaced_before_anybody_notices(
    runtime: Runtime, owner: psycopg.Connection
) -> None:
    before = served_by(runtime)
    assert served_by(runtime) == before, "it is used again"
    with psycopg.connect(runtime.settings.database_url) as same_role:
        same_role.execute("select pg_terminate_backend(%s, 5000)", [before])
    assert served_by(runtime) != before


def test_a_connection_is_asked_whether_it_is_there_only_after_a_silence(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    ping = runtime.engine.dialect.do_ping
    monkeypatch.setattr(runtime.engine.dialect, "do_ping", lambda it: (asked.append(it), ping(it))[1])
    before = served_by(runtime)
    assert served_by(runtime) == before
    assert asked == []
    monkeypatch.setattr(db, "_STILL_THERE", 0)
    assert served_by(runtime) == before
    assert len(asked) == 1
