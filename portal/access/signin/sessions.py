"""Sessions: a random token in the cookie, its hash in the database, limits checked on every request.

Professionals are signed out after 20 idle minutes, citizens after 30, everybody after 8 hours (settings). A session
ends for all devices that hold its cookie the moment its row says so: copying a cookie out of a browser does not outlive
signing out.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update

from portal import audit, clock
from portal.access.actor import Actor
from portal.access.policy.actions import OfficeAction
from portal.access.policy.roles import OFFICE_MATRIX
from portal.access.signin import queries
from portal.access.signin.queries import Holder
from portal.access.signin.tokens import token_digest
from portal.db import PortalSession
from portal.errors import NotFound
from portal.events import Event
from portal.models import Login, Person, Staff
from portal.models.accounts import PersonKind
from portal.settings import Settings

_SEEN_EVERY = timedelta(seconds=30)
"""How exact the note of the last request is; writing it on every request would cost a write for nothing."""


@dataclass(frozen=True)
class Limits:
    """When a session ends by itself. Instants are UTC."""

    idle_at: datetime
    absolute_at: datetime
    began_at: datetime
    fresh_until: datetime | None = None
    """Until when the last strong proof of who this is still counts as fresh (see stepup); None when there was none."""
    by_password_alone: bool = False
    """Whether it began with a password and nothing else, as somebody's first does."""

    @property
    def ends_at(self) -> datetime:
        return min(self.idle_at, self.absolute_at)


FRESH_FOR = timedelta(minutes=10)
"""How long a strong proof of who somebody is opens what asks for a fresh one."""


def start(
    session: PortalSession,
    person_id: UUID,
    method: str,
    *,
    strong: bool = True,
    device: str = "",
    proven_at: datetime | None = None,
    eid_link_id: UUID | None = None,
) -> str:
    """Begins a session for somebody who has just proven who they are, and returns the token for the cookie.

    `strong` is False for a password alone: such a session opens nothing that asks for a fresh proof. `proven_at` is
    when somebody else saw the proof, where that was not just now. `device` is what the list of devices calls the
    browser, `eid_link_id` by which of their eIDs a citizen came.
    """
    token = secrets.token_urlsafe(32)
    now = clock.now()
    session.act_for(person_id)
    session.add(
        Login(
            token_sha256=token_digest(token),
            person_id=person_id,
            method=method,
            started_at=now,
            seen_at=now,
            fresh_at=(proven_at or now) if strong else None,
            device=device,
            eid_link_id=eid_link_id,
        )
    )
    audit.record(session, Event.SIGNED_IN, method=method)
    return token


def resume(session: PortalSession, token: str, settings: Settings, is_seen: bool = True) -> tuple[Actor, Limits] | None:
    """Who holds this token, or None when the session is unknown, ended, too old, or its person's account is closed.
    `is_seen`: whether the person did something; what a page asks by itself does not keep the session alive."""
    held = next(iter(queries.HOLDER.ask(session, digest=token_digest(token))), None)
    if held is None:
        return None
    session.has_said(held.person_id)
    now, seen_at = clock.now(), held.seen_at
    # A clock set back must not revive a session either: it does not begin before it was last seen.
    if now >= _limits(held, seen_at, held.kind, settings).ends_at or now < seen_at - timedelta(minutes=1):
        session.act_for(None)
        return None
    if is_seen and now - seen_at >= _SEEN_EVERY:
        session.execute(update(Login).where(Login.id == held.login_id).values(seen_at=now))
        # A unit of work of its own: else their other pages would wait for this request, which may bring a large file.
        session.commit()
        seen_at = now
    return _actor(session, held), _limits(held, seen_at, held.kind, settings)


def renew(actor: Actor, proven_at: datetime | None = None) -> str:
    """After a fresh proof, given now or at `proven_at`: the session goes on under a new token, and the one before is
    worth nothing."""
    token = secrets.token_urlsafe(32)
    login = actor.session.get_one(Login, actor.login_id)
    login.token_sha256 = token_digest(token)
    login.fresh_at = proven_at or clock.now()
    return token


def whose(session: PortalSession, token: str) -> UUID | None:
    """Whose session this was, if it ended by itself; None for one that was ended by somebody, or never began."""
    oldest = clock.now() - timedelta(days=1)
    return session.scalars(
        select(Login.person_id)
        .join(Person, Person.id == Login.person_id)
        .where(Login.token_sha256 == token_digest(token), Login.ended_at.is_(None), Login.started_at > oldest)
        .where(Person.closed_at.is_(None))
    ).one_or_none()


@dataclass(frozen=True)
class Device:
    """One place where somebody is signed in."""

    login_id: UUID
    called: str
    method: str
    began_at: datetime
    seen_at: datetime


def devices(session: PortalSession, person_id: UUID, settings: Settings) -> list[Device]:
    """Where this person is signed in now, last used first."""
    person = session.get_one(Person, person_id)
    rows = select(Login).where(Login.person_id == person_id, Login.ended_at.is_(None)).order_by(Login.seen_at.desc())
    now = clock.now()
    return [
        Device(login.id, login.device, login.method, login.started_at, login.seen_at)
        for login in session.scalars(rows)
        if now < _limits(login, login.seen_at, person.kind, settings).ends_at
    ]


def end_there(actor: Actor, login_id: UUID) -> None:
    """Ends one of this person's own sessions, wherever it is. Raises NotFound for anybody else's."""
    login = actor.session.get(Login, login_id)
    if login is None or login.person_id != actor.person_id:
        raise NotFound
    if login.ended_at is None:
        login.ended_at = clock.now()
        audit.record(actor.session, Event.SIGNED_OUT_ELSEWHERE, item_id=actor.person_id)


def stand_in(session: PortalSession, person_id: UUID) -> Actor | None:
    """Somebody the worker acts for, with exactly the rights they have now; None when their account is closed."""
    row = session.execute(
        select(Person, Staff)
        .outerjoin(Staff, Staff.person_id == Person.id)
        .where(Person.id == person_id, Person.closed_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    person, staff = row
    session.act_for(person.id)
    return Actor(session, person.id, staff is not None, frozenset(), staff.name if staff else "")


def end_session(actor: Actor) -> None:
    """Ends the session this actor came with."""
    login = actor.session.get(Login, actor.login_id)
    if login is not None and login.ended_at is None:
        login.ended_at = clock.now()
        audit.record(actor.session, Event.SIGNED_OUT)


def end_all_sessions(session: PortalSession, person_id: UUID) -> None:
    """Ends every session of a person, as after a new password or when the account is closed."""
    open_logins = select(Login).where(Login.person_id == person_id, Login.ended_at.is_(None))
    for login in session.scalars(open_logins):
        login.ended_at = clock.now()


def _limits(login: Login | Holder, seen_at: datetime, kind: str, settings: Settings) -> Limits:
    idle = settings.idle_professional_minutes if kind == PersonKind.STAFF else settings.idle_citizen_minutes
    return Limits(
        idle_at=seen_at + timedelta(minutes=idle),
        absolute_at=login.started_at + timedelta(hours=settings.session_hours),
        began_at=login.started_at,
        fresh_until=login.fresh_at + FRESH_FOR if login.fresh_at else None,
        by_password_alone=login.fresh_at is None and login.method == "password",
    )


def _actor(session: PortalSession, held: Holder) -> Actor:
    """A citizen is nobody's staff and has no name there."""
    office: frozenset[OfficeAction] = frozenset()
    for holds, what in (
        (held.is_admin, "administrator"),
        (held.may_open_cases, "case opener"),
        (held.is_leader, "leader"),
        (held.is_auditor, "auditor"),
    ):
        office |= OFFICE_MATRIX[what] if holds else frozenset()
    return Actor(
        session,
        held.person_id,
        is_staff=held.unit_id is not None,
        office=office,
        known_as=held.name,
        unit_id=held.unit_id,
        login_id=held.login_id,
        signed_in_at=held.started_at,
        eid_link_id=held.eid_link_id if held.unit_id is None else None,
        has_news_of_eids=held.has_news_of_eids and held.unit_id is None,
        has_shown_eid=held.unit_id is not None or held.method != "passkey" or held.fresh_at is not None,
    )
