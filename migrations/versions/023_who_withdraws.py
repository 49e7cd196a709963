"""A consent is taken back by who gave it, or by the case's owner, who notes what was said or signed."""

from alembic import op

revision = "023"
down_revision = "022"
branch_labels = None
depends_on = None

POLICY = """
    drop policy withdrawn on consent_withdrawal;
    create policy withdrawn on consent_withdrawal for insert to portal_app
        with check (registered_by_id = any ((select my_memberships())::uuid[])
                    and consent_id = any (array(select id from consent{whose})));
"""
WHOSE = """
        where giver_id = any ((select my_memberships())::uuid[]) or case_id = any ((select my_owned_cases())::uuid[])"""


def upgrade() -> None:
    op.execute(POLICY.format(whose=WHOSE))


def downgrade() -> None:
    op.execute(POLICY.format(whose=""))
