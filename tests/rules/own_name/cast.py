"""Everybody of one case in which everything has happened that leaves rows, and the columns that name somebody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import psycopg

from portal import clock
from portal.access.policy.roles import Level
from portal.access.ticket import CaseTicket
from portal.db import Base
from portal.demo.postgres import EmbeddedPostgres
from portal.runtime import Runtime
from portal.services.consents import drafts, overrides, requests
from portal.services.consents.declaration import Answers
from portal.services.files import checkouts, files, folders, resumable_uploads
from portal.services.members import handover, handover_answers, team_wishes
from portal.services.messages import absence, threads
from portal.services.messages import drafts as message_drafts
from portal.services.messages.threads import Besides
from portal.services.plans import agreement, commitments, external_forms, presence
from portal.services.webdav import links
from tests.plans.test_tools import add, begin, newest, write
from tests.support.story import HERE, PDF, Someone, Story, compartment_id

PLAN = "goals_and_agreements"


NAMES = {
    "person_id", "membership_id", "giver_id", "owner_id", "from_id", "to_id", "from_person_id", "actor_id",
    "created_by_id", "registered_by_id", "set_by_id", "ended_by_id", "lifted_by_id", "answered_by_id", "made_by_id",
    "asked_by_id", "added_by_id", "begun_by_id", "shown_to_id", "confidant_id", "to_person_id", "replied_by_id",
    "said_by_id", "stand_in_id",
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
    "notice_choice": {"person_id": "young"},
    "notice_delivery": {"person_id": "young"},
    "notice_off": {"person_id": "young"},
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
    "guide_absence": {"created_by_id": "guide"},
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
    "message": {"created_by_id": "writer"},
    "message_attachment": {"created_by_id": "writer"},
    "message_draft": {"created_by_id": "writer"},
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
    "answer_request": {"created_by_id": "writer"},
    "thread_look": {"membership_id": "writer"},
    "version_taken": {"created_by_id": "reader"},
}
"""Whose act a row is, and who may do it: table -> column -> person."""


ABOUT = {
    ("answer_request", "membership_id"): "whoever writes says whom they ask for an answer",
    ("guide_absence", "stand_in_id"): "the guide says who stands in",
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
    ("notice_item", "person_id"): "whoever does something queues what others are to be told",
    ("invitation_code", "membership_id"): "the guide makes a code for another",
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
        asked = Besides(asked=frozenset({room.member(guide)}), due=clock.today(HERE) + timedelta(days=3))
        made["message_id"] = self.play("writer", lambda t: threads.reply(t, uuid4(), made["thread_id"], "Hvad?", asked))
        away = clock.today(HERE) + timedelta(days=9)
        self.play("guide", lambda t: absence.tell(t, uuid4(), away, away, self.member("writer")))
        self.play("writer", lambda t: message_drafts.save_draft(t, uuid4(), made["thread_id"], None, "", "Jeg tror"))
        made["compartment_id"] = self.play("guide", lambda t: compartment_id(t, "shared"))
        made["confided_compartment_id"] = self.play("guide", lambda t: compartment_id(t, "guide_only"))
        begin(story, room, guide, PLAN)
        write(story, room, guide, PLAN, now__goal="Jeg vil bo selv")
        due = (clock.today(HERE) + timedelta(days=40)).isoformat()
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
        soon = clock.today(HERE) + timedelta(days=5)
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
        about = external_forms.FormFacts(clock.today(HERE), [], "Bent")
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
    "guide_absence": lambda cast: {"stand_in_id": cast.member("writer")},
    "message_attachment": lambda cast: {"item_compartment_id": cast.made["compartment_id"], "row_address": ""},
    "answer_request": lambda cast: {"membership_id": cast.member("young")},
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
