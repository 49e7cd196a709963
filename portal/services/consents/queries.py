"""What consents ask: each statement is put together once, not on each request."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, bindparam, func, select, union_all

from portal.events import Event
from portal.models import AuditEvent, Consent, ConsentWithdrawal


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
LOOKED = (
    select(func.max(AuditEvent.at))
    .where(AuditEvent.chain_id == bindparam("case"), AuditEvent.actor_id == bindparam("person"))
    .where(AuditEvent.event == Event.CONSENT_VIEWED.value, AuditEvent.item_id == bindparam("me"))
)
"""When this person last looked at what they have said yes to."""
