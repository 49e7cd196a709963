"""Answers between the young person and the guide alone, and the lines of the trace that tell of them."""

from alembic import op

revision = "031"
down_revision = "030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table plan_confided (
            id uuid constraint pk_plan_confided primary key,
            plan_id uuid not null,
            case_id uuid not null,
            compartment_id uuid not null,
            address varchar not null,
            number bigint not null,
            kind varchar not null constraint ck_plan_confided_kind check (kind in ('made', 'aside')),
            words_sealed bytea not null,
            created_at timestamptz not null,
            created_by_id uuid not null,
            constraint uq_plan_confided_plan_id_address_number unique (plan_id, address, number),
            constraint fk_plan_confided_plan_id_case_id_compartment_id
                foreign key (plan_id, case_id, compartment_id) references plan (id, case_id, compartment_id)
                on update cascade,
            constraint fk_plan_confided_case_id_created_by_id
                foreign key (case_id, created_by_id) references membership (case_id, id)
        );
        alter table plan_confided enable row level security, force row level security;
        -- my_led_cases(): the case owner's and the young person's, while their own access is open.
        create policy seen on plan_confided for select to portal_app
            using (compartment_id = any ((select my_compartments())::uuid[])
                   and case_id = any ((select my_led_cases())::uuid[]));
        create policy written on plan_confided for insert to portal_app
            with check (compartment_id = any ((select my_writable_compartments())::uuid[])
                        and case_id = any ((select my_led_cases())::uuid[])
                        and created_by_id = any ((select my_memberships())::uuid[]));
        grant select, insert on plan_confided to portal_app;

        drop policy seen on audit_event;
        create policy seen on audit_event for select to portal_app
            using (chain_id = any ((select my_led_cases())::uuid[])
                   or (event <> 'schema.confided' and chain_id = any ((select my_cases())::uuid[])
                       and (compartment_id is null or compartment_id = any ((select my_compartments())::uuid[]))));
        """
    )


def downgrade() -> None:
    op.execute(
        """
        drop policy seen on audit_event;
        create policy seen on audit_event for select to portal_app
            using (chain_id = any ((select my_led_cases())::uuid[])
                   or (chain_id = any ((select my_cases())::uuid[])
                       and (compartment_id is null or compartment_id = any ((select my_compartments())::uuid[]))));
        drop table plan_confided;
        """
    )
