"""Citizens as persons of the portal: a bare id, and what they are recognised by. Their names live in their cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from portal import clock, text
from portal.access.actor import Actor
from portal.cpr import Cpr
from portal.errors import InvalidInput
from portal.models import NationalId, Person
from portal.models.accounts import PersonKind


@dataclass(frozen=True)
class NewCitizen:
    """A citizen as the guide types them. `national_id` may be empty: then a code is how they are recognised."""

    name: str
    national_id: str = ""


def checked_name(name: str, field: str) -> str:
    if not (line := text.line(name, 120)):
        raise InvalidInput(field, "required")
    return line


def checked_cpr(number: str, field: str, born: date | None = None) -> Cpr | None:
    """None for an empty answer. Raises InvalidInput for a number that cannot exist or contradicts the birth date."""
    if not number.strip():
        return None
    try:
        cpr = Cpr.parse(number, clock.now().date())
    except ValueError as problem:
        raise InvalidInput(field, "cpr_impossible") from problem
    if born is not None and cpr.birth_date != born:
        raise InvalidInput(field, "cpr_other_birth_date")
    return cpr


def find_or_make(actor: Actor, cpr: Cpr | None) -> UUID:
    """The person with that number, or a new one. Whether they were known already is not told."""
    session = actor.session
    made = uuid4()
    if cpr is None:
        session.add(Person(id=made, kind=PersonKind.CITIZEN.value, created_at=clock.now()))
        session.flush()
        return made
    value = actor.keyring.match_value("dk-cpr", cpr.number)
    known = select(NationalId.person_id).where(NationalId.match_value == value)
    if found := session.scalars(known).one_or_none():
        return found
    session.add(Person(id=made, kind=PersonKind.CITIZEN.value, created_at=clock.now()))
    session.flush()
    # Two guides may type the same number at the same moment: the first one's person is then everybody's.
    session.execute(insert(NationalId).values(person_id=made, match_value=value).on_conflict_do_nothing())
    return session.scalars(known).one()
