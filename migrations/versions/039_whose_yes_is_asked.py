"""Whose yes is asked for is looked for by the person, on the front of every case."""

from alembic import op

revision = "039"
down_revision = "038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create index ix_plan_asked_membership_id on plan_asked (membership_id)")


def downgrade() -> None:
    op.execute("drop index ix_plan_asked_membership_id")
