"""A consent names compartments, and a no stands against what was declared before it.

Declarations of before named categories. Their form asked about a compartment by its name, one question for all
compartments that take the same categories, so what somebody ticked is the first of these: that one stays open when its
categories were all said yes to, and the others are asked about anew. Where something of it was kept back it was shut,
and is asked about anew. What was left empty was a no, and stays one.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "052"
down_revision = "051"
branch_labels = None
depends_on = None

_READ = (
    "cases", "compartment", "membership", "consent", "consent_grant", "consent_exception", "consent_withdrawal",
    "correction", "hand_over", "hand_over_answer",
)  # fmt: skip


def upgrade() -> None:
    op.execute(
        """
        alter table consent_grant add column compartment varchar;
        create table consent_refusal (
            id uuid constraint pk_consent_refusal primary key,
            case_id uuid not null,
            consent_id uuid not null,
            unit_id uuid constraint fk_consent_refusal_unit_id references unit,
            membership_id uuid,
            compartment varchar not null,
            constraint ck_consent_refusal_party check ((unit_id is null) <> (membership_id is null)),
            constraint fk_consent_refusal_case_id_consent_id
                foreign key (case_id, consent_id) references consent (case_id, id),
            constraint fk_consent_refusal_case_id_membership_id
                foreign key (case_id, membership_id) references membership (case_id, id)
        );
        create index ix_consent_refusal_case_id on consent_refusal (case_id);
        alter table consent add constraint uq_consent_id_giver_id unique (id, giver_id);
        alter table consent_withdrawal add column giver_id uuid;
        alter table consent_withdrawal alter column consent_id drop not null;
        alter table team_wish_answer drop constraint ck_team_wish_answer_answer;
        alter table team_wish_answer add constraint ck_team_wish_answer_answer
            check (answer in ('yes', 'talk', 'no', 'seen'));
        """
    )
    _without_walls(_carry_over)
    op.execute(
        """
        alter table consent_withdrawal alter column giver_id set not null;
        alter table consent_withdrawal
            add constraint fk_consent_withdrawal_case_id_giver_id
                foreign key (case_id, giver_id) references membership (case_id, id),
            add constraint fk_consent_withdrawal_consent_id_giver_id
                foreign key (consent_id, giver_id) references consent (id, giver_id),
            drop constraint fk_consent_withdrawal_case_id_consent_id,
            add constraint ck_consent_withdrawal_about
                check (consent_id is not null or unit_id is not null or membership_id is not null);

        alter table consent_refusal enable row level security, force row level security;
        create policy seen on consent_refusal for select to portal_app
            using (consent_id = any (array(select id from consent)));
        create policy given on consent_refusal for insert to portal_app
            with check (consent_id = any (array(
                select id from consent where registered_by_id = any ((select my_memberships())::uuid[])
                                         and made_in = pg_current_xact_id()::text::bigint)));
        create policy facts on consent_refusal for select to portal_facts using (case_id = facts_case());
        grant select, insert on consent_refusal to portal_app;
        grant select on consent_refusal to portal_facts;

        -- A yes names its compartments from now on, and keeps nothing back.
        create policy named on consent_grant as restrictive for insert to portal_app
            with check (compartment is not null);
        revoke insert on consent_exception from portal_app;

        drop policy seen on consent_withdrawal;
        create policy seen on consent_withdrawal for select to portal_app
            using (giver_id = any ((select my_memberships())::uuid[])
                   or case_id = any ((select my_led_cases())::uuid[]));
        drop policy withdrawn on consent_withdrawal;
        create policy withdrawn on consent_withdrawal for insert to portal_app
            with check (registered_by_id = any ((select my_memberships())::uuid[])
                        and (giver_id = any ((select my_memberships())::uuid[])
                             or case_id = any ((select my_owned_cases())::uuid[])));
        """
    )
    # Which declarations are from before: the way back must know.
    made_in = op.get_bind().execute(sa.text("select pg_current_xact_id()::text")).scalar_one()
    op.execute(f"comment on policy given on consent_refusal is 'since transaction {int(made_in)}'")


def downgrade() -> None:
    """What was declared since then named compartments, and the program of before would open more by it than its words
    say: there it opens nothing, and people are asked anew. What is from before is as it was."""
    _without_walls(_carry_back)
    op.execute(
        """
        drop policy withdrawn on consent_withdrawal;
        create policy withdrawn on consent_withdrawal for insert to portal_app
            with check (registered_by_id = any ((select my_memberships())::uuid[])
                        and consent_id = any (array(select id from consent
        where giver_id = any ((select my_memberships())::uuid[])
           or case_id = any ((select my_owned_cases())::uuid[]))));
        drop policy seen on consent_withdrawal;
        create policy seen on consent_withdrawal for select to portal_app
            using (consent_id = any (array(select id from consent)));
        grant insert on consent_exception to portal_app;
        drop policy named on consent_grant;
        drop table consent_refusal;
        alter table consent_withdrawal
            drop constraint ck_consent_withdrawal_about,
            drop constraint fk_consent_withdrawal_consent_id_giver_id,
            drop constraint fk_consent_withdrawal_case_id_giver_id,
            drop column giver_id,
            alter column consent_id set not null,
            add constraint fk_consent_withdrawal_case_id_consent_id
                foreign key (case_id, consent_id) references consent (case_id, id);
        alter table consent drop constraint uq_consent_id_giver_id;
        alter table consent_grant drop column compartment;
        alter table team_wish_answer drop constraint ck_team_wish_answer_answer;
        alter table team_wish_answer add constraint ck_team_wish_answer_answer
            check (answer in ('yes', 'talk', 'no'));
        """
    )


def _without_walls(step) -> None:  # type: ignore[no-untyped-def]
    """The owner of the tables sees no rows of cases; for this step it does."""
    tables = (*_READ, "access_window", "team_wish_answer")
    for table in tables:
        op.execute(f"alter table {table} no force row level security")
    step()
    for table in tables:
        op.execute(f"alter table {table} force row level security")


def _carry_over() -> None:
    connection = op.get_bind()
    op.execute(
        """
        update consent_withdrawal back set giver_id = k.giver_id from consent k where k.id = back.consent_id;
        create temporary table asked_before (
            profile varchar, had varchar, capacity varchar, compartment varchar, by_name boolean, categories varchar[]
        ) on commit drop;
        create temporary view case_shape as
            select c.id as case_id, c.profile, c.owner_unit_id, string_agg(p.key, ' ' order by p.key) as had
            from cases c join compartment p on p.case_id = c.id
            where c.id in (select case_id from consent) group by c.id;
        """
    )
    for key, had in connection.execute(sa.text("select distinct profile, had from case_shape")).all():
        lines = json.dumps([{"profile": key, "had": had, **line} for line in _questions(key, had.split())])
        connection.execute(
            sa.text("insert into asked_before select * from json_populate_recordset(null::asked_before, :lines)"),
            {"lines": lines},
        )
    op.execute(_NAMED)
    op.execute(_REFUSED)
    op.execute(_CLOSED)
    op.execute("update cases set facts_stamp = gen_random_uuid(); drop view case_shape; drop table asked_before")


def _questions(key: str, had: list[str]) -> list[dict[str, object]]:
    """What the form asked about each kind of person, in the order of the profile; `by_name` for what it called by its
    name: of compartments that take the same categories the first."""
    from portal.tools.profile import profile

    found: list[dict[str, object]] = []
    for capacity in ("professional", "network_person", "parent"):
        asked: set[frozenset[str]] = set()
        for one in profile(key).of_case(had).compartment:
            if capacity not in one.audience or not one.categories:
                continue
            found.append(
                {
                    "capacity": capacity,
                    "compartment": one.key,
                    "by_name": one.categories not in asked,
                    "categories": sorted(one.categories),
                }
            )
            asked.add(one.categories)
    return found


_NAMED = """
    create temporary table named_whole on commit drop as
    with said as (
        select g.case_id, g.consent_id, g.unit_id, g.membership_id, array_agg(distinct g.category) as categories
        from consent_grant g group by g.case_id, g.consent_id, g.unit_id, g.membership_id
    )
    select s.case_id, s.consent_id, s.unit_id, s.membership_id, a.compartment, a.categories
    from said s
    join case_shape c using (case_id)
    left join membership m on m.id = s.membership_id
    join asked_before a on a.profile = c.profile and a.had = c.had and a.by_name
        and a.capacity = coalesce(m.capacity, 'professional')
    where a.categories <@ s.categories;

    insert into consent_grant (id, case_id, consent_id, unit_id, membership_id, compartment, category)
        select gen_random_uuid(), n.case_id, n.consent_id, n.unit_id, n.membership_id, n.compartment, category
        from named_whole n, unnest(n.categories) category;
    delete from consent_grant old using consent_grant new
        where old.compartment is null and new.compartment is not null and new.consent_id = old.consent_id
          and new.category = old.category and new.unit_id is not distinct from old.unit_id
          and new.membership_id is not distinct from old.membership_id;
"""

_REFUSED = """
    insert into consent_refusal (id, case_id, consent_id, unit_id, membership_id, compartment)
    with parties as (
        -- Whom a declaration was about: everybody from elsewhere who was in the case on its day, as where they worked
        -- and whose the case was on that day.
        select distinct k.case_id, k.id as consent_id, m.capacity,
               case when m.capacity = 'professional' then coalesce(moved.unit_id, m.unit_id) end as unit_id,
               case when m.capacity <> 'professional' then m.id end as membership_id
        from consent k
        join case_shape c using (case_id)
        join membership giver on giver.id = k.giver_id
        join membership m on m.case_id = k.case_id and m.added_at <= k.given_at and m.id <> k.giver_id
        left join lateral (
            select r.before_unit_id as unit_id from correction r
            where r.membership_id = m.id and r.field = 'unit' and r.made_at > k.given_at
            order by r.made_at limit 1) moved on true
        left join lateral (
            select h.from_unit_id as unit_id from hand_over_answer a join hand_over h on h.id = a.hand_over_id
            where a.case_id = k.case_id and a.answer = 'accepted' and a.answered_at > k.given_at
            order by a.answered_at limit 1) home on true
        where (m.capacity = 'professional'
               and coalesce(moved.unit_id, m.unit_id) <> coalesce(home.unit_id, c.owner_unit_id))
           or m.capacity = 'network_person' or (m.capacity = 'parent' and giver.capacity = 'young_person')
    ),
    touched as (
        -- Whatever was said yes to or kept back of each of them.
        select consent_id, unit_id, membership_id, array_agg(category) as categories
        from (select consent_id, unit_id, membership_id, category from consent_grant
              union select consent_id, unit_id, membership_id, category from consent_exception) every
        group by consent_id, unit_id, membership_id
    )
    select gen_random_uuid(), p.case_id, p.consent_id, p.unit_id, p.membership_id, a.compartment
    from parties p
    join case_shape c using (case_id)
    join asked_before a on a.profile = c.profile and a.had = c.had and a.capacity = p.capacity
    left join touched t on t.consent_id = p.consent_id and t.unit_id is not distinct from p.unit_id
        and t.membership_id is not distinct from p.membership_id
    where t.consent_id is null or (a.by_name and not a.categories && t.categories);
"""

_CLOSED = """
    -- What rests on a consent that does not name it, or on one that was given before its giver said no. The rest of
    -- what is stored is brought in line by `portal access check --repair`.
    delete from access_window w using membership m, compartment p
    where m.id = w.membership_id and p.id = w.compartment_id and exists (
        select from jsonb_array_elements_text(w.consents) used
        where not exists (
                  select from consent_grant g
                  where g.consent_id = used::uuid and g.compartment = p.key
                    and (g.unit_id = m.unit_id or g.membership_id = m.id
                         or g.unit_id in (select before_unit_id from correction where membership_id = m.id)))
           or exists (
                  select from consent k join consent_withdrawal b on b.giver_id = k.giver_id
                  where k.id = used::uuid and b.withdrawn_at >= k.given_at
                    and (b.unit_id = m.unit_id or b.membership_id = m.id
                         or (b.unit_id is null and b.membership_id is null))));
"""


def _carry_back() -> None:
    op.execute(
        """
        create temporary view made_since as
            select id from consent
            where made_in >= (select split_part(obj_description(oid, 'pg_policy'), ' ', 3)::bigint from pg_policy
                              where polrelid = 'consent_refusal'::regclass and polname = 'given');
        delete from access_window w where exists (
            select from jsonb_array_elements_text(w.consents) used where used::uuid in (select id from made_since));
        delete from consent_grant where consent_id in (select id from made_since);
        drop view made_since;
        delete from consent_grant a using consent_grant b
            where a.id > b.id and a.consent_id = b.consent_id and a.category = b.category
              and a.unit_id is not distinct from b.unit_id and a.membership_id is not distinct from b.membership_id;
        delete from consent_withdrawal where consent_id is null;
        update team_wish_answer set answer = 'yes' where answer = 'seen';
        """
    )
