"""What an auditor asks the trace for, out of an address and into one again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from portal import clock
from portal.events import Event
from portal.services.oversight.supervision import AuditFilter
from portal.views.oversight import audit_labels
from portal.web.arguments import whole_number

LONGEST = timedelta(days=366)
"""Between the first and the last of the days that are asked for at once."""
MOST_PAGES = 10_000


@dataclass(frozen=True)
class AuditQuery:
    """What the address asks for. What is no day is today, and what is no kind asks for all."""

    since: date
    until: date
    """Itself among them."""
    who: str
    case: str
    kind: str
    """A key of KINDS, or an event."""
    number: int
    zone: ZoneInfo
    shortened: bool
    """Whether so many days were asked for that the first of them were left out."""
    wanted: AuditFilter

    @classmethod
    def of(cls, args: Mapping[str, str], zone: ZoneInfo) -> AuditQuery:
        today = clock.today(zone)
        until = _day(args.get("until", "")) or _day(args.get("since", "")) or today
        since = _day(args.get("since", "")) or until
        since, until = min(since, until), max(since, until)
        shortened = until - since > LONGEST
        since = max(since, until - LONGEST)
        kind, from_on = args.get("kind", ""), _instant(args.get("from", ""))
        end = min(from_on or clock.now(), clock.end_of(until, zone))
        who, case = (_line(args.get(name, "")) for name in ("who", "case"))
        number = _number(args.get("page", ""))
        wanted = AuditFilter(clock.start_of(since, zone), end, who, case, _events(kind), number)
        return cls(since, until, who, case, kind if wanted.events else "", number, zone, shortened, wanted)

    @property
    def address(self) -> dict[str, Any]:
        """The same question as an address, on its first page."""
        named = {"who": self.who, "case": self.case, "kind": self.kind}
        days = {"since": self.since.isoformat(), "until": self.until.isoformat()}
        return days | {name: value for name, value in named.items() if value}

    def at(self, number: int) -> dict[str, Any]:
        """The address of another page."""
        return {**self.address, "page": str(number), "from": self.wanted.until.isoformat()}

    def moved(self, days: int) -> dict[str, Any] | None:
        """The same question to the days just before or after; None where they have not begun."""
        by = (self.until - self.since + timedelta(days=1)) * days
        if self.since + by > clock.today(self.zone):
            return None
        return {**self.address, "since": (self.since + by).isoformat(), "until": (self.until + by).isoformat()}


def _events(kind: str) -> frozenset[Event] | None:
    if kind in audit_labels.EVENTS:
        return frozenset(audit_labels.EVENTS[kind])
    return frozenset({Event(kind)}) if kind in set(Event) else None


def _line(typed: str) -> str:
    return "".join(letter for letter in typed if letter.isprintable()).strip()[:100]


def _number(typed: str) -> int:
    try:
        return min(max(whole_number(typed), 1), MOST_PAGES)
    except ValueError:
        return 1


def _day(typed: str) -> date | None:
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return None
    return day if 1900 < day.year < 2200 else None


def _instant(typed: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(typed)
    except ValueError:
        return None
    return instant if instant.tzinfo and 1900 < instant.year < 2200 else None
