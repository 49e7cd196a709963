"""Who waits with a code, and what signing out at a provider asks for."""

from alembic import op

revision = "019"
down_revision = "018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table eid_stranger (
            token_sha256 bytea constraint pk_eid_stranger primary key,
            issuer varchar not null,
            subject varchar not null,
            provider varchar not null,
            id_token_sealed bytea not null,
            arrived_at timestamptz not null
        );
        create index ix_eid_stranger_arrived_at on eid_stranger (arrived_at);
        create table provider_session (
            login_id uuid constraint pk_provider_session primary key
                constraint fk_provider_session_login_id references login,
            provider varchar not null,
            id_token_sealed bytea not null
        );
        grant select, insert, delete on eid_stranger, provider_session to portal_app;
        """
    )


def downgrade() -> None:
    op.execute("drop table provider_session, eid_stranger")
