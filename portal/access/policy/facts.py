"""The facts of a case, plain and frozen: what windows are computed from, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from portal.access.policy.roles import Capacity, Level


@dataclass(frozen=True)
class CompartmentRule:
    """Which capacities a compartment is for, and what lies in it: a consent opens it that names it and all of these."""

    key: str
    audience: frozenset[Capacity]
    categories: frozenset[str]
    confidant_id: UUID | None = None
    """Of what the young person and one guide share alone: that guide's membership."""

    @property
    def is_confidence(self) -> bool:
        """Whether it is what the young person and the guide share alone."""
        return not self.categories and self.audience == BETWEEN_TWO


BETWEEN_TWO = frozenset({Capacity.OWNER, Capacity.YOUNG_PERSON})


def confidence_key(base: str, number: int) -> str:
    """The key of the compartment of the young person and the guide who was the case's `number`-th, from 1."""
    return base if number == 1 else f"{base}-{number}"


def base_key(key: str) -> str:
    """The key a compartment has in the profile, which knows one for all guides."""
    return key.partition("-")[0]


def number_of(key: str) -> int:
    """Of a compartment that there is one of for each guide: which, from 1."""
    return int(key.partition("-")[2] or 1)


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

    def confided_to(self, confidants: Mapping[str, UUID]) -> AccessRules:
        """The rules of a case, in which what the young person and the guide share alone is one compartment for each
        guide there was: key -> membership. Keys of one compartment begin alike (`confidence_key`)."""
        rules: list[CompartmentRule] = []
        for rule in self.compartments:
            if rule.is_confidence:
                keys = sorted((key for key in confidants if base_key(key) == rule.key), key=number_of)
                rules += [replace(rule, key=key, confidant_id=confidants[key]) for key in keys]
            else:
                rules.append(rule)
        return replace(self, compartments=tuple(rules))


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
    left: tuple[datetime, ...] = ()
    """When they left the case of their own accord. What the owner sets later counts again."""
    units_before: tuple[tuple[datetime, UUID], ...] = ()
    """Where they worked until each of these instants, oldest first; `unit_id` is where they work since."""
    unconfirmed: tuple[datetime, ...] = ()
    """When they moved to another unit, or their account to another address before anybody had come in with it: out
    until the owner says once more that they are meant."""
    renewed: tuple[datetime, ...] = ()
    """When what tells who they are was corrected, so that they may be somebody else than the one a declaration named:
    from then on those made before say nothing about them."""
    corrected: tuple[datetime, ...] = ()
    """When something about them was put right by the owner; opens and shuts nothing."""

    def level_at(self, at: datetime) -> Level:
        level, set_at = Level.NONE, None
        for since, value in self.levels:
            if since <= at:
                level, set_at = value, since
        outs = (*self.left, *self.unconfirmed)
        gone = any(out <= at and (set_at is None or set_at <= out) for out in outs)
        return Level.NONE if gone else level

    def unit_at(self, at: datetime) -> UUID | None:
        """Where they worked at that instant."""
        return next((unit for until, unit in self.units_before if at < until), self.unit_id)

    def is_unconfirmed_at(self, at: datetime) -> bool:
        """Whether they are out until the owner says that they are still meant."""
        last = max((since for since, _ in self.levels if since <= at), default=None)
        return any(out <= at and (last is None or last <= out) for out in self.unconfirmed)

    def has_left_at(self, at: datetime) -> bool:
        """Whether they stand outside because they left themselves, not because the owner shut them out."""
        last = max((since for since, _ in self.levels if since <= at), default=None)
        return any(left <= at and (last is None or last <= left) for left in self.left)

    def opened_before(self, at: datetime) -> bool:
        """Whether the owner had ever let this member in."""
        return any(since <= at and value is not Level.NONE for since, value in self.levels)

    def holds_custody_at(self, at: datetime) -> bool:
        return (
            self.custody_from is not None
            and self.custody_from <= at
            and (self.custody_until is None or at < self.custody_until)
        )


class Grant(NamedTuple):
    """A part of a yes: this party may see that compartment, of which the signed words say that information of this
    category lies in it."""

    party: Party
    compartment: str
    category: str


@dataclass(frozen=True)
class Withdrawal:
    """A giver's no outside a declaration. It stands against every declaration of theirs that was given before it, also
    against one on paper that is registered later."""

    giver_id: UUID
    at: datetime
    party: Party | None
    """Whom it shuts out, whatever was said of them; None takes back everything that was said yes to."""


@dataclass(frozen=True)
class ConsentFact:
    """One declaration: what its words say yes and no to. What they do not name was not asked."""

    id: UUID
    giver_id: UUID
    given_at: datetime
    """On paper or by word of mouth the first instant of its day: the hour is not known, so what its giver did in the
    portal on that day counts as later."""
    valid_from: datetime
    """When it became known here. Before that it opens nothing and shuts nothing."""
    valid_until: datetime
    grants: frozenset[Grant]
    refusals: frozenset[tuple[Party, str]] = frozenset()
    """Party and compartment of each no."""

    @cached_property
    def parties(self) -> frozenset[Party]:
        """Everybody it says something about."""
        return frozenset(grant.party for grant in self.grants) | frozenset(party for party, _ in self.refusals)

    def granted_to(self, party: Party) -> Mapping[str, Set[str]]:
        """Compartment of each yes to that party -> the categories it names there."""
        return self._granted.get(party, {})

    @cached_property
    def _granted(self) -> dict[Party, dict[str, set[str]]]:
        found: dict[Party, dict[str, set[str]]] = {}
        for grant in self.grants:
            found.setdefault(grant.party, {}).setdefault(grant.compartment, set()).add(grant.category)
        return found


@dataclass(frozen=True)
class OverrideFact:
    """One member let into named compartments without consent, on a legal basis that everyone in the case can read."""

    id: UUID
    member_id: UUID
    compartments: frozenset[str]
    valid_from: datetime
    valid_until: datetime
    ended_at: datetime | None = None

    @property
    def until(self) -> datetime:
        """Its end date, or when the owner ended it before."""
        return self.valid_until if self.ended_at is None else min(self.ended_at, self.valid_until)

    def counts_at(self, at: datetime) -> bool:
        return self.valid_from <= at < self.until


@dataclass(frozen=True)
class FreezeFact:
    """One citizen shut out at once to protect somebody. It ends when the owner lifts it, never by itself."""

    id: UUID
    member_id: UUID
    frozen_at: datetime
    review_at: datetime
    """When the owner must look at it again; passing it opens nothing."""
    lifted_at: datetime | None = None
    log_hidden_from: datetime | None = None
    """From when on the case log is not shown to them while this lasts."""

    def counts_at(self, at: datetime) -> bool:
        return self.frozen_at <= at and (self.lifted_at is None or at < self.lifted_at)


@dataclass(frozen=True)
class Opening:
    """The young person says that a guide may, or may not, read what was confided to one before."""

    compartment: str
    member_id: UUID
    at: datetime
    opened: bool


@dataclass(frozen=True)
class Ownership:
    """Who owns the case, from an instant on until the next."""

    since: datetime
    member_id: UUID
    unit_id: UUID


@dataclass(frozen=True)
class Facts:
    rules: AccessRules
    birth_date: date
    owner_unit_id: UUID
    members: tuple[Member, ...]
    consents: tuple[ConsentFact, ...]
    overrides: tuple[OverrideFact, ...] = ()
    freezes: tuple[FreezeFact, ...] = ()
    ownerships: tuple[Ownership, ...] = ()
    """Oldest first; empty for a case that was never handed over."""
    openings: tuple[Opening, ...] = ()
    """Oldest first."""
    withdrawals: tuple[Withdrawal, ...] = ()

    def owner_at(self, at: datetime) -> Ownership | None:
        """None for a case that was never handed over: then the member with that capacity owns it."""
        if not self.ownerships:
            return None
        begun = [ownership for ownership in self.ownerships if ownership.since <= at]
        return begun[-1] if begun else self.ownerships[0]

    def capacity_at(self, member: Member, at: datetime) -> Capacity:
        """As what the member is in the case: who has handed it over is a professional like others."""
        owner = self.owner_at(at)
        if owner is None:
            return member.capacity
        if owner.member_id == member.id:
            return Capacity.OWNER
        return Capacity.PROFESSIONAL if member.capacity is Capacity.OWNER else member.capacity

    def capacities_of(self, member: Member) -> frozenset[Capacity]:
        """Everything the member has been in the case, or is."""
        owned = any(ownership.member_id == member.id for ownership in self.ownerships)
        return frozenset({member.capacity}) | ({Capacity.OWNER, Capacity.PROFESSIONAL} if owned else set())

    def owner_unit_at(self, at: datetime) -> UUID:
        owner = self.owner_at(at)
        return self.owner_unit_id if owner is None else owner.unit_id

    def member(self, membership_id: UUID) -> Member:
        return self._member[membership_id]

    @cached_property
    def _member(self) -> dict[UUID, Member]:
        return {member.id: member for member in self.members}

    def young_person(self) -> Member:
        return next(member for member in self.members if member.capacity is Capacity.YOUNG_PERSON)

    def needs_no_consent(self, member: Member, at: datetime) -> bool:
        """Rule 2: a professional of the owner's own unit, unless the profile asks for consent there too."""
        return member.unit_at(at) == self.owner_unit_at(at) and not self.rules.own_unit_needs_consent

    def speaks_of_somebody_else(self, consent: ConsentFact, party: Party, at: datetime) -> bool:
        """Whether the member a declaration names was corrected since, so that it may have meant another person."""
        return self._meant_another(party, consent.given_at, at)

    def _meant_another(self, party: Party, said_at: datetime, at: datetime) -> bool:
        """Whether a member was corrected into somebody else since something was said of them."""
        if party.membership_id is None:
            return False
        return any(said_at <= renewed <= at for renewed in self.member(party.membership_id).renewed)

    def shares(self, member: Member, rule: CompartmentRule, at: datetime) -> bool:
        """Whether a compartment is for this very member: what was confided to one guide is for no other, until the
        young person opens it to them."""
        if rule.confidant_id in (None, member.id) or member.capacity is Capacity.YOUNG_PERSON:
            return True
        said = [o for o in self.openings if o.at <= at and (o.compartment, o.member_id) == (rule.key, member.id)]
        return bool(said) and said[-1].opened

    def is_written_in(self, rule: CompartmentRule, at: datetime) -> bool:
        """Whether anybody still writes in a compartment: what was confided to a guide before is read and no more."""
        return rule.confidant_id is None or self._owner_id_at(at) == rule.confidant_id

    def _owner_id_at(self, at: datetime) -> UUID:
        owner = self.owner_at(at)
        return owner.member_id if owner else next(m.id for m in self.members if m.capacity is Capacity.OWNER)

    def custody_holders_at(self, at: datetime) -> tuple[Member, ...]:
        return tuple(member for member in self.members if member.holds_custody_at(at))

    def override_at(self, member_id: UUID, compartment: str, at: datetime) -> OverrideFact | None:
        """What lets the member into the compartment without consent at that instant, if anything does."""
        found = (o for o in self.overrides if o.member_id == member_id and compartment in o.compartments)
        return next((override for override in found if override.counts_at(at)), None)

    def is_frozen_at(self, member_id: UUID, at: datetime) -> bool:
        return any(freeze.member_id == member_id and freeze.counts_at(at) for freeze in self.freezes)

    def frozen_since(self, member_id: UUID, at: datetime) -> datetime | None:
        """Since when the member has been shut out at once without a gap; None for somebody who is not."""
        since, lasting = at, [f for f in self.freezes if f.member_id == member_id and f.frozen_at <= at]
        for freeze in sorted(lasting, key=lambda f: f.frozen_at, reverse=True):
            if freeze.lifted_at is None or since <= freeze.lifted_at:
                since = freeze.frozen_at
        return since if self.is_frozen_at(member_id, at) else None

    def log_ends_at(self, member_id: UUID, at: datetime) -> datetime | None:
        """From when on the member is not shown the case log just now; None when nothing of it is hidden."""
        counting = (f for f in self.freezes if f.member_id == member_id and f.counts_at(at))
        return min((f.log_hidden_from for f in counting if f.log_hidden_from), default=None)

    def consents_of(self, giver_id: UUID) -> tuple[ConsentFact, ...]:
        """Declarations of one giver, oldest first: at any time the newest one counts of those that are known, and of
        two given on the same day on paper the one that was registered last."""
        return self._by_giver.get(giver_id, ())

    def declared_at(self, giver_id: UUID, at: datetime) -> ConsentFact | None:
        """The declaration of a giver that counts at that instant, whatever was taken back of it."""
        known = [c for c in self.consents_of(giver_id) if c.given_at <= at and c.valid_from <= at]
        return known[-1] if known else None

    def taken_back_at(self, giver_id: UUID, party: Party, at: datetime) -> tuple[datetime | None, datetime | None]:
        """Since when a no of the giver stands that came after their declaration of that time: one to this party, and
        one to everything."""
        noes = [back for back in self.withdrawals if back.giver_id == giver_id and back.at <= at]
        if not noes:
            return None, None
        if (declared := self.declared_at(giver_id, at)) is not None:
            noes = [back for back in noes if declared.given_at <= back.at]
        to_them = [no.at for no in noes if no.party == party and not self._meant_another(party, no.at, at)]
        return min(to_them, default=None), min((no.at for no in noes if no.party is None), default=None)

    @cached_property
    def _by_giver(self) -> dict[UUID, tuple[ConsentFact, ...]]:
        found: dict[UUID, tuple[ConsentFact, ...]] = {}
        for consent in sorted(self.consents, key=lambda c: (c.given_at, c.valid_from)):
            found[consent.giver_id] = (*found.get(consent.giver_id, ()), consent)
        return found
