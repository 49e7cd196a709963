"""Who is writing where in a tool just now. It says nothing of what was read, and is overwritten every few seconds."""

from alembic import op

revision = "030"
down_revision = "029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table plan_presence (
            plan_version_id uuid not null,
            membership_id uuid not null,
            case_id uuid not null,
            compartment_id uuid not null,
            address varchar not null,
            seen_at timestamptz not null,
            constraint pk_plan_presence primary key (plan_version_id, membership_id),
            constraint fk_plan_presence_plan_version_id_case_id_compartment_id
                foreign key (plan_version_id, case_id, compartment_id)
                references plan_version (id, case_id, compartment_id) on update cascade,
            constraint fk_plan_presence_case_id_membership_id
                foreign key (case_id, membership_id) references membership (case_id, id)
        );
        alter table plan_presence enable row level security, force row level security;
        create policy seen on plan_presence for select to portal_app
            using (compartment_id = any ((select my_compartments())::uuid[]));
        create policy said on plan_presence for insert to portal_app
            with check (compartment_id = any ((select my_writable_compartments())::uuid[])
                        and membership_id = any ((select my_memberships())::uuid[]));
        create policy moved on plan_presence for update to portal_app
            using (membership_id = any ((select my_memberships())::uuid[]))
            with check (compartment_id = any ((select my_writable_compartments())::uuid[])
                        and membership_id = any ((select my_memberships())::uuid[]));
        grant select, insert, update (address, seen_at) on plan_presence to portal_app;
        """
    )


def downgrade() -> None:
    op.execute("drop table plan_presence")
