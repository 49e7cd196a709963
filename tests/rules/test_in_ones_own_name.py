"""The second wall alone, from inside: somebody who belongs to the case, with nothing but the application's database
role, writes in nobody's name but their own, and changes nothing that is another's to change.

Every column that names somebody is either whose act a row is, and then tried with another's name, or says whom a row is
about, with the reason why that may be somebody else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import psycopg
import pytest

from portal import clock
from portal.access.policy.roles import Level
from portal.access.ticket import CaseTicket
from portal.audit import OFFICE
from portal.db import Base
from portal.demo.postgres import EmbeddedPostgres
from portal.runtime import Runtime, runtime_for
from portal.services.consents import drafts, overrides, requests
from portal.services.consents.declaration import Answers
from portal.services.exports import exports
from portal.services.files import checkouts, conflicts, files, folders, resumable_uploads
from portal.services.members import handover, handover_answers, team, team_wishes
from portal.services.messages import threads
from portal.services.plans import agreement, commitments, external_forms, presence, word_import
from portal.services.webdav import links
from portal.storage.keys import make_keys
from tests.conftest import _settings
from tests.plans.test_tools import add, begin, newest, write
from tests.support.story import PDF, Someone, Story, compartment_id

PLAN = "goals_and_agreements"
NAMES = {
    "person_id", "membership_id", "giver_id", "owner_id", "from_id", "to_id", "from_person_id", "actor_id",
    "created_by_id", "registered_by_id", "set_by_id", "ended_by_id", "lifted_by_id", "answered_by_id", "made_by_id",
    "asked_by_id", "added_by_id", "begun_by_id", "shown_to_id", "confidant_id", "to_person_id", "replied_by_id",
    "said_by_id",
}  # fmt: skip
"""Columns that name somebody; `test_every_column_that_names_somebody_is_known` finds one that is called otherwise."""

BY = {
    "begun_upload": {"created_by_id": "writer"},
    "checkout": {"created_by_id": "writer"},
    "cases": {"owner_id": "guide"},
    "compartment": {"confidant_id": "guide"},
    "confidence_answer": {"answered_by_id": "young"},
    "consent": {"registered_by_id": "young", "giver_id": "young"},
    "consent_draft": {"membership_id": "young"},
    "contact_failure": {"person_id": "young"},
    "contact_point": {"person_id": "young"},
    "consent_withdrawal": {"registered_by_id": "young", "giver_id": "young"},
    "dav_token": {"created_by_id": "writer", "person_id": "writer"},
    "correction": {"made_by_id": "guide"},
    "departure": {"membership_id": "writer"},
    "export": {"asked_by_id": "writer"},
    "file": {"created_by_id": "writer"},
    "file_name": {"created_by_id": "writer"},
    "file_place": {"created_by_id": "writer"},
    "file_version": {"created_by_id": "writer"},
    "file_withdrawal": {"created_by_id": "writer"},
    "access_freeze": {"set_by_id": "guide"},
    "access_freeze_end": {"lifted_by_id": "guide"},
    "hand_over": {"from_id": "guide", "from_person_id": "guide"},
    "hand_over_answer": {"answered_by_id": "taker"},
    "hand_over_reply": {"replied_by_id": "guide"},
    "hand_over_say": {"said_by_id": "young", "membership_id": "young"},
    "heard": {"created_by_id": "young"},
    "held_upload": {"created_by_id": "writer"},
    "kept_file": {"person_id": "writer"},
    "invitation_code": {"created_by_id": "guide"},
    "legal_override": {"set_by_id": "guide"},
    "legal_override_end": {"ended_by_id": "guide"},
    "meeting": {"created_by_id": "writer", "begun_by_id": "writer"},
    "membership": {"added_by_id": "guide"},
    "notice_choice": {"person_id": "young"},
    "notice_delivery": {"person_id": "young"},
    "notice_off": {"person_id": "young"},
    "message": {"created_by_id": "writer"},
    "old_form": {"created_by_id": "writer"},
    "plan": {"created_by_id": "writer"},
    "plan_acceptance": {"created_by_id": "writer", "membership_id": "writer"},
    "plan_change": {"created_by_id": "writer"},
    "plan_confided": {"created_by_id": "young"},
    "plan_objection": {"created_by_id": "writer"},
    "plan_outcome": {"created_by_id": "writer"},
    "plan_person": {"created_by_id": "guide"},
    "plan_presence": {"membership_id": "writer"},
    "plan_word_file": {"created_by_id": "writer"},
    "plan_proposal": {"created_by_id": "writer"},
    "plan_reminder": {"membership_id": "writer"},
    "plan_taking": {"created_by_id": "writer"},
    "plan_version": {"created_by_id": "writer"},
    "submission": {"person_id": "writer"},
    "team_level": {"set_by_id": "guide"},
    "team_wish": {"made_by_id": "young"},
    "team_wish_answer": {"answered_by_id": "guide"},
    "thread": {"created_by_id": "writer"},
    "thread_look": {"membership_id": "writer"},
    "version_taken": {"created_by_id": "reader"},
}
"""Whose act a row is, and who may do it: table -> column -> person."""

ABOUT = {
    ("access_freeze", "membership_id"): "the guide shuts others out",
    ("legal_override", "membership_id"): "the guide lets others in",
    ("team_level", "membership_id"): "the guide sets what others may do",
    ("membership", "person_id"): "the guide adds others",
    ("hand_over", "to_id"): "the guide offers the case to another",
    ("hand_over", "to_person_id"): "that other, and nobody else: an offer made to one says nothing of a third",
    ("confidence_answer", "to_id"): "the young person opens to a guide what they told one before",
    ("plan_person", "membership_id"): "the guide says who somebody of the network is",
    ("plan_asked", "membership_id"): "whoever proposes says who is asked",
    ("meeting_seat", "membership_id"): "whoever may write in the plan leads meetings, and says who is asked and there",
    ("team_wish", "membership_id"): "a no is about another",
    ("consent_grant", "membership_id"): "a yes is about another; whose it is stands in its declaration",
    ("consent_refusal", "membership_id"): "so is a no",
    ("consent_withdrawal", "membership_id"): "so is what is taken back of it",
    ("correction", "membership_id"): "the guide puts right who others are",
    ("heard", "shown_to_id"): "the young person shows to the guide how they were heard",
    ("invitation_code", "membership_id"): "the guide makes a code for another",
    ("notice_item", "person_id"): "whoever does something queues what others are to be told",
    ("eid_link", "person_id"): "an eID is recognised before anybody is signed in; whose it is, its provider has said",
    ("checkout", "ended_by_id"): "nobody ends an editing with the row that begins it",
}
"""Whom a row is about, and why whoever writes it may name somebody else."""

MACHINERY = {"access_window", "access_notice", "audit_event"}
"""Nobody writes these as the application."""


class Cast:
    """A case in which everything has happened that leaves rows, and everybody who could be named."""

    def __init__(self, story: Story) -> None:
        self.story, self.room = story, story.case(parents=1)
        self.people = {"guide": self.room.guide, "young": self.room.young, "parent": self.room.parents[0]}
        self.people["writer"] = story.staff("Petra Psykiater", "Psykiatrien")
        self.people["reader"] = story.staff("Lars Lærer", "Skolen")
        story.add(self.room, self.people["writer"], Level.WRITE)
        story.add(self.room, self.people["reader"], Level.READ)
        self.people["outsider"] = story.case(name="Unni").guide
        self.people["taker"] = story.guide("Gerda Guide", "Voksne")
        story.everybody_agrees(self.room)
        self.made: dict[str, UUID] = {}
        self._play()

    def member(self, who: str) -> UUID:
        return self.room.members.get(self.people[who].id, UUID(int=9))

    def play(self, who: str, act: Any) -> Any:
        return self.story.play(self.room, self.people[who], act)

    def _play(self) -> None:
        story, room, made = self.story, self.room, self.made
        guide = self.people["guide"]
        made["file_id"] = story.file(room, guide)
        made["thread_id"] = story.thread(room, guide)
        made["compartment_id"] = self.play("guide", lambda t: compartment_id(t, "shared"))
        made["confided_compartment_id"] = self.play("guide", lambda t: compartment_id(t, "guide_only"))
        begin(story, room, guide, PLAN)
        write(story, room, guide, PLAN, now__goal="Jeg vil bo selv")
        due = (clock.now().date() + timedelta(days=40)).isoformat()
        for who in ("writer", "reader"):
            add(story, room, guide, PLAN, "agreements", what="Noget", who=str(self.member(who)), due=due)
        page = newest(story, room, guide, PLAN)
        made["plan_id"], made["plan_version_id"] = page.plan_id, page.id
        self.play("guide", lambda t: agreement.propose_plan(t, uuid4(), PLAN, 1, page.revision))
        proposal = newest(story, room, guide, PLAN).proposal_id
        assert proposal is not None
        made["plan_proposal_id"] = proposal
        self.play("writer", lambda t: presence.be_here(t, PLAN, 1, "now.goal"))
        self.play("young", lambda t: team_wishes.propose_wishes(t, uuid4(), "Bent Bold", ""))
        made["wish_id"] = self.play("young", lambda t: team_wishes.wishes(t)[0].id)
        self.play("guide", lambda t: handover.offer(t, uuid4(), self.people["taker"].id))
        story.refresh(room)
        offered = made["hand_over_id"] = self.play("guide", lambda t: handover.pending(t)[0].id)
        self.play("young", lambda t: handover_answers.say(t, uuid4(), offered, "no", "Jeg kender hende ikke"))
        made["say_id"] = self.play("young", lambda t: handover_answers.asked_of_me(t).said[0].id)
        self.play("guide", lambda t: handover.withdraw_handover(t, uuid4()))
        made["meeting_id"] = story.meeting(room, guide)
        soon = clock.now().date() + timedelta(days=5)
        uncle = story.staff("Vibe Venter", "Jobcenter")
        story.add(room, uncle)
        late, law = room.member(uncle), ("Barnets lov § 32", "Haster")
        made["override_id"] = self.play("guide", lambda t: overrides.override(t, uuid4(), late, ["shared"], soon, *law))
        self.play("guide", lambda t: overrides.freeze(t, uuid4(), [self.member("parent")], soon, "Underretning"))
        made["freeze_id"] = self.play("guide", lambda t: overrides.freezes(t)[0].id)
        made["consent_id"] = self.play("young", lambda t: requests.in_force(t, t.membership.id).id)
        made["registered_id"] = story.paper_consent(room, self.people["young"])
        self.play("guide", lambda t: checkouts.begin_checkout(t, made["file_id"]))
        self.play("guide", lambda t: resumable_uploads.begin_upload(t, "lang.pdf", 9, made["compartment_id"]))
        self.play("guide", lambda t: folders.place_in_folder(t, made["file_id"], "Skole"))
        self.play("young", self._keep)
        letter = story.upload("brev.rtf", b"{\\rtf1 Hej}")
        made["letter_id"] = self.play("guide", lambda t: files.add_file(t, uuid4(), made["compartment_id"], letter))
        self.play("guide", lambda t: links.make_dav_link(t, made["letter_id"]))
        about = external_forms.FormFacts(clock.now().date(), [], "Bent")
        self.play(
            "guide",
            lambda t: external_forms.add_external_form(t, uuid4(), PLAN, story.upload("gammel.pdf", PDF), about),
        )

    @staticmethod
    def _keep(ticket: CaseTicket) -> None:
        asked = requests.request(ticket, ticket.membership.id)
        said = {line.key: {one.key: True for one in line.asked} for line in asked.parties}
        drafts.save_answers(ticket, asked, Answers(said, asked.until), "da")

    def agree(self) -> None:
        """Everybody says yes: what was promised is to be reminded of."""
        for who in ("young", "guide", "reader", "writer"):
            self.play(who, lambda t: agreement.accept_proposal(t, uuid4(), PLAN, 1, self.made["plan_proposal_id"]))
        row = newest(self.story, self.room, self.people["guide"], PLAN).rows("agreements")[0]
        self.play("guide", lambda t: commitments.note_outcome(t, uuid4(), 1, row, "partly", ""))

    def row(self, table: str) -> dict[str, Any]:
        """The least that a row of a table needs for its policies, in its writer's own name."""
        columns = Base.metadata.tables[table].columns.keys()
        known = {**self.made, "case_id": self.room.case_id}
        row = {name: known[name] for name in columns if name in known}
        for column, who in BY.get(table, {}).items():
            row[column] = self.named(column, who)
        return {**row, **_ESPECIALLY.get(table, lambda _cast: {})(self)}

    def named(self, column: str, who: str) -> UUID:
        return (
            self.people[who].id
            if column in ("person_id", "from_person_id", "to_person_id", "owner_id")
            else self.member(who)
        )


_ESPECIALLY: dict[str, Any] = {
    "cases": lambda _: {"id": uuid4()},
    "consent": lambda _: {"scan_state": "not_scanned", "method": "eid"},
    "file_version": lambda _: {"scan": "not_scanned"},
    "hand_over": lambda cast: {
        "from_unit_id": cast.people["guide"].unit_id,
        "to_id": cast.member("taker"),
        "to_person_id": cast.people["taker"].id,
    },
    "hand_over_answer": lambda _: {"answer": "declined"},
    "hand_over_say": lambda _: {"method": "eid"},
    "export": lambda _: {"compartments": []},
    "correction": lambda _: {"shuts_out": False},
    "plan_reminder": lambda _: {"settled_at": None},
    "consent_withdrawal": lambda _: {"membership_id": None},
    "team_wish": lambda _: {"membership_id": None},
    "membership": lambda cast: {"person_id": cast.people["outsider"].id},
}
"""What the policies of a table ask for besides."""


class Stage(NamedTuple):
    """A cast, and two connections: the application's, and one that no wall holds back."""

    cast: Cast
    application: psycopg.Connection
    owner: psycopg.Connection


@contextmanager
def staged(postgres: EmbeddedPostgres, runtime: Runtime) -> Iterator[Stage]:
    name = str(runtime.engine.url.database)
    with (
        closing(psycopg.connect(postgres.url("portal_app", name))) as application,
        closing(psycopg.connect(postgres.url("postgres", name), autocommit=True)) as owner,
    ):
        yield Stage(Cast(Story(runtime)), application, owner)


@pytest.fixture(scope="module")
def stage(postgres: EmbeddedPostgres, scratch: Path) -> Iterator[Stage]:
    """One for all tests that leave nothing behind."""
    name, folder = f"cast_{uuid4().hex}", scratch / f"cast-{uuid4().hex}"
    folder.mkdir()
    postgres.create_database(name, template="template")
    make_keys(folder / "keys.json")
    with runtime_for(_settings(postgres, name, folder)) as runtime, staged(postgres, runtime) as made:
        yield made


@pytest.fixture
def own_stage(postgres: EmbeddedPostgres, runtime: Runtime) -> Iterator[Stage]:
    """One for a test that goes on with the story."""
    with staged(postgres, runtime) as made:
        yield made


@contextmanager
def speaking_for(connection: psycopg.Connection, someone: Someone | None) -> Iterator[None]:
    """A transaction in somebody's name, of which nothing is kept."""
    try:
        name = str(someone.id) if someone else ""
        connection.execute("select set_config('app.person_id', %s, true)", [name])
        yield
    finally:
        connection.rollback()


def refused(connection: psycopg.Connection, someone: Someone, table: str, row: dict[str, Any]) -> bool:
    """Whether the wall refuses a row. Another fault of it (something left out, something not there) is found later."""
    holes = ", ".join(["%s"] * len(row))
    with speaking_for(connection, someone):
        try:
            connection.execute(f"insert into {table} ({', '.join(row)}) values ({holes})", list(row.values()))  # type: ignore[arg-type]
        except psycopg.errors.InsufficientPrivilege:
            return True
        except psycopg.Error:
            return False
    return False


def writable(owner: psycopg.Connection, privilege: str) -> set[str]:
    rows = owner.execute(
        "select table_name from information_schema.role_table_grants where grantee = 'portal_app' "
        "and privilege_type = %(may)s union select table_name from information_schema.role_column_grants "
        "where grantee = 'portal_app' and privilege_type = %(may)s",
        {"may": privilege},
    )
    walled = owner.execute("select relname from pg_class where relforcerowsecurity").fetchall()
    return {table for (table,) in rows} & {table for (table,) in walled}


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


# What the attackers did


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


# The trace


def _line(connection: psycopg.Connection, chain: UUID, event: str = "case.viewed", **other: UUID | None) -> None:
    """Adds a line behind the end of a chain."""
    line = {"actor": None, "membership": None, "compartment": None, "item": None, **other}
    connection.execute(
        """select append_trace(
               %(chain)s, coalesce((select seq from trace_end(%(chain)s)), 0), '', array[now()], array[%(event)s],
               array[%(actor)s::uuid], array[%(membership)s::uuid], array[%(compartment)s::uuid], array[%(item)s::uuid],
               array['{}'::jsonb], array['x'::bytea])""",
        {"chain": chain, "event": event, **line},
    )


def test_a_line_of_the_trace_is_added_by_whoever_it_is_of_in_a_case_of_theirs(stage: Stage) -> None:
    cast, application, _owner = stage
    case, teacher = cast.room.case_id, cast.people["reader"]
    mine, theirs = cast.member("reader"), cast.member("guide")
    for fine in ({"actor": teacher.id, "membership": mine}, {"actor": teacher.id}):
        with speaking_for(application, teacher):
            _line(application, case, **fine)
    for forged in (
        {"actor": cast.people["guide"].id, "membership": theirs},
        {"actor": cast.people["guide"].id},
        {"actor": teacher.id, "membership": theirs},
        {"membership": mine},
        {},
    ):
        with speaking_for(application, teacher), pytest.raises(psycopg.errors.InsufficientPrivilege):
            _line(application, case, **forged)


def test_to_a_case_of_others_a_line_is_added_only_of_having_been_refused_there(stage: Stage) -> None:
    cast, application, _owner = stage
    case, stranger = cast.room.case_id, cast.people["outsider"]
    with speaking_for(application, stranger):
        _line(application, case, "access.refused", actor=stranger.id)
    for event, more in (
        ("case.viewed", {}),
        ("access.refused", {"membership": cast.member("guide")}),
        ("access.refused", {"item": cast.member("guide")}),
        ("access.refused", {"compartment": cast.made["compartment_id"]}),
    ):
        with speaking_for(application, stranger), pytest.raises(psycopg.errors.InsufficientPrivilege):
            _line(application, case, event, actor=stranger.id, **more)
    with speaking_for(application, stranger), pytest.raises(psycopg.errors.InsufficientPrivilege):
        _line(application, OFFICE, "signed.in", actor=cast.people["guide"].id)


def test_an_administrator_adds_to_others_cases_what_they_changed_of_a_professional_there(stage: Stage) -> None:
    cast, application, _owner = stage
    case, admin, reader = cast.room.case_id, cast.story.admin(), cast.member("reader")
    with speaking_for(application, admin):
        _line(application, case, "member.changed", actor=admin.id, item=reader)
    for event, who, item in (
        ("member.changed", admin, cast.member("young")),
        ("member.changed", admin, uuid4()),
        ("member.corrected", admin, reader),
        ("case.viewed", admin, reader),
        ("member.changed", cast.people["outsider"], reader),
    ):
        with speaking_for(application, who), pytest.raises(psycopg.errors.InsufficientPrivilege):
            _line(application, case, event, actor=who.id, item=item)


def test_the_machine_adds_lines_of_nobody_and_of_nobody_else(stage: Stage) -> None:
    cast, application, _owner = stage
    with speaking_for(application, None):
        _line(application, cast.room.case_id, "consent.ending")
    with speaking_for(application, None), pytest.raises(psycopg.errors.InsufficientPrivilege):
        _line(application, cast.room.case_id, actor=cast.people["guide"].id)


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_head set seq = 1",
        "delete from audit_head",
        "insert into audit_head values (gen_random_uuid(), 0, '', '')",
        "insert into audit_event select chain_id, seq + 9999, at, event, actor_id, null, null, null, '{}', '' "
        "from audit_event limit 1",
    ],
)
@pytest.mark.parametrize("who", ["reader", "guide"])
def test_the_end_of_a_chain_is_moved_by_adding_to_it_and_not_otherwise(statement: str, who: str, stage: Stage) -> None:
    cast, application, _owner = stage
    with speaking_for(application, cast.people[who]), pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute(statement)  # type: ignore[arg-type]


def test_lines_are_numbered_on_from_the_end_and_a_chain_that_moved_on_takes_none(stage: Stage) -> None:
    cast, application, _owner = stage
    case, guide = cast.room.case_id, cast.people["guide"]
    add = """select append_trace(%s, %s, '', array[now(), now()], array['case.viewed', 'log.viewed'],
                 array_fill(%s::uuid, array[2]), array_fill(null::uuid, array[2]), array_fill(null::uuid, array[2]),
                 array_fill(null::uuid, array[2]), array_fill('{}'::jsonb, array[2]), array['x'::bytea, 'y'::bytea])"""
    with speaking_for(application, guide):
        end = application.execute("select seq from trace_end(%s)", [case]).fetchone()
        assert end is not None
        assert application.execute(add, [case, end[0] - 1, guide.id]).fetchone() == (0,)
        assert application.execute(add, [case, end[0], guide.id]).fetchone() == (2,)
        lines = "select seq, event, mac from audit_event where chain_id = %s and seq > %s order by seq"
        assert application.execute(lines, [case, end[0]]).fetchall() == [
            (end[0] + 1, "case.viewed", b"x"),
            (end[0] + 2, "log.viewed", b"y"),
        ]
        head = application.execute("select seq, mac from audit_head where chain_id = %s", [case]).fetchone()
        assert head == (end[0] + 2, b"y")


# What is read


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
