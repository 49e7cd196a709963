"""When somebody last proved who they are, on which device, and what they were typing when the session ended."""

from alembic import op

revision = "007"
down_revision = "006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        alter table login add column fresh_at timestamptz, add column device varchar not null default '';
        create table kept_form (
            id uuid constraint pk_kept_form primary key,
            person_id uuid not null constraint fk_kept_form_person_id references person,
            sealed bytea not null,
            kept_at timestamptz not null
        );
        create index ix_kept_form_kept_at on kept_form (kept_at);
        grant select, insert, delete on kept_form to portal_app;
        """
    )


def downgrade() -> None:
    op.execute("drop table kept_form; alter table login drop column fresh_at, drop column device")
