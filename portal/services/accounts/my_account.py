"""One's own account: password and second factors. What changes here is told to its owner by mail."""

from __future__ import annotations

from uuid import UUID

from portal import audit, locks
from portal.access.actor import Actor
from portal.access.signin import passkeys, passwords, pending_login, second_factor, sessions
from portal.clock import now
from portal.db import PortalSession
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.locks import Lock
from portal.models import Staff
from portal.services.accounts import editing
from portal.services.notices import mail
from portal.services.notices.mail import Notice


def tell_account(session: PortalSession, person_id: UUID, about: Notice = Notice.SIGN_IN) -> None:
    """A mail to a professional about what happened to their account, once this transaction is committed: by default
    that the way they sign in has been changed. Whoever did it, an administrator too, is not asked."""
    mail.queue_notice(session, [person_id], about)


def is_first_time(session: PortalSession, person_id: UUID) -> bool:
    """Whether this professional has never signed in and has nothing but the password: this once it is enough."""
    never = session.get_one(Staff, person_id).first_signed_in_at is None
    return never and not second_factor.factors_of(session, person_id).any


def note_first_time(session: PortalSession, person_id: UUID) -> None:
    """They have signed in now."""
    staff = session.get_one(Staff, person_id)
    staff.first_signed_in_at = staff.first_signed_in_at or now()


def choose_password(session: PortalSession, staff: Staff, password: str) -> None:
    """Puts a password in force; ends every session and half sign-in. Raises InvalidInput for one that will not do."""
    product = session.info["settings"].product_name
    passwords.refuse_weak(password, (staff.name, staff.email, product))
    staff.password_hash = passwords.hash_password(password)
    sessions.end_all_sessions(session, staff.person_id)
    pending_login.end_all_pending(session, staff.person_id)
    audit.record(session, Event.PASSWORD_CHOSEN, item_id=staff.person_id)


def change_password(actor: Actor, old: str, new: str) -> None:
    """Ends every session. Raises InvalidInput when the old one is wrong or the new one will not do."""
    locks.hold(actor.session, Lock.ACCOUNT, actor.person_id)
    staff = _staff(actor)
    actor.session.refresh(staff)  # of two at once, the second has the new password for the old one
    confirm_password(actor.session, staff.person_id, old)
    if passwords.same(staff.password_hash or "", new):
        raise InvalidInput("new_password", "password_same")
    try:
        choose_password(actor.session, staff, new)
    except InvalidInput as problem:
        raise InvalidInput("new_password", problem.code, **problem.values) from problem
    tell_account(actor.session, staff.person_id)


def confirm_password(session: PortalSession, person_id: UUID, password: str) -> None:
    """Raises InvalidInput when this is not the person's password. Callers count the try (throttle.begin_factor)."""
    if not passwords.same(session.get_one(Staff, person_id).password_hash or "", password):
        raise InvalidInput("password", "password_wrong")


def email_of(session: PortalSession, person_id: UUID) -> str:
    """Raises NotFound for somebody who is no professional."""
    staff = session.get(Staff, person_id)
    if staff is None:
        raise NotFound
    return staff.email


def phone_of(actor: Actor) -> str:
    """The number others are told to ring; '' for none. Raises NotFound for somebody who is no professional."""
    return _staff(actor).phone


def set_phone(actor: Actor, typed: str) -> None:
    """Raises InvalidInput at `phone` for what cannot be called; '' takes the number away."""
    locks.hold(actor.session, Lock.ACCOUNT, actor.person_id)
    staff, number = _staff(actor), editing.checked_phone(typed)
    actor.session.refresh(staff)
    if staff.phone == number:
        return
    staff.phone = number
    audit.record(actor.session, Event.PHONE_SET, item_id=staff.person_id)


def set_up_totp(session: PortalSession, person_id: UUID, sealed: str, code: str) -> list[str]:
    """Puts a code app in force. Returns fresh recovery codes with the first factor, else nothing.

    Raises InvalidInput for a code that is not of it, or an offer that is too old.
    """
    keyring = session.info["keyring"]
    taken = second_factor.offered(keyring, person_id, sealed)
    if taken is None:
        raise InvalidInput("code", "offer_old")
    first = not second_factor.factors_of(session, person_id).any
    second_factor.set_up(session, keyring, person_id, taken, code)
    tell_account(session, person_id)
    return second_factor.new_codes(session, keyring, person_id) if first else []


def add_passkey(session: PortalSession, person_id: UUID, token: str, answer: str, name: str) -> list[str]:
    """Keeps a new passkey. Returns fresh recovery codes with the first factor, else nothing. Raises InvalidInput."""
    first = not second_factor.factors_of(session, person_id).any
    passkeys.add_passkey(session, session.info["settings"], person_id, token, answer, name)
    tell_account(session, person_id)
    return second_factor.new_codes(session, session.info["keyring"], person_id) if first else []


def make_codes(actor: Actor) -> list[str]:
    """Ten new recovery codes instead of the ones before. Raises InvalidInput for somebody without a second factor."""
    _staff(actor)
    if not second_factor.factors_of(actor.session, actor.person_id).any:
        raise InvalidInput("", "last_factor")
    tell_account(actor.session, actor.person_id)
    return second_factor.new_codes(actor.session, actor.keyring, actor.person_id)


def remove_totp(actor: Actor) -> None:
    """Raises InvalidInput when it is the only second factor."""
    second_factor.remove_totp(actor.session, _staff(actor).person_id)
    tell_account(actor.session, actor.person_id)


def remove_passkey(actor: Actor, passkey_id: UUID) -> None:
    """Raises InvalidInput when it is the only second factor."""
    second_factor.remove_passkey(actor.session, _staff(actor).person_id, passkey_id)
    tell_account(actor.session, actor.person_id)


def _staff(actor: Actor) -> Staff:
    staff = actor.session.get(Staff, actor.person_id)
    if staff is None:
        raise NotFound
    return staff
