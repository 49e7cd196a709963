"""Uploads that met a newer version and wait for their sender's choice, and who is editing a file just now."""

from alembic import op

revision = "013"
down_revision = "012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table held_upload (
            id uuid constraint pk_held_upload primary key,
            file_id uuid not null,
            case_id uuid not null,
            compartment_id uuid not null,
            taken bigint,
            name_sealed bytea not null,
            note_sealed bytea,
            digest_sealed bytea not null,
            media_type varchar not null,
            size bigint not null,
            blob varchar not null constraint uq_held_upload_blob unique,
            file_key bytea not null,
            created_at timestamptz not null,
            created_by_id uuid not null,
            constraint fk_held_upload_file_id_case_id_compartment_id
                foreign key (file_id, case_id, compartment_id) references file (id, case_id, compartment_id)
                on update cascade,
            constraint fk_held_upload_case_id_created_by_id
                foreign key (case_id, created_by_id) references membership (case_id, id)
        );
        create index ix_held_upload_created_by_id on held_upload (created_by_id);
        alter table held_upload enable row level security, force row level security;
        create policy mine on held_upload for select to portal_app
            using (created_by_id = any ((select my_memberships())::uuid[])
                   and compartment_id = any ((select my_compartments())::uuid[]));
        create policy written on held_upload for insert to portal_app
            with check (created_by_id = any ((select my_memberships())::uuid[])
                        and compartment_id = any ((select my_writable_compartments())::uuid[]));
        create policy decided on held_upload for delete to portal_app
            using (created_by_id = any ((select my_memberships())::uuid[]));
        grant select, insert, delete on held_upload to portal_app;

        create table checkout (
            id uuid constraint pk_checkout primary key,
            file_id uuid not null,
            case_id uuid not null,
            compartment_id uuid not null,
            started_at timestamptz not null,
            ends_at timestamptz not null,
            created_by_id uuid not null,
            ended_at timestamptz,
            ended_by_id uuid,
            note_sealed bytea,
            constraint ck_checkout_ends_at check (ends_at > started_at),
            constraint fk_checkout_file_id_case_id_compartment_id
                foreign key (file_id, case_id, compartment_id) references file (id, case_id, compartment_id)
                on update cascade,
            constraint fk_checkout_case_id_created_by_id
                foreign key (case_id, created_by_id) references membership (case_id, id),
            constraint fk_checkout_case_id_ended_by_id
                foreign key (case_id, ended_by_id) references membership (case_id, id)
        );
        create index ix_checkout_file_id_started_at on checkout (file_id, started_at);
        create index ix_checkout_compartment_id on checkout (compartment_id);
        alter table checkout enable row level security, force row level security;
        create policy seen on checkout for select to portal_app
            using (compartment_id = any ((select my_compartments())::uuid[]));
        create policy written on checkout for insert to portal_app
            with check (created_by_id = any ((select my_memberships())::uuid[])
                        and compartment_id = any ((select my_writable_compartments())::uuid[]));
        create policy ended on checkout for update to portal_app
            using (compartment_id = any ((select my_writable_compartments())::uuid[]))
            with check (ended_by_id = any ((select my_memberships())::uuid[]));
        grant select, insert on checkout to portal_app;
        grant update (ended_at, ended_by_id, note_sealed) on checkout to portal_app;
        """
    )


def downgrade() -> None:
    op.execute("drop table checkout, held_upload")
