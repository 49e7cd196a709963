"""Mails that are gathered, and seen when they do not arrive; addresses that change, and accounts that are asked for."""

from alembic import op

revision = "042"
down_revision = "041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        alter table staff add column phone varchar not null default '';

        -- What is to be told to somebody by mail, once however often it happens meanwhile. `sending_at` is set while
        -- the mail is on its way: what happens then is told by one more.
        create table notice_due (
            person_id uuid not null constraint fk_notice_due_person_id references person,
            kind varchar not null constraint ck_notice_due_kind check
                (kind in ('news', 'sign_in', 'account', 'invited', 'linked', 'closed', 'reopened')),
            since timestamptz not null,
            sending_at timestamptz,
            constraint pk_notice_due primary key (person_id, kind)
        );
        grant select, insert, update, delete on notice_due to portal_app;
        -- What waits in the queue from before is told too.
        insert into notice_due (person_id, kind, since)
            select distinct (args ->> 'person_id')::uuid,
                            case task_name when 'mail_news' then 'news' else 'sign_in' end, now()
            from procrastinate_jobs
            where task_name in ('mail_news', 'mail_notice') and status in ('todo', 'doing');

        -- A mail that did not reach its professional, for those who look after the accounts.
        create table undelivered_mail (
            id uuid constraint pk_undelivered_mail primary key,
            person_id uuid not null constraint fk_undelivered_mail_person_id references staff,
            task varchar not null,
            reason varchar not null constraint ck_undelivered_mail_reason check (reason in ('refused', 'gave_up')),
            failed_at timestamptz not null
        );
        create index ix_undelivered_mail_person_id on undelivered_mail (person_id);
        grant select, delete on undelivered_mail to portal_app;
        grant select, insert, delete on undelivered_mail to portal_worker;

        alter table invitation add column resets boolean not null default false,
            add column mailed_at timestamptz;
        grant update (mailed_at) on invitation to portal_worker;

        -- An invitation says who invites and where from.
        grant select (name, job_title, unit_id) on staff to portal_worker;
        grant select on unit, organisation to portal_worker;

        -- A new address counts once its owner has opened the link and proven who they are.
        create table email_change (
            id uuid constraint pk_email_change primary key,
            person_id uuid not null constraint fk_email_change_person_id references staff,
            before varchar not null,
            address varchar not null,
            asked_by_id uuid not null constraint fk_email_change_asked_by_id references person,
            asked_at timestamptz not null,
            expires_at timestamptz not null,
            token_sha256 bytea constraint uq_email_change_token_sha256 unique,
            done_at timestamptz
        );
        create index ix_email_change_person_id on email_change (person_id);
        grant select, insert on email_change to portal_app;
        grant update (expires_at, done_at) on email_change to portal_app;
        grant select on email_change to portal_worker;
        grant update (token_sha256) on email_change to portal_worker;

        -- A colleague somebody misses in the directory: of the colleague, and of nothing in any case.
        create table account_request (
            id uuid constraint pk_account_request primary key,
            asked_by_id uuid not null constraint fk_account_request_asked_by_id references staff,
            name varchar not null,
            email varchar not null,
            job_title varchar not null,
            workplace varchar not null,
            asked_at timestamptz not null,
            answered_at timestamptz,
            answered_by_id uuid constraint fk_account_request_answered_by_id references staff,
            made_id uuid constraint fk_account_request_made_id references staff
        );
        create index ix_account_request_open on account_request (asked_at) where answered_at is null;
        grant select, insert on account_request to portal_app;
        grant update (answered_at, answered_by_id, made_id) on account_request to portal_app;
        """
    )


def downgrade() -> None:
    op.execute(
        """
        drop table account_request, email_change, undelivered_mail, notice_due;
        revoke select (name, job_title, unit_id) on staff from portal_worker;
        revoke select on unit, organisation from portal_worker;
        alter table invitation drop column resets, drop column mailed_at;
        alter table staff drop column phone;
        """
    )
