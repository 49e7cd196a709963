"""Every night the trace is checked, and what was found is kept for those who look after the portal."""

from alembic import op

revision = "055"
down_revision = "054"
branch_labels = None
depends_on = None

KINDS = ("news", "sign_in", "account", "invited", "linked", "closed", "reopened")


def upgrade() -> None:
    op.execute(
        f"""
        create table audit_check (
            id uuid constraint pk_audit_check primary key,
            began_at timestamptz not null,
            ended_at timestamptz not null,
            lines bigint not null,
            chains bigint not null,
            faults bigint not null,
            places jsonb not null
        );
        create index ix_audit_check_ended_at on audit_check (ended_at);
        alter table audit_check enable row level security, force row level security;

        -- Administrators and auditors, for they are told when something is wrong.
        create function i_watch_the_trace() returns boolean language sql stable security definer
            set search_path = public, pg_temp as $$
            select exists (select from staff s join person p on p.id = s.person_id and p.closed_at is null
                           where s.person_id = my_person_id() and (s.is_admin or s.is_auditor)) $$;
        revoke execute on function i_watch_the_trace() from public;
        grant execute on function i_watch_the_trace() to portal_app;
        create policy seen on audit_check for select to portal_app using ((select i_watch_the_trace()));
        grant select on audit_check to portal_app;

        -- The worker steps into the checker to read every line; it writes what was found as itself and changes nothing.
        grant usage on schema public to portal_checker;
        create policy checked on audit_event for select to portal_checker using (true);
        create policy checked on audit_check for select to portal_checker using (true);
        grant select on audit_event, audit_head, audit_check to portal_checker;
        create policy added on audit_check for insert to portal_worker with check (true);
        grant insert on audit_check to portal_worker;

        alter table notice_due drop constraint ck_notice_due_kind;
        alter table notice_due add constraint ck_notice_due_kind check
            (kind in ({_listed(*KINDS, "trace")}));
        """
    )


def downgrade() -> None:
    op.execute(
        f"""
        delete from notice_due where kind = 'trace';
        alter table notice_due drop constraint ck_notice_due_kind;
        alter table notice_due add constraint ck_notice_due_kind check (kind in ({_listed(*KINDS)}));
        drop table audit_check;
        drop function i_watch_the_trace();
        drop policy checked on audit_event;
        revoke select on audit_event, audit_head from portal_checker;
        revoke usage on schema public from portal_checker;
        """
    )


def _listed(*kinds: str) -> str:
    return ", ".join(f"'{kind}'" for kind in kinds)
