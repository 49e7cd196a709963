"""The second wall alone: nobody changes or takes away what is another's."""

from __future__ import annotations

from uuid import uuid4

import psycopg

from portal.db import Base
from portal.services.exports import exports
from portal.services.files import checkouts, conflicts, resumable_uploads
from portal.services.members import team
from portal.services.messages import threads
from portal.services.plans import word_import
from tests.rules.own_name.cast import (
    PLAN,
    Cast,
    Stage,
    speaking_for,
    writable,
)
from tests.support.story import PDF

UPDATES: dict[str, tuple[str, set[str]]] = {
    "checkout": ("ended_by_id = created_by_id", {"guide"}),
    "consent_draft": ("written_at", {"young"}),
    "consent_reminder": ("sent_at", set()),
    "contact_failure": ("since", {"young"}),
    "contact_point": ("made_at", {"young"}),
    "notice_choice": ("asked_at", {"young"}),
    "notice_delivery": ("next_at", {"young"}),
    "notice_item": ("round_id", {"young"}),
    "notice_off": ("made_at", {"young"}),
    "dav_entry": ("size", {"guide"}),
    "dav_lock": ("ends_at", {"guide"}),
    "dav_token": ("ended_at", {"guide"}),
    "eid_link": ("others_seen_at", {"young"}),
    "export": ("failed", {"guide"}),
    "file": ("compartment_id", {"guide"}),
    "guide_absence": ("until_at", {"guide"}),
    "heard": ("answered_at", {"young"}),
    "invitation_code": ("expires_at", {"guide"}),
    "kept_file": ("blob", {"guide"}),
    "meeting": ("place_sealed", {"guide", "young", "writer"}),
    "meeting_seat": ("present", {"guide", "young", "writer"}),
    "membership": ("custody_from", {"guide"}),
    "plan_presence": ("address", {"writer"}),
    "plan_reminder": ("settled_at", {"guide", "young", "writer", "reader"}),
    "plan_word_file": ("decided_at", {"guide"}),
    "plan_version": ("revision", {"guide", "young", "writer"}),
    "search_entry": ("compartment_id", {"guide"}),
    "answer_request": ("withdrawn_at", {"writer"}),
    "message_draft": ("written_at", {"writer"}),
    "message": ("taken_back_at = created_at, body_sealed = null", {"guide", "writer"}),
    "thread": ("compartment_id", {"guide"}),
    "thread_look": ("seen", {"reader"}),
    "version_taken": ("number", {"guide"}),
}
"""Table -> a column that may be changed at all, and who changes some row of it: their own, or one that is theirs to
decide. Whoever may write in the plan leads its meetings, and ends the reminders of what they word anew, as do those who
are asked for a yes."""


DELETES = {
    "begun_upload": {"guide"},
    "consent_draft": {"young"},
    "contact_failure": {"young"},
    "contact_point": {"young"},
    "notice_choice": {"young"},
    "notice_delivery": {"young"},
    "notice_item": {"young"},
    "notice_off": {"young"},
    "dav_entry": {"guide"},
    "dav_lock": {"guide"},
    "held_upload": {"guide"},
    "kept_file": {"guide"},
    "message_draft": {"writer"},
    "search_entry": {"guide", "writer"},
    "submission": {"guide", "young", "writer", "reader"},
}


def _beside(cast: Cast, owner: psycopg.Connection) -> None:
    """What a word processor puts beside the guide's letter, and an upload that waits for the guide's choice."""
    token = owner.execute("select id from dav_token").fetchone()
    assert token is not None
    owner.execute(
        "insert into dav_entry values (gen_random_uuid(), %s, 'folder', '', null, null, null, 0, now(), now())", token
    )
    owner.execute(
        "insert into dav_lock values (gen_random_uuid(), %s, null, 'opaque', '', '', 'exclusive', false, now())", token
    )
    for content in (PDF + b"theirs", PDF + b"mine"):
        upload = cast.story.upload("plan.pdf", content)
        cast.play("guide", lambda t, u=upload: conflicts.bring(t, uuid4(), cast.made["file_id"], u, 1))
    owner.execute(
        "insert into eid_link (id, issuer, subject, person_id, came_by, linked_at) "
        "values (gen_random_uuid(), 'https://eid.example', 'x', %s, 'number', now())",
        [cast.people["young"].id],
    )
    owner.execute(
        "insert into kept_file (id, person_id, blob, sealed, kept_at) values (gen_random_uuid(), %s, 'x', '', now())",
        [cast.people["guide"].id],
    )
    cast.play("guide", lambda t: team.make_code(t, cast.member("parent")))
    form = cast.story.upload("skema.rtf", b"{\\rtf1 Hej}")
    cast.play("guide", lambda t: word_import.bring(t, uuid4(), PLAN, form))
    cast.play("reader", lambda t: threads.thread(t, cast.made["thread_id"]))
    cast.story.heard(cast.room, cast.made["meeting_id"])
    cast.play("guide", lambda t: exports.ask_for_folder(t, uuid4(), "Skole", "da"))
    cast.play("guide", lambda t: checkouts.begin_checkout(t, cast.made["letter_id"]))
    cast.play("guide", lambda t: resumable_uploads.begin_upload(t, "lang.pdf", 9, cast.made["compartment_id"]))
    _told(cast, owner)


def _told(cast: Cast, owner: psycopg.Connection) -> None:
    """How the young person is told, what waits to be told to them and to nobody else, and that it does not arrive."""
    young = cast.people["young"].id
    owner.execute("delete from notice_item")
    owner.execute(
        """insert into contact_point (id, person_id, channel, address_sealed, master_id, made_at)
               values (gen_random_uuid(), %(young)s, 'sms', 'm1:x', 'm1', now());
           insert into notice_choice (person_id, asked_at) values (%(young)s, now());
           insert into notice_off (id, person_id, case_id, made_at)
               values (gen_random_uuid(), %(young)s, %(case)s, now());
           insert into notice_item (id, person_id, kind, case_id, since)
               values (gen_random_uuid(), %(young)s, 'plan', %(case)s, now());
           insert into notice_delivery (id, person_id, channel, round_id, state, made_at, next_at)
               values (gen_random_uuid(), %(young)s, 'sms', gen_random_uuid(), 'waiting', now(), now());
           insert into contact_failure (person_id, channel, reason, since)
               values (%(young)s, 'sms', 'refused', now())""".replace("%(young)s", f"'{young}'").replace(
            "%(case)s", f"'{cast.room.case_id}'"
        )
    )


def test_nobody_changes_what_is_anothers_to_change(own_stage: Stage) -> None:
    cast, application, owner = own_stage
    cast.agree()
    _beside(cast, owner)
    assert set(UPDATES) == writable(owner, "UPDATE")
    for table, (column, able) in UPDATES.items():
        change = column if "=" in column else f"{column} = {column}"
        for who in ("guide", "young", "writer", "reader", "parent", "outsider"):
            has_case = "case_id" in Base.metadata.tables[table].columns
            of_case = f"where case_id = '{cast.room.case_id}'" if has_case else ""
            with speaking_for(application, cast.people[who]):
                try:
                    changed = application.execute(f"update {table} set {change} {of_case}").rowcount  # type: ignore[arg-type]
                except psycopg.errors.InsufficientPrivilege:
                    changed = 0
            assert bool(changed) == (who in able), f"{who} at {table}: {changed}"


def test_nobody_takes_away_what_is_anothers(own_stage: Stage) -> None:
    cast, application, owner = own_stage
    _beside(cast, owner)
    assert set(DELETES) == writable(owner, "DELETE")
    for table, able in DELETES.items():
        assert owner.execute(f"select 1 from {table}").fetchone(), f"nothing to take away of {table}"  # type: ignore[arg-type]
        for who in {"guide", "young", "writer", "reader", "parent", "outsider"} - able:
            where = f"where person_id <> '{cast.people[who].id}'" if table == "submission" else ""
            with speaking_for(application, cast.people[who]):
                assert application.execute(f"delete from {table} {where}").rowcount == 0, f"{who}: {table}"  # type: ignore[arg-type]
