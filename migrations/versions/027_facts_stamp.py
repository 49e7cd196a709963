"""A stamp on every case that changes with its facts, so that they need not be read again while it stands."""

from alembic import op

revision = "027"
down_revision = "026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        alter table cases add facts_stamp uuid not null default gen_random_uuid();
        grant update (facts_stamp) on cases to portal_facts;
        """
    )


def downgrade() -> None:
    op.execute("alter table cases drop facts_stamp")
