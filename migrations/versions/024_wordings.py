"""The questions and words of the tools, kept for the versions that answer them. They belong to no case."""

from alembic import op

revision = "024"
down_revision = "023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table tool_definition (
            identity varchar constraint pk_tool_definition primary key,
            content varchar not null,
            kept_at timestamptz not null
        );
        grant select, insert on tool_definition to portal_app;
        """
    )


def downgrade() -> None:
    op.execute("drop table tool_definition")
