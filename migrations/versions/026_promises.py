"""How promises of an agreed plan went, and when to remind of them."""

from alembic import op

revision = "026"
down_revision = "025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table plan_outcome (
            id uuid constraint pk_plan_outcome primary key,
            plan_version_id uuid not null,
            case_id uuid not null,
            compartment_id uuid not null,
            row_key varchar not null,
            outcome varchar not null constraint ck_plan_outcome_outcome check (outcome in ('yes', 'partly', 'no')),
            word_sealed bytea,
            created_at timestamptz not null,
            created_by_id uuid not null,
            constraint fk_plan_outcome_plan_version_id_case_id_compartment_id
                foreign key (plan_version_id, case_id, compartment_id)
                references plan_version (id, case_id, compartment_id) on update cascade,
            constraint fk_plan_outcome_case_id_created_by_id
                foreign key (case_id, created_by_id) references membership (case_id, id)
        );
        create index ix_plan_outcome_plan_version_id on plan_outcome (plan_version_id);
        create table plan_reminder (
            id uuid constraint pk_plan_reminder primary key,
            plan_version_id uuid not null,
            plan_id uuid not null,
            case_id uuid not null,
            compartment_id uuid not null,
            row_key varchar not null,
            membership_id uuid not null,
            due_at timestamptz not null,
            settled_at timestamptz,
            constraint uq_plan_reminder_plan_version_id_row_key unique (plan_version_id, row_key),
            constraint fk_plan_reminder_plan_version_id_case_id_compartment_id
                foreign key (plan_version_id, case_id, compartment_id)
                references plan_version (id, case_id, compartment_id) on update cascade,
            constraint fk_plan_reminder_case_id_membership_id
                foreign key (case_id, membership_id) references membership (case_id, id)
        );
        create index ix_plan_reminder_due_at on plan_reminder (due_at);

        alter table plan_outcome enable row level security, force row level security;
        alter table plan_reminder enable row level security, force row level security;
        create policy seen on plan_outcome for select to portal_app
            using (compartment_id = any ((select my_compartments())::uuid[]));
        -- Like a yes: whoever took something on says how it went, also without the right to write.
        create policy written on plan_outcome for insert to portal_app
            with check (compartment_id = any ((select my_compartments())::uuid[])
                        and created_by_id = any ((select my_memberships())::uuid[]));
        create policy seen on plan_reminder for select to portal_app
            using (compartment_id = any ((select my_compartments())::uuid[]));
        create policy planned on plan_reminder for insert to portal_app
            with check (settled_at is null and compartment_id = any ((select my_compartments())::uuid[]));
        create policy settled on plan_reminder for update to portal_app
            using (compartment_id = any ((select my_compartments())::uuid[]))
            with check (compartment_id = any ((select my_compartments())::uuid[]));
        -- The timed job speaks for nobody: it sees what is due, ids and dates, and can note that it was told.
        create policy due on plan_reminder for select to portal_app
            using (my_person_id() is null and due_at <= wall_clock());
        create policy told on plan_reminder for update to portal_app
            using (my_person_id() is null and due_at <= wall_clock() and settled_at is null)
            with check (my_person_id() is null);
        grant select, insert on plan_outcome to portal_app;
        grant select, insert, update (settled_at) on plan_reminder to portal_app;
        """
    )


def downgrade() -> None:
    op.execute("drop table plan_reminder, plan_outcome")
