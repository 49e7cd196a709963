"""What a citizen looked at in a case is read by that citizen alone."""

from alembic import op

revision = "054"
down_revision = "053"
branch_labels = None
depends_on = None

READING = (
    "case.viewed", "plan.viewed", "schema.viewed", "schema.exported", "schema.compared", "meeting.viewed",
    "heard.viewed", "team.viewed", "audience.viewed", "files.listed", "pictures.listed", "file.viewed",
    "version.downloaded", "version.opened", "version.previewed", "export.fetched", "folder.fetched",
    "blank.downloaded", "threads.listed", "thread.viewed", "case.searched", "consent.viewed", "national_id.shown",
    "own_data.viewed", "log.viewed", "access.refused", "export.asked", "export.made", "export.failed",
)  # fmt: skip
"""Events that only look, try, or take a copy."""


def upgrade() -> None:
    events = ", ".join(f"'{event}'" for event in READING)
    op.execute(
        f"""
        -- On top of whatever lets somebody read a line. That somebody from outside was refused is told inside. Who is
        -- a professional is asked of the accounts: somebody the case is shut to sees no members of it.
        create policy own_reading on audit_event as restrictive for select to portal_app
            using (event <> all (array[{events}]) or actor_id = my_person_id()
                   or membership_id is null or actor_id is null
                   or actor_id = any (array(select s.person_id from staff s)));

        -- Whether somebody has ever been in a case, for its owner, who may not read what they looked at.
        create function has_acted_in(the_case uuid, somebody uuid) returns boolean language sql stable security definer
            set search_path = public, pg_temp as $$
            select the_case = any (my_owned_cases())
                and exists (select from audit_event where chain_id = the_case and actor_id = somebody) $$;
        revoke execute on function has_acted_in(uuid, uuid) from public;
        grant execute on function has_acted_in(uuid, uuid) to portal_app;
        """
    )


def downgrade() -> None:
    op.execute("drop function has_acted_in(uuid, uuid); drop policy own_reading on audit_event")
