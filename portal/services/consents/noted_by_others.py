"""What others did in somebody's name: told to that somebody, on the front of their case, until they have looked.

Not everybody has an eID, so the guide may note a consent that was given on paper or aloud, and take one back on its
giver's word. Whoever signs in reads it themselves; that they have looked is in the trace already.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Select, bindparam, func, select, union_all

from portal.access.ticket import CaseTicket
from portal.events import Event
from portal.models import AuditEvent, Consent, ConsentWithdrawal


def is_news(ticket: CaseTicket, noted_at: datetime | None) -> bool:
    """Whether this person has not looked at their own answers since somebody else last noted one in their name."""
    if noted_at is None:
        return False
    looked = ticket.session.scalars(_LOOKED, ticket.bounds).one()
    return looked is None or looked < noted_at


def _noted_by_others() -> Select[object]:
    """When an answer in the name of the membership `:me` of the case `:case` was last noted by somebody else."""
    given = select(Consent.valid_from.label("at")).where(*_noted_for_me(Consent))
    back = select(ConsentWithdrawal.withdrawn_at).where(*_noted_for_me(ConsentWithdrawal))
    return select(func.max(union_all(given, back).subquery().c.at))


def _noted_for_me(kind: type[Consent] | type[ConsentWithdrawal]) -> tuple[ColumnElement[bool], ...]:
    return (
        kind.case_id == bindparam("case"),
        kind.giver_id == bindparam("me"),
        kind.registered_by_id != bindparam("me"),
    )


NOTED_BY_OTHERS = _noted_by_others()
_LOOKED = (
    select(func.max(AuditEvent.at))
    .where(AuditEvent.chain_id == bindparam("case"), AuditEvent.actor_id == bindparam("person"))
    .where(AuditEvent.event == Event.CONSENT_VIEWED.value, AuditEvent.item_id == bindparam("me"))
)
