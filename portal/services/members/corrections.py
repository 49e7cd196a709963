"""Putting right who somebody is in a case: a citizen's name, the young person's birth date, a CPR number.

A correction changes what a case says about a person, and must never change who the person is. So

* a number is corrected only as long as nobody has come in with it: what somebody did in the case proves that the place
  is theirs, and it is given to nobody else. Whether the number is known in other cases decides nothing, so that nobody
  learns it here;
* with the number, and with another name for somebody who has not come in, whoever is behind the place may be another
  person than the one that others said yes to: declarations that named them say nothing about them from then on;
* the difference is shown first, the reason is kept, the windows are computed anew in the same transaction, the log
  tells it, and the person reads it themselves (GDPR, articles 15 and 16).

Professionals are put right in their accounts, not here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import func, select

from portal import clock, text
from portal.access import window_store
from portal.access.policy import whatif, who_may
from portal.access.policy.actions import Action
from portal.access.policy.ages import majority
from portal.access.policy.facts import Facts
from portal.access.policy.roles import Capacity
from portal.access.ticket import CaseTicket
from portal.cpr import Cpr
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.models import Correction, EidLink, InvitationCode, Membership
from portal.names import nearly_the_same
from portal.services.consents import effects
from portal.services.consents.effects import Effects
from portal.services.members import citizens
from portal.services.shared import idempotency
from portal.storage.places import place


@dataclass(frozen=True)
class WantedCorrection:
    """How somebody is to be called and recognised. `birth_date` is the young person's alone; an empty `national_id`
    leaves the number as it is, `forget_number` takes it away."""

    name: str
    birth_date: date | None = None
    national_id: str = ""
    forget_number: bool = False


@dataclass(frozen=True)
class Subject:
    """Somebody who can be put right, as they stand now."""

    membership: Membership
    birth_date: date | None
    """The young person's; of others none is kept."""
    has_number: bool
    number_open: bool
    """Whether the number can be corrected: nobody has come in with it yet."""


@dataclass(frozen=True)
class Proposal:
    """What a correction would change."""

    subject: Subject
    name: str | None
    """The name it would have; None when that stays."""
    birth_date: date | None
    number: str
    """'' when it stays, else 'added', 'changed' or 'removed'."""
    renews: bool
    """Whether those who said yes to this person are asked anew."""
    named_by: tuple[Membership, ...]
    """Whose declarations would say nothing about them any more."""
    of_age_before: datetime
    of_age: datetime
    effects: Effects
    cpr: Cpr | None = None

    def __bool__(self) -> bool:
        return self.name is not None or self.birth_date is not None or bool(self.number)

    @property
    def mark(self) -> str:
        """A short name of exactly this: what was read is what will happen, or it is shown anew."""
        said = (self.name, self.birth_date, self.number, self.cpr.number if self.cpr else "", self.renews)
        return hashlib.sha256(f"{said} {self.effects.mark} {self.of_age}".encode()).hexdigest()[:32]


def subject(ticket: CaseTicket, membership_id: UUID) -> Subject:
    """Raises NotFound for a professional, and for nobody."""
    ticket.require(Action.MEMBER_CORRECT)
    membership = ticket.members.get(membership_id)
    if membership is None or not who_may.is_citizen(membership.unit_id):
        raise NotFound
    is_dated = who_may.case_knows_birth_date(Capacity(membership.capacity))
    return Subject(
        membership=membership,
        birth_date=ticket.case.birth_date if is_dated else None,
        has_number=membership.national_id_sealed is not None,
        number_open=not has_come_in(ticket, membership),
    )


def look_at_correction(ticket: CaseTicket, membership_id: UUID) -> Subject:
    """The same, as a page of its own that leaves its trace."""
    found = subject(ticket, membership_id)
    ticket.record(Event.TEAM_VIEWED)
    return found


def has_come_in(ticket: CaseTicket, membership: Membership) -> bool:
    """Whether the person has ever done or seen anything in this case, or, where only a code could bring them here, has
    used it. Of what they do elsewhere nothing is asked: the answer would tell who is known here."""
    # What a citizen looked at is not the guide's to read; the database answers whether there is anything at all.
    if ticket.session.scalars(select(func.has_acted_in(ticket.case_id, membership.person_id))).one():
        return True
    if membership.national_id_sealed is not None:
        return False
    of_this = (InvitationCode.case_id == ticket.case_id, InvitationCode.membership_id == membership.id)
    codes = select(InvitationCode.id).where(*of_this, InvitationCode.used_at.is_not(None))
    links = select(EidLink.subject).where(EidLink.person_id == membership.person_id)
    return any(ticket.session.scalars(used.limit(1)).first() is not None for used in (codes, links))


def propose_correction(ticket: CaseTicket, membership_id: UUID, wanted: WantedCorrection) -> Proposal:
    """What would change for whom. Raises NotFound as above; InvalidInput at `name`, `birth_date`, `national_id`."""
    this = subject(ticket, membership_id)
    name = citizens.checked_name(wanted.name, "name")
    born = _birth_date(ticket, this, wanted)
    number, cpr = _number(ticket, this, wanted, born)
    renamed = name if name != this.membership.display_name else None
    reborn = born if born != this.birth_date else None
    renews = bool(number) or (renamed is not None and this.number_open and _is_another(ticket, this, renamed))
    now, before = clock.now(), ticket.facts
    after = whatif.with_birth_date(before, reborn) if reborn else before
    if renews:
        after = whatif.with_renewal(after, membership_id, now)
    named = _named_by(before, membership_id, now) if renews else set()
    return Proposal(
        subject=this,
        name=renamed,
        birth_date=reborn,
        number=number,
        renews=renews,
        named_by=tuple(ticket.members[giver] for giver in ticket.members if giver in named),
        of_age_before=majority(before),
        of_age=majority(after),
        effects=effects.effects_of(ticket, after),
        cpr=cpr,
    )


def correct(
    ticket: CaseTicket, submission: UUID, membership_id: UUID, wanted: WantedCorrection, reason: str, mark: str
) -> None:
    """Puts it right. `mark` is that of the proposal that was read.

    Raises as `propose`; InvalidInput at `reason` without one, for nothing that differs, and when what was read is not
    what would happen any more.
    """
    ticket.lock_case()
    ticket.require(Action.MEMBER_CORRECT)
    why = text.plain(reason, 2000)
    if not why:
        raise InvalidInput("reason", "required")
    if idempotency.made_before(ticket.session, submission):
        return
    proposal = propose_correction(ticket, membership_id, wanted)
    if not proposal:
        raise InvalidInput("", "nothing_corrected")
    if proposal.mark != mark:
        raise InvalidInput("", "correction_moved_on")
    if idempotency.claim(ticket.session, submission, membership_id):
        return
    _write(ticket, proposal, why)
    window_store.rewrite_windows(ticket.session, ticket.case_id)


def _write(ticket: CaseTicket, proposal: Proposal, why: str) -> None:
    membership = proposal.subject.membership
    values: dict[str, object] = {}
    if proposal.name is not None:
        _note(ticket, proposal, "name", why, membership.display_name, proposal.name, not proposal.number)
        values["display_name"] = proposal.name
    if proposal.birth_date is not None and proposal.subject.birth_date is not None:
        before, after = proposal.subject.birth_date.isoformat(), proposal.birth_date.isoformat()
        _note(ticket, proposal, "birth_date", why, before, after, False)
        window_store.change_birth_date(ticket.session, ticket.case_id, proposal.birth_date)
    if proposal.number:
        _note(ticket, proposal, "national_id", why, None, None, True)
        values |= _another_number(ticket, membership, proposal.cpr)
    if values:
        window_store.change_member(ticket.session, ticket.case_id, membership.id, **values)


def _another_number(ticket: CaseTicket, membership: Membership, cpr: Cpr | None) -> dict[str, object]:
    """The place goes to whoever has the number, known here or not; the person before keeps nothing of it."""
    person_id = citizens.find_or_make(ticket.actor, cpr)
    if any(other.person_id == person_id for other in ticket.members.values()):
        raise InvalidInput("national_id", "already_member")
    now = clock.now()
    codes = select(InvitationCode).where(
        InvitationCode.case_id == ticket.case_id, InvitationCode.membership_id == membership.id
    )
    for code in ticket.session.scalars(codes.where(InvitationCode.used_at.is_(None))):
        code.expires_at = min(code.expires_at, now)
    sealed = ticket.keys.seal_text(cpr.number, place("membership", "national_id", membership.id)) if cpr else None
    return {"person_id": person_id, "national_id_sealed": sealed}


def _note(
    ticket: CaseTicket,
    proposal: Proposal,
    field: str,
    why: str,
    before: str | None,
    after: str | None,
    tells_who: bool,
) -> None:
    """`tells_who`: whether this part of it is what makes the person somebody else, where the whole does."""
    row = Correction(
        id=uuid4(),
        case_id=ticket.case_id,
        membership_id=proposal.subject.membership.id,
        field=field,
        renews=proposal.renews and tells_who,
        shuts_out=False,
        made_at=clock.now(),
        made_by_id=ticket.membership.id,
    )
    ticket.seal(row, "before", before or "")
    ticket.seal(row, "after", after or "")
    ticket.seal(row, "reason", why)
    ticket.session.add(row)
    ticket.session.flush()
    item_id = proposal.subject.membership.id
    ticket.record(Event.MEMBER_CORRECTED, item_id=item_id, what=field, correction=str(row.id))


def _birth_date(ticket: CaseTicket, this: Subject, wanted: WantedCorrection) -> date | None:
    """The birth date there will be: a real one, of somebody the case could be opened for when it was."""
    if this.birth_date is None:
        return None
    if wanted.birth_date is None:
        raise InvalidInput("birth_date", "required")
    if wanted.birth_date == this.birth_date:
        return this.birth_date
    rules = ticket.profile
    if wanted.birth_date > clock.today(rules.zone):
        raise InvalidInput("birth_date", "birth_date_future")
    opened = ticket.case.opened_at.astimezone(rules.zone).date()
    if not rules.youngest_age <= clock.age_on(wanted.birth_date, opened) <= rules.oldest_age:
        raise InvalidInput("birth_date", "birth_date_range", youngest=rules.youngest_age, oldest=rules.oldest_age)
    return wanted.birth_date


def _number(ticket: CaseTicket, this: Subject, wanted: WantedCorrection, born: date | None) -> tuple[str, Cpr | None]:
    """What becomes of the number, and the one there will be. It and the birth date say the same."""
    noted = ticket.unseal(this.membership, "national_id")
    before = Cpr.parse(noted, clock.now().date()) if noted else None
    if wanted.forget_number:
        cpr = None
    elif wanted.national_id.strip():
        cpr = citizens.checked_cpr(wanted.national_id, "national_id", born)
    else:
        cpr = before
        if cpr is not None and born is not None and cpr.birth_date != born:
            raise InvalidInput("birth_date", "birth_date_other_than_cpr")
    if cpr == before:
        return "", before
    if not this.number_open:
        raise InvalidInput("national_id", "number_in_use")
    return ("removed" if cpr is None else "changed" if before else "added"), cpr


def _is_another(ticket: CaseTicket, this: Subject, name: str) -> bool:
    """Whether somebody could be another person by that name: it is not nearly the same as every name they have had
    here, so that no row of small changes leads from one person to another."""
    rows = ticket.session.scalars(
        select(Correction)
        .where(Correction.case_id == ticket.case_id, Correction.membership_id == this.membership.id)
        .where(Correction.field == "name")
    )
    had = [ticket.unseal(row, "before") for row in rows if row.before_sealed]
    return not all(nearly_the_same(name, other) for other in (this.membership.display_name, *had))


def _named_by(facts: Facts, membership_id: UUID, at: datetime) -> set[UUID]:
    """Whose newest declaration says something about the member."""
    found = set()
    for giver in facts.members:
        given = [consent for consent in facts.consents_of(giver.id) if consent.given_at <= at]
        if given and any(party.membership_id == membership_id for party in given[-1].parties):
            found.add(giver.id)
    return found
