"""Uploads that come in pieces: what is to arrive, and the sealed parts that have."""

from alembic import op

revision = "025"
down_revision = "024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table begun_upload (
            id uuid constraint pk_begun_upload primary key,
            case_id uuid not null,
            compartment_id uuid not null,
            file_id uuid,
            name_sealed bytea not null,
            size bigint not null constraint ck_begun_upload_size check (size >= 1),
            created_at timestamptz not null,
            ends_at timestamptz not null,
            created_by_id uuid not null,
            constraint ck_begun_upload_ends_at check (ends_at > created_at),
            constraint fk_begun_upload_case_id_compartment_id
                foreign key (case_id, compartment_id) references compartment (case_id, id),
            constraint fk_begun_upload_file_id_case_id_compartment_id
                foreign key (file_id, case_id, compartment_id) references file (id, case_id, compartment_id)
                on update cascade,
            constraint fk_begun_upload_case_id_created_by_id
                foreign key (case_id, created_by_id) references membership (case_id, id)
        );
        create index ix_begun_upload_created_by_id on begun_upload (created_by_id);
        create index ix_begun_upload_ends_at on begun_upload (ends_at);
        alter table begun_upload enable row level security, force row level security;
        create policy mine on begun_upload for select to portal_app
            using (created_by_id = any ((select my_memberships())::uuid[])
                   and compartment_id = any ((select my_compartments())::uuid[]));
        create policy written on begun_upload for insert to portal_app
            with check (created_by_id = any ((select my_memberships())::uuid[])
                        and compartment_id = any ((select my_writable_compartments())::uuid[]));
        create policy ended on begun_upload for delete to portal_app
            using (created_by_id = any ((select my_memberships())::uuid[]));
        create policy looked_after on begun_upload to portal_owner using (true) with check (true);
        grant select, insert, delete on begun_upload to portal_app;

        create table upload_part (
            upload_id uuid not null,
            starts_at bigint not null constraint ck_upload_part_starts_at check (starts_at >= 0),
            size bigint not null constraint ck_upload_part_size check (size >= 1),
            digest_sealed bytea not null,
            blob varchar not null constraint uq_upload_part_blob unique,
            file_key bytea not null,
            constraint pk_upload_part primary key (upload_id, starts_at),
            constraint fk_upload_part_upload_id_begun_upload
                foreign key (upload_id) references begun_upload (id) on delete cascade
        );
        alter table upload_part enable row level security, force row level security;
        create policy mine on upload_part for select to portal_app
            using (upload_id = any (array(select id from begun_upload)));
        create policy written on upload_part for insert to portal_app
            with check (upload_id = any (array(select id from begun_upload)));
        create policy looked_after on upload_part to portal_owner using (true) with check (true);
        grant select, insert on upload_part to portal_app;

        -- Nobody who still could is asked to: what was begun and never finished goes by itself, and tells which objects
        -- went with it.
        create function forget_ended_uploads() returns setof varchar language sql security definer
            set search_path = public, pg_temp as $$
            with old as (select id from begun_upload where ends_at <= wall_clock()),
                 parts as (select blob from upload_part where upload_id in (select id from old)),
                 gone as (delete from begun_upload where id in (select id from old))
            select blob from parts
        $$;
        revoke all on function forget_ended_uploads() from public;
        grant execute on function forget_ended_uploads() to portal_app;
        """
    )


def downgrade() -> None:
    op.execute("drop function forget_ended_uploads(); drop table upload_part, begun_upload")
