"""The history of a tool says what was put in from a Word file."""

from alembic import op

revision = "032"
down_revision = "031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        alter table plan_change
            add column source varchar not null default 'page'
                constraint ck_plan_change_source check (source in ('page', 'word'));
        alter table plan_change alter column source drop default;
        """
    )


def downgrade() -> None:
    op.execute("alter table plan_change drop column source")
