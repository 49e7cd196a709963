"""How an organisation's staff may sign in."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from portal import audit, clock
from portal.access.actor import Actor
from portal.access.policy.actions import OfficeAction
from portal.db import PortalSession
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.models import Login, Organisation, Staff, Unit
from portal.services.accounts import federation


def may_use_password(session: PortalSession, person_id: UUID) -> bool:
    """Whether the organisation of this professional lets its staff sign in with a password."""
    asked = (
        select(Organisation.password_sign_in)
        .join(Unit, Unit.organisation_id == Organisation.id)
        .join(Staff, Staff.unit_id == Unit.id)
        .where(Staff.person_id == person_id)
    )
    return session.scalars(asked).one()


def switch_passwords(actor: Actor, organisation_id: UUID, allowed: bool) -> None:
    """Switching off ends every session that began with a password or passkey here, one's own too.

    Raises NotFound, or InvalidInput when the organisation has no other way in.
    """
    actor.require(OfficeAction.ACCOUNTS_MANAGE)
    organisation = actor.session.get(Organisation, organisation_id, with_for_update=True, populate_existing=True)
    if organisation is None:
        raise NotFound
    if not allowed and not federation.leads_to(actor.session, organisation.name):
        raise InvalidInput("", "no_other_sign_in")
    _switch(actor.session, organisation, allowed)


def allow_passwords(session: PortalSession, name: str) -> None:
    """For the command line, when nobody gets in any more. Raises NotFound."""
    organisation = session.scalars(select(Organisation).where(Organisation.name == name)).one_or_none()
    if organisation is None:
        raise NotFound
    _switch(session, organisation, True)


def _switch(session: PortalSession, organisation: Organisation, allowed: bool) -> None:
    if organisation.password_sign_in == allowed:
        return
    organisation.password_sign_in = allowed
    audit.record(session, Event.PASSWORDS_SWITCHED, item_id=organisation.id, allowed=allowed)
    if not allowed:
        people = select(Staff.person_id).join(Unit).where(Unit.organisation_id == organisation.id)
        over = select(Login).where(
            Login.person_id.in_(people), Login.ended_at.is_(None), Login.method.not_like(f"{federation.REALM}:%")
        )
        for login in session.scalars(over):
            login.ended_at = clock.now()
