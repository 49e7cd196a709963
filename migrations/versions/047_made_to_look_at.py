"""Everything that is made of a version to look at it is kept: pictures, pages and text as well as the PDF."""

from alembic import op

revision = "047"
down_revision = "046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        alter table rendition add column kind varchar not null default 'pdf';
        alter table rendition alter column kind drop default;
        alter table rendition add column number bigint not null default 0;
        alter table rendition alter column number drop default;
        alter table rendition add column pages bigint;
        alter table rendition add column fault varchar;
        alter table rendition no force row level security;
        update rendition set fault = 'unreadable' where blob is null;
        alter table rendition force row level security;
        alter table rendition drop constraint pk_rendition;
        alter table rendition add constraint pk_rendition primary key (version_id, kind, number);
        alter table rendition add constraint ck_rendition_kind
            check (kind in ('pdf', 'picture', 'small', 'page', 'text'));
        alter table rendition add constraint ck_rendition_fault
            check ((blob is null) = (fault is not null) and fault in ('unreadable', 'too_large'));

        -- Whoever may look at a version may keep what was made for them to look at: the next one is spared the making.
        drop policy made on rendition;
        create policy made on rendition for insert to portal_app
            with check (compartment_id = any ((select my_compartments())::uuid[]));
        """
    )


def downgrade() -> None:
    op.execute(
        """
        drop policy made on rendition;
        create policy made on rendition for insert to portal_app
            with check (compartment_id = any ((select my_writable_compartments())::uuid[]));
        alter table rendition no force row level security;
        delete from rendition where kind <> 'pdf';
        alter table rendition force row level security;
        alter table rendition drop constraint ck_rendition_fault;
        alter table rendition drop constraint ck_rendition_kind;
        alter table rendition drop constraint pk_rendition;
        alter table rendition add constraint pk_rendition primary key (version_id);
        alter table rendition drop column fault;
        alter table rendition drop column pages;
        alter table rendition drop column number;
        alter table rendition drop column kind;
        """
    )
