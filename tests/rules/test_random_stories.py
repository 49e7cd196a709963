"""Random stories, told by the real verbs on the real database, against a book kept beside them.

The book (book.py) holds the facts as they were told, never as they were stored. After every step (happenings.py) it
must agree with the facts that are read back, and the naive judge's reading of the book must agree with the stored
windows (now and at instants ahead), with the ticket of everybody, with the rows the application's role sees in raw SQL
in everybody's name, and with what somebody reaches over HTTP. The clocks of both walls stand still between steps.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from math import ceil

import psycopg
import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from portal import clock
from portal.access.actor import Actor
from portal.access.policy.actions import Action
from portal.access.ticket import enter_case
from portal.access.window_store import differences, load_facts
from portal.errors import NotFound
from portal.runtime import Runtime
from portal.settings import Settings
from tests.rules.book import COMPARTMENTS, Scene
from tests.rules.happenings import Happenings
from tests.support.browser import Browser

STEPS, OF_A_STORY = (10_000, 50) if os.environ.get("HYPOTHESIS_PROFILE") == "long" else (150, 30)
"""At night, and every time."""

STOPPED_CLOCK = """
    create table stopped_clock (at timestamptz not null);
    insert into stopped_clock values (now());
    grant select on stopped_clock to public;
    create or replace function wall_clock() returns timestamptz language sql stable
        as $$ select at from stopped_clock $$;
"""
CONTENT = ("file", "file_version", "thread", "message", "search_entry")


class Stories(Happenings):
    """What must be true after every step."""

    turn = 0

    @invariant()
    def the_log_reads_what_was_told(self) -> None:
        self.scene.steps += 1
        with closing(self.scene.runtime.new_session()) as session:
            read = load_facts(session, self.room.case_id)
            assert differences(session, self.room.case_id) == []
        told = self.book.facts()
        assert {m.id: m for m in read.members} == self.book.members
        assert {c.id: c for c in read.consents} == {c.id: c for c in told.consents}
        assert read.withdrawals == told.withdrawals
        assert {o.id: o for o in read.overrides} == {o.id: o for o in told.overrides}
        when = [{(f.member_id, f.frozen_at, f.lifted_at) for f in facts.freezes} for facts in (read, told)]
        assert when[0] == when[1]
        assert read.ownerships == told.ownerships
        assert read.openings == told.openings
        assert {rule.key: rule for rule in read.rules.compartments} == {
            rule.key: rule for rule in told.rules.compartments
        }
        assert (read.birth_date, read.owner_unit_id) == (told.birth_date, told.owner_unit_id)

    @invariant()
    def the_stored_windows_are_what_the_judge_says(self) -> None:
        rows = self.scene.owner.execute(
            "select membership_id, key, can_write, valid_from, valid_until from access_window w "
            "join compartment c on c.id = compartment_id where w.case_id = %s",
            [self.room.case_id],
        ).fetchall()
        now, majority = self.scene.now, self.book.majority()
        ahead = [now, majority, majority - timedelta(microseconds=1), now + timedelta(days=500)]
        ahead += [row[4] for row in rows if row[4]][:4]
        for at in (instant for instant in ahead if instant >= now):
            for member in self.book.members.values():
                open_then = {
                    key: can_write
                    for member_id, key, can_write, since, until in rows
                    if member_id == member.id and since <= at and (until is None or at < until)
                }
                assert open_then == self.book.judged(member, at), (member.capacity, at)

    @invariant()
    def everybodys_ticket_opens_what_the_judge_says(self) -> None:
        for someone, allowed in self.book.everybody():
            with closing(self.scene.runtime.new_session(someone.id)) as session:
                actor = Actor(session, someone.id, someone.unit_id is not None, frozenset(), someone.name)
                try:
                    ticket = enter_case(actor, self.room.case_id)
                except NotFound:
                    assert someone is self.scene.stranger
                    continue
                assert someone is not self.scene.stranger
                assert {
                    compartment.key: compartment.can_write for compartment in ticket.compartments.values()
                } == allowed
                assert ticket.allows(Action.CASE_VIEW) == bool(allowed)
                assert ticket.allows(Action.MESSAGE_WRITE) == any(allowed.values())
                owns = someone.id == self.room.guide.id
                assert ticket.allows(Action.TEAM_CHANGE) == owns

    @invariant()
    def the_database_shows_everybody_the_rows_the_judge_says(self) -> None:
        for someone, allowed in self.book.everybody():
            gone = {file.compartment for file in self.book.files if file.withdrawn}
            expected = {table: set(allowed) for table in CONTENT}
            expected |= {
                "file_withdrawal": set(allowed) & gone,
                "may write": {k for k, write in allowed.items() if write},
            }
            is_owner = someone.id == self.room.guide.id
            case_rows = {"cases": bool(allowed) or is_owner, "case_key": bool(allowed), "team_level": bool(allowed)}
            assert self._seen_by(someone.id) == (expected, case_rows), someone

    def _seen_by(self, person_id: object) -> tuple[dict[str, set[str]], dict[str, bool]]:
        """The compartments of which the application's role sees rows in somebody's name, without the application."""
        raw, about = self.scene.raw, {"case": self.room.case_id}
        raw.execute("select set_config('app.person_id', %s, false)", [str(person_id)])
        keys, found = self._compartment_keys(), {table: set() for table in (*CONTENT, "file_withdrawal", "may write")}
        for table, compartment in raw.execute(_ROWS, about, prepare=True):
            if compartment in keys:
                found[table].add(keys[compartment])
        return found, dict(raw.execute(_CASE_ROWS, about, prepare=True).fetchall())

    def _compartment_keys(self) -> dict[object, str]:
        rows = self.scene.owner.execute("select id, key from compartment where case_id = %s", [self.room.case_id])
        return dict(rows.fetchall())

    @invariant()
    def an_offer_can_be_taken_when_the_judge_says(self) -> None:
        """By the one it is made to, and by nobody else: as the database answers."""
        for someone, _ in self.book.everybody():
            self.scene.raw.execute("select set_config('app.person_id', %s, false)", [str(someone.id)])
            takes = self.scene.raw.execute("select cardinality(my_takeable_offers()) > 0").fetchone()
            assert takes == (someone is self.book.offered and self.book.can_be_taken(),), someone

    @invariant()
    def somebody_reaches_over_http_what_the_judge_says(self) -> None:
        """Somebody else at each step, the stranger among them, and another page of the case each time."""
        everybody, case = self.book.everybody(), f"/cases/{self.room.case_id}"
        self.turn += 1
        someone, allowed = everybody[self.turn % len(everybody)]
        browser = Browser(self.scene.app, self.story.token(someone), thorough=False)
        closed = 404 if someone is self.scene.stranger else 403
        assert browser.get(case).status == (200 if allowed else closed)
        if self.turn % 3 == 0:
            assert (f'href="{case}"' in browser.get("/cases").everything) == bool(allowed)
        elif self.turn % 3 == 1:
            assert browser.get(f"{case}/messages/new").status == (200 if any(allowed.values()) else closed)
        else:
            # An older file or a newer one, withdrawn or not.
            file = self.book.files[-1 - self.turn // 3 % min(len(self.book.files), 2 * len(COMPARTMENTS))]
            there = file.compartment in allowed
            page = browser.get(f"{case}/files/{file.id}")
            assert page.status == (200 if there else 404 if allowed else closed), (file, allowed)
            bytes_of_it = browser.get(f"{case}/files/{file.id}/versions/1").status
            assert bytes_of_it == (200 if there and not file.withdrawn else 404 if allowed else closed), (file, allowed)


_ROWS = " union all ".join(
    [
        f"select distinct '{table}', compartment_id from {table} where case_id = %(case)s"
        for table in (*CONTENT, "file_withdrawal")
    ]
    + ["select 'may write', unnest(my_writable_compartments())"]
)
_CASE_ROWS = " union all ".join(
    f"select '{table}', exists (select from {table} where {column} = %(case)s)"
    for table, column in (("cases", "id"), ("case_key", "case_id"), ("team_level", "case_id"))
)


@pytest.fixture
def scene(
    runtime: Runtime, app: Flask, owner: psycopg.Connection, portal_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Scene]:
    owner.execute(STOPPED_CLOCK)
    with psycopg.connect(portal_settings.database_url, autocommit=True) as raw:
        found = Scene(runtime, app, owner, raw)
        monkeypatch.setattr(clock, "source", lambda: found.now)
        yield found


def test_whatever_happens_in_a_case_everybody_sees_what_the_rules_say(scene: Scene) -> None:
    machine = type("StoriesHere", (Stories,), {"scene": scene})
    # Some stories are broken off, because they drew too much chance: then others are told until it is enough.
    while scene.steps < STEPS:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=ceil((STEPS - scene.steps) / OF_A_STORY),
                stateful_step_count=OF_A_STORY,
                deadline=None,
                print_blob=True,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.generate, Phase.shrink],
            ),
        )
