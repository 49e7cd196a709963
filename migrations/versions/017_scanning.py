"""What the virus scanner said of each version, and a role that sees what waits for it and nothing else."""

from alembic import op

revision = "017"
down_revision = "016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        alter table file_version
            add column scan varchar not null default 'not_scanned'
                constraint ck_file_version_scan check (scan in ('waiting', 'clean', 'refused', 'not_scanned')),
            add column scanned_at timestamptz;
        alter table file_version alter column scan drop default;
        create index ix_file_version_waiting on file_version (case_id) where scan = 'waiting';

        -- Nobody who puts a version in can say of it that it is clean.
        create policy unscanned on file_version as restrictive for insert to portal_app
            with check ((scan = 'waiting' or scan = 'not_scanned') and scanned_at is null);

        -- The scanner sees what waits, and what it has settled itself in this transaction.
        create policy scanned on file_version for select to portal_scanner
            using (scan = 'waiting' or scanned_at = now());
        create policy settled on file_version for update to portal_scanner
            using (scan = 'waiting') with check (scan <> 'waiting');
        create policy scanned on case_key for select to portal_scanner
            using (case_id = any (array(select case_id from file_version where scan = 'waiting')));
        grant select (id, file_id, case_id, compartment_id, number, blob, file_key, size, created_at, scan, scanned_at),
            update (scan, scanned_at) on file_version to portal_scanner;
        grant select on case_key to portal_scanner;
        """
    )


def downgrade() -> None:
    op.execute(
        """
        revoke select on case_key from portal_scanner;
        revoke all (id, file_id, case_id, compartment_id, number, blob, file_key, size, created_at, scan, scanned_at)
            on file_version from portal_scanner;
        drop policy scanned on case_key;
        drop policy settled on file_version;
        drop policy scanned on file_version;
        drop policy unscanned on file_version;
        drop index ix_file_version_waiting;
        alter table file_version drop column scanned_at, drop column scan;
        """
    )
