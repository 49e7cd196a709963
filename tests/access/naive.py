"""The rules of access a second time, as slowly and literally as they can be said: the judge of the real thing.

One question at a time: may this member read, may they write, this compartment at this instant? Nothing is shared with
`portal.access.windows` but the facts.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from portal.access.facts import CompartmentRule, Facts, Member


def may(facts: Facts, member: Member, rule: CompartmentRule, at: datetime) -> tuple[bool, bool]:
    """(may read, may write)."""
    level = "none"
    for since, value in sorted(member.levels, key=lambda pair: pair[0]):
        if since <= at:
            level = value.value
    if level == "none" or member.capacity.value not in {capacity.value for capacity in rule.audience}:
        return False, False
    readable = _has_grounds(facts, member, rule, at)
    return readable, readable and level == "write"


def _has_grounds(facts: Facts, member: Member, rule: CompartmentRule, at: datetime) -> bool:
    kind = member.capacity.value
    if kind in ("owner", "young_person"):
        return True
    own_unit = kind == "professional" and member.unit_id == facts.owner_unit_id
    if own_unit and facts.rules.own_unit_needs_consent is False:
        return True
    adult = at >= _turns(facts, facts.rules.majority_age)
    if kind == "parent":
        if not adult and not facts.rules.parent_needs_young_persons_yes:
            return True
        return all(_young_says_yes(facts, "person", member, c, at, as_adult=adult) for c in rule.categories)
    who = "unit" if kind == "professional" else "person"
    for category in rule.categories:
        if not _young_says_yes(facts, who, member, category, at, as_adult=False):
            return False
        own_age = min(facts.rules.consent_age.get(category, facts.rules.majority_age), facts.rules.majority_age)
        if at >= _turns(facts, own_age) or facts.rules.custody_holders_are_asked is False:
            continue
        holders = [
            m
            for m in facts.members
            if m.custody_from and m.custody_from <= at and not (m.custody_until and m.custody_until <= at)
        ]
        if not holders:
            return False
        for holder in holders:
            if not _says_yes(facts, holder, who, member, category, at):
                return False
    return True


def _young_says_yes(facts: Facts, who: str, member: Member, category: str, at: datetime, as_adult: bool) -> bool:
    young = next(m for m in facts.members if m.capacity.value == "young_person")
    if as_adult:
        newest = _newest(facts, young, at)
        if newest is None or newest.given_at < _turns(facts, facts.rules.majority_age):
            return False
    return _says_yes(facts, young, who, member, category, at)


def _newest(facts: Facts, giver: Member, at: datetime):  # type: ignore[no-untyped-def]
    newest = None
    for consent in facts.consents:
        counts = consent.giver_id == giver.id and consent.given_at <= at
        if counts and (newest is None or consent.given_at >= newest.given_at):
            newest = consent
    return newest


def _says_yes(facts: Facts, giver: Member, who: str, member: Member, category: str, at: datetime) -> bool:
    consent = _newest(facts, giver, at)
    if consent is None or not consent.valid_from <= at < consent.valid_until:
        return False
    for back in consent.withdrawals:
        about = back.party is None or (
            back.party.unit_id == member.unit_id if who == "unit" else back.party.membership_id == member.id
        )
        if about and back.at <= at:
            return False
    for party, granted in consent.grants:
        named = party.unit_id == member.unit_id if who == "unit" else party.membership_id == member.id
        if named and granted == category:
            return True
    return False


def _turns(facts: Facts, age: int) -> datetime:
    born = facts.birth_date
    leap_born = (born.month, born.day) == (2, 29)
    year = born.year + age
    leap_year = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    day = date(year, 2, 28) + timedelta(days=1) if leap_born and not leap_year else date(year, born.month, born.day)
    return datetime.combine(day, time(0, 0), facts.rules.zone)
