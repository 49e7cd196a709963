"""Folders people make themselves, and files that were withdrawn."""

from alembic import op

revision = "015"
down_revision = "014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table file_place (
            id uuid constraint pk_file_place primary key,
            file_id uuid not null,
            case_id uuid not null,
            compartment_id uuid not null,
            folder_sealed bytea,
            created_at timestamptz not null,
            created_by_id uuid not null,
            constraint fk_file_place_file_id_case_id_compartment_id
                foreign key (file_id, case_id, compartment_id) references file (id, case_id, compartment_id)
                on update cascade,
            constraint fk_file_place_case_id_created_by_id
                foreign key (case_id, created_by_id) references membership (case_id, id)
        );
        create index ix_file_place_compartment_id on file_place (compartment_id);
        create index ix_file_place_file_id_created_at on file_place (file_id, created_at);
        create table file_withdrawal (
            file_id uuid constraint pk_file_withdrawal primary key,
            case_id uuid not null,
            compartment_id uuid not null,
            reason_sealed bytea not null,
            created_at timestamptz not null,
            created_by_id uuid not null,
            constraint fk_file_withdrawal_file_id_case_id_compartment_id
                foreign key (file_id, case_id, compartment_id) references file (id, case_id, compartment_id)
                on update cascade,
            constraint fk_file_withdrawal_case_id_created_by_id
                foreign key (case_id, created_by_id) references membership (case_id, id)
        );
        create index ix_file_withdrawal_compartment_id on file_withdrawal (compartment_id);
        """
    )
    for table in ("file_place", "file_withdrawal"):
        op.execute(
            f"""
            alter table {table} enable row level security, force row level security;
            create policy seen on {table} for select to portal_app
                using (compartment_id = any ((select my_compartments())::uuid[]));
            create policy written on {table} for insert to portal_app
                with check (created_by_id = any ((select my_memberships())::uuid[])
                            and compartment_id = any ((select my_writable_compartments())::uuid[]));
            grant select, insert on {table} to portal_app;
            """
        )


def downgrade() -> None:
    op.execute("drop table file_withdrawal, file_place")
