"""What several rules stand on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from portal.db import connect, session_factory
from portal.demo.postgres import EmbeddedPostgres
from portal.runtime import Runtime


@pytest.fixture
def blind(living: Runtime, postgres: EmbeddedPostgres) -> Iterator[Runtime]:
    """The same portal on a database role that row-level security does not hold."""
    name = living.engine.url.database
    with psycopg.connect(postgres.url("postgres", str(name)), autocommit=True) as connection:
        connection.execute(
            """do $$ begin
                if not exists (select from pg_roles where rolname = 'blind') then
                    create role blind login bypassrls password 'blind';
                end if;
            end $$"""
        )
        connection.execute("grant portal_app, portal_facts to blind")
    url = f"postgresql://blind:blind@/{name}?host={postgres.sockets}"
    engine = connect(url)
    yield replace(living, engine=engine, _sessions=session_factory(engine))
    engine.dispose()
