"""A real PostgreSQL per test process, a fresh copy of a migrated database per test, and the people to fill it with."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import traceback
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import structlog
from flask import Flask
from hypothesis import HealthCheck, settings

from portal import clock, create_app
from portal.demo.postgres import EmbeddedPostgres, running
from portal.house import House, open_house
from portal.migrate import migrate
from portal.settings import Settings
from portal.storage.keys import make_keys
from tests.browser import Browser
from tests.clamd_server import ClamdServer
from tests.s3_server import S3Server
from tests.story import Story
from tests.world import World, build

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
settings.register_profile(
    "default", max_examples=60, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("long", settings.get_profile("default"), max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

# The walls ask `wall_clock()` what time it is. In the product that is now(); here it can be moved, together with the
# clock of the application, so that both walls always agree on the day of the story.
MOVABLE_CLOCK = """
    create table test_clock (shift interval not null);
    insert into test_clock values ('0');
    grant select on test_clock to public;
    create or replace function wall_clock() returns timestamptz language sql stable
        as $$ select now() + (select shift from test_clock) $$;
"""


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    """A folder that `nobody` can walk into too, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="folgeskab-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(scratch: Path) -> Iterator[EmbeddedPostgres]:
    """The cluster of this test process, with a migrated database to copy from."""
    with running(scratch / "database", sync=False) as server:
        server.create_database("template")
        migrate(server.url("portal_owner", "template"))
        with psycopg.connect(server.url("portal_owner", "template"), autocommit=True) as connection:
            connection.execute(MOVABLE_CLOCK)
        yield server


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """The S3 server of this test process. Tests that use it belong to the group `s3`, so that one is enough."""
    server = S3Server()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def clamd_server() -> Iterator[ClamdServer]:
    """The virus scanner of this test process. Tests that use it belong to the group `clamd`."""
    server = ClamdServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def database(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The name of a database of this test's own."""
    name = f"test_{uuid4().hex}"
    postgres.create_database(name, template="template")
    yield name
    with psycopg.connect(postgres.url("postgres", "postgres"), autocommit=True) as connection:
        connection.execute(f'drop database "{name}" with (force)')


@pytest.fixture
def portal_settings(postgres: EmbeddedPostgres, database: str, tmp_path: Path) -> Settings:
    make_keys(tmp_path / "keys.json")
    return _settings(postgres, database, tmp_path)


def _settings(postgres: EmbeddedPostgres, database: str, folder: Path) -> Settings:
    return Settings(
        environment="test",
        base_url="http://localhost",
        data_dir=folder,
        database_url=postgres.url("portal_app", database),
        worker_database_url=postgres.url("portal_worker", database),
        reports_database_url=postgres.url("portal_reports", database),
        owner_database_url=postgres.url("portal_owner", database),
        keys_file=folder / "keys.json",
        mail_url=f"folder://{folder / 'mail'}",
    )


@pytest.fixture
def house(portal_settings: Settings) -> Iterator[House]:
    made = open_house(portal_settings)
    yield made
    made.engine.dispose()


@pytest.fixture
def app(house: House, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The web application. A fault of ours ends the test that met it, unless it is about faults."""
    if "faulty" not in request.keywords:
        monkeypatch.setattr("portal.views.errors.fault", _show_fault)
    return create_app(house)


def _show_fault() -> None:
    """Ends the test: a fault of ours is never what a page should show."""
    pytest.fail(traceback.format_exc())


@pytest.fixture
def story(house: House) -> Story:
    return Story(house)


@pytest.fixture
def browser(app: Flask) -> Browser:
    """Somebody's browser; nobody is signed in."""
    return Browser(app)


@pytest.fixture
def owner(postgres: EmbeddedPostgres, database: str) -> Iterator[psycopg.Connection]:
    """A connection that no wall holds back: the administrator of the database server."""
    with psycopg.connect(postgres.url("postgres", database), autocommit=True) as connection:
        yield connection


class Calendar:
    """Moves the time of the application and of the walls together."""

    def __init__(self, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
        self._owner, self._monkeypatch, self._real = owner, monkeypatch, clock.source
        self.shift = timedelta()

    def move(self, **by: float) -> None:
        """`move(days=3)`: three days on from where the story is."""
        self.shift += timedelta(**by)
        self._owner.execute("update test_clock set shift = %s", [self.shift])
        self._monkeypatch.setattr(clock, "source", lambda: self._real() + self.shift)


@pytest.fixture
def calendar(owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> Calendar:
    return Calendar(owner, monkeypatch)


@dataclass(frozen=True)
class Finished:
    """A world that was built once, to be copied."""

    world: World
    database: str
    folder: Path


@pytest.fixture(scope="session")
def finished_world(postgres: EmbeddedPostgres, scratch: Path) -> Finished:
    folder = scratch / "world"
    folder.mkdir()
    make_keys(folder / "keys.json")
    postgres.create_database("world", template="template")
    house = open_house(_settings(postgres, "world", folder))
    world = build(house)
    house.engine.dispose()
    return Finished(world, "world", folder)


@pytest.fixture
def world(finished_world: Finished) -> World:
    """A case with everything in it and every kind of person around it; this test's own copy (see `living`)."""
    return deepcopy(finished_world.world)


@pytest.fixture
def living(finished_world: Finished, postgres: EmbeddedPostgres, tmp_path: Path) -> Iterator[House]:
    """A house with a copy of the world in it."""
    name = f"test_{uuid4().hex}"
    postgres.create_database(name, template=finished_world.database)
    folder = tmp_path / "living"
    shutil.copytree(finished_world.folder, folder)
    house = open_house(_settings(postgres, name, folder))
    yield house
    house.engine.dispose()
    with psycopg.connect(postgres.url("postgres", "postgres"), autocommit=True) as connection:
        connection.execute(f'drop database "{name}" with (force)')


@pytest.fixture
def living_app(living: House, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Flask:
    if "faulty" not in request.keywords:
        monkeypatch.setattr("portal.views.errors.fault", _show_fault)
    return create_app(living)
