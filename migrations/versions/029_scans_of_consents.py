"""The scan of a consent on paper goes past the virus scanner too."""

from alembic import op

revision = "029"
down_revision = "028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        alter table consent
            add column scan_state varchar not null default 'not_scanned'
                constraint ck_consent_scan_state check (scan_state in ('waiting', 'clean', 'refused', 'not_scanned')),
            add column scan_checked_at timestamptz;
        alter table consent alter column scan_state drop default;
        create index ix_consent_waiting on consent (case_id) where scan_state = 'waiting';

        create policy unscanned on consent as restrictive for insert to portal_app
            with check ((scan_state = 'waiting' or scan_state = 'not_scanned') and scan_checked_at is null);

        create policy scanned on consent for select to portal_scanner
            using (scan_state = 'waiting' or scan_checked_at = now());
        create policy settled on consent for update to portal_scanner
            using (scan_state = 'waiting') with check (scan_state <> 'waiting');
        create policy scanned_papers on case_key for select to portal_scanner
            using (case_id = any (array(select case_id from consent where scan_state = 'waiting')));
        grant select (id, case_id, given_at, scan_blob, scan_key, scan_size, scan_state, scan_checked_at),
            update (scan_state, scan_checked_at) on consent to portal_scanner;
        """
    )


def downgrade() -> None:
    op.execute(
        """
        revoke all (id, case_id, given_at, scan_blob, scan_key, scan_size, scan_state, scan_checked_at)
            on consent from portal_scanner;
        drop policy scanned_papers on case_key;
        drop policy settled on consent;
        drop policy scanned on consent;
        drop policy unscanned on consent;
        drop index ix_consent_waiting;
        alter table consent drop column scan_checked_at, drop column scan_state;
        """
    )
