"""The one place that knows what time it is.

Instants are timezone-aware datetimes in UTC. Days (birthdays, end dates) are local dates of the programme profile's
time zone and become instants here, so that daylight-saving nights are dealt with once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

YEARS = range(1900, 2200)
"""Years that somebody who names a day can mean."""


def of_this_machine() -> datetime:
    """The instant by the clock of this machine, UTC, wherever `now` gets its own."""
    return datetime.now(UTC)


source: Callable[[], datetime] = of_this_machine
"""Where `now` gets the time. Tests and the making of demo data put another one here; nothing else does."""


def now() -> datetime:
    """The current instant, UTC."""
    return source()


def today(zone: ZoneInfo) -> date:
    """The current date as the clocks on the wall in `zone` show it."""
    return now().astimezone(zone).date()


class NoSuchTime(ValueError):
    """The clocks of that night never show this time."""


class TwiceThatNight(ValueError):
    """The clocks of that night show this time twice."""


def at(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """The instant at which the clocks on the wall in `zone` show that day and time, as UTC. Raises NoSuchTime in the
    hour that is left out when summer time begins, TwiceThatNight in the hour that comes again when it ends."""
    first, second = (datetime.combine(day, wall.replace(fold=fold), zone) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    # In the hour left out the earlier offset is the one of before, so that both point past each other.
    back = first.astimezone(UTC).astimezone(zone)
    raise TwiceThatNight if back.time() == wall else NoSuchTime


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of `day` in `zone`, as UTC."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def start_of_today(zone: ZoneInfo) -> datetime:
    return start_of(today(zone), zone)


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """The first instant after `day` in `zone`, as UTC: intervals are half open."""
    return start_of(day + timedelta(days=1), zone)


def birthday(born: date, age: int) -> date:
    """The date on which somebody born on `born` turns `age` years.

    Someone born on 29 February turns a year older on 1 March in a year without a leap day: the eighteenth year has
    then fully passed. docs/access.md says who should confirm it.
    """
    year = born.year + age
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def months_on(day: date, months: int) -> date:
    """The same day of the month so many months later (earlier, for a negative number), or the month's last day."""
    count = day.month - 1 + months
    year, month = day.year + count // 12, count % 12 + 1
    after = date(year + month // 12, month % 12 + 1, 1)
    return min(date(year, month, 1) + timedelta(days=day.day - 1), after - timedelta(days=1))


def age_on(born: date, day: date) -> int:
    """Whole years lived on `day`; negative for a birth date in the future."""
    years = day.year - born.year
    return years if birthday(born, years) <= day else years - 1
