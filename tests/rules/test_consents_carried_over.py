"""Declarations of before named categories and kept some back. What their form called by its name and their words take
whole stays open; the rest is shut and asked about anew; what was left empty stays a no. And the same the way back."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from portal.access.policy.roles import Capacity, Level
from portal.access.ticket import CaseTicket
from portal.access.window_store import differences
from portal.demo.postgres import EmbeddedPostgres
from portal.migrate import migrate
from portal.runtime import Runtime, runtime_for
from portal.services.consents import drafts, receipts, requests
from portal.services.consents.requests import ConsentState
from portal.services.oversight import operators
from portal.settings import Settings
from tests.rules.test_migrations import migrate_to
from tests.support.application import app_for
from tests.support.browser import Browser
from tests.support.story import Room, Someone, Story, compartments

SHARED = ("contact", "education", "work", "housing", "finances", "family", "social_measures")
HEALTH = ("physical_health", "mental_health", "substances")
MONEY = ("finances",)
OTHERS = tuple(one for one in SHARED if one not in MONEY)
BEFORE = "051"
OLD_WORDS = "Samtykkeerklæring\n\nJeg siger ja til, at de mennesker, der er nævnt her, må se: penge, familie."
EVERYTHING = ("shared", "health", "without_parents", "professionals")


@dataclass
class Old:
    """A case as the program of before left it in the database, with what its people had said then."""

    settings: Settings
    room: Room
    people: dict[str, Someone]
    owner: psycopg.Connection
    seals: dict[UUID, tuple[bytes, bytes]]
    """Declarations that can be made, with their sealed words."""
    consents: dict[str, UUID]
    elsewhere: UUID
    """A unit that nobody of the case works in."""

    def party(self, name: str) -> tuple[UUID | None, UUID | None]:
        someone = self.people[name]
        return (someone.unit_id, None) if someone.unit_id else (None, self.room.member(someone))

    def declares(
        self,
        giver: str,
        said: dict[str, tuple[str, ...]],
        held_back: dict[str, tuple[str, ...]] | None = None,
        days_ago: float = 10,
        came_in: float | None = None,
    ) -> UUID:
        """Party -> categories of the yes, and of what was excepted from it."""
        made, (words, digest) = self.seals.popitem()
        now = datetime.now(UTC)
        given, begins = (now - timedelta(days=ago) for ago in (days_ago, days_ago if came_in is None else came_in))
        member = self.room.member(self.people[giver])
        self.owner.execute(
            """insert into consent (id, case_id, giver_id, registered_by_id, method, given_at, valid_from, valid_until,
                   wording_version, text_sealed, text_sha256_sealed, scan_state)
               values (%s, %s, %s, %s, 'eid', %s, %s, %s, '2026-2', %s, %s, 'not_scanned')""",
            [made, self.room.case_id, member, member, given, begins, now + timedelta(days=200), words, digest],
        )
        for table, cells in (("consent_grant", said), ("consent_exception", held_back or {})):
            for name, categories in cells.items():
                for category in categories:
                    self.owner.execute(
                        f"insert into {table} (id, case_id, consent_id, unit_id, membership_id, category) "
                        "values (gen_random_uuid(), %s, %s, %s, %s, %s)",
                        [self.room.case_id, made, *self.party(name), category],
                    )
        return made

    def sees(self, name: str, places: tuple[str, ...], *rests_on: UUID) -> None:
        """A window that the program of before had stored."""
        for place in places:
            self.owner.execute(
                """insert into access_window
                       (id, case_id, compartment_id, membership_id, person_id, can_write, valid_from, valid_until,
                        basis, consents)
                   select gen_random_uuid(), case_id, id, %s, %s, false, now() - interval '1 day',
                          now() + interval '200 days', 'consent', %s
                   from compartment where case_id = %s and key = %s""",
                [
                    self.room.member(self.people[name]),
                    self.people[name].id,
                    json.dumps([str(one) for one in rests_on]),
                    self.room.case_id,
                    place,
                ],
            )

    def cells(self, table: str) -> list[tuple[object, ...]]:
        """What declarations say, as the program of before reads it."""
        columns = "consent_id, unit_id, membership_id, category"
        return self.owner.execute(f"select {columns} from {table} order by 1, 2, 3, 4").fetchall()


@pytest.fixture
def old(
    runtime: Runtime, portal_settings: Settings, postgres: EmbeddedPostgres, database: str, owner: psycopg.Connection
) -> Old:
    story = Story(runtime)
    room = story.case()
    people = {"young": room.young, "mother": room.parents[0], "father": room.parents[1], "guide": room.guide}
    people["teacher"] = story.staff("Lars Lærer", "Skolen")
    people["nurse"] = story.staff("Petra Psykiater", "Psykiatrien")
    people["job"] = story.staff("Jonas Job", "Jobcenter")
    for name in ("teacher", "nurse", "job"):
        story.add(room, people[name], Level.READ)
    people["aunt"] = story.add_citizen(room, "Tove Tante", Capacity.NETWORK_PERSON)

    elsewhere = story.unit("Børnehuset")

    def seal(ticket: CaseTicket) -> dict[UUID, tuple[bytes, bytes]]:
        digest, keys = hashlib.sha256(OLD_WORDS.encode()).hexdigest(), ticket.keys
        return {
            made: (
                keys.seal_text(OLD_WORDS, f"consent.text {made}"),
                keys.seal_text(digest, f"consent.sha256 {made}"),
            )
            for made in (uuid4() for _ in range(6))
        }

    seals = story.play(room, room.guide, seal)
    draft = json.dumps({"choices": {}, "exceptions": {}, "valid_until": "2099-01-01"})
    place = f"consent_draft.answers {room.member(room.young)}"
    sealed_draft = story.play(room, room.guide, lambda t: t.keys.seal_text(draft, place))
    runtime.engine.dispose()
    migrate(postgres.url("portal_owner", database), BEFORE)
    owner.execute("update membership set added_at = added_at - interval '40 days'")
    owner.execute("insert into consent_draft values (%s, %s, %s, now())",
                  [room.member(room.young), room.case_id, sealed_draft])  # fmt: skip
    return Old(portal_settings, room, people, owner, seals, {}, elsewhere)


@pytest.fixture
def url(postgres: EmbeddedPostgres, database: str) -> str:
    return postgres.url("portal_owner", database)


def a_full_case(old: Old) -> None:
    """Everybody has answered; the school may see what is shared, the psychiatrist everything, the job centre not
    money; the aunt was turned down."""
    said = {"teacher": SHARED, "nurse": SHARED + HEALTH, "job": OTHERS}
    held_back = {"job": MONEY}
    parents = {"mother": SHARED + HEALTH, "father": SHARED}
    old.consents = {
        "young": old.declares("young", said | parents, held_back),
        "mother": old.declares("mother", said, held_back),
        "father": old.declares("father", said, held_back),
    }
    given = old.consents.values()
    old.sees("teacher", ("shared", "without_parents", "professionals"), *given)
    old.sees("nurse", EVERYTHING, *given)
    old.sees("mother", ("shared", "health"), old.consents["young"])
    old.sees("father", ("shared",), old.consents["young"])


def said(story: Story, old: Old, giver: str, about: str) -> dict[str, str]:
    giver_id, member = old.room.member(old.people[giver]), old.room.member(old.people[about])

    return story.play(old.room, old.people["guide"], lambda ticket: _said_of(ticket, giver_id, member))


def _said_of(ticket: CaseTicket, giver_id: UUID, member: UUID) -> dict[str, str]:
    """What was answered about the party somebody belongs to now."""
    lines = requests.party_lines(ticket, ticket.members[giver_id])
    line = next(line for line in lines if any(m.id == member for m in line.members))
    return {one.key: one.said.answer.value for one in line.asked}


def test_what_was_said_then_opens_what_its_words_name_and_no_more(old: Old, url: str) -> None:
    a_full_case(old)
    migrate(url)
    with runtime_for(old.settings) as runtime:
        story, room = Story(runtime), old.room
        seen = {name: compartments(story, room, old.people[name]) for name in ("teacher", "nurse", "job", "aunt")}
        assert seen == {"teacher": {"shared"}, "nurse": {"shared", "health"}, "job": set(), "aunt": set()}, "at once"
        assert compartments(story, room, old.people["mother"]) == {"shared", "health"}
        assert compartments(story, room, old.people["father"]) == {"shared"}
        for giver in ("young", "mother", "father"):
            asked = {"without_parents": "none", "professionals": "none"}
            assert said(story, old, giver, "teacher") == {"shared": "yes", "health": "no", **asked}
            assert said(story, old, giver, "nurse") == {"shared": "yes", "health": "yes", **asked}
            assert said(story, old, giver, "job") == {"shared": "none", "health": "no", **asked}, "money was kept back"
            assert said(story, old, giver, "aunt") == {"shared": "no", "health": "no"}
        assert said(story, old, "young", "mother") == {"shared": "yes", "health": "yes"}
        assert said(story, old, "young", "father") == {"shared": "yes", "health": "no"}
        assert story.play(room, room.young, requests.asks_me) == 3, "school, psychiatry and job centre"
        with runtime.unit_of_work() as session:
            operators.repair(session)
        with runtime.unit_of_work() as session:
            assert differences(session, room.case_id) == []
        assert compartments(story, room, old.people["teacher"]) == {"shared"}


def test_people_are_asked_anew_and_keep_the_words_they_signed(old: Old, url: str) -> None:
    a_full_case(old)
    migrate(url)
    with runtime_for(old.settings) as runtime, app_for(runtime) as app:
        story, room = Story(runtime), old.room
        assert story.play(room, room.young, drafts.saved_answers) is None, "answers to what was asked then"
        saved = story.play(room, room.young, lambda t: receipts.history(t, t.membership.id))
        assert [(one.words, one.state, one.version) for one in saved] == [(OLD_WORDS, ConsentState.IN_FORCE, "2026-2")]
        young = Browser(app, story.token(room.young))
        page = young.get(f"/cases/{room.case_id}/people").text
        assert "3 venter på dit svar: Lars Lærer, Petra Psykiater, Jonas Job." in page
        mine = young.get(f"/cases/{room.case_id}/consents/mine").text
        assert "må se: penge, familie." in mine
        assert "Ja Fælles Nej Helbred Ikke svaret Uden forældre, Kun fagpersoner" in mine
        story.consent(room, room.young, {"Skolen": ("shared", "professionals")}, otherwise=None)
        for parent in room.parents:
            story.consent(room, parent, {"Skolen": ("shared", "professionals")}, otherwise=None)
        assert compartments(story, room, old.people["teacher"]) == {"shared", "professionals"}
        assert story.play(room, room.young, requests.asks_me) == 0


def test_what_was_withdrawn_stays_closed_also_where_an_older_declaration_had_come_in_since(old: Old, url: str) -> None:
    """Where the program of before let it open: a page of a day before the withdrawal, registered after it."""
    room = old.room
    first = old.declares("young", {"teacher": SHARED}, days_ago=12)
    for giver in ("mother", "father"):
        old.consents[giver] = old.declares(giver, {"teacher": SHARED}, days_ago=12)
    old.owner.execute(
        """insert into consent_withdrawal (id, case_id, consent_id, unit_id, withdrawn_at, registered_by_id)
           values (gen_random_uuid(), %s, %s, %s, now() - interval '5 days', %s)""",
        [room.case_id, first, old.people["teacher"].unit_id, room.member(room.young)],
    )
    late = old.declares("young", {"teacher": SHARED}, days_ago=7, came_in=2)
    old.sees("teacher", ("shared",), late, *old.consents.values())
    migrate(url)
    with runtime_for(old.settings) as runtime:
        story = Story(runtime)
        assert compartments(story, room, old.people["teacher"]) == set()
        assert set(said(story, old, "young", "teacher").values()) == {"no"}


def test_nobody_has_said_no_to_a_unit_that_came_in_after_their_answer(old: Old, url: str) -> None:
    """The psychiatrist has moved to another unit since, and the guide has handed the case over to the job centre."""
    a_full_case(old)
    room, owner, nurse, job = old.room, old.owner, old.people["nurse"], old.people["job"]
    owner.execute(
        """insert into correction (id, case_id, membership_id, field, before_unit_id, renews, shuts_out, made_at)
           values (gen_random_uuid(), %s, %s, 'unit', %s, false, false, now() - interval '5 days')""",
        [room.case_id, room.member(nurse), nurse.unit_id],
    )
    owner.execute("update membership set unit_id = %s where id = %s", [old.elsewhere, room.member(nurse)])
    before, after, offer = room.member(room.guide), room.member(job), uuid4()
    owner.execute(
        """insert into hand_over (id, case_id, from_id, from_person_id, from_unit_id, to_id, to_person_id,
                                  to_unit_id, offered_at)
           values (%s, %s, %s, %s, %s, %s, %s, %s, now() - interval '6 days')""",
        [offer, room.case_id, before, room.guide.id, room.guide.unit_id, after, job.id, job.unit_id],
    )
    owner.execute(
        """insert into hand_over_answer (id, case_id, hand_over_id, answer, answered_at, answered_by_id)
           values (gen_random_uuid(), %s, %s, 'accepted', now() - interval '5 days', %s)""",
        [room.case_id, offer, after],
    )
    owner.execute(
        "update cases set owner_id = %s, owner_unit_id = %s where id = %s", [job.id, job.unit_id, room.case_id]
    )
    owner.execute("update membership set capacity = 'professional' where id = %s", [before])
    owner.execute("update membership set capacity = 'owner' where id = %s", [after])
    migrate(url)
    with runtime_for(old.settings) as runtime:
        with runtime.unit_of_work() as session:
            operators.repair(session)
        story, asker = Story(runtime), {**old.people, "guide": job}
        old.people = asker
        anew = dict.fromkeys(EVERYTHING, "none")
        for giver in ("young", "mother", "father"):
            assert said(story, old, giver, "nurse") == anew
            assert story.play(room, job, lambda t, g=giver: _said_of(t, room.member(asker[g]), before)) == anew
            assert said(story, old, giver, "teacher")["health"] == "no", "who was there and left out was answered"
        assert compartments(story, room, nurse) == set()


def test_the_way_back_restores_what_was_and_opens_by_nothing_that_was_said_since(old: Old, url: str) -> None:
    a_full_case(old)
    before = {table: old.cells(table) for table in ("consent_grant", "consent_exception")}
    assert len(before["consent_grant"]) > 50
    migrate(url)
    with runtime_for(old.settings) as runtime:
        story = Story(runtime)
        newer = story.consent(old.room, old.people["young"], {"Skolen": ("shared",)}, otherwise=())
    migrate(url, BEFORE)
    assert {table: old.cells(table) for table in before} == before
    rests = old.owner.execute("select count(*) from access_window where consents @> %s", [json.dumps([str(newer)])])
    assert rests.fetchone() == (0,)
    migrate_to(url, "head")
    with runtime_for(old.settings) as runtime:
        assert said(Story(runtime), old, "mother", "teacher")["shared"] == "yes"
