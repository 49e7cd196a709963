"""Made-up facts of cases for hypothesis: few people, few instants, so that everything meets everything."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from portal.access.policy.facts import (
    AccessRules,
    CompartmentRule,
    ConsentFact,
    Facts,
    FreezeFact,
    Grant,
    Member,
    OverrideFact,
    Ownership,
    Party,
    Withdrawal,
)
from portal.access.policy.roles import Capacity, Level

START = datetime(2026, 3, 20, tzinfo=UTC)  # the night between 28 and 29 March is an hour short in Copenhagen
INSTANTS = st.integers(0, 24 * 4).map(lambda quarter_days: START + timedelta(hours=6 * quarter_days))
EVERYONE = frozenset(Capacity)
RULES = AccessRules(
    zone=ZoneInfo("Europe/Copenhagen"),
    majority_age=18,
    compartments=(
        CompartmentRule("shared", EVERYONE, frozenset({"school", "home"})),
        CompartmentRule("health", EVERYONE, frozenset({"body"})),
        CompartmentRule("alone", EVERYONE - {Capacity.PARENT}, frozenset({"school", "home"})),
        CompartmentRule("staff", frozenset({Capacity.OWNER, Capacity.PROFESSIONAL}), frozenset({"school"})),
        CompartmentRule("us", frozenset({Capacity.OWNER, Capacity.YOUNG_PERSON}), frozenset()),
        CompartmentRule("unnamed", EVERYONE, frozenset()),
    ),
    parent_needs_young_persons_yes=True,
    consent_age={},
)
UNITS = tuple(UUID(int=1000 + n) for n in range(3))


@st.composite
def made_up_facts(draw: st.DrawFn, shipped: AccessRules | None = None) -> Facts:
    """A case with an owner, a young person near their 18th birthday, and some others; under the rules of a shipped
    profile, if given, otherwise under made-up ones."""
    capacities = [Capacity.OWNER, Capacity.YOUNG_PERSON]
    others = st.sampled_from([Capacity.PROFESSIONAL, Capacity.PARENT, Capacity.NETWORK_PERSON])
    capacities += draw(st.lists(others, max_size=4))
    members = tuple(draw(_member(number, capacity)) for number, capacity in enumerate(capacities, start=1))
    rules = shipped or AccessRules(
        zone=RULES.zone,
        majority_age=draw(st.sampled_from([18, 18, 18, 17])),
        compartments=RULES.compartments,
        parent_needs_young_persons_yes=draw(st.booleans()),
        consent_age=draw(st.sampled_from([{}, {"body": 15}, {"body": 17}])),
        own_unit_needs_consent=draw(st.sampled_from([False, False, True])),
        custody_holders_are_asked=draw(st.sampled_from([True, True, False])),
    )
    parties = [Party(unit_id=unit) for unit in UNITS] + [Party(membership_id=m.id) for m in members]
    consents = draw(st.lists(_consent(members, parties, rules), max_size=4))
    givers = [m.id for m in members if m.capacity in (Capacity.YOUNG_PERSON, Capacity.PARENT)]
    back = st.builds(
        Withdrawal, giver_id=st.sampled_from(givers), at=INSTANTS, party=st.none() | st.sampled_from(parties)
    )
    return Facts(
        rules=rules,
        birth_date=draw(_birth_dates()),
        owner_unit_id=UNITS[0],
        members=members,
        consents=tuple(
            ConsentFact(UUID(int=500 + n), *parts) for n, parts in enumerate(sorted(consents, key=lambda c: c[1]))
        ),
        overrides=tuple(draw(st.lists(_override(members), max_size=2))),
        freezes=tuple(draw(st.lists(_freeze(members), max_size=2))),
        ownerships=draw(st.just(()) | _ownerships(members)),
        withdrawals=tuple(draw(st.lists(back, max_size=3))),
    )


@st.composite
def _ownerships(draw: st.DrawFn, members: tuple[Member, ...]) -> tuple[Ownership, ...]:
    """The case goes from its owner to a professional, and perhaps on to another or back."""
    guides = [m for m in members if m.unit_id is not None]
    takers = draw(st.lists(st.tuples(INSTANTS, st.sampled_from(guides)), max_size=2, unique_by=lambda pair: pair[0]))
    first = Ownership(START - timedelta(days=1), members[0].id, UNITS[0])
    later = [Ownership(at, m.id, m.unit_id) for at, m in sorted(takers, key=lambda pair: pair[0]) if m.unit_id]
    return (first, *later)


@st.composite
def _override(draw: st.DrawFn, members: tuple[Member, ...]) -> OverrideFact:
    begins = draw(INSTANTS)
    return OverrideFact(
        id=UUID(int=700),
        member_id=draw(st.sampled_from(members)).id,
        compartments=draw(st.frozensets(st.sampled_from([rule.key for rule in RULES.compartments]), min_size=1)),
        valid_from=begins,
        valid_until=begins + timedelta(hours=6 * draw(st.integers(1, 60))),
        ended_at=draw(st.none() | INSTANTS.filter(lambda at: at > begins)),
    )


@st.composite
def _freeze(draw: st.DrawFn, members: tuple[Member, ...]) -> FreezeFact:
    begins = draw(INSTANTS)
    lifted = draw(st.none() | INSTANTS.filter(lambda at: at > begins))
    return FreezeFact(UUID(int=800), draw(st.sampled_from(members)).id, begins, begins + timedelta(days=7), lifted)


def _birth_dates() -> st.SearchStrategy[date]:
    near = st.integers(-5, 30).map(lambda days: date(2008, 3, 20) + timedelta(days=days))
    return st.one_of(near, st.sampled_from([date(2008, 2, 29), date(2009, 3, 29), date(2011, 4, 1)]))


@st.composite
def _member(draw: st.DrawFn, number: int, capacity: Capacity) -> Member:
    works = capacity in (Capacity.OWNER, Capacity.PROFESSIONAL)
    unit = UNITS[0] if capacity is Capacity.OWNER else draw(st.sampled_from(UNITS)) if works else None
    levels = draw(st.lists(st.tuples(INSTANTS, st.sampled_from(Level)), max_size=3, unique_by=lambda pair: pair[0]))
    custody = draw(st.booleans()) and capacity is Capacity.PARENT
    begins = draw(INSTANTS) if custody else None
    ends = draw(st.none() | INSTANTS.filter(lambda at: begins is not None and at > begins)) if custody else None
    moved = st.tuples(INSTANTS, st.sampled_from(UNITS))
    return Member(
        id=UUID(int=number),
        person_id=UUID(int=100 + number),
        capacity=capacity,
        unit_id=unit,
        levels=tuple(sorted(levels, key=lambda pair: pair[0])),
        custody_from=begins,
        custody_until=ends,
        left=tuple(draw(st.lists(INSTANTS, max_size=1))),
        units_before=_sorted(draw(st.lists(moved, max_size=2, unique_by=lambda pair: pair[0]))) if works else (),
        unconfirmed=tuple(draw(st.lists(INSTANTS, max_size=1))) if works else (),
        renewed=() if works else tuple(draw(st.lists(INSTANTS, max_size=2))),
    )


def _sorted(pairs: list[tuple[datetime, UUID]]) -> tuple[tuple[datetime, UUID], ...]:
    return tuple(sorted(pairs, key=lambda pair: pair[0]))


@st.composite
def _consent(  # type: ignore[no-untyped-def]
    draw: st.DrawFn, members: tuple[Member, ...], parties: list[Party], rules: AccessRules
):
    """A declaration: whole compartments for some, or single cells of any of them, as a text of any kind could name."""
    givers = [m.id for m in members if m.capacity in (Capacity.YOUNG_PERSON, Capacity.PARENT)]
    given, begins = draw(INSTANTS), draw(INSTANTS)
    keys = [rule.key for rule in rules.compartments]
    categories = sorted({category for rule in rules.compartments for category in rule.categories})
    cells = st.builds(Grant, st.sampled_from(parties), st.sampled_from(keys), st.sampled_from(categories))
    whole = st.frozensets(st.tuples(st.sampled_from(parties), st.sampled_from(rules.compartments)), max_size=8)
    every = frozenset((party, rule) for party in parties for rule in rules.compartments)
    named = (whole | st.just(every)).map(
        lambda chosen: frozenset(Grant(party, rule.key, each) for party, rule in chosen for each in rule.categories)
    )
    no = st.tuples(st.sampled_from(parties), st.sampled_from(keys))
    return (
        draw(st.sampled_from(givers)),
        given,
        begins,
        begins + timedelta(hours=6 * draw(st.integers(1, 60))),
        draw(named | st.frozensets(cells, max_size=12)),
        draw(st.frozensets(no, max_size=4)),
    )
