"""What whoever runs the portal may ask about access: why one person sees what they see, and whether every stored
window is the one the facts give. It needs no window on a case and shows ids, capacities and instants, never content."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from portal import audit, clock
from portal.access import window_store
from portal.access.policy.explain import AccessPeriod, explain
from portal.access.policy.facts import Facts, Member
from portal.audit import OFFICE
from portal.db import PortalSession
from portal.errors import NotFound
from portal.events import Event
from portal.models import AuditHead, Staff


@dataclass(frozen=True)
class Explanation:
    profile: str
    facts: Facts
    member: Member
    periods: tuple[AccessPeriod, ...]


def explain_access(session: PortalSession, case_id: UUID, person: str) -> Explanation:
    """Why, from when and until when `person` (their id, or a professional's mail address) sees what of the case. The
    question is noted in the case's chain. Raises NotFound when there is no such case or they were never added."""
    profile_key, facts = window_store.load_case(session, case_id)
    person_id = _person(session, person)
    member = next((member for member in facts.members if member.person_id == person_id), None)
    if member is None:
        raise NotFound
    audit.record(session, Event.ACCESS_EXPLAINED, chain=case_id, item_id=member.id)
    return Explanation(profile_key, facts, member, tuple(explain(facts, member)))


def told(explanation: Explanation) -> Iterator[str]:
    """The explanation in lines for a terminal; instants in the case's own time zone."""
    facts, member, now = explanation.facts, explanation.member, clock.now()
    zone = facts.rules.zone
    yield f"profile {explanation.profile}, time zone {zone.key}"
    unit = f" of unit {member.unit_id}" if member.unit_id else ""
    yield f"member {member.id}: {member.capacity}{unit}"
    for since, level in member.levels:
        yield f"  the owner set {level} at {_said(since, zone)}"
    if member.custody_from:
        yield f"  holds custody from {_said(member.custody_from, zone)} until {_said(member.custody_until, zone)}"
    for period in explanation.periods:
        mark = ">" if period.holds_at(now) else " "
        span = f"from {_said(period.begins, zone)} until {_said(period.ends, zone)}"
        yield f"{mark} {period.compartment}: {_opening(period)} {span}: {_why(facts, period)}"
    yield "> is now"


def cases(session: PortalSession) -> Iterator[UUID]:
    """Every case there is: each has a chain."""
    found = select(AuditHead.chain_id).where(AuditHead.chain_id != OFFICE).order_by(AuditHead.chain_id)
    yield from session.scalars(found)


def check_explanation(session: PortalSession) -> Iterator[tuple[UUID, str]]:
    """Recomputes the windows of every case and yields each difference from what is stored: none is expected."""
    found = 0
    for case_id in list(cases(session)):
        try:
            lines = window_store.differences(session, case_id)
        except NotFound:
            lines = []
        found += len(lines)
        yield from ((case_id, line) for line in lines)
    audit.record(session, Event.WINDOWS_CHECKED, hits=found)


def repair(session: PortalSession) -> int:
    """Writes anew the windows of every case in which they are not the ones the facts give, as after a change of the
    rules or of a profile; returns how many cases. Each of them notes it."""
    found = 0
    for case_id in list(cases(session)):
        try:
            if not window_store.differences(session, case_id):
                continue
        except NotFound:
            continue
        window_store.rewrite_windows(session, case_id)
        audit.record(session, Event.ACCESS_REWRITTEN, chain=case_id)
        found += 1
    return found


def _person(session: PortalSession, said: str) -> UUID:
    try:
        return UUID(said)
    except ValueError:
        found = session.scalars(select(Staff.person_id).where(func.lower(Staff.email) == said.lower())).one_or_none()
        if found is None:
            raise NotFound from None
        return found


def _said(at: datetime | None, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(" ", "minutes") if at else "further notice"


def _opening(period: AccessPeriod) -> str:
    if not period.verdict.can_read:
        return "shut"
    return "may read and write" if period.verdict.can_write else "may read"


def _why(facts: Facts, period: AccessPeriod) -> str:
    verdict = period.verdict
    if verdict.can_read:
        rests = [f"consent {consent}" for consent in verdict.consents]
        return ", ".join([str(verdict.basis), *rests])
    return ", ".join(
        f"{b.obstacle} ({facts.member(b.giver_id).capacity} {b.giver_id})" if b.giver_id else str(b.obstacle)
        for b in verdict.blockers
    )
