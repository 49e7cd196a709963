"""Messages that ask for an answer by a day, quote another one or were taken back, and which professionals have read."""

from alembic import op

revision = "064"
down_revision = "063"
branch_labels = None
depends_on = None

MINE = "any ((select my_memberships())::uuid[])"
OPEN = "any ((select my_compartments())::uuid[])"
WRITABLE = "any ((select my_writable_compartments())::uuid[])"
MY_MESSAGE = f"message_id = any (array(select id from message where created_by_id = {MINE}))"


def upgrade() -> None:
    op.execute(
        f"""
        -- A message that is taken back has no words any more, and one without words was taken back.
        alter table message add taken_back_at timestamptz, add quotes_id uuid,
            alter body_sealed drop not null,
            add constraint ck_message_taken_back check ((taken_back_at is null) = (body_sealed is not null)),
            add constraint uq_message_id_thread_id unique (id, thread_id),
            add constraint fk_message_quotes_id_thread_id
                foreign key (quotes_id, thread_id) references message (id, thread_id);
        -- Its author alone, once, within seven days.
        create policy taken_back on message for update to portal_app
            using (created_by_id = {MINE} and compartment_id = {OPEN} and taken_back_at is null
                   and created_at > wall_clock() - interval '7 days')
            with check (created_by_id = {MINE} and compartment_id = {OPEN} and taken_back_at is not null);
        grant update (taken_back_at, body_sealed) on message to portal_app;
        -- Its words leave the index.
        create policy taken_back on search_entry for delete to portal_app
            using (kind = 'message' and compartment_id = {OPEN}
                   and item_id = any (array(select id from message where created_by_id = {MINE}
                                            and created_at > wall_clock() - interval '7 days')));
        grant delete on search_entry to portal_app;

        create table answer_request (
            id uuid constraint pk_answer_request primary key,
            message_id uuid not null,
            thread_id uuid not null,
            case_id uuid not null,
            compartment_id uuid not null,
            membership_id uuid not null,
            due_on date not null,
            created_at timestamptz not null,
            created_by_id uuid not null,
            withdrawn_at timestamptz,
            constraint uq_answer_request_message_id_membership_id unique (message_id, membership_id),
            constraint fk_answer_request_message_id_thread_id
                foreign key (message_id, thread_id) references message (id, thread_id),
            constraint fk_answer_request_thread_id_case_id_compartment_id
                foreign key (thread_id, case_id, compartment_id) references thread (id, case_id, compartment_id)
                on update cascade,
            constraint fk_answer_request_case_id_membership_id
                foreign key (case_id, membership_id) references membership (case_id, id),
            constraint fk_answer_request_case_id_created_by_id
                foreign key (case_id, created_by_id) references membership (case_id, id)
        );
        create index ix_answer_request_thread_id on answer_request (thread_id);
        create index ix_answer_request_membership_id on answer_request (membership_id);
        create index ix_answer_request_compartment_id on answer_request (compartment_id);
        alter table answer_request enable row level security, force row level security;
        create policy seen on answer_request for select to portal_app using (compartment_id = {OPEN});
        -- With a message of one's own, of somebody who can answer it.
        create policy asked on answer_request for insert to portal_app
            with check (compartment_id = {WRITABLE} and created_by_id = {MINE} and withdrawn_at is null and {MY_MESSAGE}
                        and membership_id = any (array(
                            select w.membership_id from access_window w
                            where w.compartment_id = answer_request.compartment_id and w.can_write
                              and w.valid_from <= wall_clock()
                              and (w.valid_until is null or wall_clock() < w.valid_until))));
        create policy withdrawn on answer_request for update to portal_app
            using (created_by_id = {MINE} and compartment_id = {OPEN});
        grant select, insert, update (withdrawn_at) on answer_request to portal_app;

        -- What somebody has begun to write: theirs alone, and gone with their right to write there.
        create table message_draft (
            id uuid constraint pk_message_draft primary key,
            case_id uuid not null,
            compartment_id uuid not null,
            thread_id uuid,
            words_sealed bytea not null,
            written_at timestamptz not null,
            created_by_id uuid not null,
            constraint uq_message_draft_created_by_id_thread_id unique nulls not distinct (created_by_id, thread_id),
            constraint fk_message_draft_thread_id_case_id_compartment_id
                foreign key (thread_id, case_id, compartment_id) references thread (id, case_id, compartment_id)
                on update cascade,
            constraint fk_message_draft_case_id_compartment_id
                foreign key (case_id, compartment_id) references compartment (case_id, id),
            constraint fk_message_draft_case_id_created_by_id
                foreign key (case_id, created_by_id) references membership (case_id, id)
        );
        create index ix_message_draft_case_id on message_draft (case_id);
        alter table message_draft enable row level security, force row level security;
        create policy own on message_draft to portal_app
            using (created_by_id = {MINE} and compartment_id = {WRITABLE})
            with check (created_by_id = {MINE} and compartment_id = {WRITABLE});
        grant select, insert, delete, update (compartment_id, words_sealed, written_at) on message_draft to portal_app;
        create policy facts on message_draft to portal_facts using (case_id = facts_case());
        grant select (id, case_id, compartment_id, created_by_id), delete on message_draft to portal_facts;
        -- Nobody goes on with one after a month.
        create policy looked_after on message_draft to portal_owner using (true);
        create function forget_old_drafts() returns void language sql security definer
            set search_path = public, pg_temp as $$
            delete from message_draft where written_at < wall_clock() - interval '30 days' $$;
        revoke all on function forget_old_drafts() from public;
        grant execute on function forget_old_drafts() to portal_app;

        -- What was put beside a message stays where it lies. Whoever does not see it there does not see the row either.
        create table message_attachment (
            id uuid constraint pk_message_attachment primary key,
            message_id uuid not null,
            thread_id uuid not null,
            case_id uuid not null,
            compartment_id uuid not null,
            item_compartment_id uuid not null,
            file_id uuid,
            plan_id uuid,
            row_address varchar not null,
            created_by_id uuid not null,
            constraint ck_message_attachment_one_thing check (num_nonnulls(file_id, plan_id) = 1),
            constraint ck_message_attachment_row_address check ((plan_id is null) = (row_address = '')),
            constraint uq_message_attachment_message_id_file_id_plan_id_row_address
                unique nulls not distinct (message_id, file_id, plan_id, row_address),
            constraint fk_message_attachment_message_id_thread_id
                foreign key (message_id, thread_id) references message (id, thread_id),
            constraint fk_message_attachment_thread_id_case_id_compartment_id
                foreign key (thread_id, case_id, compartment_id) references thread (id, case_id, compartment_id)
                on update cascade,
            constraint fk_message_attachment_file_id_case_id_item_compartment_id
                foreign key (file_id, case_id, item_compartment_id) references file (id, case_id, compartment_id)
                on update cascade,
            constraint fk_message_attachment_plan_id_case_id_item_compartment_id
                foreign key (plan_id, case_id, item_compartment_id) references plan (id, case_id, compartment_id)
                on update cascade,
            constraint fk_message_attachment_case_id_created_by_id
                foreign key (case_id, created_by_id) references membership (case_id, id)
        );
        create index ix_message_attachment_thread_id on message_attachment (thread_id);
        create index ix_message_attachment_file_id on message_attachment (file_id);
        alter table message_attachment enable row level security, force row level security;
        create policy seen on message_attachment for select to portal_app
            using (compartment_id = {OPEN} and item_compartment_id = {OPEN});
        create policy put_beside on message_attachment for insert to portal_app
            with check (compartment_id = {WRITABLE} and item_compartment_id = {OPEN} and created_by_id = {MINE}
                        and {MY_MESSAGE});
        grant select, insert on message_attachment to portal_app;

        -- Who stands in for the guide, from when until when. It gives nobody a right.
        create table guide_absence (
            id uuid constraint pk_guide_absence primary key,
            case_id uuid not null,
            stand_in_id uuid not null,
            from_at timestamptz not null,
            until_at timestamptz not null,
            created_at timestamptz not null,
            created_by_id uuid not null,
            constraint ck_guide_absence_somebody_else check (stand_in_id <> created_by_id),
            constraint fk_guide_absence_case_id_stand_in_id
                foreign key (case_id, stand_in_id) references membership (case_id, id),
            constraint fk_guide_absence_case_id_created_by_id
                foreign key (case_id, created_by_id) references membership (case_id, id)
        );
        create index ix_guide_absence_case_id on guide_absence (case_id);
        alter table guide_absence enable row level security, force row level security;
        create policy seen on guide_absence for select to portal_app
            using (case_id = any ((select my_cases())::uuid[]));
        create policy said on guide_absence for insert to portal_app
            with check (case_id = any ((select my_owned_cases())::uuid[]) and created_by_id = {MINE}
                        and stand_in_id = any (array(select id from membership where unit_id is not null)));
        create policy ended on guide_absence for update to portal_app
            using (case_id = any ((select my_owned_cases())::uuid[]));
        grant select, insert, update (until_at) on guide_absence to portal_app;

        -- How far a professional has read is known to whoever can read the thread; how far a citizen has, to nobody
        -- else (docs/adr/0067). The name matters: the database asks policies from the last name to the first, and
        -- `own` settles nearly every row before this one is looked at.
        create policy known_of on thread_look for select to portal_app
            using (membership_id = any (array(select id from membership where unit_id is not null))
                   and thread_id = any (array(select id from thread)));
        """
    )


def downgrade() -> None:
    op.execute(
        """
        drop policy known_of on thread_look;
        drop function forget_old_drafts();
        drop table message_draft;
        drop table message_attachment;
        drop table answer_request, guide_absence;
        revoke delete on search_entry from portal_app;
        drop policy taken_back on search_entry;
        revoke update (taken_back_at, body_sealed) on message from portal_app;
        drop policy taken_back on message;
        alter table message no force row level security;
        """
    )
    # A thread counts its messages without gaps: one that was taken back stays, with no words that open.
    op.execute("update message set body_sealed = '' where body_sealed is null")
    op.execute(
        """
        alter table message force row level security;
        alter table message drop constraint fk_message_quotes_id_thread_id, drop constraint uq_message_id_thread_id,
            drop constraint ck_message_taken_back, alter body_sealed set not null,
            drop column quotes_id, drop column taken_back_at;
        """
    )
