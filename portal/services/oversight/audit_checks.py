"""The nightly check of the trace: every chain is read to its end, what was found is kept and told.

Falsifying a trace that nobody looks at is found by nobody. So the worker reads it every night, and whoever looks after
the portal is told when something does not fit, and when the check itself stays away: a worker that was stopped finds
nothing either.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select

from portal import audit, clock
from portal.access.actor import Actor
from portal.access.policy.actions import OfficeAction
from portal.audit import OFFICE, ONE_INSTANT, Tally
from portal.db import PortalSession, checker
from portal.errors import NotFound
from portal.events import Event
from portal.models import AuditCheck, AuditEvent, Person, Staff
from portal.services.notices import mail
from portal.services.notices.mail import Notice

UnitOfWork = Callable[[], AbstractContextManager[PortalSession]]
OVERDUE = timedelta(hours=36)
"""So long after the last check it is told that there has been none."""
_MISSED = timedelta(hours=26)
"""So long after the last check the night's was missed, and is made up for."""
PLACES = 20
"""Of so many faults it is kept where they are; the others are counted."""


@dataclass(frozen=True)
class ChainFault:
    chain: str
    line: int
    what: str
    """`missing`, `changed`, `all lines missing`, `head missing` or `cut or head changed`."""

    @property
    def reference(self) -> str | None:
        """Tells two cases apart and nothing more; None for what belongs to no case."""
        return None if self.chain == str(OFFICE) else self.chain[:8]


@dataclass(frozen=True)
class Found:
    """What one check found."""

    began_at: datetime
    ended_at: datetime
    lines: int
    chains: int
    faults: int
    places: tuple[ChainFault, ...]
    """The first of the faults."""

    @property
    def is_whole(self) -> bool:
        return self.faults == 0


@dataclass(frozen=True)
class AuditStatus:
    """How it stands with the trace, for those who watch it."""

    last: Found | None
    """None while it has never been checked."""
    is_overdue: bool


def audit_status(actor: Actor) -> AuditStatus:
    """What the last check found. Raises NotFound for whoever is neither administrator nor auditor."""
    if not actor.office & {OfficeAction.ACCOUNTS_MANAGE, OfficeAction.TRACE_VIEW}:
        raise NotFound
    last = _last(actor.session)
    return AuditStatus(last, last is None or clock.now() - last.ended_at > OVERDUE)


def check_audit(begin: UnitOfWork) -> Found:
    """Reads the whole trace and writes down what was found. Needs the worker's role: the database refuses the others
    what the checker sees."""
    began, tally, faults = clock.now(), Tally(), 0
    places: list[ChainFault] = []
    with begin() as session:
        connection = session.connection(execution_options=ONE_INSTANT)
        with checker(session):
            for fault in audit.verify(connection, session.info["keyring"], tally):
                faults += 1
                if len(places) < PLACES:
                    places.append(ChainFault(str(fault.chain), fault.seq, fault.what))
    found = Found(began, clock.now(), tally.lines, tally.chains, faults, tuple(places))
    # Not in that transaction: the line it leaves in the trace goes on from where the trace ends by now.
    with begin() as session:
        session.add(AuditCheck(**asdict(found)))
        audit.record(session, Event.TRACE_CHECKED, lines=found.lines, faults=faults)
    return found


def is_news(session: PortalSession, found: Found) -> bool:
    """Whether the check found something that the one before it did not. A broken chain stays broken, and what is told
    every night is soon read by nobody. Needs the worker's role."""
    with checker(session):
        before = select(AuditCheck).where(AuditCheck.ended_at < found.ended_at).order_by(AuditCheck.ended_at.desc())
        last = session.scalars(before.limit(1)).one_or_none()
    if found.is_whole:
        return False
    return last is None or (last.faults, _places(last)) != (found.faults, found.places) or found.lines < last.lines


def was_missed(session: PortalSession) -> bool:
    """Whether the check of last night has to be made up for. Needs the worker's role."""
    with checker(session):
        last = _last(session)
    return last is None or clock.now() - last.ended_at > _MISSED


def overdue_since(session: PortalSession) -> datetime | None:
    """When there should have been a check at the latest; None while there is time. A portal that has just been made is
    given as long as one that was checked. Needs the worker's role."""
    with checker(session):
        last = _last(session)
        began = last.ended_at if last else session.scalar(select(func.min(AuditEvent.at)).where(_OF_THE_OFFICE))
    if began is None or clock.now() - began <= OVERDUE:
        return None
    return began + OVERDUE


def may_tell_again(session: PortalSession) -> bool:
    """Notes that it is told that the check stays away; False when that was done within a day. Needs the worker's
    role."""
    with checker(session):
        told = select(AuditEvent.seq).where(_OF_THE_OFFICE, AuditEvent.event == Event.TRACE_UNCHECKED)
        lately = session.scalars(told.where(AuditEvent.at > clock.now() - timedelta(hours=23.5)).limit(1)).first()
    if lately is not None:
        return False
    audit.record(session, Event.TRACE_UNCHECKED)
    return True


def tell_administrators(session: PortalSession) -> int:
    """Queues a mail to every administrator and auditor; returns to how many. Needs the application's role."""
    asked = (
        select(Staff.person_id)
        .join(Person, Person.id == Staff.person_id)
        .where(or_(Staff.is_admin, Staff.is_auditor), Person.closed_at.is_(None))
    )
    whom = session.scalars(asked).all()
    mail.queue_notice(session, whom, Notice.TRACE)
    return len(whom)


_OF_THE_OFFICE: Any = AuditEvent.chain_id == OFFICE


def _last(session: PortalSession) -> Found | None:
    row = session.scalars(select(AuditCheck).order_by(AuditCheck.ended_at.desc()).limit(1)).one_or_none()
    if row is None:
        return None
    return Found(row.began_at, row.ended_at, row.lines, row.chains, row.faults, _places(row))


def _places(row: AuditCheck) -> tuple[ChainFault, ...]:
    return tuple(ChainFault(**place) for place in row.places)
