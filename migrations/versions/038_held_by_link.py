"""What a word processor saved over a newer version is held once for each link: its newest copy."""

from alembic import op

revision = "038"
down_revision = "037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # No foreign key: a link goes when it is over, and what came by it may still wait for its sender.
    op.execute("alter table held_upload add column link_id uuid")


def downgrade() -> None:
    op.execute("alter table held_upload drop column link_id")
