"""What the young person and one guide share alone: a compartment for each guide, shut to the next until opened."""

from alembic import op

revision = "050"
down_revision = "049"
branch_labels = None
depends_on = None

READ_FROM = ("cases", "membership", "hand_over", "hand_over_answer", "compartment", "access_window", "plan_confided")
FUNCTIONS = "my_confidences(), my_shut_confidences()"

# Who has been the guide of each case, from when on.
TURNS = """
        create temporary table turn on commit drop as
            select c.id as case_id, coalesce(first.from_id, m.id) as guide_id, '-infinity'::timestamptz as since
            from cases c join membership m on m.case_id = c.id and m.capacity = 'owner'
            left join lateral (
                select h.from_id from hand_over_answer a join hand_over h on h.id = a.hand_over_id
                where a.case_id = c.id and a.answer = 'accepted' order by a.answered_at limit 1) first on true
            union all
            select a.case_id, h.to_id, a.answered_at
            from hand_over_answer a join hand_over h on h.id = a.hand_over_id where a.answer = 'accepted';
"""
COMPARTMENTS = """
        insert into compartment (id, case_id, key, confidant_id)
            select gen_random_uuid(), case_id,
                   'guide_only' || case when row_number() over guides = 1 then ''
                                        else '-' || row_number() over guides end,
                   guide_id
            from turn group by case_id, guide_id
            window guides as (partition by case_id order by min(since))
            on conflict (case_id, key) do update set confidant_id = excluded.confidant_id;
"""
# The windows that follow, as portal.access.windows computes them. The guide's are those they have as the case's owner;
# the young person's those they have elsewhere, to write only where the guide of today reads it.
WINDOWS = """
        insert into access_window (id, case_id, compartment_id, membership_id, person_id, can_write, valid_from,
                                   valid_until, basis, consents)
            select gen_random_uuid(), w.case_id, k.id, w.membership_id, w.person_id, w.can_write, w.valid_from,
                   w.valid_until, w.basis, w.consents
            from access_window w join compartment k on k.case_id = w.case_id and k.confidant_id = w.membership_id
            where w.basis = 'owner'
              and w.compartment_id = (select min(v.compartment_id::text)::uuid from access_window v
                                      where v.membership_id = w.membership_id and v.basis = 'owner');
        insert into access_window (id, case_id, compartment_id, membership_id, person_id, can_write, valid_from,
                                   valid_until, basis, consents)
            select gen_random_uuid(), w.case_id, k.id, w.membership_id, w.person_id,
                   w.can_write and k.confidant_id = m.id,
                   case when w.can_write then greatest(w.valid_from, changed.at) else w.valid_from end,
                   w.valid_until, w.basis, w.consents
            from access_window w
            join compartment k on k.case_id = w.case_id and k.confidant_id is not null
            join membership m on m.case_id = w.case_id and m.capacity = 'owner'
            cross join lateral (select max(since) as began from turn t
                                where t.case_id = w.case_id and t.guide_id = k.confidant_id) last
            cross join lateral (select case when k.confidant_id = m.id then last.began
                                            else (select min(since) from turn t where t.case_id = w.case_id
                                                  and t.since > last.began) end as at) changed
            where w.basis = 'young_person'
              and w.compartment_id = (select min(v.compartment_id::text)::uuid from access_window v
                                      where v.membership_id = w.membership_id and v.basis = 'young_person');
"""


def _let_read(forced: str) -> None:
    for table in READ_FROM:
        op.execute(f"alter table {table} {forced} row level security")


def upgrade() -> None:
    op.execute(
        """
        alter table compartment add column confidant_id uuid;
        alter table compartment add constraint fk_compartment_case_id_confidant_id
            foreign key (case_id, confidant_id) references membership (case_id, id);
        create table confidence_answer (
            id uuid constraint pk_confidence_answer primary key,
            case_id uuid not null,
            compartment_id uuid not null,
            to_id uuid not null,
            answer varchar not null constraint ck_confidence_answer_answer check (answer in ('yes', 'no')),
            answered_at timestamptz not null,
            answered_by_id uuid not null,
            constraint fk_confidence_answer_case_id_compartment_id
                foreign key (case_id, compartment_id) references compartment (case_id, id),
            constraint fk_confidence_answer_case_id_to_id
                foreign key (case_id, to_id) references membership (case_id, id),
            constraint fk_confidence_answer_case_id_answered_by_id
                foreign key (case_id, answered_by_id) references membership (case_id, id)
        );
        create index ix_confidence_answer_case_id on confidence_answer (case_id);
        alter table confidence_answer enable row level security, force row level security;
        -- The young person alone says who may read what was confided to another.
        create policy seen on confidence_answer for select to portal_app
            using (case_id = any ((select my_led_cases())::uuid[]));
        create policy given on confidence_answer for insert to portal_app
            with check (case_id = any ((select my_life_cases())::uuid[])
                        and case_id = any ((select my_cases())::uuid[])
                        and answered_by_id = any ((select my_memberships())::uuid[]));
        create policy facts on confidence_answer for select to portal_facts using (case_id = facts_case());
        grant select, insert on confidence_answer to portal_app;
        grant select on confidence_answer to portal_facts;
        alter table plan_confided add column confided_compartment_id uuid;
        """
    )
    _let_read("no force")
    op.execute(TURNS)
    op.execute(COMPARTMENTS)
    op.execute(WINDOWS)
    op.execute(
        """
        update plan_confided p set confided_compartment_id = k.id
            from compartment k
            where k.case_id = p.case_id and k.confidant_id = (
                select t.guide_id from turn t where t.case_id = p.case_id and t.since <= p.created_at
                order by t.since desc limit 1);
        update cases set facts_stamp = gen_random_uuid();
        """
    )
    _let_read("force")
    op.execute(
        """
        alter table plan_confided alter column confided_compartment_id set not null,
            add constraint fk_plan_confided_case_id_confided_compartment_id
                foreign key (case_id, confided_compartment_id) references compartment (case_id, id),
            drop constraint uq_plan_confided_plan_id_address_number,
            add constraint uq_plan_confided_plan_id_confided_compartment_id_address_number
                unique (plan_id, confided_compartment_id, address, number);
        drop policy seen on plan_confided;
        drop policy written on plan_confided;
        create policy seen on plan_confided for select to portal_app
            using (compartment_id = any ((select my_compartments())::uuid[])
                   and confided_compartment_id = any ((select my_compartments())::uuid[]));
        create policy written on plan_confided for insert to portal_app
            with check (compartment_id = any ((select my_writable_compartments())::uuid[])
                        and confided_compartment_id = any ((select my_writable_compartments())::uuid[])
                        and created_by_id = any ((select my_memberships())::uuid[]));

        drop policy opened on compartment;
        create policy opened on compartment for insert to portal_app
            with check (case_id = any ((select my_owned_cases())::uuid[])
                        and (confidant_id is null or confidant_id = any ((select my_memberships())::uuid[])));

        create policy asked_by_the_walls on compartment for select to portal_owner
            using (confidant_id is not null and case_id = any ((select my_cases())::uuid[]));
        create function my_confidences() returns uuid[] language sql stable security definer
            set search_path = public, pg_temp as $$
            select coalesce(array_agg(id), '{}') from compartment
            where confidant_id is not null and case_id = any (my_cases()) $$;
        create function my_shut_confidences() returns uuid[] language sql stable security definer
            set search_path = public, pg_temp as $$
            select coalesce(array_agg(id), '{}') from compartment
            where confidant_id is not null and case_id = any (my_cases()) and id <> all (my_compartments()) $$;
        """
    )
    op.execute(
        f"revoke execute on function {FUNCTIONS} from public; grant execute on function {FUNCTIONS} to portal_app"
    )
    for table in ("file", "thread", "search_entry"):
        # What is confided is moved nowhere: whoever could move it could show it to others.
        op.execute(_moved(table, "and not compartment_id = any ((select my_confidences())::uuid[])"))
    op.execute(
        _log("and (compartment_id is null or not compartment_id = any ((select my_shut_confidences())::uuid[]))")
    )


def downgrade() -> None:
    op.execute(_log(""))
    for table in ("file", "thread", "search_entry"):
        op.execute(_moved(table, ""))
    op.execute(
        f"""
        drop policy asked_by_the_walls on compartment;
        drop function {FUNCTIONS};
        drop policy opened on compartment;
        create policy opened on compartment for insert to portal_app
            with check (case_id = any ((select my_owned_cases())::uuid[]));
        drop policy seen on plan_confided;
        drop policy written on plan_confided;
        create policy seen on plan_confided for select to portal_app
            using (compartment_id = any ((select my_compartments())::uuid[])
                   and case_id = any ((select my_led_cases())::uuid[]));
        create policy written on plan_confided for insert to portal_app
            with check (compartment_id = any ((select my_writable_compartments())::uuid[])
                        and case_id = any ((select my_led_cases())::uuid[])
                        and created_by_id = any ((select my_memberships())::uuid[]));
        alter table plan_confided
            drop constraint uq_plan_confided_plan_id_confided_compartment_id_address_number,
            add constraint uq_plan_confided_plan_id_address_number unique (plan_id, address, number),
            drop column confided_compartment_id;
        drop table confidence_answer;
        alter table compartment no force row level security;
        alter table access_window no force row level security;
        -- What was confided stays where it is, and nobody sees it.
        delete from access_window w using compartment k where k.id = w.compartment_id and k.confidant_id is not null;
        alter table access_window force row level security;
        alter table compartment force row level security;
        alter table compartment drop column confidant_id;
        """
    )


def _moved(table: str, unless: str) -> str:
    return f"""
        drop policy moved on {table};
        create policy moved on {table} for update to portal_app
            using (compartment_id = any ((select my_writable_compartments())::uuid[])
                   and case_id = any ((select my_owned_cases())::uuid[]) {unless})
            with check (compartment_id = any ((select my_writable_compartments())::uuid[])
                        and case_id = any ((select my_owned_cases())::uuid[]))"""


def _log(unless: str) -> str:
    return f"""
        drop policy seen on audit_event;
        create policy seen on audit_event for select to portal_app
            using ((chain_id = any ((select my_led_cases())::uuid[]) {unless})
                   or (event <> 'schema.confided' and chain_id = any ((select my_cases())::uuid[])
                       and (compartment_id is null or compartment_id = any ((select my_compartments())::uuid[])))
                   or (at < ((select my_log_ends()) ->> chain_id::text)::timestamptz
                       and (chain_id = any ((select my_life_cases())::uuid[])
                            or (event not in ('schema.confided', 'wish.made', 'wish.answered', 'freeze.set',
                                              'freeze.kept', 'freeze.lifted', 'level.set')
                                and (membership_id = any ((select my_citizen_memberships())::uuid[])
                                     or item_id = any ((select my_citizen_memberships())::uuid[])
                                     or item_id = any ((select my_declarations())::uuid[]))))))"""
