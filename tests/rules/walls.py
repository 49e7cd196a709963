"""A portal whose second wall is down: its database role is not held by row-level security."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg

from portal.db import connect, session_factory
from portal.demo.postgres import EmbeddedPostgres
from portal.runtime import Runtime


@contextmanager
def second_wall_down(runtime: Runtime, postgres: EmbeddedPostgres) -> Iterator[Runtime]:
    """The same portal on a database role that may see every row."""
    name = str(runtime.engine.url.database)
    with psycopg.connect(postgres.url("postgres", name), autocommit=True) as connection:
        connection.execute(
            """do $$ begin
                if not exists (select from pg_roles where rolname = 'blind') then
                    create role blind login bypassrls password 'blind';
                end if;
            end $$"""
        )
        connection.execute("grant portal_app, portal_facts to blind")
    engine = connect(f"postgresql://blind:blind@/{name}?host={postgres.sockets}")
    try:
        yield replace(runtime, engine=engine, _sessions=session_factory(engine))
    finally:
        engine.dispose()
