"""Databases for tests. Copying one takes longer than most tests, so a test process has one of a kind and puts it back
to how it was before the next test; only where a test changed its shape (tables, functions, policies) it is copied anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from uuid import uuid4

import psycopg
from sqlalchemy import Engine

from portal.db import connect
from portal.demo.postgres import EmbeddedPostgres
from portal.runtime import Runtime

# The walls ask `wall_clock()` what time it is. In the product that is the moment of the statement; here it can be
# moved, together with the clock of the application, so that both walls always agree on the day of the story.
MOVABLE_CLOCK = """
    create table test_clock (shift interval not null);
    insert into test_clock values ('0');
    grant select on test_clock to public;
    create or replace function wall_clock() returns timestamptz language sql stable
        as $$ select statement_timestamp() + (select shift from test_clock) $$;
"""
# Notes that somebody changed the shape of the database. Comes last: from then on it notes.
TELLTALE = """
    create schema telltale;
    create table telltale.reshaped (at timestamptz not null);
    create function telltale.tell() returns event_trigger language plpgsql security definer as
        $$ begin insert into telltale.reshaped values (now()); end $$;
    create event trigger telltale on ddl_command_end execute function telltale.tell();
    create event trigger telltale_of_drops on sql_drop execute function telltale.tell();
"""
_TABLES = """
    select format('%I.%I', schemaname, tablename) from pg_tables
    where schemaname not in ('pg_catalog', 'information_schema', 'telltale')
"""
_OTHERS = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = %s and pid <> pg_backend_pid()
        and (state is distinct from 'idle' or pid in (select pid from pg_locks where locktype = 'advisory'))
"""
_engines: dict[tuple[str, int], Engine] = {}
_shared: dict[str, Reused] = {}


def engine_of(url: str, pool_size: int = 8) -> Engine:
    """As `portal.db.connect`, and the same one again: what was learned of how to say things to a database is kept."""
    if (url, pool_size) not in _engines:
        _engines[url, pool_size] = connect(url, pool_size)
    return _engines[url, pool_size]


def close_runtime(runtime: Runtime) -> None:
    """Connections to a database that the next test gets too are kept for it. New ones, which know nothing of it yet,
    are a third of what a short test takes."""
    if runtime.engine.url.database not in _shared:
        runtime.engine.dispose()


def leave(database: str) -> None:
    """Gives back the connections that are kept for the next test: a database that somebody is in cannot be copied."""
    _shared[database].leave()


@contextmanager
def copied(server: EmbeddedPostgres, template: str) -> Iterator[str]:
    """The name of a copy of a database, for the length of a block."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(server.url("postgres", "postgres"), autocommit=True) as connection:
        # By the file system's own means, where it has any: a quarter of the work.
        with suppress(psycopg.Error):
            connection.execute("set file_copy_method = 'clone'")
        connection.execute(f'create database "{name}" owner portal_owner template "{template}" strategy = file_copy')
    try:
        yield name
    finally:
        with psycopg.connect(server.url("postgres", "postgres"), autocommit=True) as connection:
            connection.execute(f'drop database "{name}" with (force)')


class Reused:
    """A copy of `template` that one test after the other has to itself. Call `close` in the end."""

    def __init__(self, server: EmbeddedPostgres, template: str) -> None:
        self._server, self._template = server, template
        self._copy = copied(server, template)
        self._name = ""
        self._connection: psycopg.Connection | None = None
        self._held: dict[str, bytes] = {}

    def fresh(self) -> str:
        """Its name; it holds what the template holds."""
        if self._name:
            self._take_back(engine for engine in self._pools() if engine.pool.checkedout())  # type: ignore[attr-defined]
            if not self._put_back():
                self.close()
        if not self._name:
            self._copy = copied(self._server, self._template)
            self._name = self._copy.__enter__()
            _shared[self._name] = self
            tables = [name for (name,) in self._administrator().execute(_TABLES).fetchall()]
            self._held = {table: _read(self._administrator(), table) for table in tables}
        return self._name

    def close(self) -> None:
        if self._name:
            self.leave()
            del _shared[self._name]
            for key in [key for key, engine in _engines.items() if engine.url.database == self._name]:
                del _engines[key]
            self._copy.__exit__(None, None, None)
        self._name = ""

    def leave(self) -> None:
        """Gives every connection to it back: it is to be dropped or copied."""
        self._hang_up()
        self._take_back(self._pools())

    def _pools(self) -> list[Engine]:
        return [engine for engine in _engines.values() if engine.url.database == self._name]

    @staticmethod
    def _take_back(engines: Iterable[Engine]) -> None:
        for engine in engines:
            engine.dispose()

    def _put_back(self) -> bool:
        """Whether it could be."""
        try:
            return self._gave_back()
        except psycopg.OperationalError:  # a test that ends every connection has ended this one too
            self._hang_up()
            return self._gave_back()

    def _gave_back(self) -> bool:
        connection = self._administrator()
        with connection.transaction():
            connection.execute(_OTHERS, [self._name])
            if connection.execute("select exists (select from telltale.reshaped)").fetchone() == (True,):
                return False
            # Neither triggers nor references: every table gets exactly the rows it had.
            connection.execute("set local session_replication_role = replica")
            connection.execute("; ".join(f"delete from {table}" for table in self._held))
            for table, rows in self._held.items():
                if rows:
                    with connection.cursor().copy(f"copy {table} from stdin") as copy:
                        copy.write(rows)
        return True

    def _administrator(self) -> psycopg.Connection:
        if self._connection is None:
            self._connection = psycopg.connect(self._server.url("postgres", self._name), autocommit=True)
        return self._connection

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def _read(connection: psycopg.Connection, table: str) -> bytes:
    with connection.cursor().copy(f"copy {table} to stdout") as copy:
        return b"".join(bytes(part) for part in copy)
