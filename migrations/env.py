"""Runs the migrations as the owner of the tables, on a connection handed in by portal.migrate."""

from alembic import context

from portal import models  # noqa: F401  registers the tables
from portal.db import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, transaction_per_migration=False)
with context.begin_transaction():
    context.run_migrations()
