"""What several tests of screens need: Pia with a password, an eID, a plan that goes through Word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from portal import audit
from portal.access.signin import passwords
from portal.access.signin.oidc import OidcClient
from portal.events import Event
from portal.models import Staff
from portal.runtime import Runtime
from portal.settings import Settings
from tests.support.eid_server import EidServer, serve
from tests.support.eid_visitors import EVERYBODY
from tests.support.story import Room, Someone, Story
from tests.support.word_trip import Trip, add

EMAIL = "pia@testby.example"
PASSWORD = "en god lang sætning"


@pytest.fixture(scope="session")
def hashed() -> str:
    return passwords.hash_password(PASSWORD)


@pytest.fixture
def person(story: Story, runtime: Runtime, hashed: str) -> Someone:
    """A professional with a password, who has never signed in."""
    made = story.guide("Pia Prøve")
    with runtime.unit_of_work() as session:
        staff = session.get_one(Staff, made.id)
        staff.password_hash, staff.email = hashed, EMAIL
        audit.record(session, Event.PASSWORD_CHOSEN)
    return made


@pytest.fixture
def eid(app: Flask, portal_settings: Settings, tmp_path: Path) -> Iterator[EidServer]:
    """The pretended eID, and the portal as its client."""
    with serve(tmp_path / "eid", EVERYBODY, portal_settings) as server:
        client = OidcClient(server.provider, f"{portal_settings.origin}/eid/demo/callback")
        app.extensions["eid_clients"] = {"demo": client}
        yield server


@pytest.fixture
def goal(story: Story, room: Room) -> str:
    """A row of the plan of the room."""
    return add(story, room, "goals", words="Jeg skal i skole 2 dage", status="under_way")


@pytest.fixture
def trip(app: Flask, story: Story, room: Room, goal: str) -> Trip:
    """The young person's trips with the plan of the room."""
    assert goal
    return Trip(app, story, room, room.young)
