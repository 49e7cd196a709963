"""Leaders and auditors, staff who sign in through their own organisation, and what each office may know of cases."""

from alembic import op

revision = "020"
down_revision = "019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        alter table organisation add column password_sign_in boolean not null default true;
        grant update (password_sign_in) on organisation to portal_app;
        alter table staff add column is_leader boolean not null default false,
            add column is_auditor boolean not null default false;
        create table staff_link (
            issuer varchar not null,
            subject varchar not null,
            person_id uuid not null constraint fk_staff_link_person_id references staff,
            linked_at timestamptz not null,
            constraint pk_staff_link primary key (issuer, subject)
        );
        create index ix_staff_link_person_id on staff_link (person_id);
        grant select, insert on staff_link to portal_app;
        create index ix_audit_event_at on audit_event (at);

        -- The units whose cases somebody's office lets them know something about: leaders and auditors those of their
        -- own organisation, administrators all. What they get to know is in the functions below and no more.
        create function my_overseen_units() returns uuid[] language sql stable security definer
            set search_path = public, pg_temp as $$
            select coalesce(array_agg(distinct u.id), '{}') from staff s
            join person p on p.id = s.person_id and p.closed_at is null
            join unit home on home.id = s.unit_id
            join unit u on s.is_admin or u.organisation_id = home.organisation_id
            where s.person_id = my_person_id() and (s.is_admin or s.is_leader or s.is_auditor) $$;
        create policy overseen on cases for select to portal_owner
            using (owner_unit_id = any ((select my_overseen_units())::uuid[]));

        -- Figures of a leader's organisation. Fewer than five cases are not told apart, nor what would tell them apart.
        create function my_figures() returns table (unit_id uuid, unit varchar, accounts bigint, cases bigint,
                                                    opened_lately bigint)
            language sql stable security definer set search_path = public, pg_temp as $$
            select u.id, u.name,
                   (select count(*) from staff s join person p on p.id = s.person_id
                    where s.unit_id = u.id and p.closed_at is null),
                   case when c.everything between 1 and 4 then null else c.everything end,
                   case when c.lately between 1 and 4 or c.everything - c.lately between 1 and 4 then null
                        else c.lately end
            from staff me
            join person p on p.id = me.person_id and p.closed_at is null
            join unit home on home.id = me.unit_id
            join unit u on u.organisation_id = home.organisation_id
            cross join lateral (
                select count(*) as everything,
                       count(*) filter (where k.opened_at > wall_clock() - interval '1 year') as lately
                from cases k where k.owner_unit_id = u.id) c
            where me.person_id = my_person_id() and me.is_leader $$;

        -- The metadata of the trace for an auditor: when, what kind of event, who of the staff, and a reference that
        -- tells two cases apart. Neither what an event was about nor its fields.
        create function my_trace(since timestamptz, until timestamptz, many bigint)
            returns table (at timestamptz, event varchar, reference text, name varchar, unit varchar,
                           organisation varchar, kind varchar)
            language sql stable security definer set search_path = public, pg_temp as $$
            select e.at, e.event,
                   case when e.chain_id = '00000000-0000-0000-0000-000000000000' then null
                        else left(e.chain_id::text, 8) end,
                   s.name, u.name, o.name, p.kind
            from staff me
            join person mine on mine.id = me.person_id and mine.closed_at is null
            join unit home on home.id = me.unit_id
            join audit_event e on e.at >= since and e.at < until
            left join person p on p.id = e.actor_id
            left join staff s on s.person_id = e.actor_id
            left join unit u on u.id = s.unit_id
            left join organisation o on o.id = u.organisation_id
            where me.person_id = my_person_id() and me.is_auditor
              and (u.organisation_id = home.organisation_id
                   or e.chain_id in (select k.id from cases k join unit ku on ku.id = k.owner_unit_id
                                     where ku.organisation_id = home.organisation_id))
            order by e.at desc, e.chain_id, e.seq desc
            limit many $$;

        -- The cases somebody is the guide of, for an administrator who is about to close that account: a reference,
        -- since when, and which unit, so that a new guide can be found.
        create function cases_led_by(guide uuid) returns table (reference text, opened_at timestamptz, unit varchar)
            language sql stable security definer set search_path = public, pg_temp as $$
            select left(k.id::text, 8), k.opened_at, u.name from staff me
            join person p on p.id = me.person_id and p.closed_at is null
            join cases k on k.owner_id = guide
            join unit u on u.id = k.owner_unit_id
            where me.person_id = my_person_id() and me.is_admin
            order by k.opened_at $$;
        """
    )
    # What tells of cases without being a member is for the application alone.
    op.execute(
        """
        revoke execute on function my_overseen_units(), my_figures(), my_trace(timestamptz, timestamptz, bigint),
            cases_led_by(uuid) from public;
        grant execute on function my_overseen_units(), my_figures(), my_trace(timestamptz, timestamptz, bigint),
            cases_led_by(uuid) to portal_app;
        -- The figures of portal_reports are read through policies of the owner, and one of them asks this. It tells ids
        -- of units and nothing of a case.
        grant execute on function my_overseen_units() to portal_reports;
        """
    )


def downgrade() -> None:
    op.execute(
        """
        drop function cases_led_by(uuid), my_trace(timestamptz, timestamptz, bigint), my_figures();
        drop policy overseen on cases;
        drop function my_overseen_units();
        drop index ix_audit_event_at;
        drop table staff_link;
        alter table staff drop column is_leader, drop column is_auditor;
        alter table organisation drop column password_sign_in;
        """
    )
