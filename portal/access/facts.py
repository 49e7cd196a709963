"""The facts of a case, plain and frozen: what windows are computed from, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from portal.access.roles import Capacity, Level


@dataclass(frozen=True)
class CompartmentRule:
    """Which capacities a compartment is for, and which consent categories it takes to see it (all of them)."""

    key: str
    audience: frozenset[Capacity]
    categories: frozenset[str]


@dataclass(frozen=True)
class AccessRules:
    """The part of a programme profile that decides access. Ages in years."""

    zone: ZoneInfo
    majority_age: int
    compartments: tuple[CompartmentRule, ...]
    parent_needs_young_persons_yes: bool
    """Rule 4: whether a parent of a minor needs more than the owner's word."""
    consent_age: dict[str, int] = field(hash=False)
    """Category -> the age from which the young person's own consent is enough; `majority_age` where not named."""
    own_unit_needs_consent: bool = False
    """Rule 2: whether colleagues of the owner's unit need consent like everybody else."""
    custody_holders_are_asked: bool = True
    """Rule 3: whether a minor's custody holders must say yes too."""

    def age_for(self, category: str) -> int:
        return min(self.consent_age.get(category, self.majority_age), self.majority_age)


@dataclass(frozen=True)
class Party:
    """Whom a consent is about: a unit of an organisation, or a member named in person. Exactly one is set."""

    unit_id: UUID | None = None
    membership_id: UUID | None = None


@dataclass(frozen=True)
class Member:
    id: UUID
    person_id: UUID
    capacity: Capacity
    unit_id: UUID | None
    levels: tuple[tuple[datetime, Level], ...]
    """What the owner set, each from an instant on, oldest first."""
    custody_from: datetime | None = None
    custody_until: datetime | None = None

    def level_at(self, at: datetime) -> Level:
        level = Level.NONE
        for since, value in self.levels:
            if since <= at:
                level = value
        return level

    def opened_before(self, at: datetime) -> bool:
        """Whether the owner had ever let this member in."""
        return any(since <= at and value is not Level.NONE for since, value in self.levels)

    def holds_custody_at(self, at: datetime) -> bool:
        return (
            self.custody_from is not None
            and self.custody_from <= at
            and (self.custody_until is None or at < self.custody_until)
        )


@dataclass(frozen=True)
class Withdrawal:
    at: datetime
    party: Party | None
    """None takes the whole declaration back."""


@dataclass(frozen=True)
class ConsentFact:
    id: UUID
    giver_id: UUID
    given_at: datetime
    valid_from: datetime
    valid_until: datetime
    grants: frozenset[tuple[Party, str]]
    withdrawals: tuple[Withdrawal, ...] = ()

    def withdrawn_at(self, party: Party) -> datetime | None:
        """When what it says about `party` was taken back, if ever."""
        return min((w.at for w in self.withdrawals if w.party in (None, party)), default=None)


@dataclass(frozen=True)
class Facts:
    rules: AccessRules
    birth_date: date
    owner_unit_id: UUID
    members: tuple[Member, ...]
    consents: tuple[ConsentFact, ...]

    def member(self, membership_id: UUID) -> Member:
        return next(member for member in self.members if member.id == membership_id)

    def young_person(self) -> Member:
        return next(member for member in self.members if member.capacity is Capacity.YOUNG_PERSON)

    def needs_no_consent(self, member: Member) -> bool:
        """Rule 2: a professional of the owner's own unit, unless the profile asks for consent there too."""
        return member.unit_id == self.owner_unit_id and not self.rules.own_unit_needs_consent

    def custody_holders_at(self, at: datetime) -> tuple[Member, ...]:
        return tuple(member for member in self.members if member.holds_custody_at(at))

    def consents_of(self, giver_id: UUID) -> tuple[ConsentFact, ...]:
        """Declarations of one giver, oldest first: at any time the newest one given counts."""
        return tuple(sorted((c for c in self.consents if c.giver_id == giver_id), key=lambda c: c.given_at))
