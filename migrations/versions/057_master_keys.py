"""Every row that a master key seals names it, and none is added under a master key that was taken out of use."""

from alembic import op

revision = "057"
down_revision = "056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        alter table totp add column master_id varchar;
        update totp set master_id = split_part(encode(secret_sealed, 'escape'), ':', 1);
        alter table totp alter column master_id set not null,
            add constraint ck_totp_master_id
                check (split_part(encode(secret_sealed, 'escape'), ':', 1) = master_id);

        create table retired_master (
            id varchar constraint pk_retired_master primary key,
            retired_at timestamptz not null
        );
        -- A process may have read the key file before a key was taken out of it, or stand on a copy nobody renewed. So
        -- the row asks: it holds the lock until its transaction ends, and whoever retires a key waits for all of those.
        create function refuse_retired_master() returns trigger language plpgsql security definer
            set search_path = public, pg_temp as $$
            begin
                perform pg_advisory_xact_lock_shared(hashtextextended('master_keys', 0));
                if exists (select from retired_master where id = new.master_id) then
                    raise exception 'master key % was taken out of use', new.master_id;
                end if;
                return new;
            end $$;
        revoke all on function refuse_retired_master() from public;
        create trigger refuse_retired before insert or update of master_id on case_key
            for each row execute function refuse_retired_master();
        create trigger refuse_retired before insert or update of master_id on totp
            for each row execute function refuse_retired_master();
        """
    )


def downgrade() -> None:
    op.execute(
        """
        drop trigger refuse_retired on totp;
        drop trigger refuse_retired on case_key;
        drop function refuse_retired_master();
        drop table retired_master;
        alter table totp drop constraint ck_totp_master_id, drop column master_id;
        """
    )
