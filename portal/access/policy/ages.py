"""The ages that decide something, and the instants at which they are reached. Pure.

An age counts from the first instant of the birthday, by the clocks of the profile's time zone. It is worked out when it
is asked for and stored nowhere. The numbers are those of Danish law; a municipality's profile holds the ones that count
in its cases (`majority_age`, `consent_age`), so that its lawyer can change them.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from portal import clock
from portal.access.policy.facts import Facts
from portal.access.policy.roles import Capacity

MAJORITY = 18
"""Of age: custody ends, and nobody else's consent is asked for (værgemålsloven § 1, forældreansvarsloven § 1)."""
OWN_CONSENT_TO_HEALTH = 15
"""The age from which a profile may let the young person alone decide about health (sundhedsloven § 17)."""
SIGNS_IN = 15
"""The youngest who signs in with an eID, unless the installation says otherwise (`MINIMUM_AGE`)."""
PLAUSIBLE_MAJORITY = range(15, 26)
"""What a profile may call of age. Anything else is a slip of the pen."""
YOUNGEST_OWN_CONSENT = 10
"""Below it no profile may let the young person alone decide about a category."""


def majority(facts: Facts) -> datetime:
    """The first instant of the day on which the young person comes of age."""
    return reaches(facts, facts.rules.majority_age)


def reaches(facts: Facts, age: int) -> datetime:
    """The first instant of the day on which the young person reaches an age."""
    return turns(facts.birth_date, age, facts.rules.zone)


@lru_cache(10_000)
def turns(birth_date: date, age: int, zone: ZoneInfo) -> datetime:
    """The first instant of the birthday on which somebody reaches an age. The calendar is looked into once."""
    return clock.start_of(clock.birthday(birth_date, age), zone)


def own_consent_is_enough(own_age: int | None, majority_age: int) -> int:
    """The age from which the young person's own consent to a category is enough. A custody holder decides with them
    until then, and about nothing once they are of age.

    Source: access rule 3; sundhedsloven § 17 for health.
    """
    return majority_age if own_age is None else min(own_age, majority_age)


def is_given_as_adult(given_at: datetime, majority: datetime) -> bool:
    """A declaration counts as an adult's when it was given on the 18th birthday or later.

    Source: access rule 4.
    """
    return majority <= given_at


def parent_reads_at_18(at: datetime, majority: datetime, yes_given_at: datetime | None) -> bool:
    """Until the 18th birthday a parent reads by any consent of the young person that names them. From its first instant
    only by one that was given as an adult: what they said as a minor ends with that day.

    Source: access rule 4; custody ends at majority (forældreansvarsloven § 1).
    """
    return yes_given_at is not None and (at < majority or is_given_as_adult(yes_given_at, majority))


def access_ends_at_18(capacity: Capacity) -> bool:
    """A parent's access is the only one that ends by itself with the 18th birthday.

    Source: access rule 4.
    """
    return capacity is Capacity.PARENT


def custody_consent_ends_at_18(giver: Capacity, at: datetime, majority: datetime) -> bool:
    """What a custody holder declared ends at the first instant of the 18th birthday, whatever its own end date is.

    Source: access rule 6; forældreansvarsloven § 1.
    """
    return giver is Capacity.PARENT and majority <= at


def last_day_of_consent(giver: Capacity, by_period: date, birth_date: date, majority_age: int) -> date:
    """A consent is valid for the profile's months at most, and a custody holder's no longer than the day before the
    18th birthday.

    Source: access rule 6.
    """
    if giver is not Capacity.PARENT:
        return by_period
    return min(by_period, clock.birthday(birth_date, majority_age) - timedelta(days=1))


def is_asked_anew_at_18(declared_at: datetime | None, at: datetime, majority: datetime) -> bool:
    """From the 18th birthday the young adult is asked about everybody once more, until they have declared as one. What
    they said as a minor about professionals counts meanwhile.

    Source: access rules 4 and 6.
    """
    return declared_at is not None and majority <= at and not is_given_as_adult(declared_at, majority)


def consent_asked_until(
    custody_from: datetime | None, custody_until: datetime | None, majority: datetime, holders_are_asked: bool
) -> datetime | None:
    """Whoever has held custody is asked for consent until their custody ends, and at the latest until the 18th
    birthday. Nobody else is, and no custody holder where the profile asks none of them.

    Source: access rule 3.
    """
    if custody_from is None or not holders_are_asked:
        return None
    return majority if custody_until is None else min(majority, custody_until)
