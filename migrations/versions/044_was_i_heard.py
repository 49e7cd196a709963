"""Was I heard: the young person's own, in a table that the database shows to them alone, or to the guide they let in.

What was answered before lay among the answers of the meeting checklist, where everybody in the case could read it. It
is moved: taken out of every version and out of the history. Copies of a case that wait to be fetched may hold it; their
time is over with this step. The rows are sealed with the cases' keys, so the key file is needed where there are any.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from alembic import context, op
from sqlalchemy import Connection, text

from portal.errors import UnsafeConfiguration
from portal.storage.keys import CaseKeys, Keyring

revision = "044"
down_revision = "043"
branch_labels = None
depends_on = None

_LOOKED_THROUGH = ("plan", "plan_version", "plan_change", "case_key", "membership")


def upgrade() -> None:
    op.execute(
        """
        create table heard (
            id uuid constraint pk_heard primary key,
            case_id uuid not null,
            compartment_id uuid not null,
            meeting_id uuid constraint uq_heard_meeting_id unique,
            plan_version_id uuid constraint uq_heard_plan_version_id unique,
            definition varchar not null,
            answers_sealed bytea not null,
            shown_to_id uuid,
            answered_at timestamptz not null,
            created_by_id uuid not null,
            constraint ck_heard_about check ((meeting_id is null) <> (plan_version_id is null)),
            constraint fk_heard_case_id_created_by_id
                foreign key (case_id, created_by_id) references membership (case_id, id),
            constraint fk_heard_case_id_shown_to_id
                foreign key (case_id, shown_to_id) references membership (case_id, id),
            constraint fk_heard_meeting_id_case_id_compartment_id
                foreign key (meeting_id, case_id, compartment_id)
                references meeting (id, case_id, compartment_id) on update cascade,
            constraint fk_heard_plan_version_id_case_id_compartment_id
                foreign key (plan_version_id, case_id, compartment_id)
                references plan_version (id, case_id, compartment_id) on update cascade
        );
        create index ix_heard_case_id on heard (case_id);
        """
    )
    _move(op.get_bind())
    op.execute(
        """
        alter table heard enable row level security, force row level security;
        -- Whoever answered, and the guide of today if it is them whom the answers are shown to.
        create policy seen on heard for select to portal_app
            using (compartment_id = any ((select my_compartments())::uuid[])
                   and (created_by_id = any ((select my_memberships())::uuid[])
                        or (shown_to_id = any ((select my_memberships())::uuid[])
                            and case_id = any ((select my_owned_cases())::uuid[]))));
        -- my_led_cases(): the guide's and the young person's. Without the guide's it is the young person who answers.
        create policy answered on heard for insert to portal_app
            with check (compartment_id = any ((select my_compartments())::uuid[])
                        and case_id = any ((select my_led_cases())::uuid[])
                        and not case_id = any ((select my_owned_cases())::uuid[])
                        and created_by_id = any ((select my_memberships())::uuid[]));
        create policy answered_anew on heard for update to portal_app
            using (compartment_id = any ((select my_compartments())::uuid[])
                   and created_by_id = any ((select my_memberships())::uuid[]))
            with check (compartment_id = any ((select my_compartments())::uuid[])
                        and created_by_id = any ((select my_memberships())::uuid[]));
        grant select, insert, update (definition, answers_sealed, shown_to_id, answered_at) on heard to portal_app;

        -- That something was answered is told to whoever did; that it was shown, or looked at, to the guide besides.
        create policy own_answers on audit_event as restrictive for select to portal_app
            using (event <> all (array['heard.answered', 'heard.shown', 'heard.hidden', 'heard.viewed'])
                   or actor_id = my_person_id()
                   or (event <> 'heard.answered' and chain_id = any ((select my_led_cases())::uuid[])));
        """
    )


def downgrade() -> None:
    op.execute("drop policy own_answers on audit_event; drop table heard")


def _move(connection: Connection) -> None:
    """Takes what only the young person could answer out of every version and every line of the history."""
    for table in _LOOKED_THROUGH:  # forced row-level security holds the owner of the tables too
        connection.execute(text(f"alter table {table} no force row level security"))
    for version in connection.execute(_VERSIONS).all():
        own = _own_addresses(json.loads(version.content))
        if own:
            _move_of(connection, version, own)
    for table in _LOOKED_THROUGH:
        connection.execute(text(f"alter table {table} force row level security"))


def _own_addresses(content: Mapping[str, Any]) -> set[str]:
    return {
        f"{section['key']}.{question['key']}"
        for section in content["section"]
        for question in section["question"]
        if question["fill"] == ["young_person"]
    }


def _move_of(connection: Connection, version: Any, own: set[str]) -> None:
    keys = _keys(connection, version.case_id)
    place = f"plan_version.answers {version.id}"
    answers = json.loads(keys.unseal_text(version.answers_sealed, place))
    mine = {address: words for address, words in answers.items() if address in own and words}
    if set(answers) & own:
        rest = {address: words for address, words in answers.items() if address not in own}
        sealed = {"id": version.id, "sealed": keys.seal_text(json.dumps(rest), place)}
        connection.execute(text("update plan_version set answers_sealed = :sealed where id = :id"), sealed)
    written = list(_take_out_of_history(connection, keys, version.id, own))
    if not mine:
        return
    made = uuid4()
    connection.execute(
        _KEEP,
        {
            "id": made,
            "case": version.case_id,
            "compartment": version.compartment_id,
            "version": version.id,
            "definition": version.definition,
            "sealed": keys.seal_text(json.dumps(mine), f"heard.answers {made}"),
            "at": max(written, default=version.created_at),
            "by": version.young_id,
        },
    )
    connection.execute(_SHUT_COPIES, {"case": version.case_id})


def _take_out_of_history(connection: Connection, keys: CaseKeys, version_id: UUID, own: set[str]) -> Iterator[datetime]:
    """When it was written, each time."""
    for line in connection.execute(_LINES, {"version": version_id}).all():
        place = f"plan_change.words {line.id}"
        words = json.loads(keys.unseal_text(line.change_sealed, place))
        rest = {address: pair for address, pair in words.items() if address not in own}
        if len(rest) == len(words):
            continue
        if rest:
            sealed = {"id": line.id, "sealed": keys.seal_text(json.dumps(rest), place)}
            connection.execute(text("update plan_change set change_sealed = :sealed where id = :id"), sealed)
        else:
            connection.execute(text("delete from plan_change where id = :id"), {"id": line.id})
        yield line.created_at


def _keys(connection: Connection, case_id: UUID) -> CaseKeys:
    keyring: Keyring | None = context.config.attributes.get("keyring")
    if keyring is None:
        raise UnsafeConfiguration("answers are sealed that this step has to move; set KEYS_FILE")
    master, wrapped = connection.execute(
        text("select master_id, wrapped from case_key where case_id = :case"), {"case": case_id}
    ).one()
    return keyring.open_case(case_id, master, wrapped)


_VERSIONS = text(
    """select v.id, v.case_id, v.compartment_id, v.definition, v.answers_sealed, v.created_at, d.content,
              m.id as young_id
       from plan_version v
       join tool_definition d on d.identity = v.definition
       join membership m on m.case_id = v.case_id and m.capacity = 'young_person'
       where d.identity like 'meeting_checklist@%'"""
)
_LINES = text("select id, change_sealed, created_at from plan_change where plan_version_id = :version")
_KEEP = text(
    """insert into heard (id, case_id, compartment_id, plan_version_id, definition, answers_sealed, answered_at,
                          created_by_id)
       values (:id, :case, :compartment, :version, :definition, :sealed, :at, :by)"""
)
_SHUT_COPIES = text("update export set ends_at = now() where case_id = :case and kind = 'case' and ends_at > now()")
