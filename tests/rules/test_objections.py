"""What somebody who is asked for a yes wants changed is between them and the guide, behind either wall alone."""

from __future__ import annotations

import psycopg

from portal.demo.postgres import EmbeddedPostgres
from portal.runtime import Runtime
from tests.plans.test_asking_for_a_change import WORDS, ask, told
from tests.support.story import Story
from tests.support.world import MEMBERS, STRANGERS, World
from tests.support.writing import Writing


def test_the_database_shows_it_to_the_two_alone(living: Runtime, world: World, postgres: EmbeddedPostgres) -> None:
    story = Story(living)
    writing = Writing(story, world.room)
    writing.propose(world.people["guide"])
    ask(story, world.room, world.room.young, writing=writing)
    url = postgres.url("portal_app", str(living.engine.url.database))
    seen = "select count(*) from audit_event where chain_id = %s and event = 'schema.objected'"
    for kind in (*MEMBERS, *STRANGERS):
        with psycopg.connect(url) as connection:
            connection.execute("select set_config('app.person_id', %s, true)", [str(world.people[kind].id)])
            between = kind in ("guide", "young person")
            rows = connection.execute("select words_sealed from plan_objection").fetchall()
            assert bool(rows) == between, kind
            assert not [row for row in rows if WORDS.encode() in bytes(row[0])], "it is sealed too"
            assert connection.execute(seen, [world.room.case_id]).fetchone() == (int(between),), kind


def test_without_the_second_wall_the_first_holds(living: Runtime, blind: Runtime, world: World) -> None:
    """The same question on a database role that row-level security does not hold."""
    writing = Writing(Story(living), world.room)
    writing.propose(world.people["guide"])
    ask(Story(living), world.room, world.room.young, writing=writing)
    for kind in MEMBERS:
        if world.sees[kind]:
            found = told(Story(blind), world.room, world.people[kind])
            assert bool(found) == (kind in ("guide", "young person")), kind
