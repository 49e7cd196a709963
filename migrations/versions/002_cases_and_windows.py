"""Cases, their members, and the access windows that the second wall reads."""

from alembic import op

revision = "002"
down_revision = "001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table cases (
            id uuid constraint pk_cases primary key,
            profile varchar not null,
            owner_id uuid not null constraint fk_cases_owner_id references person,
            owner_unit_id uuid not null constraint fk_cases_owner_unit_id references unit,
            birth_date date not null,
            opened_at timestamptz not null
        );
        create index ix_cases_owner_id on cases (owner_id);
        create table case_key (
            case_id uuid constraint pk_case_key primary key constraint fk_case_key_case_id references cases,
            master_id varchar not null,
            wrapped bytea not null
        );
        create table compartment (
            id uuid constraint pk_compartment primary key,
            case_id uuid not null constraint fk_compartment_case_id references cases,
            key varchar not null,
            constraint uq_compartment_case_id_key unique (case_id, key),
            constraint uq_compartment_case_id_id unique (case_id, id)
        );
        create table membership (
            id uuid constraint pk_membership primary key,
            case_id uuid not null constraint fk_membership_case_id references cases,
            person_id uuid not null constraint fk_membership_person_id references person,
            capacity varchar not null,
            display_name varchar not null,
            job_title varchar not null,
            unit_id uuid constraint fk_membership_unit_id references unit,
            custody_from timestamptz,
            custody_until timestamptz,
            purpose_sealed bytea,
            national_id_sealed bytea,
            added_at timestamptz not null,
            added_by_id uuid,
            constraint uq_membership_case_id_id unique (case_id, id),
            constraint uq_membership_case_id_person_id unique (case_id, person_id),
            constraint ck_membership_unit check ((capacity in ('owner', 'professional')) = (unit_id is not null))
        );
        create index ix_membership_person_id on membership (person_id);
        create table team_level (
            id uuid constraint pk_team_level primary key,
            case_id uuid not null,
            membership_id uuid not null,
            level varchar not null constraint ck_team_level_level check (level in ('none', 'read', 'write')),
            valid_from timestamptz not null,
            set_by_id uuid not null,
            constraint fk_team_level_case_id_membership_id
                foreign key (case_id, membership_id) references membership (case_id, id)
        );
        create index ix_team_level_case_id on team_level (case_id);
        create table access_window (
            id uuid constraint pk_access_window primary key,
            case_id uuid not null,
            compartment_id uuid not null,
            membership_id uuid not null,
            person_id uuid not null,
            can_write boolean not null,
            valid_from timestamptz not null,
            valid_until timestamptz,
            basis varchar not null,
            consents jsonb not null,
            constraint fk_access_window_case_id_compartment_id
                foreign key (case_id, compartment_id) references compartment (case_id, id),
            constraint fk_access_window_case_id_membership_id
                foreign key (case_id, membership_id) references membership (case_id, id),
            constraint ck_access_window_not_empty check (valid_until is null or valid_from < valid_until)
        );
        create index ix_access_window_case_id on access_window (case_id);
        create index ix_access_window_person_id_valid_until on access_window (person_id, valid_until);
        create table access_notice (
            id uuid constraint pk_access_notice primary key,
            case_id uuid not null,
            membership_id uuid not null,
            person_id uuid not null,
            valid_from timestamptz not null,
            valid_until timestamptz,
            blockers jsonb not null,
            owner_id uuid not null,
            consent_asked_until timestamptz,
            constraint fk_access_notice_case_id_membership_id
                foreign key (case_id, membership_id) references membership (case_id, id)
        );
        create index ix_access_notice_case_id on access_notice (case_id);
        create index ix_access_notice_person_id on access_notice (person_id);

        -- The tables behind the walls. FORCE holds the owner to the policies too.
        alter table cases enable row level security, force row level security;
        alter table case_key enable row level security, force row level security;
        alter table compartment enable row level security, force row level security;
        alter table membership enable row level security, force row level security;
        alter table team_level enable row level security, force row level security;
        alter table access_window enable row level security, force row level security;
        alter table access_notice enable row level security, force row level security;

        -- The questions the policies ask. They run as the owner, who may read only what is the asking person's own, and
        -- are written into policies as `(select f())`, so that each is answered once per statement, not once per row.
        create policy asked_by_the_walls on access_window for select to portal_owner
            using (person_id = my_person_id());
        create policy asked_by_the_walls on membership for select to portal_owner
            using (person_id = my_person_id());
        create policy asked_by_the_walls on cases for select to portal_owner
            using (owner_id = my_person_id());

        create function wall_clock() returns timestamptz language sql stable return now();
        create function my_compartments() returns uuid[] language sql stable security definer
            set search_path = public, pg_temp as $$
            select coalesce(array_agg(compartment_id), '{}') from access_window
            where person_id = my_person_id()
              and valid_from <= wall_clock() and (valid_until is null or wall_clock() < valid_until) $$;
        create function my_writable_compartments() returns uuid[] language sql stable security definer
            set search_path = public, pg_temp as $$
            select coalesce(array_agg(compartment_id), '{}') from access_window
            where person_id = my_person_id() and can_write
              and valid_from <= wall_clock() and (valid_until is null or wall_clock() < valid_until) $$;
        create function my_cases() returns uuid[] language sql stable security definer
            set search_path = public, pg_temp as $$
            select coalesce(array_agg(distinct case_id), '{}') from access_window
            where person_id = my_person_id()
              and valid_from <= wall_clock() and (valid_until is null or wall_clock() < valid_until) $$;
        create function my_owned_cases() returns uuid[] language sql stable security definer
            set search_path = public, pg_temp as $$
            select coalesce(array_agg(id), '{}') from cases where owner_id = my_person_id() $$;
        create function my_memberships() returns uuid[] language sql stable security definer
            set search_path = public, pg_temp as $$
            select coalesce(array_agg(id), '{}') from membership where person_id = my_person_id() $$;
        -- The case owner and the young person answer for the case: they see its whole log and all its consents.
        create function my_led_cases() returns uuid[] language sql stable security definer
            set search_path = public, pg_temp as $$
            select coalesce(array_agg(distinct w.case_id), '{}') from access_window w
            join membership m on m.id = w.membership_id
            where w.person_id = my_person_id() and m.capacity in ('owner', 'young_person')
              and w.valid_from <= wall_clock() and (w.valid_until is null or wall_clock() < w.valid_until) $$;
        -- The one case whose facts the keeper of facts may read at the moment.
        create function facts_case() returns uuid language sql stable
            return nullif(current_setting('app.facts_case_id', true), '')::uuid;

        create policy seen on cases for select to portal_app using (id = any ((select my_cases())::uuid[]));
        create policy own on cases for select to portal_app using (owner_id = my_person_id());
        create policy opened on cases for insert to portal_app with check (owner_id = my_person_id());
        create policy facts on cases for select to portal_facts using (id = facts_case());

        create policy seen on case_key for select to portal_app using (case_id = any ((select my_cases())::uuid[]));
        create policy opened on case_key for insert to portal_app
            with check (case_id = any ((select my_owned_cases())::uuid[]));
        create policy facts on case_key for select to portal_facts using (case_id = facts_case());

        create policy seen on compartment for select to portal_app
            using (case_id = any ((select my_cases())::uuid[]));
        create policy opened on compartment for insert to portal_app
            with check (case_id = any ((select my_owned_cases())::uuid[]));
        create policy facts on compartment for select to portal_facts using (case_id = facts_case());

        create policy seen on membership for select to portal_app
            using (person_id = my_person_id() or case_id = any ((select my_cases())::uuid[]));
        create policy added on membership for insert to portal_app
            with check (case_id = any ((select my_owned_cases())::uuid[]));
        create policy facts on membership for select to portal_facts using (case_id = facts_case());

        create policy seen on team_level for select to portal_app
            using (case_id = any ((select my_cases())::uuid[]));
        create policy set on team_level for insert to portal_app
            with check (case_id = any ((select my_owned_cases())::uuid[])
                        and set_by_id = any ((select my_memberships())::uuid[]));
        create policy facts on team_level for select to portal_facts using (case_id = facts_case());

        create policy seen on access_window for select to portal_app
            using (person_id = my_person_id() or case_id = any ((select my_cases())::uuid[]));
        create policy facts on access_window to portal_facts using (case_id = facts_case());

        create policy mine on access_notice for select to portal_app using (person_id = my_person_id());
        create policy facts on access_notice to portal_facts using (case_id = facts_case());

        grant select, insert on cases, case_key, compartment, membership, team_level to portal_app;
        grant select on access_window, access_notice to portal_app;
        grant select on cases, case_key, compartment, membership, team_level, unit, organisation to portal_facts;
        grant select, insert, delete on access_window, access_notice to portal_facts;
        """
    )


def downgrade() -> None:
    op.execute(
        """
        drop table access_notice, access_window, team_level, membership, compartment, case_key, cases cascade;
        drop function my_compartments(), my_writable_compartments(), my_cases(), my_owned_cases(), my_memberships(),
            my_led_cases(), facts_case(), wall_clock();
        revoke select on unit, organisation from portal_facts;
        """
    )
