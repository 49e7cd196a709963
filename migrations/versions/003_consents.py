"""Consent declarations and withdrawals."""

from alembic import op

revision = "003"
down_revision = "002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table consent (
            id uuid constraint pk_consent primary key,
            case_id uuid not null constraint fk_consent_case_id references cases,
            giver_id uuid not null,
            registered_by_id uuid not null,
            method varchar not null constraint ck_consent_method check (method in ('eid', 'paper', 'oral')),
            given_at timestamptz not null,
            valid_from timestamptz not null,
            valid_until timestamptz not null,
            wording_version varchar not null,
            text_sealed bytea not null,
            text_sha256_sealed bytea not null,
            note_sealed bytea,
            scan_blob varchar,
            scan_key bytea,
            scan_media_type varchar,
            scan_size bigint,
            constraint uq_consent_case_id_id unique (case_id, id),
            constraint ck_consent_period check (valid_from < valid_until),
            constraint ck_consent_scan check ((scan_blob is null) = (scan_key is null)),
            constraint fk_consent_case_id_giver_id
                foreign key (case_id, giver_id) references membership (case_id, id),
            constraint fk_consent_case_id_registered_by_id
                foreign key (case_id, registered_by_id) references membership (case_id, id)
        );
        create table consent_grant (
            id uuid constraint pk_consent_grant primary key,
            case_id uuid not null,
            consent_id uuid not null,
            unit_id uuid constraint fk_consent_grant_unit_id references unit,
            membership_id uuid,
            category varchar not null,
            constraint ck_consent_grant_party check ((unit_id is null) <> (membership_id is null)),
            constraint fk_consent_grant_case_id_consent_id
                foreign key (case_id, consent_id) references consent (case_id, id),
            constraint fk_consent_grant_case_id_membership_id
                foreign key (case_id, membership_id) references membership (case_id, id)
        );
        create index ix_consent_grant_case_id on consent_grant (case_id);
        create table consent_withdrawal (
            id uuid constraint pk_consent_withdrawal primary key,
            case_id uuid not null,
            consent_id uuid not null,
            unit_id uuid constraint fk_consent_withdrawal_unit_id references unit,
            membership_id uuid,
            withdrawn_at timestamptz not null,
            registered_by_id uuid not null,
            constraint ck_consent_withdrawal_party check (unit_id is null or membership_id is null),
            constraint fk_consent_withdrawal_case_id_consent_id
                foreign key (case_id, consent_id) references consent (case_id, id),
            constraint fk_consent_withdrawal_case_id_membership_id
                foreign key (case_id, membership_id) references membership (case_id, id),
            constraint fk_consent_withdrawal_case_id_registered_by_id
                foreign key (case_id, registered_by_id) references membership (case_id, id)
        );
        create index ix_consent_withdrawal_case_id on consent_withdrawal (case_id);

        alter table consent enable row level security, force row level security;
        alter table consent_grant enable row level security, force row level security;
        alter table consent_withdrawal enable row level security, force row level security;

        -- A declaration is read by its giver and by those who answer for the case; the keeper of facts reads the facts
        -- of it (columns, not words) to compute windows.
        create policy seen on consent for select to portal_app
            using (giver_id = any ((select my_memberships())::uuid[])
                   or case_id = any ((select my_led_cases())::uuid[]));
        create policy given on consent for insert to portal_app
            with check (registered_by_id = any ((select my_memberships())::uuid[])
                        and (giver_id = registered_by_id or case_id = any ((select my_owned_cases())::uuid[])));
        create policy facts on consent for select to portal_facts using (case_id = facts_case());

        create policy seen on consent_grant for select to portal_app
            using (consent_id = any (array(select id from consent)));
        create policy given on consent_grant for insert to portal_app
            with check (consent_id = any (array(
                select id from consent where registered_by_id = any ((select my_memberships())::uuid[]))));
        create policy facts on consent_grant for select to portal_facts using (case_id = facts_case());

        create policy seen on consent_withdrawal for select to portal_app
            using (consent_id = any (array(select id from consent)));
        create policy withdrawn on consent_withdrawal for insert to portal_app
            with check (registered_by_id = any ((select my_memberships())::uuid[])
                        and consent_id = any (array(select id from consent)));
        create policy facts on consent_withdrawal for select to portal_facts using (case_id = facts_case());

        grant select, insert on consent, consent_grant, consent_withdrawal to portal_app;
        grant select (id, case_id, giver_id, given_at, valid_from, valid_until, method) on consent to portal_facts;
        grant select on consent_grant, consent_withdrawal to portal_facts;
        """
    )


def downgrade() -> None:
    op.execute("drop table consent_withdrawal, consent_grant, consent")
