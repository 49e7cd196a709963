"""Codes for citizens whose number is not known: made by the guide, for one membership, and what has become of them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import select

from portal import clock
from portal.access.policy.actions import Action
from portal.access.signin import links
from portal.access.signin.codes import SCHEME, normal
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.events import Event
from portal.models import InvitationCode, Membership, NationalId

LASTS = timedelta(days=30)
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without letters and digits that are mistaken for one another on paper."""
_LENGTH = 16


@dataclass(frozen=True)
class CodeState:
    """What the guide may know of how a citizen signs in. It tells of this case alone: whoever is recognised by a number
    that was typed here looks the same whether anybody knew that number before or not."""

    by_number: bool
    """A CPR number is noted in this case."""
    signs_in: bool
    """Somebody has used a code of this case, and signs in here."""
    waits_until: datetime | None
    """Until when a code works that was made and not used."""
    used_at: datetime | None
    used_name: str
    """What the eID calls whoever used it."""

    @property
    def may_be_made(self) -> bool:
        return not (self.by_number or self.signs_in)


def state(ticket: CaseTicket, membership: Membership) -> CodeState:
    """How a citizen of the case signs in, as far as their guide may know."""
    ticket.require(Action.TEAM_CHANGE)
    rows = list(
        ticket.session.scalars(
            select(InvitationCode)
            .where(InvitationCode.case_id == ticket.case_id, InvitationCode.membership_id == membership.id)
            .order_by(InvitationCode.created_at)
        )
    )
    used = max((row for row in rows if row.used_at), key=lambda row: row.used_at or row.created_at, default=None)
    waits = next((row.expires_at for row in rows if row.used_at is None and row.expires_at > clock.now()), None)
    return CodeState(
        by_number=membership.national_id_sealed is not None,
        signs_in=membership.national_id_sealed is None and _is_known(ticket, membership),
        waits_until=waits,
        used_at=used.used_at if used else None,
        used_name=ticket.unseal(used, "used_name") if used else "",
    )


def make_code(ticket: CaseTicket, membership: Membership) -> str:
    """A new code for that membership, good once and for thirty days; codes made for it before stop working. It is
    returned to be shown once and is kept only as a keyed hash.

    Raises InvalidInput for somebody who needs none: their number is noted here, or their eID is known by a code.
    """
    ticket.require(Action.TEAM_CHANGE)
    known = state(ticket, membership)
    if known.by_number:
        raise InvalidInput("", "code_by_number")
    if known.signs_in:
        raise InvalidInput("", "code_signs_in")
    now = clock.now()
    for earlier in ticket.session.scalars(
        select(InvitationCode).where(
            InvitationCode.membership_id == membership.id,
            InvitationCode.used_at.is_(None),
            InvitationCode.expires_at > now,
        )
    ):
        earlier.expires_at = now
    code = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    ticket.session.add(
        InvitationCode(
            id=uuid4(),
            case_id=ticket.case_id,
            membership_id=membership.id,
            match_value=ticket.actor.keyring.match_value(SCHEME, normal(code)),
            created_at=now,
            created_by_id=ticket.membership.id,
            expires_at=now + LASTS,
        )
    )
    ticket.record(Event.CODE_MADE, item_id=membership.id)
    return "-".join(code[at : at + 4] for at in range(0, _LENGTH, 4))


def _is_known(ticket: CaseTicket, membership: Membership) -> bool:
    """Of somebody without a number here: such a person was made for this membership alone, or is who used its code."""
    known = select(NationalId.person_id).where(NationalId.person_id == membership.person_id)
    return links.any_of(ticket.session, membership.person_id) or ticket.session.scalars(known).first() is not None
