"""A meeting knows who began it, and a version of the checklist the meeting it is about; and who wrote in a version is
found without reading all of its history."""

from alembic import op

revision = "046"
down_revision = "045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        alter table meeting add column begun_by_id uuid,
            add constraint fk_meeting_case_id_begun_by_id
                foreign key (case_id, begun_by_id) references membership (case_id, id);
        grant update (begun_by_id) on meeting to portal_app;
        alter table plan_version add column meeting_id uuid
                constraint fk_plan_version_meeting_id references meeting (id)
                constraint uq_plan_version_meeting_id unique;
        create index ix_plan_change_plan_version_id_created_by_id on plan_change (plan_version_id, created_by_id);
        """
    )


def downgrade() -> None:
    op.execute(
        """
        drop index ix_plan_change_plan_version_id_created_by_id;
        alter table plan_version drop column meeting_id;
        alter table meeting drop column begun_by_id;
        """
    )
