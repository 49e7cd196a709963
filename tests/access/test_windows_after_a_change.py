"""Access windows when something changes: a law, a freeze, a level, another unit."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from portal.access.policy.facts import ConsentFact, FreezeFact, Member, OverrideFact, Party
from portal.access.policy.roles import Level
from portal.access.policy.windows import Basis, Obstacle
from tests.access.test_windows import (
    AUNT,
    COLLEAGUE,
    DAY,
    FATHER,
    LATER,
    MOTHER,
    OWN_UNIT,
    OWNER,
    TEACHER,
    TO_SCHOOL,
    YOUNG,
    a_case,
    compartments,
    obstacles,
    seen,
    yes,
)

# Rule 7


def by_law(
    member: Member, *compartments: str, days: int = 30, at: datetime = DAY, ended: datetime | None = None
) -> OverrideFact:
    return OverrideFact(UUID(int=900), member.id, frozenset(compartments), at, at + timedelta(days=days), ended)


def test_a_legal_override_stands_in_for_consent_in_the_compartments_it_names_and_no_other() -> None:
    facts = replace(a_case(), overrides=(by_law(TEACHER, "shared"),))
    assert compartments(facts, TEACHER) == {"shared"}
    assert seen(facts, TEACHER, "shared").basis is Basis.LEGAL_OVERRIDE
    assert compartments(facts, AUNT) == set()


def test_a_legal_override_ends_at_its_end_date_by_itself_and_earlier_when_it_is_ended() -> None:
    facts = replace(a_case(), overrides=(by_law(TEACHER, "shared", days=20),))
    end = DAY + timedelta(days=20)
    assert compartments(facts, TEACHER, end - timedelta(microseconds=1)) == {"shared"}
    assert compartments(facts, TEACHER, end) == set()
    ended = replace(a_case(), overrides=(by_law(TEACHER, "shared", ended=LATER),))
    assert compartments(ended, TEACHER, LATER) == set()


def test_where_consent_is_there_it_is_the_basis_and_the_override_is_not_needed() -> None:
    agreed = a_case(*(yes(giver, TO_SCHOOL) for giver in (YOUNG, MOTHER, FATHER)))
    facts = replace(agreed, overrides=(by_law(TEACHER, "shared"),))
    assert seen(facts, TEACHER, "shared").basis is Basis.CONSENT


def test_a_legal_override_opens_neither_what_is_not_meant_for_somebody_nor_what_the_guide_has_closed() -> None:
    facts = replace(a_case(), overrides=(by_law(MOTHER, "professionals", "without_parents"),))
    assert compartments(facts, MOTHER) == set()
    closed = replace(TEACHER, levels=((DAY, Level.NONE),))
    facts = replace(a_case(members=(OWNER, YOUNG, MOTHER, closed)), overrides=(by_law(closed, "shared"),))
    assert compartments(facts, closed) == set()


def test_a_freeze_closes_everything_at_once_whatever_else_is_true_until_it_is_lifted() -> None:
    agreed = a_case(yes(YOUNG, Party(membership_id=MOTHER.id)))
    lifted = LATER + timedelta(days=3)
    freeze = FreezeFact(UUID(int=901), MOTHER.id, LATER, LATER + timedelta(days=1), lifted)
    facts = replace(agreed, freezes=(freeze,), overrides=(by_law(MOTHER, "shared"),))
    assert compartments(facts, MOTHER, LATER - timedelta(microseconds=1)) == {"shared", "health"}
    assert compartments(facts, MOTHER, LATER) == set()
    assert obstacles(facts, MOTHER, at=LATER) == [(Obstacle.FROZEN, None)]
    assert compartments(facts, MOTHER, freeze.review_at) == set(), "the review date opens nothing"
    assert compartments(facts, MOTHER, lifted) == {"shared", "health"}


def test_the_young_person_can_be_frozen_too() -> None:
    facts = replace(a_case(), freezes=(FreezeFact(UUID(int=902), YOUNG.id, LATER, LATER + timedelta(days=1)),))
    assert compartments(facts, YOUNG) == set()


def test_who_leaves_is_out_until_the_owner_lets_them_in_again() -> None:
    gone = replace(COLLEAGUE, left=(LATER,))
    facts = a_case(members=(OWNER, YOUNG, gone))
    assert "shared" in compartments(facts, gone, LATER - timedelta(microseconds=1))
    assert obstacles(facts, gone) == [(Obstacle.LEFT, None)]
    back = replace(gone, levels=(*gone.levels, (LATER + timedelta(days=1), Level.READ)))
    assert "shared" in compartments(a_case(members=(OWNER, YOUNG, back)), back, LATER + timedelta(days=1))


# Levels


def test_reading_and_writing_follow_what_the_owner_set() -> None:
    writing = replace(COLLEAGUE, levels=((DAY, Level.READ), (LATER, Level.WRITE)))
    facts = a_case(members=(OWNER, YOUNG, writing))
    before, after = seen(facts, writing, "shared", DAY), seen(facts, writing, "shared", LATER)
    assert (before.can_read, before.can_write) == (True, False)
    assert (after.can_read, after.can_write) == (True, True)


def test_somebody_shut_out_is_told_so_and_not_that_nothing_was_ever_opened() -> None:
    closed = replace(COLLEAGUE, levels=((DAY, Level.READ), (LATER, Level.NONE)))
    assert obstacles(a_case(members=(OWNER, YOUNG, closed)), closed) == [(Obstacle.CLOSED, None)]


@pytest.mark.parametrize("compartment", ["without_parents", "professionals"])
def test_no_consent_opens_a_compartment_that_is_not_meant_for_somebody(compartment: str) -> None:
    facts = a_case(yes(YOUNG, Party(membership_id=MOTHER.id)))
    verdict = seen(facts, MOTHER, compartment)
    assert not verdict.can_read
    assert verdict.blockers == ()


# Rule 8

JOB_CENTRE = UUID(int=13)


EVEN_LATER = LATER + timedelta(days=10)


def moved(member: Member, to: UUID, at: datetime = LATER, *set_again: tuple[datetime, Level]) -> Member:
    """They worked in their unit until then, and in another since; perhaps the owner let them in again."""
    assert member.unit_id is not None
    return replace(
        member,
        unit_id=to,
        units_before=((at, member.unit_id),),
        unconfirmed=(at,),
        levels=(*member.levels, *set_again),
    )


def everybody_says(*parties: Party) -> tuple[ConsentFact, ...]:
    return tuple(yes(giver, *parties) for giver in (YOUNG, MOTHER, FATHER))


@pytest.mark.parametrize("to", [JOB_CENTRE, OWN_UNIT])
def test_whoever_moves_is_out_until_the_owner_says_so_and_what_was_stays_what_it_was(to: UUID) -> None:
    consents = everybody_says(TO_SCHOOL, Party(unit_id=JOB_CENTRE))
    out = moved(TEACHER, to)
    facts = a_case(*consents, members=(OWNER, YOUNG, MOTHER, FATHER, out))
    just_before = LATER - timedelta(microseconds=1)
    assert compartments(facts, out, just_before) == {"shared", "health", "without_parents", "professionals"}
    assert compartments(facts, out, LATER) == set()
    assert obstacles(facts, out, at=EVEN_LATER) == [(Obstacle.UNCONFIRMED, None)]


def test_what_was_seen_before_a_move_rests_on_the_unit_before_also_when_looked_back_at() -> None:
    back_in = moved(TEACHER, JOB_CENTRE, LATER, (EVEN_LATER, Level.READ))
    to_school = a_case(*everybody_says(TO_SCHOOL), members=(OWNER, YOUNG, MOTHER, FATHER, back_in))
    assert compartments(to_school, back_in, LATER - timedelta(days=1)) != set()
    assert obstacles(to_school, back_in, at=EVEN_LATER)[0] == (Obstacle.CONSENT_MISSING, YOUNG.id)
    to_the_other = a_case(*everybody_says(Party(unit_id=JOB_CENTRE)), members=(OWNER, YOUNG, MOTHER, FATHER, back_in))
    assert compartments(to_the_other, back_in, LATER - timedelta(days=1)) == set()
    assert compartments(to_the_other, back_in, EVEN_LATER) != set()


def test_moving_into_the_owners_unit_needs_no_consent_from_when_the_owner_says_so_and_not_before() -> None:
    back_in = moved(TEACHER, OWN_UNIT, LATER, (EVEN_LATER, Level.READ))
    facts = a_case(members=(OWNER, YOUNG, MOTHER, FATHER, back_in))
    for at in (DAY, LATER, EVEN_LATER - timedelta(microseconds=1)):
        assert compartments(facts, back_in, at) == set()
    assert seen(facts, back_in, "shared", EVEN_LATER).basis is Basis.OWN_UNIT


def test_a_law_that_lets_somebody_in_does_not_follow_them_out_of_their_unit_by_itself() -> None:
    out = moved(TEACHER, JOB_CENTRE)
    by_law = OverrideFact(UUID(int=900), TEACHER.id, frozenset({"shared"}), DAY, DAY + timedelta(days=60))
    facts = replace(a_case(members=(OWNER, YOUNG, MOTHER, FATHER, out)), overrides=(by_law,))
    assert compartments(facts, out, LATER - timedelta(days=1)) == {"shared"}
    assert compartments(facts, out, EVEN_LATER) == set()


def test_a_declaration_says_nothing_about_a_member_who_was_corrected_into_somebody_else() -> None:
    father = replace(FATHER, renewed=(LATER,))
    named = Party(membership_id=FATHER.id)
    once = a_case(yes(YOUNG, named), members=(OWNER, YOUNG, MOTHER, father))
    assert compartments(once, father, LATER - timedelta(microseconds=1)) == {"shared", "health"}
    assert obstacles(once, father, at=LATER) == [(Obstacle.CONSENT_MISSING, YOUNG.id)]
    anew = a_case(yes(YOUNG, named), yes(YOUNG, named, at=EVEN_LATER), members=(OWNER, YOUNG, MOTHER, father))
    assert compartments(anew, father, EVEN_LATER) == {"shared", "health"}
