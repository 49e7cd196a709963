"""Birthdays and midnights: leap days, daylight-saving nights, half-open ends."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from portal import clock

COPENHAGEN = ZoneInfo("Europe/Copenhagen")


@pytest.mark.parametrize(
    ("born", "grown_up"),
    [
        (date(2008, 5, 4), date(2026, 5, 4)),
        (date(2008, 2, 29), date(2026, 3, 1)),
        (date(2008, 12, 31), date(2026, 12, 31)),
    ],
)
def test_eighteen_is_reached_on_the_birthday_and_leap_day_children_on_the_first_of_march(
    born: date, grown_up: date
) -> None:
    assert clock.birthday(born, 18) == grown_up
    assert clock.age_on(born, grown_up) == 18
    assert clock.age_on(born, date.fromordinal(grown_up.toordinal() - 1)) == 17


def test_a_leap_day_child_has_its_birthday_on_the_leap_day_when_there_is_one() -> None:
    assert clock.birthday(date(2008, 2, 29), 16) == date(2024, 2, 29)


@pytest.mark.parametrize(
    ("day", "instant"),
    [
        (date(2026, 1, 15), datetime(2026, 1, 14, 23, tzinfo=UTC)),
        (date(2026, 7, 15), datetime(2026, 7, 14, 22, tzinfo=UTC)),
        (date(2026, 3, 29), datetime(2026, 3, 28, 23, tzinfo=UTC)),  # an hour short
        (date(2026, 3, 30), datetime(2026, 3, 29, 22, tzinfo=UTC)),
        (date(2026, 10, 25), datetime(2026, 10, 24, 22, tzinfo=UTC)),  # an hour long
        (date(2026, 10, 26), datetime(2026, 10, 25, 23, tzinfo=UTC)),
    ],
)
def test_a_day_begins_at_midnight_in_copenhagen_also_around_the_changing_of_the_clocks(
    day: date, instant: datetime
) -> None:
    assert clock.start_of(day, COPENHAGEN) == instant
    assert clock.end_of(date.fromordinal(day.toordinal() - 1), COPENHAGEN) == instant


def test_a_birth_date_ahead_has_a_negative_age() -> None:
    assert clock.age_on(date(2030, 1, 1), date(2026, 1, 1)) < 0
