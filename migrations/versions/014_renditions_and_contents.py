"""What is made of a file: a PDF to look at in the page, and the words inside it for the search."""

from alembic import op

revision = "014"
down_revision = "013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        alter table file_version add constraint uq_file_version_id_file_id unique (id, file_id);
        create table rendition (
            version_id uuid constraint pk_rendition primary key,
            file_id uuid not null,
            case_id uuid not null,
            compartment_id uuid not null,
            blob varchar constraint uq_rendition_blob unique,
            file_key bytea,
            size bigint,
            made_at timestamptz not null,
            constraint fk_rendition_version_id_file_id
                foreign key (version_id, file_id) references file_version (id, file_id),
            constraint fk_rendition_file_id_case_id_compartment_id
                foreign key (file_id, case_id, compartment_id) references file (id, case_id, compartment_id)
                on update cascade
        );
        create index ix_rendition_compartment_id on rendition (compartment_id);
        alter table rendition enable row level security, force row level security;
        create policy seen on rendition for select to portal_app
            using (compartment_id = any ((select my_compartments())::uuid[]));
        create policy made on rendition for insert to portal_app
            with check (compartment_id = any ((select my_writable_compartments())::uuid[]));
        grant select, insert on rendition to portal_app;

        alter table search_entry drop constraint pk_search_entry;
        alter table search_entry add constraint pk_search_entry primary key (item_id, kind);
        alter table search_entry drop constraint ck_search_entry_kind;
        alter table search_entry add constraint ck_search_entry_kind check (kind in ('file', 'message', 'content'));
        alter table search_entry add column readable boolean
            constraint ck_search_entry_readable check ((kind = 'content') = (readable is not null));
        """
    )


def downgrade() -> None:
    op.execute(
        """
        alter table search_entry no force row level security;
        delete from search_entry where kind = 'content';
        alter table search_entry force row level security;
        alter table search_entry drop constraint ck_search_entry_readable;
        alter table search_entry drop column readable;
        alter table search_entry drop constraint ck_search_entry_kind;
        alter table search_entry add constraint ck_search_entry_kind check (kind in ('file', 'message'));
        alter table search_entry drop constraint pk_search_entry;
        alter table search_entry add constraint pk_search_entry primary key (item_id);
        drop table rendition;
        alter table file_version drop constraint uq_file_version_id_file_id;
        """
    )
