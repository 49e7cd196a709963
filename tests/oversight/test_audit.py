"""The audit chain: whoever holds only the database cannot change, remove, swap or cut lines unnoticed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import psycopg
import pytest
from click.testing import CliRunner

from portal import audit
from portal.access.ticket import enter_case
from portal.audit import OFFICE, Fault, verify
from portal.cli import cli
from portal.db import connect
from portal.demo.postgres import EmbeddedPostgres
from portal.events import Event
from portal.runtime import Runtime
from portal.services.cases import overview
from tests.support.story import Room, Story


@pytest.fixture
def room(story: Story) -> Room:
    """A case with a dozen lines in its chain."""
    made = story.case()
    thread = story.thread(made, made.guide)
    for _ in range(5):
        story.reply(made, made.young, thread)
    return made


@pytest.fixture
def check(runtime: Runtime, portal_settings) -> Iterator[Callable[[], list[Fault]]]:  # type: ignore[no-untyped-def]
    engine = connect(portal_settings.owner_database_url)

    def run() -> list[Fault]:
        with engine.connect() as connection:
            return list(verify(connection, runtime.keyring))

    yield run
    engine.dispose()


def _last(owner: psycopg.Connection, chain: UUID) -> int:
    row = owner.execute("select max(seq) from audit_event where chain_id = %s", [chain]).fetchone()
    assert row is not None
    return int(row[0])


def test_an_untouched_chain_is_whole(room: Room, check: Callable[[], list[Fault]]) -> None:
    assert check() == []


@pytest.mark.parametrize(
    "change",
    [
        "actor_id = gen_random_uuid()",
        "at = at + interval '1 second'",
        "event = 'case.viewed'",
        'fields = \'{"level": "none"}\'',
        "item_id = null",
        "compartment_id = gen_random_uuid()",
        "membership_id = null",
        "mac = decode(repeat('00', 32), 'hex')",
    ],
)
def test_a_changed_line_is_found(
    change: str, room: Room, owner: psycopg.Connection, check: Callable[[], list[Fault]]
) -> None:
    owner.execute(f"update audit_event set {change} where chain_id = %s and event = 'level.set'", [room.case_id])  # type: ignore[arg-type]
    assert any(fault.chain == room.case_id and fault.what == "changed" for fault in check())


def test_a_deleted_line_is_found(room: Room, owner: psycopg.Connection, check: Callable[[], list[Fault]]) -> None:
    owner.execute("delete from audit_event where chain_id = %s and seq = 4", [room.case_id])
    assert Fault(room.case_id, 4, "missing") in check()


def test_the_first_line_deleted_is_found(
    room: Room, owner: psycopg.Connection, check: Callable[[], list[Fault]]
) -> None:
    owner.execute("delete from audit_event where chain_id = %s and seq = 1", [room.case_id])
    assert Fault(room.case_id, 1, "missing") in check()


def test_two_lines_swapped_are_found(room: Room, owner: psycopg.Connection, check: Callable[[], list[Fault]]) -> None:
    for old, new in ((3, -3), (4, 3), (-3, 4)):
        owner.execute("update audit_event set seq = %s where chain_id = %s and seq = %s", [new, room.case_id, old])
    assert {fault.what for fault in check()} == {"changed"}


def test_lines_cut_from_the_end_are_found(
    room: Room, owner: psycopg.Connection, check: Callable[[], list[Fault]]
) -> None:
    owner.execute("delete from audit_event where chain_id = %s and seq > 5", [room.case_id])
    assert [fault.what for fault in check()] == ["cut or head changed"]


def test_lines_cut_from_the_end_are_found_even_when_the_head_is_set_back_to_fit(
    room: Room, owner: psycopg.Connection, check: Callable[[], list[Fault]]
) -> None:
    owner.execute("delete from audit_event where chain_id = %s and seq > 5", [room.case_id])
    owner.execute(
        "update audit_head h set seq = e.seq, mac = e.mac from audit_event e "
        "where h.chain_id = %s and e.chain_id = h.chain_id and e.seq = 5",
        [room.case_id],
    )
    assert [fault.what for fault in check()] == ["cut or head changed"]


def test_a_line_added_by_somebody_without_the_key_is_found(
    room: Room, owner: psycopg.Connection, check: Callable[[], list[Fault]]
) -> None:
    owner.execute(
        "insert into audit_event select chain_id, seq + 1, at, event, actor_id, membership_id, compartment_id, "
        "item_id, fields, mac from audit_event where chain_id = %s and seq = %s",
        [room.case_id, _last(owner, room.case_id)],
    )
    assert {fault.what for fault in check()} == {"changed", "cut or head changed"}


def test_a_whole_chain_gone_is_found(room: Room, owner: psycopg.Connection, check: Callable[[], list[Fault]]) -> None:
    owner.execute("delete from audit_event where chain_id = %s", [room.case_id])
    assert Fault(room.case_id, 1, "all lines missing") in check()
    owner.execute("delete from audit_head where chain_id = %s", [room.case_id])
    assert Fault(room.case_id, 1, "all lines missing") in check(), "the office's chain remembers that it was begun"


def test_a_chain_without_its_head_is_found(
    room: Room, owner: psycopg.Connection, check: Callable[[], list[Fault]]
) -> None:
    owner.execute("delete from audit_head where chain_id = %s", [room.case_id])
    assert Fault(room.case_id, _last(owner, room.case_id), "head missing") in check()


def test_one_cases_lines_do_not_pass_for_anothers(
    story: Story, room: Room, owner: psycopg.Connection, check: Callable[[], list[Fault]]
) -> None:
    other = story.case()
    owner.execute("delete from audit_event where chain_id = %s", [other.case_id])
    owner.execute(
        "insert into audit_event select %s, seq, at, event, actor_id, membership_id, compartment_id, item_id, "
        "fields, mac from audit_event where chain_id = %s",
        [other.case_id, room.case_id],
    )
    assert any(fault.chain == other.case_id and fault.what == "changed" for fault in check())


def test_the_application_itself_cannot_change_a_line(room: Room, postgres: EmbeddedPostgres, database: str) -> None:
    for attempt in ("update audit_event set event = 'x'", "delete from audit_event", "truncate audit_event"):
        with (
            psycopg.connect(postgres.url("portal_app", database)) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(attempt)  # type: ignore[arg-type]


def test_many_at_once_make_one_chain_without_gaps(
    room: Room, runtime: Runtime, owner: psycopg.Connection, check: Callable[[], list[Fault]]
) -> None:
    before = _last(owner, room.case_id)

    def note() -> None:
        for _ in range(10):
            with runtime.unit_of_work(room.guide.id) as session:
                audit.record(session, Event.CASE_VIEWED, chain=room.case_id)
                audit.record(session, Event.STRANGER_REFUSED, chain=OFFICE)

    threads = [threading.Thread(target=note) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _last(owner, room.case_id) == before + 60
    assert check() == []


def test_two_who_read_the_same_end_of_a_chain_both_leave_their_lines(
    room: Room, story: Story, owner: psycopg.Connection, check: Callable[[], list[Fault]]
) -> None:
    """Both came in before either left: the second finds that the chain has gone on, and follows the first."""
    before = _last(owner, room.case_id)
    with story.acting(room.guide) as guide, story.acting(room.young) as young:
        for actor in (guide, young):
            overview.overview(enter_case(actor, room.case_id))
        guide.session.commit()
        young.session.commit()
        overview.overview(enter_case(guide, room.case_id))
    written = owner.execute(
        "select actor_id from audit_event where chain_id = %s and seq > %s order by seq", [room.case_id, before]
    )
    assert [actor for (actor,) in written] == [room.guide.id, room.young.id, room.guide.id]
    assert check() == []


def test_the_command_says_what_it_found(
    room: Room, owner: psycopg.Connection, portal_settings, monkeypatch: pytest.MonkeyPatch
) -> None:  # type: ignore[no-untyped-def]
    for name in ("database_url", "owner_database_url", "keys_file"):
        monkeypatch.setenv(name.upper(), str(getattr(portal_settings, name)))
    fine = CliRunner().invoke(cli, ["verify-audit"])
    assert (fine.exit_code, fine.output) == (0, "every chain is whole\n")
    owner.execute("delete from audit_event where chain_id = %s and seq = 2", [room.case_id])
    found = CliRunner().invoke(cli, ["verify-audit"])
    assert found.exit_code == 1
    assert f"chain {room.case_id} line 2: missing" in found.output
    assert uuid4()
