"""The book beside the random stories: what was told, never what was stored, and the judge's reading of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import psycopg
from flask import Flask

from portal.access.facts import (
    AccessRules,
    ConsentFact,
    Facts,
    Freeze,
    LegalOverride,
    Member,
    Opening,
    Ownership,
    Party,
)
from portal.access.roles import Capacity, Level
from portal.house import House
from portal.tools.profile import profile
from tests.access import naive
from tests.story import PROFILE, Room, Someone, Story

SHELVES = ("shared", "health", "without_parents", "professionals")
BETWEEN_TWO = "guide_only"
UNITS = ("Skolen", "Jobcenter", "Psykiatrien", "Familie og unge")
HOME = "Familie og unge"
AWAY = "Voksenpsykiatrien"
"""A unit of another organisation, where a guide may work."""
RULES = profile(PROFILE).rules()
ZONE = RULES.zone


class Scene:
    """What all stories share: the house, its database, its clock, the application, and somebody who is in no case."""

    def __init__(self, house: House, app: Flask, owner: psycopg.Connection, raw: psycopg.Connection) -> None:
        self.house, self.app, self.owner = house, app, owner
        self.raw = raw
        """The application's role without the application."""
        self.started = datetime.now(UTC).replace(microsecond=0)
        self.now = self.started
        self.story = Story(house)
        self.units = {name: self.story.unit(name) for name in UNITS}
        self.away = Story(house)
        self.units[AWAY] = self.away.unit(AWAY)
        self.stranger = self.story.staff("Ulrik Udenfor", "Skolen")
        self.admin = self.story.admin()
        self.steps = 0

    def stand_still_at(self, instant: datetime) -> None:
        """The clocks of both walls; they move only when the story says so."""
        self.now = instant
        self.owner.execute("update stopped_clock set at = %s", [instant])


@dataclass
class Put:
    """A file as it was put in."""

    id: UUID
    shelf: str
    by: UUID
    """The membership of whoever did."""
    withdrawn: bool = False


@dataclass
class Book:
    scene: Scene
    room: Room
    born: date
    home: UUID
    """The unit of whoever owns the case."""
    opened_at: datetime
    people: dict[UUID, Someone] = field(default_factory=dict)
    members: dict[UUID, Member] = field(default_factory=dict)
    told: list[ConsentFact] = field(default_factory=list)
    by_law: list[LegalOverride] = field(default_factory=list)
    frozen: list[Freeze] = field(default_factory=list)
    owners: list[Ownership] = field(default_factory=list)
    openings: list[Opening] = field(default_factory=list)
    files: list[Put] = field(default_factory=list)
    offered: Someone | None = None
    """The guide to whom the case is offered just now."""
    offered_by_law: bool = False
    said: dict[UUID, bool] = field(default_factory=dict)
    """What was said last to that offer, by membership."""

    def meet(
        self, someone: Someone, capacity: Capacity, level: Level, unit: UUID | None = None, custody: bool = False
    ) -> None:
        """Somebody was just added."""
        now = self.scene.now
        id_ = self.room.member(someone)
        since = now if custody else None
        self.people[someone.id] = someone
        self.members[id_] = Member(id_, someone.id, capacity, unit, ((now, level),), since)

    def sets_level(self, member: Member, level: Level) -> None:
        levels = (*member.levels, (self.scene.now, level))
        self.members[member.id] = replace(member, levels=levels)

    def handed_over(self, taker: Someone) -> None:
        """The case is the taker's from now on."""
        now, before, after = self.scene.now, self.owner(), self.members[self.room.member(taker)]
        assert after.unit_id is not None
        if not self.owners:
            self.owners.append(Ownership(self.opened_at, before.id, self.home))
        self.owners.append(Ownership(now, after.id, after.unit_id))
        self.members[before.id] = replace(before, capacity=Capacity.PROFESSIONAL)
        self.members[after.id] = replace(after, capacity=Capacity.OWNER, levels=(*after.levels, (now, Level.WRITE)))
        self.home, self.room.guide, self.offered = after.unit_id, taker, None

    # What follows from it

    def leaves(self, unit: UUID | None) -> bool:
        """Whether the case would leave its organisation with a guide of that unit."""
        return (self.home == self.scene.units[AWAY]) != (unit == self.scene.units[AWAY])

    def can_be_taken(self) -> bool:
        """Whether the one to whom the case is offered may have it now."""
        assert self.offered is not None
        leaves = self.leaves(self.members[self.room.member(self.offered)].unit_id)
        return naive.may_take_over(self.facts(), leaves, self.offered_by_law, self.said, self.scene.now)

    def asked_about_it(self) -> list[Member]:
        """Who is asked about the offer: the young person alone where it takes nobody's yes."""
        assert self.offered is not None
        everybody = naive.asked_about_leaving(self.facts(), self.scene.now)
        leaves = self.leaves(self.members[self.room.member(self.offered)].unit_id)
        if leaves and not self.offered_by_law:
            return everybody
        return [member for member in everybody if member.capacity is Capacity.YOUNG_PERSON]

    def rules(self) -> AccessRules:
        """What the young person shares with a guide alone is a compartment for each guide there was."""
        guides = list(dict.fromkeys(owner.member_id for owner in self.owners)) or [self.owner().id]
        rules = [rule for rule in RULES.compartments if rule.key != BETWEEN_TWO]
        between_two = next(rule for rule in RULES.compartments if rule.key == BETWEEN_TWO)
        for number, guide in enumerate(guides, start=1):
            key = BETWEEN_TWO if number == 1 else f"{BETWEEN_TWO}-{number}"
            rules.append(replace(between_two, key=key, confidant_id=guide))
        return replace(RULES, compartments=tuple(rules))

    def facts(self) -> Facts:
        told, by_law, frozen = tuple(self.told), tuple(self.by_law), tuple(self.frozen)
        members, owners = tuple(self.members.values()), tuple(self.owners)
        openings = tuple(self.openings)
        return Facts(self.rules(), self.born, self.home, members, told, by_law, frozen, owners, openings)

    def meant_for(self, member: Member) -> set[str]:
        """The compartments that could be open to somebody who lacks nothing."""
        everything = replace(self.facts(), freezes=(), overrides=())
        found = set()
        for shelf in everything.rules.compartments:
            if shelf.confidant_id is not None:
                opened = replace(member, levels=((self.opened_at, Level.READ),), left=())
                if naive.may(everything, opened, shelf, self.scene.now)[0]:
                    found.add(shelf.key)
            elif member.capacity in shelf.audience:
                found.add(shelf.key)
        return found

    def judged(self, member: Member, at: datetime) -> dict[str, bool]:
        """Compartment -> may write, for what the member may read."""
        facts, found = self.facts(), {}
        for shelf in facts.rules.compartments:
            reads, writes = naive.may(facts, member, shelf, at)
            if reads:
                found[shelf.key] = writes
        return found

    def everybody(self) -> list[tuple[Someone, dict[str, bool]]]:
        """Everybody who was ever added, and somebody who was not, with what is open to them now."""
        judged = [(self.people[m.person_id], self.judged(m, self.scene.now)) for m in self.members.values()]
        return [*judged, (self.scene.stranger, {})]

    def owner(self) -> Member:
        return self.members[self.room.member(self.room.guide)]

    def majority(self) -> datetime:
        return datetime(self.born.year + 18, self.born.month, self.born.day, tzinfo=ZONE).astimezone(UTC)

    def is_frozen(self, member: Member) -> bool:
        return any(freeze.member_id == member.id and freeze.counts_at(self.scene.now) for freeze in self.frozen)

    def givers(self) -> list[Member]:
        """Those whose consent is asked for now."""
        now = self.scene.now
        young = [m for m in self.members.values() if m.capacity is Capacity.YOUNG_PERSON]
        if now >= self.majority():
            return young
        return young + [m for m in self.members.values() if m.holds_custody_at(now)]

    def in_order(self, party: Party) -> int:
        """A place for each party that does not depend on ids, which are others when a story is told again."""
        met = [*self.scene.units.values(), *self.members]
        return met.index(party.unit_id or party.membership_id)  # type: ignore[arg-type]

    def can_be_taken_back(self) -> list[ConsentFact]:
        now, newest = self.scene.now, {consent.giver_id: consent for consent in self.told}
        return [
            consent
            for consent in newest.values()
            if now < consent.valid_until
            and not any(back.party is None for back in consent.withdrawals)
            and consent.giver_id in {giver.id for giver in self.givers()}
        ]

    def ends_ahead(self) -> list[datetime]:
        return [c.valid_until for c in self.told if c.valid_until - timedelta(microseconds=1) > self.scene.now]
