"""Migrations that settle or move what is in the database: with data of the kind they are for."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from portal import clock
from portal.access.window_store import differences
from portal.demo.postgres import EmbeddedPostgres
from portal.migrate import migrate
from portal.runtime import Runtime, runtime_for
from portal.services.consents import overrides as consent_overrides
from portal.services.exports import exports
from portal.services.files import downloads, folders, taken
from portal.services.members import handover
from portal.services.plans import editing, plans, word_import
from portal.services.plans.versions import PlanPage
from portal.services.webdav import links
from portal.storage.keys import make_keys
from tests.conftest import _settings
from tests.rules.test_migrations import before
from tests.support.story import HERE, Room, Story

PLAN = "goals_and_agreements"


@pytest.fixture
def name(postgres: EmbeddedPostgres) -> str:
    """The name of a migrated database of this test's own."""
    made = f"moved_{uuid4().hex}"
    postgres.create_database(made, template="template")
    return made


def runtime_in(postgres: EmbeddedPostgres, name: str, folder: Path):  # type: ignore[no-untyped-def]
    if not (folder / "keys.json").exists():
        make_keys(folder / "keys.json")
    return runtime_for(_settings(postgres, name, folder))


def test_what_was_decided_twice_at_once_is_settled_and_the_case_can_be_used(
    name: str, postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    """Four offers, three overrides and four freezes from one moment: how a case was broken once."""
    today = clock.today(HERE)
    with runtime_in(postgres, name, tmp_path) as runtime:
        story = Story(runtime)
        room = story.case(parents=1)
        teacher, taker = story.staff("Lars Lærer", "Skolen"), story.guide("Gerda Guide", "Voksne")
        story.add(room, teacher)
        member, mother, soon = room.member(teacher), room.member(room.parents[0]), today + timedelta(days=5)
        reason = ("Barnets lov § 32", "Haster")
        story.play(room, room.guide, lambda t: handover.offer(t, uuid4(), taker.id))
        story.play(
            room, room.guide, lambda t: consent_overrides.override(t, uuid4(), member, ["shared"], soon, *reason)
        )
        story.play(room, room.guide, lambda t: consent_overrides.freeze(t, uuid4(), [mother], soon, "Underretning"))
    migrate(postgres.url("portal_owner", name), before("one_at_a_time"))
    with psycopg.connect(postgres.url("postgres", name), autocommit=True) as connection:
        _again(connection, "hand_over", 3)
        _again(connection, "legal_override", 2, valid_until="valid_until - interval '1 day'")
        _again(connection, "access_freeze", 3, review_at="review_at + interval '1 day'")
        windows = connection.execute("select * from access_window order by id").fetchall()
    migrate(postgres.url("portal_owner", name))
    with psycopg.connect(postgres.url("postgres", name), autocommit=True) as connection:
        assert windows
        assert connection.execute("select * from access_window order by id").fetchall() == windows
        left = "select count(*) from {0} o left join {1} e on e.{2} = o.id where e.id is null"
        for about in (
            ("hand_over", "hand_over_answer", "hand_over_id"),
            ("legal_override", "legal_override_end", "override_id"),
            ("access_freeze", "access_freeze_end", "freeze_id"),
        ):
            assert connection.execute(left.format(*about)).fetchone() == (1,), about  # type: ignore[arg-type]
        latest = "select max(valid_until) = max(valid_until) filter (where e.id is null) from legal_override o "
        longest = connection.execute(latest + "left join legal_override_end e on e.override_id = o.id").fetchone()
        assert longest == (True,), "nobody is shut out earlier than it was meant"
    with runtime_in(postgres, name, tmp_path) as runtime:
        _usable(Story(runtime), runtime, room)


def _usable(story: Story, runtime: Runtime, room: Room) -> None:
    with runtime.unit_of_work(room.guide.id) as session:
        assert differences(session, room.case_id) == []
    freezes = story.play(room, room.guide, consent_overrides.freezes)
    overrides = story.play(room, room.guide, consent_overrides.overrides)
    assert (len(freezes), len(overrides)) == (1, 1)
    story.play(room, room.guide, lambda t: handover.withdraw_handover(t, uuid4()))
    story.play(room, room.guide, lambda t: consent_overrides.lift(t, uuid4(), freezes[0].id))
    story.play(room, room.guide, lambda t: consent_overrides.end_override(t, uuid4(), overrides[0].id))
    assert story.play(room, room.guide, handover.pending) is None
    assert story.play(room, room.guide, consent_overrides.freezes) == []
    assert story.play(room, room.guide, consent_overrides.overrides) == []


def test_offers_that_an_earlier_guide_left_waiting_are_taken_back(
    name: str, postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    """One of four offers was accepted; the others still waited, and the new guide could not open *People*."""
    with runtime_in(postgres, name, tmp_path) as runtime:
        story = Story(runtime)
        room = story.case(parents=0)
        taker = story.guide("Gerda Guide", "Voksne")
        story.play(room, room.guide, lambda t: handover.offer(t, uuid4(), taker.id))
        story.play(room, taker, lambda t: handover.accept_handover(t, uuid4()))
    migrate(postgres.url("portal_owner", name), before("one_at_a_time"))
    with psycopg.connect(postgres.url("postgres", name), autocommit=True) as connection:
        _again(connection, "hand_over", 2)
    migrate(postgres.url("portal_owner", name))
    with runtime_in(postgres, name, tmp_path) as runtime:
        story = Story(runtime)
        assert story.play(room, taker, handover.pending) is None
        story.play(room, taker, lambda t: handover.offer(t, uuid4(), room.guide.id))


def test_the_master_key_of_a_code_app_is_written_beside_it(name: str, postgres: EmbeddedPostgres) -> None:
    migrate(postgres.url("portal_owner", name), before("master_keys"))
    with psycopg.connect(postgres.url("postgres", name), autocommit=True) as connection:
        someone = uuid4()
        connection.execute("insert into person values (%s, 'staff', now())", [someone])
        sealed = b"m12:\x01" + bytes(range(256))
        connection.execute("insert into totp values (%s, %s, 0, now())", [someone, sealed])
    migrate(postgres.url("portal_owner", name))
    with psycopg.connect(postgres.url("postgres", name), autocommit=True) as connection:
        assert connection.execute("select master_id, secret_sealed from totp").fetchall() == [("m12", sealed)]


def test_copies_from_before_everything_in_them_was_noted_are_over_and_folders_stay(
    name: str, postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    with runtime_in(postgres, name, tmp_path) as runtime:
        story = Story(runtime)
        room = story.case(parents=0)
        file = story.file(room, room.guide)
        story.play(room, room.guide, lambda t: folders.place_in_folder(t, file, "Skole"))
        case = story.play(room, room.young, lambda t: exports.ask_for_case(t, uuid4(), "da"))
        story.play(room, room.young, lambda t: exports.make_export(t, runtime.store, case))
        waits = story.play(room, room.young, lambda t: exports.ask_for_case(t, uuid4(), "da"))
        folder = story.play(room, room.young, lambda t: exports.ask_for_folder(t, uuid4(), "Skole", "da"))
        story.play(room, room.young, lambda t: exports.make_export(t, runtime.store, folder))
    migrate(postgres.url("portal_owner", name), "051")
    migrate(postgres.url("portal_owner", name))
    with runtime_in(postgres, name, tmp_path) as runtime:
        story = Story(runtime)
        assert {line.id for line in story.play(room, room.young, exports.my_exports)} == {waits, folder}
        story.play(room, room.young, lambda t: exports.make_export(t, runtime.store, waits))
        story.play(room, room.young, lambda t: exports.fetch(t, runtime.store, waits, is_case=True))
        with runtime.unit_of_work() as session:
            assert exports.sweep_exports(session) == 1


def _again(connection: psycopg.Connection, table: str, times: int, **other: str) -> None:
    """The one row of a table so many times more, each a moment later than the last."""
    rows = connection.execute(
        "select column_name, data_type from information_schema.columns where table_name = %s", [table]
    ).fetchall()
    columns = [name for name, _ in rows if name != "id"]
    values = [other.get(name, name) for name in columns]
    for _ in range(times):
        connection.execute(
            f"insert into {table} (id, {', '.join(columns)}) "  # type: ignore[arg-type]
            f"select gen_random_uuid(), {', '.join(values)} from {table} limit 1"
        )


def test_what_the_trace_said_of_versions_and_word_files_is_carried_over(
    name: str, postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    """The tables hold after the migration what they would hold had they been there from the beginning."""
    with runtime_in(postgres, name, tmp_path) as runtime:
        story = Story(runtime)
        room = story.case(parents=0)
        file = story.file(room, room.guide)
        for _again in range(2):
            story.version(room, room.guide, file)
        story.play(room, room.young, lambda t: downloads.download(t, runtime.store, file, 2))
        letter = story.file(room, room.guide, name="brev.rtf", content=b"{\\rtf1 Hej}")
        story.play(room, room.guide, lambda t: links.make_dav_link(t, letter))
        story.play(room, room.young, lambda t: editing.begin_plan(t, uuid4(), PLAN))
        for called in ("et.rtf", "to.rtf"):
            form = story.upload(called, b"{\\rtf1 Hej}")
            brought = story.play(room, room.young, lambda t, f=form: word_import.bring(t, uuid4(), PLAN, f))
        story.play(room, room.young, lambda t: word_import.leave_word_import(t, PLAN, *brought))
    tables = (
        "select file_id, created_by_id, link_id, case_id, compartment_id, number from version_taken order by 1, 2, 3",
        "select version_id, plan_id, case_id, compartment_id, decided_at is null, created_by_id from plan_word_file "
        "order by 1",
    )
    with psycopg.connect(postgres.url("postgres", name), autocommit=True) as connection:
        held = [connection.execute(rows).fetchall() for rows in tables]  # type: ignore[arg-type]
        assert [len(rows) for rows in held] == [3, 2]
        assert {row[4] for row in held[1]} == {True, False}
    migrate(postgres.url("portal_owner", name), before("state_out_of_the_trace"))
    migrate(postgres.url("portal_owner", name))
    with psycopg.connect(postgres.url("postgres", name), autocommit=True) as connection:
        assert [connection.execute(rows).fetchall() for rows in tables] == held  # type: ignore[arg-type]
    with runtime_in(postgres, name, tmp_path) as runtime:
        story = Story(runtime)
        assert story.play(room, room.young, lambda t: taken.last(t, file)) == 2
        assert story.play(room, room.guide, lambda t: taken.last(t, file)) == 3
        page = newest_page(story, room)
        assert [trip.name for trip in story.play(room, room.young, lambda t: word_import.waiting_import(t, page))] == [
            "et.rtf"
        ]


def newest_page(story: Story, room: Room) -> PlanPage:
    page = story.play(room, room.young, lambda t: plans.show_plan(t, PLAN))
    assert page is not None
    return page
