"""What the application's database role can do at all."""

from __future__ import annotations

import re

import psycopg
import pytest
from click.testing import CliRunner

from portal.cli import cli
from portal.db import Base
from portal.demo.postgres import EmbeddedPostgres
from portal.runtime import Runtime
from portal.settings import Settings
from tests.support.story import Story
from tests.support.world import World

WITHOUT_CASE_DATA = {
    "organisation", "unit", "person", "staff", "invitation", "login", "national_id",
    "eid_attempt", "kept_form", "eid_stranger", "provider_session", "staff_link", "audit_head",
    "totp", "passkey", "recovery_code", "half_login", "passkey_challenge",
    "known_device", "sign_in_try", "tool_definition", "notice_due", "email_change", "account_request",
    "undelivered_mail", "retired_master", "neighbour_state",
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


def test_every_policy_is_written_in_the_form_that_was_measured(owner: psycopg.Connection) -> None:
    """`x = any ((select f())::uuid[])` or `x = any (array(select ...))` is answered once per statement. `x in (select
    ...)`, `exists (...)` and `x = any (f())` were measured to be asked again for every row."""
    helpers = [
        name
        for (name,) in owner.execute(
            "select proname from pg_proc where prosecdef and pronamespace = 'public'::regnamespace"
        )
    ]
    policies = owner.execute("select tablename, policyname, qual, with_check from pg_policies").fetchall()
    assert len(policies) > 30
    for table, policy, *conditions in policies:
        for condition in filter(None, conditions):
            words = " ".join(condition.split())
            assert not re.search(r"\bexists\b|\bin \(", words, re.IGNORECASE), (table, policy, words)
            for helper in helpers:
                asked = words.count(f"{helper}()")
                assert asked == words.count(f"( SELECT {helper}() AS {helper})"), (table, policy, words)
            for any_of in re.findall(r"= ANY \((.{0,12})", words):
                assert any_of.startswith(("( SELECT", "ARRAY( SELEC")), (table, policy, words)


def test_a_policy_of_the_form_is_answered_once_whatever_the_number_of_rows(
    living: Runtime, world: World, owner: psycopg.Connection, postgres: EmbeddedPostgres
) -> None:
    """The plan holds each question as an InitPlan (run once), none as a SubPlan or a filter that calls a function."""
    url = postgres.url("portal_app", str(living.engine.url.database))
    with psycopg.connect(url) as connection:
        connection.execute("select set_config('app.person_id', %s, true)", [str(world.people["teacher"].id)])
        for table in sorted(set(Base.metadata.tables) - WITHOUT_CASE_DATA):
            plan = "\n".join(str(row[0]) for row in connection.execute(f"explain verbose select * from {table}"))  # type: ignore[arg-type]
            assert "SubPlan" not in plan, plan
            calls = [line for line in plan.splitlines() if "Filter:" in line or "Cond:" in line]
            assert not any(re.search(r"my_(?!person)\w+\(\)", line) for line in calls), plan


@pytest.mark.parametrize(
    "role", ["portal_app", "portal_worker", "portal_reports", "portal_facts", "portal_checker", "portal_owner"]
)
def test_a_line_of_the_trace_can_be_added_and_nothing_else(
    role: str, living: Runtime, world: World, postgres: EmbeddedPostgres
) -> None:
    """Who owns the tables could take them away (nothing runs as the owner), but held by FORCE finds no line."""
    attempts = ["update audit_event set fields = '{}'", "update audit_event set at = now()", "delete from audit_event"]
    if role != "portal_owner":
        attempts += ["truncate audit_event", "drop policy verified on audit_event", "drop table audit_event cascade"]
    with psycopg.connect(postgres.url("postgres", str(living.engine.url.database)), autocommit=True) as connection:
        before = connection.execute("select count(*), max(seq) from audit_event").fetchone()
        connection.execute(f"set role {role}")  # type: ignore[arg-type]
        connection.execute("select set_config('app.person_id', %s, false)", [str(world.people["guide"].id)])
        for attempt in attempts:
            if role == "portal_owner":
                assert connection.execute(attempt).rowcount == 0  # type: ignore[arg-type]
                continue
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(attempt)  # type: ignore[arg-type]
        connection.execute("reset role")
        assert connection.execute("select count(*), max(seq) from audit_event").fetchone() == before


def _privileges(owner: psycopg.Connection, role: str) -> dict[str, set[str]]:
    """Table -> what that role may do with all of it or with some of its columns."""
    found: dict[str, set[str]] = {}
    for kind in ("table", "column"):
        rows = owner.execute(
            f"select table_name, privilege_type from information_schema.role_{kind}_grants where grantee = %s",  # type: ignore[arg-type]
            [role],
        )
        for table, privilege in rows:
            found.setdefault(table, set()).add(privilege)
    return found


APPEND_ONE = """
    select append_trace(%s, (select seq from trace_end('00000000-0000-0000-0000-000000000000')), '', array[now()],
                        array['case.viewed'], array[%s::uuid], array[null::uuid], array[null::uuid], array[null::uuid],
                        array['{}'::jsonb], array[''::bytea])"""


QUEUE = {"procrastinate_jobs", "procrastinate_events", "procrastinate_workers", "procrastinate_periodic_defers"}


def test_the_worker_may_do_what_its_jobs_take_and_nothing_else(owner: psycopg.Connection) -> None:
    may = _privileges(owner, "portal_worker")
    assert {table: may[table] for table in set(may) - QUEUE} == {
        "invitation": {"SELECT", "UPDATE"},
        "staff": {"SELECT"},
        "unit": {"SELECT"},
        "organisation": {"SELECT"},
        "email_change": {"SELECT", "UPDATE"},
        "undelivered_mail": {"SELECT", "INSERT", "DELETE"},
        "audit_check": {"INSERT"},
    }
    columns = owner.execute(
        "select table_name, column_name from information_schema.role_column_grants where grantee = 'portal_worker' "
        "and ((table_name = 'staff' and privilege_type = 'SELECT') "
        "or (table_name in ('invitation', 'email_change') and privilege_type = 'UPDATE')) order by 1, 2"
    ).fetchall()
    assert columns == [
        ("email_change", "token_sha256"), ("invitation", "mailed_at"), ("invitation", "token_sha256"),
        *(("staff", column) for column in ("email", "job_title", "name", "person_id", "unit_id")),
    ]  # fmt: skip


def test_the_worker_sees_no_case_in_anybodys_name(living: Runtime, world: World, postgres: EmbeddedPostgres) -> None:
    url = postgres.url("portal_worker", str(living.engine.url.database))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("select set_config('app.person_id', %s, false)", [str(world.people["guide"].id)])
        connection.execute("select set_config('app.facts_case_id', %s, false)", [str(world.room.case_id)])
        for table in set(Base.metadata.tables) - WITHOUT_CASE_DATA:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"select count(*) from {table}")  # type: ignore[arg-type]
        for question in ("select my_compartments()", "select my_cases()", "set role portal_facts"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(question)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="not theirs to add"):
            connection.execute(APPEND_ONE, [world.room.case_id, world.people["guide"].id])


def test_the_application_puts_work_into_the_queue_and_cannot_take_it_out(owner: psycopg.Connection) -> None:
    may = _privileges(owner, "portal_app")
    assert {table: may[table] for table in QUEUE & set(may)} == {
        "procrastinate_jobs": {"SELECT", "INSERT"},
        "procrastinate_events": {"SELECT", "INSERT"},
    }


def test_reports_see_figures_and_no_row_of_anything(
    living: Runtime, world: World, owner: psycopg.Connection, postgres: EmbeddedPostgres
) -> None:
    assert _privileges(owner, "portal_reports") == {"unit_figure": {"SELECT"}}
    with psycopg.connect(
        postgres.url("portal_reports", str(living.engine.url.database)), autocommit=True
    ) as connection:
        connection.execute("select set_config('app.person_id', %s, false)", [str(world.people["guide"].id)])
        for table in Base.metadata.tables:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"select 1 from {table}")  # type: ignore[arg-type]
        for question in ("select my_compartments()", "set role portal_facts"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(question)


def test_figures_are_counted_and_small_numbers_are_not_told(
    story: Story, portal_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    guide, other = story.guide(), story.guide("Else Ene", "Lille enhed")
    rooms = [story.case(guide, name=f"Ung {n}") for n in range(6)]
    story.case(other)
    teacher = story.staff("Lars Lærer", "Skolen")
    for room in rooms:
        story.add(room, teacher)
    for room in rooms[:5]:
        story.everybody_agrees(room)
    for name in ("environment", "reports_database_url", "keys_file", "data_dir", "database_url"):
        monkeypatch.setenv(name.upper(), str(getattr(portal_settings, name)))
    done = CliRunner().invoke(cli, ["figures"], catch_exceptions=False)
    told = [line.split("\t")[1:] for line in done.output.splitlines()]
    assert told == [
        ["unit", "cases", "opened_within_a_year", "with_consent", "waiting_for_consent"],
        ["Familie og unge", "6", "6", "5", "-"],
        ["Lille enhed", "-", "-", "-", "-"],
    ]


def test_the_owner_of_the_figures_counts_nothing_when_asked_directly(
    living: Runtime, world: World, postgres: EmbeddedPostgres
) -> None:
    with psycopg.connect(postgres.url("portal_owner", str(living.engine.url.database))) as connection:
        assert connection.execute("select * from unit_figure").fetchall() == []


STAYS = """
    file file_version thread message consent consent_grant consent_refusal consent_withdrawal
    team_level membership cases case_key legal_override legal_override_end access_freeze
    access_freeze_end tool_definition plan_outcome plan_taking plan_confided plan_person departure
    team_wish team_wish_answer
    hand_over hand_over_answer old_form
"""
"""Tables the application adds to and never changes."""


def test_the_application_can_neither_write_windows_nor_change_what_is_kept(owner: psycopg.Connection) -> None:
    rows = owner.execute(
        "select table_name, privilege_type from information_schema.role_table_grants where grantee = 'portal_app'"
    )
    may: dict[str, set[str]] = {}
    for table, privilege in rows:
        may.setdefault(table, set()).add(privilege)
    assert may["access_window"] == may["access_notice"] == may["consent_exception"] == {"SELECT"}
    for saved in STAYS.split():
        assert may[saved] == {"SELECT", "INSERT"}, saved
    assert may["search_entry"] == {"SELECT", "INSERT", "DELETE"}, "an entry leaves with a message that is taken back"
    assert may["audit_event"] == may["audit_head"] == {"SELECT"}


def test_the_keeper_of_facts_cannot_read_content(owner: psycopg.Connection) -> None:
    rows = owner.execute(
        "select table_name, column_name from information_schema.role_column_grants where grantee = 'portal_facts'"
    ).fetchall()
    tables = {table for table, _ in rows}
    assert not tables & {"file", "file_version", "thread", "message", "search_entry", "audit_event", "staff"}
    assert ("consent", "text_sealed") not in rows
    assert ("consent", "valid_until") in rows
    assert not {("legal_override", "reason_sealed"), ("access_freeze", "reason_sealed")} & set(rows)


def test_the_keeper_of_facts_sees_one_case_at_a_time(living: Runtime, world: World, postgres: EmbeddedPostgres) -> None:
    assert world.other is not None
    with psycopg.connect(postgres.url("portal_app", str(living.engine.url.database))) as connection:
        connection.execute("set local role portal_facts")
        assert connection.execute("select count(*) from membership").fetchone() == (0,)
        connection.execute("select set_config('app.facts_case_id', %s, true)", [str(world.other.case_id)])
        seen = connection.execute("select distinct case_id from membership").fetchall()
        assert seen == [(world.other.case_id,)]


def test_the_walls_ask_the_real_clock(postgres: EmbeddedPostgres) -> None:
    """The tests move a clock of their own; the product's function must be the moment of the statement,
    so that who waited for somebody sees what they did, and nothing else."""
    from portal.migrate import migrate

    postgres.create_database("as_shipped")
    migrate(postgres.url("portal_owner", "as_shipped"))
    with psycopg.connect(postgres.url("portal_owner", "as_shipped")) as connection:
        body = connection.execute("select pg_get_functiondef('wall_clock'::regproc)").fetchone()
        assert body is not None
        assert body[0].strip().endswith("RETURN statement_timestamp()")


def test_helpers_of_the_walls_cannot_be_tricked_by_a_search_path(owner: psycopg.Connection) -> None:
    rows = owner.execute(
        "select proname, proconfig from pg_proc where prosecdef and pronamespace = 'public'::regnamespace"
    ).fetchall()
    assert {name for name, _ in rows} == {
        "my_compartments", "my_writable_compartments", "my_cases", "my_owned_cases", "my_memberships", "my_led_cases",
        "my_overseen_units", "my_figures", "my_trace", "cases_led_by", "forget_ended_uploads",
        "forget_ended_exports", "dav_holder", "forget_ended_links", "forget_kept_files", "case_of_code",
        "refuse_somebody_known", "i_look_after_accounts", "cases_of_professional", "has_acted_in", "i_watch_the_trace",
        "refuse_retired_master", "append_trace", "trace_end", "my_citizen_memberships", "my_life_cases",
        "my_declarations", "my_log_ends", "my_confidences", "my_shut_confidences", "my_offered_cases", "my_asked_cases",
        "my_takeable_offers", "forget_old_drafts", "due_notices", "forget_told_notices",
    }  # fmt: skip
    assert all(config == ["search_path=public, pg_temp"] for _, config in rows)


def test_what_the_walls_ask_can_be_asked_by_the_application_alone(owner: psycopg.Connection) -> None:
    """`portal_reports` could otherwise name anybody and be told the ids of their compartments. Which units somebody
    leads is no case's business, and a policy that its figures are read through asks it."""
    rows = owner.execute(
        "select r, proname from pg_proc, unnest(array['portal_worker', 'portal_reports', 'portal_facts']) r "
        "where prosecdef and pronamespace = 'public'::regnamespace "
        "and has_function_privilege(r, pg_proc.oid, 'execute')"
    )
    assert set(rows.fetchall()) == {
        ("portal_reports", "my_overseen_units"),
        ("portal_worker", "append_trace"),
        ("portal_worker", "trace_end"),
        ("portal_worker", "due_notices"),
        ("portal_worker", "forget_told_notices"),
    }
