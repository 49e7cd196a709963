"""Decides, from what a ticket knows, whether an action is allowed, and says why not. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portal.access.policy.actions import Action
from portal.access.policy.roles import MATRIX, Capacity, Level, Standing


class Refusal(StrEnum):
    """Why somebody who is known in a case is turned away."""

    DENIED = "shut"
    READ_ONLY = "read_only"
    NOT_YOURS = "not_yours"
    OFFICE = "office"
    SIGN_IN = "sign_in"
    UNSCANNED = "unscanned"
    INFECTED = "infected"


@dataclass(frozen=True)
class BlockerNote:
    """A blocker as its own subject may know it: what is in the way and what kind of person could remove it."""

    obstacle: str
    giver: str | None = None


@dataclass(frozen=True)
class Contact:
    """Somebody to ask: the guide of a case."""

    name: str
    unit: str
    phone: str = ""
    """'' where none is known."""

    @property
    def place(self) -> str:
        """Name and place of work, in one line."""
        return f"{self.name}, {self.unit}"


@dataclass(frozen=True)
class Reason:
    code: Refusal
    notes: tuple[BlockerNote, ...] = ()
    guide: Contact | None = None
    """Who can help: the case owner."""


@dataclass(frozen=True)
class Decision:
    allowed: bool
    refusal: Refusal | None = None


ALLOWED = Decision(True)


def standing_of(capacity: Capacity, asked_for_consent: bool) -> Standing:
    """What a member is today. `asked_for_consent`: a parent who holds custody while the young person is a minor."""
    if capacity is Capacity.PARENT and asked_for_consent:
        return Standing.CUSTODY_HOLDER
    return Standing(capacity.value)


def decide(standing: Standing, level: Level, action: Action) -> Decision:
    """Whether somebody of this standing and level may do `action`; if not, which kind of refusal it is."""
    levels = MATRIX[standing]
    if action in levels[level]:
        return ALLOWED
    if level is Level.NONE:
        return Decision(False, Refusal.DENIED)
    return Decision(False, Refusal.READ_ONLY if action in levels[Level.WRITE] else Refusal.NOT_YOURS)
