"""Professionals who sign in through their own organisation: whom its claims mean here, and what they may do.

The organisation says who works for it and as what; it never says who may see a case. What its claims mean is data
(STAFF_SSO_FILE), read anew at every sign-in, so that a role that is taken away there is gone here too.
"""

from __future__ import annotations

from uuid import UUID, uuid4

from sqlalchemy import func, select

from portal import addresses, audit, clock
from portal.access.policy.roles import SystemRole
from portal.access.signin.oidc import EidRefused, Identity
from portal.db import PortalSession
from portal.errors import InvalidInput
from portal.events import Event
from portal.identity_providers import StaffProvider
from portal.models import Organisation, Person, Staff, StaffLink, Unit
from portal.services.accounts import directory, my_account, oio_privileges
from portal.services.accounts.directory import NewStaff
from portal.services.notices.mail import Notice

REALM = "staff"


def recognise_staff(session: PortalSession, identity: Identity, provider: StaffProvider) -> UUID:
    """Who this is here, with the roles their organisation gives them today; a new account where the settings allow it.

    Raises EidRefused with why: 'level', 'organisation', 'role', 'account', 'unit', 'closed'.
    """
    claims = identity.claims
    if provider.level_claim and claims.get(provider.level_claim) not in provider.levels_accepted:
        raise EidRefused("level")
    organisation = _organisation(session, claims, provider)
    roles = _roles(claims, provider)
    if not roles:
        raise EidRefused("role")
    staff = _known(session, identity, provider, organisation) or _new(session, identity, provider, organisation)
    if session.scalars(select(Person.closed_at).where(Person.id == staff.person_id)).one() is not None:
        raise EidRefused("closed")
    directory.set_roles(session, staff, roles)
    return staff.person_id


def leads_to(session: PortalSession, organisation: str) -> bool:
    """Whether any sign-in of the settings is that organisation's."""
    return any(organisation in provider.organisation_names for provider in session.info["settings"].staff_providers)


def _organisation(session: PortalSession, claims: dict[str, object], provider: StaffProvider) -> Organisation:
    told = _text(claims, provider.organisation_claim)
    name = provider.organisation or provider.organisations.get(told, "")
    found = session.scalars(select(Organisation).where(Organisation.name == name)).one_or_none()
    if found is None:
        raise EidRefused("organisation")
    return found


def _roles(claims: dict[str, object], provider: StaffProvider) -> frozenset[SystemRole]:
    told = claims.get(provider.role_claim) if provider.role_claim else None
    values = told if isinstance(told, list) else [told]
    if provider.role_format == "oio-bpp":
        cvr = _text(claims, provider.organisation_claim)
        values = [held for one in values if isinstance(one, str) for held in oio_privileges.held_for(one, cvr)]
    given = {provider.roles[value] for value in values if isinstance(value, str) and value in provider.roles}
    return frozenset(SystemRole(role) for role in given | ({provider.everybody} if provider.everybody else set()))


def _known(
    session: PortalSession, identity: Identity, provider: StaffProvider, organisation: Organisation
) -> Staff | None:
    link = session.get(StaffLink, (identity.issuer, identity.subject))
    if link is not None:
        staff = session.get_one(Staff, link.person_id)
    else:
        email = _email(identity.claims, provider)
        found = session.scalars(select(Staff).where(func.lower(Staff.email) == email)).one_or_none() if email else None
        if found is None:
            return None
        staff = found
    # An organisation answers for its own staff and nobody else's.
    if session.get_one(Unit, staff.unit_id).organisation_id != organisation.id:
        raise EidRefused("organisation")
    if link is None:
        _link(session, identity, staff.person_id)
        my_account.tell_account(session, staff.person_id, Notice.LINKED)
    return staff


def _link(session: PortalSession, identity: Identity, person_id: UUID) -> None:
    """Raises EidRefused('account') when somebody else of that organisation is this account already: an address that is
    given to a new colleague must not bring the old one's cases along."""
    taken = select(StaffLink.subject).where(StaffLink.issuer == identity.issuer, StaffLink.person_id == person_id)
    if session.scalars(taken).first() is not None:
        raise EidRefused("account")
    session.add(StaffLink(issuer=identity.issuer, subject=identity.subject, person_id=person_id, linked_at=clock.now()))
    audit.record(session, Event.STAFF_LINKED, item_id=person_id)


def _new(session: PortalSession, identity: Identity, provider: StaffProvider, organisation: Organisation) -> Staff:
    claims, made = identity.claims, uuid4()
    if not provider.makes_accounts:
        raise EidRefused("account")
    name = provider.units.get(_text(claims, provider.unit_claim), provider.unit)
    unit = select(Unit.id).where(Unit.organisation_id == organisation.id, Unit.name == name)
    unit_id = session.scalars(unit).one_or_none()
    if unit_id is None:
        raise EidRefused("unit")
    new = NewStaff(
        unit_id=unit_id,
        name=_text(claims, provider.name_claim),
        email=_email(claims, provider),
        job_title=_text(claims, provider.job_title_claim) or provider.job_title or name,
    )
    try:
        with audit.savepoint(session):
            directory.create_staff(session, made, new)
    except InvalidInput as problem:
        raise EidRefused("account") from problem
    _link(session, identity, made)
    session.flush()
    return session.get_one(Staff, made)


def _email(claims: dict[str, object], provider: StaffProvider) -> str:
    """Empty for an address the provider itself says it has not verified."""
    return "" if claims.get("email_verified") is False else addresses.normal(_text(claims, provider.email_claim))


def _text(claims: dict[str, object], name: str) -> str:
    value = claims.get(name) if name else None
    return value[:254] if isinstance(value, str) else ""
