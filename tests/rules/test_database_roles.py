"""What the application's database role can do at all."""

from __future__ import annotations

import psycopg
import pytest

from portal.db import Base, connect, refuse_powerful_role
from portal.demo.postgres import EmbeddedPostgres
from portal.errors import NeighbourDown, Unsafe
from portal.house import House
from tests.world import World

WITHOUT_CASE_DATA = {
    "organisation", "unit", "person", "staff", "invitation", "login", "national_id", "invitation_code", "eid_link",
    "eid_attempt", "kept_form", "eid_stranger", "provider_session", "staff_link", "audit_head",
    "totp", "passkey", "recovery_code", "half_login", "passkey_challenge",
    "known_device", "sign_in_try",
}  # fmt: skip
"""Tables that tell of people and offices but of no case; docs/security.md says what each holds."""


def test_every_table_that_holds_case_data_forces_row_level_security(owner: psycopg.Connection) -> None:
    rows = owner.execute(
        "select relname, relrowsecurity, relforcerowsecurity from pg_class "
        "where relkind = 'r' and relnamespace = 'public'::regnamespace"
    ).fetchall()
    tables = {name: (enabled, forced) for name, enabled, forced in rows}
    ours = set(Base.metadata.tables)
    assert ours <= set(tables)
    assert {name for name in ours if tables[name] == (True, True)} == ours - WITHOUT_CASE_DATA


def test_every_policy_of_the_application_is_written_to_be_asked_once_per_statement(owner: psycopg.Connection) -> None:
    """`x = any ((select f())::uuid[])` is answered once; `x = any (f())` would be asked for every row."""
    policies = owner.execute("select tablename, qual, with_check from pg_policies where 'portal_app' = any (roles)")
    for table, *conditions in policies:
        for condition in filter(None, conditions):
            for function in (
                "my_compartments",
                "my_writable_compartments",
                "my_cases",
                "my_owned_cases",
                "my_led_cases",
            ):
                if f"{function}()" in condition:
                    assert f"SELECT {function}()" in condition, (table, condition)


def test_the_application_can_neither_write_windows_nor_change_what_is_kept(owner: psycopg.Connection) -> None:
    rows = owner.execute(
        "select table_name, privilege_type from information_schema.role_table_grants where grantee = 'portal_app'"
    )
    may: dict[str, set[str]] = {}
    for table, privilege in rows:
        may.setdefault(table, set()).add(privilege)
    assert may["access_window"] == may["access_notice"] == {"SELECT"}
    for kept in ("audit_event", "file", "file_version", "thread", "message", "consent", "consent_grant",
                 "consent_withdrawal", "team_level", "membership", "cases", "case_key", "search_entry"):  # fmt: skip
        assert may[kept] == {"SELECT", "INSERT"}, kept
    assert "DELETE" not in may["audit_head"]


def test_the_keeper_of_facts_cannot_read_content(owner: psycopg.Connection) -> None:
    rows = owner.execute(
        "select table_name, column_name from information_schema.role_column_grants where grantee = 'portal_facts'"
    ).fetchall()
    tables = {table for table, _ in rows}
    assert not tables & {"file", "file_version", "thread", "message", "search_entry", "audit_event", "staff"}
    assert ("consent", "text_sealed") not in rows
    assert ("consent", "valid_until") in rows


def test_the_keeper_of_facts_sees_one_case_at_a_time(living: House, world: World, postgres: EmbeddedPostgres) -> None:
    assert world.other is not None
    with psycopg.connect(postgres.url("portal_app", str(living.engine.url.database))) as connection:
        connection.execute("set local role portal_facts")
        assert connection.execute("select count(*) from membership").fetchone() == (0,)
        connection.execute("select set_config('app.facts_case_id', %s, true)", [str(world.other.case_id)])
        seen = connection.execute("select distinct case_id from membership").fetchall()
        assert seen == [(world.other.case_id,)]


@pytest.mark.parametrize("role", ["postgres", "portal_owner"])
def test_the_program_refuses_to_stand_on_a_role_that_could_step_over_the_wall(
    role: str, postgres: EmbeddedPostgres, database: str
) -> None:
    engine = connect(postgres.url(role, database))
    with pytest.raises(Unsafe, match="portal_app"):
        refuse_powerful_role(engine)
    engine.dispose()


def test_a_role_that_bypasses_row_level_security_is_refused_too(
    postgres: EmbeddedPostgres, database: str, owner: psycopg.Connection
) -> None:
    owner.execute("create role sly login bypassrls password 'sly'")
    engine = connect(f"postgresql://sly:sly@/{database}?host={postgres.sockets}")
    try:
        with pytest.raises(Unsafe, match="bypasses"):
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
        with pytest.raises(Unsafe, match="owns"):
            refuse_powerful_role(engine)
    finally:
        engine.dispose()
        owner.execute("drop role cousin")


def test_a_database_that_does_not_answer_is_a_neighbour_that_is_down() -> None:
    engine = connect("postgresql://portal_app:x@127.0.0.1:1/portal")
    with pytest.raises(NeighbourDown):
        refuse_powerful_role(engine)


def test_the_walls_ask_the_real_clock(postgres: EmbeddedPostgres) -> None:
    """The tests move a clock of their own; the product's function must be now() and nothing else."""
    from portal.migrate import migrate

    postgres.create_database("as_shipped")
    migrate(postgres.url("portal_owner", "as_shipped"))
    with psycopg.connect(postgres.url("portal_owner", "as_shipped")) as connection:
        body = connection.execute("select pg_get_functiondef('wall_clock'::regproc)").fetchone()
        assert body is not None
        assert body[0].strip().endswith("RETURN now()")


def test_helpers_of_the_walls_cannot_be_tricked_by_a_search_path(owner: psycopg.Connection) -> None:
    rows = owner.execute(
        "select proname, proconfig from pg_proc where prosecdef and pronamespace = 'public'::regnamespace"
    ).fetchall()
    assert {name for name, _ in rows} == {
        "my_compartments", "my_writable_compartments", "my_cases", "my_owned_cases", "my_memberships", "my_led_cases",
        "my_overseen_units", "my_figures", "my_trace", "cases_led_by",
    }  # fmt: skip
    assert all(config == ["search_path=public, pg_temp"] for _, config in rows)
