"""Handing a case over to another guide: offered, accepted, nothing lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, select

from portal import clock
from portal.access import whatif
from portal.access.actions import Action
from portal.access.facts import Member
from portal.access.ledger import hand_over as carry_over
from portal.access.ledger import rewrite_windows
from portal.access.roles import Capacity, Level
from portal.access.ticket import Actor, CaseTicket
from portal.access.whatif import Change
from portal.errors import InvalidInput, NotFound, Overtaken
from portal.events import Event
from portal.models import HandOver, HandOverAnswer, Membership, Person, Staff, TeamLevel, Unit
from portal.services import joining, once, team
from portal.services.joining import Host, Joining
from portal.services.team import Colleague


@dataclass(frozen=True)
class Offer:
    """An offer that has not been answered, as the one it is made to reads it: nothing of the case but its guide."""

    id: UUID
    case_id: UUID
    guide: str
    offered_at: datetime


def guides(ticket: CaseTicket, words: str) -> list[Colleague]:
    """Those who may own cases and whose name or place fits every word."""
    ticket.require(Action.TEAM_CHANGE)
    found = team.search_staff(ticket, words, guides=True)
    return [one for one in found if one.person_id != ticket.actor.person_id]


def guide(ticket: CaseTicket, person_id: UUID) -> Colleague:
    """One of them. Raises NotFound."""
    _guide(ticket, person_id)
    return team.colleague(ticket, person_id)


def preview(ticket: CaseTicket, person_id: UUID) -> list[Change]:
    """What changes for everybody when that guide takes the case over."""
    taker = _guide(ticket, person_id)
    now = clock.now()
    facts = ticket.facts
    already = next((m for m in facts.members if m.person_id == person_id), None)
    if already is None:
        already = Member(uuid4(), person_id, Capacity.PROFESSIONAL, taker.unit_id, ((now, Level.NONE),))
        facts = whatif.with_member(facts, already)
    ticket.record(Event.TEAM_VIEWED)
    changes = whatif.changes(facts, whatif.with_owner(facts, already.id, taker.unit_id, now), now)
    return [change for change in changes if change.member_id != already.id]


def offer(ticket: CaseTicket, submission: UUID, person_id: UUID) -> UUID:
    """Offers the case to another guide, who sees nothing of it before they accept.

    Raises NotFound for somebody who may not own cases, InvalidInput when another offer waits.
    """
    _guide(ticket, person_id)
    account = joining.hold_account(ticket.session, person_id)
    ticket.lock_case()
    taker = _guide(ticket, person_id)
    if pending(ticket) is not None:
        raise InvalidInput("", "offer_waits")
    made = uuid4()
    if earlier := once.claim(ticket.session, submission, made):
        return earlier
    known = next((m for m in ticket.members.values() if m.person_id == person_id), None)
    if known is None:
        host = Host(ticket.actor, ticket.case_id, ticket.keys, ticket.membership.id)
        known = joining.add_staff(host, account, Joining(Capacity.PROFESSIONAL, Level.NONE))
    ticket.session.add(
        HandOver(
            id=made,
            case_id=ticket.case_id,
            from_id=ticket.membership.id,
            from_person_id=ticket.actor.person_id,
            from_unit_id=ticket.case.owner_unit_id,
            to_id=known.id,
            to_unit_id=known.unit_id or taker.unit_id,
            offered_at=clock.now(),
        )
    )
    ticket.record(Event.HAND_OVER_OFFERED, item_id=known.id)
    rewrite_windows(ticket.session, ticket.case_id)
    return made


def pending(ticket: CaseTicket) -> tuple[HandOver, Membership] | None:
    """The offer of this case that waits for an answer, and whom it is made to."""
    row = ticket.session.execute(
        select(HandOver, Membership)
        .join(Membership, Membership.id == HandOver.to_id)
        .outerjoin(HandOverAnswer, HandOverAnswer.hand_over_id == HandOver.id)
        .where(HandOver.case_id == ticket.case_id, HandOverAnswer.id.is_(None))
    ).one_or_none()
    return (row[0], row[1]) if row else None


def offered_to(ticket: CaseTicket) -> Membership | None:
    """Whom the case is offered to just now."""
    waits = pending(ticket)
    return waits[1] if waits else None


def offers_to(actor: Actor) -> list[Offer]:
    """What is offered to this person and waits for their answer."""
    if not actor.is_staff:
        return []
    rows = actor.session.execute(
        select(HandOver.id, HandOver.case_id, HandOver.offered_at, Staff.name, Unit.name)
        .join(Membership, Membership.id == HandOver.to_id)
        .join(Unit, Unit.id == HandOver.from_unit_id)
        .join(Staff, Staff.person_id == HandOver.from_person_id)
        .outerjoin(HandOverAnswer, HandOverAnswer.hand_over_id == HandOver.id)
        .where(Membership.person_id == actor.person_id, HandOverAnswer.id.is_(None))
        .order_by(HandOver.offered_at)
    )
    return [Offer(id_, case_id, f"{name}, {unit}", at) for id_, case_id, at, name, unit in rows]


def offer_to_me(ticket: CaseTicket) -> Offer:
    """The offer of this case that waits for this person's answer. Raises Overtaken for one that has been answered or
    taken back, NotFound where none was made."""
    ticket.require(Action.HAND_OVER_ANSWER)
    found = next((offer for offer in offers_to(ticket.actor) if offer.case_id == ticket.case_id), None)
    if found is None:
        raise Overtaken if _was_offered(ticket, HandOver.to_id == ticket.membership.id) else NotFound
    ticket.record(Event.TEAM_VIEWED)
    return found


def accept(ticket: CaseTicket, submission: UUID) -> None:
    """Takes the case over, from now on: its key, its content, its log and its people stay what they were.

    The guide before is then a professional like others. Raises NotFound without an offer, Overtaken for one that is
    over, InvalidInput when they work elsewhere by now: the case was offered to a guide of that unit.
    """
    joining.hold_account(ticket.session, ticket.actor.person_id)
    ticket.lock_case()
    ticket.require(Action.HAND_OVER_ANSWER)
    if once.claim(ticket.session, submission, uuid4()):
        return
    offered = ticket.session.get_one(HandOver, offer_to_me(ticket).id)
    mine = select(Membership.unit_id).where(Membership.id == offered.to_id)
    if ticket.session.scalars(mine).one() != offered.to_unit_id:
        raise InvalidInput("", "offer_moved")
    _answer(ticket, offered, "accepted")
    ticket.session.flush()
    carry_over(ticket.session, ticket.case_id, offered.from_id, offered.to_id)
    ticket.record(Event.HAND_OVER_ACCEPTED, item_id=offered.to_id)
    ticket.session.add(
        TeamLevel(
            case_id=ticket.case_id,
            membership_id=offered.to_id,
            level=Level.WRITE.value,
            valid_from=clock.now(),
            set_by_id=ticket.membership.id,
        )
    )
    rewrite_windows(ticket.session, ticket.case_id)


def decline(ticket: CaseTicket, submission: UUID) -> None:
    """Says no to an offer. Raises NotFound without one, Overtaken for one that is over."""
    ticket.lock_case()
    ticket.require(Action.HAND_OVER_ANSWER)
    if once.claim(ticket.session, submission, uuid4()):
        return
    offered = ticket.session.get_one(HandOver, offer_to_me(ticket).id)
    _answer(ticket, offered, "declined")
    ticket.record(Event.HAND_OVER_DECLINED, item_id=offered.to_id)


def withdraw(ticket: CaseTicket, submission: UUID) -> None:
    """Takes an offer back before it is answered. Raises NotFound without one, Overtaken for one that is answered."""
    ticket.lock_case()
    ticket.require(Action.TEAM_CHANGE)
    if once.claim(ticket.session, submission, uuid4()):
        return
    waits = pending(ticket)
    if waits is None:
        raise Overtaken if _was_offered(ticket) else NotFound
    _answer(ticket, waits[0], "withdrawn")
    ticket.record(Event.HAND_OVER_WITHDRAWN, item_id=waits[1].id)


def _was_offered(ticket: CaseTicket, *more: ColumnElement[bool]) -> bool:
    offers = select(HandOver.id).where(HandOver.case_id == ticket.case_id, *more)
    return ticket.session.scalars(offers.limit(1)).first() is not None


def _answer(ticket: CaseTicket, offered: HandOver, said: str) -> None:
    ticket.session.add(
        HandOverAnswer(
            id=uuid4(),
            case_id=ticket.case_id,
            hand_over_id=offered.id,
            answer=said,
            answered_at=clock.now(),
            answered_by_id=ticket.membership.id,
        )
    )


def _guide(ticket: CaseTicket, person_id: UUID) -> Staff:
    ticket.require(Action.TEAM_CHANGE)
    staff = ticket.session.get(Staff, person_id)
    person = ticket.session.get(Person, person_id)
    may_own = staff is not None and staff.may_open_cases and person is not None and person.closed_at is None
    if staff is None or not may_own or person_id == ticket.actor.person_id:
        raise NotFound
    return staff
