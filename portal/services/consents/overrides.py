"""Exceptions from consent (rule 7): letting in by law for everyone to see, shutting a citizen out at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select

from portal import clock, text
from portal.access.policy import facts as known
from portal.access.policy import whatif, who_may
from portal.access.policy.actions import Action
from portal.access.policy.roles import Level
from portal.access.policy.whatif import AccessChange, Prospect
from portal.access.ticket import CaseTicket
from portal.access.window_store import rewrite_windows
from portal.errors import InvalidInput, NotFound, Overtaken
from portal.events import Event
from portal.models import Freeze, FreezeEnd, LegalOverride, LegalOverrideEnd, Membership
from portal.services.shared import audience, idempotency
from portal.text import in_order


@dataclass(frozen=True)
class OverrideLine:
    """An override in force, as everyone in the case reads it."""

    id: UUID
    membership: Membership
    compartments: tuple[str, ...]
    """Those the reader sees too; the owner and the young person see all."""
    since: datetime
    until: datetime
    legal_basis: str
    reason: str


@dataclass(frozen=True)
class FreezeLine:
    id: UUID
    membership: Membership
    frozen_at: datetime
    review_at: datetime
    is_due: bool
    """Whether the day to look at it again has come."""
    reason: str
    """For the owner; '' for everybody else."""


# Letting in by law


def overrides(ticket: CaseTicket) -> list[OverrideLine]:
    """What is open by law just now. Everyone in the case may know."""
    now = clock.now()
    if audience.leads(ticket) and not any(override.counts_at(now) for override in ticket.facts.overrides):
        return []
    ended = select(LegalOverrideEnd.override_id).where(LegalOverrideEnd.case_id == ticket.case_id)
    rows = ticket.session.scalars(
        select(LegalOverride)
        .where(LegalOverride.case_id == ticket.case_id, LegalOverride.id.not_in(ended))
        .where(LegalOverride.valid_from <= now, LegalOverride.valid_until > now)
        .order_by(LegalOverride.valid_from)
    )
    return [_override_line(ticket, row) for row in rows]


def may_be_overridden(ticket: CaseTicket, membership_id: UUID) -> list[Prospect]:
    """The compartments that only missing consent keeps from the member. Raises NotFound; InvalidInput when there is
    none, because the guide has not opened access, or nothing is missing."""
    ticket.require(Action.ACCESS_OVERRIDE)
    if membership_id not in ticket.members:
        raise NotFound
    now = clock.now()
    member = ticket.facts.member(membership_id)
    lacking = [p for p in whatif.prospects(ticket.facts, member, now) if p.level is Level.NONE]
    is_let_in = member.level_at(now) is not Level.NONE
    if not who_may.may_be_let_in_by_law(is_let_in, ticket.facts.is_frozen_at(membership_id, now), bool(lacking)):
        raise InvalidInput("", "override_needless")
    return lacking


def preview_override(ticket: CaseTicket, membership_id: UUID) -> list[AccessChange]:
    """What the override would open at most."""
    lacking = may_be_overridden(ticket, membership_id)
    ticket.record(Event.TEAM_VIEWED)
    now = clock.now()
    keys = frozenset(p.compartment for p in lacking)
    wanted = known.OverrideFact(uuid4(), membership_id, keys, now, now + timedelta(days=1))
    return whatif.changes(ticket.facts, whatif.with_override(ticket.facts, wanted), now)


def latest_override_end(ticket: CaseTicket) -> date:
    rules = ticket.profile
    return clock.months_on(clock.today(rules.zone), rules.override_months)


def override(
    ticket: CaseTicket,
    submission: UUID,
    membership_id: UUID,
    compartments: Iterable[str],
    until: date,
    legal_basis: str,
    reason: str,
) -> UUID:
    """Opens compartments without consent, until the end of that day. Everyone in the case reads basis and reason.

    Raises InvalidInput at `compartments`, `until`, `legal_basis` or `reason`, NotFound for an unknown member.
    """
    ticket.lock_case()
    lacking = {p.compartment for p in may_be_overridden(ticket, membership_id)}
    chosen = frozenset(compartments)
    basis, why = text.line(legal_basis), text.plain(reason, 2000)
    if not chosen or not chosen <= lacking:
        raise InvalidInput("compartments", "choice")
    if not basis:
        raise InvalidInput("legal_basis", "required")
    if not why:
        raise InvalidInput("reason", "required")
    zone = ticket.profile.zone
    if until < clock.today(zone):
        raise InvalidInput("until", "date_past")
    if until > latest_override_end(ticket):
        raise InvalidInput("until", "override_too_long", months=ticket.profile.override_months)
    made = uuid4()
    if earlier := idempotency.claim(ticket.session, submission, made):
        return earlier
    row = LegalOverride(
        id=made,
        case_id=ticket.case_id,
        membership_id=membership_id,
        compartments=sorted(chosen),
        valid_from=clock.now(),
        valid_until=clock.end_of(until, zone),
        set_by_id=ticket.membership.id,
    )
    ticket.seal(row, "legal_basis", basis)
    ticket.seal(row, "reason", why)
    ticket.session.add(row)
    ticket.record(Event.OVERRIDE_SET, item_id=membership_id)
    rewrite_windows(ticket.session, ticket.case_id)
    return made


def override_line(ticket: CaseTicket, override_id: UUID) -> OverrideLine:
    """One override in force, for whoever may end it. Raises Overtaken for one that is over, NotFound."""
    ticket.require(Action.ACCESS_OVERRIDE)
    found = next((line for line in overrides(ticket) if line.id == override_id), None)
    if found is None:
        raise Overtaken if any(each.id == override_id for each in ticket.facts.overrides) else NotFound
    ticket.record(Event.TEAM_VIEWED)
    return found


def preview_end(ticket: CaseTicket, override_id: UUID) -> list[AccessChange]:
    """What ending the override now would shut."""
    now = clock.now()
    return whatif.changes(ticket.facts, whatif.without_override(ticket.facts, override_id, now), now)


def end_override(ticket: CaseTicket, submission: UUID, override_id: UUID) -> None:
    """Ends an override before its end date. Raises Overtaken for one that is over, NotFound."""
    ticket.lock_case()
    ticket.require(Action.ACCESS_OVERRIDE)
    made = uuid4()
    if idempotency.claim(ticket.session, submission, made):
        return
    line = override_line(ticket, override_id)
    ticket.session.add(
        LegalOverrideEnd(
            id=made,
            case_id=ticket.case_id,
            override_id=override_id,
            ended_at=clock.now(),
            ended_by_id=ticket.membership.id,
        )
    )
    ticket.record(Event.OVERRIDE_ENDED, item_id=line.membership.id)
    rewrite_windows(ticket.session, ticket.case_id)


# Shutting out at once


def freezes(ticket: CaseTicket) -> list[FreezeLine]:
    """Who is shut out at once just now, for those who answer for the case. Nobody reads of themselves here: whoever is
    frozen has no way in."""
    now = clock.now()
    counting = [freeze for freeze in ticket.facts.freezes if freeze.counts_at(now)]
    if not counting:
        return []
    reasons = _reasons(ticket, [freeze.id for freeze in counting]) if ticket.allows(Action.ACCESS_FREEZE) else {}
    return [
        FreezeLine(
            id=freeze.id,
            membership=ticket.members[freeze.member_id],
            frozen_at=freeze.frozen_at,
            review_at=freeze.review_at,
            is_due=freeze.review_at <= now,
            reason=reasons.get(freeze.id, ""),
        )
        for freeze in counting
    ]


def may_be_frozen(ticket: CaseTicket) -> list[Membership]:
    """The citizens of the case who are not frozen yet, the young person among them."""
    ticket.require(Action.ACCESS_FREEZE)
    now = clock.now()
    found = [
        m
        for m in ticket.members.values()
        if who_may.may_be_frozen(who_may.is_citizen(m.unit_id), ticket.facts.is_frozen_at(m.id, now))
    ]
    return sorted(found, key=lambda m: in_order(m.display_name))


def latest_review(ticket: CaseTicket) -> date:
    rules = ticket.profile
    return clock.today(rules.zone) + timedelta(days=rules.freeze_review_days)


def freeze(
    ticket: CaseTicket,
    submission: UUID,
    membership_ids: Iterable[UUID],
    review_on: date,
    reason: str,
    hide_log: bool = True,
) -> None:
    """Shuts citizens out of everything from the next request on. They see a page that tells nothing, their own
    declarations, and the log of their own data: with `hide_log` no line of it from this day on, while it lasts.

    Raises InvalidInput at `people`, `review_on` or `reason`, Overtaken for somebody who is shut out by now.
    """
    ticket.lock_case()
    wanted, able = set(membership_ids), {m.id for m in may_be_frozen(ticket)}
    now = clock.now()
    if any(ticket.facts.is_frozen_at(membership_id, now) for membership_id in wanted - able):
        raise Overtaken
    if not wanted or not wanted <= able:
        raise InvalidInput("people", "choice")
    why = text.plain(reason, 2000)
    if not why:
        raise InvalidInput("reason", "required")
    review_at = _review_at(ticket, review_on)
    if idempotency.claim(ticket.session, submission, uuid4()):
        return
    hidden_from = clock.start_of_today(ticket.profile.zone) if hide_log else None
    for membership_id in sorted(wanted):
        _freeze(ticket, membership_id, review_at, why, clock.now(), hidden_from)
        ticket.record(Event.FREEZE_SET, item_id=membership_id)
    rewrite_windows(ticket.session, ticket.case_id)


def freeze_line(ticket: CaseTicket, freeze_id: UUID) -> FreezeLine:
    """One freeze in force. Raises Overtaken for one that is over, NotFound."""
    ticket.require(Action.ACCESS_FREEZE)
    found = next((line for line in freezes(ticket) if line.id == freeze_id), None)
    if found is None:
        raise Overtaken if any(each.id == freeze_id for each in ticket.facts.freezes) else NotFound
    ticket.record(Event.TEAM_VIEWED)
    return found


def preview_lift(ticket: CaseTicket, freeze_id: UUID) -> list[AccessChange]:
    """What lifting the freeze now would open."""
    now = clock.now()
    return whatif.changes(ticket.facts, whatif.lifted(ticket.facts, freeze_id, now), now)


def keep_frozen(ticket: CaseTicket, submission: UUID, freeze_id: UUID, review_on: date, reason: str) -> None:
    """Looked at again, and kept: a new freeze follows the old one without a gap. Raises InvalidInput, Overtaken,
    NotFound."""
    ticket.lock_case()
    line = freeze_line(ticket, freeze_id)
    why = text.plain(reason, 2000)
    if not why:
        raise InvalidInput("reason", "required")
    review_at = _review_at(ticket, review_on)
    if idempotency.claim(ticket.session, submission, uuid4()):
        return
    now = clock.now()
    _end(ticket, freeze_id, now)
    ticket.session.flush()  # the database takes no second freeze beside one in force
    before = next(freeze for freeze in ticket.facts.freezes if freeze.id == freeze_id)
    _freeze(ticket, line.membership.id, review_at, why, now, before.log_hidden_from)
    ticket.record(Event.FREEZE_RENEWED, item_id=line.membership.id)
    rewrite_windows(ticket.session, ticket.case_id)


def lift(ticket: CaseTicket, submission: UUID, freeze_id: UUID) -> None:
    """Ends a freeze: what was open before, and still rests on something, is open again. Raises Overtaken for one that
    is over, NotFound."""
    ticket.lock_case()
    ticket.require(Action.ACCESS_FREEZE)
    if idempotency.claim(ticket.session, submission, uuid4()):
        return
    line = freeze_line(ticket, freeze_id)
    _end(ticket, freeze_id, clock.now())
    ticket.record(Event.FREEZE_LIFTED, item_id=line.membership.id)
    rewrite_windows(ticket.session, ticket.case_id)


def _override_line(ticket: CaseTicket, row: LegalOverride) -> OverrideLine:
    visible = {compartment.key for compartment in ticket.compartments.values()}
    answers = ticket.allows(Action.CONSENT_REGISTER) or ticket.allows(Action.CONSENT_GIVE)
    order = sorted(row.compartments, key=ticket.profile.rank)
    return OverrideLine(
        id=row.id,
        membership=ticket.members[row.membership_id],
        compartments=tuple(key for key in order if answers or key in visible),
        since=row.valid_from,
        until=row.valid_until,
        legal_basis=ticket.unseal(row, "legal_basis"),
        reason=ticket.unseal(row, "reason"),
    )


def _reasons(ticket: CaseTicket, freeze_ids: list[UUID]) -> dict[UUID, str]:
    rows = ticket.session.execute(select(Freeze.id, Freeze.reason_sealed).where(Freeze.id.in_(freeze_ids)))
    return {row.id: ticket.unseal(row, "reason", Freeze) for row in rows}


def _review_at(ticket: CaseTicket, review_on: date) -> datetime:
    zone = ticket.profile.zone
    if review_on < clock.today(zone):
        raise InvalidInput("review_on", "date_past")
    if review_on > latest_review(ticket):
        raise InvalidInput("review_on", "review_too_late", days=ticket.profile.freeze_review_days)
    return clock.start_of(review_on, zone)


def _freeze(
    ticket: CaseTicket,
    membership_id: UUID,
    review_at: datetime,
    reason: str,
    at: datetime,
    hidden_from: datetime | None,
) -> None:
    row = Freeze(
        id=uuid4(),
        case_id=ticket.case_id,
        membership_id=membership_id,
        frozen_at=at,
        review_at=review_at,
        log_hidden_from=hidden_from,
        set_by_id=ticket.membership.id,
    )
    ticket.seal(row, "reason", reason)
    ticket.session.add(row)


def _end(ticket: CaseTicket, freeze_id: UUID, at: datetime) -> None:
    ticket.session.add(
        FreezeEnd(
            id=uuid4(), case_id=ticket.case_id, freeze_id=freeze_id, lifted_at=at, lifted_by_id=ticket.membership.id
        )
    )
