"""`portal access`: why, from when, until when; and whether what is stored is what the facts give."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest
from click.testing import CliRunner, Result

from portal import clock
from portal.access.policy.roles import Capacity, Level
from portal.access.policy.windows import majority
from portal.access.window_store import load_facts
from portal.cli import cli
from portal.runtime import Runtime
from portal.settings import Settings
from tests.support.story import Room, Story, years_ago


@pytest.fixture
def portal(portal_settings: Settings, runtime: Runtime, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """The command line of this installation."""
    for name in ("environment", "database_url", "owner_database_url", "keys_file", "data_dir"):
        monkeypatch.setenv(name.upper(), str(getattr(portal_settings, name)))

    def run(*words: object) -> Result:
        return CliRunner().invoke(cli, [str(word) for word in words])

    return run


def _line(result: Result, compartment: str, now: bool = True) -> list[str]:
    mark = ">" if now else " "
    return [line for line in result.output.splitlines() if line.startswith(f"{mark} {compartment}:")]


def test_explain_says_why_from_when_and_until_when(portal, story: Story) -> None:  # type: ignore[no-untyped-def]
    room = story.case()
    teacher = story.staff("Lars Lærer", "Skolen")
    story.add(room, teacher, Level.READ)
    waiting = portal("access", "explain", room.case_id, teacher.id)
    assert "consent_missing (young_person" in _line(waiting, "shared")[0]
    assert "consent_missing (young_person" in _line(waiting, "professionals")[0]
    consent = story.consent(room, room.young)
    for parent in room.parents:
        story.consent(room, parent)
    told = portal("access", "explain", room.case_id, teacher.id)
    assert told.exit_code == 0
    [now] = _line(told, "shared")
    assert ": may read from 20" in now
    assert f"consent {consent}" in now
    with story.runtime.unit_of_work() as session:
        grown_up = majority(load_facts(session, room.case_id))
    assert f"until {grown_up.astimezone(clock.ZoneInfo('Europe/Copenhagen')):%Y-%m-%d} 00:00" in now
    later = _line(told, "shared", now=False)
    assert "consent_missing" in later[0], "before anybody had said yes"
    assert "consent_expired" in later[-1], "after a year"
    assert "until further notice" in later[-1]


def test_explain_knows_the_custody_and_what_the_owner_closed(portal, story: Story) -> None:  # type: ignore[no-untyped-def]
    room = story.case()
    told = portal("access", "explain", room.case_id, room.parents[0].id)
    assert "holds custody from" in told.output
    assert not _line(told, "without_parents"), "not meant for parents"
    colleague = story.staff("Kim Kollega")
    story.add(room, colleague)
    story.set_level(room, colleague, Level.NONE)
    closed = portal("access", "explain", room.case_id, colleague.id)
    assert _line(closed, "shared")[0].endswith(": closed")
    assert _line(closed, "shared", now=False)[0].split(": ")[-1] == "own_unit"


def test_explain_knows_professionals_by_their_mail_address(portal, story: Story, owner: psycopg.Connection) -> None:  # type: ignore[no-untyped-def]
    room = story.case()
    row = owner.execute("select email from staff where person_id = %s", [room.guide.id]).fetchone()
    assert row is not None
    told = portal("access", "explain", room.case_id, row[0].upper())
    assert ": owner" in _line(told, "professionals")[0]


def test_explain_tells_nothing_about_somebody_outside_and_leaves_a_trace(
    portal,  # type: ignore[no-untyped-def]
    story: Story,
    owner: psycopg.Connection,
) -> None:
    room, outsider = story.case(), story.staff("Ulrik Udenfor")
    for case_id, person in ((room.case_id, outsider.id), (uuid4(), room.guide.id), (room.case_id, "no@body.example")):
        refused = portal("access", "explain", case_id, person)
        assert refused.exit_code == 1
        assert str(refused.exception) == "no such person in such a case"
    portal("access", "explain", room.case_id, room.young.id)
    lines = owner.execute(
        "select actor_id, item_id from audit_event where chain_id = %s and event = 'access.explained'", [room.case_id]
    ).fetchall()
    assert lines == [(None, room.member(room.young))]
    assert "Ulla" not in portal("access", "explain", room.case_id, room.young.id).output, "ids, no names"


def test_check_finds_nothing_where_nothing_was_tampered_with(portal, story: Story) -> None:  # type: ignore[no-untyped-def]
    _eventful(story)
    _eventful(story)
    checked = portal("access", "check")
    assert (checked.exit_code, checked.output) == (0, "every stored window is the one the facts give\n")


@pytest.mark.parametrize(
    ("tampering", "says"),
    [
        ("update access_window set can_write = not can_write", "stored, not computed"),
        ("update access_window set valid_until = valid_until + interval '1 second' where valid_until is not null", ""),
        ("update access_window set basis = 'own_unit' where basis = 'consent'", "basis=own_unit"),
        ("update access_window set consents = '[]' where consents <> '[]'", "consents="),
        ("delete from access_window where basis = 'owner'", "computed, not stored"),
        ("delete from access_notice", "computed, not stored"),
        ("update access_notice set blockers = '[]'", "blockers="),
        ("update access_notice set consent_asked_until = null where consent_asked_until is not null", ""),
        ("update cases set birth_date = birth_date + 1", "valid_until"),
    ],
)
def test_check_finds_every_kind_of_difference(
    tampering: str,
    says: str,
    portal,  # type: ignore[no-untyped-def]
    story: Story,
    owner: psycopg.Connection,
) -> None:
    room = _eventful(story)
    story.case()
    assert owner.execute(tampering).rowcount  # type: ignore[arg-type]
    checked = portal("access", "check")
    assert checked.exit_code == 1
    assert f"case {room.case_id}" in checked.output
    assert says in checked.output
    row = owner.execute("select fields ->> 'hits' from audit_event where event = 'windows.checked'").fetchone()
    assert row == (str(len(checked.output.splitlines())),)
    repaired = portal("access", "check", "--repair")
    assert repaired.exit_code == 0
    assert repaired.output.endswith("every stored window is the one the facts give\n")
    assert owner.execute("select count(*) from audit_event where event = 'access.rewritten'").fetchone() != (0,)
    assert portal("access", "check", "--repair").output.startswith("wrote the windows of 0 cases anew")


def test_check_is_about_what_lies_ahead(portal, story: Story, calendar) -> None:  # type: ignore[no-untyped-def]
    _eventful(story)
    calendar.move(days=500)
    assert portal("access", "check").exit_code == 0


def test_matrix_writes_the_page_of_the_docs(portal) -> None:  # type: ignore[no-untyped-def]
    assert portal("access", "matrix", "--check").exit_code == 0
    assert portal("write-docs", "--check").exit_code == 0


def _eventful(story: Story) -> Room:
    room = story.case(born=years_ago(17, 300), parents=2)
    teacher, nurse = story.staff("Lars Lærer", "Skolen"), story.staff("Signe Sygeplejerske", "Sundhed")
    story.add(room, teacher, Level.READ)
    story.add(room, nurse, Level.WRITE)
    story.add_citizen(room, "Tove Tante", Capacity.NETWORK_PERSON)
    story.everybody_agrees(room)
    story.withdraw(room, room.young, "Sundhed")
    story.set_level(room, room.parents[1], Level.NONE)
    return room
