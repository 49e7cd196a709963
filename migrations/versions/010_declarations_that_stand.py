"""Consent declarations whole: exceptions, a draft on its way, reminders, and nothing added once it is given."""

from alembic import op

revision = "010"
down_revision = "009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        -- The transaction a declaration was made in. Its cells can be added by that transaction and by no later one.
        alter table consent add column made_in bigint not null default (pg_current_xact_id()::text::bigint);
        create table consent_exception (
            id uuid constraint pk_consent_exception primary key,
            case_id uuid not null,
            consent_id uuid not null,
            unit_id uuid constraint fk_consent_exception_unit_id references unit,
            membership_id uuid,
            category varchar not null,
            constraint ck_consent_exception_party check ((unit_id is null) <> (membership_id is null)),
            constraint fk_consent_exception_case_id_consent_id
                foreign key (case_id, consent_id) references consent (case_id, id),
            constraint fk_consent_exception_case_id_membership_id
                foreign key (case_id, membership_id) references membership (case_id, id)
        );
        create index ix_consent_exception_consent_id on consent_exception (consent_id);
        create table consent_draft (
            membership_id uuid constraint pk_consent_draft primary key,
            case_id uuid not null,
            answers_sealed bytea not null,
            written_at timestamptz not null,
            constraint fk_consent_draft_case_id_membership_id
                foreign key (case_id, membership_id) references membership (case_id, id)
        );
        create table consent_reminder (
            id uuid constraint pk_consent_reminder primary key,
            case_id uuid not null,
            consent_id uuid not null,
            days_before bigint not null,
            due_at timestamptz not null,
            sent_at timestamptz,
            constraint uq_consent_reminder_consent_id_days_before unique (consent_id, days_before),
            constraint fk_consent_reminder_case_id_consent_id
                foreign key (case_id, consent_id) references consent (case_id, id)
        );
        create index ix_consent_reminder_due_at on consent_reminder (due_at);

        -- Declarations that were given before there were reminders.
        alter table consent no force row level security;
        insert into consent_reminder
            select gen_random_uuid(), case_id, id, days, valid_until - make_interval(days => days), null
            from consent, unnest(array[30, 7]) days
            where valid_until - make_interval(days => days) > now();
        alter table consent force row level security;

        alter table consent_exception enable row level security, force row level security;
        alter table consent_draft enable row level security, force row level security;
        alter table consent_reminder enable row level security, force row level security;

        drop policy given on consent;
        create policy given on consent for insert to portal_app
            with check (registered_by_id = any ((select my_memberships())::uuid[])
                        and (giver_id = registered_by_id or case_id = any ((select my_owned_cases())::uuid[]))
                        and made_in = pg_current_xact_id()::text::bigint);
        drop policy given on consent_grant;
        create policy given on consent_grant for insert to portal_app
            with check (consent_id = any (array(
                select id from consent where registered_by_id = any ((select my_memberships())::uuid[])
                                         and made_in = pg_current_xact_id()::text::bigint)));
        create policy seen on consent_exception for select to portal_app
            using (consent_id = any (array(select id from consent)));
        create policy given on consent_exception for insert to portal_app
            with check (consent_id = any (array(
                select id from consent where registered_by_id = any ((select my_memberships())::uuid[])
                                         and made_in = pg_current_xact_id()::text::bigint)));
        create policy mine on consent_draft to portal_app
            using (membership_id = any ((select my_memberships())::uuid[]))
            with check (membership_id = any ((select my_memberships())::uuid[]));
        create policy planned on consent_reminder for insert to portal_app
            with check (sent_at is null and consent_id = any (array(
                select id from consent where made_in = pg_current_xact_id()::text::bigint)));
        -- The timed job speaks for nobody: it sees what is due, ids and dates, and can note that it was sent.
        create policy due on consent_reminder for select to portal_app
            using (my_person_id() is null and due_at <= wall_clock());
        create policy sent on consent_reminder for update to portal_app
            using (my_person_id() is null and due_at <= wall_clock() and sent_at is null)
            with check (my_person_id() is null);

        grant select, insert on consent_exception to portal_app;
        grant select, insert, update, delete on consent_draft to portal_app;
        grant select, insert, update (sent_at) on consent_reminder to portal_app;
        """
    )


def downgrade() -> None:
    op.execute(
        """
        drop table consent_reminder, consent_draft, consent_exception;
        drop policy given on consent_grant;
        drop policy given on consent;
        alter table consent drop column made_in;
        create policy given on consent for insert to portal_app
            with check (registered_by_id = any ((select my_memberships())::uuid[])
                        and (giver_id = registered_by_id or case_id = any ((select my_owned_cases())::uuid[])));
        create policy given on consent_grant for insert to portal_app
            with check (consent_id = any (array(
                select id from consent where registered_by_id = any ((select my_memberships())::uuid[]))));
        """
    )
