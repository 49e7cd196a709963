"""What the command line needs to look after keys and blobs: which objects rows name, and the wrapped case keys."""

from alembic import op

revision = "016"
down_revision = "015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create policy looked_after on file_version for select to portal_owner using (true);
        create policy looked_after on held_upload for select to portal_owner using (true);
        create policy looked_after on rendition for select to portal_owner using (true);
        create policy looked_after on consent for select to portal_owner using (true);
        create policy looked_after on case_key to portal_owner using (true) with check (true);
        create policy upkeep on audit_event for insert to portal_owner with check (actor_id is null);
        """
    )


def downgrade() -> None:
    op.execute(
        """
        drop policy upkeep on audit_event;
        drop policy looked_after on case_key;
        drop policy looked_after on consent;
        drop policy looked_after on rendition;
        drop policy looked_after on held_upload;
        drop policy looked_after on file_version;
        """
    )
