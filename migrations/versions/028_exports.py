"""Copies to take away: a folder, or all that somebody may read of a case, packed for them alone."""

from alembic import op

revision = "028"
down_revision = "027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table export (
            id uuid constraint pk_export primary key,
            case_id uuid not null,
            asked_by_id uuid not null,
            kind varchar not null constraint ck_export_kind check (kind in ('folder', 'case')),
            folder_sealed bytea,
            language varchar not null,
            created_at timestamptz not null,
            ends_at timestamptz not null,
            failed boolean not null default false,
            ready_at timestamptz,
            compartments uuid[] not null default '{}',
            contents jsonb not null default '[]',
            blob varchar constraint uq_export_blob unique,
            file_key bytea,
            size bigint,
            constraint ck_export_ends_at check (ends_at > created_at),
            constraint ck_export_ready_at check ((ready_at is null) = (blob is null)),
            constraint fk_export_case_id_asked_by_id
                foreign key (case_id, asked_by_id) references membership (case_id, id)
        );
        create index ix_export_asked_by_id on export (asked_by_id);
        create index ix_export_ends_at on export (ends_at);
        alter table export enable row level security, force row level security;
        -- What was packed is there only while every compartment it came from is still open.
        create policy mine on export for select to portal_app
            using (asked_by_id = any ((select my_memberships())::uuid[])
                   and compartments <@ (select my_compartments())::uuid[]);
        create policy written on export for insert to portal_app
            with check (asked_by_id = any ((select my_memberships())::uuid[]));
        create policy made on export for update to portal_app
            using (asked_by_id = any ((select my_memberships())::uuid[]))
            with check (asked_by_id = any ((select my_memberships())::uuid[])
                        and compartments <@ (select my_compartments())::uuid[]);
        create policy looked_after on export to portal_owner using (true) with check (true);
        grant select, insert on export to portal_app;
        grant update (failed, ready_at, compartments, contents, blob, file_key, size) on export to portal_app;

        create function forget_ended_exports() returns setof varchar language sql security definer
            set search_path = public, pg_temp as $$
            with gone as (delete from export where ends_at <= wall_clock() returning blob)
            select blob from gone where blob is not null
        $$;
        revoke all on function forget_ended_exports() from public;
        grant execute on function forget_ended_exports() to portal_app;
        """
    )


def downgrade() -> None:
    op.execute("drop function forget_ended_exports(); drop table export")
