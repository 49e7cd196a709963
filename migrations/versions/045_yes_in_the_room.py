"""A yes that was said to the same words before stands when they are proposed; and whoever is asked can ask for a change
instead."""

from alembic import op

revision = "045"
down_revision = "044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        -- That the yes is the asked person's own is held here: it names a line that they alone can have written.
        alter table plan_taking add constraint uq_plan_taking_id_created_by_id unique (id, created_by_id);
        -- Or, where the same words are proposed again, a yes that was given to the earlier proposal.
        alter table plan_asked add column said_id uuid, add column again_of uuid,
            add constraint fk_plan_asked_said_id_membership_id
                foreign key (said_id, membership_id) references plan_taking (id, created_by_id),
            add constraint fk_plan_asked_again_of_membership_id
                foreign key (again_of, membership_id) references plan_acceptance (plan_proposal_id, membership_id);

        create table plan_objection (
            id uuid constraint pk_plan_objection primary key,
            plan_proposal_id uuid not null,
            case_id uuid not null,
            compartment_id uuid not null,
            words_sealed bytea not null,
            created_at timestamptz not null,
            created_by_id uuid not null,
            constraint fk_plan_objection_plan_proposal_id_created_by_id
                foreign key (plan_proposal_id, created_by_id) references plan_asked (plan_proposal_id, membership_id),
            constraint fk_plan_objection_plan_proposal_id_case_id_compartment_id
                foreign key (plan_proposal_id, case_id, compartment_id)
                references plan_proposal (id, case_id, compartment_id) on update cascade,
            constraint fk_plan_objection_case_id_created_by_id
                foreign key (case_id, created_by_id) references membership (case_id, id)
        );
        create index ix_plan_objection_case_id on plan_objection (case_id);
        alter table plan_objection enable row level security, force row level security;
        -- Between whoever is asked and the guide.
        create policy seen on plan_objection for select to portal_app
            using (compartment_id = any ((select my_compartments())::uuid[])
                   and (created_by_id = any ((select my_memberships())::uuid[])
                        or case_id = any ((select my_owned_cases())::uuid[])));
        create policy written on plan_objection for insert to portal_app
            with check (compartment_id = any ((select my_compartments())::uuid[])
                        and created_by_id = any ((select my_memberships())::uuid[]));
        grant select, insert on plan_objection to portal_app;
        create policy own_objections on audit_event as restrictive for select to portal_app
            using (event <> 'schema.objected' or actor_id = my_person_id()
                   or chain_id = any ((select my_led_cases())::uuid[]));

        -- A yes is the person's own, or noted by the guide.
        drop policy written on plan_acceptance;
        create policy written on plan_acceptance for insert to portal_app
            with check (compartment_id = any ((select my_compartments())::uuid[])
                        and created_by_id = any ((select my_memberships())::uuid[])
                        and (membership_id = created_by_id or case_id = any ((select my_owned_cases())::uuid[])));

        -- What is promised counts before everybody has said yes, and may be worded anew until they have.
        grant update (due_at, membership_id) on plan_reminder to portal_app;
        """
    )


def downgrade() -> None:
    op.execute(
        """
        revoke update (due_at, membership_id) on plan_reminder from portal_app;
        drop policy written on plan_acceptance;
        create policy written on plan_acceptance for insert to portal_app
            with check (compartment_id = any ((select my_compartments())::uuid[])
                        and created_by_id = any ((select my_memberships())::uuid[]));
        drop policy own_objections on audit_event;
        drop table plan_objection;
        alter table plan_asked drop column said_id, drop column again_of;
        alter table plan_taking drop constraint uq_plan_taking_id_created_by_id;
        """
    )
