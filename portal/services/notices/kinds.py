"""What kinds of news there are, and which of them nobody can switch off. Pure."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    MESSAGE = "message"
    FILE = "file"
    PLAN = "plan"
    REQUEST = "request"
    """Something is asked of them: a wish about the team, a hand-over, an answer."""
    MEETING = "meeting"
    CONSENT = "consent"
    ACCESS = "access"
    OFFICE = "office"
    """What belongs to no case: accounts to look after."""


ALWAYS = frozenset({Kind.MEETING, Kind.CONSENT, Kind.ACCESS, Kind.OFFICE})
"""Told whatever is switched off: who misses one of these may lose a right, or stand before a closed door."""

CHOSEN = tuple(kind for kind in Kind if kind not in ALWAYS)
"""The others, in the order in which they are shown."""


class Channel(StrEnum):
    MAIL = "mail"
    SMS = "sms"


class NoticeRhythm(StrEnum):
    AT_ONCE = "at_once"
    DAILY = "daily"
    WEEKLY = "weekly"
