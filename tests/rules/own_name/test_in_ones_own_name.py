"""The second wall alone, from inside: somebody who belongs to the case, with nothing but the application's database
role, writes in nobody's name but their own, and changes nothing that is another's to change.

Every column that names somebody is either whose act a row is, and then tried with another's name, or says whom a row is
about, with the reason why that may be somebody else.
"""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest

from portal.db import Base
from portal.services.plans import agreement
from tests.rules.own_name.cast import (
    ABOUT,
    BY,
    MACHINERY,
    NAMES,
    PLAN,
    Stage,
    refused,
    speaking_for,
    writable,
)


def test_every_column_that_names_somebody_is_known(owner: psycopg.Connection) -> None:
    """By what it refers to, and by how it is called."""
    referring = owner.execute(
        """select distinct c.conrelid::regclass::text, a.attname from pg_constraint c
           cross join lateral unnest(c.conkey, c.confkey) as key (here, there)
           join pg_attribute a on a.attrelid = c.conrelid and a.attnum = key.here
           join pg_attribute b on b.attrelid = c.confrelid and b.attnum = key.there
           where c.contype = 'f' and ((c.confrelid = 'membership'::regclass and b.attname = 'id')
                                      or c.confrelid = 'person'::regclass)"""
    ).fetchall()
    tables = writable(owner, "INSERT")
    named = {(table, column) for table, column in referring if table in tables}
    named |= {
        (table, column.name)
        for table in tables
        for column in Base.metadata.tables[table].columns
        if column.name in NAMES or column.name.endswith("_by_id")
    }
    assert named == {(table, column) for table, columns in BY.items() for column in columns} | set(ABOUT)
    assert {column for _, column in named} <= NAMES
    assert not tables & MACHINERY


@pytest.mark.parametrize(("table", "column"), [(table, column) for table in sorted(BY) for column in BY[table]])
def test_nobody_writes_in_anothers_name(table: str, column: str, stage: Stage) -> None:
    cast, connection, _owner = stage
    who = BY[table][column]
    row = cast.row(table)
    assert not refused(connection, cast.people[who], table, row), "or it is refused for another reason"
    for other in {"guide", "young", "parent", "reader", "writer"} - {who}:
        forged = {**row, column: cast.named(column, other)}
        # Wherever else the row says who did it, it says the truth.
        assert refused(connection, cast.people[who], table, forged), f"{who} as {other}"


def test_a_yes_is_ones_own_and_the_guide_notes_only_what_a_citizen_said(stage: Stage) -> None:
    cast, application, _owner = stage
    row = cast.row("plan_acceptance")
    note = {**row, "created_by_id": cast.member("guide"), "membership_id": cast.member("young"), "how_sealed": b"x"}
    assert not refused(application, cast.people["guide"], "plan_acceptance", note)
    assert refused(application, cast.people["guide"], "plan_acceptance", {**note, "how_sealed": None}), "how is told"
    assert refused(
        application, cast.people["guide"], "plan_acceptance", {**note, "membership_id": cast.member("reader")}
    ), "professionals say yes themselves"


def test_nobody_gives_a_consent_by_eid_for_another(stage: Stage) -> None:
    cast, application, _owner = stage
    row = {**cast.row("consent"), "registered_by_id": cast.member("guide"), "method": "paper"}
    assert not refused(application, cast.people["guide"], "consent", row)
    assert refused(application, cast.people["guide"], "consent", {**row, "method": "eid"})


def test_the_guide_does_not_accept_what_they_offer(stage: Stage) -> None:
    cast, application, _owner = stage
    row = {**cast.row("hand_over_answer"), "answered_by_id": cast.member("guide")}
    assert not refused(application, cast.people["guide"], "hand_over_answer", {**row, "answer": "withdrawn"})
    assert refused(application, cast.people["guide"], "hand_over_answer", {**row, "answer": "accepted"})


def test_an_offer_names_the_member_and_the_person_it_is_made_to_as_one(stage: Stage) -> None:
    """Another person there could accept what was offered to somebody else."""
    cast, application, _owner = stage
    row = cast.row("hand_over")
    for other in ("outsider", "writer", "guide"):
        forged = {**row, "to_person_id": cast.people[other].id}
        assert refused(application, cast.people["guide"], "hand_over", forged), other
    assert refused(application, cast.people["guide"], "hand_over", {**row, "to_id": cast.member("writer")})


def test_what_is_said_to_another_guide_is_ones_own_and_the_guide_notes_only_what_who_is_asked_said(
    stage: Stage,
) -> None:
    cast, application, _owner = stage
    noted = {**cast.row("hand_over_say"), "said_by_id": cast.member("guide"), "method": "paper"}
    for who in ("young", "parent"):
        row = {**noted, "membership_id": cast.member(who)}
        assert not refused(application, cast.people["guide"], "hand_over_say", row)
        assert refused(application, cast.people["guide"], "hand_over_say", {**row, "method": "eid"})
        itself = {**row, "said_by_id": cast.member("writer")}
        assert refused(application, cast.people["writer"], "hand_over_say", itself), "the guide alone notes"
    for who in ("reader", "taker", "guide"):
        row = {**noted, "membership_id": cast.member(who)}
        assert refused(application, cast.people["guide"], "hand_over_say", row), who


def test_nobody_but_the_young_person_opens_what_was_confided(stage: Stage) -> None:
    cast, application, _owner = stage
    row = {**cast.row("confidence_answer"), "compartment_id": cast.made["confided_compartment_id"], "answer": "yes"}
    row["to_id"] = cast.member("guide")
    assert not refused(application, cast.people["young"], "confidence_answer", row)
    for who in ("guide", "parent", "writer"):
        own = {**row, "answered_by_id": cast.member(who)}
        assert refused(application, cast.people[who], "confidence_answer", own), who


def test_a_consent_is_taken_back_by_its_giver_or_noted_by_the_guide(stage: Stage) -> None:
    cast, application, _owner = stage
    row = cast.row("consent_withdrawal")
    noted = {**row, "registered_by_id": cast.member("guide")}
    assert not refused(application, cast.people["guide"], "consent_withdrawal", noted)
    for who in ("parent", "writer"):
        own = {**row, "registered_by_id": cast.member(who)}
        assert refused(application, cast.people[who], "consent_withdrawal", own), who


def test_the_guide_makes_no_wish_in_the_young_persons_place(stage: Stage) -> None:
    cast, application, _owner = stage
    row = {**cast.row("team_wish"), "made_by_id": cast.member("guide")}
    assert refused(application, cast.people["guide"], "team_wish", row)


def test_whoever_was_not_asked_plans_no_reminder_and_says_of_no_promise_how_it_went(own_stage: Stage) -> None:
    cast, application, _owner = own_stage
    outcome = {**cast.row("plan_outcome"), "created_by_id": cast.member("parent")}
    assert refused(application, cast.people["parent"], "plan_outcome", outcome)
    reminder = {**cast.row("plan_reminder"), "membership_id": cast.member("reader")}
    elsewhere = {**reminder, "plan_version_id": uuid4()}
    assert refused(application, cast.people["writer"], "plan_reminder", reminder), "the reader has not said yes"
    cast.play("reader", lambda t: agreement.accept_proposal(t, uuid4(), PLAN, 1, cast.made["plan_proposal_id"]))
    assert not refused(application, cast.people["writer"], "plan_reminder", reminder), "a yes plans what counts by it"
    assert refused(application, cast.people["writer"], "plan_reminder", elsewhere)
    assert refused(application, cast.people["parent"], "plan_reminder", reminder)


def test_a_meeting_that_is_there_is_begun_in_nobody_elses_name(stage: Stage) -> None:
    cast, application, _owner = stage
    begun = "update meeting set begun_by_id = %s where case_id = %s"
    with speaking_for(application, cast.people["writer"]):
        assert application.execute(begun, [cast.member("writer"), cast.room.case_id]).rowcount
    with speaking_for(application, cast.people["writer"]), pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute(begun, [cast.member("guide"), cast.room.case_id])


def test_windows_are_known_where_ones_own_are_open_and_to_those_who_answer_for_the_case(stage: Stage) -> None:
    cast, application, owner = stage
    names = dict(owner.execute("select id, key from compartment where case_id = %s", [cast.room.case_id]).fetchall())
    everything = {"shared", "health", "without_parents", "professionals"}
    for who, sees in {
        "guide": {*everything, "guide_only"},
        "young": {*everything, "guide_only"},
        "writer": {"shared", "health", "without_parents", "professionals"},
        "outsider": set(),
        "parent": set(),
    }.items():
        with speaking_for(application, cast.people[who]):
            found = application.execute(
                "select distinct compartment_id from access_window where case_id = %s", [cast.room.case_id]
            ).fetchall()
        assert {names[row[0]] for row in found} == sees, who
