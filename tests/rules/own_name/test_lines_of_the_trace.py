"""The second wall alone: a line of the audit trail is added by whoever it is of, behind the last one."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
import pytest

from portal.audit import OFFICE
from tests.rules.own_name.cast import (
    Stage,
    speaking_for,
)


def _line(connection: psycopg.Connection, chain: UUID, event: str = "case.viewed", **other: UUID | None) -> None:
    """Adds a line behind the end of a chain."""
    line = {"actor": None, "membership": None, "compartment": None, "item": None, **other}
    connection.execute(
        """select append_trace(
               %(chain)s, coalesce((select seq from trace_end(%(chain)s)), 0), '', array[now()], array[%(event)s],
               array[%(actor)s::uuid], array[%(membership)s::uuid], array[%(compartment)s::uuid], array[%(item)s::uuid],
               array['{}'::jsonb], array['x'::bytea])""",
        {"chain": chain, "event": event, **line},
    )


def test_a_line_of_the_trace_is_added_by_whoever_it_is_of_in_a_case_of_theirs(stage: Stage) -> None:
    cast, application, _owner = stage
    case, teacher = cast.room.case_id, cast.people["reader"]
    mine, theirs = cast.member("reader"), cast.member("guide")
    for fine in ({"actor": teacher.id, "membership": mine}, {"actor": teacher.id}):
        with speaking_for(application, teacher):
            _line(application, case, **fine)
    for forged in (
        {"actor": cast.people["guide"].id, "membership": theirs},
        {"actor": cast.people["guide"].id},
        {"actor": teacher.id, "membership": theirs},
        {"membership": mine},
        {},
    ):
        with speaking_for(application, teacher), pytest.raises(psycopg.errors.InsufficientPrivilege):
            _line(application, case, **forged)


def test_to_a_case_of_others_a_line_is_added_only_of_having_been_refused_there(stage: Stage) -> None:
    cast, application, _owner = stage
    case, stranger = cast.room.case_id, cast.people["outsider"]
    with speaking_for(application, stranger):
        _line(application, case, "access.refused", actor=stranger.id)
    for event, more in (
        ("case.viewed", {}),
        ("access.refused", {"membership": cast.member("guide")}),
        ("access.refused", {"item": cast.member("guide")}),
        ("access.refused", {"compartment": cast.made["compartment_id"]}),
    ):
        with speaking_for(application, stranger), pytest.raises(psycopg.errors.InsufficientPrivilege):
            _line(application, case, event, actor=stranger.id, **more)
    with speaking_for(application, stranger), pytest.raises(psycopg.errors.InsufficientPrivilege):
        _line(application, OFFICE, "signed.in", actor=cast.people["guide"].id)


def test_an_administrator_adds_to_others_cases_what_they_changed_of_a_professional_there(stage: Stage) -> None:
    cast, application, _owner = stage
    case, admin, reader = cast.room.case_id, cast.story.admin(), cast.member("reader")
    with speaking_for(application, admin):
        _line(application, case, "member.changed", actor=admin.id, item=reader)
    for event, who, item in (
        ("member.changed", admin, cast.member("young")),
        ("member.changed", admin, uuid4()),
        ("member.corrected", admin, reader),
        ("case.viewed", admin, reader),
        ("member.changed", cast.people["outsider"], reader),
    ):
        with speaking_for(application, who), pytest.raises(psycopg.errors.InsufficientPrivilege):
            _line(application, case, event, actor=who.id, item=item)


def test_the_machine_adds_lines_of_nobody_and_of_nobody_else(stage: Stage) -> None:
    cast, application, _owner = stage
    with speaking_for(application, None):
        _line(application, cast.room.case_id, "consent.ending")
    with speaking_for(application, None), pytest.raises(psycopg.errors.InsufficientPrivilege):
        _line(application, cast.room.case_id, actor=cast.people["guide"].id)


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_head set seq = 1",
        "delete from audit_head",
        "insert into audit_head values (gen_random_uuid(), 0, '', '')",
        "insert into audit_event select chain_id, seq + 9999, at, event, actor_id, null, null, null, '{}', '' "
        "from audit_event limit 1",
    ],
)
@pytest.mark.parametrize("who", ["reader", "guide"])
def test_the_end_of_a_chain_is_moved_by_adding_to_it_and_not_otherwise(statement: str, who: str, stage: Stage) -> None:
    cast, application, _owner = stage
    with speaking_for(application, cast.people[who]), pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute(statement)  # type: ignore[arg-type]


def test_lines_are_numbered_on_from_the_end_and_a_chain_that_moved_on_takes_none(stage: Stage) -> None:
    cast, application, _owner = stage
    case, guide = cast.room.case_id, cast.people["guide"]
    add = """select append_trace(%s, %s, '', array[now(), now()], array['case.viewed', 'log.viewed'],
                 array_fill(%s::uuid, array[2]), array_fill(null::uuid, array[2]), array_fill(null::uuid, array[2]),
                 array_fill(null::uuid, array[2]), array_fill('{}'::jsonb, array[2]), array['x'::bytea, 'y'::bytea])"""
    with speaking_for(application, guide):
        end = application.execute("select seq from trace_end(%s)", [case]).fetchone()
        assert end is not None
        assert application.execute(add, [case, end[0] - 1, guide.id]).fetchone() == (0,)
        assert application.execute(add, [case, end[0], guide.id]).fetchone() == (2,)
        lines = "select seq, event, mac from audit_event where chain_id = %s and seq > %s order by seq"
        assert application.execute(lines, [case, end[0]]).fetchall() == [
            (end[0] + 1, "case.viewed", b"x"),
            (end[0] + 2, "log.viewed", b"y"),
        ]
        head = application.execute("select seq, mac from audit_head where chain_id = %s", [case]).fetchone()
        assert head == (end[0] + 2, b"y")
