"""Handing a case over to another guide: offered, accepted, nothing lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, select

from portal import clock, text
from portal.access.actor import Actor
from portal.access.policy import whatif, who_may
from portal.access.policy.actions import Action, OfficeAction
from portal.access.policy.ages import majority
from portal.access.policy.facts import Facts, Member
from portal.access.policy.roles import Capacity, Level
from portal.access.policy.whatif import AccessChange
from portal.access.ticket import CaseTicket
from portal.access.window_store import hand_over as carry_over
from portal.access.window_store import rewrite_windows
from portal.errors import InvalidInput, NotFound, Overtaken
from portal.events import Event
from portal.models import HandOver, HandOverAnswer, Membership, Person, Staff, TeamLevel, Unit
from portal.services.members import confidences, joining, queries, team
from portal.services.members import handover_answers as says
from portal.services.members.joining import Host, Joining
from portal.services.members.team import Colleague
from portal.services.notices import mail
from portal.services.notices.kinds import Kind
from portal.services.shared import idempotency


@dataclass(frozen=True)
class HandoverOffer:
    """An offer that has not been answered, as the one it is made to reads it: nothing of the case but its guide."""

    id: UUID
    case_id: UUID
    guide: str
    offered_at: datetime
    is_ready: bool
    """Whether it can be accepted now: nobody's yes is waited for, and this person may own cases."""


@dataclass(frozen=True)
class Law:
    """On what a case goes to another organisation without consent. Everyone in the case reads it."""

    legal_basis: str
    reason: str


@dataclass(frozen=True)
class HandoverOutlook:
    """What a hand-over to one guide would do, as it stands now."""

    leaves: bool
    """Whether the case would leave its organisation by it, which takes consent or a legal basis."""
    asked: tuple[Membership, ...]
    """Whose consent that is."""
    sees_now: tuple[str, ...]
    """Compartments that the other guide reads already."""
    me_then: tuple[str, ...]
    """Compartments that the guide of today would still read afterwards."""
    others: tuple[AccessChange, ...]
    """What changes for everybody else."""


def guides(ticket: CaseTicket, words: str) -> list[Colleague]:
    """Those who may own cases and whose name or place fits every word."""
    ticket.require(Action.TEAM_CHANGE)
    found = team.search_staff(ticket, words, guides=True)
    return [one for one in found if one.person_id != ticket.actor.person_id]


def guide(ticket: CaseTicket, person_id: UUID) -> Colleague:
    """One of them. Raises NotFound."""
    _guide(ticket, person_id)
    return team.colleague(ticket, person_id)


def preview(ticket: CaseTicket, person_id: UUID) -> HandoverOutlook:
    """What changes for everybody when that guide takes the case over."""
    taker = _guide(ticket, person_id)
    now, facts, me = clock.now(), ticket.facts, ticket.membership.id
    already = next((m for m in facts.members if m.person_id == person_id), None)
    if already is None:
        already = Member(uuid4(), person_id, Capacity.PROFESSIONAL, taker.unit_id, ((now, Level.NONE),))
        facts = whatif.with_member(facts, already)
    ticket.record(Event.TEAM_VIEWED)
    after = whatif.with_owner(facts, already.id, taker.unit_id, now)
    between_two = {rule.key for rule in facts.rules.compartments if rule.confidant_id is not None}
    changes = [c for c in whatif.changes(facts, after, now) if c.compartment not in between_two]
    leaves = says.between_organisations(ticket, _units(ticket, taker))
    return HandoverOutlook(
        leaves=leaves,
        asked=tuple(says.needed(ticket)) if leaves else (),
        sees_now=_open(facts, already.id, now),
        me_then=_open(after, me, now),
        others=tuple(change for change in changes if change.member_id not in (already.id, me)),
    )


def _open(facts: Facts, member_id: UUID, at: datetime) -> tuple[str, ...]:
    member = facts.member(member_id)
    return tuple(p.compartment for p in whatif.prospects(facts, member, at) if p.level is not Level.NONE)


def offer(ticket: CaseTicket, submission: UUID, person_id: UUID, law: Law | None = None) -> UUID:
    """Offers the case to another guide, for whom it opens nothing before they accept.

    To another organisation it waits for the yes of those it is about, or goes by `law`. Raises NotFound for somebody
    who may not own cases, InvalidInput when another offer waits, at `legal_basis` or `reason` where one of them is
    missing, and at `how` where those who would have to say yes cannot be asked.
    """
    _guide(ticket, person_id)
    account = joining.hold_account(ticket.session, person_id)
    ticket.lock_case()
    taker = _guide(ticket, person_id)
    if pending(ticket) is not None:
        raise InvalidInput("", "offer_waits")
    made = uuid4()
    if not says.between_organisations(ticket, _units(ticket, taker)):
        law = None
    elif law is None:
        says.refuse_unasked(ticket)
    grounds = _checked(law) if law else None
    if earlier := idempotency.claim(ticket.session, submission, made):
        return earlier
    known = next((m for m in ticket.members.values() if m.person_id == person_id), None)
    if known is None:
        host = Host(ticket.actor, ticket.case_id, ticket.keys, ticket.membership.id)
        known = joining.add_staff(host, account, Joining(Capacity.PROFESSIONAL, Level.NONE))
    row = HandOver(
        id=made,
        case_id=ticket.case_id,
        from_id=ticket.membership.id,
        from_person_id=ticket.actor.person_id,
        from_unit_id=ticket.case.owner_unit_id,
        to_id=known.id,
        to_person_id=person_id,
        to_unit_id=known.unit_id or taker.unit_id,
        offered_at=clock.now(),
        custody_asked_until=majority(ticket.facts) if ticket.facts.rules.custody_holders_are_asked else None,
    )
    if grounds:
        ticket.seal(row, "legal_basis", grounds.legal_basis)
        ticket.seal(row, "reason", grounds.reason)
    ticket.session.add(row)
    ticket.record(Event.HAND_OVER_OFFERED, item_id=known.id)
    mail.queue_notice(ticket.session, [person_id], kind=Kind.REQUEST, case_id=ticket.case_id)
    rewrite_windows(ticket.session, ticket.case_id)
    return made


def _units(ticket: CaseTicket, taker: Staff) -> set[UUID]:
    """Where the case belongs, and where the other guide works, by now and as noted in the case."""
    noted = {m.unit_id for m in ticket.members.values() if m.person_id == taker.person_id and m.unit_id}
    return {ticket.case.owner_unit_id, taker.unit_id} | noted


def _checked(law: Law) -> Law:
    basis, reason = text.line(law.legal_basis), text.plain(law.reason, 2000)
    if not basis:
        raise InvalidInput("legal_basis", "required")
    if not reason:
        raise InvalidInput("reason", "required")
    return Law(basis, reason)


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


def offers_to(actor: Actor) -> list[HandoverOffer]:
    """What is offered to this person and waits for their answer."""
    if not actor.is_staff:
        return []
    ready = set(actor.session.scalars(queries.TAKEABLE))
    rows = actor.session.execute(
        select(HandOver.id, HandOver.case_id, HandOver.offered_at, Staff.name, Unit.name)
        .join(Membership, Membership.id == HandOver.to_id)
        .join(Unit, Unit.id == HandOver.from_unit_id)
        .join(Staff, Staff.person_id == HandOver.from_person_id)
        .outerjoin(HandOverAnswer, HandOverAnswer.hand_over_id == HandOver.id)
        .where(Membership.person_id == actor.person_id, HandOverAnswer.id.is_(None))
        .order_by(HandOver.offered_at)
    )
    return [HandoverOffer(id_, case_id, f"{name}, {unit}", at, id_ in ready) for id_, case_id, at, name, unit in rows]


def offer_to_me(ticket: CaseTicket) -> HandoverOffer:
    """The offer of this case that waits for this person's answer. Raises Overtaken for one that has been answered or
    taken back, NotFound where none was made."""
    ticket.require(Action.HAND_OVER_ANSWER)
    found = next((offer for offer in offers_to(ticket.actor) if offer.case_id == ticket.case_id), None)
    if found is None:
        raise Overtaken if _was_offered(ticket, HandOver.to_id == ticket.membership.id) else NotFound
    ticket.record(Event.TEAM_VIEWED)
    return found


def of_offer(ticket: CaseTicket, offered: HandoverOffer) -> says.GuideChange:
    """What is asked about an offer and what was said to it, for the one it is made to."""
    return says.change(ticket, ticket.session.get_one(HandOver, offered.id))


def accept_handover(ticket: CaseTicket, submission: UUID) -> None:
    """Takes the case over, from now on: its key, its content, its log and its people stay what they were.

    The guide before is then a professional like others. Raises NotFound without an offer, Overtaken for one that is
    over, Refused for somebody who may not own cases, InvalidInput while somebody's yes is waited for, and when they
    work elsewhere by now: the case was offered to a guide of that unit.
    """
    ticket.require(Action.HAND_OVER_ANSWER)  # whoever may not has no account to hold
    joining.hold_account(ticket.session, ticket.actor.person_id)
    ticket.lock_case()
    ticket.require(Action.HAND_OVER_ANSWER)
    if idempotency.claim(ticket.session, submission, uuid4()):
        return
    made = offer_to_me(ticket)
    offered = ticket.session.get_one(HandOver, made.id)
    ticket.actor.require(OfficeAction.CASE_OPEN)
    mine = select(Membership.unit_id).where(Membership.id == offered.to_id)
    if ticket.session.scalars(mine).one() != offered.to_unit_id:
        raise InvalidInput("", "offer_moved")
    if not made.is_ready or not of_offer(ticket, made).is_ready:
        raise InvalidInput("answer", "hand_over_waits")
    _answer(ticket, offered, "accepted")
    ticket.session.flush()
    carry_over(ticket.session, ticket.case_id, offered.from_id, offered.to_id)
    confidences.begin_confidence(ticket)
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
    if idempotency.claim(ticket.session, submission, uuid4()):
        return
    offered = ticket.session.get_one(HandOver, offer_to_me(ticket).id)
    _answer(ticket, offered, "declined")
    ticket.record(Event.HAND_OVER_DECLINED, item_id=offered.to_id)


def withdraw_handover(ticket: CaseTicket, submission: UUID) -> None:
    """Takes an offer back before it is answered. Raises NotFound without one, Overtaken for one that is answered."""
    ticket.lock_case()
    ticket.require(Action.TEAM_CHANGE)
    if idempotency.claim(ticket.session, submission, uuid4()):
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
    if staff is None or person is None:
        raise NotFound
    is_me = person_id == ticket.actor.person_id
    if not who_may.may_take_case_over(staff.may_open_cases, person.closed_at is None, is_me):
        raise NotFound
    return staff
