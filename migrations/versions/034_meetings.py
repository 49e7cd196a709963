"""Meetings: when, where, who is asked and who is there; and what somebody takes on in a plan, one by one."""

from alembic import op

revision = "034"
down_revision = "033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table meeting (
            id uuid constraint pk_meeting primary key,
            case_id uuid not null,
            compartment_id uuid not null,
            starts_at timestamptz not null,
            place_sealed bytea,
            created_at timestamptz not null,
            created_by_id uuid not null,
            begun_at timestamptz,
            ended_at timestamptz,
            called_off_at timestamptz,
            others_present boolean not null default false,
            thread_id uuid constraint fk_meeting_thread_id references thread (id),
            constraint uq_meeting_id_case_id_compartment_id unique (id, case_id, compartment_id),
            constraint fk_meeting_case_id_compartment_id
                foreign key (case_id, compartment_id) references compartment (case_id, id),
            constraint fk_meeting_case_id_created_by_id
                foreign key (case_id, created_by_id) references membership (case_id, id),
            constraint ck_meeting_order check (
                (ended_at is null or begun_at is not null) and (begun_at is null or called_off_at is null))
        );
        -- Two who begin at once begin the same meeting: there is one at a time.
        create unique index uq_meeting_running on meeting (compartment_id)
            where begun_at is not null and ended_at is null;
        create index ix_meeting_compartment_id_starts_at on meeting (compartment_id, starts_at);

        create table meeting_seat (
            meeting_id uuid not null,
            membership_id uuid not null,
            case_id uuid not null,
            compartment_id uuid not null,
            invited boolean not null,
            present boolean not null,
            constraint pk_meeting_seat primary key (meeting_id, membership_id),
            constraint fk_meeting_seat_meeting_id_case_id_compartment_id
                foreign key (meeting_id, case_id, compartment_id)
                references meeting (id, case_id, compartment_id) on update cascade,
            constraint fk_meeting_seat_case_id_membership_id
                foreign key (case_id, membership_id) references membership (case_id, id)
        );

        create table plan_taking (
            id uuid constraint pk_plan_taking primary key,
            plan_version_id uuid not null,
            case_id uuid not null,
            compartment_id uuid not null,
            row_key varchar not null,
            taken boolean not null,
            words_sealed bytea not null,
            created_at timestamptz not null,
            created_by_id uuid not null,
            constraint fk_plan_taking_plan_version_id_case_id_compartment_id
                foreign key (plan_version_id, case_id, compartment_id)
                references plan_version (id, case_id, compartment_id) on update cascade,
            constraint fk_plan_taking_case_id_created_by_id
                foreign key (case_id, created_by_id) references membership (case_id, id)
        );
        create index ix_plan_taking_plan_version_id on plan_taking (plan_version_id);

        alter table meeting enable row level security, force row level security;
        alter table meeting_seat enable row level security, force row level security;
        alter table plan_taking enable row level security, force row level security;
        create policy seen on meeting for select to portal_app
            using (compartment_id = any ((select my_compartments())::uuid[]));
        create policy planned on meeting for insert to portal_app
            with check (compartment_id = any ((select my_writable_compartments())::uuid[])
                        and created_by_id = any ((select my_memberships())::uuid[]));
        create policy led on meeting for update to portal_app
            using (compartment_id = any ((select my_writable_compartments())::uuid[]))
            with check (compartment_id = any ((select my_writable_compartments())::uuid[]));
        create policy seen on meeting_seat for select to portal_app
            using (compartment_id = any ((select my_compartments())::uuid[]));
        create policy given on meeting_seat for insert to portal_app
            with check (compartment_id = any ((select my_writable_compartments())::uuid[]));
        create policy noted on meeting_seat for update to portal_app
            using (compartment_id = any ((select my_writable_compartments())::uuid[]))
            with check (compartment_id = any ((select my_writable_compartments())::uuid[]));
        create policy seen on plan_taking for select to portal_app
            using (compartment_id = any ((select my_compartments())::uuid[]));
        -- Like a yes: whoever is named takes it on, also without the right to write.
        create policy written on plan_taking for insert to portal_app
            with check (compartment_id = any ((select my_compartments())::uuid[])
                        and created_by_id = any ((select my_memberships())::uuid[]));
        grant select, insert, update (starts_at, place_sealed, begun_at, ended_at, called_off_at, others_present,
            thread_id) on meeting to portal_app;
        grant select, insert, update (invited, present) on meeting_seat to portal_app;
        grant select, insert on plan_taking to portal_app;
        """
    )


def downgrade() -> None:
    op.execute("drop table plan_taking, meeting_seat, meeting")
