"""When somebody is told. Pure: the calendar alone is asked.

Hours are those on the wall of the programme profile's zone. One that a night leaves out is the first instant after the
gap, one that comes twice is the first of the two, so that a digest of that hour goes out once, whatever the clocks do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from portal.services.notices.kinds import NoticeRhythm

WEEK = 7


@dataclass(frozen=True)
class Timing:
    """How one person wants to be told."""

    rhythm: NoticeRhythm
    quiet_from: int
    quiet_until: int
    """The same hour as `quiet_from`: no quiet time."""
    digest_hour: int
    digest_weekday: int
    """Monday is 0."""
    pause: timedelta
    """Between two notices."""
    zone: ZoneInfo


def due_at(since: datetime, told_at: datetime | None, how: Timing) -> datetime:
    """When news that began `since` may be told to somebody who was last told something at `told_at`."""
    due = since
    if how.rhythm is not NoticeRhythm.AT_ONCE:
        weekday = how.digest_weekday if how.rhythm is NoticeRhythm.WEEKLY else None
        due = _next(due, how.digest_hour, weekday, how.zone)
    if told_at is not None:
        due = max(due, told_at + how.pause)
    return _next(due, how.quiet_until, None, how.zone) if _is_quiet(due, how) else due


def _is_quiet(instant: datetime, how: Timing) -> bool:
    hour, begin, end = instant.astimezone(how.zone).hour, how.quiet_from, how.quiet_until
    return begin <= hour < end if begin <= end else hour >= begin or hour < end


def _next(instant: datetime, hour: int, weekday: int | None, zone: ZoneInfo) -> datetime:
    """The first instant at or after `instant` at which the wall shows that full hour, on that day of the week."""
    day = instant.astimezone(zone).date()
    while (found := _on_the_wall(day, hour, zone)) < instant or weekday not in (None, day.weekday()):
        day += timedelta(days=1)
    return found


def _on_the_wall(day: date, hour: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(hour), zone).astimezone(UTC)
