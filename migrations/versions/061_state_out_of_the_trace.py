"""Which version somebody last had, and which Word files wait to be put into a plan, have tables of their own.

Both were read out of the trace before. What it says of them is carried over; the trace stays as it is.
"""

from alembic import op

revision = "061"
down_revision = "060"
branch_labels = None
depends_on = None

READ = ("audit_event", "file", "file_version", "plan", "membership")


def upgrade() -> None:
    op.execute(
        """
        create table version_taken (
            file_id uuid not null,
            created_by_id uuid not null,
            link_id uuid not null,
            case_id uuid not null,
            compartment_id uuid not null,
            number bigint not null,
            taken_at timestamptz not null,
            constraint pk_version_taken primary key (file_id, created_by_id, link_id),
            constraint fk_version_taken_file_id_case_id_compartment_id
                foreign key (file_id, case_id, compartment_id) references file (id, case_id, compartment_id)
                on update cascade,
            constraint fk_version_taken_case_id_created_by_id
                foreign key (case_id, created_by_id) references membership (case_id, id)
        );
        create index ix_version_taken_compartment_id on version_taken (compartment_id);
        create table plan_word_file (
            version_id uuid constraint pk_plan_word_file primary key
                constraint fk_plan_word_file_version_id references file_version,
            plan_id uuid not null,
            case_id uuid not null,
            compartment_id uuid not null,
            brought_at timestamptz not null,
            decided_at timestamptz,
            created_by_id uuid not null,
            constraint fk_plan_word_file_plan_id_case_id_compartment_id
                foreign key (plan_id, case_id, compartment_id) references plan (id, case_id, compartment_id)
                on update cascade,
            constraint fk_plan_word_file_case_id_created_by_id
                foreign key (case_id, created_by_id) references membership (case_id, id)
        );
        create index ix_plan_word_file_plan_id_created_by_id on plan_word_file (plan_id, created_by_id);
        """
    )
    for table in READ:
        op.execute(f"alter table {table} no force row level security")
    op.execute(
        """
        insert into version_taken
            select distinct on (f.id, m.id, had.link) f.id, m.id, had.link, f.case_id, f.compartment_id,
                   (e.fields ->> 'number')::bigint, e.at
            from audit_event e
            join file f on f.id = e.item_id and f.case_id = e.chain_id
            join membership m on m.case_id = e.chain_id and m.person_id = e.actor_id
            cross join lateral (
                select '00000000-0000-0000-0000-000000000000'::uuid as link where e.event <> 'writing.linked'
                union all
                select (e.fields ->> 'link')::uuid where e.fields ? 'link') had
            where e.event in ('version.downloaded', 'version.opened', 'version.added', 'version.saved',
                              'version.restored', 'writing.linked')
            order by f.id, m.id, had.link, e.seq desc;
        insert into plan_word_file
            select b.version_id, p.id, p.case_id, p.compartment_id, b.at,
                   (select max(d.at) from audit_event d
                    where d.chain_id = b.chain_id and d.actor_id = b.actor_id and d.item_id = b.item_id
                      and d.event in ('schema.merged', 'schema.left') and d.seq > b.seq
                      and d.fields ->> 'version' = b.version_id::text),
                   m.id
            from (select distinct on (e.fields ->> 'version') (e.fields ->> 'version')::uuid as version_id, e.*
                  from audit_event e where e.event = 'schema.brought'
                  order by e.fields ->> 'version', e.seq desc) b
            join file_version v on v.id = b.version_id
            join plan p on p.id = b.item_id and p.case_id = b.chain_id
            join membership m on m.case_id = b.chain_id and m.person_id = b.actor_id;
        """
    )
    for table in READ:
        op.execute(f"alter table {table} force row level security")
    op.execute(
        """
        alter table version_taken enable row level security, force row level security;
        create policy seen on version_taken for select to portal_app
            using (created_by_id = any ((select my_memberships())::uuid[])
                   and compartment_id = any ((select my_compartments())::uuid[]));
        create policy noted on version_taken for insert to portal_app
            with check (created_by_id = any ((select my_memberships())::uuid[])
                        and compartment_id = any ((select my_compartments())::uuid[]));
        create policy noted_again on version_taken for update to portal_app
            using (created_by_id = any ((select my_memberships())::uuid[])
                   and compartment_id = any ((select my_compartments())::uuid[]));
        grant select, insert, update (number, taken_at) on version_taken to portal_app;

        alter table plan_word_file enable row level security, force row level security;
        create policy seen on plan_word_file for select to portal_app
            using (created_by_id = any ((select my_memberships())::uuid[])
                   and compartment_id = any ((select my_compartments())::uuid[]));
        create policy brought on plan_word_file for insert to portal_app
            with check (created_by_id = any ((select my_memberships())::uuid[])
                        and compartment_id = any ((select my_writable_compartments())::uuid[]));
        create policy decided on plan_word_file for update to portal_app
            using (created_by_id = any ((select my_memberships())::uuid[])
                   and compartment_id = any ((select my_writable_compartments())::uuid[]));
        grant select, insert, update (decided_at) on plan_word_file to portal_app;
        """
    )


def downgrade() -> None:
    op.execute("drop table version_taken; drop table plan_word_file")
