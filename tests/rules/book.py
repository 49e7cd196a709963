"""The book beside the random stories: what was told, never what was stored, and the judge's reading of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import psycopg
from flask import Flask

from portal.access.policy.facts import (
    AccessRules,
    ConsentFact,
    Facts,
    FreezeFact,
    Grant,
    Member,
    Opening,
    OverrideFact,
    Ownership,
    Party,
    Withdrawal,
)
from portal.access.policy.roles import Capacity, Level
from portal.runtime import Runtime
from portal.tools.profile import profile
from tests.access import naive
from tests.support.story import PROFILE, Room, Someone, Story

COMPARTMENTS = ("shared", "health", "without_parents", "professionals")
BETWEEN_TWO = "guide_only"
UNITS = ("Skolen", "Jobcenter", "Psykiatrien", "Familie og unge")
HOME = "Familie og unge"
AWAY = "Voksenpsykiatrien"
"""A unit of another organisation, where a guide may work."""
RULES = profile(PROFILE).rules()
ZONE = RULES.zone


class Scene:
    """What all stories share: the runtime, its database, its clock, the application, and somebody who is in no case."""

    def __init__(self, runtime: Runtime, app: Flask, owner: psycopg.Connection, raw: psycopg.Connection) -> None:
        self.runtime, self.app, self.owner = runtime, app, owner
        self.raw = raw
        """The application's role without the application."""
        self.started = datetime.now(UTC).replace(microsecond=0)
        self.now = self.started
        self.story = Story(runtime)
        self.units = {name: self.story.unit(name) for name in UNITS}
        self.away = Story(runtime)
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
    compartment: str
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
    taken_back: list[Withdrawal] = field(default_factory=list)
    by_law: list[OverrideFact] = field(default_factory=list)
    frozen: list[FreezeFact] = field(default_factory=list)
    owners: list[Ownership] = field(default_factory=list)
    openings: list[Opening] = field(default_factory=list)
    files: list[Put] = field(default_factory=list)
    offered: Someone | None = None
    """The guide to whom the case is offered just now."""
    offered_by_law: bool = False
    said: dict[UUID, bool] = field(default_factory=dict)
    """What was said last to that offer, by membership."""
    own_noes: set[UUID] = field(default_factory=set)
    """Memberships whose last word of their own to that offer was a no."""

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
        return Facts(
            self.rules(), self.born, self.home, members, told, by_law, frozen, owners, openings, tuple(self.taken_back)
        )

    def meant_for(self, member: Member) -> set[str]:
        """The compartments that could be open to somebody who lacks nothing."""
        everything = replace(self.facts(), freezes=(), overrides=())
        found = set()
        for compartment in everything.rules.compartments:
            if compartment.confidant_id is not None:
                opened = replace(member, levels=((self.opened_at, Level.READ),), left=())
                if naive.may(everything, opened, compartment, self.scene.now)[0]:
                    found.add(compartment.key)
            elif member.capacity in compartment.audience:
                found.add(compartment.key)
        return found

    def judged(self, member: Member, at: datetime) -> dict[str, bool]:
        """Compartment -> may write, for what the member may read."""
        facts, found = self.facts(), {}
        for compartment in facts.rules.compartments:
            reads, writes = naive.may(facts, member, compartment, at)
            if reads:
                found[compartment.key] = writes
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

    def declares(
        self,
        made: UUID,
        giver: Member,
        on_offer: list[tuple[Party, str]],
        said: dict[tuple[Party, str], bool],
        signed: date | None,
        until: date,
    ) -> None:
        """What somebody answered of what they were asked: party by party, compartment by compartment."""
        now = self.scene.now
        if signed is None:
            stands = {cell: self.stands(giver, *cell) for cell in on_offer}
            said = {cell: yes for cell, yes in stands.items() if yes is not None} | said
        grants = frozenset(
            Grant(party, key, category)
            for (party, key), yes in said.items()
            if yes
            for rule in RULES.compartments
            if rule.key == key
            for category in rule.categories
        )
        if not grants:
            until = now.astimezone(ZONE).date()
        self.told.append(
            ConsentFact(
                made,
                giver.id,
                datetime.combine(signed, time(0), ZONE).astimezone(UTC) if signed else now,
                now,
                datetime.combine(until + timedelta(days=1), time(0), ZONE).astimezone(UTC),
                grants,
                frozenset(cell for cell, yes in said.items() if not yes),
            )
        )

    def stands(self, giver: Member, party: Party, key: str) -> bool | None:
        """What somebody's answer about one compartment for one party is now: yes, no, or none that counts."""
        now, newest = self.scene.now, None
        for consent in self.told:
            if consent.giver_id == giver.id and (
                newest is None or (consent.given_at, consent.valid_from) >= (newest.given_at, newest.valid_from)
            ):
                newest = consent
        noes = [no for no in self.taken_back if no.giver_id == giver.id and (not newest or no.at >= newest.given_at)]
        back = {no.party for no in noes if not self.was_another(party, no.at)}
        if party in back:
            return False
        if newest is None or self.was_another(party, newest.given_at):
            return None
        if any((grant.party, grant.compartment) == (party, key) for grant in newest.grants):
            if None in back:
                return False
            parent = party.membership_id and self.members[party.membership_id].capacity is Capacity.PARENT
            said_as_minor = parent and newest.given_at < self.majority() <= now
            return None if said_as_minor or newest.valid_until <= now else True
        return False if (party, key) in newest.refusals else None

    def was_another(self, party: Party, said_at: datetime) -> bool:
        """Whether whoever is meant may have been somebody else when something was said about them."""
        member = self.members[party.membership_id] if party.membership_id else None
        return member is not None and any(renewed >= said_at for renewed in member.renewed)

    def is_asked_about(self, party: Party, consent: ConsentFact) -> bool:
        """Whether a yes to that party still decides anything."""
        if party.unit_id is not None:
            return party.unit_id != self.home
        assert party.membership_id is not None
        grown_up = consent.given_at < self.majority() <= self.scene.now
        return not (grown_up and self.members[party.membership_id].capacity is Capacity.PARENT)

    def by_law_now(self, member: Member) -> set[str]:
        """What the law opens to somebody, whoever says no."""
        counting = [law for law in self.by_law if law.member_id == member.id and law.counts_at(self.scene.now)]
        return {key for law in counting for key in law.compartments}

    def counting(self) -> list[ConsentFact]:
        """The declaration of each giver that counts now, as a whole or in part."""
        now, newest = self.scene.now, {}
        for consent in sorted(self.told, key=lambda c: (c.given_at, c.valid_from)):
            newest[consent.giver_id] = consent
        askable = {giver.id for giver in self.givers()}
        return [
            consent
            for consent in newest.values()
            if consent.giver_id in askable
            and not (consent.grants and consent.valid_until <= now)
            and not any(
                back.giver_id == consent.giver_id and back.party is None and back.at >= consent.given_at
                for back in self.taken_back
            )
        ]

    def still_yes(self, consent: ConsentFact) -> list[Party]:
        """To whom a declaration that counts says yes to something, and nothing was said since."""
        gone = {
            back.party for back in self.taken_back if back.giver_id == consent.giver_id and back.at >= consent.given_at
        }
        named = {grant.party for grant in consent.grants if not self.was_another(grant.party, consent.given_at)}
        return sorted(named - gone, key=self.in_order)

    def ends_ahead(self) -> list[datetime]:
        return [c.valid_until for c in self.told if c.valid_until - timedelta(microseconds=1) > self.scene.now]
