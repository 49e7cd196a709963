"""What an administrator may know of an account: when it was used, and how many cases wait for a new guide. Never what
is in one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from portal import audit
from portal.access.actor import Actor
from portal.access.policy.actions import OfficeAction
from portal.errors import NotFound
from portal.events import Event
from portal.models import Login, Staff
from portal.services.accounts import propagation, queries

NEWEST = 50


@dataclass(frozen=True)
class LedCase:
    """A case that somebody is the guide of, as an administrator sees it."""

    reference: str
    opened_at: datetime
    unit: str


@dataclass(frozen=True)
class SignIn:
    began_at: datetime
    seen_at: datetime
    ended_at: datetime | None
    method: str


def led_cases(actor: Actor, person_id: UUID) -> list[LedCase]:
    """The cases that need a new guide before this account is closed. The database gives out these columns alone."""
    actor.require(OfficeAction.ACCOUNTS_MANAGE)
    return [LedCase(*row) for row in actor.session.execute(queries.CASES_LED_BY, {"guide": person_id})]


def cases_open_to(actor: Actor, person_id: UUID) -> int:
    """How many cases somebody was added to: what opening their account again leads back into, as far as it is open."""
    actor.require(OfficeAction.ACCOUNTS_MANAGE)
    return len(propagation.places(actor.session, person_id))


def sign_ins(actor: Actor, person_id: UUID) -> list[SignIn]:
    """The newest sign-ins of a professional, newest first. Raises NotFound for anybody else."""
    actor.require(OfficeAction.ACCOUNTS_MANAGE)
    if actor.session.get(Staff, person_id) is None:
        raise NotFound
    audit.record(actor.session, Event.SIGN_INS_VIEWED, item_id=person_id)
    found = (
        select(Login.started_at, Login.seen_at, Login.ended_at, Login.method)
        .where(Login.person_id == person_id)
        .order_by(Login.started_at.desc())
        .limit(NEWEST)
    )
    return [SignIn(*row) for row in actor.session.execute(found)]
