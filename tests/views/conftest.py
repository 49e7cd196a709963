"""Pia, a professional with a password, whom the tests of signing in are about."""

from __future__ import annotations

import pytest

from portal import audit
from portal.access.signin import passwords
from portal.events import Event
from portal.house import House
from portal.models import Staff
from tests.story import Someone, Story

EMAIL = "pia@testby.example"
PASSWORD = "en god lang sætning"


@pytest.fixture(scope="session")
def hashed() -> str:
    return passwords.hash_password(PASSWORD)


@pytest.fixture
def person(story: Story, house: House, hashed: str) -> Someone:
    """A professional with a password, who has never signed in."""
    made = story.guide("Pia Prøve")
    with house.unit_of_work() as session:
        staff = session.get_one(Staff, made.id)
        staff.password_hash, staff.email = hashed, EMAIL
        audit.record(session, Event.PASSWORD_CHOSEN)
    return made
