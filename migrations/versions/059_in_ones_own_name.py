"""Everybody writes in their own name: what one says for another, and where a line of the trace may be added.

These are the database's own answer to a fault above it. Where a row is about another member, whoever writes it is the
guide, or has a say in what the row is about; where only sealed words tell whose it is, readers look at who wrote it.
"""

from alembic import op

revision = "059"
down_revision = "058"
branch_labels = None
depends_on = None

MINE = "any ((select my_memberships())::uuid[])"
OWNED = "any ((select my_owned_cases())::uuid[])"
LED = "any ((select my_led_cases())::uuid[])"
OPEN = "any ((select my_compartments())::uuid[])"
WRITABLE = "any ((select my_writable_compartments())::uuid[])"

PLACES = """
    from_unit_id = any (array(select owner_unit_id from cases where id = case_id))
    and to_person_id = any (array(select person_id from membership where id = to_id))"""
"""Of an offer: where the case lies, and who the member is that it is made to."""
ASKED_WITH_ME = f"""
    any (array(select a.plan_proposal_id from plan_asked a where a.membership_id = {MINE}))"""
"""Proposals this person is asked about."""
ABOUT_ME = f"""
    any (array(select plan_version_id from plan_proposal where id = {ASKED_WITH_ME} or created_by_id = {MINE}))"""
"""Versions this person is or was asked about, or has proposed."""
HAS_SAID_YES = """
    any (array(select t.created_by_id from plan_taking t where t.plan_version_id = plan_reminder.plan_version_id
               union
               select a.membership_id from plan_asked a
               join plan_proposal p on p.id = a.plan_proposal_id
               left join plan_acceptance y
                   on y.plan_proposal_id = a.plan_proposal_id and y.membership_id = a.membership_id
               where p.plan_version_id = plan_reminder.plan_version_id
                   and num_nonnulls(y.membership_id, a.said_id, a.again_of) > 0))"""
"""Whoever has said yes to a version or taken something of it on: of a row of plan_reminder."""
AGREED_BY_ME = f"""
    any (array(select p.plan_version_id from plan_proposal p
               join plan_asked a on a.plan_proposal_id = p.id
               left join plan_acceptance y
                   on y.plan_proposal_id = a.plan_proposal_id and y.membership_id = a.membership_id
               where p.id = {ASKED_WITH_ME}
               group by p.id, p.plan_version_id
               having count(*) = count(coalesce(y.membership_id, a.said_id, a.again_of))))"""
"""Versions that everybody who was asked has said yes to, this person among them."""


def upgrade() -> None:
    op.execute(
        f"""
        -- Whose window it is may be known where one's own is open, and to those who answer for the case.
        alter policy seen on access_window
            using (person_id = my_person_id() or compartment_id = {OPEN} or case_id = {LED});

        -- A yes is one's own. The guide notes how a citizen gave theirs.
        alter policy written on plan_acceptance
            with check (compartment_id = {OPEN} and created_by_id = {MINE}
                        and (membership_id = {MINE}
                             or (case_id = {OWNED} and how_sealed is not null
                                 and membership_id = any (array(select id from membership where unit_id is null)))));
        -- Whoever proposes says who is asked, and nobody else.
        alter policy written on plan_asked
            with check (compartment_id = {WRITABLE}
                        and plan_proposal_id = any (array(select id from plan_proposal where created_by_id = {MINE})));
        -- How a promise went is said by those who are asked about the version, the young person and the guide.
        alter policy written on plan_outcome
            with check (compartment_id = {OPEN} and created_by_id = {MINE}
                        and (case_id = {LED}
                             or plan_version_id = any (array(
                                 select plan_version_id from plan_proposal where id = {ASKED_WITH_ME}))));
        -- Proposing plans the reminders of what was said yes to before, and each yes those of what counts by it: but
        -- nobody's who has said no yes.
        alter policy planned on plan_reminder
            with check (settled_at is null and compartment_id = {OPEN}
                        and (membership_id = {MINE} or case_id = {OWNED}
                             or (plan_version_id = {ABOUT_ME} and membership_id = {HAS_SAID_YES})));
        -- Whoever words a promise anew ends its reminder; the last yes ends those of the versions before.
        alter policy settled on plan_reminder
            using (compartment_id = {OPEN}
                   and (membership_id = {MINE} or case_id = {LED} or compartment_id = {WRITABLE}
                        or plan_version_id = {ABOUT_ME}
                        or plan_id = any (array(select plan_id from plan_version where id = {AGREED_BY_ME}))))
            with check (compartment_id = {OPEN});

        -- An editing is ended by who began it, or by the guide.
        alter policy ended on checkout using (created_by_id = {MINE} or case_id = {OWNED});
        alter policy added on membership
            with check (case_id = {OWNED} and (added_by_id is null or added_by_id = {MINE}));
        -- By eID, everybody gives their own consent.
        alter policy given on consent
            with check (registered_by_id = {MINE}
                        and (giver_id = registered_by_id or (case_id = {OWNED} and method <> 'eid'))
                        and made_in = pg_current_xact_id()::text::bigint);
        -- Wishes are the young person's, answers the guide's.
        alter policy made on team_wish
            with check (case_id = {LED} and made_by_id = {MINE}
                        and case_id <> all ((select my_owned_cases())::uuid[]));
        alter policy offered on hand_over
            with check (case_id = {OWNED} and from_id = {MINE} and from_person_id = my_person_id() and {PLACES});
        -- Who began a meeting is noted by whoever begins it, on a row that others change too.
        create function refuse_begun_for_another() returns trigger language plpgsql
            set search_path = public, pg_temp as $$
            begin
                if new.begun_by_id is not null and not new.begun_by_id = {MINE} then
                    raise insufficient_privilege using message = 'a meeting is begun in one''s own name';
                end if;
                return new;
            end $$;
        create trigger begun_in_ones_own_name before insert or update of begun_by_id on meeting
            for each row execute function refuse_begun_for_another();
        alter policy answered on hand_over_answer
            with check (answered_by_id = {MINE}
                        and (answer <> 'accepted' or hand_over_id = any ((select my_takeable_offers())::uuid[]))
                        and hand_over_id = any (array(
                            select id from hand_over
                            where (answered_by_id = from_id and answer = 'withdrawn')
                               or (answered_by_id = to_id and answer <> 'withdrawn'))));
        """
    )
    op.execute(
        """
        -- The trace is added to by this alone. Numbers and the end of the chain are reckoned here; whoever is somebody
        -- adds lines of their own, to their own cases, and to others only that they were refused there; an
        -- administrator besides what they changed of a professional in it.
        create function append_trace(chain uuid, before bigint, end_seal bytea, ats timestamptz[], events text[],
                                     actors uuid[], memberships uuid[], compartments uuid[], items uuid[],
                                     saids jsonb[], proofs bytea[]) returns bigint
            language plpgsql security definer set search_path = public, pg_temp as $$
            declare
                of_no_case constant uuid := '00000000-0000-0000-0000-000000000000';
                me constant uuid := my_person_id();
                many constant bigint := cardinality(proofs);
                my_membership uuid;
                allowed boolean;
            begin
                if me is null or (pg_has_role(session_user, 'portal_worker', 'MEMBER')
                                  and not pg_has_role(session_user, 'portal_app', 'MEMBER')) then
                    allowed := num_nonnulls(variadic actors) = 0 and num_nonnulls(variadic memberships) = 0;
                elsif chain = of_no_case then
                    allowed := num_nonnulls(variadic memberships) = 0
                        and coalesce(me = all (array_remove(actors, null)), true);
                else
                    select id into my_membership from membership where case_id = chain and person_id = me;
                    allowed := array_position(actors, null) is null and me = all (actors);
                    if my_membership is null then
                        allowed := allowed and num_nonnulls(variadic memberships || compartments) = 0
                            and (('access.refused' = all (events) and num_nonnulls(variadic items) = 0)
                                 or ('member.changed' = all (events) and i_look_after_accounts()
                                     and items <@ array(select id from membership
                                                        where case_id = chain and unit_id is not null)));
                    else
                        allowed := allowed and coalesce(my_membership = all (array_remove(memberships, null)), true);
                    end if;
                end if;
                -- Like every policy: held by it is whoever row-level security holds.
                if not allowed and not (select rolbypassrls or rolsuper from pg_roles where rolname = session_user) then
                    raise insufficient_privilege using message = 'this line of the trace is not theirs to add';
                end if;
                if before = 0 then
                    insert into audit_head values (chain, 0, '', '') on conflict do nothing;
                end if;
                update audit_head set seq = before + many, mac = proofs[many], seal = end_seal
                    where chain_id = chain and seq = before;
                if not found then
                    return 0;
                end if;
                insert into audit_event
                        (chain_id, seq, at, event, actor_id, membership_id, compartment_id, item_id, fields, mac)
                    select chain, before + number, at, event, actor, membership, compartment, item, said, proof
                    from unnest(ats, events, actors, memberships, compartments, items, saids, proofs) with ordinality
                        as line (at, event, actor, membership, compartment, item, said, proof, number);
                return many;
            end $$;
        -- Where a chain ends, for whoever adds to it next: others wait until they have.
        create function trace_end(chain uuid) returns table (seq bigint, mac bytea)
            language sql security definer set search_path = public, pg_temp as $$
            select h.seq, h.mac from audit_head h where h.chain_id = chain for update $$;

        drop policy added on audit_event;
        drop policy added_by_the_worker on audit_event;
        alter policy upkeep on audit_event with check (true);
        revoke insert on audit_event from portal_app, portal_worker;
        revoke insert, update on audit_head from portal_app, portal_worker;
        revoke select on audit_head from portal_worker;
        """
    )
    functions = """append_trace(uuid, bigint, bytea, timestamptz[], text[], uuid[], uuid[], uuid[], uuid[], jsonb[],
                                bytea[]), trace_end(uuid)"""
    op.execute(f"revoke all on function {functions} from public")
    op.execute(f"grant execute on function {functions} to portal_app, portal_worker")


def downgrade() -> None:
    op.execute(
        f"""
        drop trigger begun_in_ones_own_name on meeting;
        drop function refuse_begun_for_another();
        drop function trace_end(uuid);
        drop function append_trace(uuid, bigint, bytea, timestamptz[], text[], uuid[], uuid[], uuid[], uuid[], jsonb[],
                                   bytea[]);
        grant select, insert, update on audit_head to portal_app, portal_worker;
        grant insert on audit_event to portal_app, portal_worker;
        alter policy upkeep on audit_event with check (actor_id is null);
        create policy added_by_the_worker on audit_event for insert to portal_worker
            with check (actor_id is null and membership_id is null);
        create policy added on audit_event for insert to portal_app
            with check (actor_id is null or actor_id = my_person_id());

        alter policy answered on hand_over_answer
            with check (answered_by_id = {MINE}
                        and case when answer = 'accepted'
                                 then hand_over_id = any ((select my_takeable_offers())::uuid[])
                                 else hand_over_id = any (array(
                                    select id from hand_over where answered_by_id in (from_id, to_id))) end);
        alter policy offered on hand_over with check (case_id = {OWNED} and from_id = {MINE} and {PLACES});
        alter policy made on team_wish with check (case_id = {LED} and made_by_id = {MINE});
        alter policy given on consent
            with check (registered_by_id = {MINE} and (giver_id = registered_by_id or case_id = {OWNED})
                        and made_in = pg_current_xact_id()::text::bigint);
        alter policy added on membership with check (case_id = {OWNED});
        alter policy ended on checkout using (compartment_id = {WRITABLE} or created_by_id = {MINE});
        alter policy settled on plan_reminder using (compartment_id = {OPEN}) with check (compartment_id = {OPEN});
        alter policy planned on plan_reminder with check (settled_at is null and compartment_id = {OPEN});
        alter policy written on plan_outcome with check (compartment_id = {OPEN} and created_by_id = {MINE});
        alter policy written on plan_asked with check (compartment_id = {WRITABLE});
        alter policy written on plan_acceptance
            with check (compartment_id = {OPEN} and created_by_id = {MINE}
                        and (membership_id = created_by_id or case_id = {OWNED}));
        alter policy seen on access_window
            using (person_id = my_person_id() or case_id = any ((select my_cases())::uuid[]));
        """
    )
