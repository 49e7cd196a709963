"""Consents that end soon, and those of before the 18th birthday, in all of somebody's cases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Select, Uuid, and_, any_, bindparam, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from portal import clock
from portal.access.actor import Actor
from portal.db import Prepared
from portal.models import Consent, ConsentGrant, ConsentWithdrawal, Membership
from portal.services.consents.reminders import DAYS_BEFORE
from portal.services.shared.needs import Need, NeedLine, OwnCase, OwnCases


class DeclarationRow(NamedTuple):
    """The declaration of one giver that counts, with what is known of the giver."""

    case_id: UUID
    giver_id: UUID
    given_at: datetime
    valid_until: datetime
    display_name: str
    custody_from: datetime | None
    custody_until: datetime | None
    says_yes: bool
    """Whether it still says yes to somebody."""


def _declarations() -> Select[Any]:
    taken_back = select(ConsentWithdrawal.id).where(
        ConsentWithdrawal.giver_id == Consent.giver_id,
        ConsentWithdrawal.withdrawn_at >= Consent.given_at,
        or_(
            and_(ConsentWithdrawal.unit_id.is_(None), ConsentWithdrawal.membership_id.is_(None)),
            ConsentWithdrawal.unit_id == ConsentGrant.unit_id,
            ConsentWithdrawal.membership_id == ConsentGrant.membership_id,
        ),
    )
    says_yes = select(ConsentGrant.id).where(
        ConsentGrant.case_id == Consent.case_id, ConsentGrant.consent_id == Consent.id, ~taken_back.exists()
    )
    of_giver = (Membership.display_name, Membership.custody_from, Membership.custody_until)
    return (
        select(Consent.case_id, Consent.giver_id, Consent.given_at, Consent.valid_until, *of_giver)
        .add_columns(says_yes.exists().label("says_yes"))
        .join(Membership, Membership.id == Consent.giver_id)
        .where(Consent.case_id == any_(bindparam("cases", type_=ARRAY(Uuid))))
        .where(
            or_(
                Consent.case_id == any_(bindparam("guided", type_=ARRAY(Uuid))),
                Consent.giver_id == any_(bindparam("mine", type_=ARRAY(Uuid))),
            )
        )
        .ext(distinct_on(Consent.case_id, Consent.giver_id))
        .order_by(Consent.case_id, Consent.giver_id, Consent.given_at.desc(), Consent.valid_from.desc())
    )


DECLARATIONS = Prepared(_declarations(), DeclarationRow)
"""The newest declaration of each giver: all of them for the guide, their own for everybody else."""


def needs_me(actor: Actor, cases: OwnCases) -> Iterator[NeedLine]:
    now = clock.now()
    for row in DECLARATIONS.ask(actor.session, **cases.bounds):
        case = cases.by_id[row.case_id]
        is_young, is_mine = row.giver_id == case.young_person_id, row.giver_id == case.membership_id
        if case.is_guide and is_young and row.says_yes and _was_a_minor(case, row):
            yield NeedLine(row.case_id, Need.ADULT_CONSENT, case.majority_day, count=case.profile.majority_age)
        elif row.says_yes and _ends_soon(row, now) and (is_young or _holds_custody(case, row, now)):
            why = Need.OWN_CONSENT_ENDS if is_mine else Need.CONSENT_ENDS
            last = case.day(row.valid_until - timedelta(microseconds=1))
            yield NeedLine(row.case_id, why, last, name="" if is_young else row.display_name)


def _ends_soon(row: DeclarationRow, now: datetime) -> bool:
    return now < row.valid_until <= now + timedelta(days=max(DAYS_BEFORE))


def _was_a_minor(case: OwnCase, row: DeclarationRow) -> bool:
    """Whether the young person has come of age since they gave it."""
    return case.day(row.given_at) < case.majority_day <= case.today


def _holds_custody(case: OwnCase, row: DeclarationRow, now: datetime) -> bool:
    holds = row.custody_from is not None and row.custody_from <= now
    return holds and (row.custody_until is None or now < row.custody_until) and case.today < case.majority_day
