"""One offer of a case waits, one freeze of a citizen and one override for a member's compartment is in force at a time.

What two people did at the same moment before this held is settled first: one of them stays.
"""

from alembic import op

revision = "058"
down_revision = "057"
branch_labels = None
depends_on = None

TABLES = (
    "cases",
    "hand_over",
    "hand_over_answer",
    "access_freeze",
    "access_freeze_end",
    "legal_override",
    "legal_override_end",
)


def upgrade() -> None:
    for table in TABLES:
        op.execute(f"alter table {table} no force row level security")
    op.execute(
        """
        -- Of the offers that wait, the last one of whoever is the guide today.
        insert into hand_over_answer
            select gen_random_uuid(), o.case_id, o.id, 'withdrawn', now(), o.from_id
            from (select h.*, h.from_person_id = c.owner_id as by_the_guide,
                         row_number() over (
                             partition by h.case_id
                             order by h.from_person_id = c.owner_id desc, h.offered_at desc, h.id) as place
                  from hand_over h join cases c on c.id = h.case_id
                  left join hand_over_answer a on a.hand_over_id = h.id where a.id is null) o
            where o.place > 1 or not o.by_the_guide;
        -- Of the freezes of one citizen, the one that is to be looked at again first.
        insert into access_freeze_end
            select gen_random_uuid(), f.case_id, f.id, now(), f.set_by_id
            from (select f.*, row_number() over (partition by f.case_id, f.membership_id
                                                 order by f.review_at, f.frozen_at desc, f.id) as place
                  from access_freeze f left join access_freeze_end e on e.freeze_id = f.id where e.id is null) f
            where f.place > 1;
        -- An override that opens nothing which another one does not open for as long: who sees what stays as it is.
        with in_force as (
            select o.*, row_number() over (order by o.valid_until desc, o.valid_from desc, o.id) as place
            from legal_override o left join legal_override_end e on e.override_id = o.id
            where e.id is null and o.valid_until > now())
        insert into legal_override_end
            select gen_random_uuid(), o.case_id, o.id, now(), o.set_by_id from in_force o
            where exists (select from in_force other
                          where other.case_id = o.case_id and other.membership_id = o.membership_id
                            and other.place < o.place and other.compartments @> o.compartments);
        """
    )
    for table in TABLES:
        op.execute(f"alter table {table} force row level security")
    op.execute(
        """
        -- Whoever waited for the case goes on in a transaction that began before what they waited for. What is open is
        -- asked for the moment of each statement.
        create or replace function wall_clock() returns timestamptz language sql stable return statement_timestamp();

        -- Each asks under the lock of the case, which is held until the row is there for the next one to see. Whoever
        -- may add such a row sees the others of its case.
        create function refuse_second_offer() returns trigger language plpgsql
            set search_path = public, pg_temp as $$
            begin
                perform pg_advisory_xact_lock(hashtextextended('case:' || new.case_id, 0));
                if exists (select from hand_over h left join hand_over_answer a on a.hand_over_id = h.id
                           where h.case_id = new.case_id and a.id is null) then
                    raise unique_violation using message = 'an offer of this case waits already';
                end if;
                return new;
            end $$;
        create trigger refuse_second before insert on hand_over
            for each row execute function refuse_second_offer();
        create function refuse_second_freeze() returns trigger language plpgsql
            set search_path = public, pg_temp as $$
            begin
                perform pg_advisory_xact_lock(hashtextextended('case:' || new.case_id, 0));
                if exists (select from access_freeze f left join access_freeze_end e on e.freeze_id = f.id
                           where f.case_id = new.case_id and f.membership_id = new.membership_id and e.id is null) then
                    raise unique_violation using message = 'this member is frozen already';
                end if;
                return new;
            end $$;
        create trigger refuse_second before insert on access_freeze
            for each row execute function refuse_second_freeze();
        create function refuse_second_override() returns trigger language plpgsql
            set search_path = public, pg_temp as $$
            begin
                perform pg_advisory_xact_lock(hashtextextended('case:' || new.case_id, 0));
                if exists (select from legal_override o left join legal_override_end e on e.override_id = o.id
                           where o.case_id = new.case_id and o.membership_id = new.membership_id and e.id is null
                             and o.valid_until > new.valid_from
                             and o.compartments ?| array(select jsonb_array_elements_text(new.compartments))) then
                    raise unique_violation using message = 'this is open by law already';
                end if;
                return new;
            end $$;
        create trigger refuse_second before insert on legal_override
            for each row execute function refuse_second_override();
        """
    )


def downgrade() -> None:
    op.execute(
        """
        drop trigger refuse_second on legal_override;
        drop trigger refuse_second on access_freeze;
        drop trigger refuse_second on hand_over;
        drop function refuse_second_override(), refuse_second_freeze(), refuse_second_offer();
        create or replace function wall_clock() returns timestamptz language sql stable return now();
        """
    )
