"""A citizen may bind a passkey to their own phone: by which eID, on which browser, and when the eID was last shown."""

from alembic import op

revision = "062"
down_revision = "061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        alter table passkey
            add column eid_link_id uuid constraint fk_passkey_eid_link_id_eid_link references eid_link,
            add column browser_sha256 bytea,
            add column proven_at timestamptz,
            add constraint ck_passkey_own_phone
                check (num_nulls(eid_link_id, browser_sha256, proven_at) in (0, 3));
        create index ix_passkey_eid_link_id on passkey (eid_link_id);
        create index ix_passkey_browser_sha256 on passkey (browser_sha256);
        """
    )


def downgrade() -> None:
    op.execute(
        """
        delete from passkey where eid_link_id is not null;
        alter table passkey drop column eid_link_id, drop column browser_sha256, drop column proven_at;
        """
    )
