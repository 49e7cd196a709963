"""What can happen in a random story around another guide: offered, answered, thought of, taken over."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from portal.access.actor import Actor
from portal.access.policy.facts import Member, Opening
from portal.access.policy.roles import Capacity, Level
from portal.access.ticket import CaseTicket, enter_case
from portal.db import PortalSession
from portal.errors import InvalidInput
from portal.services.members import confidences, handover
from portal.services.members import handover_answers as says
from tests.access import naive
from tests.rules.book import AWAY, UNITS, Book, Put, Scene
from tests.support.story import Room, Someone, Story

CHANCE = st.randoms(use_true_random=False)
OWNERS = (*UNITS, AWAY, AWAY)
LAW = handover.Law("Barnets lov § 154", "Familien er flyttet")
MOST_PEOPLE = 9
ANSWERS = ("accept", "decline", "withdraw")


class Told(RuleBasedStateMachine):
    """A story that somebody writes down while it is told."""

    scene: Scene
    book: Book
    story: Story
    room: Room

    def _later(self) -> None:
        """No two things happen at the same instant."""
        self.scene.stand_still_at(self.scene.now + timedelta(seconds=1))

    def _puts_in(self, someone: Someone, compartment: str) -> None:
        made = self.story.file(self.room, someone, compartment)
        self.book.files.append(Put(made, compartment, self.room.member(someone)))

    def _guide_does(self, act: Callable[[CaseTicket], object]) -> None:
        self.story.play(self.room, self.room.guide, act)

    def _at_work(self, someone: Someone) -> AbstractContextManager[PortalSession]:
        """Somebody's session for the length of a block; what is not committed is forgotten."""
        return closing(self.scene.runtime.new_session(someone.id))

    def _enters(self, session: PortalSession, someone: Someone) -> CaseTicket:
        actor = Actor(session, someone.id, someone.unit_id is not None, frozenset(), someone.name)
        return enter_case(actor, self.room.case_id)


class HandingOver(Told):
    """The case goes to another guide, or does not."""

    @rule(
        who=CHANCE,
        unit=st.sampled_from(OWNERS),
        by_law=st.booleans(),
        answer=st.sampled_from([*ANSWERS, "accept", "none yet", "none yet"]),
    )
    def the_case_is_offered(self, who, unit: str, by_law: bool, answer: str) -> None:  # type: ignore[no-untyped-def]
        """To a guide who had it before, or to one who comes from outside; answered at once, or not yet."""
        book = self.book
        if book.offered is not None:
            return
        self._later()
        guides = {owner.member_id for owner in book.owners} - {book.owner().id}
        known = [m for m in book.members.values() if m.id in guides]
        if known and who.random() < 0.5:
            member = who.choice(known)
            taker = book.people[member.person_id]
            unit = next(name for name, id_ in self.scene.units.items() if id_ == member.unit_id)
        elif len(book.members) < MOST_PEOPLE + 2:
            taker = self._another_guide(unit)
        else:
            return
        if self._offered_to(taker, unit, by_law) and answer in ANSWERS:
            self._answered(answer)

    @precondition(lambda self: self.book.offered is not None)
    @rule(answer=st.sampled_from(ANSWERS))
    def the_offer_is_answered(self, answer: str) -> None:
        self._answered(answer)

    @precondition(lambda self: self.book.offered is not None)
    @rule(who=CHANCE, yes=st.sampled_from([True, True, False]), everybody=st.booleans(), noted=st.booleans())
    def they_say_what_they_think_of_it(self, who, yes: bool, everybody: bool, noted: bool) -> None:  # type: ignore[no-untyped-def]
        """One of those it is about, or all of them; by themselves or noted by the guide. Nobody else is asked."""
        self._later()
        book, said = self.book, "yes" if yes else "no"
        asked = book.asked_about_it()
        for member in asked if everybody else [who.choice(asked)]:
            if noted and yes and member.id in book.own_noes:
                with pytest.raises(InvalidInput, match="own_no"):
                    self._guide_does(lambda t, id_=member.id: says.register(t, uuid4(), id_, "yes", "oral", "På mødet"))  # type: ignore[misc]
                continue
            if noted:
                self._guide_does(lambda t, id_=member.id: says.register(t, uuid4(), id_, said, "oral", "På mødet"))  # type: ignore[misc]
            elif book.is_frozen(member):
                assert self._asked(member) is None
                continue
            else:
                offer = self._asked(member)
                assert offer is not None
                someone = book.people[member.person_id]
                self.story.play(self.room, someone, lambda t, id_=offer: says.say(t, uuid4(), id_, said, ""))  # type: ignore[misc]
                (book.own_noes.discard if yes else book.own_noes.add)(member.id)
            book.said[member.id] = yes
        other = who.choice([m for m in book.members.values() if m not in asked])
        assert self._asked(other) is None

    def _asked(self, member: Member) -> UUID | None:
        found = self.story.play(self.room, self.book.people[member.person_id], says.asked_of_me)
        return found.id if found and not found.is_over else None

    def _another_guide(self, unit: str) -> Someone:
        story = self.scene.away if unit == AWAY else self.story
        return story.guide(f"Guide {len(self.book.members)}", unit)

    def _offered_to(self, taker: Someone, unit: str, by_law: bool) -> bool:
        """Whether it was offered: nobody is asked for a yes whom the question would tell where the case goes."""
        book, law = self.book, LAW if by_law else None
        asked = naive.asked_about_leaving(book.facts(), self.scene.now)
        if book.leaves(self.scene.units[unit]) and not by_law and any(book.is_frozen(member) for member in asked):
            with pytest.raises(InvalidInput, match="hand_over_frozen"):
                self._guide_does(lambda t: handover.offer(t, uuid4(), taker.id, law))
            return False
        self._guide_does(lambda t: handover.offer(t, uuid4(), taker.id, law))
        self.story.refresh(self.room)
        if taker.id not in book.people:
            book.meet(taker, Capacity.PROFESSIONAL, Level.NONE, self.scene.units[unit])
        book.offered, book.offered_by_law, book.said, book.own_noes = taker, by_law, {}, set()
        return True

    def _answered(self, answer: str) -> None:
        self._later()
        taker = self.book.offered
        assert taker is not None
        if answer == "withdraw":
            self._guide_does(lambda t: handover.withdraw_handover(t, uuid4()))
        elif answer == "decline":
            self.story.play(self.room, taker, lambda t: handover.decline(t, uuid4()))
        elif not self.book.can_be_taken():
            with pytest.raises(InvalidInput, match="hand_over_waits"):
                self.story.play(self.room, taker, lambda t: handover.accept_handover(t, uuid4()))
            return
        else:
            self.story.play(self.room, taker, lambda t: handover.accept_handover(t, uuid4()))
            self.book.handed_over(taker)
            theirs = next(r for r in self.book.rules().compartments if r.confidant_id == self.room.member(taker)).key
            if theirs not in {file.compartment for file in self.book.files}:
                self._puts_in(taker, theirs)
                self.story.thread(self.room, taker, theirs)
        self.book.offered = None

    @precondition(lambda self: len(self.book.owners) > 1)
    @rule(who=CHANCE, opened=st.booleans())
    def the_young_person_says_who_may_read_what_was_told_before(self, who, opened: bool) -> None:  # type: ignore[no-untyped-def]
        self._later()
        young, book = next(m for m in self.book.members.values() if m.capacity is Capacity.YOUNG_PERSON), self.book
        before = [rule for rule in book.rules().compartments if rule.confidant_id not in (None, book.owner().id)]
        if not before or not book.judged(young, self.scene.now):
            return
        rule, someone = who.choice(before), book.people[young.person_id]
        with self._at_work(someone) as session:
            ticket = self._enters(session, someone)
            asked = {question.compartment: question for question in confidences.questions(ticket)}
            if rule.key not in asked:
                assert not [f for f in book.files if f.compartment == rule.key], "asked about whatever holds something"
                return
            found = asked[rule.key]
            said = "yes" if opened else "no"
            confidences.answer_confidence(ticket, uuid4(), found.compartment_id, book.owner().id, said)
            session.commit()
        about = (rule.key, book.owner().id)
        last = [one.opened for one in book.openings if (one.compartment, one.member_id) == about][-1:]
        if last != [opened]:  # said again it is what it was
            book.openings.append(Opening(*about, self.scene.now, opened))
