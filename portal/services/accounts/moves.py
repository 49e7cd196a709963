"""Moving a professional to another unit of their organisation.

Consent is given to units, and a guide lets somebody in as one of theirs. So a move changes what may be seen: it takes
effect everywhere at once, and opens nothing by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from portal import audit, locks
from portal.access.actor import Actor
from portal.access.policy.actions import OfficeAction
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.locks import Lock
from portal.models import Staff, Unit
from portal.services.accounts import propagation, sign_in_overview
from portal.services.accounts.sign_in_overview import LedCase
from portal.services.notices import mail
from portal.services.notices.mail import Notice
from portal.text import in_order


@dataclass(frozen=True)
class MoveProspect:
    """What a move would mean, without a word of what is in any case."""

    units: tuple[tuple[UUID, str], ...]
    """Where they can go: the other units of their organisation."""
    leads: tuple[LedCase, ...]
    """Cases they are the guide of, which must have another one first."""
    closes: int
    """Cases they are out of until the guide says that they are still meant."""


def prospect(actor: Actor, person_id: UUID) -> MoveProspect:
    """Raises NotFound for anybody who is no professional."""
    actor.require(OfficeAction.ACCOUNTS_MANAGE)
    staff = actor.session.get(Staff, person_id)
    if staff is None:
        raise NotFound
    leads = tuple(sign_in_overview.led_cases(actor, person_id))
    places = propagation.places(actor.session, person_id)
    return MoveProspect(tuple(_units(actor, staff)), leads, sum(not place.is_owner for place in places))


def move(actor: Actor, person_id: UUID, unit_id: UUID | None) -> None:
    """Moves them; they, and the guides of their cases, are told. Raises NotFound; InvalidInput at `unit` for no unit of
    their organisation, or while they are the guide of a case."""
    actor.require(OfficeAction.ACCOUNTS_MANAGE)
    # Whoever joins a case as a member of a unit holds the account meanwhile (joining), so none is forgotten here.
    locks.hold(actor.session, Lock.ACCOUNT, person_id)
    staff = actor.session.get(Staff, person_id, with_for_update=True, populate_existing=True)
    if staff is None:
        raise NotFound
    if unit_id is None or unit_id not in {unit for unit, _name in _units(actor, staff)}:
        raise InvalidInput("unit", "choice")
    if sign_in_overview.led_cases(actor, person_id):
        raise InvalidInput("unit", "leads_cases")
    before, staff.unit_id = staff.unit_id, unit_id
    actor.session.flush()
    audit.record(actor.session, Event.STAFF_CHANGED, item_id=person_id, what=["unit"])
    propagation.move(actor.session, staff, before)
    if person_id != actor.person_id:
        mail.queue_notice(actor.session, [person_id], Notice.ACCOUNT)


def _units(actor: Actor, staff: Staff) -> list[tuple[UUID, str]]:
    home = actor.session.get_one(Unit, staff.unit_id)
    near = select(Unit.id, Unit.name).where(Unit.organisation_id == home.organisation_id, Unit.id != home.id)
    return sorted(((row.id, row.name) for row in actor.session.execute(near)), key=lambda unit: in_order(unit[1]))
