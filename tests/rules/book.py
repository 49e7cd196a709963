"""The book beside the random stories: what was told, never what was stored, and the judge's reading of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import psycopg
from flask import Flask

from portal.access.facts import ConsentFact, Facts, Freeze, LegalOverride, Member, Ownership, Party
from portal.access.roles import Capacity, Level
from portal.house import House
from portal.tools.profile import profile
from tests.access import naive
from tests.story import PROFILE, Room, Someone, Story

SHELVES = ("shared", "health", "without_parents", "professionals")
UNITS = ("Skolen", "Jobcenter", "Psykiatrien", "Familie og unge")
HOME = "Familie og unge"
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
    files: list[Put] = field(default_factory=list)
    offered: Someone | None = None
    """The guide to whom the case is offered just now."""

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

    def facts(self) -> Facts:
        told, by_law, frozen = tuple(self.told), tuple(self.by_law), tuple(self.frozen)
        members, owners = tuple(self.members.values()), tuple(self.owners)
        return Facts(RULES, self.born, self.home, members, told, by_law, frozen, owners)

    def judged(self, member: Member, at: datetime) -> dict[str, bool]:
        """Compartment -> may write, for what the member may read."""
        facts, found = self.facts(), {}
        for shelf in RULES.compartments:
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
