"""The guide notes who holds custody, and moves a file or thread to another compartment."""

from alembic import op

revision = "011"
down_revision = "010"
branch_labels = None
depends_on = None

MOVED = ("file", "thread", "search_entry")


def upgrade() -> None:
    op.execute(
        """
        create policy custody on membership for update to portal_app
            using (case_id = any ((select my_owned_cases())::uuid[]))
            with check (case_id = any ((select my_owned_cases())::uuid[]));
        grant update (custody_from, custody_until) on membership to portal_app;
        """
    )
    for table in MOVED:
        # Versions and messages follow their file and thread by the foreign key.
        op.execute(
            f"""
            create policy moved on {table} for update to portal_app
                using (compartment_id = any ((select my_writable_compartments())::uuid[])
                       and case_id = any ((select my_owned_cases())::uuid[]))
                with check (compartment_id = any ((select my_writable_compartments())::uuid[])
                            and case_id = any ((select my_owned_cases())::uuid[]));
            grant update (compartment_id) on {table} to portal_app;
            """
        )


def downgrade() -> None:
    for table in MOVED:
        op.execute(f"revoke update (compartment_id) on {table} from portal_app; drop policy moved on {table}")
    op.execute("revoke update (custody_from, custody_until) on membership from portal_app")
    op.execute("drop policy custody on membership")
