"""A case goes to another organisation when those it is about say yes, or on a legal basis that everyone in it reads."""

from alembic import op

revision = "051"
down_revision = "050"
branch_labels = None
depends_on = None

FUNCTIONS = "my_offered_cases(), my_asked_cases(), my_takeable_offers()"


def upgrade() -> None:
    op.execute(
        """
        alter table hand_over add column to_person_id uuid constraint fk_hand_over_to_person_id references person,
            add column custody_asked_until timestamptz,
            add column legal_basis_sealed bytea,
            add column reason_sealed bytea,
            add constraint ck_hand_over_by_law check ((legal_basis_sealed is null) = (reason_sealed is null));
        alter table hand_over no force row level security;
        alter table membership no force row level security;
        update hand_over h set to_person_id = m.person_id from membership m where m.id = h.to_id;
        alter table membership force row level security;
        alter table hand_over force row level security;
        alter table hand_over alter column to_person_id set not null;
        create index ix_hand_over_to_person_id on hand_over (to_person_id);

        create table hand_over_say (
            id uuid constraint pk_hand_over_say primary key,
            case_id uuid not null,
            hand_over_id uuid not null,
            membership_id uuid not null,
            answer varchar not null constraint ck_hand_over_say_answer check (answer in ('yes', 'no')),
            method varchar not null constraint ck_hand_over_say_method check (method in ('eid', 'paper', 'oral')),
            words_sealed bytea,
            said_at timestamptz not null,
            said_by_id uuid not null,
            constraint uq_hand_over_say_case_id_id unique (case_id, id),
            constraint fk_hand_over_say_case_id_hand_over_id
                foreign key (case_id, hand_over_id) references hand_over (case_id, id),
            constraint fk_hand_over_say_case_id_membership_id
                foreign key (case_id, membership_id) references membership (case_id, id),
            constraint fk_hand_over_say_case_id_said_by_id
                foreign key (case_id, said_by_id) references membership (case_id, id)
        );
        create index ix_hand_over_say_hand_over_id on hand_over_say (hand_over_id);
        create table hand_over_reply (
            id uuid constraint pk_hand_over_reply primary key,
            case_id uuid not null,
            say_id uuid not null constraint uq_hand_over_reply_say_id unique,
            words_sealed bytea not null,
            replied_at timestamptz not null,
            replied_by_id uuid not null,
            constraint fk_hand_over_reply_case_id_say_id
                foreign key (case_id, say_id) references hand_over_say (case_id, id),
            constraint fk_hand_over_reply_case_id_replied_by_id
                foreign key (case_id, replied_by_id) references membership (case_id, id)
        );
        create index ix_hand_over_reply_case_id on hand_over_reply (case_id);
        alter table hand_over_say enable row level security, force row level security;
        alter table hand_over_reply enable row level security, force row level security;

        -- Where somebody is asked about another guide, whatever is open to them: the young person, and who holds
        -- custody; but nobody who is shut out at once, for whom it could tell where the case goes.
        create function my_asked_cases() returns uuid[] language sql stable security definer
            set search_path = public, pg_temp as $$
            select coalesce(array_agg(m.case_id), '{}') from membership m
            where m.person_id = my_person_id()
              and (m.capacity = 'young_person'
                   or (m.custody_from <= wall_clock() and (m.custody_until is null or wall_clock() < m.custody_until)))
              and not exists (select from access_freeze f where f.membership_id = m.id and f.frozen_at <= wall_clock()
                              and not exists (select from access_freeze_end e
                                              where e.freeze_id = f.id and e.lifted_at <= wall_clock())) $$;

        drop policy seen on hand_over;
        create policy seen on hand_over for select to portal_app
            using (case_id = any ((select my_cases())::uuid[]) or to_id = any ((select my_memberships())::uuid[])
                   or case_id = any ((select my_asked_cases())::uuid[]));
        drop policy offered on hand_over;
        create policy offered on hand_over for insert to portal_app
            with check (case_id = any ((select my_owned_cases())::uuid[])
                        and from_id = any ((select my_memberships())::uuid[])
                        and from_unit_id = any (array(select owner_unit_id from cases where id = case_id))
                        and to_person_id = any (array(select person_id from membership where id = to_id)));

        -- What was said is between its giver, the guides of both sides and the young person. The guide notes it for
        -- those who can be asked, and for nobody else.
        create policy seen on hand_over_say for select to portal_app
            using (membership_id = any ((select my_memberships())::uuid[])
                   or case_id = any ((select my_led_cases())::uuid[])
                   or hand_over_id = any (array(
                        select id from hand_over where from_id = any ((select my_memberships())::uuid[])
                                                    or to_id = any ((select my_memberships())::uuid[]))));
        create policy said on hand_over_say for insert to portal_app
            with check (said_by_id = any ((select my_memberships())::uuid[])
                        and ((membership_id = said_by_id and method = 'eid'
                              and case_id = any ((select my_asked_cases())::uuid[]))
                             or (method <> 'eid' and case_id = any ((select my_owned_cases())::uuid[])
                                 and membership_id = any (array(
                                    select id from membership
                                    where capacity = 'young_person' or custody_from is not null)))));
        create policy seen on hand_over_reply for select to portal_app
            using (say_id = any (array(select id from hand_over_say)));
        create policy given on hand_over_reply for insert to portal_app
            with check (replied_by_id = any ((select my_memberships())::uuid[])
                        and case_id = any ((select my_owned_cases())::uuid[]));
        grant select, insert on hand_over_say, hand_over_reply to portal_app;

        create policy asked_by_the_walls on hand_over for select to portal_owner
            using (to_person_id = my_person_id());
        create policy asked_by_the_walls on hand_over_answer for select to portal_owner
            using (hand_over_id = any (array(select id from hand_over)));
        create policy asked_by_the_walls on hand_over_say for select to portal_owner
            using (hand_over_id = any (array(select id from hand_over)));
        create function my_offered_cases() returns uuid[] language sql stable security definer
            set search_path = public, pg_temp as $$
            select coalesce(array_agg(case_id), '{}') from hand_over where to_person_id = my_person_id() $$;
        -- Whose yes an offer waits for is asked of the members of the case.
        create policy asked_of_an_offer on membership for select to portal_owner
            using (case_id = any ((select my_offered_cases())::uuid[]));
        -- What may be accepted just now: by somebody who may own cases, and, where the case would leave its
        -- organisation, with the yes of the young person and of everybody who holds custody of a minor, or on a legal
        -- basis.
        create function my_takeable_offers() returns uuid[] language sql stable security definer
            set search_path = public, pg_temp as $$
            select coalesce(array_agg(h.id), '{}')
            from hand_over h
            join staff s on s.person_id = h.to_person_id and s.may_open_cases
            join person p on p.id = s.person_id and p.closed_at is null
            where h.to_person_id = my_person_id()
              and not exists (select from hand_over_answer a where a.hand_over_id = h.id)
              and (h.legal_basis_sealed is not null
                   or (select count(distinct u.organisation_id) from unit u
                       where u.id in (h.from_unit_id, h.to_unit_id, s.unit_id)) = 1
                   or not exists (
                        select from membership m
                        where m.case_id = h.case_id
                          and (m.capacity = 'young_person'
                               or (h.custody_asked_until > wall_clock() and m.custody_from <= wall_clock()
                                   and (m.custody_until is null or wall_clock() < m.custody_until)))
                          and (coalesce((select y.answer from hand_over_say y
                                         where y.hand_over_id = h.id and y.membership_id = m.id
                                         order by y.said_at desc, y.id desc limit 1), 'no') <> 'yes'
                               -- A no of their own is theirs alone to change.
                               or (select y.answer from hand_over_say y
                                   where y.hand_over_id = h.id and y.membership_id = m.id and y.method = 'eid'
                                   order by y.said_at desc, y.id desc limit 1) = 'no'))) $$;
        drop policy answered on hand_over_answer;
        create policy answered on hand_over_answer for insert to portal_app
            with check (answered_by_id = any ((select my_memberships())::uuid[])
                        and case when answer = 'accepted'
                                 then hand_over_id = any ((select my_takeable_offers())::uuid[])
                                 else hand_over_id = any (array(
                                    select id from hand_over where answered_by_id in (from_id, to_id))) end);
        """
    )
    op.execute(
        f"revoke execute on function {FUNCTIONS} from public; grant execute on function {FUNCTIONS} to portal_app"
    )


def downgrade() -> None:
    op.execute(
        f"""
        drop policy answered on hand_over_answer;
        create policy answered on hand_over_answer for insert to portal_app
            with check (answered_by_id = any ((select my_memberships())::uuid[])
                        and hand_over_id = any (array(
                            select id from hand_over where answered_by_id in (from_id, to_id))));
        drop policy asked_of_an_offer on membership;
        drop policy asked_by_the_walls on hand_over_answer;
        drop policy asked_by_the_walls on hand_over;
        drop policy seen on hand_over;
        create policy seen on hand_over for select to portal_app
            using (case_id = any ((select my_cases())::uuid[]) or to_id = any ((select my_memberships())::uuid[]));
        drop policy offered on hand_over;
        create policy offered on hand_over for insert to portal_app
            with check (case_id = any ((select my_owned_cases())::uuid[])
                        and from_id = any ((select my_memberships())::uuid[]));
        drop table hand_over_reply, hand_over_say;
        drop function {FUNCTIONS};
        drop index ix_hand_over_to_person_id;
        alter table hand_over drop constraint ck_hand_over_by_law, drop column to_person_id,
            drop column custody_asked_until, drop column legal_basis_sealed, drop column reason_sealed;
        """
    )
