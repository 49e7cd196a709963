"""A telephone number of a professional, for those who may only read and want to ask."""

from alembic import op

revision = "040"
down_revision = "039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table staff add column phone varchar not null default ''")


def downgrade() -> None:
    op.execute("alter table staff drop column phone")
