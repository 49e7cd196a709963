"""What every page of a case asks before anything else."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select

from portal.db import Prepared
from portal.models import AccessWindow, Compartment


class OpenWindow(NamedTuple):
    """A window that is open now, with its compartment."""

    compartment_id: UUID
    membership_id: UUID
    person_id: UUID
    can_write: bool
    valid_from: datetime
    valid_until: datetime | None
    basis: str
    key: str
    confidant_id: UUID | None


class OwnCompartment(NamedTuple):
    compartment_id: UUID
    case_id: UUID


OPEN = Prepared(
    select(
        AccessWindow.compartment_id,
        AccessWindow.membership_id,
        AccessWindow.person_id,
        AccessWindow.can_write,
        AccessWindow.valid_from,
        AccessWindow.valid_until,
        AccessWindow.basis,
        Compartment.key,
        Compartment.confidant_id,
    )
    .join(Compartment, Compartment.id == AccessWindow.compartment_id)
    .where(AccessWindow.case_id == bindparam("case"), AccessWindow.valid_from <= bindparam("now"))
    .where((AccessWindow.valid_until.is_(None)) | (AccessWindow.valid_until > bindparam("now"))),
    OpenWindow,
)
"""Everybody's windows on a case, as far as whoever asks may know of them."""

OPEN_TO = Prepared(
    select(AccessWindow.compartment_id, AccessWindow.case_id)
    .where(AccessWindow.person_id == bindparam("person"), AccessWindow.valid_from <= bindparam("now"))
    .where((AccessWindow.valid_until.is_(None)) | (AccessWindow.valid_until > bindparam("now"))),
    OwnCompartment,
)
"""The compartments that are open to one person, in all their cases."""
