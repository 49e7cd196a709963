"""Forms made elsewhere: a file in a tool's place, with the day it is from and between whom."""

from alembic import op

revision = "036"
down_revision = "035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table old_form (
            id uuid constraint pk_old_form primary key,
            file_id uuid not null,
            case_id uuid not null,
            compartment_id uuid not null,
            made_on date not null,
            parties_sealed bytea not null,
            created_at timestamptz not null,
            created_by_id uuid not null,
            constraint fk_old_form_file_id_case_id_compartment_id
                foreign key (file_id, case_id, compartment_id) references file (id, case_id, compartment_id)
                on update cascade,
            constraint fk_old_form_case_id_created_by_id
                foreign key (case_id, created_by_id) references membership (case_id, id)
        );
        create index ix_old_form_compartment_id on old_form (compartment_id);
        create index ix_old_form_file_id_created_at on old_form (file_id, created_at);
        alter table old_form enable row level security, force row level security;
        create policy seen on old_form for select to portal_app
            using (compartment_id = any ((select my_compartments())::uuid[]));
        create policy written on old_form for insert to portal_app
            with check (created_by_id = any ((select my_memberships())::uuid[])
                        and compartment_id = any ((select my_writable_compartments())::uuid[]));
        grant select, insert on old_form to portal_app;
        """
    )


def downgrade() -> None:
    op.execute("drop table old_form")
