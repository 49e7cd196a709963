"""Which member of the case somebody in a tool's rows is."""

from alembic import op

revision = "033"
down_revision = "032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table plan_person (
            id uuid constraint pk_plan_person primary key,
            plan_id uuid not null,
            case_id uuid not null,
            compartment_id uuid not null,
            row_key varchar not null,
            number bigint not null,
            membership_id uuid,
            created_at timestamptz not null,
            created_by_id uuid not null,
            constraint uq_plan_person_plan_id_row_key_number unique (plan_id, row_key, number),
            constraint fk_plan_person_plan_id_case_id_compartment_id
                foreign key (plan_id, case_id, compartment_id) references plan (id, case_id, compartment_id)
                on update cascade,
            constraint fk_plan_person_case_id_membership_id
                foreign key (case_id, membership_id) references membership (case_id, id),
            constraint fk_plan_person_case_id_created_by_id
                foreign key (case_id, created_by_id) references membership (case_id, id)
        );
        alter table plan_person enable row level security, force row level security;
        create policy seen on plan_person for select to portal_app
            using (compartment_id = any ((select my_compartments())::uuid[]));
        create policy noted on plan_person for insert to portal_app
            with check (compartment_id = any ((select my_compartments())::uuid[])
                        and case_id = any ((select my_owned_cases())::uuid[])
                        and created_by_id = any ((select my_memberships())::uuid[]));
        grant select, insert on plan_person to portal_app;
        """
    )


def downgrade() -> None:
    op.execute("drop table plan_person")
