"""People, the places they work, and how they prove who they are."""

from alembic import op

revision = "001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table organisation (
            id uuid constraint pk_organisation primary key,
            name varchar not null constraint uq_organisation_name unique,
            kind varchar not null,
            created_at timestamptz not null
        );
        create table unit (
            id uuid constraint pk_unit primary key,
            organisation_id uuid not null constraint fk_unit_organisation_id references organisation,
            name varchar not null,
            kind varchar not null,
            created_at timestamptz not null,
            constraint uq_unit_organisation_id_name unique (organisation_id, name)
        );
        create table person (
            id uuid constraint pk_person primary key,
            kind varchar not null constraint ck_person_kind check (kind in ('staff', 'citizen')),
            created_at timestamptz not null,
            closed_at timestamptz
        );
        create table staff (
            person_id uuid constraint pk_staff primary key constraint fk_staff_person_id references person,
            unit_id uuid not null constraint fk_staff_unit_id references unit,
            name varchar not null,
            email varchar not null,
            job_title varchar not null,
            is_admin boolean not null,
            may_open_cases boolean not null,
            password_hash varchar
        );
        create index ix_staff_unit_id on staff (unit_id);
        create unique index uq_staff_email on staff (lower(email));
        create table submission (
            id uuid constraint pk_submission primary key,
            person_id uuid not null constraint fk_submission_person_id references person,
            made_id uuid not null,
            sent_at timestamptz not null
        );
        create index ix_submission_sent_at on submission (sent_at);

        create table invitation (
            id uuid constraint pk_invitation primary key,
            person_id uuid not null constraint fk_invitation_person_id references person,
            invited_by_id uuid constraint fk_invitation_invited_by_id references person,
            created_at timestamptz not null,
            expires_at timestamptz not null,
            token_sha256 bytea constraint uq_invitation_token_sha256 unique,
            used_at timestamptz
        );
        create index ix_invitation_person_id on invitation (person_id);
        create table login (
            id uuid constraint pk_login primary key,
            token_sha256 bytea not null constraint uq_login_token_sha256 unique,
            person_id uuid not null constraint fk_login_person_id references person,
            method varchar not null,
            started_at timestamptz not null,
            seen_at timestamptz not null,
            ended_at timestamptz
        );
        create index ix_login_person_id on login (person_id);
        create table national_id (
            person_id uuid constraint pk_national_id primary key
                constraint fk_national_id_person_id references person,
            match_value bytea not null constraint uq_national_id_match_value unique
        );
        create table invitation_code (
            id uuid constraint pk_invitation_code primary key,
            person_id uuid not null constraint fk_invitation_code_person_id references person,
            match_value bytea not null constraint uq_invitation_code_match_value unique,
            created_at timestamptz not null,
            expires_at timestamptz not null,
            used_at timestamptz
        );
        create index ix_invitation_code_person_id on invitation_code (person_id);
        create table eid_link (
            issuer varchar not null,
            subject varchar not null,
            person_id uuid not null constraint fk_eid_link_person_id references person,
            linked_at timestamptz not null,
            constraint pk_eid_link primary key (issuer, subject)
        );
        create index ix_eid_link_person_id on eid_link (person_id);
        create table eid_attempt (
            state_sha256 bytea constraint pk_eid_attempt primary key,
            browser_sha256 bytea not null,
            provider varchar not null,
            nonce varchar not null,
            code_verifier varchar not null,
            asks_national_id boolean not null,
            started_at timestamptz not null
        );
        create index ix_eid_attempt_started_at on eid_attempt (started_at);

        grant usage on schema public to portal_app, portal_facts;
        grant select, insert on organisation, unit, person to portal_app;
        grant update (name, kind) on organisation, unit to portal_app;
        grant update (closed_at) on person to portal_app;
        grant select, insert, update on staff, invitation, login, invitation_code to portal_app;
        grant select, insert on national_id, eid_link to portal_app;
        grant select, insert, delete on eid_attempt, submission to portal_app;

        -- Who this transaction speaks for. An empty setting (after a commit on a pooled connection) is nobody.
        create function my_person_id() returns uuid language sql stable
            return nullif(current_setting('app.person_id', true), '')::uuid;

        -- A submission tells what somebody did in a case, so it is theirs alone.
        alter table submission enable row level security, force row level security;
        create policy mine on submission to portal_app using (person_id = my_person_id());
        -- Old rows are swept by the worker, which speaks for nobody.
        create policy old on submission for delete to portal_app using (sent_at < now() - interval '2 days');
        create policy old_seen on submission for select to portal_app using (sent_at < now() - interval '2 days');
        """
    )


def downgrade() -> None:
    op.execute(
        """
        drop table eid_attempt, eid_link, invitation_code, national_id, login, invitation, submission, staff, person,
            unit, organisation;
        drop function my_person_id();
        revoke usage on schema public from portal_app, portal_facts;
        """
    )
