"""Migrations: from nothing to now, back again, and with data on the way."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from portal.db import Base, connect
from portal.demo.postgres import EmbeddedPostgres
from portal.errors import UnsafeConfiguration
from portal.migrate import alembic_config, migrate, newest
from portal.runtime import Runtime
from portal.services.messages import threads
from tests.support.databases import leave
from tests.support.story import Room, Story

REVISIONS = [script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()][::-1]


@pytest.fixture
def empty(postgres: EmbeddedPostgres) -> str:
    """A database nothing has been done to."""
    name = f"empty_{uuid4().hex}"
    postgres.create_database(name)
    return postgres.url("portal_owner", name)


def _shape(url: str) -> list[object]:
    with psycopg.connect(url) as connection:
        columns = connection.execute(
            "select table_name, column_name, data_type, is_nullable from information_schema.columns "
            "where table_schema = 'public' order by 1, 2"
        ).fetchall()
        policies = connection.execute("select tablename, policyname, qual from pg_policies order by 1, 2").fetchall()
        functions = connection.execute(
            "select proname from pg_proc where pronamespace = 'public'::regnamespace order by 1"
        ).fetchall()
        return [columns, policies, functions]


def test_numbers_run_without_gaps_and_each_file_is_named_by_its_idea() -> None:
    assert [f"{n:03d}" for n in range(1, len(REVISIONS) + 1)] == REVISIONS
    assert newest() == REVISIONS[-1]


def test_the_models_and_the_migrated_database_are_the_same(empty: str) -> None:
    migrate(empty)
    engine = connect(empty)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": _ours})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or not str(name).startswith("procrastinate")


def test_every_step_down_leads_back_to_what_was_before(empty: str) -> None:
    shapes = []
    for revision in REVISIONS:
        shapes.append(_shape(empty))
        migrate_to(empty, revision)
    for revision, shape in zip(["base", *REVISIONS[:-1]][::-1], shapes[::-1], strict=True):
        migrate(empty, revision)
        assert _without_alembic(_shape(empty)) == _without_alembic(shape), revision


def migrate_to(url: str, revision: str) -> None:
    from alembic import command

    engine = connect(url)
    with engine.begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def _without_alembic(shape: list[object]) -> list[object]:
    columns = shape[0]
    assert isinstance(columns, list)
    return [[c for c in columns if c[0] != "alembic_version"], *shape[1:]]


def test_migrating_twice_changes_nothing(empty: str) -> None:
    migrate(empty)
    before = _shape(empty)
    migrate(empty)
    assert _shape(empty) == before


def test_a_populated_database_can_be_migrated_again(postgres: EmbeddedPostgres, finished_world) -> None:  # type: ignore[no-untyped-def]
    """The newest step is taken back and taken again under a case full of data; what is older must still be there."""
    name = f"full_{uuid4().hex}"
    postgres.create_database(name, template=finished_world.database)
    url = postgres.url("portal_owner", name)
    with psycopg.connect(postgres.url("postgres", name)) as connection:
        before = connection.execute("select count(*), sum(length(body_sealed)) from message").fetchone()
    migrate(url, REVISIONS[-2])
    migrate(url)
    with psycopg.connect(postgres.url("postgres", name)) as connection:
        assert connection.execute("select count(*), sum(length(body_sealed)) from message").fetchone() == before


def before(idea: str) -> str:
    """The revision that comes before the one whose file is named by this idea."""
    scripts = ScriptDirectory.from_config(alembic_config()).walk_revisions()
    return next(str(script.down_revision) for script in scripts if script.path.endswith(f"_{idea}.py"))


def test_how_far_everybody_had_read_is_taken_over_from_the_trace(
    postgres: EmbeddedPostgres, database: str, runtime: Runtime, story: Story, room: Room
) -> None:
    first, second = story.thread(room, room.guide), story.thread(room, room.young)
    story.play(room, room.young, lambda t: threads.thread(t, first))
    story.reply(room, room.guide, first)
    story.play(room, room.guide, lambda t: threads.thread(t, second))
    leave(database)
    name = f"full_{uuid4().hex}"
    postgres.create_database(name, template=database)
    url, numbers = postgres.url("portal_owner", name), "select id, number from message order by id"
    # Marks of those who have read only their own words say nothing: the trace had a line of their writing, too.
    marks = """select thread_id, membership_id, seen from thread_look l
               where exists (select from message where thread_id = l.thread_id and number <= l.seen
                             and created_by_id <> l.membership_id) order by 1, 2"""
    with psycopg.connect(postgres.url("postgres", name)) as connection:
        earlier = [connection.execute(asked).fetchall() for asked in (numbers, marks)]
    assert [len(rows) for rows in earlier] == [3, 2]
    migrate(url, before("how_far_one_has_read"))
    migrate(url)
    with psycopg.connect(postgres.url("postgres", name)) as connection:
        assert [connection.execute(asked).fetchall() for asked in (numbers, marks)] == earlier


def test_what_was_made_to_look_at_before_is_kept_by_the_step_that_makes_more(
    postgres: EmbeddedPostgres, finished_world
) -> None:  # type: ignore[no-untyped-def]
    """PDFs of office files, and that one could not be made; on the way back, what the older form does not know goes."""
    name = f"made_{uuid4().hex}"
    postgres.create_database(name, template=finished_world.database)
    url = postgres.url("portal_owner", name)
    step = next(number for number, line in enumerate(REVISIONS) if made_to_look_at(line))
    migrate(url, REVISIONS[step - 1])
    with psycopg.connect(postgres.url("postgres", name), autocommit=True) as connection:
        versions = connection.execute(
            "select id, file_id, case_id, compartment_id from file_version order by id limit 2"
        ).fetchall()
        put = "insert into rendition (version_id, file_id, case_id, compartment_id, blob, file_key, size, made_at)"
        for line, blob in zip(versions, ("a", None), strict=True):
            connection.execute(f"{put} values (%s, %s, %s, %s, %s, '', 1, now())", [*line, blob])  # type: ignore[arg-type]
    migrate_to(url, REVISIONS[step])
    with psycopg.connect(postgres.url("postgres", name), autocommit=True) as connection:
        rows = connection.execute("select version_id, kind, number, blob, fault from rendition order by version_id")
        first, second = (line[0] for line in versions)
        assert rows.fetchall() == [(first, "pdf", 0, "a", None), (second, "pdf", 0, None, "unreadable")]
        connection.execute(
            "insert into rendition (version_id, file_id, case_id, compartment_id, blob, file_key, size, made_at, kind,"
            " number) select version_id, file_id, case_id, compartment_id, 'b', '', 1, now(), 'page', 3 from rendition"
            " where blob = 'a'"
        )
    migrate(url, REVISIONS[step - 1])
    with psycopg.connect(postgres.url("postgres", name), autocommit=True) as connection:
        assert connection.execute("select blob from rendition order by version_id").fetchall() == [("a",), (None,)]


def made_to_look_at(revision: str) -> bool:
    script = ScriptDirectory.from_config(alembic_config()).get_revision(revision)
    return script is not None and "made_to_look_at" in script.path


def test_without_the_roles_the_migration_says_what_to_run(
    empty: str, postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.migrate._ROLES", ("portal_owner", "portal_app", "a_role_nobody_made"))
    with pytest.raises(UnsafeConfiguration, match=r"roles\.sql"):
        migrate(empty)


def step(idea: str) -> tuple[str, str]:
    """The migration whose file is named by that idea, and the one before it."""
    found = ScriptDirectory.from_config(alembic_config()).walk_revisions()
    script = next(one for one in found if one.path.endswith(f"_{idea}.py"))
    return script.revision, str(script.down_revision)


def test_links_from_before_are_told_apart_and_codes_from_before_work_no_more(
    empty: str,
) -> None:
    """Of four eIDs of before: one by a code for somebody whose number was known (somebody else's, then), one of theirs
    by that number, one by a code and nothing else, one nobody can tell anything of."""
    revision, before = step("codes_and_links")
    migrate_to(empty, before)
    with psycopg.connect(empty) as connection:
        known, coded, odd = (uuid4() for _ in range(3))
        for person in (known, coded, odd):
            connection.execute("insert into person values (%s, 'citizen', now())", [person])
        connection.execute("insert into national_id values (%s, 'a hash')", [known])
        for person, used in ((known, "now() - interval '3 days'"), (coded, "now()"), (odd, "null")):
            connection.execute(
                "insert into invitation_code (id, person_id, match_value, created_at, expires_at, used_at) "
                f"values (gen_random_uuid(), %s, %s, now() - interval '9 days', now() + interval '9 days', {used})",
                [person, person.bytes],
            )
        for subject, person, at in (
            ("intruder", known, "now() - interval '3 days' + interval '2 milliseconds'"),
            ("themselves", known, "now() - interval '2 days'"),
            ("coded", coded, "now()"),
            ("odd", odd, "now()"),
        ):
            connection.execute(f"insert into eid_link values ('https://eid', %s, %s, {at})", [subject, person])
        connection.execute("insert into eid_attempt values ('a', 'b', 'eid:x', 'n', 'v', false, now())")
    migrate_to(empty, revision)
    with psycopg.connect(empty) as connection:
        found = dict(connection.execute("select subject, came_by from eid_link where ended_at is null").fetchall())
        assert found == {"intruder": "code", "themselves": "number", "coded": "code", "odd": "unknown"}
        assert connection.execute("select count(*) from invitation_code").fetchone() == (0,)
        attempts = "select purpose, anew_since from eid_attempt"
        assert connection.execute(attempts).fetchall() == [("sign_in", None)]
