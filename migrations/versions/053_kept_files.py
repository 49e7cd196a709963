"""A file that came with a form which was refused is kept for its sender until the form is done or given up."""

from alembic import op

revision = "053"
down_revision = "052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table kept_file (
            id uuid constraint pk_kept_file primary key,
            person_id uuid not null constraint fk_kept_file_person_id references person,
            blob varchar constraint uq_kept_file_blob unique,
            sealed bytea not null,
            kept_at timestamptz not null
        );
        create index ix_kept_file_person_id on kept_file (person_id);
        create index ix_kept_file_kept_at on kept_file (kept_at);
        alter table kept_file enable row level security, force row level security;
        create policy mine on kept_file to portal_app
            using (person_id = my_person_id()) with check (person_id = my_person_id());
        create policy looked_after on kept_file to portal_owner using (true) with check (true);
        grant select, insert, delete, update (blob) on kept_file to portal_app;

        -- Nobody who still could is asked to: what was never taken up goes by itself, and tells which objects went
        -- with it. What was used names none: the object is another row's by then.
        create function forget_kept_files() returns setof varchar language sql security definer
            set search_path = public, pg_temp as $$
            with gone as (delete from kept_file where kept_at <= wall_clock() - interval '1 day' returning blob)
            select blob from gone where blob is not null
        $$;
        revoke all on function forget_kept_files() from public;
        grant execute on function forget_kept_files() to portal_app;
        """
    )


def downgrade() -> None:
    op.execute("drop function forget_kept_files(); drop table kept_file")
