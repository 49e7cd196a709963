"""What others did in somebody's name: told to that somebody, on the front of their case, until they have looked.

Not everybody has an eID, so the guide may note a consent that was given on paper or aloud, and take one back on its
giver's word. Whoever signs in reads it themselves; that they have looked is in the trace already.
"""

from __future__ import annotations

from sqlalchemy import DateTime, Select, bindparam, cast, func, select, union_all

from portal.events import Event
from portal.models import AuditEvent, Consent, ConsentWithdrawal


def _noted_by_others() -> Select[object]:
    """Answers in the name of the membership `:me` of the case `:case` that somebody else noted since the person
    `:person` last looked at their own."""
    looked = (
        select(func.max(AuditEvent.at))
        .where(AuditEvent.chain_id == bindparam("case"), AuditEvent.actor_id == bindparam("person"))
        .where(AuditEvent.event == Event.CONSENT_VIEWED.value, AuditEvent.item_id == bindparam("me"))
        .scalar_subquery()
    )
    mine = (Consent.case_id == bindparam("case"), Consent.giver_id == bindparam("me"))
    given = select(Consent.valid_from.label("at")).where(*mine, Consent.registered_by_id != bindparam("me"))
    back = (
        select(ConsentWithdrawal.withdrawn_at)
        .join(Consent, Consent.id == ConsentWithdrawal.consent_id)
        .where(*mine, ConsentWithdrawal.registered_by_id != bindparam("me"))
    )
    noted = union_all(given, back).subquery()
    never = cast("-infinity", DateTime(timezone=True))
    return select(noted.c.at).where(noted.c.at > func.coalesce(looked, never))


NOTED_BY_OTHERS = _noted_by_others()
