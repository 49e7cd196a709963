"""Roles of their own for the worker and for figures: each can do its job and nothing else.

A job that needs more than is granted here brings its own grant and policy, as narrow as the job.
"""

from alembic import op

revision = "012"
down_revision = "011"
branch_labels = None
depends_on = None

_OF_THE_WALLS = (
    "my_compartments(), my_writable_compartments(), my_cases(), my_owned_cases(), my_memberships(), my_led_cases()"
)


def upgrade() -> None:
    op.execute(
        f"""
        grant usage on schema public to portal_worker, portal_reports;

        -- What the walls ask is for the walls: nobody else may ask it in somebody's name.
        revoke execute on function {_OF_THE_WALLS} from public;
        grant execute on function {_OF_THE_WALLS} to portal_app;

        -- The worker empties the queue and mails invitations; it sees no case. A job in somebody's name is done as
        -- portal_app, with that person's windows.
        grant select on invitation to portal_worker;
        grant update (token_sha256) on invitation to portal_worker;
        grant select (person_id, email) on staff to portal_worker;
        -- It acts for nobody, so its lines in the trace have no actor; it adds them and reads none.
        create policy added_by_the_worker on audit_event for insert to portal_worker
            with check (actor_id is null and membership_id is null);
        grant insert on audit_event to portal_worker;
        grant select, insert, update on audit_head to portal_worker;

        -- The queue: the application puts work in, the worker takes it out.
        revoke all on procrastinate_jobs, procrastinate_events, procrastinate_workers, procrastinate_periodic_defers
            from portal_app;
        grant select, insert on procrastinate_jobs, procrastinate_events to portal_app;
        grant select, insert, update, delete on procrastinate_jobs, procrastinate_events, procrastinate_workers,
            procrastinate_periodic_defers to portal_worker;
        grant usage, select on all sequences in schema public to portal_worker;

        -- Figures about units, never about a case: whoever leads sees how many, and not even that when so few are
        -- behind a number that somebody could be recognised. The view counts for portal_reports alone; its owner, asked
        -- directly, sees nothing.
        create policy counted on cases for select to portal_owner using (current_user = 'portal_reports');
        create policy counted on consent for select to portal_owner using (current_user = 'portal_reports');
        create policy counted on access_notice for select to portal_owner using (current_user = 'portal_reports');
        create view unit_figure with (security_barrier) as
            with one as (
                select c.owner_unit_id, c.opened_at,
                    exists (select from consent s where s.case_id = c.id
                            and s.valid_from <= now() and now() < s.valid_until) as has_consent,
                    exists (select from access_notice n where n.case_id = c.id
                            and n.valid_from <= now() and (n.valid_until is null or now() < n.valid_until)
                            and n.blockers @> '[{{"obstacle": "consent_missing"}}]') as waits_for_consent
                from cases c),
            counted as (
                select owner_unit_id, count(*) as cases,
                    count(*) filter (where opened_at > now() - interval '1 year') as opened_within_a_year,
                    count(*) filter (where has_consent) as with_consent,
                    count(*) filter (where waits_for_consent) as waiting_for_consent
                from one group by owner_unit_id)
            select o.name as organisation, u.name as unit,
                case when cases >= 5 then cases end as cases,
                case when opened_within_a_year >= 5 then opened_within_a_year end as opened_within_a_year,
                case when with_consent >= 5 then with_consent end as with_consent,
                case when waiting_for_consent >= 5 then waiting_for_consent end as waiting_for_consent
            from counted join unit u on u.id = owner_unit_id join organisation o on o.id = u.organisation_id;
        grant select on unit_figure to portal_reports;
        """
    )


def downgrade() -> None:
    op.execute(
        f"""
        drop view unit_figure;
        drop policy counted on access_notice;
        drop policy counted on consent;
        drop policy counted on cases;
        revoke all on all sequences in schema public from portal_worker;
        revoke all on all tables in schema public from portal_worker, portal_reports;
        grant select, insert, update, delete on procrastinate_jobs, procrastinate_events, procrastinate_workers,
            procrastinate_periodic_defers to portal_app;
        drop policy added_by_the_worker on audit_event;
        grant execute on function {_OF_THE_WALLS} to public;
        revoke usage on schema public from portal_worker, portal_reports;
        """
    )
