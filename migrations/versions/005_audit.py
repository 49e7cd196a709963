"""The trace: lines can be added and read, never changed or removed."""

from alembic import op

revision = "005"
down_revision = "004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table audit_event (
            chain_id uuid not null,
            seq bigint not null,
            at timestamptz not null,
            event varchar not null,
            actor_id uuid,
            membership_id uuid,
            compartment_id uuid,
            item_id uuid,
            fields jsonb not null,
            mac bytea not null,
            constraint pk_audit_event primary key (chain_id, seq)
        );
        create index ix_audit_event_reading on audit_event (chain_id, actor_id, event, item_id, at);
        create table audit_head (
            chain_id uuid constraint pk_audit_head primary key,
            seq bigint not null,
            mac bytea not null,
            seal bytea not null
        );

        alter table audit_event enable row level security, force row level security;
        create policy seen on audit_event for select to portal_app
            using (chain_id = any ((select my_led_cases())::uuid[])
                   or (chain_id = any ((select my_cases())::uuid[])
                       and (compartment_id is null or compartment_id = any ((select my_compartments())::uuid[]))));
        create policy added on audit_event for insert to portal_app
            with check (actor_id is null or actor_id = my_person_id());
        create policy verified on audit_event for select to portal_owner using (true);

        -- Where a chain ends is needed to add to it, by whoever adds: it holds a number and two hashes, no case data.
        grant select, insert on audit_event to portal_app;
        grant select, insert, update on audit_head to portal_app;
        """
    )


def downgrade() -> None:
    op.execute("drop table audit_head, audit_event")
