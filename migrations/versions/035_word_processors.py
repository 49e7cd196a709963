"""Links that open a file in a word processor, what it puts beside the file, and its locks."""

from alembic import op

revision = "035"
down_revision = "034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table dav_token (
            id uuid constraint pk_dav_token primary key,
            file_id uuid not null,
            case_id uuid not null,
            compartment_id uuid not null,
            token_sha256 bytea not null constraint uq_dav_token_token_sha256 unique,
            name_sealed bytea not null,
            person_id uuid not null constraint fk_dav_token_person_id_person references person (id),
            login_id uuid not null constraint fk_dav_token_login_id_login references login (id),
            created_at timestamptz not null,
            created_by_id uuid not null,
            ends_at timestamptz not null,
            ended_at timestamptz,
            constraint ck_dav_token_ends_at check (ends_at > created_at),
            constraint fk_dav_token_file_id_case_id_compartment_id
                foreign key (file_id, case_id, compartment_id) references file (id, case_id, compartment_id)
                on update cascade,
            constraint fk_dav_token_case_id_created_by_id
                foreign key (case_id, created_by_id) references membership (case_id, id)
        );
        create index ix_dav_token_created_by_id on dav_token (created_by_id);
        create index ix_dav_token_ends_at on dav_token (ends_at);
        alter table dav_token enable row level security, force row level security;
        create policy mine on dav_token for select to portal_app
            using (created_by_id = any ((select my_memberships())::uuid[])
                   and compartment_id = any ((select my_compartments())::uuid[]));
        create policy written on dav_token for insert to portal_app
            with check (created_by_id = any ((select my_memberships())::uuid[]) and person_id = my_person_id()
                        and compartment_id = any ((select my_writable_compartments())::uuid[]));
        create policy ended on dav_token for update to portal_app
            using (created_by_id = any ((select my_memberships())::uuid[]))
            with check (created_by_id = any ((select my_memberships())::uuid[]));
        create policy looked_after on dav_token to portal_owner using (true) with check (true);
        grant select, insert, update (ended_at) on dav_token to portal_app;

        create table dav_entry (
            id uuid constraint pk_dav_entry primary key,
            token_id uuid not null constraint fk_dav_entry_token_id_dav_token
                references dav_token (id) on delete cascade,
            kind varchar not null constraint ck_dav_entry_kind check (kind in ('folder', 'scratch', 'notes')),
            path_sealed bytea not null,
            properties_sealed bytea,
            blob varchar constraint uq_dav_entry_blob unique,
            file_key bytea,
            size bigint not null,
            made_at timestamptz not null,
            changed_at timestamptz not null
        );
        create table dav_lock (
            id uuid constraint pk_dav_lock primary key,
            token_id uuid not null constraint fk_dav_lock_token_id_dav_token
                references dav_token (id) on delete cascade,
            checkout_id uuid constraint fk_dav_lock_checkout_id_checkout references checkout (id),
            lock_token varchar not null constraint uq_dav_lock_lock_token unique,
            path_sealed bytea not null,
            owner_sealed bytea not null,
            scope varchar not null constraint ck_dav_lock_scope check (scope in ('exclusive', 'shared')),
            is_deep boolean not null,
            ends_at timestamptz not null
        );
        """
    )
    for table in ("dav_entry", "dav_lock"):
        op.execute(
            f"""
            create index ix_{table}_token_id on {table} (token_id);
            alter table {table} enable row level security, force row level security;
            create policy mine on {table} to portal_app
                using (token_id = any (array(select id from dav_token)))
                with check (token_id = any (array(select id from dav_token)));
            create policy looked_after on {table} to portal_owner using (true) with check (true);
            grant select, insert, update, delete on {table} to portal_app;
            """
        )
    op.execute(
        """
        -- Whoever holds a token has said nothing else of who they are. What a link opens is then theirs to reach as
        -- they would be signed in: this tells who that is and where to go, nothing of what is there.
        create function dav_holder(digest bytea) returns table (token_id uuid, case_id uuid, person_id uuid)
            language sql stable security definer set search_path = public, pg_temp as $$
            select t.id, t.case_id, t.person_id from dav_token t
            join login l on l.id = t.login_id and l.ended_at is null
            join person p on p.id = t.person_id and p.closed_at is null
            where t.token_sha256 = digest and t.ended_at is null and t.ends_at > wall_clock()
        $$;
        create function forget_ended_links() returns setof varchar language sql security definer
            set search_path = public, pg_temp as $$
            with old as (select id from dav_token where ends_at <= wall_clock() or ended_at is not null),
                 beside as (select blob from dav_entry where blob is not null and token_id in (select id from old)),
                 gone as (delete from dav_token where id in (select id from old))
            select blob from beside
        $$;
        revoke all on function dav_holder(bytea), forget_ended_links() from public;
        grant execute on function dav_holder(bytea), forget_ended_links() to portal_app;
        """
    )


def downgrade() -> None:
    op.execute(
        "drop function dav_holder(bytea); drop function forget_ended_links(); drop table dav_lock, dav_entry, dav_token"
    )
