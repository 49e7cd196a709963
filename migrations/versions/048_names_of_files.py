"""A file can be given another name; its versions keep theirs."""

from alembic import op

revision = "048"
down_revision = "047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table file_name (
            id uuid constraint pk_file_name primary key,
            file_id uuid not null,
            case_id uuid not null,
            compartment_id uuid not null,
            name_sealed bytea not null,
            created_at timestamptz not null,
            created_by_id uuid not null,
            constraint fk_file_name_file_id_case_id_compartment_id
                foreign key (file_id, case_id, compartment_id) references file (id, case_id, compartment_id)
                on update cascade,
            constraint fk_file_name_case_id_created_by_id
                foreign key (case_id, created_by_id) references membership (case_id, id)
        );
        create index ix_file_name_compartment_id on file_name (compartment_id);
        create index ix_file_name_file_id_created_at on file_name (file_id, created_at);
        alter table file_name enable row level security, force row level security;
        create policy seen on file_name for select to portal_app
            using (compartment_id = any ((select my_compartments())::uuid[]));
        create policy written on file_name for insert to portal_app
            with check (created_by_id = any ((select my_memberships())::uuid[])
                        and compartment_id = any ((select my_writable_compartments())::uuid[]));
        grant select, insert on file_name to portal_app;

        alter table search_entry drop constraint ck_search_entry_kind;
        alter table search_entry add constraint ck_search_entry_kind
            check (kind in ('file', 'message', 'content', 'name'));
        """
    )


def downgrade() -> None:
    op.execute(
        """
        alter table search_entry no force row level security;
        delete from search_entry where kind = 'name';
        alter table search_entry force row level security;
        alter table search_entry drop constraint ck_search_entry_kind;
        alter table search_entry add constraint ck_search_entry_kind check (kind in ('file', 'message', 'content'));
        drop table file_name;
        """
    )
