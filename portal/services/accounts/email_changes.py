"""Another e-mail address for an account: asked for by an administrator, in force once its owner has proven themselves.

An address is a way in: links for a forgotten password go there. So whoever may change one must not become somebody by
it. The new address gets a link; behind it its owner signs in as always, with the second step, and confirms. Until then
nothing changes. The address before is told at once, and once more when it is done.

An account whose owner has never come in has nobody who could confirm. It is invited at the new address, and where it
was added to cases already, the guide must say once more that this is whom they mean.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from portal import audit, clock, locks
from portal.access.actor import Actor
from portal.access.policy.actions import OfficeAction
from portal.access.signin import pending_login, sessions
from portal.access.signin.tokens import token_digest
from portal.db import PortalSession
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.locks import Lock
from portal.models import EmailChange, Staff
from portal.outbox import later
from portal.services.accounts import directory, invitations, my_account, propagation
from portal.services.accounts.directory import AccountState
from portal.services.accounts.invitations import Sender

LASTS = timedelta(days=7)


@dataclass(frozen=True)
class PendingAddress:
    """A new address that its owner has not confirmed."""

    id: UUID
    address: str
    asked_at: datetime
    expires_at: datetime
    asked_by: Sender


@dataclass(frozen=True)
class AddressMail:
    """What a mail about a change says."""

    person_id: UUID
    before: str
    address: str
    asked_by: Sender
    expires_at: datetime
    token: str = ""


def ask_for_address(actor: Actor, person_id: UUID, typed: str) -> bool:
    """Asks for another address. True when it is in force at once, since nobody has come in with the one before.

    Raises NotFound, and InvalidInput at `email` for an address that is wrong, taken, or the same; for a closed account.
    """
    actor.require(OfficeAction.ACCOUNTS_MANAGE)
    session = actor.session
    locks.hold(session, Lock.ACCOUNT, person_id)
    staff = session.get(Staff, person_id, with_for_update=True, populate_existing=True)
    if staff is None:
        raise NotFound
    address = directory.checked_address(typed)
    if address == staff.email.lower():
        raise InvalidInput("email", "email_same")
    if session.scalars(select(Staff.person_id).where(func.lower(Staff.email) == address)).first() is not None:
        raise InvalidInput("email", "email_taken")
    state = directory.state_of(session, invitations.staff_person(session, person_id))
    if state is AccountState.CLOSED:
        raise InvalidInput("", "account_closed")
    stop(actor, person_id)
    now = clock.now()
    change = EmailChange(
        id=uuid4(),
        person_id=person_id,
        before=staff.email,
        address=address,
        asked_by_id=actor.person_id,
        asked_at=now,
        expires_at=now + LASTS,
        done_at=now if state is AccountState.INVITED else None,
    )
    session.add(change)
    audit.record(session, Event.EMAIL_ASKED, item_id=person_id)
    session.flush()
    later(session, "mail_old_address", change_id=str(change.id), done=state is AccountState.INVITED)
    if state is AccountState.IN_USE:
        later(session, "mail_new_address", change_id=str(change.id))
        return False
    _put_in_force(session, staff, address)
    propagation.close_member_windows(session, person_id)
    invitations.send_invitation(session, person_id, actor.person_id)
    return True


def stop(actor: Actor, person_id: UUID) -> None:
    """Takes back what was asked for and not confirmed yet."""
    actor.require(OfficeAction.ACCOUNTS_MANAGE)
    locks.hold(actor.session, Lock.ACCOUNT, person_id)
    for change in actor.session.scalars(_open(person_id)):
        change.expires_at = clock.now()
        audit.record(actor.session, Event.EMAIL_STOPPED, item_id=person_id)


def pending_addresses(session: PortalSession, person_id: UUID) -> PendingAddress | None:
    """What waits to be confirmed for an account."""
    change = session.scalars(_open(person_id)).first()
    if change is None:
        return None
    by = invitations.sender(session, change.asked_by_id)
    return PendingAddress(change.id, change.address, change.asked_at, change.expires_at, by)


def asked_of(actor: Actor, token: str) -> PendingAddress:
    """What the owner of the account is asked to confirm. Raises NotFound for a link that is over, or is another's."""
    change = _by_token(actor, token)
    by = invitations.sender(actor.session, change.asked_by_id)
    return PendingAddress(change.id, change.address, change.asked_at, change.expires_at, by)


def confirm(actor: Actor, token: str) -> None:
    """Puts the address in force: ends every session and every link sent before. Raises NotFound as above, InvalidInput
    when somebody else has the address by now."""
    locks.hold(actor.session, Lock.ACCOUNT, actor.person_id)
    change = _by_token(actor, token)
    staff = actor.session.get_one(Staff, actor.person_id, with_for_update=True, populate_existing=True)
    change.done_at = clock.now()
    _put_in_force(actor.session, staff, change.address)
    invitations.end_all_invitations(actor.session, actor.person_id)
    sessions.end_all_sessions(actor.session, actor.person_id)
    pending_login.end_all_pending(actor.session, actor.person_id)
    later(actor.session, "mail_old_address", change_id=str(change.id), done=True)
    my_account.tell_account(actor.session, actor.person_id)


def write_to_new(session: PortalSession, change_id: UUID) -> AddressMail | None:
    """What the new address is asked, with a fresh token that exists nowhere else; None when it need not be any more."""
    change = session.scalars(select(EmailChange).where(EmailChange.id == change_id).with_for_update()).one_or_none()
    if change is None or change.done_at is not None or change.expires_at <= clock.now():
        return None
    token = secrets.token_urlsafe(32)
    change.token_sha256 = token_digest(token)
    audit.record(session, Event.NOTICE_MAILED, item_id=change.person_id)
    return _mailing(session, change, token)


def write_to_old(session: PortalSession, change_id: UUID) -> AddressMail:
    """What the address before is told."""
    change = session.get_one(EmailChange, change_id)
    audit.record(session, Event.NOTICE_MAILED, item_id=change.person_id)
    return _mailing(session, change, "")


def _mailing(session: PortalSession, change: EmailChange, token: str) -> AddressMail:
    by = invitations.sender(session, change.asked_by_id)
    return AddressMail(change.person_id, change.before, change.address, by, change.expires_at, token)


def _put_in_force(session: PortalSession, staff: Staff, address: str) -> None:
    try:
        with audit.savepoint(session):
            staff.email = address
    except IntegrityError as problem:
        raise InvalidInput("email", "email_taken") from problem
    audit.record(session, Event.STAFF_CHANGED, item_id=staff.person_id, what=["email"])


def _by_token(actor: Actor, token: str) -> EmailChange:
    found = select(EmailChange).where(EmailChange.token_sha256 == token_digest(token), EmailChange.done_at.is_(None))
    change = actor.session.scalars(
        found.where(EmailChange.person_id == actor.person_id, EmailChange.expires_at > clock.now()).with_for_update()
    ).one_or_none()
    if change is None:
        raise NotFound
    return change


def _open(person_id: UUID):  # type: ignore[no-untyped-def]
    mine = select(EmailChange).where(EmailChange.person_id == person_id, EmailChange.done_at.is_(None))
    return mine.where(EmailChange.expires_at > clock.now()).order_by(EmailChange.asked_at.desc())
