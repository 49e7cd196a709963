"""Legal overrides, freezes and departures: facts that access windows follow."""

from alembic import op

revision = "008"
down_revision = "007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table legal_override (
            id uuid constraint pk_legal_override primary key,
            case_id uuid not null,
            membership_id uuid not null,
            compartments jsonb not null,
            valid_from timestamptz not null,
            valid_until timestamptz not null,
            legal_basis_sealed bytea not null,
            reason_sealed bytea not null,
            set_by_id uuid not null,
            constraint uq_legal_override_case_id_id unique (case_id, id),
            constraint ck_legal_override_period check (valid_from < valid_until),
            constraint fk_legal_override_case_id_membership_id
                foreign key (case_id, membership_id) references membership (case_id, id)
        );
        create index ix_legal_override_case_id on legal_override (case_id);
        create table legal_override_end (
            id uuid constraint pk_legal_override_end primary key,
            case_id uuid not null,
            override_id uuid not null constraint uq_legal_override_end_override_id unique,
            ended_at timestamptz not null,
            ended_by_id uuid not null,
            constraint fk_legal_override_end_case_id_override_id
                foreign key (case_id, override_id) references legal_override (case_id, id)
        );
        create index ix_legal_override_end_case_id on legal_override_end (case_id);
        create table access_freeze (
            id uuid constraint pk_access_freeze primary key,
            case_id uuid not null,
            membership_id uuid not null,
            frozen_at timestamptz not null,
            review_at timestamptz not null,
            reason_sealed bytea not null,
            set_by_id uuid not null,
            constraint uq_access_freeze_case_id_id unique (case_id, id),
            constraint fk_access_freeze_case_id_membership_id
                foreign key (case_id, membership_id) references membership (case_id, id)
        );
        create index ix_access_freeze_case_id on access_freeze (case_id);
        create table access_freeze_end (
            id uuid constraint pk_access_freeze_end primary key,
            case_id uuid not null,
            freeze_id uuid not null constraint uq_access_freeze_end_freeze_id unique,
            lifted_at timestamptz not null,
            lifted_by_id uuid not null,
            constraint fk_access_freeze_end_case_id_freeze_id
                foreign key (case_id, freeze_id) references access_freeze (case_id, id)
        );
        create index ix_access_freeze_end_case_id on access_freeze_end (case_id);
        create table departure (
            id uuid constraint pk_departure primary key,
            case_id uuid not null,
            membership_id uuid not null,
            left_at timestamptz not null,
            reason varchar not null
                constraint ck_departure_reason check (reason in ('conflict_of_interest', 'new_job', 'other')),
            constraint fk_departure_case_id_membership_id
                foreign key (case_id, membership_id) references membership (case_id, id)
        );
        create index ix_departure_case_id on departure (case_id);

        alter table legal_override enable row level security, force row level security;
        alter table legal_override_end enable row level security, force row level security;
        alter table access_freeze enable row level security, force row level security;
        alter table access_freeze_end enable row level security, force row level security;
        alter table departure enable row level security, force row level security;

        -- An override is read by everyone in the case. Why somebody was frozen is for the case owner alone: the others
        -- learn of it, as far as they may, from the facts.
        create policy seen on legal_override for select to portal_app
            using (case_id = any ((select my_cases())::uuid[]));
        create policy set on legal_override for insert to portal_app
            with check (case_id = any ((select my_owned_cases())::uuid[])
                        and set_by_id = any ((select my_memberships())::uuid[]));
        create policy facts on legal_override for select to portal_facts using (case_id = facts_case());

        create policy seen on legal_override_end for select to portal_app
            using (case_id = any ((select my_cases())::uuid[]));
        create policy ended on legal_override_end for insert to portal_app
            with check (case_id = any ((select my_owned_cases())::uuid[])
                        and ended_by_id = any ((select my_memberships())::uuid[]));
        create policy facts on legal_override_end for select to portal_facts using (case_id = facts_case());

        create policy seen on access_freeze for select to portal_app
            using (case_id = any ((select my_owned_cases())::uuid[]));
        create policy set on access_freeze for insert to portal_app
            with check (case_id = any ((select my_owned_cases())::uuid[])
                        and set_by_id = any ((select my_memberships())::uuid[]));
        create policy facts on access_freeze for select to portal_facts using (case_id = facts_case());

        create policy seen on access_freeze_end for select to portal_app
            using (case_id = any ((select my_owned_cases())::uuid[]));
        create policy lifted on access_freeze_end for insert to portal_app
            with check (case_id = any ((select my_owned_cases())::uuid[])
                        and lifted_by_id = any ((select my_memberships())::uuid[]));
        create policy facts on access_freeze_end for select to portal_facts using (case_id = facts_case());

        create policy seen on departure for select to portal_app
            using (case_id = any ((select my_cases())::uuid[])
                   or membership_id = any ((select my_memberships())::uuid[]));
        create policy own on departure for insert to portal_app
            with check (membership_id = any ((select my_memberships())::uuid[]));
        create policy facts on departure for select to portal_facts using (case_id = facts_case());

        grant select, insert on legal_override, legal_override_end, access_freeze, access_freeze_end, departure
            to portal_app;
        grant select (id, case_id, membership_id, compartments, valid_from, valid_until) on legal_override
            to portal_facts;
        grant select (id, case_id, membership_id, frozen_at, review_at) on access_freeze to portal_facts;
        grant select on legal_override_end, access_freeze_end, departure to portal_facts;
        """
    )


def downgrade() -> None:
    op.execute("drop table departure, access_freeze_end, access_freeze, legal_override_end, legal_override")
