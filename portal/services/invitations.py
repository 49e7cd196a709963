"""Invitations of professionals: how they come by a password, first and again after a second factor is lost."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import select

from portal import audit, clock, locks
from portal.access.actions import OfficeAction
from portal.access.signin import second_factor, throttle
from portal.access.ticket import Actor
from portal.db import PortalSession
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.locks import Lock
from portal.models import Invitation, Person, Staff, Unit
from portal.models.people import PersonKind
from portal.outbox import later
from portal.services import own_account


def invite(session: PortalSession, person_id: UUID, by: UUID | None, renews_factors: bool = False) -> None:
    """Queues a new invitation; whatever was sent before stops working."""
    locks.hold(session, Lock.ACCOUNT, person_id)
    now = clock.now()
    days: int = session.info["settings"].invitation_days
    for open_one in session.scalars(
        select(Invitation).where(Invitation.person_id == person_id, Invitation.used_at.is_(None))
    ):
        open_one.expires_at = min(open_one.expires_at, now)
    made = Invitation(
        id=uuid4(),
        person_id=person_id,
        invited_by_id=by,
        created_at=now,
        expires_at=now + timedelta(days=days),
        renews_factors=renews_factors,
    )
    session.add(made)
    session.flush()
    audit.record(session, Event.STAFF_INVITED, item_id=person_id)
    later(session, "mail_invitation", invitation_id=str(made.id))


def invite_again(actor: Actor, person_id: UUID) -> None:
    """Sends a new invitation; links sent before stop working."""
    actor.require(OfficeAction.ACCOUNTS_MANAGE)
    if actor.session.get(Staff, person_id) is None:
        raise NotFound
    invite(actor.session, person_id, actor.person_id)


def renew_token(session: PortalSession, invitation_id: UUID) -> tuple[str, str] | None:
    """The address and a fresh token for an invitation that is about to be mailed; None when it needs no mail any more.

    The token exists only in the mail: asking again makes the one before worthless.
    """
    row = session.execute(
        select(Invitation, Staff.email)
        .join(Staff, Staff.person_id == Invitation.person_id)
        .where(Invitation.id == invitation_id)
        .with_for_update(of=Invitation)
    ).one_or_none()
    if row is None or row[0].used_at is not None or row[0].expires_at <= clock.now():
        return None
    token = secrets.token_urlsafe(32)
    row[0].token_sha256 = _digest(token)
    audit.record(session, Event.INVITATION_MAILED, item_id=row[0].person_id)
    return row[1], token


def invited(session: PortalSession, token: str) -> str | None:
    """The name of the person an invitation is for, or None when it is unknown, used or too old."""
    invitation = _open_invitation(session, token)
    if invitation is None:
        return None
    return session.scalars(select(Staff.name).where(Staff.person_id == invitation.person_id)).one()


def accept(session: PortalSession, token: str, password: str) -> UUID:
    """Sets the password and uses the invitation up. Raises NotFound for one that does not count any more,
    InvalidInput for a password that is too short or too long."""
    invitation = _open_invitation(session, token)
    if invitation is None:
        raise NotFound
    person_id = invitation.person_id
    staff = session.get_one(Staff, person_id)
    own_account.choose_password(session, staff, password)
    invitation.used_at = clock.now()
    session.act_for(person_id)
    if invitation.renews_factors:
        second_factor.remove_all(session, person_id)
        throttle.forget_devices(session, person_id)
        own_account.tell(session, person_id)
    throttle.forgive(session, session.info["keyring"], staff.email, person_id)
    return person_id


def start_renewal(actor: Actor, person_id: UUID) -> None:
    """For somebody of one's own organisation who has lost their second factor: a new invitation, and a notice to them.

    Nothing changes until they use it; then the factors they had are removed, and the next sign-in sets up a new one.
    Raises NotFound for an unknown or closed account, InvalidInput for one's own or another organisation's.
    """
    actor.require(OfficeAction.ACCOUNTS_MANAGE)
    staff = actor.session.get(Staff, person_id)
    if staff is None or staff_person(actor.session, person_id).closed_at is not None:
        raise NotFound
    if person_id == actor.person_id:
        raise InvalidInput("", "own_renewal")
    if _organisation_of(actor.session, person_id) != _organisation_of(actor.session, actor.person_id):
        raise InvalidInput("", "other_organisation")
    audit.record(actor.session, Event.RENEWAL_STARTED, item_id=person_id)
    own_account.tell(actor.session, person_id)
    invite(actor.session, person_id, actor.person_id, renews_factors=True)


def staff_person(session: PortalSession, person_id: UUID) -> Person:
    """The person behind a professional's account. Raises NotFound for anybody else."""
    person = session.get(Person, person_id)
    if person is None or person.kind != PersonKind.STAFF:
        raise NotFound
    return person


def _organisation_of(session: PortalSession, person_id: UUID) -> UUID:
    mine = select(Unit.organisation_id).join(Staff, Staff.unit_id == Unit.id).where(Staff.person_id == person_id)
    return session.scalars(mine).one()


def _open_invitation(session: PortalSession, token: str) -> Invitation | None:
    return session.scalars(
        select(Invitation)
        .join(Person, Person.id == Invitation.person_id)
        .where(Invitation.token_sha256 == _digest(token), Invitation.used_at.is_(None), Person.closed_at.is_(None))
        .where(Invitation.expires_at > clock.now())
        .with_for_update(of=Invitation)
    ).one_or_none()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
