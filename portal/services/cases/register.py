"""Opening a case, and the list of one's cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import select

from portal import audit, clock
from portal.access.actor import Actor
from portal.access.compartments import open_compartments
from portal.access.policy.actions import Action, OfficeAction
from portal.access.policy.decide import BlockerNote, Contact, standing_of
from portal.access.policy.roles import MATRIX, Capacity, Level, Standing
from portal.access.window_store import rewrite_windows
from portal.errors import InvalidInput
from portal.events import Event
from portal.models import AccessNotice, Case, CaseKey, Compartment, Membership, Staff, Unit
from portal.names import folded, mistakable, nearly_the_same
from portal.services.cases import queries
from portal.services.cases.queries import OpenCase
from portal.services.members import handover_answers, joining
from portal.services.members.citizens import NewCitizen
from portal.services.members.joining import Host, Joining
from portal.services.messages import unread
from portal.services.shared import idempotency
from portal.services.shared.needs import OwnCase, OwnCases
from portal.text import in_order
from portal.tools.profile import Profile, profile


@dataclass(frozen=True)
class NewCase:
    """Base data as the guide types it, once; everything else takes it from here."""

    young_person: NewCitizen
    birth_date: date
    custody_holders: tuple[NewCitizen, ...] = ()
    young_person_level: Level = Level.WRITE
    custody_level: Level = Level.READ


@dataclass(frozen=True)
class CaseLine:
    """An open case in somebody's list."""

    case_id: UUID
    young_person: str
    birth_date: date
    age: int
    """Whole years, today."""
    guide: str
    unread: int
    is_mine: bool
    is_mistakable: bool
    """Whether another case of this person's is about somebody whose name is nearly the same."""

    @property
    def looked_at(self) -> str:
        """Where typed words are looked for: the names, and the birth date as people write it."""
        born = self.birth_date
        return folded(f"{self.young_person} {self.guide} {born.day}.{born.month}.{born.year} {born:%d%m%y}")


@dataclass(frozen=True)
class WaitingLine:
    """A case somebody was added to and does not see yet, or any more: no name, only why and whom to ask."""

    case_id: UUID
    blockers: tuple[BlockerNote, ...]
    guide: Contact
    since: datetime
    profile: str
    may: frozenset[Action]
    """What this person may do all the same: a right does not end with access."""
    asked_about_guide: bool = False
    """Whether another guide is waited for, and this person's answer."""


@dataclass(frozen=True)
class CaseList:
    open: tuple[CaseLine, ...]
    waiting: tuple[WaitingLine, ...]
    own: OwnCases
    """The open ones, for what goes over all of them."""


def open_case(actor: Actor, submission: UUID, new: NewCase, profile_key: str) -> UUID:
    """Opens a case with its key, its compartments and its first members, and returns its id.

    Raises InvalidInput with the field: `name`, `birth_date`, `national_id`, `custody-<n>-name`,
    `custody-<n>-national_id`.
    """
    actor.require(OfficeAction.CASE_OPEN)
    rules = profile(profile_key)
    _check_birth_date(new.birth_date, rules)
    made = uuid4()
    if earlier := idempotency.claim(actor.session, submission, made):
        return earlier
    host = _found(actor, made, new.birth_date, rules)
    young = Joining(Capacity.YOUNG_PERSON, new.young_person_level)
    joining.add_citizen(host, new.young_person, young, born=new.birth_date)
    for number, holder in enumerate(new.custody_holders):
        terms = Joining(Capacity.PARENT, new.custody_level, custody=True, prefix=f"custody-{number}-")
        joining.add_citizen(host, holder, terms)
    actor.session.flush()
    rewrite_windows(actor.session, made)
    audit.record(actor.session, Event.CHAIN_BEGUN, item_id=made)
    audit.record(actor.session, Event.CASE_OPENED, chain=made, membership_id=host.by_id)
    return made


def _found(actor: Actor, case_id: UUID, birth_date: date, rules: Profile) -> Host:
    """The bare case with its key and compartments, and its owner as the first member."""
    session, now = actor.session, clock.now()
    staff = joining.hold_account(session, actor.person_id)
    session.add(
        Case(
            id=case_id,
            profile=rules.key,
            owner_id=actor.person_id,
            owner_unit_id=staff.unit_id,
            birth_date=birth_date,
            opened_at=now,
        )
    )
    session.flush()
    master_id, wrapped = actor.keyring.new_case_key(case_id)
    session.add(CaseKey(case_id=case_id, master_id=master_id, wrapped=wrapped))
    owner = Membership(
        id=uuid4(),
        case_id=case_id,
        person_id=actor.person_id,
        capacity=Capacity.OWNER.value,
        display_name=staff.name,
        job_title=staff.job_title,
        unit_id=staff.unit_id,
        added_at=now,
    )
    session.add(owner)
    session.flush()
    session.add_all(
        Compartment(
            id=uuid4(), case_id=case_id, key=c.key, confidant_id=owner.id if c.key == rules.confidence else None
        )
        for c in rules.compartment
        if c.offered
    )
    host = Host(actor, case_id, actor.keyring.open_case(case_id, master_id, wrapped), owner.id)
    joining.set_level(host, owner.id, Level.WRITE)
    return host


def _check_birth_date(born: date, rules: Profile) -> None:
    today = clock.today(rules.zone)
    if born > today:
        raise InvalidInput("birth_date", "birth_date_future")
    if not rules.youngest_age <= clock.age_on(born, today) <= rules.oldest_age:
        raise InvalidInput("birth_date", "birth_date_range", youngest=rules.youngest_age, oldest=rules.oldest_age)


def has_any(actor: Actor) -> bool:
    """Whether this person was ever added to a case."""
    mine = select(Membership.id).where(Membership.person_id == actor.person_id).limit(1)
    return actor.session.scalars(mine).first() is not None


def my_cases(actor: Actor) -> CaseList:
    """The cases of the person, in the same number of queries however many there are."""
    compartments = open_compartments(actor)
    lines, own = _open_lines(actor, compartments)
    return CaseList(lines, _waiting_lines(actor, set(compartments.values())), own)


def like(actor: Actor, name: str) -> list[CaseLine]:
    """This person's open cases about somebody whose name is nearly the same: to be looked at before one more is
    opened."""
    actor.require(OfficeAction.CASE_OPEN)
    lines, _own = _open_lines(actor, open_compartments(actor))
    return [line for line in lines if nearly_the_same(line.young_person, name)]


def _open_lines(actor: Actor, compartments: dict[UUID, UUID]) -> tuple[tuple[CaseLine, ...], OwnCases]:
    """In Danish order of the young people's names."""
    rows = queries.OPEN_CASES.ask(actor.session, person=actor.person_id, cases=list(set(compartments.values())))
    counts = unread.by_case(actor, compartments)
    ordered = sorted(rows, key=lambda row: in_order(row.display_name))
    alike = mistakable([row.display_name for row in ordered])
    lines = tuple(
        CaseLine(
            case_id=row.id,
            young_person=row.display_name,
            birth_date=row.birth_date,
            age=clock.age_on(row.birth_date, clock.today(profile(row.profile).zone)),
            guide=row.guide,
            unread=counts[row.id].messages if row.id in counts else 0,
            is_mine=row.guide_id == actor.person_id,
            is_mistakable=bool(others),
        )
        for row, others in zip(ordered, alike, strict=True)
    )
    mine = {row.id: _own_case(row) for row in rows}
    return lines, OwnCases(mine, compartments, {case: found for case, found in counts.items() if case in mine})


def _own_case(row: OpenCase) -> OwnCase:
    return OwnCase(row.id, row.membership_id, Capacity(row.capacity), row.young_person_id, row.birth_date, row.profile)


def _waiting_lines(actor: Actor, open_ids: set[UUID]) -> tuple[WaitingLine, ...]:
    now = clock.now()
    found = actor.session.execute(
        select(AccessNotice, Membership.capacity, Staff.name, Unit.name, Staff.phone)
        .join(Membership, Membership.id == AccessNotice.membership_id)
        .join(Staff, Staff.person_id == AccessNotice.owner_id)
        .join(Unit, Unit.id == Staff.unit_id)
        .where(AccessNotice.person_id == actor.person_id, AccessNotice.valid_from <= now)
        .where((AccessNotice.valid_until.is_(None)) | (AccessNotice.valid_until > now))
        .order_by(AccessNotice.valid_from.desc())
    )
    asked = handover_answers.cases_with_questions(actor)
    return tuple(
        WaitingLine(
            case_id=notice.case_id,
            blockers=tuple(BlockerNote(b["obstacle"], b["giver"]) for b in notice.blockers),
            guide=Contact(name, unit, phone),
            since=notice.valid_from,
            profile=notice.profile,
            may=MATRIX[_standing(notice, capacity, now)][Level.NONE],
            asked_about_guide=notice.case_id in asked,
        )
        for notice, capacity, name, unit, phone in found
        if notice.case_id not in open_ids
    )


def _standing(notice: AccessNotice, capacity: str, now: datetime) -> Standing:
    asked = notice.consent_asked_until is not None and now < notice.consent_asked_until
    return standing_of(Capacity(capacity), asked)
