"""Whoever edits a file may say that they are done, also when they may only read it by now."""

from alembic import op

revision = "037"
down_revision = "036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        alter policy ended on checkout
            using (compartment_id = any ((select my_writable_compartments())::uuid[])
                   or created_by_id = any ((select my_memberships())::uuid[]));
        """
    )


def downgrade() -> None:
    op.execute(
        """
        alter policy ended on checkout
            using (compartment_id = any ((select my_writable_compartments())::uuid[]));
        """
    )
