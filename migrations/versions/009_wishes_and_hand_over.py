"""The young person's wishes for the team, and the hand-over of a case to another guide."""

from alembic import op

revision = "009"
down_revision = "008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create table team_wish (
            id uuid constraint pk_team_wish primary key,
            case_id uuid not null,
            kind varchar not null constraint ck_team_wish_kind check (kind in ('propose', 'no', 'pause')),
            membership_id uuid,
            name_sealed bytea,
            words_sealed bytea,
            pause_until timestamptz,
            made_at timestamptz not null,
            made_by_id uuid not null,
            constraint uq_team_wish_case_id_id unique (case_id, id),
            constraint ck_team_wish_about check ((kind = 'no') = (membership_id is not null)),
            constraint ck_team_wish_pause check ((kind = 'pause') = (pause_until is not null)),
            constraint fk_team_wish_case_id_membership_id
                foreign key (case_id, membership_id) references membership (case_id, id),
            constraint fk_team_wish_case_id_made_by_id
                foreign key (case_id, made_by_id) references membership (case_id, id)
        );
        create index ix_team_wish_case_id on team_wish (case_id);
        create table team_wish_answer (
            id uuid constraint pk_team_wish_answer primary key,
            case_id uuid not null,
            wish_id uuid not null constraint uq_team_wish_answer_wish_id unique,
            answer varchar not null constraint ck_team_wish_answer_answer check (answer in ('yes', 'talk', 'no')),
            words_sealed bytea,
            answered_at timestamptz not null,
            answered_by_id uuid not null,
            constraint fk_team_wish_answer_case_id_wish_id
                foreign key (case_id, wish_id) references team_wish (case_id, id)
        );
        create index ix_team_wish_answer_case_id on team_wish_answer (case_id);
        create table hand_over (
            id uuid constraint pk_hand_over primary key,
            case_id uuid not null,
            from_id uuid not null,
            from_person_id uuid not null constraint fk_hand_over_from_person_id references person,
            from_unit_id uuid not null constraint fk_hand_over_from_unit_id references unit,
            to_id uuid not null,
            to_unit_id uuid not null constraint fk_hand_over_to_unit_id references unit,
            offered_at timestamptz not null,
            constraint uq_hand_over_case_id_id unique (case_id, id),
            constraint fk_hand_over_case_id_from_id
                foreign key (case_id, from_id) references membership (case_id, id),
            constraint fk_hand_over_case_id_to_id foreign key (case_id, to_id) references membership (case_id, id)
        );
        create index ix_hand_over_case_id on hand_over (case_id);
        create table hand_over_answer (
            id uuid constraint pk_hand_over_answer primary key,
            case_id uuid not null,
            hand_over_id uuid not null constraint uq_hand_over_answer_hand_over_id unique,
            answer varchar not null
                constraint ck_hand_over_answer_answer check (answer in ('accepted', 'declined', 'withdrawn')),
            answered_at timestamptz not null,
            answered_by_id uuid not null,
            constraint fk_hand_over_answer_case_id_hand_over_id
                foreign key (case_id, hand_over_id) references hand_over (case_id, id)
        );
        create index ix_hand_over_answer_case_id on hand_over_answer (case_id);

        alter table team_wish enable row level security, force row level security;
        alter table team_wish_answer enable row level security, force row level security;
        alter table hand_over enable row level security, force row level security;
        alter table hand_over_answer enable row level security, force row level security;

        -- Wishes are between the young person and the guide.
        create policy seen on team_wish for select to portal_app
            using (case_id = any ((select my_led_cases())::uuid[]));
        create policy made on team_wish for insert to portal_app
            with check (case_id = any ((select my_led_cases())::uuid[])
                        and made_by_id = any ((select my_memberships())::uuid[]));
        create policy seen on team_wish_answer for select to portal_app
            using (case_id = any ((select my_led_cases())::uuid[]));
        create policy given on team_wish_answer for insert to portal_app
            with check (case_id = any ((select my_owned_cases())::uuid[])
                        and answered_by_id = any ((select my_memberships())::uuid[]));

        -- An offer is seen in the case, and by the one it is made to.
        create policy seen on hand_over for select to portal_app
            using (case_id = any ((select my_cases())::uuid[]) or to_id = any ((select my_memberships())::uuid[]));
        create policy offered on hand_over for insert to portal_app
            with check (case_id = any ((select my_owned_cases())::uuid[])
                        and from_id = any ((select my_memberships())::uuid[]));
        create policy facts on hand_over for select to portal_facts using (case_id = facts_case());
        create policy seen on hand_over_answer for select to portal_app
            using (hand_over_id = any (array(select id from hand_over)));
        create policy answered on hand_over_answer for insert to portal_app
            with check (answered_by_id = any ((select my_memberships())::uuid[])
                        and hand_over_id = any (array(
                            select id from hand_over where answered_by_id in (from_id, to_id))));
        create policy facts on hand_over_answer for select to portal_facts using (case_id = facts_case());

        grant select, insert on team_wish, team_wish_answer, hand_over, hand_over_answer to portal_app;
        grant select on hand_over, hand_over_answer to portal_facts;

        -- Who owns a case follows from the accepted offers; the keeper of facts carries it over, nobody else can.
        create policy handed_over on cases for update to portal_facts using (id = facts_case());
        create policy handed_over on membership for update to portal_facts using (case_id = facts_case());
        grant update (owner_id, owner_unit_id) on cases to portal_facts;
        grant update (capacity) on membership to portal_facts;
        """
    )


def downgrade() -> None:
    op.execute(
        """
        revoke update (owner_id, owner_unit_id) on cases from portal_facts;
        revoke update (capacity) on membership from portal_facts;
        drop policy handed_over on cases;
        drop policy handed_over on membership;
        drop table hand_over_answer, hand_over, team_wish_answer, team_wish;
        """
    )
