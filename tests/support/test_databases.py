"""The databases of the tests are as new, whatever the test before did to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from sqlalchemy import Engine, text

from portal.demo.postgres import EmbeddedPostgres
from tests.conftest import Finished
from tests.support.databases import Reused, engine_of

COUNTS = "select (select count(*) from audit_event), (select count(*) from membership), (select shift from test_clock)"


@pytest.fixture
def reused(postgres: EmbeddedPostgres, finished_world: Finished) -> Iterator[Reused]:
    with closing(Reused(postgres, finished_world.database)) as made:
        yield made


def ask(postgres: EmbeddedPostgres, name: str, question: str) -> tuple[object, ...] | None:
    with psycopg.connect(postgres.url("postgres", name), autocommit=True) as connection:
        asked = connection.execute(question)
        return asked.fetchone() if asked.description else None


def test_rows_are_put_back_the_way_they_were(postgres: EmbeddedPostgres, reused: Reused) -> None:
    name = reused.fresh()
    before = ask(postgres, name, COUNTS)
    assert before is not None
    assert all(before[:2]), "the world is full"
    ask(postgres, name, "delete from audit_event")
    ask(postgres, name, "update test_clock set shift = '3 days'")
    ask(postgres, name, "insert into organisation values (gen_random_uuid(), 'Ny', 'municipality', now())")
    left_open = psycopg.connect(postgres.url("portal_app", name))
    left_open.execute("select count(*) from organisation")
    assert reused.fresh() == name
    assert ask(postgres, name, COUNTS) == before
    assert ask(postgres, name, "select count(*) from organisation where name = 'Ny'") == (0,)
    with pytest.raises(psycopg.OperationalError):
        left_open.execute("select 1")
    left_open.close()


def test_a_connection_that_was_given_back_is_kept_and_one_that_holds_something_is_not(
    postgres: EmbeddedPostgres, reused: Reused
) -> None:
    def number(engine: Engine) -> object:
        with engine.connect() as connection:
            return connection.scalar(text("select pg_backend_pid()"))

    name = reused.fresh()
    engine = engine_of(postgres.url("portal_app", name))
    first = number(engine)
    reused.fresh()
    assert number(engine) == first, "at rest: the next test has it too"

    with engine.connect() as locking:
        locking.execute(text("select pg_advisory_lock(7)"))
        locking.commit()
    reused.fresh()
    assert number(engine) != first, "a lock of its session would meet the next test"

    second, lost = number(engine), engine.connect()
    reused.fresh()
    assert number(engine) != second, "somebody still has it in hand"
    lost.detach()
    lost.close()


@pytest.mark.parametrize(
    "change",
    [
        "create policy oops on message for select to portal_app using (true)",
        "drop policy seen on message",
        "alter table message no force row level security",
        "create or replace function wall_clock() returns timestamptz language sql stable as $$ select now() $$",
        "grant delete on message to portal_app",
    ],
)
def test_what_changed_its_shape_is_copied_anew(change: str, postgres: EmbeddedPostgres, reused: Reused) -> None:
    name = reused.fresh()
    ask(postgres, name, change)
    assert reused.fresh() != name
