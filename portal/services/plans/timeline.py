"""Support over time: where there is none, where two do the same, and what ends when the young person turns 18. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from portal.text import in_order
from portal.tools.definition import Section, rows

ROUND_MAJORITY = timedelta(days=183)
"""What ends in the half year before the day of majority counts as ending with it."""


@dataclass(frozen=True)
class Bar:
    """One support. `until` is its last day; None while no end is known."""

    row: str
    title: str
    area: str
    starts: date
    until: date | None


@dataclass(frozen=True)
class TimelineSpan:
    """From a first day to a last day, and what it is about."""

    starts: date
    until: date
    bars: tuple[Bar, ...] = ()


@dataclass(frozen=True)
class Timeline:
    first: date
    last: date
    today: date
    majority: date
    bars: tuple[Bar, ...]
    gaps: tuple[TimelineSpan, ...]
    """Days between the first and the last support on which there is none."""
    overlaps: tuple[TimelineSpan, ...]
    """Two supports in the same life area at the same time: for each one that begins so, with one of the others."""
    ends_at_majority: tuple[Bar, ...]
    """What ends about then and has nothing after it in its life area."""
    undated: int
    """Rows that say no first day, or one after their last: they cannot be drawn."""

    def place(self, day: date) -> float:
        """Where a day stands between the first (0) and the day after the last (100)."""
        whole = (self.last - self.first).days + 1
        return round(100 * min(max((day - self.first).days, 0), whole) / whole, 2)

    def width(self, bar: Bar) -> float:
        until = self.last if bar.until is None else bar.until
        return round(max(self.place(until + timedelta(days=1)) - self.place(bar.starts), 0.8), 2)


def draw(section: Section, answers: Mapping[str, str], today: date, majority: date) -> Timeline | None:
    """The rows of a section with `from`, `until` and `area`; None when none of them has a day."""
    found, undated = [], 0
    for row in rows(answers, section.key):
        at = f"{section.key}.{row}"
        starts, until = answers.get(f"{at}.from", ""), answers.get(f"{at}.until", "")
        if not starts or (until and until < starts):
            undated += 1
            continue
        title = answers.get(f"{at}.{section.headline.key}", "")
        end = date.fromisoformat(until) if until else None
        found.append(Bar(row, title, answers.get(f"{at}.area", ""), date.fromisoformat(starts), end))
    if not found:
        return None
    bars = tuple(sorted(found, key=lambda bar: (bar.starts, in_order(bar.title))))
    ends = [bar.until for bar in bars if bar.until is not None]
    last_days = _last_days(bars)
    last = max([*ends, today, majority + timedelta(days=90)])
    return Timeline(
        first=min(bar.starts for bar in bars),
        last=last,
        today=today,
        majority=majority,
        bars=bars,
        gaps=tuple(_gaps(bars)),
        overlaps=tuple(_overlaps(bars, last)),
        ends_at_majority=tuple(bar for bar in bars if _stops(bar, last_days, majority)),
        undated=undated,
    )


def _gaps(bars: Iterable[Bar]) -> Iterable[TimelineSpan]:
    covered: date | None = None
    for bar in bars:
        if covered is not None and bar.starts > covered + timedelta(days=1):
            yield TimelineSpan(covered + timedelta(days=1), bar.starts - timedelta(days=1))
        until = bar.until or date.max
        covered = until if covered is None else max(covered, until)
        if covered == date.max:
            return


def _overlaps(bars: tuple[Bar, ...], last: date) -> Iterable[TimelineSpan]:
    """Each support that begins while another one of its life area runs, with the one of them that runs longest."""
    running: dict[str, Bar] = {}
    for bar in bars:
        other = running.get(bar.area)
        if bar.area and other is not None and bar.starts <= (other.until or last):
            yield TimelineSpan(bar.starts, min(bar.until or last, other.until or last), (other, bar))
        if other is None or (other.until or date.max) < (bar.until or date.max):
            running[bar.area] = bar


def _last_days(bars: tuple[Bar, ...]) -> dict[str, date]:
    """Life area -> the last day of any support in it."""
    found: dict[str, date] = {}
    for bar in bars:
        found[bar.area] = max(found.get(bar.area, date.min), bar.until or date.max)
    return found


def _stops(bar: Bar, last_days: Mapping[str, date], majority: date) -> bool:
    """Whether it ends about the day of majority, and nothing of its life area runs longer."""
    if bar.until is None or not majority - ROUND_MAJORITY <= bar.until <= majority:
        return False
    return last_days[bar.area] == bar.until
