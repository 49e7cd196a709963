"""Second factors of professionals, the steps of a sign-in under way, and what limits guessing."""

from alembic import op

revision = "018"
down_revision = "017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        alter table staff add column first_signed_in_at timestamptz;
        update staff set first_signed_in_at = began.at
            from (select person_id, min(started_at) as at from login where method = 'password' group by person_id) began
            where began.person_id = staff.person_id;
        alter table invitation add column renews_factors boolean not null default false;
        create table totp (
            person_id uuid constraint pk_totp primary key constraint fk_totp_person_id references person,
            secret_sealed bytea not null,
            last_step bigint not null,
            made_at timestamptz not null
        );
        create table passkey (
            id uuid constraint pk_passkey primary key,
            person_id uuid not null constraint fk_passkey_person_id references person,
            credential_id bytea not null constraint uq_passkey_credential_id unique,
            public_key bytea not null,
            sign_count bigint not null,
            name varchar not null,
            made_at timestamptz not null,
            used_at timestamptz
        );
        create index ix_passkey_person_id on passkey (person_id);
        create table recovery_code (
            match_value bytea constraint pk_recovery_code primary key,
            person_id uuid not null constraint fk_recovery_code_person_id references person,
            made_at timestamptz not null,
            used_at timestamptz
        );
        create index ix_recovery_code_person_id on recovery_code (person_id);
        create table half_login (
            token_sha256 bytea constraint pk_half_login primary key,
            person_id uuid not null constraint fk_half_login_person_id references person,
            started_at timestamptz not null
        );
        create index ix_half_login_started_at on half_login (started_at);
        create index ix_half_login_person_id on half_login (person_id);
        create table passkey_challenge (
            token_sha256 bytea constraint pk_passkey_challenge primary key,
            person_id uuid constraint fk_passkey_challenge_person_id references person,
            challenge bytea not null,
            started_at timestamptz not null
        );
        create index ix_passkey_challenge_started_at on passkey_challenge (started_at);
        create table known_device (
            token_sha256 bytea constraint pk_known_device primary key,
            person_id uuid not null constraint fk_known_device_person_id references person,
            made_at timestamptz not null
        );
        create index ix_known_device_person_id on known_device (person_id);
        create table sign_in_try (
            id uuid constraint pk_sign_in_try primary key,
            bucket bytea not null,
            at timestamptz not null
        );
        create index ix_sign_in_try_bucket on sign_in_try (bucket, at);

        grant select, insert, update, delete on totp, passkey, recovery_code to portal_app;
        grant select, insert, delete on half_login, passkey_challenge, known_device, sign_in_try to portal_app;
        """
    )


def downgrade() -> None:
    op.execute(
        """
        drop table sign_in_try, known_device, passkey_challenge, half_login, recovery_code, passkey, totp;
        alter table invitation drop column renews_factors;
        alter table staff drop column first_signed_in_at;
        """
    )
