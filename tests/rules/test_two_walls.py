"""Two walls: the ticket in the application, row-level security in the database. Each is taken down in turn and the
other must hold alone; with both down the same search must find something, or it could not find anything."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.access import ticket
from portal.access.actor import Actor
from portal.access.compartments import OpenCompartment
from portal.access.policy.decide import standing_of
from portal.access.policy.roles import Capacity, Level
from portal.access.ticket import CaseTicket
from portal.access.window_store import KeyRow
from portal.demo.postgres import EmbeddedPostgres
from portal.errors import NotFound
from portal.models import AccessWindow, Case, CaseKey, Membership
from portal.runtime import Runtime
from portal.services.cases import register
from portal.web import guard
from tests.rules.leaks import hidden_from, in_every_run, leaks
from tests.support.application import app_for
from tests.support.world import BETWEEN_TWO, EVERYTHING, MEMBERS, STRANGERS, World

OUTSIDE = [kind for kind, sees in (MEMBERS | STRANGERS).items() if sees != EVERYTHING]
"""Everybody from whom something must be hidden."""
ASKED = in_every_run("teacher", "waiting", "stranger", at_night=OUTSIDE)


@pytest.fixture
def without_wall_one(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    """The application believes that everybody may do everything everywhere."""

    def everything(_actor: Actor, _case_id: UUID) -> dict[UUID, OpenCompartment]:
        return {id_: OpenCompartment(id_, key, True, clock.now()) for key, id_ in world.compartments.items()}

    def enter_anywhere(actor: Actor, case_id: UUID) -> CaseTicket:
        found = select(Membership).where(Membership.case_id == case_id)
        membership = actor.session.scalars(found).first()
        case = actor.session.get(Case, case_id)
        key = actor.session.get(CaseKey, case_id)
        if membership is None:
            raise NotFound
        return CaseTicket(
            actor=actor,
            case_id=case_id,
            membership=membership,
            standing=standing_of(Capacity.OWNER, False),
            level=Level.WRITE,
            compartments=everything(actor, case_id),
            _case=case,
            _key_row=KeyRow(key.master_id, key.wrapped) if key else None,
        )

    def all_compartments(actor: Actor) -> dict[UUID, UUID]:
        return {w.compartment_id: w.case_id for w in actor.session.scalars(select(AccessWindow))}

    monkeypatch.setattr(guard, "enter_case", enter_anywhere)
    monkeypatch.setattr(ticket, "admission", everything)
    monkeypatch.setattr(register, "open_compartments", all_compartments)
    monkeypatch.setattr("portal.services.shared.audience.leads", lambda _ticket: True)


@pytest.mark.faulty  # an application that believes too much stumbles over what it is not given
@pytest.mark.parametrize("kind", ASKED)
def test_the_database_holds_alone(
    kind: str, living_app: Flask, living: Runtime, world: World, without_wall_one: None
) -> None:
    assert leaks(kind, living_app, living, world) == set()


@pytest.mark.parametrize("kind", ASKED)
def test_the_ticket_holds_alone(kind: str, living: Runtime, blind: Runtime, world: World) -> None:
    with app_for(blind) as app:
        assert leaks(kind, app, living, world) == set()


@pytest.mark.parametrize("kind", ["teacher", "stranger"])
def test_with_both_walls_down_the_search_finds_what_was_hidden(
    kind: str, living: Runtime, blind: Runtime, world: World, without_wall_one: None
) -> None:
    with app_for(blind) as app:
        assert leaks(kind, app, living, world) == hidden_from(kind, world)


@pytest.mark.parametrize("kind", [*MEMBERS, *STRANGERS])
def test_raw_sql_as_the_applications_role_sees_only_open_compartments(
    kind: str, living: Runtime, world: World, postgres: EmbeddedPostgres
) -> None:
    names = {id_: key for key, id_ in world.compartments.items()}
    url = postgres.url("portal_app", str(living.engine.url.database))
    with psycopg.connect(url) as connection:
        connection.execute("select set_config('app.person_id', %s, true)", [str(world.people[kind].id)])
        for table in ("file", "file_version", "thread", "message", "search_entry"):
            rows = connection.execute(f"select compartment_id from {table} where case_id = %s", [world.room.case_id])  # type: ignore[arg-type]
            assert {names[row[0]] for row in rows} == world.sees[kind], table
        windows = connection.execute(
            "select compartment_id from access_window where case_id = %s", [world.room.case_id]
        )
        # Who answers for the case may know everybody's.
        known = EVERYTHING if kind in BETWEEN_TWO else world.sees[kind]
        assert {names[row[0]] for row in windows} == known
        keys = connection.execute("select 1 from case_key where case_id = %s", [world.room.case_id]).fetchall()
        assert bool(keys) == bool(world.sees[kind])
        if not world.sees[kind]:
            for table in ("cases", "compartment", "team_level"):
                column = "id" if table == "cases" else "case_id"
                found = connection.execute(f"select 1 from {table} where {column} = %s", [world.room.case_id])  # type: ignore[arg-type]
                assert not found.fetchall(), table
            others = connection.execute(
                "select 1 from membership where case_id = %s and person_id <> %s",
                [world.room.case_id, world.people[kind].id],
            )
            assert not others.fetchall()


def test_nobody_at_all_sees_nothing(living: Runtime, postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.url("portal_app", str(living.engine.url.database))) as connection:
        for table in ("cases", "case_key", "membership", "access_window", "file", "message", "consent", "audit_event"):
            assert connection.execute(f"select count(*) from {table}").fetchone() == (0,), table  # type: ignore[arg-type]
        connection.execute("select set_config('app.person_id', '', true)")
        assert connection.execute("select count(*) from cases").fetchone() == (0,)


def test_a_pooled_connection_forgets_who_it_spoke_for(living: Runtime, world: World) -> None:
    with living.unit_of_work(world.people["guide"].id) as session:
        assert session.scalars(select(Case)).all()
    for _ in range(living.engine.pool.size()):  # type: ignore[attr-defined]
        with living.unit_of_work() as session:
            assert not session.scalars(select(Case)).all()
