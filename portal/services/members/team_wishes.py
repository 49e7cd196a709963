"""The young person chooses the team: a yes to a person, a no to one, somebody proposed, a pause asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid4

from portal import clock, text
from portal.access.policy import whatif, who_may
from portal.access.policy.actions import Action
from portal.access.policy.answers import Answer, party_of
from portal.access.policy.whatif import AccessChange, Prospect
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound, Overtaken
from portal.events import Event
from portal.models import Membership, TeamWish, TeamWishAnswer
from portal.services.consents import declare, requests
from portal.services.consents.requests import PartyLine
from portal.services.members import queries
from portal.services.notices import announce
from portal.services.notices.kinds import Kind
from portal.services.shared import idempotency
from portal.text import in_order


class WishKind(StrEnum):
    PROPOSE = "propose"
    NO = "no"
    PAUSE = "pause"


class WishAnswer(StrEnum):
    YES = "yes"
    TALK = "talk"
    NO = "no"
    SEEN = "seen"
    """To a no that has worked already: there is nothing to grant."""


@dataclass(frozen=True)
class WishLine:
    id: UUID
    kind: WishKind
    about: Membership | None
    name: str
    words: str
    pause_until: datetime | None
    made_at: datetime
    answer: WishAnswer | None
    answer_words: str
    answered_at: datetime | None
    has_worked: bool = False
    """A no that shut by itself what it was about: it is told, and not asked."""

    @property
    def can_be_answered(self) -> tuple[WishAnswer, ...]:
        if self.has_worked:
            return (WishAnswer.SEEN, WishAnswer.TALK)
        return (WishAnswer.YES, WishAnswer.TALK, WishAnswer.NO)


@dataclass(frozen=True)
class MemberChoice:
    """Somebody in the case, and what the young person has said about them."""

    who: Membership
    line: PartyLine | None
    """What their own yes decides about that person; None where it decides nothing."""
    asked_out: WishLine | None
    """Their wish, unanswered, that this person leaves, where it is for the guide to decide."""


@dataclass(frozen=True)
class WishConsent:
    """What a yes to one person means: it is the consent for their unit, or for them by name."""

    who: Membership
    line: PartyLine
    also: tuple[Membership, ...]
    """Others of the same unit, who come with it."""
    becomes: tuple[Prospect, ...]
    """What the person will see, and whose yes is still missing."""
    given: bool


@dataclass(frozen=True)
class No:
    """What a no to one person means."""

    decides: bool
    """Whether it is the young person's own answer, which works at once; otherwise the guide is asked."""
    also: tuple[Membership, ...]
    """Others of the same unit, to whom it is said too."""
    changes: tuple[AccessChange, ...]
    """What shuts at once."""


def wishes(ticket: CaseTicket, only_open: bool = False) -> list[WishLine]:
    """The young person's wishes, newest first, for them and the guide. A no that they have said yes to since is no open
    wish any more."""
    rows = ticket.session.execute(queries.WISHES, {"case": ticket.case_id}).all()
    return [
        _line(ticket, wish, answer)
        for wish, answer in rows
        if not (only_open and (answer or _said_yes_since(ticket, wish)))
    ]


def own(ticket: CaseTicket) -> list[WishLine]:
    """One's wishes and what was answered, as a page of its own."""
    ticket.require(Action.TEAM_WISH)
    ticket.record(Event.TEAM_VIEWED)
    return wishes(ticket)


def team(ticket: CaseTicket) -> list[MemberChoice]:
    """Everybody in the case the young person can say yes or no to, with what they have said."""
    lines = _lines_by_member(ticket)
    out = {wish.about.id: wish for wish in wishes(ticket, only_open=True) if wish.about and not wish.has_worked}
    return [MemberChoice(who, lines.get(who.id), out.get(who.id)) for who in candidates(ticket)]


def candidates(ticket: CaseTicket) -> list[Membership]:
    ticket.require(Action.TEAM_WISH)
    found = [m for m in ticket.members.values() if m.id != ticket.membership.id]
    return sorted(found, key=lambda m: in_order(m.display_name))


def yes(ticket: CaseTicket, membership_id: UUID) -> WishConsent:
    """What a yes to that person would mean. Raises NotFound where no consent of this person is asked for them."""
    ticket.require(Action.TEAM_WISH)
    line = _lines_by_member(ticket).get(membership_id)
    if line is None:
        raise NotFound
    ticket.record(Event.CONSENT_VIEWED, item_id=ticket.membership.id)
    now = clock.now()
    until = clock.end_of(clock.months_on(clock.today(ticket.profile.zone), 1), ticket.profile.zone)
    after = whatif.with_yes(ticket.facts, ticket.membership.id, line.party, until, now)
    return WishConsent(
        who=ticket.members[membership_id],
        line=line,
        also=tuple(m for m in line.members if m.id != membership_id),
        becomes=tuple(whatif.prospects(after, after.member(membership_id), now)),
        given=bool(line.granted),
    )


def preview_no(ticket: CaseTicket, membership_id: UUID) -> No:
    """What a no would do. Raises NotFound."""
    ticket.require(Action.TEAM_WISH)
    if membership_id not in {m.id for m in candidates(ticket)}:
        raise NotFound
    ticket.record(Event.TEAM_VIEWED)
    line = _lines_by_member(ticket).get(membership_id)
    if line is None:
        return No(False, (), ())
    now, facts = clock.now(), ticket.facts
    changes = whatif.changes(facts, whatif.with_no(facts, ticket.membership.id, line.party, now), now)
    return No(True, tuple(m for m in line.members if m.id != membership_id), tuple(changes))


def say_no(ticket: CaseTicket, submission: UUID, membership_id: UUID, words: str) -> UUID:
    """A no to that person. Where their access rests on this yes, it is their answer and works at once, and the guide is
    told; for the rest the guide is asked."""
    ticket.lock_case()
    ticket.require(Action.TEAM_WISH)
    if membership_id not in {m.id for m in candidates(ticket)}:
        raise NotFound
    made = uuid4()
    if earlier := idempotency.claim(ticket.session, submission, made):
        return earlier
    line = _lines_by_member(ticket).get(membership_id)
    if line is not None and line.refused_at is None:
        declare.refuse(ticket, line)
    return _wish(ticket, made, WishKind.NO, words, membership_id=membership_id)


def propose_wishes(ticket: CaseTicket, submission: UUID, name: str, words: str) -> UUID:
    """Somebody the young person wants in the team. Raises InvalidInput without a name."""
    ticket.require(Action.TEAM_WISH)
    called = text.line(name, 120)
    if not called:
        raise InvalidInput("name", "required")
    made = uuid4()
    if earlier := idempotency.claim(ticket.session, submission, made):
        return earlier
    return _wish(ticket, made, WishKind.PROPOSE, words, name=called)


def ask_for_pause(ticket: CaseTicket, submission: UUID, until: date, words: str) -> UUID:
    """A pause until the end of that day. Raises InvalidInput at `until` for a day that has passed."""
    ticket.require(Action.TEAM_WISH)
    zone = ticket.profile.zone
    if until < clock.today(zone):
        raise InvalidInput("until", "date_past")
    made = uuid4()
    if earlier := idempotency.claim(ticket.session, submission, made):
        return earlier
    return _wish(ticket, made, WishKind.PAUSE, words, pause_until=clock.end_of(until, zone))


def wish(ticket: CaseTicket, wish_id: UUID) -> WishLine:
    """One wish that waits for the guide's answer. Raises Overtaken for one that was answered, NotFound."""
    ticket.require(Action.TEAM_CHANGE)
    found = next((line for line in wishes(ticket) if line.id == wish_id), None)
    if found is None:
        raise NotFound
    if found.answer is not None:
        raise Overtaken
    ticket.record(Event.TEAM_VIEWED)
    return found


def answer_wish(ticket: CaseTicket, submission: UUID, wish_id: UUID, said: str, words: str) -> None:
    """What the guide says to a wish. Raises InvalidInput for no choice, Overtaken for a wish already answered."""
    ticket.lock_case()
    ticket.require(Action.TEAM_CHANGE)
    made = uuid4()
    if idempotency.claim(ticket.session, submission, made):
        return
    if said not in wish(ticket, wish_id).can_be_answered:
        raise InvalidInput("answer", "choice")
    row = TeamWishAnswer(
        id=made,
        case_id=ticket.case_id,
        wish_id=wish_id,
        answer=said,
        answered_at=clock.now(),
        answered_by_id=ticket.membership.id,
    )
    ticket.seal(row, "words", text.plain(words, 2000))
    ticket.session.add(row)
    ticket.record(Event.WISH_ANSWERED, item_id=wish_id)
    announce.tell_members(ticket, Kind.REQUEST, [ticket.young_person.id])


def _wish(
    ticket: CaseTicket,
    made: UUID,
    kind: WishKind,
    words: str,
    membership_id: UUID | None = None,
    name: str = "",
    pause_until: datetime | None = None,
) -> UUID:
    row = TeamWish(
        id=made,
        case_id=ticket.case_id,
        kind=kind.value,
        membership_id=membership_id,
        pause_until=pause_until,
        made_at=clock.now(),
        made_by_id=ticket.membership.id,
    )
    ticket.seal(row, "name", name)
    ticket.seal(row, "words", text.plain(words, 2000))
    ticket.session.add(row)
    ticket.record(Event.WISH_MADE, item_id=made)
    announce.tell_guide(ticket, Kind.REQUEST)
    return made


def _lines_by_member(ticket: CaseTicket) -> dict[UUID, PartyLine]:
    """The party through which each person's access rests on this giver's consent."""
    facts, now = ticket.facts, clock.now()
    lines = requests.party_lines(ticket, ticket.membership)
    found = ((member.id, line) for line in lines for member in line.members)
    return {m: line for m, line in found if who_may.may_say_yes(party_of(facts, facts.member(m), now), line.party)}


def _said_yes_since(ticket: CaseTicket, wish: TeamWish) -> bool:
    return wish.membership_id is not None and any(
        said.answer is Answer.YES and said.at is not None and said.at > wish.made_at
        for said in requests.said_about(ticket, wish.made_by_id, wish.membership_id)
    )


def _has_worked(ticket: CaseTicket, wish: TeamWish) -> bool:
    """Whether a no is the young person's own answer to everything that person could see."""
    if wish.membership_id is None:
        return False
    said = requests.said_about(ticket, wish.made_by_id, wish.membership_id)
    return bool(said) and all(one.answer is Answer.NO for one in said)


def _line(ticket: CaseTicket, row: TeamWish, answered: TeamWishAnswer | None) -> WishLine:
    return WishLine(
        id=row.id,
        kind=WishKind(row.kind),
        about=ticket.members[row.membership_id] if row.membership_id else None,
        name=ticket.unseal(row, "name"),
        words=ticket.unseal(row, "words"),
        pause_until=row.pause_until,
        made_at=row.made_at,
        answer=WishAnswer(answered.answer) if answered else None,
        answer_words=ticket.unseal(answered, "words") if answered else "",
        answered_at=answered.answered_at if answered else None,
        has_worked=_has_worked(ticket, row),
    )
