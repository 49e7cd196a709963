"""A reminder that was told is still about a promise that is open.

`settled_at` said both: told, and no longer wanted. So nobody could ask in one statement what somebody has promised and
not kept yet. From here on it says only the second, and `told_at` the first. What was settled before stays settled:
which of the two it meant is not known, and nothing is called open that may be kept.
"""

from alembic import op

revision = "063"
down_revision = "062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        alter table plan_reminder add told_at timestamptz;
        create index ix_plan_reminder_open on plan_reminder (membership_id) where settled_at is null;
        grant update (told_at) on plan_reminder to portal_app;
        -- The timed job says that it told, once, and ends nothing.
        alter policy told on plan_reminder
            using (my_person_id() is null and due_at <= wall_clock() and settled_at is null and told_at is null)
            with check (my_person_id() is null and settled_at is null);
        """
    )


def downgrade() -> None:
    op.execute(
        """
        alter policy told on plan_reminder
            using (my_person_id() is null and due_at <= wall_clock() and settled_at is null)
            with check (my_person_id() is null);
        alter table plan_reminder no force row level security;
        update plan_reminder set settled_at = told_at where settled_at is null and told_at is not null;
        alter table plan_reminder force row level security;
        revoke update (told_at) on plan_reminder from portal_app;
        drop index ix_plan_reminder_open;
        alter table plan_reminder drop told_at;
        """
    )
