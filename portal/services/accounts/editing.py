"""What an administrator puts right in an account: name, title, number and roles. Its address is changed in
email_changes.py, its unit in moves.py."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from portal import audit, locks, text
from portal.access.actor import Actor
from portal.access.policy import who_may
from portal.access.policy.actions import OfficeAction
from portal.access.policy.roles import SystemRole
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.locks import Lock
from portal.models import Staff
from portal.services.accounts import directory, propagation
from portal.services.notices import mail
from portal.services.notices.mail import Notice


@dataclass(frozen=True)
class Details:
    """An account as it is to be."""

    name: str
    job_title: str
    phone: str
    roles: frozenset[SystemRole]


def edit(actor: Actor, person_id: UUID, new: Details) -> bool:
    """Puts an account right; what its owner's cases show follows in the same transaction, and its owner is told. False
    when nothing was different.

    Raises NotFound, and InvalidInput at `name`, `job_title`, `phone`, or at `is_admin` for one's own role: somebody
    must be left who can give it back.
    """
    actor.require(OfficeAction.ACCOUNTS_MANAGE)
    locks.hold(actor.session, Lock.ACCOUNT, person_id)
    staff = actor.session.get(Staff, person_id, with_for_update=True, populate_existing=True)
    if staff is None:
        raise NotFound
    name, job_title = directory.required(new.name, "name"), directory.required(new.job_title, "job_title")
    phone = checked_phone(new.phone)
    if not who_may.may_hold_roles(new.roles, person_id == actor.person_id):
        raise InvalidInput("is_admin", "own_role")
    before = {"name": staff.name, "job_title": staff.job_title, "phone": staff.phone}
    after = {"name": name, "job_title": job_title, "phone": phone}
    changed = [field for field, value in after.items() if value != before[field]]
    if changed:
        staff.name, staff.job_title, staff.phone = name, job_title, phone
        audit.record(actor.session, Event.STAFF_CHANGED, item_id=person_id, what=changed)
    roles_changed = directory.set_roles(actor.session, staff, new.roles)
    actor.session.flush()
    propagation.carry_card(actor.session, staff, [field for field in changed if field != "phone"], before)
    if (changed or roles_changed) and person_id != actor.person_id:
        mail.queue_notice(actor.session, [person_id], Notice.ACCOUNT)
    return bool(changed or roles_changed)


def checked_phone(typed: str) -> str:
    """A telephone number as people write it, or ''. Raises InvalidInput('phone')."""
    try:
        return text.phone(typed)
    except ValueError as problem:
        raise InvalidInput("phone", "phone_wrong") from problem
