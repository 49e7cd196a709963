"""A forgotten password: a link by mail, asked for by whoever says the address.

Whether there is an account is told to nobody: the request does the same for every address, and everything that depends
on it is done by the worker. The link changes the password and nothing else: the second step stands.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import func, select

from portal import addresses, audit, clock
from portal.access.signin import throttle
from portal.db import PortalSession
from portal.events import Event
from portal.models import Invitation, Organisation, Person, Staff, Unit
from portal.outbox import later
from portal.services.accounts import invitations
from portal.storage.keys import Keyring

LASTS = timedelta(minutes=60)
MOST = ((timedelta(hours=1), 3), (timedelta(days=1), 10))
"""Mails to one account within such a time; more would fill somebody's mailbox for them."""


@dataclass(frozen=True)
class Reset:
    """A link that is about to be mailed."""

    id: UUID
    address: str
    token: str


def ask_for_reset(session: PortalSession, keyring: Keyring, typed: str, network: str) -> None:
    """Somebody at that network address wants a new password for that e-mail address. Raises throttle.TooMany, for an
    address that has no account just as for one that has."""
    email = addresses.normal(typed)
    throttle.begin_reset(session, keyring, email, network)
    person_id = session.scalars(select(Staff.person_id).where(func.lower(Staff.email) == email)).one_or_none()
    audit.record(session, Event.RESET_ASKED, item_id=person_id)
    # Somebody nobody knows gets a job too, which finds nobody.
    later(session, "mail_reset", person_id=str(person_id or uuid4()))


def write_password(session: PortalSession, person_id: UUID) -> Reset | None:
    """The link for somebody's mail. None for whoever has no password to forget: who is not here, whose account is
    closed, who has not come in yet, or who signs in through their workplace alone; and for one who was sent several."""
    row = session.execute(
        select(Staff)
        .join(Person, Person.id == Staff.person_id)
        .join(Unit, Unit.id == Staff.unit_id)
        .join(Organisation, Organisation.id == Unit.organisation_id)
        .where(Staff.person_id == person_id, Person.closed_at.is_(None), Organisation.password_sign_in)
        .where(Staff.password_hash.is_not(None))
        .with_for_update(of=Staff)
    ).one_or_none()
    now = clock.now()
    if row is None or any(_sent_since(session, person_id, now - within) >= most for within, most in MOST):
        return None
    token = secrets.token_urlsafe(32)
    mine = select(Invitation).where(Invitation.person_id == person_id, Invitation.resets)
    unsent = mine.where(Invitation.mailed_at.is_(None), Invitation.expires_at > now, Invitation.used_at.is_(None))
    link = session.scalars(unsent).first()
    if link is None:
        invitations.end_all_invitations(session, person_id, resets_alone=True)
        link = Invitation(id=uuid4(), person_id=person_id, created_at=now, expires_at=now, resets=True)
        session.add(link)
    link.token_sha256, link.expires_at = hashlib.sha256(token.encode()).digest(), now + LASTS
    audit.record(session, Event.RESET_MAILED, item_id=person_id)
    return Reset(link.id, row[0].email, token)


def note_mailed(session: PortalSession, link_id: UUID) -> None:
    """The mail server has taken it."""
    link = session.get_one(Invitation, link_id)
    link.mailed_at = clock.now()
    audit.record(session, Event.INVITATION_MAILED, item_id=link.person_id)


def _sent_since(session: PortalSession, person_id: UUID, since: datetime) -> int:
    sent = select(func.count()).select_from(Invitation).where(Invitation.person_id == person_id, Invitation.resets)
    return session.scalars(sent.where(Invitation.mailed_at > since)).one()
