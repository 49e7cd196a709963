"""The case log of one's own data is read by whoever is shut out, as far as a freeze does not hide its newest lines."""

from alembic import op

revision = "049"
down_revision = "048"
branch_labels = None
depends_on = None

LED = "chain_id = any ((select my_led_cases())::uuid[])"
SHARED = """(event <> 'schema.confided' and chain_id = any ((select my_cases())::uuid[])
                       and (compartment_id is null or compartment_id = any ((select my_compartments())::uuid[])))"""
OWN = """(at < ((select my_log_ends()) ->> chain_id::text)::timestamptz
                       and (chain_id = any ((select my_life_cases())::uuid[])
                            or (event not in ('schema.confided', 'wish.made', 'wish.answered', 'freeze.set',
                                              'freeze.kept', 'freeze.lifted', 'level.set')
                                and (membership_id = any ((select my_citizen_memberships())::uuid[])
                                     or item_id = any ((select my_citizen_memberships())::uuid[])
                                     or item_id = any ((select my_declarations())::uuid[])))))"""
SEEN = """
        drop policy seen on audit_event;
        create policy seen on audit_event for select to portal_app
            using ({});
"""
FUNCTIONS = "my_log_ends(), my_life_cases(), my_citizen_memberships(), my_declarations()"


def upgrade() -> None:
    op.execute(
        """
        alter table access_freeze add column log_hidden_from timestamptz;
        grant select (log_hidden_from) on access_freeze to portal_facts;

        -- What is told in the words of a case's profile to somebody who sees nothing of the case.
        alter table access_notice add column profile varchar not null default '';
        alter table access_notice no force row level security;
        alter table cases no force row level security;
        update access_notice n set profile = c.profile from cases c where c.id = n.case_id;
        alter table cases force row level security;
        alter table access_notice force row level security;
        alter table access_notice alter column profile drop default;

        create policy asked_by_the_walls on access_freeze for select to portal_owner
            using (membership_id = any ((select my_memberships())::uuid[]));
        create policy asked_by_the_walls on access_freeze_end for select to portal_owner
            using (freeze_id = any (array(select id from access_freeze)));
        create policy asked_by_the_walls on consent for select to portal_owner
            using (giver_id = any ((select my_memberships())::uuid[]));

        -- As what a citizen is in their cases, whatever is open to them just now.
        create function my_citizen_memberships() returns uuid[] language sql stable security definer
            set search_path = public, pg_temp as $$
            select coalesce(array_agg(id), '{}') from membership
            where person_id = my_person_id() and unit_id is null $$;
        -- The cases that are about the person who asks.
        create function my_life_cases() returns uuid[] language sql stable security definer
            set search_path = public, pg_temp as $$
            select coalesce(array_agg(case_id), '{}') from membership
            where person_id = my_person_id() and capacity = 'young_person' $$;
        create function my_declarations() returns uuid[] language sql stable security definer
            set search_path = public, pg_temp as $$
            select coalesce(array_agg(c.id), '{}') from consent c join membership m on m.id = c.giver_id
            where m.person_id = my_person_id() $$;
        -- Case -> the instant from which its log is not shown to the person while they are frozen.
        create function my_log_ends() returns jsonb language sql stable security definer
            set search_path = public, pg_temp as $$
            select coalesce(jsonb_object_agg(m.case_id, coalesce(hidden.since, 'infinity')), '{}')
            from membership m
            left join lateral (
                select min(f.log_hidden_from) as since from access_freeze f
                where f.membership_id = m.id and f.frozen_at <= wall_clock()
                  and not exists (select from access_freeze_end e
                                  where e.freeze_id = f.id and e.lifted_at <= wall_clock())) hidden on true
            where m.person_id = my_person_id() and m.unit_id is null $$;
        """
    )
    op.execute(
        f"revoke execute on function {FUNCTIONS} from public; grant execute on function {FUNCTIONS} to portal_app"
    )
    op.execute(SEEN.format(f"{LED}\n                   or {SHARED}\n                   or {OWN}"))


def downgrade() -> None:
    op.execute(SEEN.format(f"{LED}\n                   or {SHARED}"))
    op.execute(
        f"""
        drop function {FUNCTIONS};
        drop policy asked_by_the_walls on consent;
        drop policy asked_by_the_walls on access_freeze_end;
        drop policy asked_by_the_walls on access_freeze;
        alter table access_notice drop column profile;
        alter table access_freeze drop column log_hidden_from;
        """
    )
