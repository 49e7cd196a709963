"""An auditor asks the trace for a person, a case and a kind of act, and turns its pages."""

from alembic import op

revision = "056"
down_revision = "055"
branch_labels = None
depends_on = None

BEFORE = "timestamptz, timestamptz, bigint"
NOW = f"{BEFORE}, bigint, text, text, text[]"


def upgrade() -> None:
    op.execute(
        f"""
        drop function my_trace({BEFORE});
        -- As before: when, what kind of event, who of the staff, and a reference that tells two cases apart; of the
        -- auditor's organisation. The questions leave lines out and let none in.
        create function my_trace(since timestamptz, until timestamptz, many bigint, skip bigint default 0,
                                 who text default '', the_case text default '', kinds text[] default null)
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
              and (who = '' or position(lower(who) in lower(s.name)) > 0)
              and (the_case = '' or (e.chain_id <> '00000000-0000-0000-0000-000000000000'
                                     and left(e.chain_id::text, 8) = lower(the_case)))
              and (kinds is null or e.event = any (kinds))
            order by e.at desc, e.chain_id, e.seq desc
            limit many offset skip $$;
        revoke execute on function my_trace({NOW}) from public;
        grant execute on function my_trace({NOW}) to portal_app;
        """
    )


def downgrade() -> None:
    op.execute(
        f"""
        drop function my_trace({NOW});
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
        revoke execute on function my_trace({BEFORE}) from public;
        grant execute on function my_trace({BEFORE}) to portal_app;
        """
    )
