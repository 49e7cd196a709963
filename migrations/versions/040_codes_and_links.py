"""A code stands for one membership and never for a person; a link to an eID can be told, shown and ended; a way out to
a provider knows what it was for."""

from alembic import op

revision = "040"
down_revision = "039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        -- How an eID came to be somebody's. What was linked by a code is told from the code that was used up with it.
        alter table eid_link drop constraint pk_eid_link;
        alter table eid_link add column id uuid not null default gen_random_uuid() constraint pk_eid_link primary key,
            add column came_by varchar,
            add column others_seen_at timestamptz,
            add column ended_at timestamptz;
        alter table eid_link alter column id drop default;
        update eid_link set came_by = case
            when exists (select from invitation_code c
                         where c.person_id = eid_link.person_id
                           and c.used_at between linked_at - interval '1 second' and linked_at + interval '1 second')
                then 'code'
            when exists (select from national_id n where n.person_id = eid_link.person_id) then 'number'
            else 'unknown' end;
        alter table eid_link alter column came_by set not null,
            add constraint ck_eid_link_came_by check (came_by in ('number', 'code', 'unknown'));
        create unique index uq_eid_link_issuer_subject on eid_link (issuer, subject) where ended_at is null;

        -- Somebody who signs in is looked for before anybody speaks; what becomes of a link is its person's own.
        alter table eid_link enable row level security, force row level security;
        create policy found on eid_link for select to portal_app using (true);
        create policy made on eid_link for insert to portal_app with check (true);
        create policy own on eid_link for update to portal_app
            using (person_id = my_person_id()) with check (person_id = my_person_id());
        create policy looked_after on eid_link to portal_owner using (true) with check (true);
        grant update (others_seen_at, ended_at) on eid_link to portal_app;

        alter table login add column eid_link_id uuid constraint fk_login_eid_link_id_eid_link references eid_link;
        create index ix_login_eid_link_id on login (eid_link_id);

        alter table eid_attempt add column purpose varchar not null default 'sign_in'
                constraint ck_eid_attempt_purpose check (purpose in ('sign_in', 'step_up', 'code')),
            add column login_id uuid constraint fk_eid_attempt_login_id_login references login,
            add column anew_since timestamptz,
            add constraint ck_eid_attempt_step_up
                check (purpose <> 'step_up' or (login_id is not null and anew_since is not null));
        alter table eid_attempt alter column purpose drop default;

        delete from eid_stranger;
        alter table eid_stranger add column told_sealed bytea not null;

        -- Codes that were handed out stood for a person in every case of theirs: none of them works any more.
        drop table invitation_code;
        create table invitation_code (
            id uuid constraint pk_invitation_code primary key,
            case_id uuid not null,
            membership_id uuid not null,
            match_value bytea not null constraint uq_invitation_code_match_value unique,
            created_at timestamptz not null,
            created_by_id uuid not null,
            expires_at timestamptz not null,
            used_at timestamptz,
            used_name_sealed bytea,
            constraint fk_invitation_code_case_id_membership_id
                foreign key (case_id, membership_id) references membership (case_id, id),
            constraint fk_invitation_code_case_id_created_by_id
                foreign key (case_id, created_by_id) references membership (case_id, id)
        );
        create index ix_invitation_code_membership_id on invitation_code (membership_id);
        alter table invitation_code enable row level security, force row level security;
        create policy seen on invitation_code for select to portal_app
            using (case_id = any ((select my_owned_cases())::uuid[]));
        create policy made on invitation_code for insert to portal_app
            with check (case_id = any ((select my_owned_cases())::uuid[])
                        and created_by_id = any ((select my_memberships())::uuid[]));
        create policy ended on invitation_code for update to portal_app
            using (case_id = any ((select my_owned_cases())::uuid[]))
            with check (case_id = any ((select my_owned_cases())::uuid[]));
        create policy facts on invitation_code to portal_facts
            using (case_id = facts_case()) with check (case_id = facts_case());
        create policy looked_after on invitation_code for select to portal_owner using (true);
        grant select, insert, update (expires_at) on invitation_code to portal_app;
        grant select, update (used_at, used_name_sealed) on invitation_code to portal_facts;

        -- Whoever holds a code has said nothing else of who they are: this tells where it leads, nothing of what is
        -- there. The keeper of facts looks at the rest, in that one case.
        create function case_of_code(value bytea) returns uuid language sql stable security definer
            set search_path = public, pg_temp as $$
            select case_id from invitation_code
            where match_value = value and used_at is null and expires_at > wall_clock() $$;

        -- The keeper of facts carries a citizen's membership over to the person their own eID stands for.
        grant update (person_id) on membership to portal_facts;

        -- The second wall: neither a code nor a number makes anybody into somebody who is here already.
        create function refuse_somebody_known() returns trigger language plpgsql security definer
            set search_path = public, pg_temp as $$
            declare speaks_for text := current_setting('app.person_id', true);
            begin
                perform set_config('app.person_id', new.person_id::text, true);
                if exists (select from membership where person_id = new.person_id)
                   or exists (select from eid_link where person_id = new.person_id) then
                    raise insufficient_privilege using message = 'that person is known already';
                end if;
                perform set_config('app.person_id', coalesce(speaks_for, ''), true);
                return new;
            end $$;
        create trigger only_somebody_new before insert on national_id
            for each row execute function refuse_somebody_known();
        create trigger only_somebody_new before insert on eid_link
            for each row when (new.came_by = 'code') execute function refuse_somebody_known();

        revoke all on function case_of_code(bytea), refuse_somebody_known() from public;
        grant execute on function case_of_code(bytea) to portal_app;
        """
    )


def downgrade() -> None:
    op.execute(
        """
        drop trigger only_somebody_new on eid_link;
        drop trigger only_somebody_new on national_id;
        drop function refuse_somebody_known();
        revoke update (person_id) on membership from portal_facts;
        drop function case_of_code(bytea);
        drop table invitation_code;
        create table invitation_code (
            id uuid constraint pk_invitation_code primary key,
            person_id uuid not null constraint fk_invitation_code_person_id references person,
            match_value bytea not null constraint uq_invitation_code_match_value unique,
            created_at timestamptz not null,
            expires_at timestamptz not null,
            used_at timestamptz
        );
        create index ix_invitation_code_person_id on invitation_code (person_id);
        grant select, insert, update on invitation_code to portal_app;
        alter table eid_stranger drop column told_sealed;
        alter table eid_attempt drop column purpose, drop column login_id, drop column anew_since;
        alter table login drop column eid_link_id;
        revoke update (others_seen_at, ended_at) on eid_link from portal_app;
        drop policy found on eid_link;
        drop policy made on eid_link;
        drop policy own on eid_link;
        drop policy looked_after on eid_link;
        alter table eid_link disable row level security, no force row level security;
        delete from eid_link where ended_at is not null;
        alter table eid_link drop constraint pk_eid_link;
        alter table eid_link drop column id, drop column came_by, drop column others_seen_at, drop column ended_at;
        alter table eid_link add constraint pk_eid_link primary key (issuer, subject);
        """
    )
