"""What can happen in a random story: each told by the real verb, and written into the book."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from portal import clock
from portal.access.policy.actions import Action
from portal.access.policy.answers import Answer
from portal.access.policy.facts import FreezeFact, Member, OverrideFact, Party, Withdrawal
from portal.access.policy.roles import Capacity, Level
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound, Overtaken
from portal.services.accounts import moves
from portal.services.consents import declare, overrides, requests
from portal.services.files import folders
from portal.services.members import corrections, leaving, team, team_wishes
from portal.services.members.corrections import WantedCorrection
from tests.rules.book import AWAY, BETWEEN_TWO, COMPARTMENTS, HOME, UNITS, ZONE, Book
from tests.rules.handing_over import CHANCE, MOST_PEOPLE, OWNERS, HandingOver

LEVELS = st.sampled_from(Level)
NEXT_OWNER = st.sampled_from([*OWNERS, *[None] * len(OWNERS)])


@dataclass(frozen=True)
class _Line:
    party: Party
    members_ids: set[UUID]


class Happenings(HandingOver):
    @initialize(
        days=st.integers(1, 300), parents=st.integers(0, 2), young=LEVELS, custody=LEVELS, taken_over_by=NEXT_OWNER
    )
    def a_case_is_opened(
        self, days: int, parents: int, young: Level, custody: Level, taken_over_by: str | None
    ) -> None:
        """By a guide who still has it, or who has handed it over to one of that unit."""
        scene = self.scene
        scene.stand_still_at(scene.started)
        self.story = scene.story
        grown_up = clock.today(ZONE) + timedelta(days=days)
        born = date(grown_up.year - 18, grown_up.month, min(grown_up.day, 28))
        room = self.story.case(self.story.guide(), born, parents, young_level=young, parent_level=custody)
        self.room, self.book = room, Book(scene, room, born, scene.units[HOME], scene.now)
        self.book.meet(room.guide, Capacity.OWNER, Level.WRITE, scene.units[HOME])
        self.book.meet(room.young, Capacity.YOUNG_PERSON, young)
        for parent in room.parents:
            self.book.meet(parent, Capacity.PARENT, custody, custody=True)
        for compartment in (*COMPARTMENTS, BETWEEN_TWO):
            self._puts_in(room.guide, compartment)
            self.story.thread(room, room.guide, compartment)
        if taken_over_by:
            self._later()
            self._offered_to(self._another_guide(taken_over_by), taken_over_by, by_law=True)
            self._answered("accept")

    # Added, consented to, withdrawn

    @precondition(lambda self: len(self.book.members) < MOST_PEOPLE)
    @rule(unit=st.sampled_from(UNITS), level=LEVELS)
    def a_professional_is_added(self, unit: str, level: Level) -> None:
        self._later()
        colleague = self.story.staff(f"Fagperson {len(self.book.members)}", unit)
        self.story.add(self.room, colleague, level)
        self.book.meet(colleague, Capacity.PROFESSIONAL, level, self.scene.units[unit])

    @precondition(lambda self: len(self.book.members) < MOST_PEOPLE)
    @rule(capacity=st.sampled_from([Capacity.PARENT, Capacity.NETWORK_PERSON]), level=LEVELS, custody=st.booleans())
    def a_citizen_is_added(self, capacity: Capacity, level: Level, custody: bool) -> None:
        self._later()
        custody = custody and capacity is Capacity.PARENT
        made = self.story.add_citizen(self.room, f"Borger {len(self.book.members)}", capacity, level, custody)
        self.book.meet(made, capacity, level, custody=custody)

    @rule(who=CHANCE, level=LEVELS)
    def the_owner_sets_a_level(self, who, level: Level) -> None:  # type: ignore[no-untyped-def]
        self._later()
        member = who.choice([m for m in self.book.members.values() if m.capacity is not Capacity.OWNER])
        before = member.level_at(self.scene.now)
        self.story.set_level(self.room, self.book.people[member.person_id], level)
        if level is not before:
            self.book.sets_level(member, level)

    @rule(who=CHANCE)
    def custody_changes(self, who) -> None:  # type: ignore[no-untyped-def]
        self._later()
        parents = [m for m in self.book.members.values() if m.capacity is Capacity.PARENT]
        if parents:
            member, now = who.choice(parents), self.scene.now
            held = member.holds_custody_at(now)
            self._guide_does(lambda t: team.set_custody(t, member.id, not held))
            noted = {"custody_until": now} if held else {"custody_from": now, "custody_until": None}
            self.book.members[member.id] = replace(member, **noted)  # type: ignore[arg-type]

    @rule(who=CHANCE, days=st.integers(0, 200), on_paper=st.booleans(), ago=st.sampled_from([0, 0, 1, 5, 40]))
    def somebody_answers(self, who, days: int, on_paper: bool, ago: int) -> None:  # type: ignore[no-untyped-def]
        """In the portal, where what is not answered stays as it was; or on a page of today or of some days ago, which
        says what it says and no more."""
        self._later()
        giver = who.choice(self.book.givers())
        someone = self.book.people[giver.person_id]
        day = clock.today(ZONE) - timedelta(days=ago)
        until = clock.today(ZONE) + timedelta(days=days)
        with self._at_work(self.room.guide if on_paper else someone) as session:
            ticket = self._enters(session, self.room.guide if on_paper else someone)
            assert ticket.allows(Action.CONSENT_REGISTER if on_paper else Action.CONSENT_GIVE), "also while shut out"
            asked = requests.request(ticket, giver.id)
            until = min(until, asked.until)
            lines = sorted(asked.parties, key=lambda line: self.book.in_order(line.party))
            choices = {
                line.key: {one.key: who.random() < 0.7 for one in line.asked if who.random() < 0.8} for line in lines
            }
            if not any(choices.values()):
                return
            if on_paper:
                note = declare.Paper("oral", day, "Sagt på mødet", told=True)
                made = declare.register(ticket, uuid4(), giver.id, choices, until, "da", note)
            else:
                made = declare.give(ticket, uuid4(), choices, until, "da")
            session.commit()
        on_offer = [(line.party, one.key) for line in lines for one in line.asked]
        said = {(line.party, key): yes for line in lines for key, yes in choices.get(line.key, {}).items()}
        self.book.declares(made, giver, on_offer, said, day if on_paper else None, until)

    @rule(who=CHANCE, whole=st.booleans(), by_the_owner=st.booleans())
    def a_yes_is_taken_back(self, who, whole: bool, by_the_owner: bool) -> None:  # type: ignore[no-untyped-def]
        self._later()
        able = self.book.counting()
        if not able:
            return
        consent = who.choice(able)
        parties = self.book.still_yes(consent)
        party = None if whole or not parties else who.choice(parties)
        giver = self.book.people[self.book.members[consent.giver_id].person_id]
        someone = self.room.guide if by_the_owner else giver
        with self._at_work(someone) as session:
            ticket = self._enters(session, someone)
            assert ticket.allows(Action.CONSENT_WITHDRAW), "also while shut out"
            try:
                declare.withdraw_consent(ticket, uuid4(), consent.id, requests.party_key(party) if party else "all")
            except (InvalidInput, NotFound):
                assert party is not None, "what counts can be taken back as a whole"
                assert not self.book.is_asked_about(party, consent), "a yes that counts can be taken back"
                return
            session.commit()
        self.book.taken_back.append(Withdrawal(consent.giver_id, self.scene.now, party))

    @rule(who=CHANCE)
    def the_young_person_says_no_to_somebody(self, who) -> None:  # type: ignore[no-untyped-def]
        """Answered before or not: it is a no from now on."""
        self._later()
        young = next(m for m in self.book.members.values() if m.capacity is Capacity.YOUNG_PERSON)
        others = [m for m in self.book.members.values() if m is not young]
        member = who.choice(others)
        with self._at_work(self.book.people[young.person_id]) as session:
            ticket = self._enters(session, self.book.people[young.person_id])
            if not ticket.allows(Action.TEAM_WISH):
                assert self.book.judged(young, self.scene.now) == {}
                return
            before = team_wishes.preview_no(ticket, member.id)
            refused = all(one.answer is Answer.NO for one in requests.said_about(ticket, young.id, member.id))
            team_wishes.say_no(ticket, uuid4(), member.id, "")
            party = next((line.party for line in self._lines(ticket) if member.id in line.members_ids), None)
            session.commit()
        assert before.decides == (party is not None)
        if party is not None and not refused:
            self.book.taken_back.append(Withdrawal(young.id, self.scene.now, party))
        assert party is None or self.book.judged(member, self.scene.now).keys() <= self.book.by_law_now(member)

    def _lines(self, ticket: CaseTicket) -> list[_Line]:
        lines = requests.party_lines(ticket, ticket.membership)
        return [_Line(line.party, {member.id for member in line.members}) for line in lines]

    # The law opens, the guide shuts, somebody leaves

    @rule(who=CHANCE, days=st.integers(0, 80))
    def the_law_opens(self, who, days: int) -> None:  # type: ignore[no-untyped-def]
        self._later()
        now = self.scene.now
        member = who.choice(list(self.book.members.values()))
        with self._at_work(self.room.guide) as session:
            ticket = self._enters(session, self.room.guide)
            try:
                lacking = [p.compartment for p in overrides.may_be_overridden(ticket, member.id)]
            except InvalidInput:
                meant = self.book.meant_for(member)
                closed = self.book.is_frozen(member) or member.level_at(now) is Level.NONE
                judged = self.book.judged(member, now)
                assert closed or set(judged) == meant, f"refused though something is missing: {member} {judged} {meant}"
                return
            keys = who.sample(lacking, who.randint(1, len(lacking)))
            until = clock.today(ZONE) + timedelta(days=days)
            made = overrides.override(ticket, uuid4(), member.id, keys, until, "Barnets lov § 32", "Det haster")
            session.commit()
        self.book.by_law.append(OverrideFact(made, member.id, frozenset(keys), now, clock.end_of(until, ZONE)))

    @rule(who=CHANCE)
    def what_the_law_opened_is_ended(self, who) -> None:  # type: ignore[no-untyped-def]
        self._later()
        counting = [o for o in self.book.by_law if o.counts_at(self.scene.now)]
        if counting:
            ended = who.choice(counting)
            self._guide_does(lambda t: overrides.end_override(t, uuid4(), ended.id))
            self.book.by_law[self.book.by_law.index(ended)] = replace(ended, ended_at=self.scene.now)

    @rule(who=CHANCE)
    def a_citizen_is_frozen_out(self, who) -> None:  # type: ignore[no-untyped-def]
        self._later()
        able = [m for m in self.book.members.values() if m.unit_id is None and not self.book.is_frozen(m)]
        if able:
            member, now = who.choice(able), self.scene.now
            review = clock.today(ZONE) + timedelta(days=7)
            self._guide_does(lambda t: overrides.freeze(t, uuid4(), [member.id], review, "For at beskytte"))
            self.book.frozen.append(FreezeFact(uuid4(), member.id, now, now))

    @rule(who=CHANCE)
    def a_freeze_is_lifted(self, who) -> None:  # type: ignore[no-untyped-def]
        self._later()
        counting = [freeze for freeze in self.book.frozen if freeze.counts_at(self.scene.now)]
        if counting:
            lifted = who.choice(counting)

            def lift(ticket: CaseTicket) -> None:
                line = next(one for one in overrides.freezes(ticket) if one.membership.id == lifted.member_id)
                overrides.lift(ticket, uuid4(), line.id)

            self._guide_does(lift)
            self.book.frozen[self.book.frozen.index(lifted)] = replace(lifted, lifted_at=self.scene.now)

    @rule(who=CHANCE)
    def somebody_leaves(self, who) -> None:  # type: ignore[no-untyped-def]
        self._later()
        stay = (Capacity.OWNER, Capacity.YOUNG_PERSON)
        member = who.choice([None, *(m for m in self.book.members.values() if m.capacity not in stay)])
        if member is None:
            return
        someone = self.book.people[member.person_id]
        with self._at_work(someone) as session:
            ticket = self._enters(session, someone)
            if not ticket.allows(Action.CASE_LEAVE):
                assert member.capacity is not Capacity.PROFESSIONAL, "they can step out before they have seen anything"
                assert self.book.judged(member, self.scene.now) == {}
                return
            if member.has_left_at(self.scene.now) and not self.book.judged(member, self.scene.now):
                with pytest.raises(Overtaken):
                    leaving.leave_case(ticket, uuid4(), "new_job")
                return
            leaving.leave_case(ticket, uuid4(), "new_job")
            session.commit()
        self.book.members[member.id] = replace(member, left=(*member.left, self.scene.now))

    # Put right, and moved

    @rule(who=CHANCE, unit=st.sampled_from(UNITS))
    def somebody_moves_to_another_unit(self, who, unit: str) -> None:  # type: ignore[no-untyped-def]
        """Out until the owner sets a level again; then with what the new unit may see."""
        book, new, away = self.book, self.scene.units[unit], self.scene.units[AWAY]  # of another organisation
        offered = self.room.member(book.offered) if book.offered else None
        able = [
            m
            for m in book.members.values()
            if m.capacity is Capacity.PROFESSIONAL and m.unit_id != new and m.id != offered and m.unit_id != away
        ]
        if not able:
            return
        self._later()
        member, now = who.choice(able), self.scene.now
        assert member.unit_id is not None
        with self.story.acting(self.scene.admin) as actor:
            moves.move(actor, member.person_id, new)
        book.members[member.id] = replace(
            member,
            unit_id=new,
            units_before=(*member.units_before, (now, member.unit_id)),
            unconfirmed=(*member.unconfirmed, now),
        )

    @rule(years=st.sampled_from([-1, 0, 1]), days=st.integers(1, 27))
    def the_birth_date_is_put_right(self, years: int, days: int) -> None:
        self._later()
        born = self.book.born.replace(year=self.book.born.year + years, day=days)
        opened = self.book.opened_at.astimezone(ZONE).date()
        if born == self.book.born or not 13 <= clock.age_on(born, opened) <= 25:
            return
        young = next(m for m in self.book.members.values() if m.capacity is Capacity.YOUNG_PERSON)
        self._corrects(young, WantedCorrection(self.called(young), born))
        self.book.born = born
        self.book.members[young.id] = replace(young, corrected=(*young.corrected, self.scene.now))

    @rule(who=CHANCE, name=st.sampled_from(["Anton Bjerg", "Cecilie Dam", "Erik Frost", "Gry Holst"]))
    def somebody_is_called_otherwise(self, who, name: str) -> None:  # type: ignore[no-untyped-def]
        """While they have not come in it may be another person, whom nobody has said yes to."""
        self._later()
        able = [m for m in self.book.members.values() if m.unit_id is None and self.called(m) != name]
        if not able:
            return
        member, now = who.choice(able), self.scene.now
        young = member.capacity is Capacity.YOUNG_PERSON
        came_in = self.scene.owner.execute(
            "select exists (select from audit_event where chain_id = %s and actor_id = %s)",
            [self.room.case_id, member.person_id],
        ).fetchone()[0]
        self._corrects(member, WantedCorrection(name, self.book.born if young else None))
        renewed = member.renewed if came_in else (*member.renewed, now)
        self.book.members[member.id] = replace(member, corrected=(*member.corrected, now), renewed=renewed)

    def called(self, member: Member) -> str:
        row = self.scene.owner.execute("select display_name from membership where id = %s", [member.id]).fetchone()
        return str(row[0])

    def _corrects(self, member: Member, wanted: WantedCorrection) -> None:
        def correct(ticket: CaseTicket) -> None:
            mark = corrections.propose_correction(ticket, member.id, wanted).mark
            corrections.correct(ticket, uuid4(), member.id, wanted, "Tastefejl", mark)

        self._guide_does(correct)

    # Put in and taken out

    @rule(who=CHANCE, place=st.sampled_from([*COMPARTMENTS, BETWEEN_TWO]))
    def a_file_is_put_in(self, who, place: str) -> None:  # type: ignore[no-untyped-def]
        self._later()
        compartment = place
        if place == BETWEEN_TWO:
            rules = self.book.rules().compartments
            compartment = next(rule.key for rule in rules if rule.confidant_id == self.book.owner().id)
        able = [someone for someone, allowed in self.book.everybody() if allowed.get(compartment)]
        if able:
            self._puts_in(who.choice(able), compartment)

    @rule(who=CHANCE)
    def a_file_is_withdrawn(self, who) -> None:  # type: ignore[no-untyped-def]
        """By whoever may; what there is left of it is for whoever saw it."""
        self._later()
        file = who.choice([file for file in self.book.files if not file.withdrawn] or [None])
        if file is None:
            return
        for member in (self.book.members[file.by], self.book.owner()):
            if self.book.judged(member, self.scene.now).get(file.compartment):
                someone = self.book.people[member.person_id]
                self.story.play(self.room, someone, lambda t: folders.withdraw_file(t, file.id, "Den forkerte fil"))
                file.withdrawn = True
                return

    # Time

    @rule(days=st.sampled_from([1, 10, 60, 200]))
    def time_passes(self, days: int) -> None:
        self.scene.stand_still_at(self.scene.now + timedelta(days=days))

    @precondition(lambda self: self.scene.now < self.book.majority())
    @rule(before=st.sampled_from([timedelta(microseconds=1), timedelta(0), timedelta(hours=-1)]))
    def the_young_person_comes_of_age(self, before: timedelta) -> None:
        """To the last microsecond before the day, to its first instant, or an hour into it."""
        self.scene.stand_still_at(max(self.scene.now, self.book.majority() - before))

    @rule(before=st.sampled_from([timedelta(microseconds=1), timedelta(0)]))
    def a_yes_comes_to_its_end_date(self, before: timedelta) -> None:
        if ends := self.book.ends_ahead():
            self.scene.stand_still_at(min(ends) - before)
