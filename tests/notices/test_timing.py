"""When somebody is told: pure, and right on the nights when the clocks change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.services.notices.kinds import NoticeRhythm
from portal.services.notices.timing import Timing, due_at

ZONE = ZoneInfo("Europe/Copenhagen")
PLAIN = Timing(NoticeRhythm.AT_ONCE, 0, 0, 7, 0, timedelta(hours=1), ZONE)


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


@pytest.mark.parametrize(
    ("since", "due"),
    [
        ("2026-01-10T12:00", "2026-01-10T12:00"),
        ("2026-01-10T20:59", "2026-01-10T20:59"),
        ("2026-01-10T21:00", "2026-01-11T07:00"),
        ("2026-01-11T03:00", "2026-01-11T07:00"),
        ("2026-01-11T07:00", "2026-01-11T07:00"),
        ("2026-03-28T23:00", "2026-03-29T07:00"),
        ("2026-10-24T23:00", "2026-10-25T07:00"),
    ],
)
def test_quiet_hours_end_at_the_hour_on_the_wall(since: str, due: str) -> None:
    assert due_at(wall(since), None, replace(PLAIN, quiet_from=21, quiet_until=7)) == wall(due)


@pytest.mark.parametrize("hour", range(24))
@pytest.mark.parametrize("rhythm", [NoticeRhythm.DAILY, NoticeRhythm.WEEKLY])
@pytest.mark.parametrize("first", ["2026-03-26T00:00", "2026-10-22T00:00"])
def test_a_digest_of_any_hour_comes_once_a_day_or_once_a_week_over_the_change_of_clocks(
    hour: int, rhythm: NoticeRhythm, first: str
) -> None:
    """Somebody to whom something happens every ten minutes for a fortnight."""
    how = replace(PLAIN, rhythm=rhythm, digest_hour=hour, digest_weekday=6)
    now, told = wall(first), []
    waiting_since = now
    end = (wall(first).astimezone(ZONE) + timedelta(days=14)).astimezone(UTC)  # by the wall: 336 hours and one
    while now < end:
        if due_at(waiting_since, told[-1] if told else None, how) <= now:
            told.append(now)
            waiting_since = now + timedelta(minutes=10)
        now += timedelta(minutes=10)
    days = [one.astimezone(ZONE).date() for one in told]
    assert len(days) == len(set(days)) == (14 if rhythm is NoticeRhythm.DAILY else 2)
    hours = {one.astimezone(ZONE).hour for one in told}
    assert hours <= {hour, 3}, "at two there may be no two: then it is three"
    if rhythm is NoticeRhythm.WEEKLY:
        assert {day.weekday() for day in days} == {6}


def test_within_the_hour_of_the_last_one_it_waits_and_then_minds_the_quiet_hours() -> None:
    how = replace(PLAIN, quiet_from=21, quiet_until=7)
    assert due_at(wall("2026-01-10T12:10"), wall("2026-01-10T12:00"), how) == wall("2026-01-10T13:00")
    assert due_at(wall("2026-01-10T20:40"), wall("2026-01-10T20:30"), how) == wall("2026-01-11T07:00")
