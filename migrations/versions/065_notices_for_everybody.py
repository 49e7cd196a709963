"""Citizens are told that there is something new, by the mail address and the number they have given for that; and
everybody by their own choice of how often and of what.

An address is sealed, and belongs to its person: no policy lets anybody else see that there is one. What waits to be
told names its case and compartment, so that it can be held against what its person may see at the moment it goes out.
"""

from alembic import op

revision = "065"
down_revision = "064"
branch_labels = None
depends_on = None

OWN = ("contact_point", "notice_choice", "notice_off")


def upgrade() -> None:
    op.execute(
        """
        -- Where somebody wants to be told, once they have proven by a code that they read what comes there.
        create table contact_point (
            id uuid constraint pk_contact_point primary key,
            person_id uuid not null constraint fk_contact_point_person_id references person,
            channel varchar not null constraint ck_contact_point_channel check (channel in ('mail', 'sms')),
            address_sealed bytea not null,
            master_id varchar not null,
            made_at timestamptz not null,
            code_digest bytea,
            code_until timestamptz,
            tries_left bigint not null default 0,
            confirmed_at timestamptz,
            constraint ck_contact_point_master_id
                check (split_part(encode(address_sealed, 'escape'), ':', 1) = master_id)
        );
        create unique index uq_contact_point_confirmed on contact_point (person_id, channel)
            where confirmed_at is not null;
        create unique index uq_contact_point_waiting on contact_point (person_id, channel) where confirmed_at is null;
        create trigger refuse_retired before insert or update of master_id on contact_point
            for each row execute function refuse_retired_master();

        create table notice_choice (
            person_id uuid constraint pk_notice_choice primary key
                constraint fk_notice_choice_person_id references person,
            rhythm varchar constraint ck_notice_choice_rhythm check (rhythm in ('at_once', 'daily', 'weekly')),
            quiet_from bigint constraint ck_notice_choice_quiet_from check (quiet_from between 0 and 23),
            quiet_until bigint constraint ck_notice_choice_quiet_until check (quiet_until between 0 and 23),
            language varchar constraint ck_notice_choice_language check (language in ('da', 'en')),
            asked_at timestamptz not null
        );

        -- What somebody does not want to be told: of a kind, or in a case.
        create table notice_off (
            id uuid constraint pk_notice_off primary key,
            person_id uuid not null constraint fk_notice_off_person_id references person,
            kind varchar,
            case_id uuid constraint fk_notice_off_case_id references cases,
            made_at timestamptz not null,
            constraint ck_notice_off_one check (num_nonnulls(kind, case_id) = 1),
            constraint uq_notice_off_person_id_kind_case_id unique nulls not distinct (person_id, kind, case_id)
        );
        create index ix_notice_off_case_id on notice_off (case_id);

        -- What there is to tell. `round_id` is set when it is about to go out.
        create table notice_item (
            id uuid constraint pk_notice_item primary key,
            person_id uuid not null constraint fk_notice_item_person_id references person,
            kind varchar not null,
            case_id uuid constraint fk_notice_item_case_id references cases,
            compartment_id uuid constraint fk_notice_item_compartment_id references compartment,
            since timestamptz not null,
            round_id uuid
        );
        create unique index uq_notice_item_waiting on notice_item (person_id, kind, case_id, compartment_id)
            nulls not distinct where round_id is null;
        create index ix_notice_item_round_id on notice_item (round_id);
        create index ix_notice_item_case_id on notice_item (case_id);
        create index ix_notice_item_compartment_id on notice_item (compartment_id);

        -- A notice on its way, by one channel. Its id is the key by which a neighbour knows it again.
        create table notice_delivery (
            id uuid constraint pk_notice_delivery primary key,
            person_id uuid not null constraint fk_notice_delivery_person_id references person,
            channel varchar not null constraint ck_notice_delivery_channel check (channel in ('mail', 'sms')),
            round_id uuid not null,
            state varchar not null constraint ck_notice_delivery_state
                check (state in ('waiting', 'sending', 'sent', 'failed', 'dropped')),
            made_at timestamptz not null,
            next_at timestamptz not null,
            tries bigint not null default 0,
            ended_at timestamptz
        );
        create unique index uq_notice_delivery_open on notice_delivery (person_id, channel)
            where state in ('waiting', 'sending');
        create index ix_notice_delivery_next_at on notice_delivery (next_at) where state in ('waiting', 'sending');
        create index ix_notice_delivery_person_id on notice_delivery (person_id, made_at);
        create index ix_notice_delivery_ended_at on notice_delivery (ended_at);

        -- Since when somebody cannot be reached by a channel. Without address or number: the guide sees it too.
        create table contact_failure (
            person_id uuid not null constraint fk_contact_failure_person_id references person,
            channel varchar not null constraint ck_contact_failure_channel check (channel in ('mail', 'sms')),
            reason varchar not null constraint ck_contact_failure_reason check (reason in ('refused', 'gave_up')),
            since timestamptz not null,
            constraint pk_contact_failure primary key (person_id, channel)
        );

        -- How a neighbour (a gateway, a mail server) has answered lately, for all processes together.
        create table neighbour_state (
            name varchar constraint pk_neighbour_state primary key,
            failures bigint not null,
            since timestamptz not null,
            open_until timestamptz not null
        );
        grant select, insert, update, delete on neighbour_state to portal_app;
        """
    )
    for table in (*OWN, "notice_item", "notice_delivery", "contact_failure"):
        op.execute(f"alter table {table} enable row level security, force row level security")
    for table in OWN:
        op.execute(
            f"""
            create policy own on {table} to portal_app
                using (person_id = my_person_id()) with check (person_id = my_person_id());
            grant select, insert, update, delete on {table} to portal_app;
            """
        )
    op.execute(
        """
        create policy looked_after on contact_point to portal_owner using (true) with check (true);

        -- Whoever does something queues what others are to be told, and cannot look at what waits for them.
        create policy queued on notice_item for insert to portal_app with check (round_id is null);
        create policy own on notice_item for select to portal_app using (person_id = my_person_id());
        create policy own_taken on notice_item for update to portal_app using (person_id = my_person_id());
        create policy own_told on notice_item for delete to portal_app using (person_id = my_person_id());
        grant select, insert, update (round_id), delete on notice_item to portal_app;

        create policy own on notice_delivery to portal_app
            using (person_id = my_person_id()) with check (person_id = my_person_id());
        grant select, insert, update, delete on notice_delivery to portal_app;
        -- The worker finds what is due, and nothing of what it is about or where it goes.
        create policy looked_after on notice_delivery to portal_owner using (true) with check (true);
        create function due_notices(many bigint) returns table (id uuid, person_id uuid) language sql stable
            security definer set search_path = public, pg_temp as $$
            select d.id, d.person_id from notice_delivery d
            where d.state in ('waiting', 'sending') and d.next_at <= wall_clock() order by d.next_at limit many $$;
        create function forget_told_notices() returns void language sql security definer
            set search_path = public, pg_temp as $$
            delete from notice_delivery where ended_at < wall_clock() - interval '30 days';
            -- An address that nobody has confirmed may be a stranger's.
            delete from contact_point where confirmed_at is null and made_at < wall_clock() - interval '1 day' $$;
        revoke all on function due_notices(bigint), forget_told_notices() from public;
        grant execute on function due_notices(bigint), forget_told_notices() to portal_worker;

        create policy own on contact_failure to portal_app
            using (person_id = my_person_id()) with check (person_id = my_person_id());
        create policy seen_by_guide on contact_failure for select to portal_app
            using (person_id = any (array(select person_id from membership
                                          where case_id = any ((select my_owned_cases())::uuid[]))));
        grant select, insert, update, delete on contact_failure to portal_app;
        """
    )


def downgrade() -> None:
    op.execute(
        """
        drop function due_notices(bigint);
        drop function forget_told_notices();
        drop table neighbour_state, contact_failure, notice_delivery, notice_item, notice_off, notice_choice,
            contact_point
        """
    )
