"""Brings a database to the newest schema. Runs as the owner of the tables, one process at a time."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

from portal import locks
from portal.db import connect
from portal.errors import UnsafeConfiguration
from portal.settings import PROJECT
from portal.storage.keys import Keyring

_ROLES = ("portal_owner", "portal_app", "portal_worker", "portal_reports", "portal_facts", "portal_scanner",
          "portal_checker")  # fmt: skip


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(PROJECT / "migrations"))
    return config


def newest() -> str:
    """The newest migration this code knows."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head() or ""


def migrate(owner_url: str, target: str = "head", keyring: Keyring | None = None) -> None:
    """Runs the migrations up (or, to an older `target`, down). The keyring is for steps that move what is sealed.

    Raises UnsafeConfiguration when the roles were never made, or when such a step has something to move and no
    keyring."""
    engine = connect(owner_url, pool_size=1)
    try:
        with engine.begin() as connection:
            locks.hold_number(connection, locks.MIGRATION)
            found = connection.execute(text("select rolname from pg_roles")).scalars()
            if not set(_ROLES) <= set(found):
                raise UnsafeConfiguration(
                    "the database roles are missing; run migrations/roles.sql as the server's administrator"
                )
            config = alembic_config()
            config.attributes.update(connection=connection, keyring=keyring)
            going_down = target != "head" and target != newest()
            (command.downgrade if going_down else command.upgrade)(config, target)
    finally:
        engine.dispose()
