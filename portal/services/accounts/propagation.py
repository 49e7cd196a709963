"""What is changed in an account, carried into the cases its owner is in, in the same transaction.

Cases show a professional as they are today; what they were is kept there, sealed with the case's key, for those who
answer for the case. An administrator who changes an account sees nothing of the cases: the database gives out their ids
to this module and nothing else, and the keeper of facts writes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID, uuid4

from portal import audit, clock
from portal.access import window_store
from portal.db import PortalSession
from portal.errors import InvalidInput
from portal.events import Event
from portal.models import Correction, Staff
from portal.services.accounts import queries
from portal.services.notices import mail
from portal.storage.keys import CaseKeys, Keyring


@dataclass(frozen=True)
class CaseSeat:
    """A case a professional is in, and as which member."""

    case_id: UUID
    membership_id: UUID
    is_owner: bool


def places(session: PortalSession, person_id: UUID) -> list[CaseSeat]:
    """Every case they are in, always in the same order, so that two changes never wait for each other. Nobody but an
    administrator is told any."""
    return [CaseSeat(*row) for row in session.execute(queries.CASES_OF_PROFESSIONAL, {"person": person_id})]


def carry_card(session: PortalSession, staff: Staff, changed: Collection[str], before: Mapping[str, str]) -> None:
    """Name and job title follow into every case. Nobody sees more or less by it."""
    columns = {"name": "display_name", "job_title": "job_title"}
    if not changed:
        return
    for place in places(session, staff.person_id):
        values = {columns[field]: getattr(staff, field) for field in changed}
        window_store.change_member(session, place.case_id, place.membership_id, **values)
        for field in changed:
            _note(session, place, field, before[field], getattr(staff, field))


def move(session: PortalSession, staff: Staff, before: UUID) -> None:
    """Where they work follows into every case. Consent was given to the unit before, and the guide let somebody of that
    unit in: so they are out of each until its guide says that they are still meant, and then have what the new unit may
    see. Raises InvalidInput when they are the guide of one."""
    for place in places(session, staff.person_id):
        window_store.hold(session, place.case_id)
        facts = window_store.load_facts(session, place.case_id)
        owner = facts.owner_at(clock.now())
        if place.is_owner or (owner is not None and owner.member_id == place.membership_id):
            raise InvalidInput("unit", "leads_cases")
        window_store.change_member(session, place.case_id, place.membership_id, unit_id=staff.unit_id)
        _note(session, place, "unit", before_unit_id=before, shuts_out=True)
        _tell_owner(session, place)


def close_member_windows(session: PortalSession, person_id: UUID) -> None:
    """The account goes to another address before its owner has ever come in: whoever comes in with it is out of every
    case until its guide says that they are meant."""
    for place in places(session, person_id):
        window_store.hold(session, place.case_id)
        _note(session, place, "address", shuts_out=True)
        _tell_owner(session, place)


def _note(
    session: PortalSession,
    place: CaseSeat,
    field: str,
    before: str | None = None,
    after: str | None = None,
    *,
    before_unit_id: UUID | None = None,
    shuts_out: bool = False,
) -> None:
    row = Correction(
        id=uuid4(),
        case_id=place.case_id,
        membership_id=place.membership_id,
        field=field,
        before_unit_id=before_unit_id,
        renews=False,
        shuts_out=shuts_out,
        made_at=clock.now(),
    )
    keys = _keys(session, place.case_id)
    keys.seal(row, "before", before or "")
    keys.seal(row, "after", after or "")
    window_store.carry_into(session, row)
    audit.record(
        session,
        Event.MEMBER_CHANGED,
        chain=place.case_id,
        item_id=place.membership_id,
        what=field,
        correction=str(row.id),
    )
    window_store.rewrite_windows(session, place.case_id)


def _keys(session: PortalSession, case_id: UUID) -> CaseKeys:
    keyring: Keyring = session.info["keyring"]
    return keyring.open_case(case_id, *window_store.load_key_row(session, case_id))


def _tell_owner(session: PortalSession, place: CaseSeat) -> None:
    owner_id = window_store.load_owner(session, place.case_id)
    mail.queue_notice(session, [owner_id])
