"""What those a case is about say to another guide: asked for their consent, or told and heard.

Within the organisation the young person is told and may say no: it is recorded, told to both guides and answered in
words, and stops nothing. Another organisation takes a case over with the yes of the young person and of everybody who
holds custody of a minor, or on a legal basis that everyone in the case reads. The offer waits until the answers are in;
the database asks the same question when it is accepted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased

from portal import clock, text
from portal.access.actor import Actor
from portal.access.policy import who_may
from portal.access.policy.actions import Action
from portal.access.policy.roles import Capacity
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound, Overtaken
from portal.events import Event
from portal.models import HandOver, HandOverAnswer, HandOverReply, HandOverSay, Membership, Staff, Unit
from portal.services.consents import requests
from portal.services.members import queries
from portal.services.notices import mail
from portal.services.notices.kinds import Kind
from portal.services.shared import idempotency

HEARD_FOR = timedelta(days=30)
"""How long after a case went to another guide of the organisation the young person is still asked about it."""


@dataclass(frozen=True)
class HandoverAnswer:
    """What one person was asked about another guide, and what they said."""

    id: UUID | None
    giver: Membership
    answer: str
    """'yes', 'no', or '' while there is none."""
    method: str
    words: str
    said_at: datetime | None
    registered_by: Membership | None
    """The guide, where it was said on paper or aloud."""
    reply: str
    replied_by: Membership | None
    replied_at: datetime | None
    own_no: bool = False
    """Whether what they last said themselves was a no: that is theirs alone to change."""


@dataclass(frozen=True)
class GuideChange:
    """A change of guide that somebody is asked about or told of."""

    id: UUID
    before: Membership
    after: Membership
    is_over: bool
    """Whether the case has gone to the other guide already."""
    leaves: bool
    """Whether the case leaves its organisation by it."""
    by_law: bool
    legal_basis: str
    reason: str
    offered_at: datetime
    said: tuple[HandoverAnswer, ...]
    """Of everybody who is asked."""
    is_ready: bool
    """Whether it waits for nobody's yes."""

    @property
    def can_be_said(self) -> bool:
        """Whether an answer still counts: a case that left its organisation by consent has left."""
        return self.by_law or not (self.is_over and self.leaves)


def leaves(ticket: CaseTicket, offered: HandOver) -> bool:
    """Whether the case would leave its organisation: by where the other guide works, as noted or by now."""
    works = ticket.session.scalars(select(Staff.unit_id).where(Staff.person_id == offered.to_person_id)).one()
    return between_organisations(ticket, (offered.from_unit_id, offered.to_unit_id, works))


def between_organisations(ticket: CaseTicket, units: Iterable[UUID]) -> bool:
    """Whether the units belong to more than one organisation."""
    found = ticket.session.scalars(select(Unit.organisation_id).where(Unit.id.in_(list(units))).distinct())
    return len(set(found)) > 1


def needed(ticket: CaseTicket) -> list[Membership]:
    """Whose yes it takes for the case to leave its organisation: the young person's, and the custody holders' of a
    minor."""
    return requests.givers(ticket)


def refuse_unasked(ticket: CaseTicket) -> None:
    """Raises InvalidInput where somebody who would be asked is shut out at once: to ask them would tell them where the
    case goes."""
    now = clock.now()
    if any(ticket.facts.is_frozen_at(giver.id, now) for giver in needed(ticket)):
        raise InvalidInput("how", "hand_over_frozen")


def change(ticket: CaseTicket, offered: HandOver, is_over: bool = False) -> GuideChange:
    """A change of guide with what everybody said to it."""
    outside, by_law = leaves(ticket, offered), offered.legal_basis_sealed is not None
    by_consent = who_may.new_guide_takes_consent(outside, by_law)
    asked = needed(ticket) if by_consent else [ticket.young_person]
    said = tuple(_said(ticket, offered, asked))
    waits = by_consent and not all(one.answer == "yes" and not one.own_no for one in said)
    return GuideChange(
        id=offered.id,
        before=ticket.everybody[offered.from_id],
        after=ticket.everybody[offered.to_id],
        is_over=is_over,
        leaves=outside,
        by_law=by_law,
        legal_basis=ticket.unseal(offered, "legal_basis"),
        reason=ticket.unseal(offered, "reason"),
        offered_at=offered.offered_at,
        said=said,
        is_ready=not waits,
    )


def asked_of_me(ticket: CaseTicket) -> GuideChange | None:
    """The change of guide that this person is asked about: one that waits, or one that happened lately, so that they
    see what stands in their name. None where they are asked nothing."""
    if not ticket.allows(Action.HAND_OVER_SAY):
        return None
    found = current(ticket)
    if found is None or ticket.facts.is_frozen_at(ticket.membership.id, clock.now()):
        return None
    return found if any(one.giver.id == ticket.membership.id for one in found.said) else None


def cases_with_questions(actor: Actor) -> set[UUID]:
    """The cases in which a citizen is asked about another guide just now, whether the case is open to them or not: the
    young person in each, custody holders where it takes their consent."""
    if actor.is_staff:
        return set()
    before, after, works = aliased(Unit), aliased(Unit), aliased(Unit)
    outside = or_(
        before.organisation_id != after.organisation_id,
        before.organisation_id != works.organisation_id,
    )
    return set(
        actor.session.scalars(
            select(HandOver.case_id)
            .join(Membership, Membership.case_id == HandOver.case_id)
            .join(before, before.id == HandOver.from_unit_id)
            .join(after, after.id == HandOver.to_unit_id)
            .join(Staff, Staff.person_id == HandOver.to_person_id)
            .join(works, works.id == Staff.unit_id)
            .outerjoin(HandOverAnswer, HandOverAnswer.hand_over_id == HandOver.id)
            .where(Membership.person_id == actor.person_id, HandOverAnswer.id.is_(None))
            .where(
                or_(
                    Membership.capacity == Capacity.YOUNG_PERSON,
                    and_(outside, HandOver.legal_basis_sealed.is_(None), HandOver.custody_asked_until > clock.now()),
                )
            )
        )
    )


def current(ticket: CaseTicket) -> GuideChange | None:
    """The change of guide that waits for an answer, or the last one for as long as the young person is heard on it."""
    lately = {"case": ticket.case_id, "heard": clock.now() - HEARD_FOR}
    row = ticket.session.execute(queries.NEWEST, lately).first()
    return change(ticket, row[0], row[1] is not None) if row else None


def by_law(ticket: CaseTicket) -> list[GuideChange]:
    """Every change of guide on a legal basis, that waits or has happened, for everyone in the case to read."""
    rows = ticket.session.execute(
        select(HandOver, HandOverAnswer.answer)
        .outerjoin(HandOverAnswer, HandOverAnswer.hand_over_id == HandOver.id)
        .where(HandOver.case_id == ticket.case_id, HandOver.legal_basis_sealed.is_not(None))
        .where((HandOverAnswer.id.is_(None)) | (HandOverAnswer.answer == "accepted"))
        .order_by(HandOver.offered_at.desc())
    )
    return [change(ticket, row, said is not None) for row, said in rows]


def say(ticket: CaseTicket, submission: UUID, hand_over_id: UUID, said: str, words: str) -> None:
    """One's own answer. It can be changed until the case has left its organisation with it.

    Raises InvalidInput for no answer and for a change of guide that is not the one any more (`hand_over_id`), Overtaken
    when that one is over, NotFound where nothing is asked.
    """
    ticket.lock_case()
    ticket.require(Action.HAND_OVER_SAY)
    if said not in ("yes", "no"):
        raise InvalidInput("answer", "choice")
    if idempotency.claim(ticket.session, submission, uuid4()):
        return
    asked = asked_of_me(ticket)
    if asked is None or not asked.can_be_said:
        raise Overtaken if _was_asked(ticket, hand_over_id) else NotFound
    if asked.id != hand_over_id:
        raise InvalidInput("", "form_stale")
    _note(ticket, asked, ticket.membership, said, "eid", words)


def register(ticket: CaseTicket, submission: UUID, giver_id: UUID, said: str, method: str, words: str) -> None:
    """What somebody who is asked said on paper or aloud, noted by the guide. Raises InvalidInput at `answer`, `method`
    or `words`, and for a yes over a no that they said themselves; NotFound for somebody who is not asked."""
    ticket.lock_case()
    ticket.require(Action.TEAM_CHANGE)
    asked = current(ticket)
    last = next((one for one in asked.said if one.giver.id == giver_id), None) if asked else None
    if asked is None or last is None or asked.is_over:
        raise NotFound
    if said not in ("yes", "no"):
        raise InvalidInput("answer", "choice")
    if method not in ("paper", "oral"):
        raise InvalidInput("method", "choice")
    if not text.plain(words):
        raise InvalidInput("words", "required")
    if said == "yes" and last.own_no:
        raise InvalidInput("answer", "own_no")
    if idempotency.claim(ticket.session, submission, uuid4()):
        return
    _note(ticket, asked, last.giver, said, method, words)


def reply(ticket: CaseTicket, submission: UUID, say_id: UUID, words: str) -> None:
    """What the guide answers. Raises InvalidInput without words, Overtaken for what has an answer, NotFound for what
    was not said."""
    ticket.lock_case()
    ticket.require(Action.TEAM_CHANGE)
    plain, made = text.plain(words, 2000), uuid4()
    if not plain:
        raise InvalidInput("words", "required")
    if idempotency.claim(ticket.session, submission, made):
        return
    said_to(ticket, say_id)
    row = HandOverReply(
        id=made,
        case_id=ticket.case_id,
        say_id=say_id,
        replied_at=clock.now(),
        replied_by_id=ticket.membership.id,
    )
    ticket.seal(row, "words", plain)
    ticket.session.add(row)
    ticket.record(Event.HAND_OVER_REPLIED, item_id=say_id)


def said_to(ticket: CaseTicket, say_id: UUID) -> HandoverAnswer:
    """What the guide is about to answer. Raises Overtaken for what has an answer, NotFound for what is not asked."""
    ticket.require(Action.TEAM_CHANGE)
    asked = current(ticket)
    found = next((one for one in asked.said if one.id == say_id), None) if asked else None
    if found is None:
        raise NotFound
    if found.reply:
        raise Overtaken
    ticket.record(Event.TEAM_VIEWED)
    return found


def _was_asked(ticket: CaseTicket, hand_over_id: UUID) -> bool:
    offer = select(HandOver.id).where(HandOver.case_id == ticket.case_id, HandOver.id == hand_over_id)
    return ticket.session.scalars(offer).first() is not None


def _note(ticket: CaseTicket, asked: GuideChange, giver: Membership, said: str, method: str, words: str) -> None:
    plain = text.plain(words, 2000)
    last = next(one for one in asked.said if one.giver.id == giver.id)
    if (last.answer, last.method, last.words) == (said, method, plain):
        return  # said again as it stands
    row = HandOverSay(
        id=uuid4(),
        case_id=ticket.case_id,
        hand_over_id=asked.id,
        membership_id=giver.id,
        answer=said,
        method=method,
        said_at=clock.now(),
        said_by_id=ticket.membership.id,
    )
    ticket.seal(row, "words", plain)
    ticket.session.add(row)
    ticket.session.flush()
    ticket.record(Event.HAND_OVER_SAID, item_id=giver.id, allowed=said == "yes", method=method)
    # Both guides are told that there is news: of a no, and of the last yes that was waited for.
    after = change(ticket, ticket.session.get_one(HandOver, asked.id), asked.is_over)
    if said == "no" or (after.is_ready and not asked.is_ready):
        guides = [guide.person_id for guide in (asked.before, asked.after)]
        mail.queue_notice(ticket.session, guides, kind=Kind.REQUEST, case_id=ticket.case_id)


def _said(ticket: CaseTicket, offered: HandOver, asked: Iterable[Membership]) -> Iterable[HandoverAnswer]:
    """What each of those who are asked said last."""
    rows = ticket.session.execute(
        select(HandOverSay, HandOverReply)
        .outerjoin(HandOverReply, HandOverReply.say_id == HandOverSay.id)
        .where(HandOverSay.hand_over_id == offered.id)
        .order_by(HandOverSay.said_at, HandOverSay.id)
    )
    last: dict[UUID, tuple[HandOverSay, HandOverReply | None]] = {}
    themselves: dict[UUID, str] = {}
    for each, its_reply in rows:
        last[each.membership_id] = (each, its_reply)
        if each.method == "eid":
            themselves[each.membership_id] = each.answer
    for giver in asked:
        if giver.id not in last:
            yield HandoverAnswer(None, giver, "", "", "", None, None, "", None, None)
            continue
        row, answered = last[giver.id]
        yield HandoverAnswer(
            id=row.id,
            giver=giver,
            answer=row.answer,
            method=row.method,
            words=ticket.unseal(row, "words"),
            said_at=row.said_at,
            registered_by=ticket.everybody[row.said_by_id] if row.said_by_id != giver.id else None,
            reply=ticket.unseal(answered, "words") if answered else "",
            replied_by=ticket.everybody[answered.replied_by_id] if answered else None,
            replied_at=answered.replied_at if answered else None,
            own_no=themselves.get(giver.id) == "no",
        )
