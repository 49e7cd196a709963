"""Random stories, told by the real verbs on the real database, against a book kept beside them.

The book holds the facts as they were told, never as they were stored. After every step it must agree with the facts the
ledger reads back, and the naive judge's reading of the book must agree with the stored windows (now and at instants
ahead), with the ticket of everybody, with the rows the application's role sees in raw SQL in everybody's name, and with
what somebody reaches over HTTP. The clocks of both walls stand still at the same instant between steps.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from portal import clock, create_app
from portal.access.actions import Action
from portal.access.facts import ConsentFact, Facts, Freeze, LegalOverride, Member, Withdrawal
from portal.access.ledger import differences, load_facts
from portal.access.roles import Capacity, Level
from portal.access.ticket import Actor, CaseTicket, enter_case
from portal.errors import InvalidInput, NotFound
from portal.house import House
from portal.services import consent_requests, consents, leaving, safeguards
from portal.settings import Settings
from portal.tools.profile import profile
from tests.access import naive
from tests.browser import Browser
from tests.story import PROFILE, Someone, Story

pytestmark = pytest.mark.skipif(
    os.environ.get("HYPOTHESIS_PROFILE") != "long", reason="takes longer than the suite may: make test-long"
)

STEPS_OF_A_STORY = 50
STORIES = 200 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 6
"""10,000 steps at night, 300 every time."""

LEVELS = st.sampled_from(Level)
SHELVES = ("shared", "health", "without_parents", "professionals")
UNITS = ("Skolen", "Jobcenter", "Psykiatrien", "Familie og unge")
RULES = profile(PROFILE).rules()
ZONE = RULES.zone
HOME = "Familie og unge"
TABLES = ("file", "file_version", "thread", "message", "search_entry")


class Scene:
    """What all stories share: the house, its database, its clock."""

    def __init__(self, house: House, owner: psycopg.Connection, app_url: str) -> None:
        self.house, self.owner, self.app = house, owner, create_app(house)
        self.raw = psycopg.connect(app_url, autocommit=True)
        self.story = Story(house)
        self.units = {name: self.story.unit(name) for name in UNITS}
        self.stranger = self.story.staff("Ulrik Udenfor", "Skolen")
        self.started = datetime.now(UTC).replace(microsecond=0)
        self.now = self.started
        self.steps = 0

    def stand_still_at(self, instant: datetime) -> None:
        self.now = instant
        self.owner.execute("update stopped_clock set at = %s", [instant])


class Stories(RuleBasedStateMachine):
    scene: Scene

    @initialize(days=st.integers(1, 300), parents=st.integers(0, 2), young=LEVELS, custody=LEVELS)
    def a_case_is_opened(self, days: int, parents: int, young: Level, custody: Level) -> None:
        scene = self.scene
        scene.stand_still_at(scene.started)
        self.story = scene.story
        grown_up = clock.today(ZONE) + timedelta(days=days)
        self.born = date(grown_up.year - 18, grown_up.month, min(grown_up.day, 28))
        self.room = self.story.case(self.story.guide(), self.born, parents, young_level=young, parent_level=custody)
        self.people: dict[UUID, Someone] = {}
        self.members: dict[UUID, Member] = {}
        self.told: list[ConsentFact] = []
        self.by_law: list[LegalOverride] = []
        self.frozen: list[Freeze] = []
        self._meet(self.room.guide, Capacity.OWNER, Level.WRITE, scene.units[HOME])
        self._meet(self.room.young, Capacity.YOUNG_PERSON, young)
        for parent in self.room.parents:
            self._meet(parent, Capacity.PARENT, custody, custody=True)
        self.shelves = dict(
            scene.owner.execute("select key, id from compartment where case_id = %s", [self.room.case_id]).fetchall()
        )
        self.files = {shelf: self.story.file(self.room, self.room.guide, shelf) for shelf in SHELVES}
        for shelf in SHELVES:
            self.story.thread(self.room, self.room.guide, shelf)
        self.turn = 0

    # What happens

    @precondition(lambda self: len(self.members) < 9)
    @rule(unit=st.sampled_from(UNITS), level=LEVELS)
    def a_professional_is_added(self, unit: str, level: Level) -> None:
        self._later()
        colleague = self.story.staff(f"Fagperson {len(self.members)}", unit)
        self.story.add(self.room, colleague, level)
        self._meet(colleague, Capacity.PROFESSIONAL, level, self.scene.units[unit])

    @precondition(lambda self: len(self.members) < 9)
    @rule(capacity=st.sampled_from([Capacity.PARENT, Capacity.NETWORK_PERSON]), level=LEVELS, custody=st.booleans())
    def a_citizen_is_added(self, capacity: Capacity, level: Level, custody: bool) -> None:
        self._later()
        custody = custody and capacity is Capacity.PARENT
        made = self.story.add_citizen(self.room, f"Borger {len(self.members)}", capacity, level, custody)
        self._meet(made, capacity, level, custody=custody)

    @rule(who=st.randoms(use_true_random=False), level=LEVELS)
    def the_owner_sets_a_level(self, who, level: Level) -> None:  # type: ignore[no-untyped-def]
        self._later()
        member = who.choice([m for m in self.members.values() if m.capacity is not Capacity.OWNER])
        before = member.level_at(self.scene.now)
        self.story.set_level(self.room, self.people[member.person_id], level)
        if level is not before:
            levels = (*member.levels, (self.scene.now, level))
            self.members[member.id] = replace(member, levels=levels)

    @rule(who=st.randoms(use_true_random=False), days=st.integers(0, 200), on_paper=st.booleans())
    def somebody_says_yes(self, who, days: int, on_paper: bool) -> None:  # type: ignore[no-untyped-def]
        self._later()
        giver = who.choice(self._givers())
        someone = self.people[giver.person_id]
        until = clock.today(ZONE) + timedelta(days=days)
        with self._acting(self.room.guide if on_paper else someone) as actor:
            ticket = enter_case(actor, self.room.case_id)
            wanted = Action.CONSENT_REGISTER if on_paper else Action.CONSENT_GIVE
            if not ticket.allows(wanted):
                assert not on_paper
                assert self._judged(giver, self.scene.now) == {}, "only while shut out"
                assert giver.capacity is Capacity.YOUNG_PERSON or self._is_frozen(giver)
                return
            asked = consent_requests.request(ticket, giver.id)
            until = min(until, asked.until)
            choices = {
                line.key: frozenset(group.key for group in line.groups if who.random() < 0.7) for line in asked.parties
            }
            if not any(choices.values()):
                return
            if on_paper:
                note = consents.Paper("oral", clock.today(ZONE), "Sagt på mødet", told=True)
                made = consents.register(ticket, uuid4(), giver.id, choices, until, "da", note)
            else:
                made = consents.give(ticket, uuid4(), choices, until, "da")
            said = {
                (line.party, category)
                for line in asked.parties
                for group in line.groups
                if group.key in choices[line.key]
                for category in group.categories
            }
            actor.session.commit()
        now = self.scene.now
        self.told.append(ConsentFact(made, giver.id, now, now, clock.end_of(until, ZONE), frozenset(said)))

    @rule(who=st.randoms(use_true_random=False), whole=st.booleans(), by_the_owner=st.booleans())
    def a_yes_is_taken_back(self, who, whole: bool, by_the_owner: bool) -> None:  # type: ignore[no-untyped-def]
        self._later()
        now = self.scene.now
        newest = {consent.giver_id: consent for consent in self.told}
        grown_up = now >= self._majority()
        able = [
            consent
            for consent in newest.values()
            if now < consent.valid_until
            and not any(back.party is None for back in consent.withdrawals)
            and not (grown_up and self.members[consent.giver_id].capacity is Capacity.PARENT)
        ]
        if not able:
            return
        consent = who.choice(able)
        parties = sorted({p for p, _ in consent.grants if not consent.withdrawn_at(p)}, key=str)
        party = None if whole or not parties else who.choice(parties)
        someone = self.room.guide if by_the_owner else self.people[self.members[consent.giver_id].person_id]
        with self._acting(someone) as actor:
            ticket = enter_case(actor, self.room.case_id)
            if not ticket.allows(Action.CONSENT_WITHDRAW):
                return
            consents.withdraw(ticket, uuid4(), consent.id, consent_requests.party_key(party) if party else "all")
            actor.session.commit()
        changed = replace(consent, withdrawals=(*consent.withdrawals, Withdrawal(now, party)))
        self.told[self.told.index(consent)] = changed

    @rule(who=st.randoms(use_true_random=False), days=st.integers(0, 80))
    def the_law_opens(self, who, days: int) -> None:  # type: ignore[no-untyped-def]
        self._later()
        now = self.scene.now
        member = who.choice(list(self.members.values()))
        with self._acting(self.room.guide) as actor:
            ticket = enter_case(actor, self.room.case_id)
            try:
                lacking = [p.compartment for p in safeguards.may_be_overridden(ticket, member.id)]
            except InvalidInput:
                meant = {shelf.key for shelf in RULES.compartments if member.capacity in shelf.audience}
                shut = self._is_frozen(member) or member.level_at(now) is Level.NONE
                assert shut or set(self._judged(member, now)) == meant, "refused though something is missing"
                return
            keys = who.sample(lacking, who.randint(1, len(lacking)))
            until = clock.today(ZONE) + timedelta(days=days)
            made = safeguards.override(ticket, uuid4(), member.id, keys, until, "Barnets lov § 32", "Det haster")
            actor.session.commit()
        self.by_law.append(LegalOverride(made, member.id, frozenset(keys), now, clock.end_of(until, ZONE)))

    @rule(who=st.randoms(use_true_random=False))
    def what_the_law_opened_is_ended(self, who) -> None:  # type: ignore[no-untyped-def]
        self._later()
        counting = [o for o in self.by_law if o.counts_at(self.scene.now)]
        if counting:
            ended = who.choice(counting)
            self._guide_does(lambda t: safeguards.end_override(t, uuid4(), ended.id))
            self.by_law[self.by_law.index(ended)] = replace(ended, ended_at=self.scene.now)

    @rule(who=st.randoms(use_true_random=False))
    def a_citizen_is_frozen_out(self, who) -> None:  # type: ignore[no-untyped-def]
        self._later()
        able = [m for m in self.members.values() if m.unit_id is None and not self._is_frozen(m)]
        if able:
            member = who.choice(able)
            review = clock.today(ZONE) + timedelta(days=7)
            self._guide_does(lambda t: safeguards.freeze(t, uuid4(), [member.id], review, "For at beskytte"))
            self.frozen.append(Freeze(uuid4(), member.id, self.scene.now, self.scene.now))

    @rule(who=st.randoms(use_true_random=False))
    def a_freeze_is_lifted(self, who) -> None:  # type: ignore[no-untyped-def]
        self._later()
        counting = [freeze for freeze in self.frozen if freeze.counts_at(self.scene.now)]
        if counting:
            lifted = who.choice(counting)

            def lift(ticket: CaseTicket) -> None:
                line = next(one for one in safeguards.freezes(ticket) if one.membership.id == lifted.member_id)
                safeguards.lift(ticket, uuid4(), line.id)

            self._guide_does(lift)
            self.frozen[self.frozen.index(lifted)] = replace(lifted, lifted_at=self.scene.now)

    @rule(who=st.randoms(use_true_random=False))
    def somebody_leaves(self, who) -> None:  # type: ignore[no-untyped-def]
        self._later()
        professionals = [m for m in self.members.values() if m.capacity is Capacity.PROFESSIONAL]
        if not professionals:
            return
        member = who.choice(professionals)
        with self._acting(self.people[member.person_id]) as actor:
            ticket = enter_case(actor, self.room.case_id)
            if not ticket.allows(Action.CASE_LEAVE):
                assert self._judged(member, self.scene.now) == {}
                return
            leaving.leave(ticket, uuid4(), "new_job")
            actor.session.commit()
        self.members[member.id] = replace(member, left=(*member.left, self.scene.now))

    @rule(days=st.sampled_from([1, 10, 60, 200]))
    def time_passes(self, days: int) -> None:
        self.scene.stand_still_at(self.scene.now + timedelta(days=days))

    @precondition(lambda self: self.scene.now < self._majority())
    @rule(before=st.sampled_from([timedelta(microseconds=1), timedelta(0), timedelta(hours=-1)]))
    def the_young_person_comes_of_age(self, before: timedelta) -> None:
        """To the last microsecond before the day, to its first instant, or an hour into it."""
        self.scene.stand_still_at(max(self.scene.now, self._majority() - before))

    @rule(before=st.sampled_from([timedelta(microseconds=1), timedelta(0)]))
    def a_yes_comes_to_its_end_date(self, before: timedelta) -> None:
        ends = [c.valid_until - before for c in self.told if c.valid_until - before > self.scene.now]
        if ends:
            self.scene.stand_still_at(min(ends))

    # What must then be true

    @invariant()
    def the_ledger_reads_what_was_told(self) -> None:
        self.scene.steps += 1
        with self.scene.house.new_session() as session:
            read = load_facts(session, self.room.case_id)
            assert differences(session, self.room.case_id) == []
        book = self._book()
        assert {m.id: m for m in read.members} == self.members
        assert {c.id: c for c in read.consents} == {c.id: c for c in book.consents}
        assert {o.id: o for o in read.overrides} == {o.id: o for o in book.overrides}
        when = [{(f.member_id, f.frozen_at, f.lifted_at) for f in facts.freezes} for facts in (read, book)]
        assert when[0] == when[1]
        assert (read.birth_date, read.owner_unit_id) == (book.birth_date, book.owner_unit_id)

    @invariant()
    def the_stored_windows_are_what_the_judge_says(self) -> None:
        rows = self.scene.owner.execute(
            "select membership_id, key, can_write, valid_from, valid_until from access_window w "
            "join compartment c on c.id = compartment_id where w.case_id = %s",
            [self.room.case_id],
        ).fetchall()
        now = self.scene.now
        ahead = [now, self._majority(), self._majority() - timedelta(microseconds=1), now + timedelta(days=500)]
        ahead += [row[4] for row in rows if row[4]][:4]
        for at in (instant for instant in ahead if instant >= now):
            for member in self.members.values():
                open_now = {
                    key: can_write
                    for member_id, key, can_write, since, until in rows
                    if member_id == member.id and since <= at and (until is None or at < until)
                }
                assert open_now == self._judged(member, at), (member.capacity, at)

    @invariant()
    def everybodys_ticket_opens_what_the_judge_says(self) -> None:
        for someone, allowed in self._everybody():
            with self._acting(someone) as actor:
                try:
                    ticket = enter_case(actor, self.room.case_id)
                except NotFound:
                    assert someone is self.scene.stranger
                    continue
                assert {hatch.key: hatch.can_write for hatch in ticket.hatches.values()} == allowed
                assert ticket.allows(Action.CASE_VIEW) == bool(allowed)
                assert ticket.allows(Action.MESSAGE_WRITE) == any(allowed.values())

    @invariant()
    def the_database_shows_everybody_the_rows_the_judge_says(self) -> None:
        names = {id_: key for key, id_ in self.shelves.items()}
        raw = self.scene.raw
        for someone, allowed in self._everybody():
            raw.execute("select set_config('app.person_id', %s, false)", [str(someone.id)])
            for table in TABLES:
                rows = raw.execute(
                    f"select distinct compartment_id from {table} where case_id = %s",
                    [self.room.case_id],  # type: ignore[arg-type]
                )
                assert {names[row[0]] for row in rows} == set(allowed), table
            writable = raw.execute("select unnest(my_writable_compartments())").fetchall()
            assert {names[row[0]] for row in writable if row[0] in names} == {k for k, w in allowed.items() if w}
            for table, column in (("cases", "id"), ("case_key", "case_id"), ("team_level", "case_id")):
                seen = raw.execute(f"select 1 from {table} where {column} = %s", [self.room.case_id]).fetchall()  # type: ignore[arg-type]
                assert bool(seen) == bool(allowed) or (table == "cases" and someone is self.room.guide), table

    @invariant()
    def somebody_reaches_over_http_what_the_judge_says(self) -> None:
        """Somebody else at each step, the stranger among them."""
        everybody = self._everybody()
        self.turn += 1
        someone, allowed = everybody[self.turn % len(everybody)]
        browser = Browser(self.scene.app, self.story.token(someone), thorough=False)
        case = f"/cases/{self.room.case_id}"
        shut = 404 if someone is self.scene.stranger else 403
        assert browser.get(case).status == (200 if allowed else shut)
        listed = f'href="{case}"' in browser.get("/cases").everything
        assert listed == bool(allowed)
        shelf = SHELVES[self.turn // len(everybody) % len(SHELVES)]
        expected = 200 if shelf in allowed else 404 if allowed else shut
        assert browser.get(f"{case}/files/{self.files[shelf]}").status == expected, (shelf, allowed)
        assert browser.get(f"{case}/messages/new").status == (200 if any(allowed.values()) else shut)

    # The book

    def _meet(
        self, someone: Someone, capacity: Capacity, level: Level, unit: UUID | None = None, custody: bool = False
    ) -> None:
        now = self.scene.now
        id_ = self.room.member(someone)
        since = now if custody else None
        self.people[someone.id] = someone
        self.members[id_] = Member(id_, someone.id, capacity, unit, ((now, level),), since)

    def _book(self) -> Facts:
        members, home = tuple(self.members.values()), self.scene.units[HOME]
        return Facts(RULES, self.born, home, members, tuple(self.told), tuple(self.by_law), tuple(self.frozen))

    def _is_frozen(self, member: Member) -> bool:
        return any(freeze.member_id == member.id and freeze.counts_at(self.scene.now) for freeze in self.frozen)

    def _guide_does(self, act: Callable[[CaseTicket], object]) -> None:
        self.story.play(self.room, self.room.guide, act)

    def _judged(self, member: Member, at: datetime) -> dict[str, bool]:
        """Compartment -> may write, for what the member may read."""
        book = self._book()
        found = {}
        for shelf in RULES.compartments:
            reads, writes = naive.may(book, member, shelf, at)
            if reads:
                found[shelf.key] = writes
        return found

    def _everybody(self) -> list[tuple[Someone, dict[str, bool]]]:
        judged = [(self.people[m.person_id], self._judged(m, self.scene.now)) for m in self.members.values()]
        return [*judged, (self.scene.stranger, {})]

    def _givers(self) -> list[Member]:
        young = [m for m in self.members.values() if m.capacity is Capacity.YOUNG_PERSON]
        if self.scene.now >= self._majority():
            return young
        return young + [m for m in self.members.values() if m.custody_from is not None]

    def _majority(self) -> datetime:
        return datetime(self.born.year + 18, self.born.month, self.born.day, tzinfo=ZONE).astimezone(UTC)

    def _later(self) -> None:
        """No two things happen at the same instant."""
        self.scene.stand_still_at(self.scene.now + timedelta(seconds=1))

    def _acting(self, someone: Someone):  # type: ignore[no-untyped-def]
        session = self.scene.house.new_session(someone.id)
        return _Acting(Actor(session, someone.id, someone.unit_id is not None, frozenset(), someone.name))


class _Acting:
    """Somebody at work for the length of a block; what is not committed is forgotten."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor

    def __enter__(self) -> Actor:
        return self.actor

    def __exit__(self, *_problem: object) -> None:
        self.actor.session.close()


@pytest.fixture
def scene(
    house: House, owner: psycopg.Connection, portal_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Scene]:
    owner.execute("create table stopped_clock (at timestamptz not null)")
    owner.execute("insert into stopped_clock values (now())")
    owner.execute("grant select on stopped_clock to public")
    owner.execute(
        "create or replace function wall_clock() returns timestamptz language sql stable "
        "as $$ select at from stopped_clock $$"
    )
    found = Scene(house, owner, portal_settings.database_url)
    monkeypatch.setattr(clock, "source", lambda: found.now)
    yield found
    found.raw.close()


def test_whatever_happens_in_a_case_everybody_sees_what_the_rules_say(scene: Scene) -> None:
    machine = type("StoriesHere", (Stories,), {"scene": scene})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=STORIES,
            stateful_step_count=STEPS_OF_A_STORY,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        ),
    )
    assert scene.steps >= STORIES * STEPS_OF_A_STORY
