"""The ages that decide something, to the day: 15, 18, and what ends and begins at the first instant of a birthday."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.access.policy import ages
from portal.access.policy.answers import givers
from portal.access.policy.roles import Capacity
from portal.settings import Settings
from portal.tools.profile import every_profile
from tests.access.test_windows import AUNT, MOTHER, OWNER, YOUNG, a_case

ZONE = ZoneInfo("Europe/Copenhagen")
BORN = date(2009, 7, 15)
OF_AGE = datetime(2027, 7, 14, 22, tzinfo=UTC)
"""Midnight of the 18th birthday, in summer."""
EYE_BLINK = timedelta(microseconds=1)
OTHERS = set(Capacity) - {Capacity.PARENT}


def test_the_ages_of_the_law_are_those_of_every_shipped_profile_and_of_the_settings() -> None:
    for one in every_profile():
        assert one.majority_age == ages.MAJORITY == 18
        assert set(one.consent_age.values()) <= {ages.OWN_CONSENT_TO_HEALTH} == {15}
    assert Settings.model_fields["minimum_age"].default == ages.SIGNS_IN == 15


def test_an_age_is_reached_at_the_first_instant_of_the_birthday_by_the_clocks_on_the_wall() -> None:
    assert ages.turns(BORN, ages.MAJORITY, ZONE) == OF_AGE
    assert ages.turns(BORN, ages.OWN_CONSENT_TO_HEALTH, ZONE) == datetime(2024, 7, 14, 22, tzinfo=UTC)
    assert ages.turns(date(2009, 1, 15), ages.MAJORITY, ZONE) == datetime(2027, 1, 14, 23, tzinfo=UTC)


def test_whoever_is_born_on_29_february_comes_of_age_on_1_march_of_a_year_without_that_day() -> None:
    assert ages.turns(date(2008, 2, 29), ages.MAJORITY, ZONE) == datetime(2026, 2, 28, 23, tzinfo=UTC)


def test_the_young_person_decides_alone_from_the_age_the_profile_names_and_about_everything_at_18() -> None:
    assert ages.own_consent_is_enough(15, 18) == 15
    assert ages.own_consent_is_enough(None, 18) == 18
    assert ages.own_consent_is_enough(20, 18) == 18


def test_a_declaration_is_an_adults_from_the_first_instant_of_the_18th_birthday() -> None:
    assert ages.is_given_as_adult(OF_AGE, OF_AGE)
    assert not ages.is_given_as_adult(OF_AGE - EYE_BLINK, OF_AGE)


@pytest.mark.parametrize(
    ("at", "given", "reads"),
    [
        (OF_AGE - EYE_BLINK, OF_AGE - timedelta(days=1), True),
        (OF_AGE, OF_AGE - EYE_BLINK, False),
        (OF_AGE, OF_AGE, True),
        (OF_AGE + timedelta(days=400), OF_AGE, True),
        (OF_AGE - EYE_BLINK, None, False),
        (OF_AGE, None, False),
    ],
)
def test_a_parent_reads_by_any_yes_until_18_and_by_an_adults_yes_from_then_on(
    at: datetime, given: datetime | None, reads: bool
) -> None:
    assert ages.parent_reads_at_18(at, OF_AGE, given) is reads


def test_the_access_that_ends_by_itself_with_the_18th_birthday_is_a_parents() -> None:
    assert {capacity for capacity in Capacity if ages.access_ends_at_18(capacity)} == {Capacity.PARENT}


def test_a_custody_holders_consent_ends_at_the_first_instant_of_the_18th_birthday_and_nobody_elses_does() -> None:
    assert ages.custody_consent_ends_at_18(Capacity.PARENT, OF_AGE, OF_AGE)
    assert not ages.custody_consent_ends_at_18(Capacity.PARENT, OF_AGE - EYE_BLINK, OF_AGE)
    assert not any(ages.custody_consent_ends_at_18(other, OF_AGE, OF_AGE) for other in OTHERS)


def test_a_custody_holders_consent_lasts_until_the_day_before_the_18th_birthday_at_most() -> None:
    eve, late = date(2027, 7, 14), date(2027, 12, 1)
    assert ages.last_day_of_consent(Capacity.PARENT, late, BORN, 18) == eve
    assert ages.last_day_of_consent(Capacity.PARENT, eve - timedelta(days=1), BORN, 18) == eve - timedelta(days=1)
    assert {ages.last_day_of_consent(other, late, BORN, 18) for other in OTHERS} == {late}


def test_the_young_adult_is_asked_anew_from_the_birthday_on_until_they_have_declared_as_one() -> None:
    before = OF_AGE - timedelta(days=30)
    assert not ages.is_asked_anew_at_18(before, OF_AGE - EYE_BLINK, OF_AGE)
    assert ages.is_asked_anew_at_18(before, OF_AGE, OF_AGE)
    assert not ages.is_asked_anew_at_18(OF_AGE, OF_AGE + timedelta(days=1), OF_AGE)
    assert not ages.is_asked_anew_at_18(None, OF_AGE, OF_AGE), "who has never answered is asked anyhow"


def test_a_custody_holder_is_asked_until_their_custody_ends_and_until_18_at_most() -> None:
    since, ends = OF_AGE - timedelta(days=900), OF_AGE - timedelta(days=90)
    assert ages.consent_asked_until(since, None, OF_AGE, True) == OF_AGE
    assert ages.consent_asked_until(since, ends, OF_AGE, True) == ends
    assert ages.consent_asked_until(since, OF_AGE + timedelta(days=1), OF_AGE, True) == OF_AGE
    assert ages.consent_asked_until(None, None, OF_AGE, True) is None
    assert ages.consent_asked_until(since, None, OF_AGE, False) is None


def test_consent_counts_of_custody_holders_until_the_first_instant_of_the_18th_birthday() -> None:
    facts = a_case(born=BORN, members=(OWNER, YOUNG, MOTHER, AUNT))
    assert givers(facts, OF_AGE - EYE_BLINK) == (YOUNG, MOTHER)
    assert givers(facts, OF_AGE) == (YOUNG,)
