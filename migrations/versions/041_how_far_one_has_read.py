"""Messages are numbered in their thread, and it is kept how far each member has read: what was on a page of theirs."""

from alembic import op

revision = "041"
down_revision = "040"
branch_labels = None
depends_on = None

_READ_BY_FORCE = ("message", "thread", "membership", "audit_event")


def upgrade() -> None:
    for table in _READ_BY_FORCE:
        op.execute(f"alter table {table} no force row level security")
    op.execute(
        """
        alter table message add number bigint;
        update message set number = placed.number
            from (select id, row_number() over (partition by thread_id order by created_at, id) as number
                  from message) placed
            where placed.id = message.id;
        alter table message alter number set not null;
        alter table message add constraint ck_message_number check (number >= 1);
        alter table message add constraint uq_message_thread_id_number unique (thread_id, number);
        drop index ix_message_thread_id_created_at;

        alter table thread add constraint uq_thread_id_case_id unique (id, case_id);
        create table thread_look (
            thread_id uuid not null,
            membership_id uuid not null,
            case_id uuid not null,
            seen bigint not null,
            constraint pk_thread_look primary key (thread_id, membership_id),
            constraint fk_thread_look_thread_id_case_id
                foreign key (thread_id, case_id) references thread (id, case_id),
            constraint fk_thread_look_case_id_membership_id
                foreign key (case_id, membership_id) references membership (case_id, id)
        );
        -- What the trace told until now: everything up to the last time somebody opened a thread or wrote in it.
        insert into thread_look
            select thread.id, membership.id, thread.case_id, max(message.number)
            from thread
            join membership on membership.case_id = thread.case_id
            join message on message.thread_id = thread.id
            where message.created_at <= (
                select max(at) from audit_event
                where chain_id = thread.case_id and item_id = thread.id and actor_id = membership.person_id
                    and event in ('thread.viewed', 'thread.started', 'message.sent'))
            group by thread.id, membership.id;
        alter table thread_look enable row level security, force row level security;
        create policy own on thread_look for select to portal_app
            using (membership_id = any ((select my_memberships())::uuid[]));
        create policy looked on thread_look for insert to portal_app
            with check (membership_id = any ((select my_memberships())::uuid[]));
        create policy went_on on thread_look for update to portal_app
            using (membership_id = any ((select my_memberships())::uuid[]));
        grant select, insert, update (seen) on thread_look to portal_app;
        """
    )
    _by_force_again()


def downgrade() -> None:
    op.execute(
        """
        drop table thread_look;
        alter table thread drop constraint uq_thread_id_case_id;
        create index ix_message_thread_id_created_at on message (thread_id, created_at);
        alter table message drop constraint uq_message_thread_id_number, drop constraint ck_message_number,
            drop column number;
        """
    )


def _by_force_again() -> None:
    for table in _READ_BY_FORCE:
        op.execute(f"alter table {table} force row level security")
