"""Access windows: the rules one by one as people would say them, and all of them at once against a naive judge."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given

from portal.access.policy.ages import majority
from portal.access.policy.facts import ConsentFact, Facts, Grant, Member, Party, Withdrawal
from portal.access.policy.roles import Capacity, Level
from portal.access.policy.windows import Basis, Blocker, Obstacle, Verdict, compute, judge
from portal.tools.profile import profile
from tests.access import naive
from tests.access.made_up import INSTANTS, made_up_facts

RULES = profile("samarbejdsmodellen_dk").rules()


DAY = datetime(2026, 6, 1, 10, tzinfo=UTC)


LATER = DAY + timedelta(days=10)


OWN_UNIT, SCHOOL = UUID(int=11), UUID(int=12)


HEALTH = frozenset({"physical_health", "mental_health", "substances"})


EVERYTHING = frozenset({"shared", "health", "without_parents", "professionals"})


WITHOUT_HEALTH = EVERYTHING - {"health"}


IN = {rule.key: rule.categories for rule in RULES.compartments}


OWNER = Member(UUID(int=1), UUID(int=101), Capacity.OWNER, OWN_UNIT, ((DAY, Level.WRITE),))


YOUNG = Member(UUID(int=2), UUID(int=102), Capacity.YOUNG_PERSON, None, ((DAY, Level.WRITE),))


MOTHER = Member(UUID(int=3), UUID(int=103), Capacity.PARENT, None, ((DAY, Level.READ),), custody_from=DAY)


FATHER = Member(UUID(int=4), UUID(int=104), Capacity.PARENT, None, ((DAY, Level.READ),), custody_from=DAY)


TEACHER = Member(UUID(int=5), UUID(int=105), Capacity.PROFESSIONAL, SCHOOL, ((DAY, Level.READ),))


COLLEAGUE = Member(UUID(int=6), UUID(int=106), Capacity.PROFESSIONAL, OWN_UNIT, ((DAY, Level.READ),))


AUNT = Member(UUID(int=7), UUID(int=107), Capacity.NETWORK_PERSON, None, ((DAY, Level.READ),))


TO_SCHOOL = Party(unit_id=SCHOOL)


def a_case(*consents: ConsentFact, born: date = date(2009, 1, 15), members: tuple[Member, ...] | None = None) -> Facts:
    """A case about somebody of 17 with two custody holders, a teacher, a colleague and an aunt."""
    everybody = (OWNER, YOUNG, MOTHER, FATHER, TEACHER, COLLEAGUE, AUNT)
    return Facts(RULES, born, OWN_UNIT, members or everybody, consents)


def yes(
    giver: Member,
    *parties: Party,
    to: frozenset[str] = EVERYTHING,
    at: datetime = DAY,
    months: int = 12,
    but: frozenset[str] = frozenset(),
    known: datetime | None = None,
    no: frozenset[tuple[Party, str]] = frozenset(),
) -> ConsentFact:
    """A yes to whole compartments, whose words name everything `but` some categories; registered when `known`."""
    grants = frozenset(Grant(party, key, each) for party in parties for key in to for each in IN[key] - but)
    number = UUID(int=int(giver.id) * 1_000_000 + int(at.timestamp()) % 1_000_000)
    return ConsentFact(number, giver.id, at, known or at, at + timedelta(days=30 * months), grants, no)


def seen(facts: Facts, member: Member, compartment: str, at: datetime = LATER) -> Verdict:
    rule = next(rule for rule in RULES.compartments if rule.key == compartment)
    return judge(facts, member, rule, at)


def compartments(facts: Facts, member: Member, at: datetime = LATER) -> set[str]:
    """The compartments that an open window leads to."""
    return {
        w.compartment
        for w in compute(facts).windows
        if w.member_id == member.id and w.valid_from <= at and (w.valid_until is None or at < w.valid_until)
    }


def obstacles(
    facts: Facts, member: Member, compartment: str = "shared", at: datetime = LATER
) -> list[tuple[str, UUID | None]]:
    return [(blocker.obstacle.value, blocker.giver_id) for blocker in seen(facts, member, compartment, at).blockers]


# Rule 1


def test_the_young_person_sees_what_is_theirs_without_any_consent() -> None:
    assert compartments(a_case(), YOUNG) == {"shared", "health", "without_parents", "guide_only"}


def test_the_young_person_sees_nothing_before_the_owner_has_opened() -> None:
    closed = replace(YOUNG, levels=((DAY, Level.NONE),))
    facts = a_case(members=(OWNER, closed))
    assert compartments(facts, closed) == set()
    assert obstacles(facts, closed) == [(Obstacle.NOT_OPENED, None)]


# Rule 2


def test_a_colleague_of_the_owners_unit_needs_no_consent() -> None:
    facts = a_case()
    assert compartments(facts, COLLEAGUE) == {"shared", "health", "without_parents", "professionals"}
    assert seen(facts, COLLEAGUE, "shared").basis is Basis.OWN_UNIT


# Rule 3


def test_another_unit_sees_nothing_until_the_last_consent_is_in() -> None:
    assert obstacles(a_case(), TEACHER) == [
        (Obstacle.CONSENT_MISSING, YOUNG.id),
        (Obstacle.CONSENT_MISSING, MOTHER.id),
        (Obstacle.CONSENT_MISSING, FATHER.id),
    ]
    two = a_case(yes(YOUNG, TO_SCHOOL), yes(MOTHER, TO_SCHOOL))
    assert compartments(two, TEACHER) == set()
    assert obstacles(two, TEACHER) == [(Obstacle.CONSENT_MISSING, FATHER.id)]
    three = a_case(yes(YOUNG, TO_SCHOOL), yes(MOTHER, TO_SCHOOL), yes(FATHER, TO_SCHOOL))
    assert compartments(three, TEACHER) == {"shared", "health", "without_parents", "professionals"}


def test_consent_without_health_opens_everything_but_health() -> None:
    facts = a_case(*(yes(giver, TO_SCHOOL, to=WITHOUT_HEALTH) for giver in (YOUNG, MOTHER, FATHER)))
    assert compartments(facts, TEACHER) == {"shared", "without_parents", "professionals"}


@pytest.mark.parametrize("key", sorted(EVERYTHING))
def test_a_yes_opens_the_compartment_it_names_and_no_other_that_holds_the_same(key: str) -> None:
    facts = a_case(*(yes(giver, TO_SCHOOL, to=frozenset({key})) for giver in (YOUNG, MOTHER, FATHER)))
    assert compartments(facts, TEACHER) == {key}
    one_lacks = a_case(yes(YOUNG, TO_SCHOOL), yes(MOTHER, TO_SCHOOL), yes(FATHER, TO_SCHOOL, to=EVERYTHING - {key}))
    assert compartments(one_lacks, TEACHER) == EVERYTHING - {key}


def test_a_yes_does_not_open_what_has_come_to_hold_more_than_its_words_named() -> None:
    almost = frozenset({"finances"})
    facts = a_case(*(yes(giver, TO_SCHOOL, but=almost) for giver in (YOUNG, MOTHER, FATHER)))
    assert compartments(facts, TEACHER) == {"health"}
    assert obstacles(facts, TEACHER) == [(Obstacle.CONSENT_MISSING, one.id) for one in (YOUNG, MOTHER, FATHER)]


def test_a_no_is_told_as_a_no_with_its_day_and_opens_nothing() -> None:
    young = yes(YOUNG, TO_SCHOOL, to=frozenset({"health"}), no=frozenset({(TO_SCHOOL, "shared")}))
    facts = a_case(young, yes(MOTHER, TO_SCHOOL), yes(FATHER, TO_SCHOOL))
    assert compartments(facts, TEACHER) == {"health"}
    assert seen(facts, TEACHER, "shared").blockers == (Blocker(Obstacle.CONSENT_REFUSED, YOUNG.id, DAY),)
    assert obstacles(facts, TEACHER, "professionals") == [(Obstacle.CONSENT_MISSING, YOUNG.id)], "never asked about"


def test_a_minor_without_any_noted_custody_holder_keeps_other_units_out() -> None:
    facts = a_case(yes(YOUNG, TO_SCHOOL), members=(OWNER, YOUNG, TEACHER))
    assert obstacles(facts, TEACHER) == [(Obstacle.CUSTODY_UNKNOWN, None)]


def test_an_adult_alone_decides_about_professionals() -> None:
    facts = a_case(yes(YOUNG, TO_SCHOOL), born=date(2008, 1, 15))
    assert "shared" in compartments(facts, TEACHER)


def test_a_category_can_need_only_the_young_persons_own_yes_from_an_earlier_age() -> None:
    facts = a_case(yes(YOUNG, TO_SCHOOL))
    early = replace(facts, rules=replace(RULES, consent_age=dict.fromkeys(HEALTH, 15)))
    assert compartments(early, TEACHER) == {"health"}


# Rule 4


def test_a_parent_of_a_minor_needs_the_young_persons_yes_by_name() -> None:
    assert compartments(a_case(), MOTHER) == set()
    named = a_case(yes(YOUNG, Party(membership_id=MOTHER.id)))
    assert compartments(named, MOTHER) == {"shared", "health"}
    assert compartments(named, FATHER) == set()


def test_the_profile_can_let_parents_of_minors_in_without_it() -> None:
    facts = replace(a_case(), rules=replace(RULES, parent_needs_young_persons_yes=False))
    assert compartments(facts, MOTHER) == {"shared", "health"}


def test_a_parents_access_ends_by_itself_on_the_eighteenth_birthday() -> None:
    facts = a_case(yes(YOUNG, Party(membership_id=MOTHER.id)))
    birthday = majority(facts)
    assert birthday == datetime(2027, 1, 14, 23, tzinfo=UTC)  # midnight in Copenhagen, in winter
    assert "shared" in compartments(facts, MOTHER, birthday - timedelta(seconds=1))
    assert compartments(facts, MOTHER, birthday) == set()
    assert obstacles(facts, MOTHER, at=birthday) == [(Obstacle.GROWN_UP, YOUNG.id)]


def test_a_grown_up_can_let_a_parent_in_again() -> None:
    facts = a_case(yes(YOUNG, Party(membership_id=MOTHER.id), at=DAY), born=date(2008, 7, 1))
    grown = majority(facts) + timedelta(days=1)
    again = a_case(*facts.consents, yes(YOUNG, Party(membership_id=MOTHER.id), at=grown), born=date(2008, 7, 1))
    assert compartments(again, MOTHER, grown + timedelta(hours=1)) == {"shared", "health"}
    assert seen(again, MOTHER, "shared", grown).basis is Basis.ADULT_CONSENT


# Rule 5


def test_a_network_person_must_be_named_by_everyone_who_is_asked() -> None:
    aunt = Party(membership_id=AUNT.id)
    assert compartments(a_case(yes(YOUNG, aunt), yes(MOTHER, aunt)), AUNT) == set()
    agreed = a_case(yes(YOUNG, aunt), yes(MOTHER, aunt), yes(FATHER, aunt))
    assert compartments(agreed, AUNT) == {"shared", "health"}


# Rule 6


def test_a_withdrawal_closes_from_that_instant_on_and_not_before() -> None:
    agreed = a_case(yes(YOUNG, TO_SCHOOL), yes(MOTHER, TO_SCHOOL), yes(FATHER, TO_SCHOOL))
    facts = replace(agreed, withdrawals=(Withdrawal(YOUNG.id, LATER, TO_SCHOOL),))
    assert "shared" in compartments(facts, TEACHER, LATER - timedelta(microseconds=1))
    assert compartments(facts, TEACHER, LATER) == set()
    assert obstacles(facts, TEACHER) == [(Obstacle.CONSENT_WITHDRAWN, YOUNG.id)]


def test_taking_one_party_back_leaves_the_others() -> None:
    other = Party(unit_id=UUID(int=77))
    agreed = a_case(yes(YOUNG, TO_SCHOOL, other), yes(MOTHER, TO_SCHOOL), yes(FATHER, TO_SCHOOL))
    facts = replace(agreed, withdrawals=(Withdrawal(YOUNG.id, LATER, other),))
    assert "shared" in compartments(facts, TEACHER)


@pytest.mark.parametrize("party", [TO_SCHOOL, None])
def test_a_withdrawal_stands_against_all_that_was_declared_before_it_whenever_that_comes_in(
    party: Party | None,
) -> None:
    others, back = (yes(MOTHER, TO_SCHOOL), yes(FATHER, TO_SCHOOL)), (Withdrawal(YOUNG.id, LATER, party),)
    late = yes(YOUNG, TO_SCHOOL, at=LATER - timedelta(days=3), known=LATER + timedelta(days=1))
    after = LATER + timedelta(days=2)
    for before in ((), (yes(YOUNG, TO_SCHOOL),)):
        facts = replace(a_case(*before, late, *others), withdrawals=back)
        assert compartments(facts, TEACHER, after) == set()
    anew = yes(YOUNG, TO_SCHOOL, at=LATER + timedelta(hours=1))
    assert compartments(replace(a_case(late, anew, *others), withdrawals=back), TEACHER, after) == EVERYTHING


def test_an_older_paper_takes_no_newer_answers_place_and_counts_from_when_it_came_in() -> None:
    others = (yes(MOTHER, TO_SCHOOL), yes(FATHER, TO_SCHOOL))
    paper = yes(YOUNG, TO_SCHOOL, to=frozenset({"health"}), at=DAY - timedelta(days=9), known=LATER)
    facts = a_case(yes(YOUNG, TO_SCHOOL), paper, *others)
    assert compartments(facts, TEACHER, LATER) == EVERYTHING
    newer = yes(YOUNG, TO_SCHOOL, to=frozenset({"health"}), at=DAY + timedelta(days=1), known=LATER)
    facts = a_case(yes(YOUNG, TO_SCHOOL), newer, *others)
    assert compartments(facts, TEACHER, LATER - timedelta(microseconds=1)) == EVERYTHING, "nobody knew of it yet"
    assert compartments(facts, TEACHER, LATER) == {"health"}


def test_a_no_to_somebody_needs_no_declaration_and_stands_until_the_next() -> None:
    others = (yes(MOTHER, TO_SCHOOL), yes(FATHER, TO_SCHOOL))
    facts = replace(a_case(*others), withdrawals=(Withdrawal(YOUNG.id, LATER, TO_SCHOOL),))
    assert obstacles(facts, TEACHER, at=LATER) == [(Obstacle.CONSENT_REFUSED, YOUNG.id)]
    assert obstacles(facts, AUNT, at=LATER)[0] == (Obstacle.CONSENT_MISSING, YOUNG.id)
    anew = replace(facts, consents=(*facts.consents, yes(YOUNG, TO_SCHOOL, at=LATER + timedelta(hours=1))))
    assert compartments(anew, TEACHER, LATER + timedelta(hours=1)) == EVERYTHING


def test_a_consent_ends_at_its_end_date() -> None:
    facts = a_case(yes(YOUNG, TO_SCHOOL, months=1), yes(MOTHER, TO_SCHOOL), yes(FATHER, TO_SCHOOL))
    end = DAY + timedelta(days=30)
    assert "shared" in compartments(facts, TEACHER, end - timedelta(microseconds=1))
    assert obstacles(facts, TEACHER, at=end) == [(Obstacle.CONSENT_EXPIRED, YOUNG.id)]


def test_a_new_declaration_takes_the_place_of_the_one_before() -> None:
    narrower = yes(YOUNG, TO_SCHOOL, to=frozenset({"health"}), at=LATER)
    facts = a_case(yes(YOUNG, TO_SCHOOL), narrower, yes(MOTHER, TO_SCHOOL), yes(FATHER, TO_SCHOOL))
    assert compartments(facts, TEACHER, LATER) == {"health"}


def test_a_custody_holders_say_ends_at_the_eighteenth_birthday() -> None:
    facts = a_case(yes(YOUNG, TO_SCHOOL, months=24), yes(MOTHER, TO_SCHOOL), yes(FATHER, TO_SCHOOL, months=1))
    grown = majority(facts)
    assert compartments(facts, TEACHER, grown - timedelta(seconds=1)) == set()
    assert "shared" in compartments(facts, TEACHER, grown)


# All rules at once


@given(facts=made_up_facts(), at=INSTANTS)
def test_windows_say_what_the_naive_judge_says(facts: Facts, at: datetime) -> None:
    windows = compute(facts).windows
    for member in facts.members:
        for rule in facts.rules.compartments:
            open_now = [
                w
                for w in windows
                if (w.member_id, w.compartment) == (member.id, rule.key)
                and w.valid_from <= at
                and (w.valid_until is None or at < w.valid_until)
            ]
            assert len(open_now) <= 1, "two windows at once"
            computed = (bool(open_now), any(w.can_write for w in open_now))
            assert computed == naive.may(facts, member, rule, at), (member.capacity, rule.key)


@given(facts=made_up_facts(), at=INSTANTS)
def test_just_around_every_border_of_a_window_too(facts: Facts, at: datetime) -> None:
    del at
    for window in compute(facts).windows:
        member = facts.member(window.member_id)
        rule = next(rule for rule in facts.rules.compartments if rule.key == window.compartment)
        assert naive.may(facts, member, rule, window.valid_from) == (True, window.can_write)
        if window.valid_until is not None:
            last = window.valid_until - timedelta(microseconds=1)
            assert naive.may(facts, member, rule, last) == (True, window.can_write)


@given(facts=made_up_facts(), at=INSTANTS)
def test_whoever_sees_nothing_is_told_why_and_nobody_else_is(facts: Facts, at: datetime) -> None:
    picture = compute(facts)
    for member in facts.members:
        turns = [since for since, _ in member.levels]
        sees = any(naive.may(facts, member, rule, at)[0] for rule in facts.rules.compartments)
        told = [
            n
            for n in picture.notices
            if n.member_id == member.id and n.valid_from <= at and (n.valid_until is None or at < n.valid_until)
        ]
        assert len(told) <= 1
        if sees:
            assert not told
        elif turns and min(turns) <= at:
            assert told
            assert told[0].blockers, "a reason"
