"""A real PostgreSQL per test process, a migrated database for each test, and the people to fill it with."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
import structlog
from argon2 import PasswordHasher
from flask import Flask
from hypothesis import HealthCheck, settings

from portal import clock
from portal import runtime as opening
from portal.access import facts_cache
from portal.access.policy.facts import Facts
from portal.access.policy.roles import Level
from portal.access.signin import passwords
from portal.access.window_store import load_facts
from portal.db import PortalSession
from portal.demo.postgres import EmbeddedPostgres, running
from portal.documents import slots
from portal.migrate import migrate
from portal.runtime import Runtime, open_runtime, runtime_for
from portal.settings import Settings
from portal.storage.keys import make_keys
from tests.support.application import app_for
from tests.support.browser import Browser
from tests.support.clamd_server import ClamdServer
from tests.support.databases import MOVABLE_CLOCK, TELLTALE, Reused, close_runtime, engine_of
from tests.support.s3_server import S3Server
from tests.support.story import Room, Someone, Story
from tests.support.world import World, build

pytest_plugins = ["tests.support.case_fixtures", "tests.support.chromium", "tests.support.screen_fixtures"]

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
settings.register_profile(
    "default", max_examples=60, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("long", settings.get_profile("default"), max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

SHIPPED = passwords._hasher
"""What the portal hashes passwords with. The passwords of a story are worth nothing to anybody and get less."""
passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

# As Python looks for garbage by itself (every 700 new objects) it is 3.5 % of all that the tests take, in a process
# that holds a million objects for as long as it lives.
gc.set_threshold(20_000, 20, 20)

# Tests come back to the same few databases.
opening.connect = engine_of
Runtime.close = close_runtime  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def what_is_cached_is_what_would_be_read(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """In every test, whatever it is about: facts that are recalled are held against the database's. In a test that asks
    hundreds of times each of the first, then now and again."""
    if "recalls" in request.keywords:
        return
    cached_facts, times = facts_cache.facts, count()

    def checked(session: PortalSession, case_id: UUID, stamp: UUID | None) -> Facts:
        found, time = cached_facts(session, case_id, stamp), next(times)
        # Without a stamp nothing was recalled: read twice, it may differ by what somebody else did in between.
        if stamp is not None and (time < 40 or time % 20 == 0):
            assert found == load_facts(session, case_id), "a fact changed, and the windows were not rewritten with it"
        return found

    monkeypatch.setattr(facts_cache, "facts", checked)


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    """A folder that `nobody` can walk into too, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="folgeskab-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def own_slots(scratch: Path) -> None:
    """Readers of other test processes are not counted with those of this one."""
    slots.FOLDER = scratch / "readers"


@pytest.fixture(scope="session")
def postgres(scratch: Path) -> Iterator[EmbeddedPostgres]:
    """The cluster of this test process, with a migrated database to copy from."""
    with running(scratch / "database", sync=False) as server:
        server.create_database("template")
        migrate(server.url("portal_owner", "template"))
        with psycopg.connect(server.url("portal_owner", "template"), autocommit=True) as connection:
            connection.execute(MOVABLE_CLOCK)
        with psycopg.connect(server.url("postgres", "template"), autocommit=True) as connection:
            connection.execute(TELLTALE)
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


@pytest.fixture(scope="session")
def empty_database(postgres: EmbeddedPostgres) -> Iterator[Reused]:
    with closing(Reused(postgres, "template")) as reused:
        yield reused


@pytest.fixture
def database(empty_database: Reused) -> str:
    """The name of a migrated database that this test has to itself."""
    return empty_database.fresh()


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
        sms_url=f"folder://{folder / 'sms'}",
        notice_rhythm="at_once",
        notice_pause_minutes=0,
        notice_spread_minutes=0,
        quiet_from=0,
        quiet_until=0,
        webdav=True,
    )


@pytest.fixture
def runtime(portal_settings: Settings) -> Iterator[Runtime]:
    with runtime_for(portal_settings) as made:
        yield made


@pytest.fixture
def app(runtime: Runtime, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The web application. A fault of ours ends the test that met it, unless it is about faults."""
    if "faulty" not in request.keywords:
        monkeypatch.setattr("portal.web.error_pages.fault", _show_fault)
    with app_for(runtime) as made:
        yield made


def _show_fault() -> None:
    """Ends the test: a fault of ours is never what a page should show."""
    pytest.fail(traceback.format_exc())


@pytest.fixture
def story(runtime: Runtime) -> Story:
    return Story(runtime)


@pytest.fixture
def room(story: Story) -> Room:
    """A case just opened, with one custody holder; most files have a fuller one."""
    return story.case(parents=1)


@pytest.fixture
def teacher(story: Story, room: Room) -> Someone:
    """Somebody of another unit who may write, since everybody who was asked has said yes."""
    made = story.staff("Lars Lærer", "Skolen")
    story.add(room, made, Level.WRITE)
    story.everybody_agrees(room)
    return made


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
    runtime = open_runtime(_settings(postgres, "world", folder))
    world = build(runtime)
    runtime.engine.dispose()
    return Finished(world, "world", folder)


@pytest.fixture
def world(finished_world: Finished) -> World:
    """A case with everything in it and every kind of person around it; this test's own copy (see `living`)."""
    return deepcopy(finished_world.world)


@pytest.fixture(scope="session")
def full_database(postgres: EmbeddedPostgres, finished_world: Finished) -> Iterator[Reused]:
    with closing(Reused(postgres, finished_world.database)) as reused:
        yield reused


@pytest.fixture
def living(
    finished_world: Finished, full_database: Reused, postgres: EmbeddedPostgres, tmp_path: Path
) -> Iterator[Runtime]:
    """A portal with a copy of the world in it."""
    folder = tmp_path / "living"
    shutil.copytree(finished_world.folder, folder)
    with runtime_for(_settings(postgres, full_database.fresh(), folder)) as runtime:
        yield runtime


@pytest.fixture
def living_app(living: Runtime, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    if "faulty" not in request.keywords:
        monkeypatch.setattr("portal.web.error_pages.fault", _show_fault)
    with app_for(living) as made:
        yield made


@pytest.fixture
def living_owner(postgres: EmbeddedPostgres, living: Runtime) -> Iterator[psycopg.Connection]:
    """A connection to it that no wall holds back."""
    with psycopg.connect(postgres.url("postgres", str(living.engine.url.database)), autocommit=True) as connection:
        yield connection


LONG = {
    # rules that open hundreds of pages, or play the same story for many people or profiles
    "test_people_by_routes",
    "test_random_stories",
    "test_leak_channels",
    "test_two_walls",
    "test_on_a_phone",
    "test_signed_words",
    "test_sealed_content",
    "test_traces",
    "test_confidences",
    "test_confided",
    "test_heard",
    "test_opening_confidences",
    "test_growth",
    "test_rights_that_stay",
    "test_every_page_is_clean_in_both_languages",
    "test_no_way_across",
    "test_migrations",
    "test_migrations_with_data",
    "test_nonsense",
    "test_nonsense_by_link",
    "test_four_at_once",
    # programs that take long to start, and whole portals
    "test_demo",
    "test_killed",
    "test_sbom",
    "test_what_word_holds",
    "test_slots",
    "test_inspection",
    "test_postgres",
    "test_midnight",
    "test_pictures",
    "test_confine",
    "test_papers_come_out",
}
"""Modules (and one test beside quick ones) that take 8 s of the processor or more: only `make test` has them. What is
left runs in under three minutes on two cores, with lint and types. `--durations` tells what a test takes."""
SHORT = ("tests/text/", "tests/rules/test_lists_of_names.py")
SERVERS = {"postgres", "s3_server", "clamd_server", "chromium", "stage"}
"""Fixtures that start a program which lives as long as the test process."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what `make check` runs: every rule without a browser, and every test that needs no server. What takes a
    moment comes last, so that no test process waits long for another one at the end."""
    items.sort(key=lambda item: item.nodeid.startswith(SHORT))
    for item in items:
        assert isinstance(item, pytest.Function)
        needed = SERVERS & set(item.fixturenames)
        rule = "rules" in item.path.parts and not needed & {"chromium", "stage"}
        if not LONG & {item.path.stem, item.originalname} and (rule or not needed):
            item.add_marker(pytest.mark.quick)
