"""When somebody was last in a case is found at the end of an index, however often they were there."""

from alembic import op

revision = "021"
down_revision = "020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create index ix_audit_event_visits on audit_event (chain_id, actor_id, at)")


def downgrade() -> None:
    op.execute("drop index ix_audit_event_visits")
