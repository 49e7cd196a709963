"""What is put right about the people of a case: by its owner, or in an account and carried into the case."""

from alembic import op

revision = "043"
down_revision = "042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table correction (
            id uuid constraint pk_correction primary key,
            case_id uuid not null,
            membership_id uuid not null,
            field varchar not null constraint ck_correction_field check
                (field in ('name', 'birth_date', 'national_id', 'job_title', 'unit', 'address')),
            before_sealed bytea,
            after_sealed bytea,
            reason_sealed bytea,
            before_unit_id uuid constraint fk_correction_before_unit_id references unit,
            renews boolean not null,
            shuts_out boolean not null,
            made_at timestamptz not null,
            made_by_id uuid,
            constraint ck_correction_unit check ((field = 'unit') = (before_unit_id is not null)),
            constraint ck_correction_reason check ((made_by_id is null) = (reason_sealed is null)),
            constraint ck_correction_number check
                (field <> 'national_id' or (before_sealed is null and after_sealed is null)),
            constraint fk_correction_case_id_membership_id
                foreign key (case_id, membership_id) references membership (case_id, id),
            constraint fk_correction_case_id_made_by_id
                foreign key (case_id, made_by_id) references membership (case_id, id)
        );
        create index ix_correction_case_id on correction (case_id);

        alter table correction enable row level security, force row level security;
        -- What something was before is for those who answer for the case, and for the one it is about.
        create policy seen on correction for select to portal_app
            using (case_id = any ((select my_led_cases())::uuid[])
                   or membership_id = any ((select my_memberships())::uuid[]));
        create policy made on correction for insert to portal_app
            with check (case_id = any ((select my_owned_cases())::uuid[])
                        and made_by_id = any ((select my_memberships())::uuid[]) and not shuts_out);
        create policy facts on correction for select to portal_facts using (case_id = facts_case());
        create policy carried on correction for insert to portal_facts
            with check (case_id = facts_case() and made_by_id is null);
        grant select, insert on correction to portal_app;
        grant select (id, case_id, membership_id, field, before_unit_id, renews, shuts_out, made_at, made_by_id)
            on correction to portal_facts;
        grant insert on correction to portal_facts;

        -- Who somebody is in a case, and when the young person was born, is changed by the keeper of facts alone, which
        -- computes the windows anew in the same transaction.
        grant update (display_name, job_title, unit_id, person_id, national_id_sealed) on membership to portal_facts;
        grant update (birth_date) on cases to portal_facts;

        -- The cases a professional is in, for whoever edits their account: ids, so that what they are called and where
        -- they work follows there. Nothing of what is in them.
        create function i_look_after_accounts() returns boolean language sql stable security definer
            set search_path = public, pg_temp as $$
            select exists (select from staff s join person p on p.id = s.person_id and p.closed_at is null
                           where s.person_id = my_person_id() and s.is_admin) $$;
        create policy looked_after on membership for select to portal_owner
            using (unit_id is not null and (select i_look_after_accounts()));
        create function cases_of_professional(professional uuid)
            returns table (case_id uuid, membership_id uuid, is_owner boolean)
            language sql stable security definer set search_path = public, pg_temp as $$
            select m.case_id, m.id, m.capacity = 'owner' from membership m
            where m.person_id = professional and m.unit_id is not null and (select i_look_after_accounts())
            order by m.case_id $$;
        revoke execute on function i_look_after_accounts(), cases_of_professional(uuid) from public;
        grant execute on function i_look_after_accounts(), cases_of_professional(uuid) to portal_app;
        """
    )


def downgrade() -> None:
    op.execute(
        """
        drop function cases_of_professional(uuid);
        drop policy looked_after on membership;
        drop function i_look_after_accounts();
        revoke update (birth_date) on cases from portal_facts;
        revoke update (display_name, job_title, unit_id, person_id, national_id_sealed) on membership
            from portal_facts;
        drop table correction;
        """
    )
