"""What the people of all of somebody's cases need of them: wishes to answer, a birthday that changes who may see what,
cases to take over and to hand over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Select, Uuid, and_, any_, bindparam, or_, select

from portal.access.actor import Actor
from portal.db import Prepared
from portal.models import (
    Consent,
    ConsentGrant,
    HandOver,
    HandOverAnswer,
    Membership,
    TeamWish,
    TeamWishAnswer,
)
from portal.services.members import handover
from portal.services.members.coming_of_age import NEAR
from portal.services.shared.needs import Need, NeedLine, OwnCases
from portal.tools.profile import profile

_GUIDED = any_(bindparam("guided", type_=ARRAY(Uuid)))


class WaitingRow(NamedTuple):
    id: UUID
    case_id: UUID
    since: datetime


def _wishes() -> Select[UUID, UUID, datetime]:
    """A no that the young person has said yes to since waits for nothing."""
    yes_since = (
        select(ConsentGrant.id)
        .join(Consent, Consent.id == ConsentGrant.consent_id)
        .join(Membership, Membership.id == TeamWish.membership_id)
        .where(Consent.giver_id == TeamWish.made_by_id, Consent.given_at > TeamWish.made_at)
        .where(
            or_(
                ConsentGrant.membership_id == TeamWish.membership_id,
                and_(ConsentGrant.unit_id.is_not(None), ConsentGrant.unit_id == Membership.unit_id),
            )
        )
        .correlate(TeamWish)
    )
    return (
        select(TeamWish.id, TeamWish.case_id, TeamWish.made_at.label("since"))
        .outerjoin(TeamWishAnswer, TeamWishAnswer.wish_id == TeamWish.id)
        .where(TeamWish.case_id == _GUIDED, TeamWishAnswer.id.is_(None), ~yes_since.exists())
    )


WISHES = Prepared(_wishes(), WaitingRow)
"""Wishes of the young people that the guide has not answered."""
OFFERED = Prepared(
    select(HandOver.id, HandOver.case_id, HandOver.offered_at.label("since"))
    .outerjoin(HandOverAnswer, HandOverAnswer.hand_over_id == HandOver.id)
    .where(HandOver.case_id == _GUIDED, HandOverAnswer.id.is_(None)),
    WaitingRow,
)
"""Cases that the guide has offered to another one, who has not answered."""


def needs_me(actor: Actor, cases: OwnCases) -> Iterator[NeedLine]:
    for wish in WISHES.ask(actor.session, **cases.bounds):
        yield NeedLine(wish.case_id, Need.WISH, cases.by_id[wish.case_id].day(wish.since), item=str(wish.id))
    for offer in OFFERED.ask(actor.session, **cases.bounds):
        yield NeedLine(offer.case_id, Need.HAND_OVER_WAITS, cases.by_id[offer.case_id].day(offer.since))
    yield from _birthdays(cases)
    zone = profile(actor.session.info["settings"].profile).zone  # of a case that is not open yet nothing is known
    for mine in handover.offers_to(actor):
        why = Need.HAND_OVER if mine.is_ready else Need.HAND_OVER_NOT_YET
        yield NeedLine(mine.case_id, why, mine.offered_at.astimezone(zone).date(), name=mine.guide)


def _birthdays(cases: OwnCases) -> Iterator[NeedLine]:
    for case in cases.by_id.values():
        if case.is_guide and case.today <= case.majority_day <= case.today + timedelta(days=NEAR):
            yield NeedLine(case.id, Need.COMES_OF_AGE, case.majority_day, count=case.profile.majority_age)
