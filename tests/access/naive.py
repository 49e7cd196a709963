"""The rules of access a second time, as slowly and literally as they can be said: the judge of the real thing.

One question at a time: may this member read, may they write, this compartment at this instant? Nothing is shared with
`portal.access.policy.windows` but the facts.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from uuid import UUID

from portal.access.policy.facts import CompartmentRule, Facts, Member


def may(facts: Facts, member: Member, rule: CompartmentRule, at: datetime) -> tuple[bool, bool]:
    """(may read, may write)."""
    for freeze in facts.freezes:
        if (
            freeze.member_id == member.id
            and freeze.frozen_at <= at
            and not (freeze.lifted_at and freeze.lifted_at <= at)
        ):
            return False, False
    level = "none"
    happened = [(since, 0, value.value) for since, value in member.levels]
    happened += [(out, 1, "none") for out in (*member.left, *member.unconfirmed)]
    for since, _, value in sorted(happened):
        if since <= at:
            level = value
    if level == "none" or _kind(facts, member, at) not in {capacity.value for capacity in rule.audience}:
        return False, False
    if rule.confidant_id is not None:
        return _between_two(facts, member, rule, at, level)
    readable = _has_grounds(facts, member, rule, at) or _by_law(facts, member, rule, at)
    return readable, readable and level == "write"


def may_take_over(facts: Facts, leaves: bool, by_law: bool, said: dict[UUID, bool], at: datetime) -> bool:
    """Whether the guide to whom a case is offered may take it: to another organisation (`leaves`) with everybody's yes,
    or by law."""
    if not leaves or by_law:
        return True
    return all(said.get(member.id) is True for member in asked_about_leaving(facts, at))


def asked_about_leaving(facts: Facts, at: datetime) -> list[Member]:
    """Whose yes it takes for a case to go to another organisation."""
    asked = [member for member in facts.members if member.capacity.value == "young_person"]
    if at < _turns(facts, facts.rules.majority_age) and facts.rules.custody_holders_are_asked:
        asked += [
            m
            for m in facts.members
            if m.custody_from and m.custody_from <= at and not (m.custody_until and m.custody_until <= at)
        ]
    return asked


def _between_two(facts: Facts, member: Member, rule: CompartmentRule, at: datetime, level: str) -> tuple[bool, bool]:
    """What the young person and one guide share alone."""
    opened = member.id == rule.confidant_id or member.capacity.value == "young_person"
    if not opened:
        for said in facts.openings:
            if said.at <= at and said.compartment == rule.key and said.member_id == member.id:
                opened = said.opened
    still_the_guide = any(m.id == rule.confidant_id and _kind(facts, m, at) == "owner" for m in facts.members)
    return opened, opened and level == "write" and still_the_guide


def _kind(facts: Facts, member: Member, at: datetime) -> str:
    said = member.capacity.value
    if not facts.ownerships:
        return said
    owner = facts.ownerships[0]
    for later in facts.ownerships:
        if later.since <= at:
            owner = later
    if owner.member_id == member.id:
        return "owner"
    return "professional" if said == "owner" else said


def _owners_unit(facts: Facts, at: datetime) -> object:
    unit = facts.ownerships[0].unit_id if facts.ownerships else facts.owner_unit_id
    for later in facts.ownerships:
        if later.since <= at:
            unit = later.unit_id
    return unit


def _works_in(member: Member, at: datetime) -> object:
    unit = member.unit_id
    for until, before in sorted(member.units_before, reverse=True):
        if at < until:
            unit = before
    return unit


def _by_law(facts: Facts, member: Member, rule: CompartmentRule, at: datetime) -> bool:
    for override in facts.overrides:
        about_this = override.member_id == member.id and rule.key in override.compartments
        over = at >= override.valid_until or (override.ended_at is not None and at >= override.ended_at)
        if about_this and at >= override.valid_from and not over:
            return True
    return False


def _has_grounds(facts: Facts, member: Member, rule: CompartmentRule, at: datetime) -> bool:
    kind = _kind(facts, member, at)
    if kind in ("owner", "young_person"):
        return True
    own_unit = kind == "professional" and _works_in(member, at) == _owners_unit(facts, at)
    if own_unit and facts.rules.own_unit_needs_consent is False:
        return True
    adult = at >= _turns(facts, facts.rules.majority_age)
    if kind == "parent":
        if not adult and not facts.rules.parent_needs_young_persons_yes:
            return True
        if not rule.categories:
            return False
        return all(_young_says_yes(facts, "person", member, rule, c, at, as_adult=adult) for c in rule.categories)
    who = "unit" if kind == "professional" else "person"
    if not rule.categories:
        return False
    for category in rule.categories:
        if not _young_says_yes(facts, who, member, rule, category, at, as_adult=False):
            return False
        own_age = min(facts.rules.consent_age.get(category, facts.rules.majority_age), facts.rules.majority_age)
        if at >= _turns(facts, own_age) or facts.rules.custody_holders_are_asked is False:
            continue
        if not _custody_holders_say_yes(facts, who, member, rule, category, at):
            return False
    return True


def _custody_holders_say_yes(
    facts: Facts, who: str, member: Member, rule: CompartmentRule, category: str, at: datetime
) -> bool:
    holders = [
        m
        for m in facts.members
        if m.custody_from and m.custody_from <= at and not (m.custody_until and m.custody_until <= at)
    ]
    if not holders:
        return False
    return all(_says_yes(facts, holder, who, member, rule, category, at) for holder in holders)


def _young_says_yes(
    facts: Facts, who: str, member: Member, rule: CompartmentRule, category: str, at: datetime, as_adult: bool
) -> bool:
    young = next(m for m in facts.members if m.capacity.value == "young_person")
    if as_adult:
        newest = _newest(facts, young, at)
        if newest is None or newest.given_at < _turns(facts, facts.rules.majority_age):
            return False
    return _says_yes(facts, young, who, member, rule, category, at)


def _newest(facts: Facts, giver: Member, at: datetime):  # type: ignore[no-untyped-def]
    """Of what has been declared and has come in by now, the one that was declared last."""
    newest = None
    for consent in facts.consents:
        counts = consent.giver_id == giver.id and consent.given_at <= at and consent.valid_from <= at
        if not counts:
            continue
        later = newest is None or consent.given_at > newest.given_at
        if later or (consent.given_at == newest.given_at and consent.valid_from >= newest.valid_from):
            newest = consent
    return newest


def _says_yes(
    facts: Facts, giver: Member, who: str, member: Member, rule: CompartmentRule, category: str, at: datetime
) -> bool:
    consent = _newest(facts, giver, at)
    if consent is None or at >= consent.valid_until:
        return False
    if who == "person":
        for corrected in member.renewed:
            if consent.given_at <= corrected and corrected <= at:
                return False
    for back in facts.withdrawals:
        if back.giver_id != giver.id or back.at > at or back.at < consent.given_at:
            continue
        about_all = back.party is None
        if about_all or (
            back.party.unit_id == _works_in(member, at) if who == "unit" else back.party.membership_id == member.id
        ):
            return False
    for party, compartment, granted in consent.grants:
        named = party.unit_id == _works_in(member, at) if who == "unit" else party.membership_id == member.id
        if named and compartment == rule.key and granted == category:
            return True
    return False


def _turns(facts: Facts, age: int) -> datetime:
    born = facts.birth_date
    leap_born = (born.month, born.day) == (2, 29)
    year = born.year + age
    leap_year = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    day = date(year, 2, 28) + timedelta(days=1) if leap_born and not leap_year else date(year, born.month, born.day)
    return datetime.combine(day, time(0, 0), facts.rules.zone)
