"""Invitations of professionals: how they come by a password, first and again after a second factor is lost."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from portal import audit, clock, locks
from portal.access.actor import Actor
from portal.access.policy.actions import OfficeAction
from portal.access.signin import second_factor, throttle
from portal.access.signin.tokens import token_digest
from portal.db import PortalSession
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.locks import Lock
from portal.models import Invitation, Organisation, Person, Staff, UndeliveredMail, Unit
from portal.models.accounts import PersonKind
from portal.outbox import later
from portal.services.accounts import my_account
from portal.services.notices.mail import Notice


@dataclass(frozen=True)
class Sender:
    """Who invites, as their colleagues know them."""

    name: str
    job_title: str
    unit: str
    organisation: str

    @property
    def whole(self) -> str:
        return f"{self.name}, {self.job_title}, {self.unit}, {self.organisation}"


@dataclass(frozen=True)
class Invited:
    """Whom an invitation is for, and from whom. `by` is None for the first administrator of an installation."""

    name: str
    email: str
    job_title: str
    unit: str
    organisation: str
    by: Sender | None
    expires_at: datetime
    passwords: bool
    """Whether passwords are used at that workplace; else they sign in through it."""


def send_invitation(session: PortalSession, person_id: UUID, by: UUID | None, renews_factors: bool = False) -> None:
    """Queues a new invitation; whatever was sent before stops working."""
    locks.hold(session, Lock.ACCOUNT, person_id)
    now = clock.now()
    days: int = session.info["settings"].invitation_days
    end_all_invitations(session, person_id)
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


def end_all_invitations(session: PortalSession, person_id: UUID, resets_alone: bool = False) -> None:
    """Links that were sent to somebody stop working; with `resets_alone`, those for a forgotten password."""
    waiting = select(Invitation).where(Invitation.person_id == person_id, Invitation.used_at.is_(None))
    for one in session.scalars(waiting.where(Invitation.resets) if resets_alone else waiting):
        one.expires_at = min(one.expires_at, clock.now())


def invite_again(actor: Actor, person_id: UUID) -> None:
    """Sends a new invitation; links sent before stop working."""
    actor.require(OfficeAction.ACCOUNTS_MANAGE)
    staff = actor.session.get(Staff, person_id)
    if staff is None:
        raise NotFound
    if staff.password_hash:
        my_account.tell_account(actor.session, person_id, Notice.INVITED)
    send_invitation(actor.session, person_id, actor.person_id)


@dataclass(frozen=True)
class InvitationMail:
    """An invitation that is about to be mailed, with a token that exists nowhere else."""

    person_id: UUID
    token: str
    invited: Invited
    renews_factors: bool


def renew_token(session: PortalSession, invitation_id: UUID) -> InvitationMail | None:
    """What an invitation says, with a fresh token; None when it needs no mail any more.

    The token exists only in the mail: asking again makes the one before worthless.
    """
    found = select(Invitation).where(Invitation.id == invitation_id).with_for_update(of=Invitation)
    row = session.scalars(found).one_or_none()
    if row is None or row.used_at is not None or row.expires_at <= clock.now():
        return None
    token = secrets.token_urlsafe(32)
    row.token_sha256 = token_digest(token)
    audit.record(session, Event.INVITATION_WRITTEN, item_id=row.person_id)
    return InvitationMail(row.person_id, token, _invited(session, row), row.renews_factors)


def note_mailed(session: PortalSession, invitation_id: UUID) -> None:
    """The mail server has taken it."""
    row = session.get_one(Invitation, invitation_id)
    row.mailed_at = clock.now()
    audit.record(session, Event.INVITATION_MAILED, item_id=row.person_id)


def _invited(session: PortalSession, row: Invitation) -> Invited:
    name, email, job_title, unit, organisation, passwords = _card(session, row.person_id)
    by = sender(session, row.invited_by_id) if row.invited_by_id else None
    return Invited(name, email, job_title, unit, organisation, by, row.expires_at, passwords)


def sender(session: PortalSession, person_id: UUID) -> Sender:
    """A professional, as a mail names them."""
    name, _email, job_title, unit, organisation, _passwords = _card(session, person_id)
    return Sender(name, job_title, unit, organisation)


def _card(session: PortalSession, person_id: UUID) -> tuple[str, str, str, str, str, bool]:
    asked = (
        select(Staff.name, Staff.email, Staff.job_title, Unit.name, Organisation.name, Organisation.password_sign_in)
        .join(Unit, Unit.id == Staff.unit_id)
        .join(Organisation, Organisation.id == Unit.organisation_id)
        .where(Staff.person_id == person_id)
    )
    return session.execute(asked).one()


def invited(session: PortalSession, token: str, resets: bool = False) -> str | None:
    """The name of the person an invitation is for, or None when it is unknown, used or too old."""
    invitation = _open_invitation(session, token, resets)
    if invitation is None:
        return None
    return session.scalars(select(Staff.name).where(Staff.person_id == invitation.person_id)).one()


def accept_invitation(session: PortalSession, token: str, password: str, resets: bool = False) -> UUID:
    """Sets the password and uses the invitation up. Raises NotFound for one that does not count any more,
    InvalidInput for a password that is too short or too long."""
    invitation = _open_invitation(session, token, resets)
    if invitation is None:
        raise NotFound
    person_id = invitation.person_id
    staff = session.get_one(Staff, person_id)
    had_one = staff.password_hash is not None
    my_account.choose_password(session, staff, password)
    invitation.used_at = clock.now()
    session.act_for(person_id)
    if invitation.renews_factors:
        second_factor.remove_all(session, person_id)
        throttle.forget_devices(session, person_id)
    if had_one or invitation.renews_factors:
        my_account.tell_account(session, person_id)
    throttle.forgive(session, session.info["keyring"], staff.email, person_id)
    return person_id


@dataclass(frozen=True)
class InvitationStatus:
    """What became of the newest invitation of an account, and of the mails to it."""

    mailed_at: datetime | None
    expires_at: datetime | None
    undelivered: str | None
    """Why the last mail did not arrive: 'refused' or 'gave_up'."""
    failed_at: datetime | None


def invitation_status(session: PortalSession, people: Collection[UUID]) -> dict[UUID, InvitationStatus]:
    """For each of these accounts, in two queries."""
    newest = (
        select(Invitation.person_id, Invitation.mailed_at, Invitation.expires_at)
        .where(Invitation.person_id.in_(people), ~Invitation.resets)
        .ext(distinct_on(Invitation.person_id))
        .order_by(Invitation.person_id, Invitation.created_at.desc())
    )
    failed = (
        select(UndeliveredMail.person_id, UndeliveredMail.reason, UndeliveredMail.failed_at)
        .where(UndeliveredMail.person_id.in_(people))
        .ext(distinct_on(UndeliveredMail.person_id))
        .order_by(UndeliveredMail.person_id, UndeliveredMail.failed_at.desc())
    )
    mailed = {row.person_id: row for row in session.execute(newest)}
    lost = {row.person_id: row for row in session.execute(failed)}
    return {
        person_id: InvitationStatus(
            mailed_at=mailed[person_id].mailed_at if person_id in mailed else None,
            expires_at=mailed[person_id].expires_at if person_id in mailed else None,
            undelivered=lost[person_id].reason if person_id in lost else None,
            failed_at=lost[person_id].failed_at if person_id in lost else None,
        )
        for person_id in people
    }


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
    my_account.tell_account(actor.session, person_id)
    send_invitation(actor.session, person_id, actor.person_id, renews_factors=True)


def staff_person(session: PortalSession, person_id: UUID) -> Person:
    """The person behind a professional's account. Raises NotFound for anybody else."""
    person = session.get(Person, person_id)
    if person is None or person.kind != PersonKind.STAFF:
        raise NotFound
    return person


def _organisation_of(session: PortalSession, person_id: UUID) -> UUID:
    mine = select(Unit.organisation_id).join(Staff, Staff.unit_id == Unit.id).where(Staff.person_id == person_id)
    return session.scalars(mine).one()


def _open_invitation(session: PortalSession, token: str, resets: bool) -> Invitation | None:
    return session.scalars(
        select(Invitation)
        .join(Person, Person.id == Invitation.person_id)
        .where(Invitation.token_sha256 == token_digest(token), Invitation.used_at.is_(None), Person.closed_at.is_(None))
        .where(Invitation.expires_at > clock.now(), Invitation.resets == resets)
        .with_for_update(of=Invitation)
    ).one_or_none()
