"""The queue of background work, as procrastinate ships it (its version 3.10)."""

import re

from alembic import op
from procrastinate.schema import SchemaManager

revision = "006"
down_revision = "005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))
    op.execute(
        """
        grant select, insert, update, delete on procrastinate_jobs, procrastinate_events, procrastinate_workers,
            procrastinate_periodic_defers to portal_app;
        grant usage, select on all sequences in schema public to portal_app;
        """
    )


def downgrade() -> None:
    schema = SchemaManager.get_schema()
    op.execute(
        "drop table procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs, procrastinate_workers"
        " cascade"
    )
    for name in set(re.findall(r"CREATE FUNCTION (\w+)", schema)):
        op.execute(f"drop function if exists {name} cascade")
    for name in set(re.findall(r"CREATE TYPE (\w+)", schema)):
        op.execute(f"drop type if exists {name} cascade")
