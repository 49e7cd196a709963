"""The stages on which somebody has nothing but the application's database role."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from portal.demo.postgres import EmbeddedPostgres
from portal.runtime import Runtime, runtime_for
from portal.storage.keys import make_keys
from tests.conftest import _settings
from tests.rules.own_name.cast import (
    Stage,
    staged,
)


@pytest.fixture(scope="session")
def stage(postgres: EmbeddedPostgres, scratch: Path) -> Iterator[Stage]:
    """One for all tests that leave nothing behind."""
    name, folder = f"cast_{uuid4().hex}", scratch / f"cast-{uuid4().hex}"
    folder.mkdir()
    postgres.create_database(name, template="template")
    make_keys(folder / "keys.json")
    with runtime_for(_settings(postgres, name, folder)) as runtime, staged(postgres, runtime) as made:
        yield made


@pytest.fixture
def own_stage(postgres: EmbeddedPostgres, runtime: Runtime) -> Iterator[Stage]:
    """One for a test that goes on with the story."""
    with staged(postgres, runtime) as made:
        yield made
