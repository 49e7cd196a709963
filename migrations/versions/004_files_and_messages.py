"""What people put into a case: files, messages, and the blind index over both."""

from alembic import op

revision = "004"
down_revision = "003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table file (
            id uuid constraint pk_file primary key,
            case_id uuid not null,
            compartment_id uuid not null,
            tool varchar,
            created_at timestamptz not null,
            created_by_id uuid not null,
            constraint uq_file_id_case_id_compartment_id unique (id, case_id, compartment_id),
            constraint fk_file_case_id_compartment_id
                foreign key (case_id, compartment_id) references compartment (case_id, id),
            constraint fk_file_case_id_created_by_id
                foreign key (case_id, created_by_id) references membership (case_id, id)
        );
        create index ix_file_compartment_id on file (compartment_id);
        create table file_version (
            id uuid constraint pk_file_version primary key,
            file_id uuid not null,
            case_id uuid not null,
            compartment_id uuid not null,
            number bigint not null,
            name_sealed bytea not null,
            note_sealed bytea,
            digest_sealed bytea not null,
            media_type varchar not null,
            size bigint not null,
            blob varchar not null constraint uq_file_version_blob unique,
            file_key bytea not null,
            created_at timestamptz not null,
            created_by_id uuid not null,
            constraint uq_file_version_file_id_number unique (file_id, number),
            constraint ck_file_version_number check (number >= 1),
            constraint ck_file_version_size check (size >= 1),
            constraint fk_file_version_file_id_case_id_compartment_id
                foreign key (file_id, case_id, compartment_id) references file (id, case_id, compartment_id)
                on update cascade,
            constraint fk_file_version_case_id_created_by_id
                foreign key (case_id, created_by_id) references membership (case_id, id)
        );
        create index ix_file_version_compartment_id on file_version (compartment_id);
        create table thread (
            id uuid constraint pk_thread primary key,
            case_id uuid not null,
            compartment_id uuid not null,
            subject_sealed bytea not null,
            created_at timestamptz not null,
            created_by_id uuid not null,
            constraint uq_thread_id_case_id_compartment_id unique (id, case_id, compartment_id),
            constraint fk_thread_case_id_compartment_id
                foreign key (case_id, compartment_id) references compartment (case_id, id),
            constraint fk_thread_case_id_created_by_id
                foreign key (case_id, created_by_id) references membership (case_id, id)
        );
        create index ix_thread_compartment_id on thread (compartment_id);
        create table message (
            id uuid constraint pk_message primary key,
            thread_id uuid not null,
            case_id uuid not null,
            compartment_id uuid not null,
            body_sealed bytea not null,
            created_at timestamptz not null,
            created_by_id uuid not null,
            constraint fk_message_thread_id_case_id_compartment_id
                foreign key (thread_id, case_id, compartment_id) references thread (id, case_id, compartment_id)
                on update cascade,
            constraint fk_message_case_id_created_by_id
                foreign key (case_id, created_by_id) references membership (case_id, id)
        );
        create index ix_message_compartment_id_created_at on message (compartment_id, created_at);
        create index ix_message_thread_id_created_at on message (thread_id, created_at);
        create table search_entry (
            item_id uuid constraint pk_search_entry primary key,
            case_id uuid not null,
            compartment_id uuid not null,
            kind varchar not null constraint ck_search_entry_kind check (kind in ('file', 'message')),
            words tsvector not null,
            constraint fk_search_entry_case_id_compartment_id
                foreign key (case_id, compartment_id) references compartment (case_id, id)
        );
        create index ix_search_entry_words on search_entry using gin (words);
        create index ix_search_entry_compartment_id on search_entry (compartment_id);
        """
    )
    for table in ("file", "file_version", "thread", "message", "search_entry"):
        written_by_me = "" if table == "search_entry" else "and created_by_id = any ((select my_memberships())::uuid[])"
        op.execute(
            f"""
            alter table {table} enable row level security, force row level security;
            create policy seen on {table} for select to portal_app
                using (compartment_id = any ((select my_compartments())::uuid[]));
            create policy written on {table} for insert to portal_app
                with check (compartment_id = any ((select my_writable_compartments())::uuid[]) {written_by_me});
            grant select, insert on {table} to portal_app;
            """
        )


def downgrade() -> None:
    op.execute("drop table search_entry, message, thread, file_version, file")
