"""Tools written together: plans, versions, changes, proposals and who accepted them."""

from alembic import op

revision = "022"
down_revision = "021"
branch_labels = None
depends_on = None

BY = """constraint fk_{table}_case_id_{column}
                foreign key (case_id, {column}) references membership (case_id, id)"""
OF = """constraint fk_{table}_{parent}_id_case_id_compartment_id
                foreign key ({parent}_id, case_id, compartment_id) references {parent} (id, case_id, compartment_id)
                on update cascade"""


def _by(table: str, column: str = "created_by_id") -> str:
    return BY.format(table=table, column=column)


def _of(table: str, parent: str) -> str:
    return OF.format(table=table, parent=parent)


def upgrade() -> None:
    op.execute(
        f"""
        create table plan (
            id uuid constraint pk_plan primary key,
            case_id uuid not null,
            compartment_id uuid not null,
            tool varchar not null,
            created_at timestamptz not null,
            created_by_id uuid not null,
            constraint uq_plan_id_case_id_compartment_id unique (id, case_id, compartment_id),
            constraint uq_plan_compartment_id_tool unique (compartment_id, tool),
            constraint fk_plan_case_id_compartment_id
                foreign key (case_id, compartment_id) references compartment (case_id, id),
            {_by("plan")}
        );
        create table plan_version (
            id uuid constraint pk_plan_version primary key,
            plan_id uuid not null,
            case_id uuid not null,
            compartment_id uuid not null,
            number bigint not null constraint ck_plan_version_number check (number >= 1),
            definition varchar not null,
            revision bigint not null,
            answers_sealed bytea not null,
            created_at timestamptz not null,
            created_by_id uuid not null,
            constraint uq_plan_version_id_case_id_compartment_id unique (id, case_id, compartment_id),
            constraint uq_plan_version_plan_id_number unique (plan_id, number),
            {_of("plan_version", "plan")},
            {_by("plan_version")}
        );
        create table plan_change (
            id uuid constraint pk_plan_change primary key,
            plan_version_id uuid not null,
            case_id uuid not null,
            compartment_id uuid not null,
            revision bigint not null,
            kind varchar not null constraint ck_plan_change_kind check (kind in ('made', 'aside')),
            change_sealed bytea not null,
            created_at timestamptz not null,
            created_by_id uuid not null,
            constraint uq_plan_change_plan_version_id_revision_kind unique (plan_version_id, revision, kind),
            {_of("plan_change", "plan_version")},
            {_by("plan_change")}
        );
        create table plan_proposal (
            id uuid constraint pk_plan_proposal primary key,
            plan_version_id uuid not null,
            case_id uuid not null,
            compartment_id uuid not null,
            revision bigint not null,
            created_at timestamptz not null,
            created_by_id uuid not null,
            constraint uq_plan_proposal_id_case_id_compartment_id unique (id, case_id, compartment_id),
            {_of("plan_proposal", "plan_version")},
            {_by("plan_proposal")}
        );
        create table plan_asked (
            plan_proposal_id uuid not null,
            membership_id uuid not null,
            case_id uuid not null,
            compartment_id uuid not null,
            constraint pk_plan_asked primary key (plan_proposal_id, membership_id),
            {_of("plan_asked", "plan_proposal")},
            {_by("plan_asked", "membership_id")}
        );
        create table plan_acceptance (
            plan_proposal_id uuid not null,
            membership_id uuid not null,
            case_id uuid not null,
            compartment_id uuid not null,
            how_sealed bytea,
            created_at timestamptz not null,
            created_by_id uuid not null,
            constraint pk_plan_acceptance primary key (plan_proposal_id, membership_id),
            constraint fk_plan_acceptance_plan_proposal_id_membership_id
                foreign key (plan_proposal_id, membership_id) references plan_asked (plan_proposal_id, membership_id),
            {_of("plan_acceptance", "plan_proposal")},
            {_by("plan_acceptance")}
        );
        create index ix_plan_proposal_plan_version_id on plan_proposal (plan_version_id);
        create index ix_plan_version_compartment_id on plan_version (compartment_id);
        """
    )
    for table in ("plan", "plan_version", "plan_change", "plan_proposal", "plan_asked", "plan_acceptance"):
        mine = "" if table == "plan_asked" else "and created_by_id = any ((select my_memberships())::uuid[])"
        # Saying yes is open to everybody who reads and was asked, also without the right to write.
        reach = "my_compartments" if table == "plan_acceptance" else "my_writable_compartments"
        op.execute(
            f"""
            alter table {table} enable row level security, force row level security;
            create policy seen on {table} for select to portal_app
                using (compartment_id = any ((select my_compartments())::uuid[]));
            create policy written on {table} for insert to portal_app
                with check (compartment_id = any ((select {reach}())::uuid[]) {mine});
            grant select, insert on {table} to portal_app;
            """
        )
    op.execute(
        """
        create policy rewritten on plan_version for update to portal_app
            using (compartment_id = any ((select my_writable_compartments())::uuid[]))
            with check (compartment_id = any ((select my_writable_compartments())::uuid[]));
        grant update (answers_sealed, revision) on plan_version to portal_app;
        """
    )


def downgrade() -> None:
    op.execute("drop table plan_acceptance, plan_asked, plan_proposal, plan_change, plan_version, plan")
